"""The emulator of the demo and of these tests."""

import json
import socket

from local_aws import server
from local_aws.deployment import Deployment


def test_a_port_taken_by_another_process_is_replaced(monkeypatch):
    """A port stays free for half a second before the emulator listens on it, in which another demo can take it."""
    free_port = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports, None) or free_port())
        with server.running() as emulator:
            assert emulator.endpoint != f"https://127.0.0.1:{taken.getsockname()[1]}"
            assert emulator.client("sns").list_topics()["Topics"] == []


def test_a_mailbox_receives_the_form_of_mails_that_its_filter_accepts():
    with server.running() as emulator:
        sns = emulator.client("sns")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        deployment = Deployment(emulator, {"TopicArn": topic})
        (mailbox,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        sns.set_subscription_attributes(
            SubscriptionArn=mailbox["SubscriptionArn"],
            AttributeName="FilterPolicy",
            AttributeValue=json.dumps({"severity": ["High"]}),
        )
        for severity in ("Medium", "High"):
            sns.publish(
                TopicArn=topic,
                Subject=severity,
                MessageStructure="json",
                Message=json.dumps({"default": "for people", "sqs": "for machines"}),
                MessageAttributes={"severity": {"DataType": "String", "StringValue": severity}},
            )
        (mail,) = deployment.all_mails()
        assert (mail.subject, mail.text, mail.attributes) == ("High", "for people", {"severity": "High"})
