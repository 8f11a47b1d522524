"""The judge of networks is right: it has the networks of the worlds, and detects every wrong answer about them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws.exports import console_login
from oracle import compare, hunt
from oracle.entry import FAILURES, LOGINS, Entry
from oracle.findings import Incident
from oracle.judge import Judge
from oracle.networks import REASON, network
from oracle.world import Client, Copy, File, Options, Record, SignIn, World

ONE_DAY = Options(several_days=False, threshold=2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLIENT = Client("Azure Portal", "Browser", "Sign-in activity", "Mozilla/5.0")
FILES = (File("lines", False), File("array", False))
SIBLINGS = ("2001:db8:9::1", "2001:db8:9::2", "2001:db8:9::3")
NETWORK = "2001:db8:9::/64"


def failure(address: str, number: int) -> SignIn:
    time = NOON - timedelta(minutes=number)
    return SignIn("SignInLogs", address, "50126", time, f"id-{number}", "c", "ann@a.example", CLIENT, (Copy(0),))


def login(address: str, minutes: int = 0) -> Record:
    return Record(console_login(address, NOON + timedelta(minutes=minutes)), "IAM user", (Copy(1),))


def world(failing: tuple[str, ...], logins: tuple[Record, ...], *entries: Entry) -> World:
    failures = (failure(address, number) for number, address in enumerate(failing))
    return World(9, tuple(failures), logins, FILES, entries)


FEW_EACH = world(SIBLINGS, (login("2001:db8:9::4"),))
"""None of the addresses exceeds the threshold, but the network does."""

OF_ONE = world((SIBLINGS[0],) * 3, (login(SIBLINGS[0]),))
"""An address exceeds the threshold and has the login."""

OF_TWO = world((SIBLINGS[0],) * 3, (login(SIBLINGS[0]), login(SIBLINGS[1], 1)))
"""An address exceeds the threshold. Another one of the network has a login, too."""


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def found(judge: Judge, judged: World, options: Options = ONE_DAY) -> list[tuple[str, list[str]]]:
    """The addresses of the incidents with the entries that hide them. Both sides must agree."""
    comparison = compare.compared(judge, [judged], options)
    assert not comparison.differs, comparison
    return [(incident.address, incident.details["hidden_by"]) for incident in comparison.found]


@pytest.mark.parametrize(
    ("address", "bits", "expected"),
    [
        ("2001:db8:9:1:2:3:4:5", 64, "2001:db8:9:1::/64"),
        ("2001:db8:9:1:2:3:4:5", 48, "2001:db8:9::/48"),
        ("2001:db8:9:1:2:3:4:5", 127, "2001:db8:9:1:2:3:4:4/127"),
        ("2001:db8:9:1:2:3:4:5", 128, "2001:db8:9:1:2:3:4:5/128"),
        ("2001:db8:9:1:2:3:4:5", None, None),
        ("2001:db8:9:1::/64", 64, None),
        ("::1", 64, None),
        ("198.18.0.9", 64, None),
        ("203.0.113.XXX", 64, None),
        ("", 64, None),
    ],
)
def test_an_ipv6_address_has_a_network(address, bits, expected):
    assert network(address, bits) == expected


def test_addresses_with_few_failures_each_exceed_the_threshold_together(judge):
    assert found(judge, FEW_EACH) == [(NETWORK, [])]


@pytest.mark.parametrize(("bits", "finds"), [(None, False), (48, True), (126, False), (125, True), (128, False)])
def test_only_a_network_with_all_of_them_exceeds_it(bits, finds, judge):
    options = replace(ONE_DAY, ipv6_network=bits)
    assert found(judge, FEW_EACH, options) == ([(f"2001:db8:9::/{bits}", [])] if finds else [])


def test_a_network_is_shown_for_the_logins_that_no_incident_of_an_address_holds(judge):
    assert found(judge, OF_ONE) == [(SIBLINGS[0], [])]
    assert found(judge, OF_TWO) == [(SIBLINGS[0], []), (NETWORK, [])]


@pytest.mark.parametrize(
    ("cidr", "hides"),
    [("2001:db8:9::/64", True), ("2001:db8:9::/48", True), ("2001:db8:9::/65", False), ("2001:db8:9::/126", False)],
)
@pytest.mark.parametrize("effect", [FAILURES, LOGINS])
def test_an_entry_fits_a_network_only_if_it_contains_all_of_it(effect, cidr, hides, judge):
    entry = Entry("entry", effect, {"cidr": (cidr,)})
    assert found(judge, replace(FEW_EACH, entries=(entry,))) == [(NETWORK, ["entry"] if hides else [])]


@pytest.mark.parametrize("effect", [FAILURES, LOGINS])
def test_a_hidden_incident_of_an_address_holds_nothing(effect, judge):
    entry = Entry("entry", effect, {"cidr": (SIBLINGS[0],)})
    assert sorted(found(judge, replace(OF_ONE, entries=(entry,)))) == [(NETWORK, []), (SIBLINGS[0], ["entry"])]


MIXED = {
    "both logins": (Entry("entry", LOGINS, {"cidr": (NETWORK,)}), ["entry"]),
    "the login that no incident of an address holds": (
        Entry("entry", LOGINS, {"cidr": (NETWORK,)}, starts_at=NOON + timedelta(minutes=1)),
        [],
    ),
    "the login that an incident of an address holds": (
        Entry("entry", LOGINS, {"cidr": (NETWORK,)}, expires_at=NOON + timedelta(minutes=1)),
        ["entry"],
    ),
}


@pytest.mark.parametrize(("entry", "of_address"), MIXED.values(), ids=MIXED)
def test_an_entry_for_some_logins_of_a_network(entry, of_address, judge):
    of_network = [] if entry.expires_at else ["entry"]
    expected = [(SIBLINGS[0], of_address), (NETWORK, of_network)]
    assert found(judge, replace(OF_TWO, entries=(entry,))) == expected


def test_a_network_is_hidden_by_the_entries_of_the_logins_that_no_incident_of_an_address_holds(judge):
    later = NOON + timedelta(minutes=1)
    entries = (
        Entry("held", LOGINS, {"cidr": (NETWORK,)}, expires_at=later),
        Entry("other", LOGINS, {"cidr": (NETWORK,)}, starts_at=later),
    )
    assert found(judge, replace(OF_TWO, entries=entries)) == [(SIBLINGS[0], ["held"]), (NETWORK, ["held", "other"])]
    assert found(judge, replace(OF_TWO, entries=entries[1:])) == [(SIBLINGS[0], []), (NETWORK, ["other"])]


def as_network(incident: Incident) -> Incident:
    columns = [REASON, *incident.columns[1:]]
    columns[columns.index(SIBLINGS[0])] = NETWORK
    return incident._replace(columns=tuple(columns))


WRONG = {
    "a network is not shown": (OF_TWO, lambda incidents: incidents[:1]),
    "a network is shown for a login that an incident of an address holds": (
        OF_ONE,
        lambda incidents: [*incidents, as_network(incidents[0])],
    ),
    "an address is not shown": (OF_TWO, lambda incidents: incidents[1:]),
    "a network has the rule's reason": (
        FEW_EACH,
        lambda incidents: [
            incidents[0]._replace(columns=("Multiple failed AAD logins from IP address", *incidents[0].columns[1:]))
        ],
    ),
}


@pytest.mark.parametrize(("judged", "wrong"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_detected(judged, wrong, judge):
    def hunter(folder: Path, options: Options, *more: str) -> list[Incident]:
        return wrong(hunt.incidents(folder, options, *more))

    assert compare.compared(judge, [judged], ONE_DAY, hunter).differs
