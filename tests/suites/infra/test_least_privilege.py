"""Each function may call exactly the actions that it uses, on exactly the resources that it uses."""

import itertools
import re
from pathlib import Path

import pytest
import runs

# The functions' calls. A new call is added here first.
NEEDED = {
    "ingest": {
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "sns:Publish",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
    },
    "detect": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "sns:Publish",
        "sns:GetTopicAttributes",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
    },
}
# ingest's further calls for a trail's bucket: the same on that bucket, and this.
NEEDED_FOR_THE_TRAIL = {"kms:Decrypt"}
TRAIL = "arn:aws:s3:::trail-of-all-regions"

THREAT_MODEL = (Path(__file__).parents[3] / "SECURITY.md").read_text()
# Parts of ARNs, and the names of their resources in SECURITY.md. The first part that an ARN contains counts.
RESOURCES = {
    ":table/pivotwatch-evidence/index/by_day": "index `by_day`",
    ":table/pivotwatch-evidence/index/unreported": "index `unreported`",
    ":table/pivotwatch-evidence": "the table",
    ":table/pivotwatch-tuning": "the tuning table",
    ":sns:": "the topic",
    ":sqs:": "its failure queue",
    ":logs:": "its log group",
    ":kms:": "the trail's key",
    TRAIL: "the trail's bucket",
    ":s3:::": "the bucket of exports",
}


@pytest.fixture(params=runs.RUNS)
def run(request):
    return request.param


@pytest.fixture(params=["sam", "terraform"])
def picture(request, run):
    if request.param == "sam":
        return runs.of_sam(run)
    return runs.of_terraform(run, request.getfixturevalue("terraform_deployments"))


def statements(picture, function):
    return [s for policy in picture["roles"][function]["policies"].values() for s in policy.values()]


def grants(picture, function):
    """Every granted action with each of its resources."""
    return [grant for s in statements(picture, function) for grant in itertools.product(s["Action"], s["Resource"])]


@pytest.mark.parametrize("function", NEEDED)
def test_the_role_allows_what_the_function_calls_and_nothing_else(function, picture, run):
    granted = grants(picture, function)
    reads_trail = function == "ingest" and run == "changed"
    assert all(statement["Effect"] == "Allow" for statement in statements(picture, function))
    assert not [action for action, _ in granted if "*" in action]
    assert {action for action, _ in granted} == NEEDED[function] | (NEEDED_FOR_THE_TRAIL if reads_trail else set())
    assert len(granted) == len(set(granted)), "something is granted twice"


def documented(function, run):
    """The actions with their resources that SECURITY.md lists for a function."""
    for actions, resource, functions in re.findall(r"^\| (`\w+:.+?) on (.+?) \| (.+?) \|", THREAT_MODEL, re.M):
        resource, _, condition = resource.partition(", with ")
        names = re.findall(r"`([\w:]+)`", actions)
        service = names[0].split(":")[0]
        if functions in ("both", f"`{function}`") and (run == "changed" or not condition):
            yield from itertools.product((f"{service}:{name.split(':')[-1]}" for name in names), [resource])


@pytest.mark.parametrize("function", NEEDED)
def test_the_threat_model_lists_every_grant_and_no_other(function, picture, run):
    named = {
        (action, next(name for part, name in RESOURCES.items() if part in resource))
        for action, resource in grants(picture, function)
    }
    assert set(documented(function, run)) == named


@pytest.mark.parametrize("function", NEEDED)
def test_every_grant_names_its_resource(function, picture):
    for action, resource in grants(picture, function):
        # Wildcards after a full name: the objects of a bucket, the streams of a log group.
        name = resource.split("/")[0] if resource.startswith("arn:aws:s3:::") else resource.removesuffix(":*")
        assert "*" not in name, f"{action} on {resource}"


def test_only_the_log_files_of_a_trails_bucket_may_be_read(picture, run):
    granted = {(action, resource) for action, resource in grants(picture, "ingest") if TRAIL in resource}
    if run == "defaults":
        assert not granted
        return
    log_files = f"{TRAIL}/*AWSLogs/*/CloudTrail/*"
    assert granted == {("s3:GetObject", log_files), ("s3:GetObjectVersion", log_files), ("s3:ListBucket", TRAIL)}
    # The log files include every object that the rule notifies of.
    (key,) = picture["rules"]["pivotwatch-trail"]["pattern"]["detail"]["object"]["key"]
    assert f"{TRAIL}/{key['wildcard']}".startswith(log_files)


def test_only_the_trails_own_key_may_be_used(picture, run):
    keys = [resource for action, resource in grants(picture, "ingest") if action.startswith("kms:")]
    assert keys == ([] if run == "defaults" else [runs.RUNS[run]["TrailKeyArn"]])


@pytest.mark.parametrize("function", NEEDED)
def test_logs_and_failures_are_the_functions_own(function, picture):
    own = [resource for action, resource in grants(picture, function) if action.startswith(("logs:", "sqs:"))]
    assert own
    assert all(f"pivotwatch-{function}" in resource for resource in own)


@pytest.mark.parametrize("function", NEEDED)
def test_only_lambda_assumes_the_role(function, picture):
    (statement,) = picture["roles"][function]["assumed by"].values()
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    }


@pytest.mark.parametrize("function", NEEDED)
def test_the_tuning_table_is_read_and_nothing_more(function, picture):
    """A function that could write entries could blind itself. A scan of the evidence would read every address."""
    tables = {(action, resource) for action, resource in grants(picture, function) if action.startswith("dynamodb:")}
    tuning = "arn:aws:dynamodb:eu-central-1:123456789012:table/pivotwatch-tuning"
    assert {action for action, resource in tables if resource.startswith(tuning)} == {"dynamodb:Scan"}
    assert {resource for action, resource in tables if action == "dynamodb:Scan"} == {tuning}


@pytest.mark.parametrize("function", NEEDED)
def test_the_indexes_are_queried_and_nothing_more(function, picture):
    of_index = {(action, resource) for action, resource in grants(picture, function) if "/index" in resource}
    indexes = "arn:aws:dynamodb:eu-central-1:123456789012:table/pivotwatch-evidence/index/"
    assert of_index == {("dynamodb:Query", indexes + name) for name in ("by_day", "unreported")}
    assert picture["tables"]["pivotwatch-evidence"]["indexes"].keys() == {"by_day", "unreported"}


def test_the_schedule_may_invoke_detect_and_keep_what_it_could_not_deliver(picture):
    (schedule,) = picture["schedules"].values()
    assert schedule["function"].endswith(":function:pivotwatch-detect")
    assert set(grants(picture, "sweep")) == {
        ("lambda:InvokeFunction", schedule["function"]),
        ("sqs:SendMessage", schedule["dead-letter queue"]),
    }
    assert all(statement["Effect"] == "Allow" for statement in statements(picture, "sweep"))


def test_only_the_schedules_of_this_account_assume_the_role_of_the_schedule(picture):
    (statement,) = picture["roles"]["sweep"]["assumed by"].values()
    group = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/default"
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012", "aws:SourceArn": group}},
    }


def test_every_role_is_judged(picture):
    assert picture["roles"].keys() == {*NEEDED, *picture["schedules"]}


def test_a_sweep_that_is_not_delivered_is_replaced_by_the_next_one(picture):
    (schedule,) = picture["schedules"].values()
    assert schedule["expression"] == "rate(15 minutes)"
    assert schedule["maximum age"] == 15 * 60
    assert (schedule["flexible window"], schedule["input"]) == ("OFF", {"pivotwatch": "sweep"})


def test_the_bucket_refuses_unencrypted_transport(picture):
    statement = picture["bucket"]["policy"]["RefuseUnencryptedTransport"]
    name = picture["bucket"]["name"]
    assert statement == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:*"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
