"""The incidents of `pivotwatch hunt` with the truth, counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from day.facts import Day, Login
from day.files import LATE, TUNING
from oracle import hunt
from oracle.world import Options

BAR = 5
"""At most one in this number of High incidents is false."""


@dataclass(frozen=True)
class Judged:
    """An incident and its truth."""

    details: dict[str, Any]
    """The fields that hunt prints."""
    logins: tuple[Login, ...]

    @property
    def scenario(self) -> str:
        return self.logins[0].scenario

    @property
    def is_true(self) -> bool:
        return any(login.is_attack for login in self.logins)

    @property
    def is_high(self) -> bool:
        return self.details["severity"] == "High"


class Counts(NamedTuple):
    """The numbers of some incidents."""

    incidents: int
    true: int
    high: int
    high_and_true: int

    @property
    def high_and_false(self) -> int:
        return self.high - self.high_and_true

    @property
    def is_good(self) -> bool:
        """`True` if each true incident is High, and at most one in `BAR` High ones is false."""
        return self.true == self.high_and_true and BAR * self.high_and_false <= self.high


def judged(day: Day, folder: Path, *, late: bool = True, tuned: bool = False) -> list[Judged]:
    """The incidents of the written day: without the late files, or with them; all, or those that tuning leaves."""
    more = ["--entra", str(folder / LATE)] if late else []
    more += ["--tuning", str(folder / TUNING)] if tuned else []
    logins = {login.id: login for login in day.logins}
    return [
        Judged(incident.details, tuple(logins[event_id] for event_id in incident.event_ids or ()))
        for incident in hunt.incidents(folder, Options(several_days=False), *more)
    ]


def count(incidents: Iterable[Judged]) -> Counts:
    found = [*incidents]
    high = [incident for incident in found if incident.is_high]
    return Counts(len(found), _true(found), len(high), _true(high))


def by_scenario(incidents: Iterable[Judged]) -> dict[str, Counts]:
    """The counts of each scenario, those with an attacker last."""
    groups: dict[tuple[bool, str], list[Judged]] = {}
    for incident in incidents:
        groups.setdefault((incident.is_true, incident.scenario), []).append(incident)
    return {scenario: count(group) for (_, scenario), group in sorted(groups.items())}


def _true(incidents: Iterable[Judged]) -> int:
    return sum(incident.is_true for incident in incidents)
