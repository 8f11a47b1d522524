"""Writes a day as Azure's diagnostic settings and CloudTrail write it."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from day.facts import IAM_USER, IDENTITY_CENTER, Day, Login, SignIn
from local_aws import exports
from oracle.files import write_entries

HALF_GROWN = timedelta(minutes=35)
"""Age of an hour's blob at the first copy. It has the records that reached it by then. The second copy is whole."""

CONTAINERS = {
    "interactive": "insights-logs-signinlogs",
    "non_interactive": "insights-logs-noninteractiveusersigninlogs",
}
LATE, TUNING = "late", "tuning.json"


def write(day: Day, folder: Path) -> None:
    """Writes half-grown blobs to `entra`, the whole ones to `late`, log files to `cloudtrail`, and tuning entries."""
    for (source, hour), sign_ins in _grouped(day.sign_ins, lambda sign_in: (sign_in.source, _hour(sign_in))):
        blob = Path(CONTAINERS[source], f"tenantId={exports.TENANT}", f"{hour:y=%Y/m=%m/d=%d/h=%H/m=00}", "PT1H.json")
        early = [sign_in for sign_in in sign_ins if sign_in.time + sign_in.delay <= hour + HALF_GROWN]
        for part, kept in (("entra", early), (LATE, sign_ins)):
            if kept:
                _write(folder / part / blob, exports.lines([_sign_in(sign_in) for sign_in in kept]))
    for (account, region, hour), logins in _grouped(
        day.logins, lambda login: (login.account, login.region, _hour(login))
    ):
        name = f"{account}_CloudTrail_{region}_{hour:%Y%m%dT%H%MZ}_AbCdEfGhIjKlMnOp.json.gz"
        log_file = Path("AWSLogs", account, "CloudTrail", region, f"{hour:%Y/%m/%d}", name)
        content = json.dumps({"Records": [_record(login) for login in logins]}).encode()
        _write(folder / "cloudtrail" / log_file, gzip.compress(content, mtime=0))
    write_entries(day.entries, folder / TUNING)


def _grouped(facts: Iterable, key: Callable[[Any], tuple]) -> Iterator[tuple[tuple, list]]:
    """The facts with the same key, in the order of their times."""
    for group, members in groupby(sorted(facts, key=lambda fact: (key(fact), fact.time)), key):
        yield group, [*members]


def _hour(fact: SignIn | Login) -> datetime:
    return fact.time.replace(minute=0, second=0)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sign_in(sign_in: SignIn) -> dict:
    record = exports.sign_in(
        sign_in.address,
        sign_in.time,
        code=sign_in.code,
        source=sign_in.source,
        user=sign_in.user,
        app=sign_in.app,
        client_app=sign_in.client_app,
        operation=sign_in.operation,
        identifier=sign_in.id,
    )
    properties = record["properties"]
    properties["userAgent"] = sign_in.user_agent
    record["correlationId"] = properties["correlationId"] = sign_in.id
    return record


def _record(login: Login) -> dict:
    answer = {"responseElements": {"ConsoleLogin": "Success"}}
    if not login.succeeded:
        answer = {"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"}
    return exports.console_login(
        login.address,
        login.time,
        identity=login.kind,
        userIdentity=_identity(login),
        awsRegion=login.region,
        userAgent=login.user_agent,
        recipientAccountId=login.account,
        additionalEventData={"MobileVersion": "No", "MFAUsed": "Yes" if login.has_mfa else "No"},
        eventID=login.id,
        **answer,
    )


def _identity(login: Login) -> dict:
    """`userIdentity` for the login's user and account."""
    identity = exports.IDENTITIES[login.kind] | {"accountId": login.account}
    if login.kind == IAM_USER:
        return identity | {"arn": f"arn:aws:iam::{login.account}:user/{login.user}", "userName": login.user}
    if login.kind == IDENTITY_CENTER:
        role = identity["sessionContext"]["sessionIssuer"]["userName"]
        arn = f"arn:aws:sts::{login.account}:assumed-role/{role}/{login.user}"
        return identity | {"arn": arn, "principalId": f"AROACKCEVSQ6C2EXAMPLE:{login.user}"}
    return identity | {"arn": f"arn:aws:iam::{login.account}:root", "principalId": login.account}
