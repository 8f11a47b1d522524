"""Every finding is a valid OCSF Detection Finding, of the version that it states and of a later one."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

PROJECT = Path(__file__).resolve().parents[3]
SNAPSHOTS = sorted((PROJECT / "shared/pivotwatch/src/notify/snapshots/findings").glob("*.snap"))
FINDINGS = {path.stem: json.loads(path.read_text().split("---\n", 2)[2]) for path in SNAPSHOTS}

STATED = "1.5.0"
VERSIONS = [STATED, "1.8.0"]
SCHEMAS = {
    version: OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version)).get_class_schema(
        "detection_finding", profiles=["cloud"]
    )
    for version in VERSIONS
}
JUDGES = {version: Draft202012Validator(schema) for version, schema in SCHEMAS.items()}

FREE = {"unmapped", "data"}
"""Members of which OCSF leaves the content open."""

each_version = pytest.mark.parametrize("version", VERSIONS)
each_finding = pytest.mark.parametrize("name", FINDINGS)


def faults(version: str, finding: dict) -> list[str]:
    return [f"{list(fault.path)}: {fault.message}" for fault in JUDGES[version].iter_errors(finding)]


def objects(value: object) -> Iterator[dict]:
    """Every object in a finding whose members OCSF defines."""
    if isinstance(value, dict):
        yield value
        for name, member in value.items():
            if name not in FREE:
                yield from objects(member)
    elif isinstance(value, list):
        for member in value:
            yield from objects(member)


def test_there_are_findings_of_every_kind():
    kinds = {finding["unmapped"]["kind"] for finding in FINDINGS.values()}
    assert kinds == {"incident", "test", "digest", "alive", "tuning"}
    assert len(FINDINGS) >= 40


@each_version
@each_finding
def test_the_schema_accepts_a_finding(version, name):
    assert faults(version, FINDINGS[name]) == []


@each_finding
def test_numbers_and_names_of_a_finding_agree(name):
    finding = FINDINGS[name]
    assert finding["metadata"]["version"] == STATED
    assert finding["type_uid"] == finding["class_uid"] * 100 + finding["activity_id"]
    assert finding["severity"] == {1: "Informational", 3: "Medium", 4: "High"}[finding["severity_id"]]
    assert finding["activity_name"] == {1: "Create", 2: "Update"}[finding["activity_id"]]
    assert finding["status"] == {1: "New", 3: "Suppressed"}[finding["status_id"]]
    assert finding["is_alert"] == (finding["severity"] != "Informational")
    assert finding["is_alert"] == (finding["unmapped"]["kind"] in ("incident", "digest") or name == "alive_deaf")


def test_an_update_a_hidden_incident_and_a_test_are_marked():
    names = ("before_the_update", "update", "identity_iam_user", "hidden", "test")
    first, update, usual, hidden, test = (FINDINGS[name] for name in names)
    assert first["finding_info"]["uid"] == update["finding_info"]["uid"]
    assert usual["finding_info"]["uid"] == hidden["finding_info"]["uid"]
    assert [each["activity_name"] for each in (first, update, hidden)] == ["Create", "Update", "Create"]
    assert [each["status"] for each in (first, update, hidden)] == ["New", "New", "Suppressed"]
    assert [each["severity"] for each in (first, update)] == ["Medium", "High"]
    assert [each["metadata"]["labels"] for each in (usual, test)] == [[], ["TEST"]]
    uid = first["finding_info"]["uid"]
    assert [each["metadata"]["uid"] for each in (first, update)] == [f"{uid}-1", f"{uid}-2"]
    assert "created_time" in first["finding_info"], "it is that of the first finding, so an update has none"
    assert "created_time" not in update["finding_info"]
    assert test["message"].startswith("TEST: ")


@each_version
def test_a_missing_member_is_noticed(version):
    finding = FINDINGS["identity_iam_user"]
    for name in SCHEMAS[version]["required"]:
        assert faults(version, {key: value for key, value in finding.items() if key != name}), name
    without_uid = copy.deepcopy(finding)
    del without_uid["finding_info"]["uid"]
    assert faults(version, without_uid)


@each_version
@pytest.mark.parametrize("name", ["identity_iam_user", "network", "digest", "alive", "tuning_added"])
def test_a_member_that_the_schema_does_not_have_is_noticed_in_every_object(version, name):
    number = len(list(objects(FINDINGS[name])))
    assert number >= 5
    for position in range(number):
        finding = copy.deepcopy(FINDINGS[name])
        list(objects(finding))[position]["pivotwatch"] = "unknown"
        assert faults(version, finding), position
