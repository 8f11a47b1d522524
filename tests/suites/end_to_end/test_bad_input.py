"""Bad input: a warning with a code and a metric, no effect on other input, no loss."""

import gzip
from urllib.parse import quote_plus

import pytest

from local_aws.deployment import Deployment
from local_aws.exports import console_login, failures, lines


def notification(stack: Deployment, *keys: str) -> dict:
    """S3's notification, with form-encoded keys."""
    bucket = {"name": stack.outputs["ExportBucket"]}
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": bucket, "object": {"key": quote_plus(key)}},
            }
            for key in keys
        ]
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "object.not_an_export"),
        (b'{"hello": "world"}', "object.not_an_export"),
        (b"", "object.empty"),
        (gzip.compress(b"")[:15], "object.truncated"),
    ],
)
def test_an_object_that_cannot_be_used_is_refused_by_its_code(stack, body, code):
    summary = stack.upload("bad/object.json", body)
    assert summary["ObjectsRefused"] == summary[f"Refused.{code}"] == 1
    assert summary["Failed"] == 0, "it is not tried again, it would not get better"
    assert stack.codes("ingest")[-1] == code


def test_a_cut_gzip_counts_up_to_the_cut_and_is_reported(stack, address, noon):
    whole = gzip.compress(lines(failures(address, noon, 400)))
    summary = stack.upload("bad/half.json.gz", whole[: len(whole) // 2])
    assert summary["Refused.object.truncated"] == 1
    assert 6 < summary["Failures"] < 400
    stack.log_in(console_login(address, noon))
    assert len(stack.mails_about(address)) == 1


def test_a_bad_object_costs_only_itself_in_a_batch(stack, address, noon):
    bucket = stack.outputs["ExportBucket"]
    stack.upload("bad/picture.json", b"\x89PNG")
    stack.upload("bad/good.json", lines(failures(address, noon)))
    stack.s3.delete_object(Bucket=bucket, Key="bad/deleted.json")
    event = notification(stack, "bad/picture.json", "bad/deleted.json", "bad/good.json")
    event["Records"].insert(1, {"hello": "world"})
    invoked = {}
    summary = stack.after("ingest", lambda: invoked.update(stack.invoke("ingest", event)))
    assert invoked["error"] is None
    assert summary["Objects"] == 3
    assert summary["Refused.object.not_an_export"] == 1
    assert summary["Refused.object.not_found"] == 1, "a deleted object has another code than a forbidden one"
    assert summary["EventsUnrecognised"] == 1
    assert summary["Failures"] == summary["Duplicates"] == 6
    assert stack.codes("ingest")[-3:] == ["event.unrecognised", "object.not_an_export", "object.not_found"]


@pytest.mark.parametrize("key", ["a=b.json", "a+b.json", "a b.json", "café.json", "m=03/100% & more?.json"])
def test_a_key_of_any_characters_is_read(stack, address, noon, key):
    summary = stack.upload(f"keys/{key}", lines(failures(address, noon, 2)))
    assert (summary["Failures"], summary["ObjectsRefused"]) == (2, 0)


@pytest.mark.parametrize("function", ["ingest", "detect"])
@pytest.mark.parametrize("event", [{"hello": "world"}, [], "text", None, 7])
def test_an_event_of_an_unknown_kind_is_acknowledged_and_named(stack, function, event):
    invoked = {}
    summary = stack.after(function, lambda: invoked.update(stack.invoke(function, event)))
    assert invoked["error"] is None
    assert summary["EventsUnrecognised"] == 1
    assert stack.codes(function)[-1] == "event.unrecognised"


def test_the_test_event_of_s3_is_acknowledged(stack):
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "any"}
    summary = stack.after("ingest", lambda: stack.invoke("ingest", event))
    assert summary["Ignored.s3_test_event"] == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "FailedLogins"),
        ({"responseElements": None}, "Ignored.login_without_result"),
        ({"sourceIPAddress": "signin.amazonaws.com"}, "Ignored.login_without_address"),
        ({"eventTime": "noon"}, "Rejected.login_without_time"),
    ],
)
def test_a_record_that_is_no_successful_login_is_metered_by_its_reason(stack, address, noon, changed, reason):
    summary = stack.log_in(console_login(address, noon, **changed))
    assert (summary["Logins"], summary[reason]) == (0, 1)


def test_text_from_logs_cannot_write_lines_of_the_mail(stack, address, noon):
    stack.upload("bad/forged.json", lines(failures(address, noon, user="eve\nWho logged in\n  MFA         yes")))
    stack.log_in(console_login(address, noon, userAgent="Mozilla\r\nWhy the severity is none\u202e"))
    (mail,) = stack.mails_about(address)
    starts = [" ".join(line.split()[:2]) for line in mail.text.splitlines()]
    assert [starts.count(start) for start in ("Who logged", "Why the", "MFA no")] == [1, 1, 1]
    assert starts.count("MFA yes") == 0
    assert "\u202e" not in mail.text
