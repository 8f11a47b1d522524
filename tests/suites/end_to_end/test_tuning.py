"""Tuning on the deployed stack: an entry in the table is obeyed within a minute, without a deployment."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_aws.deployment import Deployment
from local_aws.exports import console_login, failures, lines

NETWORK = "192.0.2.0/24"
CACHED_SECONDS = 60
"""How long a function uses its copy of the entries."""

MARGIN_SECONDS = 60
"""For what the emulator adds to it."""


RECIPES_FILE = Path(__file__).parents[2] / "support/tuning_scenarios.json"

RECIPES = {
    recipe["id"]: recipe | {"when": recipe["when"] | {"cidr": [NETWORK]}}
    for recipe in json.loads(RECIPES_FILE.read_text("utf-8"))
}
"""The recipes of the runbook, for the network of this test."""

SYNC, MFA = "Exchange ActiveSync", "500121"
SCENARIOS = [
    ("backup-veeam", {"app": "Veeam Backup"}, {"app": "Azure Portal"}),
    ("password-resets", {"operation": "Reset user password"}, {}),
    ("shared-network-mfa", {"code": MFA}, {"code": MFA, "user": "bob@contoso.example"}),
    ("conditional-access", {"code": "53003"}, {"code": "50053"}),
    (
        "directory-sync",
        {"client_app": SYNC, "user": "sync_legacy@contoso.example"},
        {"client_app": SYNC, "user": "eve@contoso.example"},
    ),
]
"""The scenarios of the rule's document: an entry, what is hidden by it, and an attacker beside it."""

CROWD = RECIPES["shared-network"] | {"when": {"cidr": ["192.0.2.192/28"]}}
"""The threshold, for a part of the network in which no other scenario is."""

PROBE = RECIPES["backup-veeam"] | {"id": "probe", "when": {"cidr": [NETWORK], "app": ["Probe"]}}


def login_after_failures(stack: Deployment, address: str, noon, number: int = 6, **fields) -> int:
    """The number of messages after six failures, or another number, and a login."""
    return detected_after_failures(stack, address, noon, number, **fields)["Publishes"]


def detected_after_failures(stack: Deployment, address: str, noon, number: int = 6, **fields) -> dict:
    """The summary of a login after failures."""
    sign_ins = failures(address, noon, number, **fields)
    assert stack.upload(f"tuning/{address}.json", lines(sign_ins))["Publishes"] == 0
    return stack.log_in(console_login(address, noon))


def within_a_minute(happened: Callable[[int], bool]) -> None:
    """Tries until something has happened, with the number of the attempt."""
    begun = time.monotonic()
    attempts = 0
    while not happened(attempts):
        assert time.monotonic() - begun < CACHED_SECONDS + MARGIN_SECONDS, f"in vain after {attempts} attempts"
        attempts += 1
        time.sleep(1)


def incident(stack: Deployment, address: str) -> dict:
    (found,) = [record for record in stack.evidence(address) if "#incident#" in record["record"]]
    return found


def test_entries_are_obeyed_within_a_minute_and_hide_no_attacker_and_give_back_what_they_hid(stack, noon):
    ended = (noon - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    past = RECIPES["backup-veeam"] | {"id": "past", "when": {"cidr": [NETWORK], "app": ["Past"]}, "expires_at": ended}
    for recipe in [*(RECIPES[identifier] for identifier, _, _ in SCENARIOS), CROWD, past, PROBE]:
        stack.tune(recipe)
    stack.tune({"id": "invalid", "threshold": 1})

    # Older than what is mailed when an entry ends.
    hidden, long_ago = [], noon - timedelta(days=2)

    def is_obeyed(attempt: int) -> bool:
        hidden[:] = [f"192.0.2.{100 + attempt}"]
        summary = detected_after_failures(stack, hidden[0], long_ago, app="Probe")
        return (summary["Publishes"], summary.get("Deferred")) == (0, None)

    within_a_minute(is_obeyed)
    assert "tuning.invalid" in stack.codes("detect")
    (address,) = hidden
    assert incident(stack, address)["hidden_by"] == ["probe"]
    assert stack.mails_about(address) == []

    for number, (identifier, benign, attack) in enumerate(SCENARIOS):
        known, attacker = f"192.0.2.{1 + 2 * number}", f"192.0.2.{2 + 2 * number}"
        assert login_after_failures(stack, known, noon, **benign) == 0, identifier
        assert incident(stack, known)["hidden_by"] == [identifier]
        assert login_after_failures(stack, attacker, noon, **attack) == 1, f"an attacker beside {identifier}"
        elsewhere = f"198.18.0.{1 + number}"
        assert login_after_failures(stack, elsewhere, noon, **benign) == 1, f"{identifier} from elsewhere"

    assert login_after_failures(stack, "192.0.2.200", noon, CROWD["threshold"]) == 0
    assert incident(stack, "192.0.2.200")["hidden_by"] == [CROWD["id"]]
    assert login_after_failures(stack, "192.0.2.201", noon, CROWD["threshold"] + 1) == 1, "more than the threshold"
    assert login_after_failures(stack, "192.0.2.90", noon, app="Past") == 1, "after the entry's end"

    now = datetime.now(UTC)
    recent = "192.0.2.250"
    assert login_after_failures(stack, recent, noon, app="Probe") == 0
    assert incident(stack, recent)["hidden_by"] == ["probe"]

    stack.tune(PROBE | {"removed_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")})
    stranger = console_login("198.18.0.250", noon)
    within_a_minute(lambda _: stack.log_in(stranger)["Publishes"] == 1)
    assert "hidden_by" not in incident(stack, recent)
    assert len(stack.mails_about(recent)) == 1, "mailed without a further fact of its address"
    assert stack.mails_about(address) == [], "it is older than 24 hours"
    assert stack.log_in(console_login(address, long_ago))["Deferred.old"] == 1, "a fact of its address came"
    stack.sweep()
    digests = [mail for mail in stack.all_mails() if mail.attributes["kind"] == "digest"]
    assert address in digests[-1].text, "the digest has what is older than a day"

    subjects = [mail.subject for mail in stack.all_mails()]
    for identifier in ["probe", "past", CROWD["id"], *(identifier for identifier, _, _ in SCENARIOS)]:
        assert subjects.count(f"[pivotwatch] tuning entry {identifier} added") == 1
    assert subjects.count("[pivotwatch] tuning entry probe removed") == 1
    assert not any("invalid" in subject for subject in subjects)
