"""Derives the severity, signals and numbers of an incident again from the facts of a world.

It shares no code with pivotwatch: it puts failures into lists and compares each with every login.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from oracle.findings import COLUMNS, LOGINS_LISTED, Incident, Login, group_of, grouped
from oracle.judged_world import hour
from oracle.world import NO_FAILURES, REMEMBERED, SAMPLED, Client, Options, World

SOURCES = {"SignInLogs": "interactive", "NonInteractiveUserSignInLogs": "non_interactive"}
"""The counted categories, with pivotwatch's names of their sources."""

USERS_LISTED = 64
LOGINS_COUNTED = 254
"""Up to this number `logins_total` is exact."""

MARGIN = 50
"""An estimate lies between half the number minus the margin and twice the number plus the margin."""


@dataclass(frozen=True)
class Failure:
    """A distinct failed sign-in, in whole seconds."""

    time: datetime
    code: str
    user: str
    client: Client


class Facts:
    """The distinct failures of some worlds by address and source, and their successful logins by incident."""

    def __init__(self, worlds: Iterable[World], logins: Iterable[Login]) -> None:
        distinct: dict[tuple, list[Failure]] = {}
        for sign_in in (sign_in for world in worlds for sign_in in world.sign_ins):
            if sign_in.category in SOURCES and sign_in.code not in NO_FAILURES:
                identity = sign_in.id or f"{sign_in.correlation} {sign_in.time} {sign_in.user}"
                key = (sign_in.address, SOURCES[sign_in.category], identity, sign_in.code)
                failure = Failure(
                    sign_in.time.replace(microsecond=0), sign_in.code, sign_in.user.lower(), sign_in.client
                )
                distinct[key] = [failure] * sign_in.occurrences
        self._failures: dict[tuple[str, str], list[Failure]] = {}
        for (address, source, _, _), failures in distinct.items():
            self._failures.setdefault((address, source), []).extend(failures)
        self._logins = grouped(logins)

    def failures(self, address: str, source: str) -> list[Failure]:
        """The failures of one source."""
        return self._failures.get((address, source), [])

    def logins(self, incident: Incident) -> list[Login]:
        """The matching logins of an incident by the rule, earliest first."""
        return self._logins.get(group_of(incident), [])


def errors(incident: Incident, facts: Facts, options: Options) -> list[str]:
    """The errors in the details of `incident`, one text for each wrong value."""
    return [f"{name} is {shown!r}, not {right!r}" for name, shown, right in _wrong(incident, facts, options)]


def is_named(user: str, incident: Incident) -> bool:
    """`True` if an Entra user has the name of the incident's AWS user."""
    columns = dict(zip(COLUMNS, incident.columns, strict=True))
    name, suffix = columns["AccountName"].lower(), columns["AccountUPNSuffix"].lower()
    local, _, domain = user.lower().partition("@")
    return name != "" and local == name and suffix in ("", domain)


def is_root(incident: Incident) -> bool:
    """`True` if the root user logged in."""
    return incident.columns[list(COLUMNS).index("UserIdentityType")].lower() == "root"


def _wrong(incident: Incident, facts: Facts, options: Options) -> Iterator[tuple[str, Any, Any]]:
    shown = incident.details
    near = {source: _Near(facts.failures(incident.address, source), incident, options) for source in SOURCES.values()}
    near = {source: its for source, its in near.items() if its.failures}
    signals = _signals(incident, near.values())
    if shown["signals"] not in signals:
        yield "signals", shown["signals"], signals
    yield from _unequal("severity", shown["severity"], "High" if shown["signals"] else "Medium")
    yield from _wrong_logins(shown, facts.logins(incident), options)
    yield from _unequal("sources", sorted(shown["failures"]), sorted(near))
    for source in near.keys() & shown["failures"].keys():
        of_source = shown["failures"][source]
        times = sorted(failure.time for failure in facts.failures(incident.address, source))
        exceeded = any(matches(times, login.time, options) for login in facts.logins(incident))
        yield from _unequal(f"{source} exceeded", of_source["exceeded"], exceeded)
        for name, value, right in near[source].wrong(of_source, incident):
            yield f"{source} {name}", value, right


def _signals(incident: Incident, near: Iterable["_Near"]) -> list[list[str]]:
    """The acceptable sets of signals: several if the kept users are not determined."""
    if is_root(incident):
        return [["root"]]
    if not dict(zip(COLUMNS, incident.columns, strict=True))["AccountName"]:
        return [[]]
    tallies = [users for its in near for users in its.users_by_day.values()]
    named_in = [users for users in tallies if any(is_named(user, incident) for user in users)]
    if any(not _exceeds_a_tally(users) for users in named_in):
        return [["same_user"]]
    if not any(_exceeds_a_tally(users) for users in tallies):
        return [[]]
    return [["same_user"], ["users_not_remembered"]] if named_in else [["users_not_remembered"]]


def _exceeds_a_tally(users: Iterable[str]) -> bool:
    """`True` if there are more users than a tally keeps."""
    return sum(len(user.encode()) for user in users) > REMEMBERED


def _unequal(name: str, shown: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if shown != right:
        yield name, shown, right


def _wrong_logins(shown: dict, logins: Sequence[Login], options: Options) -> Iterator[tuple[str, Any, Any]]:
    total, listed = shown["logins_total"], shown["logins"]
    if len(logins) <= LOGINS_COUNTED:
        yield from _unequal("logins_total", total, len(logins))
        yield from _unequal("logins_estimated", shown["logins_estimated"], False)
    elif not _is_near(total, len(logins)):
        yield "logins_total", total, len(logins)
    earliest = [login.time for login in logins[:LOGINS_LISTED]]
    yield from _unequal("times of logins", [datetime.fromisoformat(login["time"]) for login in listed], earliest)
    if options.several_days:
        # In these worlds every login has an id of its own.
        ids = [login.event_id for login in logins[:LOGINS_LISTED]]
        yield from _unequal("ids of logins", [login["event_id"] for login in listed], ids)


def matches(times: Sequence[datetime], login: datetime, options: Options) -> bool:
    """`True` if some window with `login` holds more failures than the threshold."""
    if options.order == "failures_first":
        return sum(login - options.window <= time <= login for time in times) > options.threshold
    pairs = zip(times, times[options.threshold :], strict=False)
    return any(max(last, login) - min(first, login) <= options.window for first, last in pairs)


def _is_near(estimate: int, number: int) -> bool:
    return number / 2 - MARGIN <= estimate <= number * 2 + MARGIN


class _Near:
    """The failures of one source around an incident, and the users who failed on the days of these failures."""

    def __init__(self, failures: Sequence[Failure], incident: Incident, options: Options) -> None:
        first = incident.start - options.window
        last = incident.end + (options.window if options.order == "any" else timedelta())
        self.failures = [failure for failure in failures if first <= failure.time <= last]
        self.users_by_day: dict[date, set[str]] = {failure.time.date(): set() for failure in self.failures}
        for failure in failures:
            if failure.user and failure.time.date() in self.users_by_day:
                self.users_by_day[failure.time.date()].add(failure.user)
        self.users = set().union(*self.users_by_day.values())
        self.exceeds_a_tally = _exceeds_a_tally(self.users)
        hours = Counter(hour(failure.time) for failure in failures)
        self.is_estimated = any(hours[hour(failure.time)] > SAMPLED for failure in self.failures)

    def wrong(self, shown: dict, incident: Incident) -> Iterator[tuple[str, Any, Any]]:
        """The wrong values of the source."""
        times = [failure.time for failure in self.failures]
        codes = Counter(failure.code for failure in self.failures)
        first, last = (datetime.fromisoformat(shown[name]) for name in ("first", "last"))
        yield from _unequal("count_estimated", shown["count_estimated"], self.is_estimated)
        if self.is_estimated:
            if not _is_near(shown["count"], len(times)):
                yield "count", shown["count"], len(times)
            if not min(times) <= first <= last <= max(times):
                yield "first and last", (first, last), (min(times), max(times))
            if not shown["error_codes"].keys() <= codes.keys():
                yield "error_codes", shown["error_codes"], dict(codes)
        else:
            yield from _unequal("count", shown["count"], len(times))
            yield from _unequal("first", first, min(times))
            yield from _unequal("last", last, max(times))
            yield from _unequal("error_codes", shown["error_codes"], dict(codes))
        users_total = min(len(self.users), shown["count"])
        if not self.exceeds_a_tally:
            yield from _unequal("users_total", shown["users_total"], users_total)
        elif shown["users_total"] > shown["count"] or not _is_near(shown["users_total"], users_total):
            yield "users_total", shown["users_total"], users_total
        is_bounded_by_estimate = self.is_estimated and len(self.users) > shown["count"]
        users_estimated = self.exceeds_a_tally or is_bounded_by_estimate
        yield from _unequal("users_estimated", shown["users_estimated"], users_estimated)
        yield from self._wrong_users(shown["users"], min(users_total, USERS_LISTED), incident)

    def _wrong_users(self, users: list[str], number: int, incident: Incident) -> Iterator[tuple[str, Any, Any]]:
        yield from _unequal("number of users", len(set(users)), number)
        yield from _unequal("users who did not fail", sorted({*users} - self.users), [])
        named = {user for user in self.users if is_named(user, incident)}
        if not self.exceeds_a_tally:
            yield from _unequal("same-named users", len(named & {*users}), min(len(named), number))
