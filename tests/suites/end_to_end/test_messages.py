"""What subscribers of each protocol receive: an incident, its update, a digest, and news of a tuning entry."""

import http.server
import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws import shell
from local_aws.deployment import Deployment
from local_aws.exports import console_login, failures, lines

# A Lambda function that appends its events to a file.
BOOTSTRAP = """#!/usr/bin/env python3
import os, urllib.request
runtime = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(runtime + "next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read()
    with open(os.environ["RECEIVED"], "ab") as received:
        received.write(event.strip() + b"\\n")
    urllib.request.urlopen(urllib.request.Request(runtime + request + "/response", b"{}", method="POST")).close()
"""


class Webhook(http.server.BaseHTTPRequestHandler):
    """Keeps what SNS posts to it."""

    posted: list[dict]

    def do_POST(self) -> None:
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The tests' output is for the tests."""


@pytest.fixture
def webhook(stack: Deployment) -> Iterator[list[dict]]:
    """What a confirmed HTTP subscription has received."""

    class Handler(Webhook):
        posted: list[dict] = []

    sns = stack.server.client("sns")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        arn = sns.subscribe(
            TopicArn=stack.outputs["TopicArn"], Protocol="http", Endpoint=url, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        (asked,) = stack.wait_for("the request to confirm", lambda: list(Handler.posted))
        sns.confirm_subscription(TopicArn=stack.outputs["TopicArn"], Token=asked["Token"])
        Handler.posted.clear()
        yield Handler.posted
        sns.unsubscribe(SubscriptionArn=arn)
        server.shutdown()


def whole_lines(path: Path) -> list[dict]:
    """The documents in a file of JSON lines that a function may be writing.

    Python writes an event in several pieces if it is longer than its buffer. What follows the last line feed is
    therefore the beginning of a line.
    """
    written = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in written.split(b"\n")[:-1]]


@pytest.fixture
def subscribed_function(stack: Deployment, tmp_path: Path) -> Iterator[Callable[[], list[dict]]]:
    """Returns the events so far of a function that is subscribed to the topic."""
    received, packed = tmp_path / "received", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, BOOTSTRAP)
    arn = stack.functions.create_function(
        FunctionName="subscriber",
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=stack.outputs["IngestRoleArn"],
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"RECEIVED": str(received)}},
    )["FunctionArn"]
    sns = stack.server.client("sns")
    subscription = sns.subscribe(TopicArn=stack.outputs["TopicArn"], Protocol="lambda", Endpoint=arn)["SubscriptionArn"]
    yield lambda: whole_lines(received)
    sns.unsubscribe(SubscriptionArn=subscription)
    stack.functions.delete_function(FunctionName="subscriber")


Forms = Callable[..., dict[str, dict]]


@pytest.fixture
def received(stack: Deployment, webhook: list[dict], subscribed_function: Callable[[], list[dict]]) -> Forms:
    """Waits for the message with some attributes, and returns its form of each protocol.

    No protocol promises that it keeps the messages' order.
    """
    queue = stack.subscribe_queue()
    queued: list[dict] = []

    def all_envelopes() -> dict[str, list[dict]]:
        queued.extend(stack.received(queue))
        records = [event["Records"][0]["Sns"] for event in subscribed_function()]
        return {"https": list(webhook), "sqs": queued, "lambda": records}

    def of_attributes(**attributes: str) -> dict[str, dict]:
        def found() -> dict[str, dict] | None:
            forms = {
                protocol: json.loads(envelope["Message"])
                for protocol, envelopes in all_envelopes().items()
                for envelope in envelopes
                if all(
                    envelope["MessageAttributes"].get(name, {}).get("Value") == value
                    for name, value in attributes.items()
                )
            }
            return forms if len(forms) == 3 else None

        return stack.wait_for(f"the message {attributes}", found)

    return of_attributes


def test_each_protocol_receives_its_form_of_an_incident(stack, address, noon, webhook, subscribed_function):
    queue = stack.subscribe_queue()
    stack.upload("messages/forms.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    (incident,) = [record for record in stack.evidence(address) if "#incident#" in record["record"]]

    (mail,) = stack.mails_about(address)
    assert "logged in to the AWS console" in mail.text
    assert incident["record"] in mail.text

    (queued,) = stack.received(queue)
    finding = json.loads(queued["Message"])
    assert (finding["class_uid"], finding["metadata"]["version"]) == (2004, "1.5.0")
    assert finding["finding_info"]["uid"] == incident["id"]

    (posted,) = stack.wait_for("the webhook's message", lambda: list(webhook))
    chat = json.loads(posted["Message"])
    assert (chat["version"], chat["source"], chat["metadata"]["threadId"]) == ("1.0", "custom", incident["id"])

    (event,) = stack.wait_for("the function's event", subscribed_function)
    assert json.loads(event["Records"][0]["Sns"]["Message"]) == finding

    attributes = {name: value["Value"] for name, value in queued["MessageAttributes"].items()}
    assert attributes.keys() >= {"severity", "account", "address", "mfa", "signals", "incident_id", "update"}
    assert (attributes["address"], attributes["incident_id"], attributes["update"]) == (address, incident["id"], "1")


def command(text: str, beginning: str) -> str:
    """A command of a mail, with its continued lines."""
    continued = text[text.index(f"    {beginning}") :].splitlines()
    last = next(number for number, line in enumerate(continued) if not line.endswith("\\"))
    return "\n".join(continued[: last + 1])


def test_the_query_of_a_mail_prints_a_line_for_each_record(stack, address, noon):
    stack.upload("messages/query.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    (mail,) = stack.mails_about(address)
    done = shell.run(stack.server, command(mail.text, "aws dynamodb query"))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 4, "a line for each record, and two brackets"
    tally, incident = json.loads(done.stdout)
    assert tally == f"{noon:%F}#failures#interactive 6"
    record, rest = incident.split(" ", 1)
    assert rest == "High alice"
    assert record in mail.text


def test_the_query_of_a_mail_prints_at_most_twenty_records(stack, address, noon):
    stack.upload("messages/many.json", lines(failures(address, noon)))
    for number in range(22):
        stack.log_in(console_login(address, noon, userAgent=f"agent {number}"))
    done = shell.run(stack.server, command(stack.mails_about(address)[0].text, "aws dynamodb query"))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 20


def test_an_incident_that_becomes_worse_sends_an_update(stack, address, noon, received):
    stack.upload("messages/first.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    stack.upload("messages/more.json", lines(failures(address, noon, 1, code="50074", user="bo@contoso.example")))
    first, update = stack.mails_about(address)
    assert (first.attributes["update"], update.attributes["update"]) == ("1", "2")
    assert first.attributes["incident_id"] == update.attributes["incident_id"]
    assert "update 2" in update.subject
    assert "the password of an Entra user turned out to be right" in " ".join(update.text.split())

    forms = received(kind="incident", update="2")
    identifier = first.attributes["incident_id"]
    assert forms["https"]["metadata"]["threadId"] == identifier, "it joins the thread"
    assert forms["https"]["content"]["title"].startswith("High, update 2: ")
    assert forms["sqs"] == forms["lambda"]
    assert (forms["sqs"]["activity_name"], forms["sqs"]["finding_info"]["uid"]) == ("Update", identifier)
    assert forms["sqs"]["unmapped"]["update_reasons"] == ["password_right"]


def test_what_exceeds_the_limit_of_an_address_or_is_old_is_reported_in_a_digest(stack, address, noon, received):
    then = noon - timedelta(days=3)
    stack.upload("messages/old.json", lines(failures(address, then)))
    assert stack.log_in(console_login(address, then))["Deferred.old"] == 1
    stack.upload("messages/new.json", lines(failures(address, noon)))
    deferred = [
        stack.log_in(console_login(address, noon, userAgent=f"agent {number}")).get("Deferred.address_limit", 0)
        for number in range(7)
    ]
    assert deferred == [0, 0, 0, 0, 0, 1, 1]
    assert len(stack.mails_about(address)) == 5

    swept = stack.sweep()
    assert swept["ConfirmedSubscribers"] >= 1
    assert (swept["Digests"], swept["Unreported"]) == (1, 0)
    digest = [mail for mail in stack.all_mails() if mail.attributes["kind"] == "digest"][-1]
    assert address in digest.text
    incidents = [record for record in stack.evidence(address) if "#incident#" in record["record"]]
    assert len(incidents) == 8
    assert all("published_at" in incident and "deferral" not in incident for incident in incidents)
    assert sum("digest" in incident for incident in incidents) == 3

    forms = received(kind="digest")
    assert address in forms["https"]["content"]["description"]
    assert forms["sqs"] == forms["lambda"]
    of_address = {one["address"]: one for one in forms["sqs"]["unmapped"]["addresses"]}[address]
    assert of_address["incidents"] == 3
    assert forms["https"]["metadata"]["threadId"] == forms["sqs"]["finding_info"]["uid"]
    assert {"old", "address_limit"} <= set(forms["sqs"]["unmapped"]["deferrals"])


def test_each_protocol_receives_news_of_a_tuning_entry(stack, received):
    identifier = f"news-{uuid.uuid4()}"
    stack.tune(
        {
            "id": identifier,
            "threshold": 50,
            "when": {"cidr": ["198.18.255.0/28"]},
            "reason": "a test",
            "author": "ann",
            "permanent": True,
        }
    )
    # A function uses its copy of the entries for a minute.
    deadline = time.monotonic() + 180
    while not (news := [mail for mail in stack.all_mails() if mail.attributes.get("tuning_entry") == identifier]):
        assert time.monotonic() < deadline
        stack.sweep()
        time.sleep(1)
    assert [mail.attributes["tuning_news"] for mail in news] == ["added"]
    forms = received(kind="tuning", tuning_entry=identifier)
    assert forms["https"]["metadata"]["threadId"] == f"tuning-{identifier}"
    assert forms["sqs"] == forms["lambda"]
    assert (forms["sqs"]["unmapped"]["news"], forms["sqs"]["unmapped"]["entry"]["id"]) == ("added", identifier)


def test_the_weekly_message_is_sent_when_its_week_is_over(stack, received):
    stack.sweep()
    key = {"ip": {"S": "deployment"}, "record": {"S": "activity"}}
    since = f"{datetime.now(UTC) - timedelta(days=8):%FT%TZ}"
    stack.dynamodb.update_item(
        TableName=stack.outputs["EvidenceTable"],
        Key=key,
        UpdateExpression="SET since = :since",
        ConditionExpression="attribute_exists(since)",
        ExpressionAttributeValues={":since": {"S": since}},
    )
    stack.sweep()
    forms = received(kind="alive")
    (mail,) = [mail for mail in stack.all_mails() if mail.attributes["kind"] == "alive"]
    assert mail.subject.startswith("[pivotwatch] Alive")
    assert "Subscribers" in mail.text
    assert "*Sign-ins:* at least" in forms["https"]["content"]["description"]
    assert forms["sqs"] == forms["lambda"]
    assert forms["sqs"]["unmapped"]["subscribers"] >= 3
    stack.sweep()
    assert len([mail for mail in stack.all_mails() if mail.attributes["kind"] == "alive"]) == 1, "a new week begins"
