"""infra/selftest.sh: a deployment that works passes, another one says why not, and nothing of the test is left."""

import json
import re

import pytest

from local_aws import server, shell

AWS = shell.TOOLS / "aws"


@pytest.fixture
def selftest(stack):
    """Runs the script on the deployment. Returns what it did, after checking that nothing is left."""

    def run(more: str = "", *, leaves_nothing: bool = True, **options):
        bucket = stack.outputs["ExportBucket"]
        done = shell.run(stack.server, f"infra/selftest.sh {bucket} {more}", **options)
        if leaves_nothing:
            assert left(stack) == [], done.stderr
        return done

    return run


def left(stack) -> list[str]:
    """The versions of objects and the records that a test left."""
    bucket, table = stack.outputs["ExportBucket"], stack.outputs["EvidenceTable"]
    listed = stack.s3.list_object_versions(Bucket=bucket, Prefix="pivotwatch-selftest")
    versions = [version["Key"] for kind in ("Versions", "DeleteMarkers") for version in listed.get(kind, [])]
    items = stack.dynamodb.scan(TableName=table)["Items"]
    return versions + [item["record"]["S"] for item in items if item["ip"]["S"].startswith("198.18.")]


def test_a_deployment_that_works_passes(stack, selftest):
    before = len(stack.all_mails())
    done = selftest()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("PASSED")
    (mail,) = stack.all_mails()[before:]
    assert "TEST" in mail.subject
    assert mail.attributes["kind"] == "test"
    assert mail.attributes["address"] in done.stdout, "it says what to look for"
    assert mail.attributes["incident_id"] in done.stdout


def test_make_calls_it(stack, selftest):
    done = shell.run(stack.server, f"make selftest BUCKET={stack.outputs['ExportBucket']}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PASSED" in done.stdout
    assert left(stack) == []


def test_all_versions_of_the_export_are_deleted(stack, selftest):
    bucket = stack.outputs["ExportBucket"]
    stack.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    try:
        assert selftest().returncode == 0
    finally:
        stack.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("None observing None", "the deployment observes"),
        ("None hour_limit None", "messages of the hour"),
        ("None too_many_at_once None", "too many messages at once"),
        ("None no_subscriber None", "nobody was subscribed at the last sweep"),
        ("None interrupted None", "left to a digest: interrupted"),
        ("None None office", "the tuning entry office hides"),
    ],
)
def test_an_incident_that_is_not_published_says_why(selftest, found, reason):
    incident = f"""case "$*" in
        *published_at*) echo '2026-03-02#incident#1 {found}' ;;
        *) "{AWS}" "$@" ;;
        esac"""
    done = selftest(answers={"dynamodb query": incident})
    assert done.returncode == 1
    assert reason in done.stderr
    assert "FAILED while looking for the message" in done.stderr
    assert "PASSED" not in done.stdout


@pytest.mark.parametrize(
    ("failing", "while_"),
    [
        ("lambda get-function-configuration", "reading the settings"),
        ("s3api put-object", "writing the export"),
        ("lambda invoke", "invoking pivotwatch-detect"),
    ],
)
def test_a_request_that_fails_ends_the_test(selftest, failing, while_):
    done = selftest(answers={failing: "echo 'An error occurred' >&2; (exit 254)"})
    assert done.returncode != 0
    assert f"FAILED while {while_}" in done.stderr
    assert "PASSED" not in done.stdout


def test_a_function_that_fails_ends_the_test(selftest):
    done = selftest(answers={"lambda invoke": "echo Unhandled"})
    assert done.returncode == 1
    assert "pivotwatch-detect failed" in done.stderr


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ({"s3api put-object": "true"}, "the record of the failures by pivotwatch-ingest did not come within 3 seconds"),
        ({"lambda invoke": "echo None"}, "the incident's message did not come within 3 seconds"),
    ],
)
def test_every_wait_has_an_end_and_says_what_it_waited_for(selftest, missing, what):
    done = selftest("--wait 3", answers=missing)
    assert done.returncode == 1
    assert what in done.stderr


def test_what_cannot_be_deleted_is_named(stack, selftest):
    done = selftest(answers={"dynamodb delete-item": "(exit 254)"}, leaves_nothing=False)
    assert done.returncode == 1
    (address,) = {item["ip"]["S"] for item in records(stack)}
    assert f"the records of {address} in the table {stack.outputs['EvidenceTable']}" in done.stderr
    for item in records(stack):
        stack.dynamodb.delete_item(TableName=stack.outputs["EvidenceTable"], Key={k: item[k] for k in ("ip", "record")})
    assert left(stack) == []


def records(stack) -> list[dict]:
    items = stack.dynamodb.scan(TableName=stack.outputs["EvidenceTable"])["Items"]
    return [item for item in items if item["ip"]["S"].startswith("198.18.")]


@pytest.mark.parametrize("arguments", ["", "one two", "bucket --name", "bucket --wait soon", "bucket --force"])
def test_wrong_arguments_are_refused(stack, arguments):
    done = shell.run(stack.server, f"infra/selftest.sh {arguments}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "selftest.sh EXPORT_BUCKET [--name NAME]" in done.stderr


def test_it_needs_the_documented_permissions_alone(stack, selftest):
    text = (shell.PROJECT / "docs" / "DEPLOY.md").read_text().split("## A self-test", 1)[1].split("## ", 1)[0]
    actions = re.findall(r"`(\w+:\w+)`", text)
    assert len(actions) == len(set(actions)) == 8
    resources = [
        f"arn:aws:lambda:{server.REGION}:000000000000:function:{stack.outputs['DetectFunction']}",
        f"arn:aws:s3:::{stack.outputs['ExportBucket']}",
        f"arn:aws:s3:::{stack.outputs['ExportBucket']}/pivotwatch-selftest/*",
        f"arn:aws:dynamodb:{server.REGION}:000000000000:table/{stack.outputs['EvidenceTable']}",
    ]
    iam = stack.server.client("iam")
    iam.create_user(UserName="tester")
    keys = iam.create_access_key(UserName="tester")["AccessKey"]
    access = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}

    def allow(granted: list[str]) -> None:
        statement = {"Effect": "Allow", "Action": granted, "Resource": resources}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="tester", PolicyName="selftest", PolicyDocument=policy)

    allow(actions)
    done = selftest(**access)
    assert (done.returncode, done.stderr) == (0, "")
    for action in ("lambda:GetFunctionConfiguration", "lambda:InvokeFunction", "s3:PutObject", "dynamodb:Query"):
        allow([other for other in actions if other != action])
        done = selftest(**access, leaves_nothing=False)
        assert done.returncode != 0, f"it does not need {action}"
