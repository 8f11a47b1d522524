"""The effects of a destroy on a protected deployment, and of a name that is too long."""

import pytest
from botocore.exceptions import ClientError

from local_aws import sam, server, terraform
from local_aws.deployment import ARCHITECTURE, ZIPS
from local_aws.exports import failures, lines


@pytest.fixture
def emulator():
    with server.running() as running:
        yield running


def test_a_destroy_stopped_by_a_protected_table_leaves_the_bucket_unchanged(emulator, noon):
    try:
        deployed = terraform.deploy(emulator, ZIPS, ARCHITECTURE, deletion_protection=True)
    except terraform.TerraformMissingError as missing:
        pytest.skip(f"what a destroy leaves of the Terraform deployment, because {missing}")
    bucket, s3 = deployed.outputs["ExportBucket"], deployed.s3
    deployed.upload("kept.json", lines(failures("203.0.113.7", noon)))
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]

    done = terraform.destroy(emulator)
    assert done.returncode != 0
    assert "eletion protection" in done.stdout + done.stderr, "the table refuses"
    assert deployed.evidence("203.0.113.7")
    assert s3.get_object(Bucket=bucket, Key="kept.json")
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_a_name_too_long_is_refused_before_any_resource_is_created(emulator):
    with pytest.raises(ClientError, match="Name"):
        sam.deploy(emulator, ZIPS, ARCHITECTURE, Name="a" * 29)
    assert emulator.client("dynamodb").list_tables()["TableNames"] == []
    assert emulator.client("lambda").list_functions()["Functions"] == []
