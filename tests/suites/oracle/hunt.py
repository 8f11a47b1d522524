"""Runs pivotwatch over files."""

import json
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

from oracle.findings import COLUMNS, Incident
from oracle.world import Options

PROJECT = Path(__file__).parents[3]
TARGET = PROJECT / os.environ.get("CARGO_TARGET_DIR", "target")
"""Cargo's target folder, as cargo reports it."""

BINARY = TARGET / "debug" / "pivotwatch"

QUIET, FOUND, TROUBLE = 0, 10, 1
"""The exit status without incidents, with incidents, and after a reported loss."""

EXPECTED_TROUBLE = re.compile(
    r"pivotwatch: (.*none of its (records|console logins) can be used, \d+ rejected "
    r"\((no_address|redacted_address|login_with_unknown_result|login_with_bad_address) .*"
    r"|(there is )?no .*, so no incident can be found.*)"
)
"""Expected messages: about a file whose sign-ins all lack an address or whose logins all lack a result or an address,
and about worlds with one kind of facts."""


ENTRIES = "tuning.json"
"""The file of the tuning entries."""


class HuntError(Exception):
    """pivotwatch failed."""


def tuned(folder: Path, *, hidden: bool) -> list[str]:
    """The arguments for the entries in `folder`. `hidden` prints the incidents that they hide, too."""
    return ["--tuning", str(folder / ENTRIES), *(["--hidden"] if hidden else [])]


def command(folder: Path, options: Options, *more: str) -> list[str]:
    """The command that hunts in `folder`, where `files.write` wrote, with more arguments."""
    paths = ["--entra", str(folder / "entra"), "--cloudtrail", str(folder / "cloudtrail")]
    return [str(BINARY), "hunt", *paths, *options.arguments(), "--format", "json", *more]


def incidents(folder: Path, options: Options, *more: str) -> list[Incident]:
    """pivotwatch's findings in `folder`."""
    return [_incident(text) for text in lines(command(folder, options, *more))]


def lines(line: list[str]) -> list[str]:
    """The incidents that the command `line` prints, as lines of JSON."""
    try:
        done = subprocess.run(line, capture_output=True, check=False, timeout=300, encoding="utf-8")
    except FileNotFoundError as missing:
        raise HuntError(f"{line[0]} is not built; cargo build -p pivotwatch-cli builds it") from missing
    # Not splitlines, which also splits at some characters of a user agent.
    found = [text for text in done.stdout.split("\n") if text]
    trouble = [text for text in done.stderr.split("\n") if text.startswith("pivotwatch: ")]
    expected = TROUBLE if trouble else FOUND if found else QUIET
    if done.returncode != expected or not all(EXPECTED_TROUBLE.fullmatch(text) for text in trouble):
        raise HuntError(
            f"exit status {done.returncode} with {len(found)} incidents of {' '.join(line)}:\n{done.stderr}"
        )
    return found


def _incident(text: str) -> Incident:
    line = json.loads(text)
    return Incident(
        tuple(line[name] for name in COLUMNS.values()),
        datetime.fromisoformat(line["start_time"]),
        datetime.fromisoformat(line["end_time"]),
        frozenset(login["event_id"] for login in line["logins"]),
        text,
    )
