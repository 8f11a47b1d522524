"""A wait lasts as long as there is progress, and reports what it waited for."""

import itertools

import pytest

from local_aws import waiting


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(waiting, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(waiting, "BETWEEN_LOOKS_SECONDS", 0)


def test_progress_restarts_the_timeout():
    """Forty tries take two seconds, more than six times the limit without progress."""
    moves, tries = itertools.count(), itertools.count()
    assert waiting.wait_for("forty tries", lambda: next(tries) == 40, lambda: {"lines": next(moves)}) is True


def test_a_timeout_reports_the_awaited_event_and_the_last_state():
    with pytest.raises(waiting.NothingHappenedError, match=r"for the mail, in vain; .*Last seen: lines 7, items 3$"):
        waiting.wait_for("the mail", lambda: None, lambda: {"lines": 7, "items": 3})


def test_endless_progress_ends_in_a_timeout(monkeypatch):
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0.5)
    moves = itertools.count()
    with pytest.raises(waiting.NothingHappenedError):
        waiting.wait_for("nothing", lambda: None, lambda: {"lines": next(moves)})


def test_a_past_event_needs_no_wait():
    assert waiting.wait_for("it", lambda: [1], dict) == [1]
