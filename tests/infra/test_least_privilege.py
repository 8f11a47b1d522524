"""Each function may do exactly what it does, to exactly what it does it to."""

import pictures
import pytest
import sam_template

# What the functions call. A new call is added here first.
NEEDED = {
    "ingest": {
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "sns:Publish",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
    },
    "detect": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "sns:Publish",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
    },
}
# The resources whose ARN goes on behind a name that is spelled out: the bucket's objects, the log group's streams.
PARTS_OF_ONE = ("arn:aws:s3:::pivotwatch-exports-", "arn:aws:logs:")


@pytest.fixture(params=["sam", "terraform"])
def picture(request):
    if request.param == "sam":
        return pictures.sam(sam_template.Stack())
    return pictures.terraform(request.getfixturevalue("terraform_deployments")["defaults"])


def statements(picture, function):
    return [s for policy in picture["roles"][function]["policies"].values() for s in policy.values()]


@pytest.mark.parametrize("function", NEEDED)
def test_the_role_allows_what_the_function_calls_and_nothing_else(function, picture):
    granted = [action for statement in statements(picture, function) for action in statement["Action"]]
    assert all(statement["Effect"] == "Allow" for statement in statements(picture, function))
    assert not [action for action in granted if "*" in action]
    assert sorted(granted) == sorted(NEEDED[function])


@pytest.mark.parametrize("function", NEEDED)
def test_every_grant_names_its_resource(function, picture):
    for statement in statements(picture, function):
        for resource in statement["Resource"]:
            whole = resource.removesuffix("/*").removesuffix(":*") if resource.startswith(PARTS_OF_ONE) else resource
            assert "*" not in whole, f"{statement['Action']} on {resource}"


@pytest.mark.parametrize("function", NEEDED)
def test_logs_and_failures_are_the_functions_own(function, picture):
    for statement in statements(picture, function):
        if statement["Action"][0].startswith(("logs:", "sqs:")):
            (resource,) = statement["Resource"]
            assert f"pivotwatch-{function}" in resource


@pytest.mark.parametrize("function", NEEDED)
def test_only_lambda_assumes_the_role(function, picture):
    (statement,) = picture["roles"][function]["assumed by"].values()
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    }


def test_the_index_is_for_people_alone(picture):
    for function in NEEDED:
        assert not [s for s in statements(picture, function) if any("/index" in r for r in s["Resource"])]


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
