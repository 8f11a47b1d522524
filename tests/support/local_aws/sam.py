"""Deploys infra/sam through CloudFormation, as `sam deploy` does, with boto3 alone."""

import re
import uuid
from pathlib import Path

from botocore.exceptions import WaiterError

from local_aws import trail
from local_aws.deployment import EVENT_SOURCE, Deployment
from local_aws.server import Server

PROJECT = Path(__file__).parents[3]
TEMPLATE = PROJECT / "infra" / "sam" / "template.yaml"
STACK = "pivotwatch"
PARAMETERS = {
    "ExtraEventSources": EVENT_SOURCE,
    "DeletionProtection": "false",
    "AlertEmail": "security@example.com",
    "TrailBucket": trail.BUCKET,
    # The tests send more than a deployment needs in an hour.
    "HourLimit": "250",
}
EVERY_SECOND = {"Delay": 1, "MaxAttempts": 120}


class DeploymentError(Exception):
    """The stack was not deployed; the text has the failed resource and the reason."""


def deploy(server: Server, zips: Path, architecture: str, **changed: str) -> Deployment:
    """Deploys the stack with these parameters over those of the tests, and returns it."""
    trail.create(server)
    s3, cloudformation = server.client("s3"), server.client("cloudformation")
    artifacts = f"artifacts-{uuid.uuid4()}"
    s3.create_bucket(Bucket=artifacts)
    for function in ("ingest", "detect"):
        s3.upload_file(str(zips / f"{function}.zip"), artifacts, f"{function}.zip")
    # What `sam package` does: replaces the path of each zip by its address in a bucket.
    template, replaced = re.subn(r"(CodeUri: ).*/(\w+\.zip)", rf"\1s3://{artifacts}/\2", TEMPLATE.read_text())
    if replaced != 2:
        raise DeploymentError(f"{TEMPLATE} names {replaced} zips, not two")
    parameters = PARAMETERS | {"Architecture": architecture} | changed
    cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    try:
        change_set = cloudformation.get_waiter("change_set_create_complete")
        change_set.wait(StackName=STACK, ChangeSetName="first", WaiterConfig=EVERY_SECOND)
        cloudformation.execute_change_set(StackName=STACK, ChangeSetName="first")
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=EVERY_SECOND)
    except WaiterError as error:
        raise DeploymentError(f"{error}\n{_reasons(cloudformation)}") from error
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return Deployment(server, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})


def _reasons(cloudformation) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events
        if event.get("ResourceStatusReason")
    )
