"""A trail's bucket of another owner, with notifications to EventBridge, as docs/DEPLOY.md requires."""

import gzip
import json
import uuid
from datetime import datetime

from local_aws.exports import ACCOUNT
from local_aws.server import Server

BUCKET = "trail-of-all-regions"


def create(server: Server) -> None:
    """Creates the bucket, which operators already have."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})


def key(time: datetime, *, account: str = ACCOUNT, region: str = "us-east-1", kind: str = "CloudTrail") -> str:
    """The key of a file from CloudTrail: a log file, or another kind."""
    name = f"{account}_{kind}_{region}_{time:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
    return f"AWSLogs/{account}/{kind}/{region}/{time:%Y/%m/%d}/{name}"


def log_file(records: list[dict]) -> bytes:
    """A log file as CloudTrail writes it."""
    return gzip.compress(json.dumps({"Records": records}).encode())
