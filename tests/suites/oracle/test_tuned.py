"""The judge of tuning is right: it detects every wrong answer, and its `where` clauses are those of the entries."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from local_aws.exports import console_login
from oracle import compare, generate, hunt
from oracle.entry import FAILURES, LOGINS, THRESHOLD, Entry, Thresholds
from oracle.findings import Incident, group_of, grouped
from oracle.judge import Judge
from oracle.networks import by_network, places, with_reason
from oracle.world import Client, Copy, File, Options, Record, SignIn, World

SEED = "hidden"
ONE_DAY = Options(several_days=False, threshold=2)
WORLDS = 20


@cache
def worlds(number: int = WORLDS) -> tuple[World, ...]:
    """Worlds with hidden and with shown incidents."""
    return tuple(generate.world(SEED, place, ONE_DAY) for place in range(number))


def is_tuned(arguments: tuple[str, ...]) -> bool:
    return "--tuning" in arguments


def changed(incident: Incident, hidden_by: list[str]) -> Incident:
    return incident._replace(shown=json.dumps(incident.details | {"hidden_by": hidden_by}))


def one_more_hidden(stored: list[Incident]) -> list[Incident]:
    place = next(place for place, incident in enumerate(stored) if not incident.details["hidden_by"])
    return [*stored[:place], changed(stored[place], ["world-0-0"]), *stored[place + 1 :]]


def with_entries(change: Callable[[list[str]], list[str]]) -> Callable[[list[Incident]], list[Incident]]:
    """Changes the entries that hide the first hidden incident."""

    def with_change(stored: list[Incident]) -> list[Incident]:
        place = next(place for place, incident in enumerate(stored) if incident.details["hidden_by"])
        hidden_by = change(stored[place].details["hidden_by"])
        return [*stored[:place], changed(stored[place], hidden_by), *stored[place + 1 :]]

    return with_change


WRONG = {
    "an incident too many is hidden": one_more_hidden,
    "an incident too few is hidden": with_entries(lambda hidden_by: []),
    "an entry more is named": with_entries(lambda hidden_by: [*hidden_by, "world-0-99"]),
    "another entry is named": with_entries(lambda hidden_by: ["world-0-99"]),
    "an incident is not stored": lambda stored: stored[1:],
    "an incident is stored twice": lambda stored: [stored[0], *stored],
    "an incident has another start": lambda stored: [
        stored[0]._replace(start=stored[0].start - timedelta(seconds=1)),
        *stored[1:],
    ],
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_detected(wrong):
    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        if not is_tuned(more):
            return hunt.incidents(folder, options)
        return wrong(hunt.incidents(folder, options, *more))

    comparison = compare.compared(Judge(), worlds(), ONE_DAY, hunter)
    assert comparison.errors
    assert not comparison.excess
    assert not comparison.lack


@pytest.mark.parametrize("batch", [0, 1])
def test_only_incidents_that_no_entry_hides_are_printed_without_the_hidden_ones(batch, tmp_path):
    options = generate.options(SEED, batch)
    compare.write([generate.world(SEED, place, options) for place in range(50)], tmp_path)
    stored, shown = (
        hunt.lines(hunt.command(tmp_path, options, *hunt.tuned(tmp_path, hidden=hidden))) for hidden in (True, False)
    )
    assert 0 < len(shown) < len(stored)
    assert shown == [line for line in stored if not json.loads(line)["hidden_by"]]


CLIENT = Client("Veeam Backup", "IMAP4", "Sign-in activity", "Mozilla/5.0 (X11)")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDRESS = "198.18.0.9"


def small_world(client: Client = CLIENT) -> World:
    """A login, and one failure more than the threshold, a second apart before it."""
    failures = (
        SignIn(
            "SignInLogs",
            ADDRESS,
            "50126",
            NOON - timedelta(seconds=before),
            f"id-{before}",
            "c",
            "ann@a.example",
            client,
            (Copy(0),),
        )
        for before in range(1, ONE_DAY.threshold + 2)
    )
    body = console_login(ADDRESS, NOON)
    return World(
        0, tuple(failures), (Record(body, "IAM user", (Copy(1),)),), (File("lines", False), File("array", False))
    )


def threshold(number: int, **when: tuple[str, ...]) -> Entry:
    return Entry("entry", THRESHOLD, {"cidr": ("198.18.0.0/24",)} | when, number)


def at(effect: str, start: int, end: int) -> Entry:
    """An entry for seconds after noon, without the last."""
    return Entry(
        "entry", effect, {"cidr": (ADDRESS,)}, 9, NOON + timedelta(seconds=start), NOON + timedelta(seconds=end)
    )


HIDES = {
    **{
        f"{effect} {name} {value}": (Entry("entry", effect, {name: (value,)}), is_hidden)
        for effect, name, values in (
            (FAILURES, "cidr", {ADDRESS: True, "::ffff:198.18.0.9": True, "198.18.0.8/31": True, "198.18.1.9": False}),
            (FAILURES, "user", {"ANN@*": True, "ann": False, "*": True}),
            (FAILURES, "app", {"veeam*": True, "*veeam": False}),
            (FAILURES, "client_app", {"imap4": True, "imap": False}),
            (FAILURES, "operation", {"*activity": True, "activity": False}),
            (FAILURES, "user_agent", {"mozilla/5.0 (*)": True, "mozilla/5?0*": False, "": False}),
            (FAILURES, "code", {"50126": True, "5012": False}),
            (FAILURES, "code_class", {"wrong_password": True, "mfa": False}),
            (FAILURES, "source", {"interactive": True, "non_interactive": False}),
            (LOGINS, "cidr", {"198.18.0.0/28": True, "198.18.0.10": False}),
            (LOGINS, "principal", {"arn:aws:iam::*:user/alice": True, "alice": True, "alice@": False, "user": False}),
            (LOGINS, "account", {"111122223333": True, "111122223334": False}),
            (LOGINS, "region", {"US-*": True, "eu-*": False}),
            (LOGINS, "user_agent", {"*chrome*": True, "chrome": False}),
        )
        for value, is_hidden in values.items()
    },
    "both conditions": (Entry("entry", FAILURES, {"user": ("ann@*",), "app": ("veeam*",)}), True),
    "one of two conditions": (Entry("entry", FAILURES, {"user": ("ann@*",), "app": ("azure*",)}), False),
    "one of two values": (Entry("entry", FAILURES, {"user": ("bo", "ann@*")}), True),
    "as many as the threshold": (threshold(ONE_DAY.threshold + 1), True),
    "the threshold of another source": (threshold(ONE_DAY.threshold + 1, source=("non_interactive",)), False),
    "failures in the period": (at(FAILURES, -3, 0), True),
    "the last failure in the period": (at(FAILURES, -1, 0), True),
    "failures before the period": (at(FAILURES, 0, 9), False),
    "failures at the end of the period": (at(FAILURES, -9, -3), False),
    "a login at the start of the period": (at(LOGINS, 0, 1), True),
    "a login at the end of the period": (at(LOGINS, -1, 0), False),
    "a threshold from the login on": (at(THRESHOLD, 0, 1), True),
    "a threshold up to the login": (at(THRESHOLD, -1, 0), False),
    "a removed entry": (Entry("entry", FAILURES, {"cidr": (ADDRESS,)}, is_removed=True), False),
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize(("entry", "is_hidden"), HIDES.values(), ids=HIDES)
def test_the_tuned_rule_excludes_what_an_entry_excludes_and_no_more(entry, is_hidden, judge):
    found = judge.tuned([small_world()], ONE_DAY, [entry])
    assert len(found) == (0 if is_hidden else 1)


def test_a_missing_text_is_empty(judge):
    world = small_world(Client(None, None, None, None))
    for name in ("app", "client_app", "operation", "user_agent"):
        assert judge.tuned([world], ONE_DAY, [Entry("entry", FAILURES, {name: ("?*",)})])
        assert not judge.tuned([world], ONE_DAY, [Entry("entry", FAILURES, {name: ("",)})])


def test_of_several_thresholds_the_longest_prefix_holds_then_the_lowest_then_the_first_id():
    networks = {"wide": ("198.18.0.0/16", "203.0.113.7"), "long": ("198.18.0.0/24",), "any": ()}
    entries = [
        Entry(f"{number}-{name}", THRESHOLD, {"cidr": cidr} if cidr else {"source": ("interactive",)}, threshold)
        for name, cidr in networks.items()
        for number, threshold in ((2, 9), (1, 9), (0, 10))
    ]
    found = Thresholds(entries).in_segment(ADDRESS, 0, "interactive")
    assert [entry.id for entry in found] == [
        f"{number}-{name}" for name in ("long", "wide", "any") for number in (1, 2, 0)
    ]


def test_a_difference_is_reported_with_the_only_entry_that_it_needs(monkeypatch, tmp_path):
    monkeypatch.setattr(compare, "KEPT", tmp_path)

    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        """Reads thresholds as one higher."""
        for path in folder.glob(hunt.ENTRIES):
            text = path.read_text("utf-8")
            for number in range(250, 0, -1):
                text = text.replace(f'"threshold": {number}}}', f'"threshold": {number + 1}}}')
                text = text.replace(f'"threshold": {number},', f'"threshold": {number + 1},')
            path.write_text(text, "utf-8")
        return hunt.incidents(folder, options, *more)

    with pytest.raises(compare.DifferenceError) as difference:
        compare.judged(Judge(), worlds(60), ONE_DAY, SEED, hunter)
    report = str(difference.value)
    assert report.count('"threshold"') == 1
    assert report.count("Record(") == 1
    assert "--tuning" in report


def hidden_incidents(worlds: tuple[World, ...], folder: Path) -> Iterator[tuple[World, Incident]]:
    compare.write(worlds, folder)
    for incident in hunt.incidents(folder, ONE_DAY, *hunt.tuned(folder, hidden=True)):
        if incident.details["hidden_by"]:
            yield next(world for world in worlds if incident.address in places(world, ONE_DAY)), incident


def test_without_the_entries_that_it_names_a_hidden_incident_is_shown(tmp_path):
    """Of several thresholds one holds, and is named. Without it the next one can hold."""
    judge, hidden = Judge(), [*hidden_incidents(worlds(), tmp_path)]
    assert len(hidden) > 5
    for world, incident in hidden:
        named = incident.details["hidden_by"]
        assert {*named} <= {entry.id for entry in world.entries}
        others = [entry for entry in world.entries if entry.id not in named]
        if any(entry.effect == THRESHOLD and entry.id in named for entry in world.entries):
            others = [entry for entry in others if entry.effect != THRESHOLD]
        judged = by_network(world, ONE_DAY) if incident.is_of_network else world
        assert group_of(incident) in grouped(with_reason(judge.tuned([judged], ONE_DAY, others)))
