"""A world as Sentinel's tables.

The tables have the columns that the rule and tuning entries read, with the names of
https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs and .../awscloudtrail. A missing text is
empty, because Kusto has no null strings (https://learn.microsoft.com/kusto/query/scalar-data-types/null-values).

pivotwatch differs from the rule by intent. For three of the differences the tables differ from Sentinel's:

- Each row is there once. Azure and copies of its files repeat rows, which the rule counts again. pivotwatch counts
  distinct failures, by id and result code. Equal rows without an id are distinct within one file, so they are there as
  often as in the file with most of them.
- `TimeGenerated` is the time of the event. In Sentinel it can be the time of logging, minutes later.
- Times are in whole seconds, as pivotwatch keeps them. A window can therefore be longer than configured by less than a
  second, but never shorter.

The worlds avoid the other differences. These are addresses with two spellings, other loopback addresses than the rule's
two, and equal texts that are no addresses. Texts of a failure are short, because pivotwatch truncates long ones before
it compares them.
"""

import json
from collections.abc import Iterable
from typing import Any

from oracle.rule import TABLES
from oracle.world import TABLE_OF_CATEGORY, Record, SignIn, World

CLIENT_TEXTS = {
    "AppDisplayName": "app",
    "ClientAppUsed": "client_app",
    "OperationName": "operation",
    "UserAgent": "user_agent",
}
"""Columns from a field of the sign-in's client."""

SIGN_IN_COLUMNS = {"TimeGenerated": "TIMESTAMPTZ"} | dict.fromkeys(
    ("ResultType", "IPAddress", "UserPrincipalName", *CLIENT_TEXTS), "VARCHAR"
)

TEXTS = {
    "AwsEventId": "eventID",
    "EventName": "eventName",
    "EventTypeName": "eventType",
    "RecipientAccountId": "recipientAccountId",
    "AWSRegion": "awsRegion",
    "SourceIpAddress": "sourceIPAddress",
    "UserAgent": "userAgent",
}
"""Columns from a field of the record."""

IDENTITY_TEXTS = {
    "UserIdentityType": "type",
    "UserIdentityPrincipalid": "principalId",
    "UserIdentityAccountId": "accountId",
    "UserIdentityArn": "arn",
    "UserIdentityUserName": "userName",
}
"""Columns from a field of the record's `userIdentity`."""

JSON_TEXTS = {
    "ResponseElements": "responseElements",
    "AdditionalEventData": "additionalEventData",
    "Resources": "resources",
}
"""Columns with a field of the record as JSON."""

RECORD_COLUMNS = {"TimeGenerated": "TIMESTAMPTZ"} | dict.fromkeys((*TEXTS, *IDENTITY_TEXTS, *JSON_TEXTS), "VARCHAR")

COLUMNS = dict.fromkeys(TABLES, SIGN_IN_COLUMNS) | {"AWSCloudTrail": RECORD_COLUMNS}
"""The tables and their columns with their types."""


def tables(worlds: Iterable[World], *, whole_seconds: bool) -> dict[str, list[dict[str, str]]]:
    """The rows of each table."""
    rows: dict[str, list[dict[str, str]]] = {table: [] for table in COLUMNS}
    for world in worlds:
        for sign_in in world.sign_ins:
            if table := TABLE_OF_CATEGORY.get(sign_in.category):
                rows[table] += [_sign_in_row(sign_in, whole_seconds)] * sign_in.occurrences
        rows["AWSCloudTrail"].extend(_record_row(record) for record in world.records)
    return rows


def _sign_in_row(sign_in: SignIn, whole_seconds: bool) -> dict[str, str]:
    time = sign_in.time.replace(microsecond=0) if whole_seconds else sign_in.time
    row = {"TimeGenerated": time.isoformat(), "ResultType": sign_in.code, "IPAddress": sign_in.address}
    row |= {column: getattr(sign_in.client, field) or "" for column, field in CLIENT_TEXTS.items()}
    return row | {"UserPrincipalName": sign_in.user}


def _record_row(record: Record) -> dict[str, str]:
    body = record.body
    identity = body.get("userIdentity") or {}
    row = {column: _text(body, field) for column, field in TEXTS.items()}
    row |= {column: _text(identity, field) for column, field in IDENTITY_TEXTS.items()}
    row |= {column: json.dumps(body[field]) if field in body else "" for column, field in JSON_TEXTS.items()}
    return row | {"TimeGenerated": record.time.isoformat(), "AwsEventId": event_id(record)}


def event_id(record: Record) -> str:
    """The record's id, or the record itself if it has none. The published rule does not read the column."""
    return _text(record.body, "eventID") or json.dumps(record.body, sort_keys=True)


def _text(object_: dict[str, Any], field: str) -> str:
    return object_.get(field) or ""
