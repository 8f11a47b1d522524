"""The commands of docs/RUNBOOK.md, as an operator pastes them."""

import re
from dataclasses import dataclass
from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docs" / "RUNBOOK.md").read_text()

_PLACEHOLDER = re.compile(r"=([A-Z][A-Z_]{3,})(?!\w)")


@dataclass(frozen=True)
class Block:
    """A block of commands."""

    name: str
    """The heading above it, with its number among the blocks there unless it is the first."""
    commands: str

    def filled(self, **values: str) -> str:
        """The commands with values for the words in capitals."""
        placeholders = set(_PLACEHOLDER.findall(self.commands))
        if placeholders != values.keys():
            raise ValueError(f"{self.name} has the placeholders {sorted(placeholders)}")
        return _PLACEHOLDER.sub(lambda match: f"={values[match[1]]}", self.commands)


def blocks() -> dict[str, Block]:
    """All blocks by name, in the order of the page."""
    found: dict[str, Block] = {}
    heading, number = "", 0
    for part in re.finditer(r"^#+ (?P<heading>[^\n]+)$|^ *```(?P<kind>\w*)\n(?P<body>.*?)^ *```$", TEXT, re.M | re.S):
        if part["heading"] is not None:
            heading, number = part["heading"], 0
        elif part["kind"] == "sh":
            number += 1
            name = heading if number == 1 else f"{heading} {number}"
            found[name] = Block(name, part["body"])
    return found


def names(text: str) -> list[str]:
    """The code spans and blocks of a text."""
    return re.findall(r"`([^`]+)`", text)
