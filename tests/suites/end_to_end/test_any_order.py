"""Late, repeated and unordered facts raise the same incidents, each mailed once."""

import gzip
from datetime import timedelta

import pytest

from local_aws.deployment import SIGN_IN, Deployment
from local_aws.exports import console_login, failures, lines


def incidents(stack: Deployment, address: str) -> list[dict]:
    return [record for record in stack.evidence(address) if "#incident#" in record["record"]]


def test_an_export_after_the_login_raises_the_same_incident_as_before_it(stack, address, noon):
    export, login = lines(failures(address, noon)), console_login(address, noon + timedelta(minutes=30))
    stack.log_in(login)
    assert not stack.mails_about(address)
    late = stack.upload("order/export.json", export)
    assert (late["Incidents"], late["Publishes"]) == (1, 1)
    (first,) = incidents(stack, address)

    # The same facts with a new address, in the other order.
    for record in stack.evidence(address):
        key = {"ip": {"S": address}, "record": {"S": record["record"]}}
        stack.dynamodb.delete_item(TableName=stack.outputs["EvidenceTable"], Key=key)
    stack.upload("order/export.json", export)
    detected = stack.log_in(login)
    assert (detected["Incidents"], detected["Publishes"]) == (1, 1)
    (second,) = incidents(stack, address)
    varying = {"published_at", "reported_at", "expires_at"}
    assert {k: v for k, v in first.items() if k not in varying} == {k: v for k, v in second.items() if k not in varying}
    before, after = stack.mails_about(address)
    assert before == after


def test_the_same_events_again_send_no_second_mail(stack, address, noon):
    export, login = lines(failures(address, noon)), console_login(address, noon)
    for _ in range(3):
        stack.upload("order/again.json", export)
        stack.log_in(login)
    assert len(stack.mails_about(address)) == 1
    assert stack.summaries("ingest")[-1]["Duplicates"] == 6
    assert stack.summaries("detect")[-1]["Duplicates"] == 1


def test_an_export_that_grows_under_its_key_counts_each_failure_once(stack, address, noon):
    records = failures(address, noon, 6)
    key = "tenantId=0f1e/y=2026/m=03/d=02/h=12/m=00/PT1H.json"
    stack.log_in(console_login(address, noon))
    for length in (1, 3, 5, 5):
        stack.upload(key, lines(records[:length]))
    assert not stack.mails_about(address)
    stack.upload(key, lines(records))
    assert len(stack.mails_about(address)) == 1
    (tally,) = (record for record in stack.evidence(address) if "#failures#" in record["record"])
    assert tally["failures"] == 6


def test_overlapping_exports_in_two_compressions_count_each_failure_once(stack, address, noon):
    records = failures(address, noon, 5)
    stack.log_in(console_login(address, noon))
    stack.upload("order/plain.json", lines(records[:4]))
    stack.upload("order/packed", gzip.compress(lines(records[:2])) + gzip.compress(lines(records[2:])))
    assert not stack.mails_about(address)


def test_both_spellings_of_the_event_reach_the_function(stack, address, noon):
    for detail_type in (SIGN_IN, "AWS Console Signin via CloudTrail"):
        assert stack.log_in(console_login(address, noon), detail_type)["Logins"] == 1


@pytest.mark.parametrize(
    ("identity", "who", "severity"),
    [
        ("iam_user", '"alice", IAM user', "High"),
        ("root", '"root", root user', "High"),
        ("identity_center", '"bo@contoso[.]example", Identity Center user', "Medium"),
        ("saml", '"carol", session of a role', "Medium"),
    ],
)
def test_every_kind_of_identity_is_mailed_by_its_name(stack, address, noon, identity, who, severity):
    stack.upload(f"order/{identity}.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon, identity=identity))
    (mail,) = stack.mails_about(address)
    assert f"  User        {who}\n" in mail.text
    assert mail.attributes["severity"] == severity
    assert len(mail.subject) <= 99
    federated = identity in ("identity_center", "saml")
    assert f"  MFA         {'not recorded (federated)' if federated else 'no'}\n" in mail.text
