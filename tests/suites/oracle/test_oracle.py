"""pivotwatch and the rule agree. `make oracle` tests any number of worlds."""

from collections import Counter
from functools import cache

import pytest

from oracle import coverage, generate
from oracle.__main__ import BATCH, batch
from oracle.world import Options

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


def test_worlds_of_a_batch_share_no_address():
    options = generate.options(SEED, 0)
    addresses = Counter(address for number in range(BATCH) for address in real_addresses(number, options))
    assert addresses
    assert max(addresses.values()) == 1


def real_addresses(number: int, options: Options) -> frozenset[str]:
    none = {*generate.NO_ADDRESSES_OF_ENTRA, *generate.NO_ADDRESSES_OF_AWS}
    return generate.world(SEED, number, options).addresses - none


def test_the_worlds_have_every_feature():
    total = sum((judged(number) for number in range(BATCHES)), Counter())
    assert coverage.missing(total) == []
