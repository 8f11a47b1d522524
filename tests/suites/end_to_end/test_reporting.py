"""Deployments that send no message about an incident: one that observes, and one to which nobody is subscribed."""

import json

import pytest

from local_aws import sam, server
from local_aws.deployment import ARCHITECTURE, ZIPS
from local_aws.exports import console_login, failures, lines


@pytest.fixture(scope="module")
def observing():
    with server.running() as emulator:
        yield sam.deploy(emulator, ZIPS, ARCHITECTURE, Mode="observe")


@pytest.fixture(scope="module")
def publishing():
    with server.running() as emulator:
        yield sam.deploy(emulator, ZIPS, ARCHITECTURE)


def detected(stack, address, noon) -> dict:
    """The summary of a login after six failures."""
    stack.upload(f"reporting/{address}.json", lines(failures(address, noon)))
    return stack.log_in(console_login(address, noon))


def incident(stack, address) -> dict:
    (found,) = [record for record in stack.evidence(address) if "#incident#" in record["record"]]
    return found


def test_a_deployment_that_observes_stores_everything_and_sends_a_digest_a_day(observing, noon):
    first, second = "198.51.100.1", "198.51.100.2"
    summary = detected(observing, first, noon)
    assert (summary["Publishes"], summary["Deferred.observing"]) == (0, 1)
    stored = incident(observing, first)
    assert (stored["severity"], stored["deferral"], "published_at" in stored) == ("High", "observing", False)
    assert observing.all_mails() == []

    swept = observing.sweep()
    assert (swept["Digests"], swept["Unreported"]) == (1, 0)
    (digest,) = observing.all_mails()
    assert digest.subject == "[pivotwatch] High, only observed: 1 incident from 1 IP address"
    assert digest.attributes["kind"] == "digest"
    assert first in digest.text
    assert "published_at" in incident(observing, first), "a digest counts as a report"

    assert detected(observing, second, noon)["Deferred.observing"] == 1
    swept = observing.sweep()
    assert ("Digests" in swept, swept["Unreported"]) == (False, 1), "one digest a day"
    assert len(observing.all_mails()) == 1


def test_what_nobody_could_receive_is_in_a_digest_once_somebody_is_subscribed(publishing, noon):
    address = "198.51.100.1"
    sns, topic = publishing.server.client("sns"), publishing.outputs["TopicArn"]
    for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    swept = publishing.sweep()
    assert (swept["ConfirmedSubscribers"], "Digests" in swept) == (0, False)
    summary = detected(publishing, address, noon)
    assert (summary["Publishes"], summary["Deferred.no_subscriber"]) == (0, 1)
    swept = publishing.sweep()
    assert ("Digests" in swept, swept["Unreported"]) == (False, 1)

    queue = publishing.subscribe_queue()
    swept = publishing.sweep()
    assert (swept["ConfirmedSubscribers"], swept["Digests"], swept["Unreported"]) == (1, 1, 0)
    (finding,) = [json.loads(envelope["Message"]) for envelope in publishing.received(queue)]
    assert (finding["unmapped"]["kind"], finding["unmapped"]["deferrals"]) == ("digest", ["no_subscriber"])
    assert [one["address"] for one in finding["unmapped"]["addresses"]] == [address]
    assert publishing.log_in(console_login(address, noon, userAgent="another"))["Publishes"] == 1
