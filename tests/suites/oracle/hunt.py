"""pivotwatch over files."""

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
"""Where cargo builds, as it says itself."""

QUIET, FOUND, TROUBLE = 0, 10, 1
"""The exit status without incidents, with incidents, and after a loss that is reported."""

EXPECTED_TROUBLE = re.compile(
    r"pivotwatch: (.*none of its records can be used, \d+ rejected \((no|redacted)_address .*"
    r"|there is no .*, so no incident can be found.*)"
)
"""Messages about a file whose sign-ins all lack an address, and about worlds with facts of one kind alone."""


class HuntError(Exception):
    """pivotwatch did not do what it was asked."""


def command(folder: Path, options: Options) -> list[str]:
    """What to run to hunt through `folder`, where `files.write` wrote."""
    binary = TARGET / "debug" / "pivotwatch"
    paths = ["--entra", str(folder / "entra"), "--cloudtrail", str(folder / "cloudtrail")]
    return [str(binary), "hunt", *paths, *options.arguments(), "--format", "json"]


def incidents(folder: Path, options: Options) -> list[Incident]:
    """What pivotwatch finds in `folder`."""
    return [_incident(text) for text in lines(command(folder, options))]


def lines(line: list[str]) -> list[str]:
    """The incidents that the command `line` prints, as lines of JSON."""
    try:
        done = subprocess.run(line, capture_output=True, check=False, timeout=300, encoding="utf-8")
    except FileNotFoundError as missing:
        raise HuntError(f"{line[0]} is not built; cargo build -p pivotwatch-cli builds it") from missing
    # Not splitlines, to which some characters of a user agent end lines too.
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
