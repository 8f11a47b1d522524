"""The facts of worlds by address, for the details of an incident.

It shares no code with pivotwatch: it keeps every fact in a list.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from oracle import files, sentinel
from oracle.findings import COLUMNS, Incident, Login, group_of, grouped
from oracle.judged_world import hour
from oracle.tuned_rule import CLASSES
from oracle.world import (
    HIDDEN_USER,
    NO_FAILURES,
    REMEMBERED,
    SAMPLED,
    SUCCESS,
    Client,
    Options,
    Record,
    SignIn,
    World,
)

SOURCES = {"SignInLogs": "interactive", "NonInteractiveUserSignInLogs": "non_interactive"}
"""The counted categories, with pivotwatch's names of their sources."""

PROFILED = 40 * 1024
"""Bytes of the texts of a tally's failures up to which it keeps all of them."""

PROFILE = 24
"""Bytes that the texts of a failure take besides their own."""


class Reference(NamedTuple):
    """What finds a failure in Entra's log."""

    time: datetime
    code: str
    user: str
    request_id: str
    correlation_id: str
    export: str


@dataclass(frozen=True)
class Failure:
    """A distinct failed sign-in, in whole seconds."""

    time: datetime
    code: str
    user: str
    client: Client
    tenant: str
    reference: Reference

    @property
    def classes(self) -> tuple[str, ...]:
        return CLASSES.get(self.code, ())

    @property
    def has_right_password(self) -> bool:
        return "password_right" in self.classes


@dataclass
class Tally:
    """The facts of one address, source and UTC day."""

    failures: list[Failure] = field(default_factory=list)
    successes: dict[str, datetime | None] = field(default_factory=dict)
    """The users who succeeded from the address in files with failures of it, each with the first success of the day."""

    def add_success(self, user: str, time: datetime | None) -> None:
        self.successes[user] = earlier(self.successes.get(user), time)

    @cached_property
    def users(self) -> set[str]:
        return {failure.user for failure in self.failures} - {""}

    @cached_property
    def first(self) -> Reference:
        """The first failure."""
        return min(failure.reference for failure in self.failures)

    @cached_property
    def has_all_users(self) -> bool:
        """`True` if a tally can keep the names of all users."""
        return sum(len(user.encode()) for user in self.users) <= REMEMBERED

    @cached_property
    def has_all_failures(self) -> bool:
        """`True` if a tally can keep all failures and their texts."""
        hours = Counter(failure.time.hour for failure in self.failures)
        texts = {(failure.user, failure.client) for failure in self.failures}
        size = sum(PROFILE + len(user.encode()) + _size(client) for user, client in texts)
        return max(hours.values()) <= SAMPLED and size <= PROFILED


def _size(client: Client) -> int:
    texts = (client.app, client.client_app, client.operation, client.user_agent)
    return sum(len((text or "").encode()) for text in texts)


class FailedLogin(NamedTuple):
    """A failed console login."""

    time: datetime
    event_id: str
    user: str
    """The user by the rule's name. Empty if CloudTrail hides it."""


class Facts:
    """The facts of some worlds by address, and their matching logins by incident."""

    def __init__(self, worlds: Iterable[World], logins: Iterable[Login]) -> None:
        worlds = list(worlds)
        self._tallies: dict[tuple[str, str], dict[date, Tally]] = {}
        self._failed_logins: dict[str, set[FailedLogin]] = {}
        self._logins = grouped(logins)
        for world in worlds:
            failing: dict[tuple[str, int], set[tuple[str, date]]] = {}
            for row in world.sign_ins:
                if _is_failure(row):
                    self._tally(row).failures.extend([_failure(world, row)] * row.occurrences)
                    for copy in row.copies:
                        failing.setdefault((row.address, copy.file), set()).add((row.category, row.time.date()))
            for row in world.sign_ins:
                if row.category in SOURCES and row.code == SUCCESS and row.user:
                    for category, day in set().union(
                        *(failing.get((row.address, copy.file), ()) for copy in row.copies)
                    ):
                        tally = self._tallies[row.address, SOURCES[category]][day]
                        tally.add_success(
                            row.user.lower(), row.time.replace(microsecond=0) if row.time.date() == day else None
                        )
            for record in world.records:
                if record.is_failed_login:
                    failed = FailedLogin(record.time, sentinel.event_id(record), _user(record))
                    self._failed_logins.setdefault(record.address, set()).add(failed)

    def _tally(self, row: SignIn) -> Tally:
        days = self._tallies.setdefault((row.address, SOURCES[row.category]), {})
        return days.setdefault(row.time.date(), Tally())

    def tallies(self, address: str, source: str) -> list[Tally]:
        """The tallies of one source, by day."""
        return [tally for _, tally in sorted(self._tallies.get((address, source), {}).items())]

    def failures(self, address: str, source: str) -> list[Failure]:
        """The failures of one source."""
        return [failure for tally in self.tallies(address, source) for failure in tally.failures]

    def failed_logins(self, address: str) -> set[FailedLogin]:
        """The failed console logins of an address."""
        return self._failed_logins.get(address, set())

    def logins(self, incident: Incident) -> list[Login]:
        """The matching logins of an incident by the rule, earliest first."""
        return self._logins.get(group_of(incident), [])


def _is_failure(row: SignIn) -> bool:
    return row.category in SOURCES and row.code not in NO_FAILURES


def earlier(*times: datetime | None) -> datetime | None:
    """The earliest of the times that are known."""
    return min((time for time in times if time), default=None)


def _failure(world: World, row: SignIn) -> Failure:
    time, user = row.time.replace(microsecond=0), row.user.lower()
    reference = min(
        Reference(time, row.code, user, files.identifier(row, copy), row.correlation, files.path_of(world, copy.file))
        for copy in row.copies
    )
    return Failure(time, row.code, user, row.client, row.tenant, reference)


def _user(record: Record) -> str:
    """The user as the rule names it: up to the first `@`, and up to the next one."""
    identity = record.body.get("userIdentity") or {}
    if identity.get("principalId") == "Anonymous":
        name = "Anonymous"
    else:
        resources = record.body.get("resources") or [{}]
        arn = identity.get("arn") or resources[0].get("ARN") or ""
        name = identity.get("userName") or arn.rpartition("/")[2]
    name, _, suffix = name.partition("@")
    suffix = suffix.partition("@")[0]
    user = f"{name}@{suffix}" if suffix else name
    return "" if user == HIDDEN_USER else user


class Near:
    """The facts around an incident: from one window before its first login to one window after its last. In the order
    "failures first", up to its last login.
    """

    def __init__(self, facts: Facts, incident: Incident, options: Options) -> None:
        self.incident = incident
        self.first = incident.start - options.window
        self.last = incident.end + (options.window if options.order == "any" else timedelta())
        self.by_source = {
            source: [tally for tally in facts.tallies(incident.address, source) if self.failures(tally)]
            for source in SOURCES.values()
        }
        """The tallies with a failure around the incident."""
        self.tallies = [tally for tallies in self.by_source.values() for tally in tallies]
        self._failed_logins = facts.failed_logins(incident.address)

    def failures(self, *tallies: Tally) -> list[Failure]:
        """The failures of some tallies around the incident."""
        return [failure for tally in tallies for failure in tally.failures if self.first <= failure.time <= self.last]

    @cached_property
    def users(self) -> set[str]:
        """The users who failed on the days with a failure around the incident."""
        return set().union(*(tally.users for tally in self.tallies))

    @cached_property
    def successes(self) -> dict[str, datetime | None]:
        """The users who succeeded, each with the first success on these days."""
        found: dict[str, datetime | None] = {}
        for tally in self.tallies:
            for user, time in tally.successes.items():
                found[user] = earlier(found.get(user), time)
        return found

    @property
    def has_all_users(self) -> bool:
        return all(tally.has_all_users for tally in self.tallies)

    @property
    def has_all_failures(self) -> bool:
        return all(tally.has_all_failures for tally in self.tallies)

    @cached_property
    def failed_logins(self) -> list[FailedLogin]:
        """The failed console logins, from one window before the first login to the last."""
        return sorted(failed for failed in self._failed_logins if self.first <= failed.time <= self.incident.end)

    @property
    def has_crowd_of_failed_logins(self) -> bool:
        """`True` if an hour with one of them has more than a tally keeps."""
        hours = Counter(hour(failed.time) for failed in self._failed_logins)
        return any(hours[hour(failed.time)] > SAMPLED for failed in self.failed_logins)

    @cached_property
    def failed_users(self) -> set[str]:
        """The users of failed console logins on the days of these."""
        days = {failed.time.date() for failed in self.failed_logins}
        return {failed.user for failed in self._failed_logins if failed.time.date() in days} - {""}


def columns(incident: Incident) -> dict[str, str]:
    """The rule's columns of an incident."""
    return dict(zip(COLUMNS, incident.columns, strict=True))


def is_named(user: str, incident: Incident) -> bool:
    """`True` if an Entra user has the name of the incident's AWS user. Domains are not compared."""
    name = columns(incident)["AccountName"].lower()
    return name != "" and user.lower().partition("@")[0] == name


def is_root(incident: Incident) -> bool:
    """`True` if the root user logged in."""
    return columns(incident)["UserIdentityType"].lower() == "root"


def rank(name: str) -> int:
    """The hash of a name, by which the names are selected where there are too many."""
    return int.from_bytes(sha256(name.encode() + b"\0").digest()[:8])
