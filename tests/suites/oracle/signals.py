"""Derives the signals and the severity of an incident again."""

from collections.abc import Iterable, Iterator

from oracle.facts import Failure, Near, columns, is_named, is_root, rank
from oracle.world import Options

POINTS = {
    "root": 7,
    "same_user": 1,
    "different_user": 0,
    "users_not_remembered": 1,
    "password_right": 1,
    "no_mfa": 3,
    "failed_logins": 1,
    "many_users": 2,
    "few_succeeded": 1,
    "most_succeeded": -4,
    "own_mistakes": -2,
}
"""The points of each signal, in the order of display."""

HIGH = 3
"""An incident is High from this number of points."""

MANY_USERS = 5
"""More users than this are many."""

FEW = 1 / 5
"""Few succeeded: at most this part of the users who failed."""

MOST = 1 / 2
MOST_FROM = 3
"""Most succeeded: more than this part of the users who failed, and at least this number."""

FEDERATED = ("assumedrole", "federateduser", "samluser", "webidentityuser")
"""The identities that another system authenticated."""

SUCCEEDED = 256
"""The number of users who succeeded up to which a tally keeps all."""

RIGHT_PASSWORDS = 16
"""The number of users with a right password up to which a tally keeps all."""


def severity(signals: Iterable[str]) -> str:
    """The severity of an incident with these signals."""
    return "High" if points(signals) >= HIGH else "Medium"


def points(signals: Iterable[str]) -> int:
    """The sum of the signals' points."""
    return sum(POINTS[signal] for signal in signals)


def expected(near: Near, options: Options, shown: set[str]) -> list[str]:
    """The signals in the order of display. What bounded tallies leave undecided is taken from the shown ones."""
    return [signal for signal, holds in _signals(near, options, shown) if holds]


def _signals(near: Near, options: Options, shown: set[str]) -> Iterator[tuple[str, bool]]:
    def decided(signal: str, holds: bool, is_certain: bool) -> bool:
        return holds if is_certain else signal in shown

    incident = near.incident
    identity, mfa = (columns(incident)[name].lower() for name in ("UserIdentityType", "MFAUsed"))
    has_name = not is_root(incident) and columns(incident)["AccountName"] != ""
    named = [tally for tally in near.tallies if any(is_named(user, incident) for user in tally.users)]
    is_same = decided("same_user", has_name and bool(named), not named or any(tally.has_all_users for tally in named))
    is_same &= has_name
    succeeded = near.users & near.successes.keys()
    has_all = near.has_all_users and len(near.successes) <= SUCCEEDED
    are_many = not near.has_all_users or len(near.users) > MANY_USERS
    are_few = are_many and len(succeeded) <= FEW * len(near.users)
    are_few = decided("few_succeeded", are_few, has_all)
    are_most = len(succeeded) >= MOST_FROM and len(succeeded) > MOST * len(near.users)
    are_most = decided("most_succeeded", are_most, has_all)
    own = [failure for failure in near.failures(*near.tallies) if is_named(failure.user, incident)]
    yield "root", is_root(incident)
    yield "same_user", is_same
    yield "different_user", has_name and not is_same and near.has_all_users and bool(near.users)
    yield "users_not_remembered", has_name and not is_same and not near.has_all_users
    yield "password_right", bool(right_passwords(near))
    yield "no_mfa", identity in ("root", "iamuser") and mfa == "no"
    yield "failed_logins", bool(near.failed_logins)
    yield "many_users", are_many
    yield "few_succeeded", are_few
    yield "most_succeeded", are_most
    are_own_mistakes = (
        is_same
        and near.has_all_failures
        and len(own) <= options.threshold
        and any(is_named(user, incident) for user in succeeded)
        and (are_most or (identity in FEDERATED and not are_few))
    )
    yield "own_mistakes", decided("own_mistakes", are_own_mistakes, not are_own_mistakes or has_all)


def right_passwords(near: Near) -> list[Failure]:
    """The first failure with a right password of each user whom a tally keeps, on the days with failures around."""
    found = []
    for tally in near.tallies:
        right = [failure for failure in tally.failures if failure.has_right_password]
        for user in sorted({failure.user for failure in right}, key=rank)[:RIGHT_PASSWORDS]:
            found.append(min((failure for failure in right if failure.user == user), key=lambda its: its.reference))
    return found
