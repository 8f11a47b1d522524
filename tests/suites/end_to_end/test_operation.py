"""Operation: sufficient and least permissions, recovery from faults, readable logs."""

import json
from datetime import timedelta

from local_aws.exports import console_login, failures, lines


def test_a_login_that_could_not_be_mailed_is_mailed_when_publishing_works_again(stack, address, noon):
    stack.upload("operation/refused.json", lines(failures(address, noon)))
    iam = stack.server.client("iam")
    role = stack.functions.get_function_configuration(FunctionName=stack.outputs["DetectFunction"])["Role"]
    name = role.rsplit("/", 1)[-1]
    granted = iam.get_role_policy(RoleName=name, PolicyName="detect")["PolicyDocument"]
    refusal = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}
    reduced = granted | {"Statement": [*granted["Statement"], refusal]}

    iam.put_role_policy(RoleName=name, PolicyName="detect", PolicyDocument=json.dumps(reduced))
    try:
        # Not by EventBridge, because the emulator does not repeat its deliveries.
        event = {"source": "aws.signin", "detail": console_login(address, noon)}
        refused = stack.after("detect", lambda: stack.invoke_later("detect", event))
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="detect", PolicyDocument=json.dumps(granted))
    assert refused["Failed.notify.unavailable"] == 1, "without its permission the function cannot publish"
    assert "notify.unavailable" in stack.codes("detect")
    # Lambda redelivers the event.
    stack.wait_for("the mail", lambda: stack.mails_about(address))
    assert len(stack.mails_about(address)) == 1


def test_an_event_that_fails_to_the_end_is_kept_with_its_error(stack, address, noon):
    """The bucket is not the function's, so every read is refused."""
    stack.s3.create_bucket(Bucket="somebody-elses")
    stack.s3.put_object(Bucket="somebody-elses", Key="export.json", Body=lines(failures(address, noon)))
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "somebody-elses"}, "object": {"key": "export.json"}},
    }
    stack.invoke_later("ingest", {"Records": [record]})

    queue = stack.outputs["IngestFailureQueueUrl"]
    (kept,) = stack.wait_for(
        "the event in the failure queue", lambda: stack.queues.receive_message(QueueUrl=queue).get("Messages")
    )
    body = json.loads(kept["Body"])
    assert body["requestPayload"]["Records"] == [record]
    assert body["responsePayload"]["errorType"] == "object.unavailable"
    assert not stack.evidence(address)


def test_the_metrics_of_an_invocation_add_up(stack, address, noon):
    records = failures(address, noon, 3) + failures(address, noon, 2, code="0") + failures("not an address", noon, 1)
    summary = stack.upload("operation/summary.json", lines(records))
    assert summary["RecordsRead"] == 6
    assert (summary["Failures"], summary["RecordsIgnored"], summary["RecordsRejected"]) == (3, 2, 1)
    assert summary["NewestSignInAge"] > 0
    (directive,) = summary["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "pivotwatch"
    assert directive["Dimensions"] == [["Function"]]
    assert summary["Function"] == "ingest"
    assert {metric["Name"] for metric in directive["Metrics"]} == set(summary) - {"_aws", "Function"}


def test_a_responder_finds_everything_with_one_query(stack, address, noon):
    stack.upload("operation/evidence.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    tally, incident, login = stack.evidence(address, f"{noon - timedelta(days=1):%F}", f"{noon + timedelta(days=1):%F}")
    assert tally["record"] == f"{noon:%F}#failures#interactive"
    assert (tally["failures"], tally["error_codes"]) == (6, {"50126": 6})
    assert tally["first_failure"] == f"{noon:%FT%TZ}"
    assert tally["users"] == ["ann@contoso.example"]
    assert incident["account_name"] == login["account_name"] == "alice"
    assert incident["published_at"]
    assert incident["reported_failures"]["interactive"]["count"] == 6
    assert (incident["severity"], incident["reported_severity"], incident["logins_total"]) == ("High", "High", 1)
    (mail,) = stack.mails_about(address)
    assert incident["record"] in mail.text
    assert incident["id"] == mail.attributes["incident_id"]
