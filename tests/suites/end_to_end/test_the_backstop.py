"""CloudTrail's log files: logins that EventBridge dropped are found in them, and the others are not mailed twice."""

import json

import pytest

from local_aws import trail
from local_aws.exports import console_login, failures, lines

ELSEWHERE = {"account": "444455556666", "region": "ap-southeast-2"}
OF_NO_INTEREST = {
    "trail_digest": "CloudTrail-Digest",
    "trail_insight": "CloudTrail-Insight",
    "trail_other": "Config",
}


def of_eventbridge(key: str) -> dict:
    """EventBridge's event of an object in the trail's bucket."""
    return {
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-02T12:05:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{trail.BUCKET}"],
        "detail": {"version": "0", "bucket": {"name": trail.BUCKET}, "object": {"key": key}, "reason": "PutObject"},
    }


def call(login: dict) -> dict:
    """Another event of the same session; a log file has many of them."""
    changed = {"eventName": "ListBuckets", "eventSource": "s3.amazonaws.com", "responseElements": None, "eventID": "1"}
    return login | changed


@pytest.mark.parametrize("first", ["eventbridge", "log file"])
def test_a_login_by_both_paths_is_mailed_once(stack, address, noon, first):
    login = console_login(address, noon)
    stack.upload("backstop/failures.json", lines(failures(address, noon)))
    ways = [
        lambda: stack.log_in(login),
        lambda: stack.deliver(trail.key(noon), trail.log_file([call(login), login])),
    ]
    summaries = [way() for way in (ways if first == "eventbridge" else reversed(ways))]
    assert [(s["Logins"], s["Duplicates"], s["Publishes"]) for s in summaries] == [(1, 0, 1), (1, 1, 0)]
    assert len(stack.mails_about(address)) == 1


def test_a_login_that_eventbridge_dropped_is_found_in_any_account_and_region(stack, address, noon):
    stack.upload("backstop/failures.json", lines(failures(address, noon)))
    login = console_login(address, noon, awsRegion=ELSEWHERE["region"], recipientAccountId=ELSEWHERE["account"])
    summary = stack.deliver(trail.key(noon, **ELSEWHERE), trail.log_file([call(login), login, call(login)]))
    assert (summary["Logins"], summary["Ignored.not_a_console_login"], summary["Publishes"]) == (1, 2, 1)
    (mail,) = stack.mails_about(address)
    assert ELSEWHERE["account"] in mail.text
    assert ELSEWHERE["region"] in mail.text


def test_failures_that_come_after_the_log_file_raise_the_incident(stack, address, noon):
    stack.deliver(trail.key(noon), trail.log_file([console_login(address, noon)]))
    assert not stack.mails_about(address)
    stack.upload("backstop/failures.json", lines(failures(address, noon)))
    assert len(stack.mails_about(address)) == 1


def test_the_log_files_of_an_organization_are_read_under_any_prefix(stack, address, noon):
    key = trail.key(noon).replace("AWSLogs/", "security/trails/AWSLogs/o-a1b2c3d4e5/")
    assert stack.deliver(key, trail.log_file([console_login(address, noon)]))["Logins"] == 1


def test_an_empty_log_file_is_no_fault(stack, noon):
    summary = stack.deliver(trail.key(noon), trail.log_file([]))
    assert (summary["Objects"], summary["RecordsRead"], summary["ObjectsRefused"], summary["Failed"]) == (1, 0, 0, 0)


def test_the_rule_matches_log_files_and_nothing_else(stack, noon):
    rule = stack.events.describe_rule(Name=stack.outputs["TrailRule"])["EventPattern"]

    def takes(event: dict) -> bool:
        return stack.events.test_event_pattern(EventPattern=rule, Event=json.dumps(event))["Result"]

    log = trail.key(noon)
    for key, taken in [
        (log, True),
        (f"o-a1b2c3d4e5/{log}".replace("AWSLogs/", "AWSLogs/o-a1b2c3d4e5/"), True),
        *((trail.key(noon, kind=kind), False) for kind in OF_NO_INTEREST.values()),
        (log.replace("AWSLogs/", ""), False),
        ("AWSLogs/111122223333/CloudTrail/", False),
    ]:
        assert takes(of_eventbridge(key)) == taken, key
    event = of_eventbridge(log)
    assert not takes(event | {"detail-type": "Object Deleted"})
    assert not takes(event | {"source": "aws.signin"})
    assert not takes(event | {"detail": event["detail"] | {"bucket": {"name": "another"}}})


@pytest.mark.parametrize("reason", OF_NO_INTEREST)
def test_other_objects_of_the_bucket_are_skipped_by_name_and_metered(stack, noon, reason):
    """The rule does not match these. Notifications that are set up in another way may deliver them."""
    event = of_eventbridge(trail.key(noon, kind=OF_NO_INTEREST[reason]))
    invoked = {}
    summary = stack.after("ingest", lambda: invoked.update(stack.invoke("ingest", event)))
    assert invoked["error"] is None
    assert (summary[f"Ignored.{reason}"], summary["Objects"], summary["Failed"]) == (1, 0, 0)


def test_the_function_may_not_read_the_rest_of_the_bucket(stack, address, noon):
    stack.s3.put_object(Bucket=trail.BUCKET, Key="private/notes.json", Body=lines(failures(address, noon)))
    refused = stack.invoke("ingest", of_eventbridge("private/notes.json"))
    assert refused["error"] == "object.unavailable"
    assert not stack.evidence(address)
