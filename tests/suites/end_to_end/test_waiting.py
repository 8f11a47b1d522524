"""A test that waits does so for as long as anything moves, and says what it waited for."""

import itertools

import pytest

from local_aws import waiting


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(waiting, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(waiting, "BETWEEN_LOOKS_SECONDS", 0)


def test_whatever_moves_starts_the_time_over():
    """Forty tries take two seconds, more than six times as long as nothing may move."""
    moves, tries = itertools.count(), itertools.count()
    assert waiting.wait_for("forty tries", lambda: next(tries) == 40, lambda: {"lines": next(moves)}) is True


def test_it_ends_and_says_what_was_awaited_and_what_was_seen_last():
    with pytest.raises(waiting.NothingHappenedError, match=r"for the mail, in vain; .*Last seen: lines 7, items 3$"):
        waiting.wait_for("the mail", lambda: None, lambda: {"lines": 7, "items": 3})


def test_what_moves_for_ever_ends_too(monkeypatch):
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0.5)
    moves = itertools.count()
    with pytest.raises(waiting.NothingHappenedError):
        waiting.wait_for("nothing", lambda: None, lambda: {"lines": next(moves)})


def test_what_has_happened_already_is_not_waited_for():
    assert waiting.wait_for("it", lambda: [1], dict) == [1]
