"""Handwritten lists are complete: suites, fuzz targets, and the make targets of workflows."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
TESTS = PROJECT / "tests"
README = (TESTS / "README.md").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))


def names(manifest: Path, kind: str) -> set[str]:
    return {entry["name"] for entry in tomllib.loads(manifest.read_text())[kind]}


def test_the_table_of_tests_has_every_folder():
    sources = [file.relative_to(TESTS) for suffix in ["rs", "py"] for file in TESTS.glob(f"*/**/*.{suffix}")]
    # A suite is a folder of `suites`. The other folders are listed by their first part.
    folders = {"/".join(source.parts[: 2 if source.parts[0] == "suites" else 1]) for source in sources}
    assert {"suites/rule", "support"} <= folders
    assert folders - set(re.findall(r"^\| \[([\w/]+)\]\(\1/", README, re.M)) == set()


def test_the_table_of_tests_has_the_command_of_every_suite():
    named = set(re.findall(r"`cargo test -p pivotwatch-tests --test (\w+)`", README))
    assert named == names(TESTS / "Cargo.toml", "test")


def test_every_fuzz_target_is_fuzzed():
    fuzzed = re.search(r"^FUZZ := (.+)$", MAKEFILE, re.M)
    assert fuzzed
    targets = {each.split(":")[0] for each in fuzzed[1].split()}
    assert targets == names(TESTS / "fuzz/Cargo.toml", "bin")
    assert targets == {file.stem for file in (TESTS / "fuzz/fuzz_targets").glob("*.rs")}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_that_exist(workflow):
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job.get("steps", []) if "run" in step]
    assert commands
    for command in commands:
        if not command.startswith("gh release create "):
            called = re.fullmatch(r"make ([a-z-]+)( [A-Z_]+=\w+)*", command)
            assert called, command
            assert re.search(rf"^{called[1]}:", MAKEFILE, re.M), command
