"""Derives the details of an incident again from the facts of a world: its logins, and the failures around it.

`signals` derives its signals and its severity, `context` what a responder asks next.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from oracle import context, signals
from oracle.context import Wrong, is_near, unequal
from oracle.facts import Facts, Near, is_named
from oracle.findings import LOGINS_LISTED, Incident, Login
from oracle.judged_world import hour
from oracle.world import REMEMBERED, SAMPLED, Options

USERS_LISTED = 64
LOGINS_COUNTED = 256
"""Up to this number `logins_total` is exact."""


def errors(incident: Incident, facts: Facts, options: Options) -> list[str]:
    """The errors in the details of `incident`, one text for each wrong value."""
    return [f"{name} is {shown!r}, not {right!r}" for name, shown, right in _wrong(incident, facts, options)]


def _wrong(incident: Incident, facts: Facts, options: Options) -> Wrong:
    shown = incident.details
    near = Near(facts, incident, options)
    yield from unequal("matched_by", shown["matched_by"], "network" if incident.is_of_network else "address")
    right = signals.expected(near, options, {*shown["signals"]})
    yield from unequal("signals", shown["signals"], right)
    yield from unequal("severity", shown["severity"], signals.severity(right))
    yield from _wrong_logins(shown, facts.logins(incident), options)
    yield from unequal("sources", [*shown["failures"]], [source for source, its in near.by_source.items() if its])
    for source, of_source in shown["failures"].items():
        times = sorted(failure.time for failure in facts.failures(incident.address, source))
        exceeded = any(matches(times, login.time, options) for login in facts.logins(incident))
        yield from unequal(f"{source} exceeded", of_source["exceeded"], exceeded)
        if near.by_source.get(source):
            wrong = _Source(near, source).wrong(of_source)
            yield from ((f"{source} {name}", value, its) for name, value, its in wrong)
    yield from context.wrong(shown, near)


def _wrong_logins(shown: dict, logins: Sequence[Login], options: Options) -> Wrong:
    total, listed = shown["logins_total"], shown["logins"]
    if len(logins) <= LOGINS_COUNTED:
        yield from unequal("logins_total", total, len(logins))
        yield from unequal("logins_estimated", shown["logins_estimated"], False)
    elif not is_near(total, len(logins)):
        yield "logins_total", total, len(logins)
    earliest = [login.time for login in logins[:LOGINS_LISTED]]
    yield from unequal("times of logins", [datetime.fromisoformat(login["time"]) for login in listed], earliest)
    if options.several_days:
        # In these worlds every login has an id of its own.
        ids = [login.event_id for login in logins[:LOGINS_LISTED]]
        yield from unequal("ids of logins", [login["event_id"] for login in listed], ids)


def matches(times: Sequence[datetime], login: datetime, options: Options) -> bool:
    """`True` if some window with `login` holds more failures than the threshold."""
    if options.order == "failures_first":
        return sum(login - options.window <= time <= login for time in times) > options.threshold
    pairs = zip(times, times[options.threshold :], strict=False)
    return any(max(last, login) - min(first, login) <= options.window for first, last in pairs)


class _Source:
    """The failures of one source around an incident."""

    def __init__(self, near: Near, source: str) -> None:
        self.incident = near.incident
        tallies = near.by_source[source]
        self.failures = near.failures(*tallies)
        self.users = set().union(*(tally.users for tally in tallies))
        self.exceeds_a_tally = sum(len(user.encode()) for user in self.users) > REMEMBERED
        hours = Counter(hour(failure.time) for tally in tallies for failure in tally.failures)
        self.is_estimated = any(hours[hour(failure.time)] > SAMPLED for failure in self.failures)

    def wrong(self, shown: dict) -> Wrong:
        """The wrong values of the source."""
        times = [failure.time for failure in self.failures]
        codes = Counter(failure.code for failure in self.failures)
        first, last = (datetime.fromisoformat(shown[name]) for name in ("first", "last"))
        yield from unequal("count_estimated", shown["count_estimated"], self.is_estimated)
        if self.is_estimated:
            if not is_near(shown["count"], len(times)):
                yield "count", shown["count"], len(times)
            if not min(times) <= first <= last <= max(times):
                yield "first and last", (first, last), (min(times), max(times))
            if not shown["error_codes"].keys() <= codes.keys():
                yield "error_codes", shown["error_codes"], dict(codes)
        else:
            yield from unequal("count", shown["count"], len(times))
            yield from unequal("first", first, min(times))
            yield from unequal("last", last, max(times))
            yield from unequal("error_codes", shown["error_codes"], dict(codes))
        users_total = min(len(self.users), shown["count"])
        if not self.exceeds_a_tally:
            yield from unequal("users_total", shown["users_total"], users_total)
        elif shown["users_total"] > shown["count"] or not is_near(shown["users_total"], users_total):
            yield "users_total", shown["users_total"], users_total
        is_bounded_by_estimate = self.is_estimated and len(self.users) > shown["count"]
        users_estimated = self.exceeds_a_tally or is_bounded_by_estimate
        yield from unequal("users_estimated", shown["users_estimated"], users_estimated)
        yield from self._wrong_users(shown["users"], min(users_total, USERS_LISTED))

    def _wrong_users(self, users: list[str], number: int) -> Wrong:
        yield from unequal("number of users", len(set(users)), number)
        yield from unequal("users who did not fail", sorted({*users} - self.users), [])
        named = {user for user in self.users if is_named(user, self.incident)}
        if not self.exceeds_a_tally:
            yield from unequal("same-named users", len(named & {*users}), min(len(named), number))
