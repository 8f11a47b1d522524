"""infra/sam and infra/terraform are one deployment written twice. Here they are held against each other."""

import re

import pictures
import pytest
import sam_template
import terraform_module

# The runs of mocked.tftest.hcl, with the same values under the template's names.
RUNS = {
    "defaults": {},
    "changed": {
        "Architecture": "x86_64",
        "AlertEmail": "soc@example.com",
        "Threshold": "7",
        "Window": "36h",
        "Order": "failures_first",
        "Sources": "adfs",
        "RetentionDays": "30",
        "ExportRetentionDays": "0",
        "LogRetentionDays": "7",
        "DeletionProtection": "false",
        "ExtraEventSources": "pivotwatch.selftest,another",
    },
}
# Variables that take the place of what SAM knows without a parameter: the stack's name and where the packages are.
TERRAFORM_ONLY = {"name", "package_folder"}

ASPECTS = [
    "resources",
    "functions",
    "asynchronous invocation",
    "roles",
    "who may invoke",
    "log groups",
    "bucket",
    "table",
    "topic",
    "queues",
    "queue policies",
    "rule",
    "outputs",
]


@pytest.fixture(scope="session", params=RUNS)
def both(request, terraform_deployments):
    stack = sam_template.Stack(**RUNS[request.param])
    return pictures.sam(stack), pictures.terraform(terraform_deployments[request.param])


@pytest.mark.parametrize("aspect", ASPECTS)
def test_they_agree_on(aspect, both):
    sam, terraform = both
    lines = pictures.differences(sam[aspect], terraform[aspect], aspect)
    assert not lines, "infra/sam and infra/terraform differ:\n  " + "\n  ".join(lines)


def test_every_aspect_is_compared(both):
    for picture in both:
        assert sorted(picture) == sorted(ASPECTS)


def test_every_property_of_the_template_is_compared():
    stack = sam_template.Stack(**RUNS["changed"]), sam_template.Stack()
    unseen = {
        f"{name}: {resource['Type']}.{prop}"
        for one in stack
        for name, resource in one.resources.items()
        for prop in resource["Properties"].keys() - pictures.SHOWN.get(resource["Type"], set())
    }
    assert not unseen, f"add these to tests/infra/pictures.py, on both sides: {sorted(unseen)}"


def test_the_parameters_have_the_same_names_and_descriptions():
    parameters = {
        re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): " ".join(parameter["Description"].split())
        for name, parameter in sam_template.load()["Parameters"].items()
    }
    # Lists are text with commas in SAM alone, and only Terraform empties a bucket before it deletes it.
    said_otherwise = {"sources", "extra_event_sources", "deletion_protection"}
    variables = dict(
        re.findall(
            r'^variable "(\w+)" \{\s+description = (?:"((?:[^"\\]|\\.)*)"|<<-EOT)',
            (terraform_module.MODULE / "variables.tf").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    assert variables.keys() - TERRAFORM_ONLY == parameters.keys()
    for name in parameters.keys() - said_otherwise:
        assert variables[name] == parameters[name], name


def test_changing_every_parameter_is_part_of_the_comparison():
    assert RUNS["changed"].keys() == sam_template.load()["Parameters"].keys()
