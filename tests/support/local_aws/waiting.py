"""Waits for events of other processes, as long as there is progress."""

import time
from collections.abc import Callable
from typing import Any

# The longest time without progress. A busy machine slows everything down but stops nothing.
IDLE_SECONDS = 120
LONGEST_SECONDS = 600
BETWEEN_TRIES_SECONDS = 0.05
BETWEEN_LOOKS_SECONDS = 1


class NothingHappenedError(Exception):
    """The awaited event did not happen; the text names it and the last observed state."""


def wait_for(what: str, happened: Callable[[], Any], seen: Callable[[], dict[str, Any]]) -> Any:
    """Waits until `happened` returns a truthy value, and returns that value.

    `seen` returns signs of progress by name. Each change restarts the timeout, up to `LONGEST_SECONDS` in all.
    """
    begun = moved = looked = time.monotonic()
    last = seen()
    while not (result := happened()):
        now = time.monotonic()
        if now - looked > BETWEEN_LOOKS_SECONDS:
            looked, current = now, seen()
            if current != last:
                last, moved = current, now
        if now - moved > IDLE_SECONDS or now - begun > LONGEST_SECONDS:
            progress = ", ".join(f"{name} {value}" for name, value in last.items())
            raise NothingHappenedError(
                f"waited {now - begun:.0f} s for {what}, in vain; nothing has moved for {now - moved:.0f} s. "
                f"Last seen: {progress}"
            )
        time.sleep(BETWEEN_TRIES_SECONDS)
    return result
