"""What the documents say about the code, read out of the code: a name that is added there must be explained here."""

import re
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
RUNBOOK = (PROJECT / "docs" / "RUNBOOK.md").read_text()
DOCUMENTS = sorted(document for folder in ["", "docs", "tests"] for document in (PROJECT / folder).glob("*.md"))
LIBRARY = PROJECT / "shared/src"
SOURCES = {
    path.relative_to(LIBRARY).as_posix(): path.read_text().split("#[cfg(test)]")[0] for path in LIBRARY.rglob("*.rs")
}
MAKEFILE = (PROJECT / "Makefile").read_text()
MAIL = PROJECT / "tests/pipeline/snapshots/pipeline__the_message_says_who_where_when_and_where_to_look.snap"


def found(pattern: str, *files: str) -> list[str]:
    """What a pattern finds in some files of the library, or in all of them; finding nothing is an error."""
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
    for path, anchor in re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", document.read_text()):
        target = document.parent / path if path else document
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_mail_is_the_mail():
    snapshot = MAIL.read_text().split("---\n", 2)[2]
    subject, rest = snapshot.split("\n", 1)
    text = rest.split("}\n\n", 1)[1].strip()
    assert f"    {subject}\n" in README
    assert f"```text\n{text}\n```" in README


def test_every_parameter_of_the_deployment_is_in_the_table():
    class Loader(yaml.SafeLoader):
        """The template's parameters, whatever functions the rest of it calls."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    template = yaml.load((PROJECT / "infra/sam/template.yaml").read_text(), Loader)  # noqa: S506
    rows = re.findall(r"^\| (?:`(\w+)`|[^|]*) \| `(\w+)` \| (?:`([^`]*)`|none) \|", README, re.M)
    of_sam = {parameter: default for parameter, _, default in rows if parameter}
    assert of_sam == {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()}
    variables = re.findall(r'^variable "(\w+)"', (PROJECT / "infra/terraform/variables.tf").read_text(), re.M)
    assert sorted(variable for _, variable, _ in rows) == sorted(variables)


def test_every_setting_is_in_the_runbook():
    assert missing(found(r'"(PIVOTWATCH_\w+)"', "settings.rs"), RUNBOOK) == []


def test_every_error_code_is_in_the_runbook():
    assert missing(found(r'"((?:object|store|notify|deadline|settings|telemetry)\.\w+)"'), RUNBOOK) == []


def test_every_metric_and_every_reason_is_in_the_runbook():
    metrics = found(r'\("([A-Z]\w+)", (?:summary|total)', "telemetry.rs")
    reasons = found(
        r'Self::\w+(?:\(.*\))? => "(\w+)"',
        "entra/record.rs",
        "aws/console_login.rs",
        "aws/trail.rs",
        "pipeline/seen.rs",
    )
    notifications = found(r'ignored\.push\("(\w+)"\)', "objects/notification.rs")
    assert missing([*metrics, *reasons, *notifications], RUNBOOK) == []
