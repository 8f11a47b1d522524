"""A deployed stack, and what one can do with it: upload an export, log in, read the mail, query the evidence."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from local_aws import trail
from local_aws.server import Server

# AWS lets nobody send events as aws.signin, and the emulator is as strict. The deployment takes this source beside it.
EVENT_SOURCE = "pivotwatch.test"
SIGN_IN = "AWS Console Sign In via CloudTrail"

HAPPENS_WITHIN_SECONDS = 30


class NothingHappenedError(Exception):
    """What was waited for did not happen."""


def wait_for(what: str, happened: Callable[[], Any]) -> Any:
    """Waits until something is truthy, and returns it."""
    deadline = time.monotonic() + HAPPENS_WITHIN_SECONDS
    while True:
        result = happened()
        if result:
            return result
        if time.monotonic() > deadline:
            raise NothingHappenedError(f"waited {HAPPENS_WITHIN_SECONDS} s in vain for {what}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Mail:
    """An incident as a subscriber of the topic receives it."""

    subject: str
    text: str
    attributes: dict[str, str]


@dataclass
class Deployment:
    """What was deployed, by the names of the stack's outputs."""

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
        """A queue on the topic: what it receives is what a mailbox would."""
        queue = self.queues.create_queue(QueueName=f"mailbox-{uuid.uuid4()}")["QueueUrl"]
        attributes = self.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        topic = self.outputs["TopicArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        self.server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])
        return queue

    # --- What happens outside ---

    def upload(self, key: str, body: bytes) -> dict:
        """Uploads an object, waits until ingest is done with it, and returns ingest's summary."""
        bucket = self.outputs["ExportBucket"]
        return self.after("ingest", lambda: self.s3.put_object(Bucket=bucket, Key=key, Body=body))

    def deliver(self, key: str, body: bytes) -> dict:
        """Delivers a file to the trail's bucket, waits until ingest is done with it, and returns ingest's summary."""
        return self.after("ingest", lambda: self.s3.put_object(Bucket=trail.BUCKET, Key=key, Body=body))

    def log_in(self, record: dict, detail_type: str = SIGN_IN) -> dict:
        """Sends a CloudTrail record, waits until detect is done with it, and returns detect's summary."""
        entry = {"Source": EVENT_SOURCE, "DetailType": detail_type, "Detail": json.dumps(record)}

        def send() -> None:
            answer = self.events.put_events(Entries=[entry])
            if answer["FailedEntryCount"]:
                raise NothingHappenedError(f"the event was not taken: {answer}")

        return self.after("detect", send)

    def invoke_later(self, function: str, event: Any) -> None:
        """Has a function invoked as S3 and EventBridge have it: by a queue that tries again what failed."""
        name = self.outputs[f"{function.title()}Function"]
        self.functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))

    def invoke(self, function: str, event: Any) -> dict:
        """Invokes a function and returns its answer, with `error` set to the type of an error it ended with."""
        name = self.outputs[f"{function.title()}Function"]
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read() or b"null")
        return {"error": payload.get("errorType") if answer.get("FunctionError") else None, "answer": payload}

    # --- What is seen of it ---

    def after(self, function: str, action: Callable[[], Any]) -> dict:
        """Does something, waits until `function` has ended once more, and returns its summary."""
        before = len(self.summaries(function))
        action()
        return wait_for(f"a summary of {function}", lambda: self.summaries(function)[before:])[-1]

    def log(self, function: str) -> list[dict]:
        """What a function logged, line by line."""
        group = self.outputs[f"{function.title()}LogGroup"]
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = []
        for page in pages:
            for event in page["events"]:
                for line in event["message"].splitlines():
                    if line.startswith("{"):
                        lines.append(json.loads(line))
        return lines

    def summaries(self, function: str) -> list[dict]:
        """The summaries of a function's invocations: the lines that CloudWatch makes metrics of."""
        return [line for line in self.log(function) if "_aws" in line]

    def codes(self, function: str) -> list[str]:
        """The codes of everything that a function warned of."""
        return [line["fields"]["code"] for line in self.log(function) if "code" in line.get("fields", {})]

    def warnings(self, function: str) -> list[str]:
        """The texts of everything that a function warned of."""
        return [line["fields"]["message"] for line in self.log(function) if "code" in line.get("fields", {})]

    def mails_about(self, address: str) -> list[Mail]:
        """The mails so far about an address."""
        return [mail for mail in self.all_mails() if mail.attributes["source_ip_address"] == address]

    def all_mails(self) -> list[Mail]:
        """The mails so far."""
        while True:
            received = self.queues.receive_message(QueueUrl=self._mailbox, MaxNumberOfMessages=10).get("Messages", [])
            if not received:
                break
            for message in received:
                self.queues.delete_message(QueueUrl=self._mailbox, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                attributes = {name: value["Value"] for name, value in body.get("MessageAttributes", {}).items()}
                self.mails.append(Mail(body["Subject"], body["Message"], attributes))
        return self.mails

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
