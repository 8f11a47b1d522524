"""Parses the documents: tables, links and sentences."""

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[3]
LIBRARY = PROJECT / "shared/pivotwatch/src"

DOCUMENTS = sorted(
    document for folder in ("", "docs", "tests", "shared/json-records") for document in (PROJECT / folder).glob("*.md")
)

_ROW = re.compile(r"^\|.*\|$")


def links(text: str) -> list[tuple[str, str]]:
    """The path and the anchor of each link within the project."""
    text = re.sub(r"`[^`\n]+`", "", without_code(text))
    return re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", without_code(text), re.M)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def without_code(text: str) -> str:
    """The text without blocks of code, fenced or indented, and without comments."""
    text = re.sub(r"^ *```.*?^ *```$|<!--.*?-->", "", text, flags=re.M | re.S)
    return re.sub(r"(?<=\n\n)(?: {4}.*\n?)+", "", text)


def section(text: str, heading: str) -> str:
    """The text between a heading and the next one."""
    return re.split(r"^#+ .+$", text.split(f" {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def tables(text: str, heading: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The tables below a heading: the names of the columns, and the rows."""
    for block in re.split(r"\n\s*\n", section(text, heading)):
        rows = [cells(line) for line in block.strip().splitlines() if _ROW.match(line)]
        if rows:
            yield rows[0], rows[2:]


def sentences(text: str) -> Iterator[str]:
    """The sentences of paragraphs, list items and cells, with code and addresses as one word each.

    In a cell a colon, a semicolon, and a comma before code end a sentence too, because cells are notes and lists of
    names.
    """
    text = re.sub(r"`[^`]+`", "CODE", without_code(text))
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<https?:[^>]*>", "ADDRESS", text)
    # A row, a heading and a list item begin something new.
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.) )|\n(?=\|)", text):
        if _ROW.match(block.strip()):
            parts, ends = cells(block.replace(", CODE", "; CODE")), ".!?:;"
        else:
            parts, ends = [re.sub(r"^\s*(?:[-*#]+|\d+\.) ", "", block)], ".!?"
        for part in parts:
            split = re.split(rf"(?<=[{ends}])[\s*\"”)]+", " ".join(part.split()))
            yield from (sentence for sentence in split if sentence)
