"""`python -m day`: the incidents of days, by severity and truth, without and with tuning."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from day import files, judge
from day.judge import Counts, Judged
from day.plans import PLANS, RESPONDERS_DAY

COLUMNS = ("incidents", "true", "High", "High and true")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m day", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="days of each plan; the numbers are their sums")
    parser.add_argument("--plan", choices=PLANS, action="append", help="only these plans, instead of all")
    arguments = parser.parse_args()

    _table(RESPONDERS_DAY, _scenarios())
    _table(f"plan ({arguments.seeds} days each)", _plans(arguments.plan or [*PLANS], arguments.seeds))
    return 0


def _scenarios() -> Iterator[tuple[str, Counts, Counts]]:
    """The counts of the responder's day by scenario, and of all."""
    untuned, tuned = _judged(RESPONDERS_DAY, 0)
    all_of, shown_of = judge.by_scenario(untuned), judge.by_scenario(tuned)
    for scenario, counts in all_of.items():
        yield scenario, counts, shown_of.get(scenario, judge.count([]))
    yield "all", judge.count(untuned), judge.count(tuned)


def _plans(names: list[str], seeds: int) -> Iterator[tuple[str, Counts, Counts]]:
    for name in names:
        days = [_judged(name, seed) for seed in range(seeds)]
        yield name, *(judge.count(incident for day in days for incident in day[part]) for part in (0, 1))


def _judged(name: str, seed: int) -> tuple[list[Judged], list[Judged]]:
    """The incidents of a day without tuning and with it."""
    with TemporaryDirectory() as folder:
        day = PLANS[name].day(seed)
        files.write(day, Path(folder))
        return judge.judged(day, Path(folder)), judge.judged(day, Path(folder), tuned=True)


def _table(heading: str, rows: Iterator[tuple[str, Counts, Counts]]) -> None:
    """Prints a table in Markdown, each row as soon as it is known."""
    headings = [heading, *COLUMNS, *(f"tuned: {column}" for column in COLUMNS)]
    print(f"\n| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for name, untuned, tuned in rows:
        numbers = (f"{number:,}" for counts in (untuned, tuned) for number in counts)
        print(f"| {name} | {' | '.join(numbers)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
