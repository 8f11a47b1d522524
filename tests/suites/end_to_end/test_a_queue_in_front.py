"""ingest after a queue: with the event source mapping of the module's own example, and with one that drops failures."""

import json
import time

import pytest

from local_aws import sam, server, shell, terraform
from local_aws.deployment import ARCHITECTURE, ZIPS
from local_aws.exports import failures, lines

EXAMPLE = shell.PROJECT / "infra" / "terraform" / "examples" / "queue"
BUCKET = "exports-of-somebody-else"


@pytest.fixture(scope="module")
def stack():
    """A deployment by SAM, which the example extends as well as one by Terraform, and another owner's bucket."""
    with server.running() as emulator:
        deployed = sam.deploy(emulator, ZIPS, ARCHITECTURE)
        deployed.s3.create_bucket(Bucket=BUCKET)
        yield deployed


@pytest.fixture(scope="module")
def example(stack):
    """The example's outputs, with retries at once."""
    try:
        module = terraform.prepare(EXAMPLE, stack.server)
    except terraform.TerraformMissingError as missing:
        pytest.skip(f"the example of a queue, because {missing}")
    outputs = terraform.apply(module, stack.server, {"bucket": BUCKET})
    stack.queues.set_queue_attributes(QueueUrl=outputs["queue_url"], Attributes={"VisibilityTimeout": "1"})
    return outputs


def notify(stack, queue_url, key, body):
    """Writes an object and sends S3's notification through the queue."""
    stack.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    s3 = {"bucket": {"name": BUCKET}, "object": {"key": key}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": server.REGION, "s3": s3}
    stack.queues.send_message(QueueUrl=queue_url, MessageBody=json.dumps({"Records": [record]}))


class Refused:
    """Denies ingest every read of S3 while this lasts: a transient error."""

    def __init__(self, stack):
        self.iam, self.role = stack.server.client("iam"), stack.outputs["IngestRoleArn"].rsplit("/", 1)[-1]

    def __enter__(self):
        refusal = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
        self.iam.put_role_policy(RoleName=self.role, PolicyName="refused", PolicyDocument=document)

    def __exit__(self, *_):
        self.iam.delete_role_policy(RoleName=self.role, PolicyName="refused")


def test_an_object_of_the_examples_queue_is_read(stack, example, address, noon):
    notify(stack, example["queue_url"], "read.json", lines(failures(address, noon)))
    stack.wait_for("the tally", lambda: stack.evidence(address))
    stack.wait_for("an empty queue", lambda: stack.messages(example["queue_url"]) == 0)


def test_a_failed_message_of_the_examples_queue_is_kept_and_retried(stack, example, address, noon):
    before = len(stack.summaries("ingest"))

    def tries():
        return [one for one in stack.summaries("ingest")[before:] if one.get("Failed.object.unavailable")]

    with Refused(stack):
        notify(stack, example["queue_url"], "kept.json", lines(failures(address, noon)))
        stack.wait_for("a second try", lambda: len(tries()) > 1)
        assert stack.messages(example["queue_url"]) == 1
        assert not stack.evidence(address)
    stack.wait_for("the tally", lambda: stack.evidence(address))
    stack.wait_for("an empty queue", lambda: stack.messages(example["queue_url"]) == 0)
    assert stack.messages(example["dead_queue_url"]) == 0


def test_the_examples_visibility_timeout_is_six_timeouts_and_it_retries_for_hours(stack, example):
    (mapping,) = stack.functions.list_event_source_mappings(EventSourceArn=example["queue_arn"])["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 1
    text = (EXAMPLE / "main.tf").read_text()
    timeout = stack.functions.get_function_configuration(FunctionName=stack.outputs["IngestFunction"])["Timeout"]
    assert f"visibility_timeout_seconds = {6 * timeout}" in text
    assert 6 * timeout * 10 >= 4 * 3600
    attributes = stack.queues.get_queue_attributes(QueueUrl=example["queue_url"], AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in (10, "10")


def test_a_mapping_without_batch_item_failures_loses_failed_messages(stack, address, noon):
    """docs/DEPLOY.md says so. If this test fails, correct that page and not the function."""
    url = stack.queues.create_queue(QueueName="plain", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    arn = stack.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role = stack.outputs["IngestRoleArn"].rsplit("/", 1)[-1]
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "s3:GetObject", "s3:ListBucket"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stack.server.client("iam").put_role_policy(RoleName=role, PolicyName="plain", PolicyDocument=document)
    stack.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=stack.outputs["IngestFunction"], BatchSize=1
    )
    with Refused(stack):
        summary = stack.after("ingest", lambda: notify(stack, url, "lost.json", lines(failures(address, noon))))
        assert summary["Failed.object.unavailable"] == 1
        stack.wait_for("an empty queue", lambda: stack.messages(url) == 0)
    before = len(stack.summaries("ingest"))
    time.sleep(3)
    assert len(stack.summaries("ingest")) == before, "nothing is tried again"
    assert stack.messages(stack.outputs["IngestFailureQueueUrl"]) == 0, "and it is in no failure queue"
    assert not stack.evidence(address)
