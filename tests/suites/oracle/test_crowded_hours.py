"""An hour with more failures than a tally keeps: no incident is hidden that the tuned rule finds."""

from datetime import UTC, datetime, timedelta

import pytest

from local_aws.exports import console_login
from oracle import compare
from oracle.entry import FAILURES, THRESHOLD, Entry
from oracle.judge import Judge
from oracle.world import SAMPLED, Client, Copy, File, Options, Record, SignIn, World

ADDRESS = "198.18.0.9"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLIENT = Client("Azure Portal", "Browser", "Sign-in activity", "Mozilla/5.0")
FAILED = 700
APART = 5
"""Seconds between two failures, all within one hour."""

ANY = Options(several_days=True)
FAILURES_FIRST = Options(several_days=True, order="failures_first")
ONE_DAY = Options(several_days=False)


def world(login: datetime, entries: tuple[Entry, ...]) -> World:
    """A login, and failures of which a tally knows the first, the last and a sample."""
    assert FAILED > 2 * SAMPLED
    failures = (
        SignIn(
            "SignInLogs",
            ADDRESS,
            "50126",
            NOON + timedelta(seconds=APART * number),
            f"id-{number}",
            "c",
            "ann@contoso.example",
            CLIENT,
            (Copy(0),),
        )
        for number in range(FAILED)
    )
    record = Record(console_login(ADDRESS, login), "IAM user", (Copy(1),))
    return World(0, tuple(failures), (record,), (File("lines", False), File("array", False)), entries)


def after(minutes: int, seconds: int = 0) -> datetime:
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def until(end: datetime) -> Entry:
    return Entry("until", FAILURES, {"cidr": (ADDRESS,)}, expires_at=end)


def since(start: datetime) -> Entry:
    return Entry("since", FAILURES, {"cidr": (ADDRESS,)}, starts_at=start)


def threshold(number: int) -> Entry:
    return Entry("threshold", THRESHOLD, {"cidr": (ADDRESS,)}, number)


# The failures that remain lie between the first and the last that the tally knows.
SHOWN = {
    "a period ends before the login": (FAILURES_FIRST, after(25, 35), (until(after(25)),)),
    "a period ends before the window": (ANY, after(25, 35) - ANY.window, (until(after(25)),)),
    "two periods have a gap": (ANY, after(30), (until(after(29)), since(after(29, 35)))),
    "two periods have a gap in one day": (ONE_DAY, after(30), (until(after(29)), since(after(29, 35)))),
    "a raised threshold": (FAILURES_FIRST, after(35), (until(after(20)), threshold(100))),
}

HIDDEN = {
    "an address without a period": (ANY, after(30), (Entry("always", FAILURES, {"cidr": (ADDRESS,)}),)),
    "a period around the hour": (ANY, after(30), (until(after(60)),)),
    "a source": (ANY, after(30), (Entry("source", FAILURES, {"cidr": (ADDRESS,), "source": ("interactive",)}),)),
}


@pytest.mark.parametrize(("options", "login", "entries"), SHOWN.values(), ids=SHOWN)
def test_what_is_not_known_is_not_excluded(options, login, entries):
    comparison = compare.compared(Judge(), [world(login, entries)], options)
    assert not comparison.differs, comparison.errors
    assert [incident.details["hidden_by"] for incident in comparison.found] == [[]]


@pytest.mark.parametrize(("options", "login", "entries"), HIDDEN.values(), ids=HIDDEN)
def test_what_the_address_alone_decides_is_excluded(options, login, entries):
    comparison = compare.compared(Judge(), [world(login, entries)], options)
    assert not comparison.differs, comparison.errors
    assert [incident.details["hidden_by"] for incident in comparison.found] == [[entries[0].id]]
