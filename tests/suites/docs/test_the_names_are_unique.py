"""One word for each thing: no two types or traits of a crate have one name."""

import re
from collections import defaultdict
from pathlib import Path

from comments import SOURCES
from pages import PROJECT

# An indented `type` is an associated one, which its trait names. Other indented types are those of modules of tests.
TYPE = re.compile(
    r"^(?:\s*(?:pub(?:\([\w: ]+\))? )?(?:struct|enum|trait|union)|(?:pub(?:\([\w: ]+\))? )?type) (\w+)", re.M
)


def crate(source: Path) -> Path:
    """The folder of a crate's sources, or the file of a program of one file."""
    path = source.relative_to(PROJECT)
    if path.parts[:2] == ("tests", "suites"):
        return Path(*path.parts[:3])
    if path.parent.name in ("benches", "bin", "fuzz_targets"):
        return path
    return next((folder for folder in path.parents if folder.name in ("src", "support", "tests")), path)


def test_no_two_types_of_a_crate_have_one_name():
    places = defaultdict(list)
    for source in SOURCES:
        if source.suffix == ".rs":
            for name in TYPE.findall(source.read_text()):
                places[crate(source), name].append(source.relative_to(PROJECT).as_posix())
    assert {name for _, name in places} >= {"Rule", "Receiver", "ParseRecord"}
    assert {f"{name} in {folder}": files for (folder, name), files in places.items() if len(files) > 1} == {}
