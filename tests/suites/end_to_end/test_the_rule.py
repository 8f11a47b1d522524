"""The rule on the deployed stack: which facts raise an incident, and which do not."""

from datetime import UTC, datetime, timedelta

import pytest

from local_aws.deployment import Deployment
from local_aws.exports import batch, console_login, failures, lines, sign_in


def mails(stack: Deployment, address: str, records: list[dict], login_time) -> int:
    """The number of mails after an export and then a login. The functions' summaries must agree."""
    ingested = stack.upload(f"rule/{address}.json", lines(records))
    detected = stack.log_in(console_login(address, login_time))
    received = stack.mails_about(address)
    assert ingested["Publishes"] == 0
    assert detected["Logins"] == 1
    assert detected["Publishes"] == len(received)
    return len(received)


def test_five_failures_are_quiet(stack, address, noon):
    assert mails(stack, address, failures(address, noon, 5), noon) == 0


def test_six_failures_are_one_mail(stack, address, noon):
    assert mails(stack, address, failures(address, noon, 6), noon + timedelta(minutes=30)) == 1


def test_three_failures_of_each_source_do_not_add_up(stack, address, noon):
    records = failures(address, noon, 3) + failures(address, noon, 3, source="non_interactive")
    assert mails(stack, address, records, noon) == 0


def test_non_interactive_failures_exceed_alone(stack, address, noon):
    assert mails(stack, address, failures(address, noon, 6, source="non_interactive"), noon) == 1


def test_failures_across_midnight_add_up(stack, address):
    # In the first hour of a day, ten minutes after the midnight before are too long ago for a mail.
    now = datetime.now(UTC)
    midnight = (now - timedelta(hours=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    login = midnight + (timedelta(minutes=10) if now.hour else timedelta(hours=6))
    records = failures(address, midnight - timedelta(minutes=10), 6)
    assert mails(stack, address, records, login) == 1


def test_a_login_more_than_a_day_away_is_quiet(stack, address, noon):
    assert mails(stack, address, failures(address, noon, 6), noon + timedelta(hours=24, seconds=1)) == 0


@pytest.mark.parametrize("code", ["0", "50125", "50140"])
def test_success_and_the_two_interrupts_are_never_counted(stack, address, noon, code):
    assert mails(stack, address, failures(address, noon, 9, code=code), noon) == 0
    assert stack.summaries("ingest")[-1]["Ignored.not_a_failure"] == 9


@pytest.mark.parametrize("loopback", ["127.0.0.1", "::1"])
def test_loopback_is_never_counted(stack, noon, loopback):
    assert mails(stack, loopback, failures(loopback, noon, 9), noon) == 0
    assert stack.summaries("ingest")[-1]["Ignored.loopback"] == 9


def test_other_sources_are_metered_by_name_and_not_counted(stack, address, noon):
    assert mails(stack, address, failures(address, noon, 9, source="service_principal"), noon) == 0
    assert stack.summaries("ingest")[-1]["Ignored.source_service_principal"] == 9


def test_an_ipv6_address_is_found_in_any_spelling(stack, noon):
    records = failures("2001:0DB8:0000:0000:0000:0000:0000:0042", noon, 6)
    stack.upload("rule/ipv6.json", lines(records))
    stack.log_in(console_login("2001:db8::42", noon))
    assert len(stack.mails_about("2001:db8::42")) == 1


def test_a_batch_of_an_event_hub_counts_like_lines(stack, address, noon):
    stack.upload("rule/batch.json", batch(failures(address, noon, 6)))
    stack.log_in(console_login(address, noon))
    assert len(stack.mails_about(address)) == 1


def test_a_record_that_cannot_be_used_costs_only_itself(stack, address, noon):
    records = failures(address, noon, 5)
    export = lines(records) + b'{"category":"SignInLogs", "cut off\n' + lines([sign_in(address, noon)])
    summary = stack.upload("rule/damaged.json", export)
    assert (summary["RecordsRead"], summary["Failures"], summary["Rejected.malformed"]) == (7, 6, 1)
    stack.log_in(console_login(address, noon))
    assert len(stack.mails_about(address)) == 1
