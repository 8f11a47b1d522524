"""Compares both sides over a batch of worlds.

Worlds of a batch have no address or network in common, and both sides count, join and group by either. A batch is
therefore judged as one large world, at a fraction of the cost. The result does not depend on this: if worlds of a batch
affected each other on one side, the sides would differ.
"""

import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from oracle import details, files, hunt
from oracle.facts import Facts
from oracle.findings import Incident, group_of, grouped_without
from oracle.hidden import Tuning
from oracle.judge import Judge
from oracle.networks import by_network, places, with_reason
from oracle.shrink import smallest
from oracle.tuned import errors as tuned_errors
from oracle.world import Options, World, entries_of

KEPT = hunt.TARGET / "oracle"
"""The folder for the files of worlds that differ."""

Hunter = Callable[..., list[Incident]]
"""Hunts in a folder, like `hunt.incidents`."""


class DifferenceError(AssertionError):
    """pivotwatch and the rule differ; the text has the smallest world."""


class Comparison(NamedTuple):
    """The result of a comparison."""

    found: list[Incident]
    """pivotwatch's incidents, with the entries that hide them."""
    excess: list[Incident]
    """Incidents of pivotwatch that the rule does not find."""
    lack: list[Incident]
    """Incidents of the rule that pivotwatch does not find."""
    errors: list[tuple[Incident, str]]
    """Wrong details of pivotwatch's incidents."""

    @property
    def differs(self) -> bool:
        return bool(self.excess or self.lack or self.errors)


def judged(
    judge: Judge, worlds: Sequence[World], options: Options, seed: str, hunter: Hunter = hunt.incidents
) -> list[Incident]:
    """The incidents of both in `worlds`, in pivotwatch's words. Raises `DifferenceError` if they differ."""
    try:
        batch = compared(judge, worlds, options, hunter)
    except hunt.HuntError as error:
        raise hunt.HuntError(f"{error}\nThe files are kept in {_kept(worlds, seed)}") from error
    if not batch.differs:
        return batch.found

    def differs(world: World) -> bool:
        return compared(judge, [world], options, hunter).differs

    wrong = (incident for incident, _ in batch.errors)
    concerned = {incident.address for incident in (*batch.excess, *batch.lack, *wrong)}
    for world in worlds:
        if places(world, options) & concerned and differs(world):
            least = smallest(world, differs)
            raise DifferenceError(_report([least], options, seed, compared(judge, [least], options, hunter)))
    raise DifferenceError("No world of the batch differs alone.\n" + _report(worlds, options, seed, batch))


def compared(judge: Judge, worlds: Sequence[World], options: Options, hunter: Hunter = hunt.incidents) -> Comparison:
    """Both sides over `worlds` and their networks, as multisets: without tuning entries, and then with those of the
    worlds.
    """
    with tempfile.TemporaryDirectory() as folder:
        write(worlds, Path(folder))
        found = hunter(Path(folder), options)
        entries = entries_of(worlds)
        tuned = hunter(Path(folder), options, *hunt.tuned(Path(folder), hidden=True)) if entries else found
    # Within one day the rule's own rows are compared, which have no ids of logins.
    comparable = [incident._replace(shown="") for incident in found]
    if not options.several_days:
        comparable = [incident._replace(event_ids=None) for incident in comparable]
    judged = [*worlds, *(by_network(world, options) for world in worlds)]
    incidents, logins = map(with_reason, judge.findings(judged, options))
    held = {login.event_id for login in logins if not login.is_of_network}
    shown = grouped_without(held, logins)
    ours, theirs = Counter(comparable), Counter(incident for incident in incidents if group_of(incident) in shown)
    facts = Facts(judged, logins)
    # Only incidents that the rule finds have details to compare.
    same = (incident for incident, compared in zip(found, comparable, strict=True) if compared in theirs)
    errors = [(incident, error) for incident in same for error in details.errors(incident, facts, options)]
    if entries:
        tuning = Tuning(entries, judged, facts, options)
        tuned_logins = {*with_reason(judge.tuned(judged, options, entries))}
        errors += tuned_errors(found, tuned, logins, tuned_logins, tuning)
    return Comparison(tuned, [*(ours - theirs).elements()], [*(theirs - ours).elements()], errors)


def write(worlds: Sequence[World], folder: Path) -> None:
    """Writes the files of worlds, and those of their tuning entries."""
    for part in ("entra", "cloudtrail"):
        (folder / part).mkdir(parents=True)
    for world in worlds:
        files.write(world, folder)
    files.write_entries(entries_of(worlds), folder / hunt.ENTRIES)


def _kept(worlds: Sequence[World], seed: str) -> Path:
    folder = KEPT / f"seed-{seed}-world-{worlds[0].number}"
    shutil.rmtree(folder, ignore_errors=True)
    write(worlds, folder)
    return folder


def _report(worlds: Sequence[World], options: Options, seed: str, comparison: Comparison) -> str:
    """The text of the difference in `worlds`, with the folder of their files."""
    folder = _kept(worlds, seed)
    facts = [*entries_of(worlds), *(fact for world in worlds for fact in (*world.sign_ins, *world.records))]
    return "\n".join(
        (
            f"pivotwatch and the rule differ in world {worlds[0].number} of seed {seed}. These are enough:",
            *(f"    {fact}" for fact in facts[:40]),
            f"  Their files are in {folder}, to be hunted through by",
            f"    {shlex.join(hunt.command(folder, options, *hunt.tuned(folder, hidden=True)))}",
            *(f"  Only pivotwatch finds\n{incident}" for incident in comparison.excess[:5]),
            *(f"  Only the rule finds\n{incident}" for incident in comparison.lack[:5]),
            *(f"  A detail is wrong: {error}\n{incident}" for incident, error in comparison.errors[:5]),
        )
    )
