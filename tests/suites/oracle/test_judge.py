"""The judge is right: it tries every window and detects every wrong answer."""

import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from oracle import compare, findings, generate, hunt
from oracle.findings import COLUMNS, Incident
from oracle.judge import Judge
from oracle.world import Options, World

SEED = "a just judge"


def worlds(options: Options, number: int) -> list[World]:
    """Worlds without tuning entries."""
    return [replace(world, entries=()) for world in worlds_with_entries(options, number)]


def worlds_with_entries(options: Options, number: int) -> list[World]:
    return [generate.world(SEED, place, options) for place in range(number)]


def worlds_with_incidents(options: Options, number: int) -> list[World]:
    """The first few worlds with findings."""
    judge, all_worlds = Judge(), worlds(options, 100)
    return [*itertools.islice((world for world in all_worlds if judge.incidents([world], options)), number)]


@pytest.mark.parametrize("hours", [6, 24])
def test_all_windows_at_once_equal_one_run_for_each_window(hours):
    options = Options(several_days=True, threshold=1, window=timedelta(hours=hours))
    judge = Judge()
    for world in worlds_with_incidents(options, 2):
        events = {fact.time.replace(microsecond=0) for fact in (*world.sign_ins, *world.records)}
        starts = events | {time - options.window for time in events}
        one_by_one = set().union(
            *(judge.in_window([world], options.threshold, start, start + options.window) for start in sorted(starts))
        )
        assert Counter(findings.by_day(one_by_one)) == Counter(judge.incidents([world], options))


def test_in_exact_times_the_rule_matches_no_login_that_pivotwatch_misses():
    """Truncated times can lengthen a window by less than a second, which finds more logins but never fewer."""
    options = Options(several_days=True, threshold=2)
    facts = worlds(options, 100)
    found = compare.judged(Judge(), facts, options, SEED)
    assert found
    # Compares logins, because an incident lists the earliest only.
    whole, exact = (Judge(whole_seconds=whole).findings(facts, options)[1] for whole in (True, False))
    assert exact
    assert {login.event_id for login in exact} <= {login.event_id for login in whole}


def replaced(column: str):
    """A wrong value in a column of the first incident."""
    place = list(COLUMNS).index(column)
    return lambda first: [
        first._replace(columns=(*first.columns[:place], first.columns[place] + "?", *first.columns[place + 1 :]))
    ]


ONE_DAY = Options(several_days=False, threshold=2)

WRONG = {
    "an incident less": lambda first: [],
    "an incident twice": lambda first: [first, first],
    "another start": lambda first: [first._replace(start=first.start - timedelta(seconds=1))],
    "another end": lambda first: [first._replace(end=first.end + timedelta(seconds=1))],
    **{f"another {column}": replaced(column) for column in COLUMNS},
}


@pytest.fixture(scope="module")
def world_with_an_incident() -> World:
    """A world whose first incident has every detail."""
    for world in worlds_with_incidents(ONE_DAY, 20):
        found = compare.compared(Judge(), [world], ONE_DAY).found
        if found[0].details.get("failed_logins") and found[0].details["users_by_class"]:
            return world
    raise AssertionError("no world has an incident with every detail")


def of_source(change):
    """A wrong value in each source's failures."""

    def changed(shown: dict) -> None:
        for failures in shown["failures"].values():
            change(failures)

    return changed


def of_user(**values):
    """Wrong values of the first user with a history."""
    return lambda shown: shown["users"][0].update(values)


def of_failed_logins(**values):
    """Wrong values of the failed console logins."""
    return lambda shown: shown["failed_logins"].update(values)


WRONG_DETAILS = {
    "another reason to match": lambda shown: shown.update(matched_by="network"),
    "another severity": lambda shown: shown.update(severity="Low"),
    "a signal more": lambda shown: shown["signals"].append("users_not_remembered"),
    "a signal less": lambda shown: shown["signals"].pop(),
    "no class": lambda shown: shown["users_by_class"].clear(),
    "a class more": lambda shown: shown["users_by_class"].update(transient=["ann@contoso.example"]),
    "a user of a class less": lambda shown: [*shown["users_by_class"].values()][0].pop(),
    "a history less": lambda shown: shown["users"].pop(),
    "a history twice": lambda shown: shown["users"].append(shown["users"][0]),
    "another number of a user's failures": of_user(failures=1000),
    "an incomplete history": of_user(failures_incomplete=True),
    "another first failure of a user": of_user(first_failure="2020-01-01T00:00:00Z"),
    "another user with success": lambda shown: of_user(succeeded=not shown["users"][0]["succeeded"])(shown),
    "another first success of a user": of_user(first_success="2020-01-01T00:00:00Z"),
    "a user more who succeeded": lambda shown: shown.update(users_succeeded=shown["users_succeeded"] + 1),
    "an estimate of users who succeeded": lambda shown: shown.update(users_succeeded_estimated=True),
    "a tenant more": lambda shown: shown["tenants"].append("0f1e2d3c-0000-4978-8695-a4b3c2d1e0f9"),
    "a reference less": lambda shown: shown["references"].pop(0),
    "a reference twice": lambda shown: shown["references"].append(shown["references"][0]),
    "another request id": lambda shown: shown["references"][0].update(request_id="another"),
    "no failed console logins": lambda shown: shown.pop("failed_logins"),
    "a failed console login more": of_failed_logins(count=1000),
    "an estimate of failed console logins": of_failed_logins(count_estimated=True),
    "another first failed console login": of_failed_logins(first="2020-01-01T00:00:00Z"),
    "another last failed console login": of_failed_logins(last="2040-01-01T00:00:00Z"),
    "another user of failed console logins": of_failed_logins(users=["zoe"]),
    "a login more": lambda shown: shown.update(logins_total=shown["logins_total"] + 1),
    "an estimate": lambda shown: shown.update(logins_estimated=True),
    "a login not listed": lambda shown: shown["logins"].pop(),
    "no sources": lambda shown: shown["failures"].clear(),
    "a failure more": of_source(lambda failures: failures.update(count=failures["count"] + 1)),
    "another first failure": of_source(lambda failures: failures.update(first="2020-01-01T00:00:00Z")),
    "another last failure": of_source(lambda failures: failures.update(last="2040-01-01T00:00:00Z")),
    "another number of a code": of_source(lambda failures: failures["error_codes"].update({"50126": 1000})),
    "exceeded the other way": of_source(lambda failures: failures.update(exceeded=not failures["exceeded"])),
    "an estimate of failures": of_source(lambda failures: failures.update(count_estimated=True)),
    "an estimate of users": of_source(lambda failures: failures.update(users_estimated=True)),
    "a user more": of_source(lambda failures: failures.update(users_total=failures["users_total"] + 1)),
    "a user not listed": of_source(lambda failures: failures["users"].pop()),
    "a user who did not fail": of_source(lambda failures: failures["users"].__setitem__(0, "zoe@contoso.example")),
}


@pytest.mark.parametrize("wrong", WRONG_DETAILS.values(), ids=WRONG_DETAILS)
def test_a_wrong_detail_is_detected(wrong, world_with_an_incident):
    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        first, *others = hunt.incidents(folder, options, *more)
        shown = first.details
        wrong(shown)
        return [first._replace(shown=json.dumps(shown)), *others]

    comparison = compare.compared(Judge(), [world_with_an_incident], ONE_DAY, hunter)
    assert comparison.errors
    assert not comparison.excess


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_detected(wrong, world_with_an_incident):
    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        first, *others = hunt.incidents(folder, options, *more)
        return [*wrong(first), *others]

    assert compare.compared(Judge(), [world_with_an_incident], ONE_DAY, hunter).differs


def test_a_missing_login_over_several_days_is_detected():
    options = Options(several_days=True, threshold=1)

    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        found = hunt.incidents(folder, options, *more)
        return [incident._replace(event_ids=frozenset(sorted(incident.event_ids or ())[1:])) for incident in found]

    assert compare.compared(Judge(), worlds_with_incidents(options, 1), options, hunter).differs


@pytest.mark.parametrize(
    ("requested", "used", "sign_ins"),
    [
        (Options(several_days=False), {"threshold": 6}, 6),
        (Options(several_days=False), {"threshold": 4}, 5),
        (Options(several_days=True, threshold=1), {"window": timedelta(hours=23)}, 2),
        (Options(several_days=True, threshold=1), {"order": "failures_first"}, 2),
    ],
    ids=["threshold too high", "threshold too low", "window too short", "another order"],
)
def test_a_difference_is_reported_in_the_smallest_world_that_has_it(requested, used, sign_ins, monkeypatch, tmp_path):
    monkeypatch.setattr(compare, "KEPT", tmp_path)

    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        return hunt.incidents(folder, replace(options, **used), *more)

    with pytest.raises(compare.DifferenceError) as difference:
        compare.judged(Judge(), worlds(requested, 50), requested, SEED, hunter)
    report = str(difference.value)
    assert 0 < report.count("SignIn(") <= sign_ins
    assert report.count("Record(") == 1
    (kept,) = tmp_path.iterdir()
    assert str(kept) in report
    assert Counter(hunt.incidents(kept, requested)) != Counter(hunter(kept, requested))
