"""The comments of the sources as prose: of Rust, and comments and docstrings of Python."""

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from pages import PROJECT, sentences

SOURCES = sorted(
    source
    for folder in ("cli", "functions", "infra", "shared", "tests")
    for suffix in ("py", "rs")
    for source in (PROJECT / folder).rglob(f"*.{suffix}")
    if not {"target", "corpus", ".venv"} & set(source.parts)
)

# A comment of Rust. A `//` within a text follows no white space, as in an address.
_RUST_COMMENT = re.compile(r"(?<!\S)(//[/!]?)(?: (.*))?$")


def comments(source: Path) -> Iterator[str]:
    """The comments of a source. Consecutive lines are one comment."""
    return _of_rust(source.read_text()) if source.suffix == ".rs" else _of_python(source.read_text())


def prose(source: Path) -> Iterator[str]:
    """The sentences of a source's comments."""
    for comment in comments(source):
        # A link of rustdoc is code. A line that begins with a name and several blanks defines the name.
        plain = re.sub(r"\[(`[^`]+`)\]", r"\1", comment)
        yield from sentences(re.sub(r"^[\w ]*\w {2,}", "- ", plain, flags=re.M))


def _of_rust(text: str) -> Iterator[str]:
    lines = [_RUST_COMMENT.search(line) for line in text.splitlines()]
    for mark, block in itertools.groupby(lines, lambda comment: comment and comment[1]):
        if mark:
            yield "\n".join(comment[2] or "" for comment in block)


def _of_python(text: str) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
    # In consecutive lines the number of the line grows like the position.
    for _, block in itertools.groupby(enumerate(found), lambda comment: comment[1][0] - comment[0]):
        yield "\n".join(comment.lstrip("# ") for _, (_, comment) in block)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
