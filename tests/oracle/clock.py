"""When things happen: where it matters."""

from datetime import UTC, datetime, timedelta
from random import Random

from oracle.world import Options

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class Clock:
    """Gives times, in whole seconds, for the events of one address."""

    EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, random: Random, options: Options, midnight: datetime | None = None) -> None:
        self._random = random
        self._options = options
        self._midnight = midnight or self.EPOCH + _DAY * random.randrange(3 * 365)
        self._given: list[datetime] = []

    def of_another_address(self) -> "Clock":
        """A clock of the same world that knows of no event yet."""
        return Clock(self._random, self._options, self._midnight)

    def time(self) -> datetime:
        """The next event's time."""
        time = self._of_several_days() if self._options.several_days else self._of_one_day()
        self._given.append(time)
        return time

    def _of_one_day(self) -> datetime:
        last = 24 * 60 * 60 - 1
        second = self._random.choice(
            (
                self._random.randint(0, last),
                self._random.randint(0, last),
                self._random.choice((0, 1, last - 1, last)),
                # Where a tally goes from one hour to the next.
                self._random.randrange(1, 24) * 60 * 60 - self._random.randint(0, 1),
            )
        )
        return self._midnight + timedelta(seconds=second)

    def _of_several_days(self) -> datetime:
        """Near midnight, near another event, or near the end of a window that begins or ends with another event."""
        random, window = self._random, self._options.window
        where = random.random()
        if not self._given or where < 0.1:
            return self._midnight + _SECOND * random.choice((-1, 0, 1, random.randint(-90_000, 90_000)))
        other = random.choice(self._given)
        if where < 0.6:
            return other + _SECOND * random.choice((0, 1, random.randint(-600, 600), random.randint(-9_000, 9_000)))
        if where < 0.9:
            end = other + random.choice((-1, 1)) * window
            return end + _SECOND * random.choice((-1, 0, 0, 1, random.randint(-600, 600)))
        return other + window * random.uniform(-1.5, 1.5) // _SECOND * _SECOND
