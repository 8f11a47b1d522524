"""Each kind of subscriber receives its form of a message, and a documented filter policy accepts what it says."""

import json
import queue
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local_aws import shell
from local_aws.deployment import Deployment
from local_aws.exports import console_login, failures, lines

RUNBOOK = (Path(__file__).resolve().parents[3] / "docs/RUNBOOK.md").read_text()
FILTERS = RUNBOOK.split("**A filter at the subscription**")[1].split("Remove the filter")[0]
POLICIES = [json.loads(policy) for policy in re.findall(r'`(\{"[^`]*\})`', FILTERS)]
WITHIN_SECONDS = 10


@contextmanager
def webhook(stack: Deployment) -> Iterator[queue.Queue]:
    """A subscription over HTTP, as the queue of the requests that it received."""
    received: queue.Queue = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Prints nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    sns, topic = stack.server.client("sns"), stack.outputs["TopicArn"]
    endpoint = f"http://127.0.0.1:{listener.server_port}/"
    subscription = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True)
    try:
        token = received.get(timeout=WITHIN_SECONDS)["Token"]
        sns.confirm_subscription(TopicArn=topic, Token=token)
        yield received
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        listener.shutdown()


def test_people_chats_and_machines_receive_the_incident_in_their_forms(stack, address, noon):
    machine = stack.subscribe_queue("machine")
    with webhook(stack) as chat:
        stack.upload("forms/all.json", lines(failures(address, noon)))
        stack.log_in(console_login(address, noon))
        notification = json.loads(chat.get(timeout=WITHIN_SECONDS)["Message"])
    (mail,) = stack.mails_about(address)
    (message,) = [one for one in stack.received(machine) if one["MessageAttributes"]["address"]["Value"] == address]
    finding = json.loads(message["Message"])
    incident = mail.attributes["incident_id"]
    assert mail.text.splitlines()[0].startswith('IAM user "alice" logged in')
    assert incident in mail.text
    assert (notification["version"], notification["source"]) == ("1.0", "custom")
    assert notification["metadata"]["threadId"] == incident
    assert (finding["class_uid"], finding["metadata"]["version"]) == (2004, "1.5.0")
    assert finding["finding_info"]["uid"] == incident


def command(text: str, beginning: str) -> str:
    """A command of a mail, with its continued lines."""
    lines_of_it = text[text.index(f"    {beginning}") :].splitlines()
    last = next(number for number, line in enumerate(lines_of_it) if not line.endswith("\\"))
    return "\n".join(lines_of_it[: last + 1])


def test_the_query_of_a_mail_prints_a_line_for_each_record(stack, address, noon):
    stack.upload("forms/query.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    (mail,) = stack.mails_about(address)
    done = shell.run(stack.server, command(mail.text, "aws dynamodb query"))
    assert (done.returncode, done.stderr) == (0, "")
    tally, incident, login = (line.split("\t") for line in done.stdout.splitlines())
    assert tally == ["2026-03-02#failures#interactive", "None", "6", "None"]
    assert incident[1:] == ["High", "None", "alice"]
    assert incident[0] in mail.text
    assert login[1:] == ["None", "None", "alice"]


def test_a_filter_policy_of_the_runbook_accepts_what_the_page_says(stack, address, noon):
    high, no_mfa, account = POLICIES
    queues = {
        name: stack.subscribe_queue(name, policy) for name, policy in (("h", high), ("m", no_mfa), ("a", account))
    }
    stack.upload("forms/filters.json", lines(failures(address, noon)))
    for identity in ("iam_user", "identity_center"):
        stack.log_in(console_login(address, noon, identity=identity))

    def accepted(name: str) -> set[str]:
        attributes = [one["MessageAttributes"] for one in stack.received(queues[name])]
        return {one["severity"]["Value"] for one in attributes if one["address"]["Value"] == address}

    assert {name: accepted(name) for name in queues} == {"h": {"High"}, "m": {"High"}, "a": {"High", "Medium"}}
