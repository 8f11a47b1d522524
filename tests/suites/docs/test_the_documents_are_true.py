"""The documents against the code: they explain every name of the interface."""

import re

import pytest
import yaml
from pages import DOCUMENTS, LIBRARY, PROJECT, anchor, headings, links

README = (PROJECT / "README.md").read_text()
RUNBOOK = (PROJECT / "docs" / "RUNBOOK.md").read_text()
DEPLOY = (PROJECT / "docs" / "DEPLOY.md").read_text()
SOURCES = {
    path.relative_to(LIBRARY).as_posix(): path.read_text().split("#[cfg(test)]")[0] for path in LIBRARY.rglob("*.rs")
}
MAKEFILE = (PROJECT / "Makefile").read_text()
MAIL = PROJECT / "tests/suites/pipeline/snapshots/pipeline__the_message_says_who_where_when_and_where_to_look.snap"


def found(pattern: str, *files: str) -> list[str]:
    """The matches of a pattern in some files of the library, or in all. No match is an error."""
    texts = [SOURCES[file] for file in files] or SOURCES.values()
    names = sorted({name for text in texts for name in re.findall(pattern, text)})
    assert names, f"nothing in the code looks like {pattern} any more"
    return names


def missing(names: list[str], document: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in document]


def test_every_target_of_the_makefile_says_what_it_does():
    targets = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.M)
    assert [target for target in targets if not re.search(rf"^{target}:.* ## \w", MAKEFILE, re.M)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_that_is_named_exists(document):
    named = re.findall(r"(?:`|^    )make ([a-z-]+)", document.read_text(), re.M)
    assert [target for target in named if not re.search(rf"^{target}:", MAKEFILE, re.M)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_somewhere(document):
    for name, fragment in links(document.read_text()):
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), name
        if fragment:
            assert fragment in map(anchor, headings(target.read_text())), f"{name}#{fragment}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(document):
    folders = "cli|docs|functions|infra|shared|tests"
    named = re.findall(rf"(?:`|^    )((?:{folders})/[\w./-]+)", document.read_text(), re.M)
    assert [name for name in named if "NAME" not in name and not (PROJECT / name).exists()] == []


def test_every_document_is_linked_from_the_readme():
    assert [path.name for path in (PROJECT / "docs").glob("*.md") if f"](docs/{path.name})" not in README] == []


def test_the_mail_is_the_mail():
    snapshot = MAIL.read_text().split("---\n", 2)[2]
    subject, rest = snapshot.split("\n", 1)
    text = rest.split("}\n\n", 1)[1].strip()
    assert f"    {subject}\n" in README
    # The first sections; the whole mail is three times as long.
    shown = text.split("\n  Non-interactive:")[0]
    assert f"```text\n{shown}\n```" in README


def test_every_parameter_of_the_deployment_is_in_the_table():
    class Loader(yaml.SafeLoader):
        """Ignores the template's functions."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    template = yaml.load((PROJECT / "infra/sam/template.yaml").read_text(), Loader)  # noqa: S506
    rows = re.findall(r"^\| (?:`(\w+)`|[^|]*) \| `(\w+)` \| (?:`([^`]*)`|none) \|", DEPLOY, re.M)
    of_sam = {parameter: default for parameter, _, default in rows if parameter}
    assert of_sam == {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}
    variables = re.findall(r'^variable "(\w+)"', (PROJECT / "infra/terraform/variables.tf").read_text(), re.M)
    assert sorted(variable for _, variable, _ in rows) == sorted(variables)


def test_every_option_of_a_hunt_is_in_the_readme():
    options = (PROJECT / "cli/src/hunt/mod.rs").read_text().split("struct Hunt")[1].split("\n}")[0]
    names = re.findall(r"^    (?:pub(?:\(\w+\))? )?(\w+):", options, re.M)
    assert [name for name in names if f"`--{name.replace('_', '-')}" not in README] == []


def test_every_shape_is_in_the_readme():
    shapes = found(r'\bname: "(\w+)"', *(file for file in SOURCES if file.startswith("entra/shape/")))
    assert missing([*shapes, "cloudtrail"], README) == []


def test_the_format_of_the_state_is_in_the_runbook():
    (number,) = found(r"const FORMAT: u8 = (\d+);", "store/dynamodb/tally_state.rs")
    assert f"Its first byte is the format's version, today {number}:" in " ".join(RUNBOOK.split())


def test_every_setting_is_in_the_runbook():
    assert missing(found(r'"(PIVOTWATCH_\w+)"', "settings.rs"), RUNBOOK) == []


def test_every_error_code_is_in_the_runbook():
    assert missing(found(r'"((?:object|store|notify|deadline|settings|telemetry)\.\w+)"'), RUNBOOK) == []


@pytest.mark.parametrize("kind", ["Refused", "Failed"])
def test_every_explained_code_is_a_reason_of_its_metric_and_no_other(kind):
    (reasons,) = re.findall(rf"^\| `{kind}\.` \| (.*) \|$", RUNBOOK, re.M)
    table = RUNBOOK.split(f"**{kind}** (", 1)[1].split("\n\n", 2)[1]
    explained = re.findall(r"^\| `(\S+)` \|", table, re.M)
    assert explained
    assert sorted(re.findall(r"`(\S+)`", reasons)) == sorted(explained)


def test_every_quoted_message_is_one_of_the_code():
    quoted = re.findall(r"in the log with `([^`]+)`", RUNBOOK, re.I)
    assert quoted
    assert [message for message in quoted if not any(f'"{message}"' in text for text in SOURCES.values())] == []


def test_every_metric_and_every_reason_is_in_the_runbook():
    metrics = found(r'\("([A-Z]\w+)", (?:summary|total)', "telemetry.rs")
    reasons = found(
        r'Self::\w+(?:\(.*\))? => "(\w+)"',
        "entra/outcome.rs",
        "aws/outcome.rs",
        "aws/trail_key.rs",
        "pipeline/unusable_export.rs",
    )
    notifications = found(r'ignored\.push\("(\w+)"\)', "objects/notification.rs")
    assert missing([*metrics, *reasons, *notifications], RUNBOOK) == []
