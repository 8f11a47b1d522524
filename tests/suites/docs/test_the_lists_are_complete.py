"""Handwritten lists are complete: suites, fuzz targets, the make targets of workflows, and the result codes."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from pages import tables

PROJECT = Path(__file__).parents[3]
TESTS = PROJECT / "tests"
GROUPS = ("suites", "support")
README = (TESTS / "README.md").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))


def names(manifest: Path, kind: str) -> set[str]:
    return {entry["name"] for entry in tomllib.loads(manifest.read_text())[kind]}


def test_the_table_of_tests_has_every_folder():
    sources = [file.relative_to(TESTS) for suffix in ["rs", "py"] for file in TESTS.glob(f"*/**/*.{suffix}")]
    # The folders of `suites` and `support` are listed themselves, the other folders by their first part.
    folders = {"/".join(source.parent.parts[: 2 if source.parts[0] in GROUPS else 1]) for source in sources}
    assert {"suites/rule", "support", "support/judge"} <= folders
    assert folders - set(re.findall(r"^\| \[([\w/]+)\]\(\1/", README, re.M)) == set()


def test_the_table_of_tests_has_every_crate_with_tests_of_its_own():
    manifests = [*PROJECT.glob("*/Cargo.toml"), *PROJECT.glob("*/*/Cargo.toml")]
    crates = [file.parent for file in manifests if not file.is_relative_to(TESTS)]
    tested = {crate for crate in crates if any("#[test]" in file.read_text() for file in crate.glob("*/**/*.rs"))}
    assert PROJECT / "shared/json-records" in tested
    assert {crate for crate in tested if f"](../{crate.relative_to(PROJECT)}/" not in README} == set()


def test_the_table_of_tests_has_every_target_of_make_test():
    targets = re.search(r"^test: (.+) ##", MAKEFILE, re.M)[1].split()
    assert [target for target in targets if f"`make {target}`" not in README] == []


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


RESULT_CODE = PROJECT / "shared/pivotwatch/src/detection/result_code"
RUNBOOK = (PROJECT / "docs/RUNBOOK.md").read_text()


def classes() -> dict[str, str]:
    """The variants of the classes of result codes, and their names."""
    return dict(re.findall(r'Self::(\w+) => "(\w+)",', (RESULT_CODE / "class.rs").read_text()))


def codes() -> dict[str, set[str]]:
    """The result codes, and the names of their classes."""
    rows = re.findall(r'^ +row\("(\d+)", ".*", &\[(.*)\]\),$', (RESULT_CODE / "codes.rs").read_text(), re.M)
    return {code: {classes()[variant] for variant in variants.split(", ")} for code, variants in rows}


def rows_of(heading: str) -> list[list[str]]:
    return [[cell.strip("`") for cell in row] for _, rows in tables(RUNBOOK, heading) for row in rows]


def numbers(cell: str) -> list[str]:
    return re.findall(r"\b\d{5,7}\b", cell)


def test_every_result_code_is_a_line_of_its_table():
    assert len(codes()) == (RESULT_CODE / "codes.rs").read_text().count("row(") - 1
    assert set().union(*codes().values()) == set(classes().values())


def test_the_runbook_has_every_class_of_result_codes_with_codes_of_it():
    described = rows_of("Result codes")
    assert [name for name, _, _ in described] == list(classes().values())
    for name, _, examples in described:
        assert numbers(examples)
        assert [code for code in numbers(examples) if name not in codes()[code]] == [], name


def test_every_class_of_result_codes_has_a_preset_or_is_named_as_having_none():
    presets = [name for name, _, _ in rows_of("Presets by class")]
    without = re.search(r"classes have no preset: (.*?) are the attack", " ".join(RUNBOOK.split()))
    assert without
    assert sorted(presets + re.findall(r"`(\w+)`", without[1])) == sorted(classes().values())


def test_a_preset_hides_the_codes_that_its_row_names():
    # The row about the application names 50126 as the code before, which still counts.
    others = {"app_configuration": ["50126"]}
    for name, _, hidden in rows_of("Presets by class"):
        found = [code for code in numbers(hidden) if name not in codes()[code]]
        assert found == others.get(name, []), name


def test_the_runbooks_most_frequent_codes_agree_with_the_table_about_the_password():
    rows = rows_of("The codes")
    assert {password for *_, password in rows} == {"right", "wrong", ""}
    for cell, _, password in rows:
        for code in numbers(cell):
            found = codes()[code] & {"password_right", "wrong_password"}
            assert found == {"right": {"password_right"}, "wrong": {"wrong_password"}, "": set()}[password], code
