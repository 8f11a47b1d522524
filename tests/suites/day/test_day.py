"""Severity ranks the incidents of a realistic day: every true one is High, and few false ones are."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from day import files, judge, signals
from day.facts import Day
from day.judge import Judged
from day.plans import PLANS, RESPONDERS_DAY

SEEDS = range(3)
DAYS = [*((RESPONDERS_DAY, seed) for seed in SEEDS), *((name, 0) for name in PLANS if name != RESPONDERS_DAY)]
NETWORK = "2001:db8:bad:1::/64"

Write = Callable[[str, int], tuple[Day, Path]]

MOST_PROFILES = 100
"""Users who fail at an address up to whom a tally keeps who failed by which client."""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Write:
    @cache
    def write(name: str, seed: int) -> tuple[Day, Path]:
        day, folder = PLANS[name].day(seed), tmp_path_factory.mktemp("day")
        files.write(day, folder)
        return day, folder

    return write


@pytest.fixture(scope="module")
def hunted(written: Write) -> Callable[[str, int], list[Judged]]:
    @cache
    def hunt(name: str, seed: int) -> list[Judged]:
        return judge.judged(*written(name, seed))

    return hunt


@pytest.mark.parametrize("seed", SEEDS)
def test_the_responders_day_has_its_size(seed, hunted):
    day = PLANS[RESPONDERS_DAY].day(seed)
    assert len(day.sign_ins) == 4580
    assert sum(sign_in.failed for sign_in in day.sign_ins) == 515
    assert sum(login.succeeded for login in day.logins) == 92
    assert sum(login.is_attack for login in day.logins if login.succeeded) == 5

    by_address = [incident for incident in hunted(RESPONDERS_DAY, seed) if incident.details["matched_by"] == "address"]
    assert (len(by_address), judge.count(by_address).true) == (65, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_logins_of_the_rotating_network_are_incidents_of_the_network(seed, hunted):
    by_network = [incident for incident in hunted(RESPONDERS_DAY, seed) if incident.details["matched_by"] == "network"]
    assert {incident.details["source_ip_address"] for incident in by_network} == {NETWORK}
    assert {login.user for incident in by_network for login in incident.logins} == {"build-user", "root"}


def test_the_same_seed_gives_the_same_files(tmp_path):
    contents = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        files.write(PLANS[RESPONDERS_DAY].day(0), folder)
        contents.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("name", "seed"), DAYS)
def test_true_incidents_are_high_and_few_high_ones_are_false(name, seed, hunted):
    plan, incidents = PLANS[name], hunted(name, seed)
    judged = [incident for incident in incidents if incident.scenario not in (*plan.doubtful, *plan.unseen)]
    assert [incident.details for incident in judged if incident.is_true and not incident.is_high] == []
    false = [incident.scenario for incident in judged if incident.is_high and not incident.is_true]
    assert judge.count(judged).is_good, false


@pytest.mark.parametrize(("name", "seed"), DAYS)
def test_hunt_finds_the_logins_that_match_with_their_signals_and_severity(name, seed, written, hunted):
    day, _ = written(name, seed)
    facts = signals.places(day)
    matching = {login.id for login in day.logins if login.succeeded and signals.key(facts, login)}
    assert {login.id for incident in hunted(name, seed) for login in incident.logins} == matching
    for incident in hunted(name, seed):
        place = facts[incident.details["source_ip_address"]]
        derived = {signal for login in incident.logins for signal in place.signals(login)}
        if len(place.failing) > MOST_PROFILES:
            # Whether a user's own failures are few is not known if a tally drops some of them.
            derived.discard("own_mistakes")
        assert {*incident.details["signals"]} - ({"own_mistakes"} - derived) == derived, incident.details
        assert incident.is_high == (signals.points(derived) >= signals.HIGH), incident.details


@pytest.mark.parametrize("seed", SEEDS)
def test_tuning_hides_the_scenarios_and_no_true_incident(seed, written, hunted):
    day, folder = written(RESPONDERS_DAY, seed)
    tuned = judge.judged(day, folder, tuned=True)
    assert {incident.scenario for incident in tuned if not incident.is_true} == {"office"}
    assert judge.count(tuned).true == judge.count(hunted(RESPONDERS_DAY, seed)).true
    assert judge.count(tuned).is_good


@pytest.mark.parametrize("seed", SEEDS)
def test_late_codes_only_raise_the_compromise(seed, written, hunted):
    early = compromise(judge.judged(*written(RESPONDERS_DAY, seed), late=False))
    late = compromise(hunted(RESPONDERS_DAY, seed))
    assert early.keys() == late.keys()
    for identifier, before in early.items():
        after = late[identifier]
        assert before.is_high <= after.is_high
        assert "password_right" not in before.details["signals"]
        assert "password_right" in after.details["signals"]


def compromise(incidents: list[Judged]) -> dict[str, Judged]:
    """The incidents of the compromise, by id."""
    return {incident.details["id"]: incident for incident in incidents if incident.scenario == "compromise"}
