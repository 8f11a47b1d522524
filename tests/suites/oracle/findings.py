"""What either side finds, in one form."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

COLUMNS = {
    "Reason": "reason",
    "LoginResult": "login_result",
    "EventTypeName": "event_type_name",
    "UserIdentityType": "user_identity_type",
    "RecipientAccountId": "recipient_account_id",
    "AccountName": "account_name",
    "AccountUPNSuffix": "account_upn_suffix",
    "AWSRegion": "aws_region",
    "SourceIpAddress": "source_ip_address",
    "UserAgent": "user_agent",
    "MFAUsed": "mfa_used",
}
"""The columns by which the rule groups, and what pivotwatch calls them."""

LOGINS_LISTED = 50
"""An incident lists at most this number of logins, the earliest."""

ADDRESS = list(COLUMNS).index("SourceIpAddress")


class Login(NamedTuple):
    """A login that matches."""

    columns: tuple[str, ...]
    time: datetime
    event_id: str


class Incident(NamedTuple):
    """Logins that match and agree in the rule's columns."""

    columns: tuple[str, ...]
    start: datetime
    end: datetime
    event_ids: frozenset[str] | None
    """Of its listed logins, where that was asked for."""
    shown: str = ""
    """The incident as pivotwatch prints it, a line of JSON; empty in what the rule finds."""

    @property
    def address(self) -> str:
        return self.columns[ADDRESS]

    @property
    def details(self) -> dict[str, Any]:
        """The fields of the printed incident."""
        return json.loads(self.shown)

    def __str__(self) -> str:
        values = zip(("StartTime", "EndTime", *COLUMNS), (self.start, self.end, *self.columns), strict=True)
        ids = "" if self.event_ids is None else f"\n      events: {', '.join(sorted(self.event_ids))}"
        return "\n".join(f"      {name}: {value}" for name, value in values) + ids


def by_day(logins: Iterable[Login]) -> list[Incident]:
    """Logins as pivotwatch groups them: by the rule's columns, and by UTC day."""
    return [
        Incident(
            columns,
            min(login.time for login in group),
            max(login.time for login in group),
            frozenset(login.event_id for login in group[:LOGINS_LISTED]),
        )
        for (columns, _), group in grouped(logins).items()
    ]


def grouped(logins: Iterable[Login]) -> dict[tuple[tuple[str, ...], date], list[Login]]:
    """Logins by the rule's columns and UTC day, the earliest first."""
    groups: dict[tuple[tuple[str, ...], date], list[Login]] = {}
    for login in sorted(logins, key=lambda login: (login.time, login.event_id)):
        groups.setdefault((login.columns, login.time.astimezone(UTC).date()), []).append(login)
    return groups
