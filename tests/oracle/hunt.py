"""pivotwatch over files."""

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path

from oracle.findings import COLUMNS, Incident
from oracle.world import Options

PROJECT = Path(__file__).parents[2]
TARGET = PROJECT / os.environ.get("CARGO_TARGET_DIR", "target")
"""Where cargo builds, as it says itself."""

QUIET, FOUND = 0, 10
"""The exit status without and with incidents."""


class HuntError(Exception):
    """pivotwatch did not do what it was asked."""


def command(folder: Path, options: Options) -> list[str]:
    """What to run to hunt through `folder`, where `files.write` wrote."""
    binary = TARGET / "debug" / "pivotwatch"
    paths = ["--entra", str(folder / "entra"), "--cloudtrail", str(folder / "cloudtrail")]
    return [str(binary), "hunt", *paths, *options.arguments(), "--format", "json"]


def incidents(folder: Path, options: Options) -> list[Incident]:
    """What pivotwatch finds in `folder`."""
    line = command(folder, options)
    try:
        done = subprocess.run(line, capture_output=True, check=False, timeout=300, encoding="utf-8")
    except FileNotFoundError as missing:
        raise HuntError(f"{line[0]} is not built; cargo build -p pivotwatch-cli builds it") from missing
    # Not splitlines, to which some characters of a user agent end lines too.
    found = [_incident(json.loads(text)) for text in done.stdout.split("\n") if text]
    if done.returncode != (FOUND if found else QUIET):
        raise HuntError(
            f"exit status {done.returncode} with {len(found)} incidents of {' '.join(line)}:\n{done.stderr}"
        )
    return found


def _incident(line: dict) -> Incident:
    return Incident(
        tuple(line[name] for name in COLUMNS.values()),
        datetime.fromisoformat(line["start_time"]),
        datetime.fromisoformat(line["end_time"]),
        frozenset(login["event_id"] for login in line["logins"]),
    )
