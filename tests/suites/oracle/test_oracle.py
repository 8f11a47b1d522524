"""pivotwatch and the rule agree. `make oracle` tests any number of worlds."""

import json
import subprocess
from collections import Counter
from functools import cache

import pytest

from oracle import coverage, generate, hunt
from oracle.__main__ import BATCH, batch
from oracle.context import ALL_CLASSES
from oracle.networks import places
from oracle.tuned_rule import CLASSES
from oracle.world import WORLD_BITS, Options

SEED = "make test"
BATCHES = 16
"""Half of the worlds lie in one day, half over several."""


@cache
def judged(number: int) -> Counter[str]:
    _, counted = batch(SEED, number * BATCH, BATCH)
    return counted


@pytest.mark.parametrize("number", range(BATCHES))
def test_pivotwatch_finds_what_the_rule_finds(number):
    assert judged(number)["incidents"]


def test_worlds_of_a_batch_share_no_address_and_no_network():
    options = Options(several_days=False, ipv6_network=WORLD_BITS)
    found = Counter(place for number in range(BATCH) for place in real_places(number, options))
    assert {"/" in place for place in found} == {True, False}
    assert max(found.values()) == 1


def real_places(number: int, options: Options) -> frozenset[str]:
    none = {*generate.NO_ADDRESSES_OF_ENTRA, *generate.NO_ADDRESSES_OF_AWS}
    return places(generate.world(SEED, number, options), options) - none


def test_the_classes_of_the_worlds_codes_are_those_of_pivotwatch():
    codes = sorted({*generate.FAILURES})
    command = [str(hunt.BINARY), "explain", "--format", "json", *codes]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    explained = {row["code"]: tuple(row["classes"]) for row in map(json.loads, done.stdout.splitlines())}
    assert {code: {*explained[code]} for code in codes} == {code: {*CLASSES.get(code, ())} for code in codes}
    assert len(ALL_CLASSES) == 22


def test_the_worlds_have_every_feature():
    total = sum((judged(number) for number in range(BATCHES)), Counter())
    assert coverage.missing(total) == []
