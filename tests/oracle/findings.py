"""What either side finds, in one form."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

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
    """Of its logins, where that was asked for."""

    @property
    def address(self) -> str:
        return self.columns[ADDRESS]

    def __str__(self) -> str:
        values = zip(("StartTime", "EndTime", *COLUMNS), (self.start, self.end, *self.columns), strict=True)
        ids = "" if self.event_ids is None else f"\n      events: {', '.join(sorted(self.event_ids))}"
        return "\n".join(f"      {name}: {value}" for name, value in values) + ids


def by_day(logins: Iterable[Login]) -> list[Incident]:
    """Logins as pivotwatch groups them: by the rule's columns, and by UTC day."""
    groups: dict[tuple, list[Login]] = {}
    for login in logins:
        groups.setdefault((login.columns, login.time.astimezone(UTC).date()), []).append(login)
    return [
        Incident(
            columns,
            min(login.time for login in group),
            max(login.time for login in group),
            frozenset(login.event_id for login in group),
        )
        for (columns, _), group in groups.items()
    ]
