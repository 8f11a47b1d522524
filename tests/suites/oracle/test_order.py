"""The same facts in another order, in other files, or by the other argument give the same lines of JSON.

So do tuning entries in any order.

Only what comes from the file of a failure differs in other files: the failure's export, and who succeeded in it.
"""

import json
from dataclasses import replace
from pathlib import Path, PurePath
from random import Random

import pytest

from oracle import files, generate, hunt
from oracle.generate import RECORD_FORMS, SIGN_IN_FORMS
from oracle.world import SUCCESS, Copy, File, Options, Record, SignIn, World, entries_of

SEED = "any order"
WORLDS = 25


def printed(worlds: list[World], options: Options, folder: Path, *, swapped: bool = False) -> list[str]:
    for world in worlds:
        files.write(world, folder)
    files.write_entries(entries_of(worlds), folder / hunt.ENTRIES)
    command = hunt.command(folder, options, *hunt.tuned(folder, hidden=True))
    entra, trail = command.index("--entra"), command.index("--cloudtrail")
    if swapped:
        command[entra + 1], command[trail + 1] = command[trail + 1], command[entra + 1]
    return hunt.lines(command)


def parsed(lines: list[str], *, with_files: bool = True) -> list[dict]:
    """The lines, with the names of the files of failures or without."""
    shown = [json.loads(line) for line in lines]
    for reference in (reference for line in shown for reference in line["references"]):
        reference["export"] = PurePath(reference["export"]).name if with_files else ""
    return shown


def without_successes(world: World) -> World:
    return replace(world, sign_ins=tuple(sign_in for sign_in in world.sign_ins if sign_in.code != SUCCESS))


def shuffled(random: Random, world: World) -> World:
    """The same facts and entries in another order."""
    facts = [list(its) for its in (world.sign_ins, world.records, world.entries)]
    for its in facts:
        random.shuffle(its)
    sign_ins, records, entries = map(tuple, facts)
    return replace(world, sign_ins=sign_ins, records=records, entries=entries)


def split(random: Random, world: World) -> World:
    """The same facts in other files. Copies of one file stay together, because equal rows without an id are counted by
    file.
    """
    forms = [SIGN_IN_FORMS, SIGN_IN_FORMS, SIGN_IN_FORMS, SIGN_IN_FORMS, RECORD_FORMS, RECORD_FORMS, RECORD_FORMS]
    random.shuffle(forms)
    others = tuple(File(random.choice(form), packed=random.random() < 0.3) for form in forms)

    def moved(fact: SignIn | Record) -> tuple[Copy, ...]:
        right = RECORD_FORMS if isinstance(fact, Record) else SIGN_IN_FORMS
        places = [place for place, file in enumerate(others) if file.form in right]
        random.shuffle(places)
        new = dict(zip(sorted({copy.file for copy in fact.copies}), places, strict=False))
        return tuple(replace(copy, file=new[copy.file]) for copy in fact.copies)

    return replace(
        world,
        files=others,
        sign_ins=tuple(replace(fact, copies=moved(fact)) for fact in world.sign_ins),
        records=tuple(replace(fact, copies=moved(fact)) for fact in world.records),
    )


@pytest.mark.parametrize("number", range(4))
def test_the_same_facts_give_the_same_lines(number, tmp_path):
    random = Random(f"{SEED} {number}")
    options = generate.options(SEED, number)
    worlds = [generate.world(SEED, number * WORLDS + place, options) for place in range(WORLDS)]
    lines = printed(worlds, options, tmp_path / "first")
    assert any(json.loads(line)["hidden_by"] for line in lines)
    other_order = [shuffled(random, world) for world in worlds]
    assert parsed(printed(other_order, options, tmp_path / "shuffled")) == parsed(lines)
    failures = [without_successes(world) for world in worlds]
    other_files = [split(random, world) for world in map(without_successes, other_order)]
    split_lines = printed(other_files, options, tmp_path / "split", swapped=True)
    expected = printed(failures, options, tmp_path / "failures")
    assert parsed(split_lines, with_files=False) == parsed(expected, with_files=False)
