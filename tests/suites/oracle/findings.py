"""The findings of both sides in one form."""

import json
from collections.abc import Collection, Iterable, Sequence
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
"""The rule's columns, with pivotwatch's names."""

LOGINS_LISTED = 50
"""The maximum number of logins that an incident lists, the earliest."""

ADDRESS = list(COLUMNS).index("SourceIpAddress")


def is_network(columns: Sequence[str]) -> bool:
    """`True` if the address in the rule's columns is a network."""
    return "/" in columns[ADDRESS]


class Login(NamedTuple):
    """A matching login."""

    columns: tuple[str, ...]
    time: datetime
    event_id: str

    @property
    def is_of_network(self) -> bool:
        """`True` if the login matches the failures of its network."""
        return is_network(self.columns)


class Incident(NamedTuple):
    """Matching logins with the same values in the rule's columns."""

    columns: tuple[str, ...]
    start: datetime
    end: datetime
    event_ids: frozenset[str] | None
    """The ids of its listed logins, if requested."""
    shown: str = ""
    """The line of JSON that pivotwatch prints; empty in the rule's findings."""

    @property
    def address(self) -> str:
        return self.columns[ADDRESS]

    @property
    def is_of_network(self) -> bool:
        """`True` if its logins match the failures of their network."""
        return is_network(self.columns)

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


def grouped_without(held: Collection[str], logins: Iterable[Login]) -> dict[tuple[tuple[str, ...], date], list[Login]]:
    """Logins like `grouped`, except those of networks with these ids. Incidents of addresses hold them, so they are no
    reason to show an incident of a network.
    """
    return grouped(login for login in logins if not (login.is_of_network and login.event_id in held))


def group_of(incident: Incident) -> tuple[tuple[str, ...], date]:
    """The key of an incident's logins in `grouped`."""
    return incident.columns, incident.start.astimezone(UTC).date()
