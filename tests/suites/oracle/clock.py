"""Generates times near the limits of the rule."""

from datetime import UTC, datetime, timedelta
from random import Random

from oracle.world import Options

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class Clock:
    """Generates times, in whole seconds, for the events of one address."""

    EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, random: Random, options: Options, midnight: datetime | None = None) -> None:
        self._random = random
        self._options = options
        self._midnight = midnight or self.EPOCH + _DAY * random.randrange(3 * 365)
        self._given: list[datetime] = []
        self._crowd: list[datetime] = []

    def of_another_address(self) -> "Clock":
        """A clock of the same world without events."""
        return Clock(self._random, self._options, self._midnight)

    def time(self) -> datetime:
        """The next event's time."""
        time = self._of_several_days() if self._options.several_days else self._of_one_day()
        self._given.append(time)
        return time

    def time_in_one_hour(self) -> datetime:
        """The next event's time, in the same hour as all other times of this method."""
        hour = (self._crowd or [self.time()])[0].replace(minute=0, second=0)
        self._crowd.append(hour + _SECOND * self._random.randrange(60 * 60))
        return self._crowd[-1]

    def _of_one_day(self) -> datetime:
        last = 24 * 60 * 60 - 1
        second = self._random.choice(
            (
                self._random.randint(0, last),
                self._random.randint(0, last),
                self._random.choice((0, 1, last - 1, last)),
                # The boundary between two hours of a tally.
                self._random.randrange(1, 24) * 60 * 60 - self._random.randint(0, 1),
            )
        )
        return self._midnight + timedelta(seconds=second)

    def _of_several_days(self) -> datetime:
        """A time near midnight, near another event, or near an end of a window with other events."""
        random = self._random
        where = random.random()
        if not self._given or where < 0.1:
            return self._midnight + _SECOND * random.choice((-1, 0, 1, random.randint(-90_000, 90_000)))
        other = random.choice(self._given)
        if where < 0.55:
            return other + _SECOND * random.choice((0, 1, random.randint(-600, 600), random.randint(-9_000, 9_000)))
        if where < 0.9:
            return self._where_a_window_ends() + _SECOND * random.choice((-1, 0, 0, 1, random.randint(-600, 600)))
        return other + self._options.window * random.uniform(-1.5, 1.5) // _SECOND * _SECOND

    def _where_a_window_ends(self) -> datetime:
        """The other end of a window that holds the threshold of the previous events, one more, or any number."""
        random, window = self._random, self._options.window
        events = sorted(self._crowd or self._given)
        threshold = self._options.threshold
        numbers = (threshold, threshold + 1, random.randint(1, 50), random.randint(1, len(events)))
        number = min(len(events), random.choice(numbers))
        return random.choice((events[-number] + window, events[number - 1] - window))
