"""A deployed stack, and ways to use it: upload an export, log in, read the mail, query the evidence."""

import json
import platform
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from local_aws import trail
from local_aws.server import Server
from local_aws.waiting import NothingHappenedError, wait_for

# AWS refuses events from the source aws.signin, and so does the emulator. The deployment accepts this source as well.
EVENT_SOURCE = "pivotwatch.test"
SIGN_IN = "AWS Console Sign In via CloudTrail"

# The zips of `make packages-local`, and their architecture.
ZIPS = Path(__file__).parents[3] / "target" / "lambda-local"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())

# The emulator returns this number of log lines at once and no token for the next ones.
LINES_AT_ONCE = 10_000


@dataclass(frozen=True)
class Mail:
    """An incident's message as a subscriber of the topic receives it."""

    subject: str
    text: str
    attributes: dict[str, str]


@dataclass
class Deployment:
    """The deployed stack, by the names of its outputs."""

    server: Server
    outputs: dict[str, str]
    mails: list[Mail] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.s3 = self.server.client("s3")
        self.dynamodb = self.server.client("dynamodb")
        self.events = self.server.client("events")
        self.functions = self.server.client("lambda")
        self.logs = self.server.client("logs")
        self.queues = self.server.client("sqs")
        self._mailbox = self._subscribe()

    def _subscribe(self) -> str:
        """A mailbox on the topic, as the queue that receives its mails."""
        queue, _ = self._queue("mailbox")
        mailbox = f"{queue.rsplit('/', 1)[1]}@mailbox.example"
        self.server.client("sns").subscribe(TopicArn=self.outputs["TopicArn"], Protocol="email", Endpoint=mailbox)
        return queue

    def _queue(self, name: str) -> tuple[str, str]:
        """A queue to which the topic may send: its URL and its ARN."""
        queue = self.queues.create_queue(QueueName=f"{name}-{uuid.uuid4()}")["QueueUrl"]
        arn = self.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.outputs["TopicArn"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        return queue, arn

    # --- Actions ---

    def subscribe_queue(self, name: str, filter_policy: dict | None = None) -> str:
        """A queue on the topic, which receives the form for machines: its URL."""
        queue, arn = self._queue(name)
        attributes = {"FilterPolicy": json.dumps(filter_policy)} if filter_policy else {}
        topic = self.outputs["TopicArn"]
        self.server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return queue

    def upload(self, key: str, body: bytes) -> dict:
        """Uploads an object, waits until ingest has read it, and returns ingest's summary."""
        bucket = self.outputs["ExportBucket"]
        return self.after("ingest", lambda: self.s3.put_object(Bucket=bucket, Key=key, Body=body))

    def deliver(self, key: str, body: bytes) -> dict:
        """Writes a file to the trail's bucket, waits until ingest has read it, and returns ingest's summary."""
        return self.after("ingest", lambda: self.s3.put_object(Bucket=trail.BUCKET, Key=key, Body=body))

    def log_in(self, record: dict, detail_type: str = SIGN_IN) -> dict:
        """Sends a CloudTrail record, waits until detect has processed it, and returns detect's summary."""
        entry = {"Source": EVENT_SOURCE, "DetailType": detail_type, "Detail": json.dumps(record)}

        def send() -> None:
            answer = self.events.put_events(Entries=[entry])
            if answer["FailedEntryCount"]:
                raise NothingHappenedError(f"the event was not taken: {answer}")

        return self.after("detect", send)

    def tune(self, entry: dict) -> None:
        """Puts an entry into the tuning table, or replaces it."""
        write = TypeSerializer().serialize
        item = {name: write(value) for name, value in entry.items()}
        self.dynamodb.put_item(TableName=self.outputs["TuningTable"], Item=item)

    def delete_tuning(self, identifier: str) -> None:
        """Deletes an entry from the tuning table, so that it vanishes without `removed_at`."""
        self.dynamodb.delete_item(TableName=self.outputs["TuningTable"], Key={"id": {"S": identifier}})

    def invoke_later(self, function: str, event: Any) -> None:
        """Invokes a function as S3 and EventBridge do: by a queue with retries."""
        name = self.outputs[f"{function.title()}Function"]
        self.functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))

    def invoke(self, function: str, event: Any) -> dict:
        """Invokes a function and returns its response, with `error` set to the type of its error."""
        name = self.outputs[f"{function.title()}Function"]
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read() or b"null")
        return {"error": payload.get("errorType") if answer.get("FunctionError") else None, "answer": payload}

    # --- Observations ---

    def after(self, function: str, action: Callable[[], Any]) -> dict:
        """Calls `action`, waits until `function` has ended once more, and returns its summary."""
        since = _now()
        # Each invocation has a log stream of its own.
        known = {stream for stream, _ in self._lines(function, since)}

        def ended() -> dict | None:
            lines = self._lines(function, since)
            return next((line for stream, line in lines if stream not in known and "_aws" in line), None)

        action()
        return self.wait_for(f"a summary of {function}", ended, since)

    def wait_for(self, what: str, happened: Callable[[], Any], since: int | None = None) -> Any:
        """Waits for an event of the deployment, as long as there is progress there."""
        since = _now() if since is None else since
        return wait_for(what, happened, lambda: self.seen(since))

    def seen(self, since: int) -> dict[str, int]:
        """Signs of progress: log lines since a time in milliseconds, messages, items."""
        queues = self.queues.list_queues().get("QueueUrls", [])
        table = self.dynamodb.scan(TableName=self.outputs["EvidenceTable"], Select="COUNT")
        return {
            "log lines of ingest": len(self._events("ingest", since)),
            "log lines of detect": len(self._events("detect", since)),
            "messages": sum(map(self.messages, queues)),
            "items": table["Count"],
            "processor time of the functions": self.server.work(),
        }

    def messages(self, queue: str) -> int:
        """The messages in a queue, including received but undeleted ones."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def log(self, function: str) -> list[dict]:
        """The log lines of a function."""
        return [line for _, line in self._lines(function, 0)]

    def _lines(self, function: str, since: int) -> list[tuple[str, dict]]:
        """The log lines of a function since a time in milliseconds, each with its stream."""
        return [
            (event["logStreamName"], json.loads(line))
            for event in self._events(function, since)
            for line in event["message"].splitlines()
            if line.startswith("{")
        ]

    def _events(self, function: str, since: int) -> list[dict]:
        group = self.outputs[f"{function.title()}LogGroup"]
        events: list[dict] = []
        while True:
            page = self.logs.filter_log_events(logGroupName=group, startTime=since)["events"]
            if len(page) < LINES_AT_ONCE or page[0]["timestamp"] == page[-1]["timestamp"]:
                return events + page
            # The last millisecond may be incomplete, so the next page begins with it.
            since = page[-1]["timestamp"]
            events += [event for event in page if event["timestamp"] < since]

    def summaries(self, function: str) -> list[dict]:
        """The summaries of a function's invocations: the lines that CloudWatch converts to metrics."""
        return [line for line in self.log(function) if "_aws" in line]

    def codes(self, function: str) -> list[str]:
        """The codes of a function's warnings."""
        return [line["fields"]["code"] for line in self.log(function) if "code" in line.get("fields", {})]

    def warnings(self, function: str) -> list[str]:
        """The texts of a function's warnings."""
        return [line["fields"]["message"] for line in self.log(function) if "code" in line.get("fields", {})]

    def mails_about(self, address: str) -> list[Mail]:
        """The mails so far about an address."""
        return [mail for mail in self.all_mails() if mail.attributes.get("address") == address]

    def all_mails(self) -> list[Mail]:
        """The mails so far."""
        for body in self.received(self._mailbox):
            attributes = {name: value["Value"] for name, value in body.get("MessageAttributes", {}).items()}
            self.mails.append(Mail(body["Subject"], body["Message"], attributes))
        return self.mails

    def received(self, queue: str) -> list[dict]:
        """The notifications in a queue, which are taken from it."""
        bodies: list[dict] = []
        while messages := self.queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self.queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(json.loads(message["Body"]))
        return bodies

    def evidence(self, address: str, first_day: str = "0", last_day: str = "9") -> list[dict]:
        """The records of an address, as a responder queries them."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.outputs["EvidenceTable"],
            KeyConditionExpression="ip = :ip AND #record BETWEEN :from AND :to",
            ExpressionAttributeNames={"#record": "record"},
            ExpressionAttributeValues={
                ":ip": {"S": address},
                ":from": {"S": f"{first_day}#"},
                ":to": {"S": f"{last_day}#~"},
            },
        )
        read = TypeDeserializer().deserialize
        return [{name: read(value) for name, value in item.items()} for page in pages for item in page.get("Items", [])]


def _now() -> int:
    return int(time.time() * 1000)
