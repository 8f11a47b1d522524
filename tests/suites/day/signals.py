"""Signals and severity, derived again from the facts of a day, and from the table of docs/RULE.md."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address, ip_network

from day.facts import IDENTITY_CENTER, ROOT, Day, Login, SignIn

POINTS = {
    "root": 7,
    "no_mfa": 3,
    "many_users": 2,
    "same_user": 1,
    "users_not_remembered": 1,
    "password_right": 1,
    "failed_logins": 1,
    "few_succeeded": 1,
    "different_user": 0,
    "own_mistakes": -2,
    "most_succeeded": -4,
}
HIGH = 3
"""An incident is High from this number of points."""

THRESHOLD = MANY_USERS = 5
FEW, MOST = 1 / 5, 1 / 2
"""Few succeeded: at most this part of the users who failed. Most succeeded: more than this part."""

MOST_FROM = 3
"""A lower number of users who succeeded is not most. One can be a victim."""

WINDOW = timedelta(hours=24)

PASSWORD_RIGHT = {"50055", "50074", "50076", "50133", "53003"}
"""The codes of the days with which the password was right."""


@dataclass
class Place:
    """The facts of an address, or of a network."""

    sign_ins: list[SignIn] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)

    @cached_property
    def failures(self) -> list[SignIn]:
        return sorted((sign_in for sign_in in self.sign_ins if sign_in.failed), key=lambda failure: failure.time)

    @cached_property
    def failing(self) -> set[str]:
        return {failure.user for failure in self.failures}

    @cached_property
    def succeeding(self) -> set[str]:
        """The users who succeed in a blob that also has a failure of the place."""
        failing = {_blob(failure) for failure in self.failures}
        return {sign_in.user for sign_in in self.sign_ins if not sign_in.failed and _blob(sign_in) in failing}

    def matches(self, login: Login) -> bool:
        """`True` if, for a source, a window has the login and more failures than the threshold."""
        for source in ("interactive", "non_interactive"):
            times = [failure.time for failure in self.failures if failure.source == source]
            for first, last in zip(times, times[THRESHOLD:], strict=False):
                if max(last, login.time) - min(first, login.time) <= WINDOW:
                    return True
        return False

    def signals(self, login: Login) -> set[str]:
        """The signals of a matching login."""
        user = login.user.partition("@")[0]
        own_failures = [failure for failure in self.failures if failure.user.partition("@")[0] == user]
        is_same_user = login.kind != ROOT and bool(own_failures)
        is_federated = login.kind == IDENTITY_CENTER
        succeeded = self.failing & self.succeeding
        are_many = len(self.failing) > MANY_USERS
        are_few = are_many and len(succeeded) <= FEW * len(self.failing)
        are_most = len(succeeded) >= MOST_FROM and len(succeeded) > MOST * len(self.failing)
        conditions = {
            "root": login.kind == ROOT,
            "same_user": is_same_user,
            "different_user": login.kind != ROOT and not is_same_user,
            "password_right": any(failure.code in PASSWORD_RIGHT for failure in self.failures),
            "no_mfa": not is_federated and not login.has_mfa,
            "failed_logins": any(not other.succeeded and other.time < login.time for other in self.logins),
            "many_users": are_many,
            "few_succeeded": are_few,
            "most_succeeded": are_most,
            "own_mistakes": is_same_user
            and len(own_failures) <= THRESHOLD
            and any(name.partition("@")[0] == user for name in succeeded)
            and (are_most or (is_federated and not are_few)),
        }
        return {signal for signal, holds in conditions.items() if holds}


def _blob(sign_in: SignIn) -> tuple:
    return sign_in.source, sign_in.time.replace(minute=0, second=0, microsecond=0)


def points(signals: Iterable[str]) -> int:
    """The sum of the signals' points."""
    return sum(POINTS[signal] for signal in signals)


def places(day: Day) -> dict[str, Place]:
    """The facts by address, and those of IPv6 by network too."""
    found: dict[str, Place] = defaultdict(Place)
    for fact in (*day.sign_ins, *day.logins):
        for key in (fact.address, *_networks(fact.address)):
            place = found[key]
            (place.sign_ins if isinstance(fact, SignIn) else place.logins).append(fact)
    return found


def key(facts: Mapping[str, Place], login: Login) -> str | None:
    """The address by which a login matches; the network only if the address does not; else `None`."""
    keys = [key for key in (login.address, *_networks(login.address)) if key in facts]
    return next((key for key in keys if facts[key].matches(login)), None)


def _networks(address: str) -> list[str]:
    return [str(ip_network((address, 64), strict=False))] if ip_address(address).version == 6 else []
