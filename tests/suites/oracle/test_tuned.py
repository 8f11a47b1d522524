"""The judge of tuning is right: it detects every wrong answer, and its `where` clauses are those of the entries."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from oracle import compare, generate, hunt
from oracle.entry import FAILURES, LOGINS, THRESHOLD, Entry
from oracle.findings import Incident, group_of, grouped
from oracle.judge import Judge
from oracle.world import Options, World, entries_of

SEED = "tuned"
ONE_DAY = Options(several_days=False, threshold=2)
WORLDS = 50


@cache
def worlds() -> tuple[World, ...]:
    """Worlds with hidden and with shown incidents."""
    return tuple(generate.world(SEED, place, ONE_DAY) for place in range(WORLDS))


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
        stored = wrong(hunt.incidents(folder, options, *hunt.tuned(folder, hidden=True)))
        return stored if "--hidden" in more else [each for each in stored if not each.details["hidden_by"]]

    comparison = compare.compared(Judge(), worlds(), ONE_DAY, hunter)
    assert comparison.errors
    assert not comparison.excess
    assert not comparison.lack


@pytest.mark.parametrize("change", [lambda shown: shown[1:], lambda shown: [shown[0], *shown]])
def test_a_wrong_answer_without_the_hidden_incidents_is_detected(change):
    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        found = hunt.incidents(folder, options, *more)
        return change(found) if is_tuned(more) and "--hidden" not in more else found

    assert compare.compared(Judge(), worlds(), ONE_DAY, hunter).errors


def without(name: str) -> Callable[[Entry], Entry]:
    return lambda entry: replace(entry, when={key: its for key, its in entry.when.items() if key != name})


def only(effect: str, change: Callable[[Entry], Entry]) -> Callable[[Entry], Entry]:
    return lambda entry: change(entry) if entry.effect == effect else entry


def later(entry: Entry) -> Entry:
    return replace(entry, expires_at=entry.expires_at and entry.expires_at + timedelta(seconds=1))


MISREAD = {
    **{
        f"failures without {name}": only(FAILURES, without(name))
        for name in ("user", "app", "operation", "client_app", "user_agent", "code", "code_class", "source")
    },
    **{
        f"logins without {name}": only(LOGINS, without(name))
        for name in ("principal", "account", "region", "user_agent")
    },
    "failures until a second later": only(FAILURES, later),
    "logins until a second later": only(LOGINS, later),
    "a threshold too high": only(THRESHOLD, lambda entry: replace(entry, threshold=min(entry.threshold + 1, 255))),
    "a threshold of each source": only(THRESHOLD, without("source")),
    "removed entries": lambda entry: replace(entry, is_removed=False),
}
"""How entries can be misread."""


@pytest.mark.parametrize("misread", MISREAD.values(), ids=MISREAD)
def test_the_judge_distinguishes_entries_from_misread_ones(misread):
    """The rule is another one with them, in some world."""
    entries = entries_of(worlds())
    judge = Judge()
    right, wrong = (judge.tuned(worlds(), ONE_DAY, its) for its in (entries, [*map(misread, entries)]))
    assert right != wrong


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
        compare.judged(Judge(), worlds(), ONE_DAY, SEED, hunter)
    report = str(difference.value)
    assert report.count('"threshold"') == 1
    assert report.count("Record(") == 1
    assert "--tuning" in report


def hidden_incidents(worlds: tuple[World, ...], folder: Path) -> Iterator[tuple[World, Incident]]:
    compare.write(worlds, folder)
    for incident in hunt.incidents(folder, ONE_DAY, *hunt.tuned(folder, hidden=True)):
        if incident.details["hidden_by"]:
            yield next(world for world in worlds if incident.address in world.addresses), incident


def test_without_the_entries_that_it_names_a_hidden_incident_is_shown(tmp_path):
    """Of several thresholds one holds, and is named. Without it the next one can hold."""
    judge, hidden = Judge(), [*hidden_incidents(worlds()[:30], tmp_path)]
    assert len(hidden) > 5
    for world, incident in hidden:
        named = incident.details["hidden_by"]
        assert {*named} <= {entry.id for entry in world.entries}
        others = [entry for entry in world.entries if entry.id not in named]
        if any(entry.effect == THRESHOLD and entry.id in named for entry in world.entries):
            others = [entry for entry in others if entry.effect != THRESHOLD]
        assert group_of(incident) in grouped(judge.tuned([world], ONE_DAY, others))
