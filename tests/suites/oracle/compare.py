"""Both over a batch of worlds.

Worlds of a batch have no address in common, and neither side looks at anything but one address at a time: the rule
counts failures by address, joins by address and groups by address. So a batch can be judged as one large world, at a
fraction of the cost. Nothing rests on that: if the worlds did meddle with each other on one side, that side would
differ from the other, and the world would be found innocent when judged alone.
"""

import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from oracle import details, files, hunt
from oracle.findings import Incident
from oracle.judge import Judge
from oracle.shrink import smallest
from oracle.world import Options, World

KEPT = hunt.TARGET / "oracle"
"""Where the files of a world are kept in which both differ."""

Hunter = Callable[[Path, Options], list[Incident]]


class DifferenceError(AssertionError):
    """pivotwatch and the rule differ; the text shows where, in how little."""


class Comparison(NamedTuple):
    """What became of a comparison."""

    found: list[Incident]
    """What pivotwatch finds."""
    excess: list[Incident]
    """What of it the rule does not find."""
    lack: list[Incident]
    """What the rule alone finds."""
    faults: list[tuple[Incident, str]]
    """Wrong details of what pivotwatch finds."""

    @property
    def differs(self) -> bool:
        return bool(self.excess or self.lack or self.faults)


def judged(
    judge: Judge, worlds: Sequence[World], options: Options, seed: str, hunter: Hunter = hunt.incidents
) -> list[Incident]:
    """What both find in `worlds`, in pivotwatch's words; `DifferenceError` where they do not find the same."""
    try:
        batch = compared(judge, worlds, options, hunter)
    except hunt.HuntError as error:
        raise hunt.HuntError(f"{error}\nThe files are kept in {_kept(worlds, seed)}") from error
    if not batch.differs:
        return batch.found

    def differs(world: World) -> bool:
        return compared(judge, [world], options, hunter).differs

    wrong = (incident for incident, _ in batch.faults)
    concerned = {incident.address for incident in (*batch.excess, *batch.lack, *wrong)}
    for world in worlds:
        if world.addresses & concerned and differs(world):
            least = smallest(world, differs)
            raise DifferenceError(_report([least], options, seed, compared(judge, [least], options, hunter)))
    raise DifferenceError("No world of the batch differs alone.\n" + _report(worlds, options, seed, batch))


def compared(judge: Judge, worlds: Sequence[World], options: Options, hunter: Hunter = hunt.incidents) -> Comparison:
    """Both sides over `worlds`, as multisets."""
    with tempfile.TemporaryDirectory() as folder:
        _write(worlds, Path(folder))
        found = hunter(Path(folder), options)
    # Within one day the rule's own rows are the measure, which do not say what logins they are made of.
    comparable = [incident._replace(shown="") for incident in found]
    if not options.several_days:
        comparable = [incident._replace(event_ids=None) for incident in comparable]
    incidents, logins = judge.findings(worlds, options)
    ours, theirs = Counter(comparable), Counter(incidents)
    facts = details.Facts(worlds, logins)
    # Details of an incident that the rule does not find have no measure.
    same = (incident for incident, compared in zip(found, comparable, strict=True) if compared in theirs)
    faults = [(incident, fault) for incident in same for fault in details.faults(incident, facts, options)]
    return Comparison(found, [*(ours - theirs).elements()], [*(theirs - ours).elements()], faults)


def _write(worlds: Sequence[World], folder: Path) -> None:
    for part in ("entra", "cloudtrail"):
        (folder / part).mkdir(parents=True)
    for world in worlds:
        files.write(world, folder)


def _kept(worlds: Sequence[World], seed: str) -> Path:
    folder = KEPT / f"seed-{seed}-world-{worlds[0].number}"
    shutil.rmtree(folder, ignore_errors=True)
    _write(worlds, folder)
    return folder


def _report(worlds: Sequence[World], options: Options, seed: str, comparison: Comparison) -> str:
    """Says what is different in `worlds`, and where their files are kept."""
    folder = _kept(worlds, seed)
    facts = [fact for world in worlds for fact in (*world.sign_ins, *world.records)]
    return "\n".join(
        (
            f"pivotwatch and the rule differ in world {worlds[0].number} of seed {seed}. These facts are enough:",
            *(f"    {fact}" for fact in facts[:40]),
            f"  Their files are in {folder}, to be hunted through by",
            f"    {shlex.join(hunt.command(folder, options))}",
            *(f"  Only pivotwatch finds\n{incident}" for incident in comparison.excess[:5]),
            *(f"  Only the rule finds\n{incident}" for incident in comparison.lack[:5]),
            *(f"  A detail is wrong: {fault}\n{incident}" for incident, fault in comparison.faults[:5]),
        )
    )
