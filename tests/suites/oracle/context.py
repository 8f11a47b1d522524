"""Derives the context of an incident again: its users, successes, failed console logins, and the way back to Entra."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from oracle.facts import Failure, Near, Reference, is_named, rank
from oracle.signals import SUCCEEDED, right_passwords
from oracle.tuned_rule import CLASSES

USERS_A_CLASS = 8
"""The maximum number of users that an incident lists for a class."""

HISTORIES = 16
"""The maximum number of users with a history."""

ALL_CLASSES = frozenset(name for its in CLASSES.values() for name in its)

Wrong = Iterator[tuple[str, Any, Any]]
"""The name of a wrong value, the value, and the right one."""


def unequal(name: str, shown: Any, right: Any) -> Wrong:
    if shown != right:
        yield name, shown, right


def is_near(estimate: int, number: int) -> bool:
    """`True` if an estimate is between half and twice the number, give or take 50."""
    return number / 2 - 50 <= estimate <= number * 2 + 50


def wrong(shown: dict, near: Near) -> Wrong:
    """The wrong values in the context of an incident."""
    yield from _wrong_classes(shown["users_by_class"], near)
    yield from _wrong_histories(shown["users"], near)
    yield from _wrong_successes(shown, near)
    yield from _wrong_failed_logins(shown.get("failed_logins"), near)
    yield from _wrong_references(shown["references"], near)
    tenants = {failure.tenant for tally in near.tallies for failure in tally.failures}
    yield from unequal("tenants", shown["tenants"], sorted(tenants))


def _wrong_classes(shown: dict[str, list[str]], near: Near) -> Wrong:
    users: dict[str, set[str]] = {}
    right_ones = [failure for failure in right_passwords(near) if failure.user]
    for failure in _of_users(near) + right_ones:
        for name in failure.classes:
            users.setdefault(name, set()).add(failure.user)
    for name in sorted(ALL_CLASSES | shown.keys()):
        listed, right = shown.get(name, []), users.get(name, set())
        if near.has_all_failures:
            yield from unequal(f"users of {name}", listed, _first(right, near)[:USERS_A_CLASS])
            continue
        yield from unequal(f"users of {name}", listed, _first({*listed} & right, near))
        if name == "password_right":
            number = min(len({failure.user for failure in right_ones}), USERS_A_CLASS)
            if not number <= len(listed) <= USERS_A_CLASS:
                yield f"number of users of {name}", len(listed), number


def _wrong_histories(shown: list[dict], near: Near) -> Wrong:
    failures = _of_users(near)
    counts = Counter(failure.user for failure in failures)
    first = {failure.user: failure.time for failure in sorted(failures, key=lambda failure: failure.time, reverse=True)}
    right = {failure.user for failure in failures if failure.has_right_password}
    right |= {failure.user for failure in right_passwords(near) if failure.user}
    users = _first(counts.keys() | right, near, right)[:HISTORIES]
    if near.has_all_failures:
        yield from unequal("users", [history["user"] for history in shown], users)
    elif len({history["user"] for history in shown} & (counts.keys() | right)) != len(shown) or len(shown) > HISTORIES:
        yield "users", [history["user"] for history in shown], users
    for history in shown:
        user, number = history["user"], history["failures"]
        yield from unequal(f"failures_incomplete of {user}", history["failures_incomplete"], not near.has_all_failures)
        first_failure, first_success = (_time(history[name]) for name in ("first_failure", "first_success"))
        if near.has_all_failures:
            yield from unequal(f"failures of {user}", number, counts[user])
            yield from unequal(f"first failure of {user}", first_failure, first.get(user))
        elif number > counts[user] or (first_failure is None) != (number == 0):
            yield f"failures of {user}", number, counts[user]
        elif first_failure and first_failure not in {failure.time for failure in failures if failure.user == user}:
            yield f"first failure of {user}", first_failure, first.get(user)
        if len(near.successes) <= SUCCEEDED:
            yield from unequal(f"succeeded of {user}", history["succeeded"], user in near.successes)
            yield from unequal(f"first success of {user}", first_success, near.successes.get(user))


def _wrong_successes(shown: dict, near: Near) -> Wrong:
    total, right = shown["users_succeeded"], len(near.successes)
    yield from unequal("users_succeeded_estimated", shown["users_succeeded_estimated"], right > SUCCEEDED)
    if total != right and not (right > SUCCEEDED and is_near(total, right)):
        yield "users_succeeded", total, right


def _wrong_failed_logins(shown: dict | None, near: Near) -> Wrong:
    logins = near.failed_logins
    if not shown or not logins:
        yield from unequal("failed_logins", shown, logins or None)
        return
    if shown["count"] != len(logins) and not (shown["count_estimated"] and is_near(shown["count"], len(logins))):
        yield "count of failed_logins", shown["count"], len(logins)
    yield from unequal("count_estimated of failed_logins", shown["count_estimated"], near.has_crowd_of_failed_logins)
    yield from unequal("first of failed_logins", _time(shown["first"]), logins[0].time)
    yield from unequal("last of failed_logins", _time(shown["last"]), logins[-1].time)
    users = sorted(near.failed_users, key=rank)[:USERS_A_CLASS]
    yield from unequal("users of failed_logins", shown["users"], users)


def _wrong_references(shown: list[dict], near: Near) -> Wrong:
    listed = [_reference(each) for each in shown]
    around = {failure.reference for failure in near.failures(*near.tallies)}
    right = {failure.reference for failure in right_passwords(near)}
    firsts = {tally.first for tally in near.tallies} & around
    first = {min(firsts)} if firsts else set()
    bounds = len(first), len(first | right)
    yield from unequal("number of references", len(listed), len(right | firsts))
    yield from unequal("the first failure", {*listed[: bounds[0]]}, first)
    yield from unequal("references with a right password", {*listed[bounds[0] : bounds[1]]}, right - first)
    yield from unequal("first references", {*listed[bounds[1] :]}, firsts - right - first)


def _reference(shown: dict) -> Reference:
    export = "/".join(PurePosixPath(shown["export"]).parts[-2:])
    return Reference(**shown | {"time": datetime.fromisoformat(shown["time"]), "export": export})


def _of_users(near: Near) -> list[Failure]:
    return [failure for failure in near.failures(*near.tallies) if failure.user]


def _first(users: Iterable[str], near: Near, right: Iterable[str] = ()) -> list[str]:
    """The order in which users are listed: those with the AWS user's name, those with a right password, others."""
    return sorted(users, key=lambda user: (not is_named(user, near.incident), user not in right, rank(user)))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
