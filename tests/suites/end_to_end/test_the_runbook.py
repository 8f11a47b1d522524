"""Every block of commands of docs/RUNBOOK.md, run in a shell exactly as written.

The facts are those of the page's examples: six failed sign-ins from 203.0.113.7 on 2026-03-02, and a login of alice to
the account 111122223333. Only words in capitals are therefore replaced.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from local_aws import runbook, sam, server, shell
from local_aws.deployment import ARCHITECTURE, EVENT_SOURCE, ZIPS
from local_aws.exports import ACCOUNT, console_login, failures, lines

BLOCKS = runbook.blocks()
NOT_RUN = {"6. Contain 7": "it needs Entra ID and the Azure CLI; only its syntax is checked"}
RUN = set()

ADDRESS = "203.0.113.7"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "insights-logs-signinlogs/tenantId=0f1e/y=2026/m=03/d={day:02}/h=12/m=00/PT1H.json"


def runs(*names):
    """Marks a test that runs these blocks."""
    RUN.update(names)
    return lambda test: test


@pytest.fixture(scope="module")
def stack():
    with server.running() as emulator:
        deployed = sam.deploy(emulator, ZIPS, ARCHITECTURE, ExtraEventSources=f"{EVENT_SOURCE},{SELF_TEST}")
        deployed.upload(KEY.format(day=2), lines(failures(ADDRESS, NOON)))
        deployed.log_in(console_login(ADDRESS, NOON + timedelta(minutes=30)))
        # The incident is old, so that a digest reports it.
        assert deployed.sweep()["Digested"] == 1
        yield deployed


SELF_TEST = "pivotwatch.self-test"


@pytest.fixture
def paste(stack, tmp_path):
    """Runs the page's first block and then others, or other lines, in one shell."""
    (tmp_path / "infra").symlink_to(shell.PROJECT / "infra")

    def pasted(*pieces: str, **options):
        commands = [BLOCKS["Runbook"].commands, *(BLOCKS[one].filled() if one in BLOCKS else one for one in pieces)]
        return shell.run(stack.server, "\n".join(commands), folder=tmp_path, **options)

    return pasted


def without_head(output: str) -> list[str]:
    """The output of the blocks after the first one."""
    return output.splitlines()[1:]


def test_every_block_is_run_or_says_why_not():
    assert RUN | NOT_RUN.keys() == BLOCKS.keys()
    assert not RUN & NOT_RUN.keys()


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_whole(stack, name):
    """A block that cannot run here must still be whole: a line end once cut a command."""
    assert shell.run(stack.server, f"bash -n <<'PASTED'\n{BLOCKS[name].commands}PASTED").stderr == ""


@runs("Runbook")
def test_the_first_block_finds_the_deployment(paste, stack):
    done = paste()
    outputs = ("EvidenceTable", "TuningTable", "ExportBucket", "TopicArn")
    table, tuning, bucket, topic = (stack.outputs[name] for name in outputs)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"tables {table} and {tuning}, bucket {bucket}, topic {topic}\n"


# --- The first five minutes ---


@runs("1. Everything known of the address", "1. Everything known of the address 2")
def test_the_evidence_of_an_address_is_short_and_whole(paste, tmp_path):
    done = paste("1. Everything known of the address", "1. Everything known of the address 2")
    assert done.returncode == 0, done.stderr
    printed = without_head(done.stdout)
    assert printed[0] == "2026-03-02#failures#interactive"
    assert printed[1].strip() == "6 failures from 2026-03-02T12:00:00Z to 2026-03-02T12:05:00Z"
    assert printed[2].strip() == "codes 50126 (6)"
    assert printed[3].strip() == "users ann@contoso.example"
    assert "High: alice, account 111122223333, mailed 20" in done.stdout
    assert "alice (IAMUser), account 111122223333, region us-east-1, MFA No" in done.stdout
    assert json.loads("\n".join(printed[printed.index("{") :]))["failures"] == "6", "the second block"
    assert len(printed[: printed.index("{")]) < 20
    assert {record["ip"] for record in json.loads((tmp_path / "evidence.json").read_text())} == {ADDRESS}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("203.0.113.7:49152", ADDRESS),
        ("::ffff:203.0.113.7", ADDRESS),
        ("[::ffff:203.0.113.7]:443", ADDRESS),
        (" 203.0.113.7 ", ADDRESS),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("[2001:0db8::0007]", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_may_be_spelled_in_any_way(paste, typed, kept):
    assert without_head(paste(f"spell '{typed}'").stdout) == [kept]


@pytest.mark.parametrize("typed", ["203.0.113.XXX", "signin.amazonaws.com", "203.0.113", ""])
def test_an_invalid_address_is_reported(paste, typed):
    done = paste(f"evidence '{typed}' 2026-03-01 2026-03-03")
    assert done.returncode != 0
    assert f"{typed} is not an IP address" in done.stderr


@pytest.mark.parametrize(
    "what", ["evidence 203.0.113.99 2026-03-01 2026-03-03", f"evidence {ADDRESS} 2026-04-01 2026-04-03"]
)
def test_an_address_without_records_is_reported(paste, what):
    done = paste(what)
    assert (done.returncode, without_head(done.stdout)) == (1, [])
    assert "nothing is recorded of 203.0.113." in done.stderr
    assert "in pivotwatch-evidence, us-east-1" in done.stderr


def test_a_failed_query_is_not_an_empty_result(paste):
    done = paste("TABLE=another", "1. Everything known of the address")
    assert done.returncode != 0
    assert "ResourceNotFoundException" in done.stderr
    assert "nothing is recorded" not in done.stderr


@runs("4. What the session did next")
def test_the_sessions_events_are_looked_up_in_every_region(paste):
    happened = "printf '2026-03-02T12:40:00Z\\tap-southeast-2\\tCreateAccessKey\\tiam.amazonaws.com\\n'"
    answers = {
        "cloudtrail lookup-events --region ap-southeast-2 --start-time 2026-03-02T12:30:00Z --lookup-attributes "
        "AttributeKey=Username,AttributeValue=alice": happened,
        "ec2 describe-regions": "printf 'eu-north-1\\tap-southeast-2\\tus-east-1\\n'",
    }
    done = paste("4. What the session did next", account=ACCOUNT, answers=answers)
    assert (done.returncode, done.stderr) == (0, "")
    counted, event = without_head(done.stdout)
    assert counted == "1 events of alice since 2026-03-02T12:30:00Z"
    assert event.split("\t")[1:3] == ["ap-southeast-2", "CreateAccessKey"]


@runs("5. Other activity of the day")
def test_the_days_incidents_have_headings_and_the_worst_are_first(paste, stack):
    other = "203.0.113.8"
    stack.upload("runbook/root.json", lines(failures(other, NOON, 9)))
    # Before the others, so that only the severity sorts it last.
    stack.log_in(console_login(other, NOON + timedelta(minutes=5), identity="identity_center"))
    stack.log_in(console_login(other, NOON + timedelta(minutes=10), identity="root"))
    stack.log_in(console_login(other, NOON + timedelta(minutes=50), identity="root", userAgent="another"))
    done = paste("5. Other activity of the day")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in without_head(done.stdout)]
    assert rows[0] == ["SEVERITY", "LOGIN", "USER", "ACCOUNT", "ADDRESS", "MAILED"]
    assert [row[0] for row in rows[1:5]] == ["High", "High", "High", "Medium"]
    assert rows[2][1:5] == ["2026-03-02T12:30:00Z", "alice", ACCOUNT, ADDRESS]
    assert rows[5] == ["FAILURES", "ADDRESS", "SOURCE", "FIRST", "LAST"]
    assert [row[:3] for row in rows[6:]] == [["9", other, "interactive"], ["6", ADDRESS, "interactive"]]


def test_a_day_without_incidents_is_reported(paste):
    quiet = BLOCKS["5. Other activity of the day"].commands.replace("day=2026-03-02", "day=2026-05-05")
    assert without_head(paste(quiet).stdout) == [
        "no incident is listed on 2026-05-05",
        "no address is listed on 2026-05-05",
    ]


# --- Contain ---


@runs("6. Contain")
def test_credentials_for_another_account_are_refused(paste):
    right, wrong = (paste("6. Contain", account=account) for account in (ACCOUNT, "444455556666"))
    assert (right.returncode, without_head(right.stdout)) == (0, [f"these are credentials for {ACCOUNT}"])
    assert (wrong.returncode, without_head(wrong.stdout)) == (1, [])
    assert "STOP" in wrong.stderr


@runs("6. Contain 2")
def test_an_iam_user_is_contained(paste, stack):
    iam = stack.server.client("iam", account=ACCOUNT)
    iam.create_user(UserName="alice")
    keys = [iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    done = paste("6. Contain 2", account=ACCOUNT)
    assert (done.returncode, done.stderr) == (0, "")
    attached = iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == ["arn:aws:iam::aws:policy/AWSDenyAll"]
    found = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    assert {key["AccessKeyId"]: key["Status"] for key in found} == dict.fromkeys(keys, "Inactive")
    assert "AWSDenyAll" in done.stdout


def test_a_missing_user_is_an_error(paste):
    done = paste("6. Contain 2", account="444455556666")
    assert done.returncode != 0
    assert "NoSuchEntity" in done.stderr


@runs("6. Contain 3")
def test_the_sessions_of_a_role_are_revoked(paste, stack):
    iam = stack.server.client("iam", account=ACCOUNT)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="Operators", AssumeRolePolicyDocument=json.dumps(trust))
    before = datetime.now(UTC).replace(microsecond=0)
    done = paste("6. Contain 3", account=ACCOUNT)
    assert (done.returncode, done.stderr) == (0, "")
    policy = iam.get_role_policy(RoleName="Operators", PolicyName="AWSRevokeOlderSessions")["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    revoked = datetime.fromisoformat(statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
    assert before <= revoked <= datetime.now(UTC)


@pytest.fixture
def member(stack):
    """Another account of the organisation than the page's."""
    created = stack.server.client("organizations").create_account(Email="a@example.com", AccountName="member")
    return created["CreateAccountStatus"]["AccountId"]


@runs("6. Contain 4")
def test_a_user_of_identity_center_is_contained(paste, stack, member):
    """The emulator lacks Identity Center, so this test answers its two calls."""
    answers = {
        "sso-admin list-instances": "echo d-1234567890",
        "identitystore get-user-id --identity-store-id d-1234567890": "echo 1111-2222",
    }
    done = paste(BLOCKS["6. Contain 4"].commands.replace(ACCOUNT, member), answers=answers)
    assert (done.returncode, done.stderr) == (0, "")
    (statement,) = attached_policy(stack, member, "pivotwatch-deny-1111-2222")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"identitystore:UserId": "1111-2222"}}


def test_a_user_missing_in_identity_center_is_an_error(paste):
    answers = {
        "sso-admin list-instances": "echo d-1234567890",
        "identitystore get-user-id": "echo 'ResourceNotFoundException: no such user' >&2; (exit 254)",
        "organizations": "echo 'nothing may be made for nobody' >&2; (exit 254)",
    }
    done = paste("6. Contain 4", answers=answers)
    assert done.returncode != 0
    assert "no such user" in done.stderr
    assert "nothing may be made" not in done.stderr


@runs("6. Contain 5", "6. Contain 6")
def test_a_root_users_protection_is_shown_and_a_members_root_is_contained(paste, stack, member):
    shown = paste("6. Contain 5", account=ACCOUNT)
    assert shown.returncode == 0, shown.stderr
    assert "access_keys" in shown.stdout
    assert "mfa_devices" in shown.stdout
    done = paste(BLOCKS["6. Contain 6"].commands.replace(ACCOUNT, member))
    assert (done.returncode, done.stderr) == (0, "")
    (statement,) = attached_policy(stack, member, "pivotwatch-deny-root")["Statement"]
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}


def attached_policy(stack, account, name):
    """The document of the service control policy with this name, which denies everything in an account."""
    organizations = stack.server.client("organizations")
    policies = organizations.list_policies_for_target(TargetId=account, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    (identifier,) = [policy["Id"] for policy in policies if policy["Name"] == name]
    document = json.loads(organizations.describe_policy(PolicyId=identifier)["Policy"]["Content"])
    (statement,) = document["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    return document


# --- False positives ---


@runs("Likely false positives")
def test_only_the_exports_of_the_named_days_are_copied(paste, stack):
    bucket = stack.outputs["ExportBucket"]
    stack.upload(KEY.format(day=3), lines(failures("203.0.113.9", NOON + timedelta(days=1), 2)))
    copied = {}

    def copy():
        copied["done"] = paste("Likely false positives")

    summary = stack.after("ingest", copy)
    done = copied["done"]
    assert (done.returncode, done.stderr) == (0, "")
    assert summary["Failures"] == summary["Duplicates"] == 6, "nothing counts twice"
    moved = [line for line in done.stdout.replace("\r", "\n").splitlines() if "copy: " in line]
    assert [line.startswith("(dryrun)") for line in moved] == [True, False], "one object, listed and then copied"
    assert all(f"s3://{bucket}/{KEY.format(day=2)} to s3://{bucket}/{KEY.format(day=2)}" in line for line in moved)


@runs("Likely false positives 2", "Likely false positives 3", "Likely false positives 4", "Likely false positives 5")
def test_a_filter_suppresses_its_mails_until_it_is_removed(paste, stack, noon):
    listed = paste("Likely false positives 2")
    assert listed.returncode == 0, listed.stderr
    sns = stack.server.client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=stack.outputs["TopicArn"])["Subscriptions"]
    (subscription,) = [one["SubscriptionArn"] for one in subscriptions if "mailbox" in one["Endpoint"]]
    assert subscription in listed.stdout

    def mailed(block: str, address: str) -> bool:
        done = paste(BLOCKS[block].filled(ARN_FROM_THE_TABLE_ABOVE=subscription)) if block in BLOCKS else paste(block)
        assert (done.returncode, done.stderr) == (0, "")
        stack.upload(f"runbook/{address}.json", lines(failures(address, noon)))
        assert stack.log_in(console_login(address, noon))["Publishes"] == 1
        return bool(stack.mails_about(address))

    try:
        whole_addresses, one_network = "Likely false positives 3", "Likely false positives 4"
        assert not mailed(whole_addresses, "198.51.100.7")
        assert mailed(whole_addresses, "198.51.100.9")
        assert not mailed(one_network, "198.51.100.10")
        assert mailed(one_network, "198.51.101.10")
        # The pitfall that the page names: a second network disables the filter.
        command = BLOCKS[one_network].filled(ARN_FROM_THE_TABLE_ABOVE=subscription)
        second = command.replace('"}}]}', '"}}, {"anything-but": {"prefix": "192.0.2."}}]}')
        assert second != command
        assert mailed(second, "198.51.100.11")
    finally:
        assert mailed("Likely false positives 5", "198.51.100.12")


# --- Chat, tickets and filters ---

CHAT = "https://global.sns-api.chatbot.amazonaws.com"


@runs("Slack and Teams")
def test_a_chat_channel_that_is_not_subscribed_is_an_error(paste, stack):
    unheard = paste("Slack and Teams")
    assert (unheard.returncode, without_head(unheard.stdout)[0]) == (1, "0 chat channels")
    sns = stack.server.client("sns")
    channel = sns.subscribe(
        TopicArn=stack.outputs["TopicArn"], Protocol="https", Endpoint=CHAT, ReturnSubscriptionArn=True
    )
    heard = paste("Slack and Teams")
    assert (heard.returncode, without_head(heard.stdout)[0]) == (0, "1 chat channels"), heard.stderr
    sns.unsubscribe(SubscriptionArn=channel["SubscriptionArn"])


@runs("PagerDuty", "A queue")
def test_a_webhook_and_a_queue_are_subscribed(paste, stack, noon):
    sns, topic = stack.server.client("sns"), stack.outputs["TopicArn"]

    def subscribed(endpoint: str) -> str:
        pages = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        (arn,) = [one["SubscriptionArn"] for one in pages if one["Endpoint"] == endpoint]
        return arn

    url = "https://127.0.0.1:9/integration"
    done = paste(BLOCKS["PagerDuty"].filled(URL_OF_THE_INTEGRATION=url))
    assert (done.returncode, done.stderr) == (0, "")
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscribed(url))["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == json.loads(FILTER_OF_PAGERDUTY)

    queue = stack.subscribe_queue()
    arn = stack.queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.unsubscribe(SubscriptionArn=subscribed(arn))
    done = paste(BLOCKS["A queue"].filled(ARN_OF_THE_QUEUE=arn))
    assert (done.returncode, done.stderr) == (0, "")
    address = "198.51.100.20"
    stack.upload(f"runbook/{address}.json", lines(failures(address, noon)))
    stack.log_in(console_login(address, noon))
    (finding,) = stack.received(queue)
    (incident,) = [record for record in stack.evidence(address) if "#incident#" in record["record"]]
    assert (finding["class_uid"], finding["finding_info"]["uid"]) == (2004, incident["id"]), "the finding itself"


# The filter with which PagerDuty's webhook is subscribed.
SUBSCRIPTION_OF_PAGERDUTY = re.search(r"--attributes '(.+)'", BLOCKS["PagerDuty"].commands)[1]
FILTER_OF_PAGERDUTY = json.loads(SUBSCRIPTION_OF_PAGERDUTY)["FilterPolicy"]

# The filters of the page's table and of PagerDuty, and which messages of these attributes each accepts.
ACCEPTED = {
    "PagerDuty": lambda message: message["kind"] in ("incident", "digest", "test"),
    "what is High, and digests with it": lambda message: message.get("severity") == "High",
    "what is High, and all that is no incident": lambda message: (
        message.get("severity") == "High" or message["kind"] != "incident"
    ),
    "incidents of one account": lambda message: message.get("account") == ACCOUNT,
    "incidents of one account, and digests": lambda message: (
        message.get("account") == ACCOUNT or message["kind"] == "digest"
    ),
    "the first messages of one account": lambda message: message.get("account") == ACCOUNT and message["update"] == "1",
    "logins without a second factor, or of root": lambda message: (
        message.get("mfa") == "no" or '"root"' in message.get("signals", "")
    ),
    "logins without a second factor, or of root, and digests": lambda message: (
        message.get("mfa") == "no" or '"root"' in message.get("signals", "") or message["kind"] == "digest"
    ),
    "no updates": lambda message: message.get("update") == "1" or message["kind"] != "incident",
    "changes of tuning entries": lambda message: message["kind"] == "tuning",
}


def test_every_filter_of_the_page_accepts_what_it_says(stack, noon):
    filters = dict(re.findall(r"^\| ([^|`]+) \| `(\{.+\})` \|$", runbook.TEXT, re.M))
    filters["PagerDuty"] = FILTER_OF_PAGERDUTY
    assert filters.keys() == ACCEPTED.keys()
    everything = stack.subscribe_queue()
    queues = {name: stack.subscribe_queue(FilterPolicy=policy) for name, policy in filters.items()}

    other = console_login("198.51.100.32", noon) | {"recipientAccountId": "444455556666"}
    other["additionalEventData"]["MFAUsed"] = "Yes"
    for login in [
        console_login("198.51.100.31", noon),
        other,
        console_login("198.51.100.31", noon + timedelta(hours=2)),
    ]:
        address = login["sourceIPAddress"]
        stack.upload(f"runbook/{address}.json", lines(failures(address, noon, user="bob@contoso.example")))
        assert stack.log_in(login)["Publishes"] == 1
    for attributes in [{"kind": "tuning", "tuning_news": "added"}, {"kind": "digest", "severity": "Medium"}]:
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        stack.server.client("sns").publish(
            TopicArn=stack.outputs["TopicArn"], Subject="a message", Message="a message", MessageAttributes=typed
        )

    def attributes_of(queue: str) -> list[dict[str, str]]:
        envelopes = stack.received(queue)
        return [{name: one["Value"] for name, one in each["MessageAttributes"].items()} for each in envelopes]

    messages = attributes_of(everything)
    assert len(messages) == 5
    for name, queue in queues.items():
        expected = [message for message in messages if ACCEPTED[name](message)]
        assert 0 < len(expected) < len(messages), f"{name} proves nothing"
        received = attributes_of(queue)
        assert sorted(received, key=str) == sorted(expected, key=str), name


# --- Tuning ---

BY_HAND = "Tuning entries by hand"


@runs(BY_HAND, f"{BY_HAND} 2", f"{BY_HAND} 3")
def test_an_entry_is_added_listed_and_removed(paste, stack):
    try:
        added = paste(BY_HAND)
        assert (added.returncode, added.stderr) == (0, "")
        assert without_head(added.stdout) == [f"the entry is in {stack.outputs['TuningTable']}"]
        (entry,) = listed_entries(paste)
        created_at = datetime.fromisoformat(entry.pop("created_at"))
        assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=5)
        assert entry == {
            "id": "backup-veeam",
            "exclude": "failures",
            "when": {"cidr": ["198.51.100.0/24"], "app": ["Veeam*"]},
            "reason": "The backup signs in with an old password.",
            "author": "ann@example.com",
            "expires_at": "2027-01-31T00:00:00Z",
        }

        removed = paste(f"{BY_HAND} 3")
        assert (removed.returncode, without_head(removed.stdout)[-1]) == (0, "backup-veeam is removed")
        (entry,) = listed_entries(paste)
        assert abs(datetime.now(UTC) - datetime.fromisoformat(entry["removed_at"])) < timedelta(minutes=5)
    finally:
        stack.delete_tuning("backup-veeam")


def test_an_entry_is_not_replaced(paste, stack):
    entry = {"id": "backup-veeam", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"]}, "permanent": True}
    stack.tune(entry)
    try:
        added = paste(BY_HAND)
        assert added.returncode != 0
        assert "ConditionalCheckFailed" in added.stderr
        # The page's listing shows numbers as DynamoDB's texts.
        assert listed_entries(paste) == [entry | {"threshold": "50"}]
    finally:
        stack.delete_tuning("backup-veeam")


def test_a_missing_entry_is_not_removed(paste):
    removed = paste(f"{BY_HAND} 3")
    assert removed.returncode != 0
    assert "ConditionalCheckFailed" in removed.stderr
    assert listed_entries(paste) == []


def listed_entries(paste) -> list[dict]:
    listed = paste(f"{BY_HAND} 2")
    assert (listed.returncode, listed.stderr) == (0, "")
    return json.loads("\n".join(without_head(listed.stdout)))


# --- Metrics and alarms ---


def alarms(stack, region=server.REGION):
    return {
        alarm["AlarmName"]: alarm
        for alarm in stack.server.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
    }


@runs("Metrics, and what to alarm on")
def test_every_alarm_of_the_table_is_set_and_no_other(paste, stack):
    topic = stack.server.client("sns").create_topic(Name="ops")["TopicArn"]
    rows = [
        row
        for row in runbook.TEXT.splitlines()
        if row.startswith("| `") and row.endswith(("| quiet |", "| **rings** |"))
    ]
    table = {name: row for row in rows for name in runbook.names(row.split("|")[1]) if name != "--trail"}
    of_the_backstop = {"ingest-undelivered", "trail-rule-failed", "trail-records"}

    done = paste(BLOCKS["Metrics, and what to alarm on"].filled(TOPIC_ARN=topic))
    assert (done.returncode, done.stderr) == (0, "")
    assert alarms(stack).keys() == {f"pivotwatch-{name}" for name in table.keys() - of_the_backstop}
    done = paste(f"infra/alarms.sh {topic} --trail")
    assert done.returncode == 0, done.stderr
    found = alarms(stack)
    assert found.keys() == {f"pivotwatch-{name}" for name in table}
    for name, row in table.items():
        alarm = found[f"pivotwatch-{name}"]
        assert alarm["AlarmActions"] == [topic]
        assert alarm["TreatMissingData"] == ("breaching" if row.endswith("**rings** |") else "notBreaching"), name
        if "MetricName" in alarm:
            assert alarm["MetricName"].removeprefix("Rejected.") in row, name
    silent_without_data = {name for name in table if found[f"pivotwatch-{name}"]["TreatMissingData"] == "breaching"}
    assert silent_without_data == {"sign-ins", "logins", "sweeps", "trail-records"}
    watched = {alarm.get("MetricName") for alarm in found.values()}
    assert "RecordsRead" not in watched, "with a backstop it never stops"
    for queue in (
        "ingest-failures",
        "detect-failures",
        "detect-undelivered",
        "sweep-undelivered",
        "ingest-undelivered",
    ):
        (dimension,) = found[f"pivotwatch-{queue}"]["Dimensions"]
        assert stack.queues.get_queue_url(QueueName=dimension["Value"])


def test_an_alarm_that_is_refused_stops_the_script(paste):
    refused = {
        "cloudwatch put-metric-alarm --alarm-name pivotwatch-ingest-throttles": "echo AccessDenied >&2; (exit 254)"
    }
    done = paste("infra/alarms.sh arn:aws:sns:us-east-1:000000000000:ops", answers=refused)
    assert done.returncode != 0
    assert "alarms notify" not in done.stdout


@runs("Metrics, and what to alarm on 2")
def test_a_forwarding_rule_gets_its_alarm_in_its_own_region(paste, stack):
    topic = "arn:aws:sns:eu-north-1:000000000000:ops"
    block = BLOCKS["Metrics, and what to alarm on 2"].filled(FORWARDING_REGION="eu-north-1", TOPIC_ARN=topic)
    done = paste(block)
    assert (done.returncode, done.stderr) == (0, "")
    assert alarms(stack, "eu-north-1")["pivotwatch-forward-failed"]["AlarmActions"] == [topic]


@runs("Metrics, and what to alarm on 3")
def test_a_topic_without_subscribers_is_an_error(paste, stack):
    block = "Metrics, and what to alarm on 3"
    heard = paste(block)
    assert heard.returncode == 0, heard.stderr
    assert "subscribers are confirmed" in heard.stdout
    empty = stack.server.client("sns").create_topic(Name="nobody")["TopicArn"]
    unheard = paste(f"topic={empty}", block)
    assert unheard.returncode == 1
    assert "NOBODY is subscribed" in unheard.stderr


# --- Errors and queues ---


@runs("Error codes in the logs")
def test_the_errors_of_both_functions_are_shown_with_their_times(paste, stack):
    stack.upload("runbook/picture.png", b"\x89PNG\r\n\x1a\n\x00\x00")
    stack.after("detect", lambda: stack.invoke("detect", {"hello": "world"}))
    done = paste("Error codes in the logs")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in without_head(done.stdout)]
    assert rows == sorted(rows)
    assert all(datetime.now(UTC) - datetime.fromisoformat(row[0]) < timedelta(hours=1) for row in rows)
    assert ["ingest", "WARN", "object.not_an_export"] in [row[1:4] for row in rows]
    assert ["detect", "WARN", "event.unrecognised"] in [row[1:4] for row in rows]
    assert any("runbook/picture.png" in row[4] for row in rows)


def failed_events(stack, *addresses):
    """What Lambda writes to the failure queue, about objects that are readable now."""
    queue, bucket = stack.outputs["IngestFailureQueueUrl"], stack.outputs["ExportBucket"]
    stack.queues.purge_queue(QueueUrl=queue)
    for address in addresses:
        stack.upload(f"runbook/again-{address}.json", lines(failures(address, NOON, 2)))
        s3 = {"bucket": {"name": bucket}, "object": {"key": f"runbook/again-{address}.json"}}
        event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}
        answer = {"errorType": "object.unavailable", "errorMessage": "S3 did not answer"}
        body = {"version": "1.0", "requestPayload": event, "responsePayload": answer}
        stack.queues.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    return queue


@runs("The failure queues")
def test_all_failed_events_are_redriven(paste, stack):
    addresses = [f"192.0.2.{number}" for number in range(1, 13)]
    queue = failed_events(stack, *addresses)
    before = len(stack.summaries("ingest"))
    done = paste("The failure queues")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        without_head(done.stdout)[-1]
        == "12 of 12 events of pivotwatch-ingest-failures were given back to pivotwatch-ingest"
    )
    assert done.stdout.count('"errorType":"object.unavailable"') == 12
    assert stack.messages(queue) == 0
    again = stack.wait_for(
        "all twelve", lambda: stack.summaries("ingest")[before + 11 :] and stack.summaries("ingest")[before:]
    )
    assert sum(summary["Duplicates"] for summary in again) == 24


@pytest.mark.parametrize(
    "failing", ["lambda invoke", "sqs receive-message", "sqs get-queue-attributes", "sqs delete-message"]
)
def test_a_redrive_stops_with_an_error_at_the_first_failure(paste, stack, failing):
    queue = failed_events(stack, "192.0.2.101", "192.0.2.102")
    done = paste("The failure queues", answers={failing: "echo 'An error occurred' >&2; (exit 254)"})
    assert done.returncode != 0
    assert "2 of 2" not in done.stdout
    assert stack.messages(queue) == 2, "neither is lost"
    stack.queues.purge_queue(QueueUrl=queue)


def test_an_empty_queue_is_no_error(paste, stack):
    failed_events(stack)
    done = paste("The failure queues")
    assert (done.returncode, done.stderr) == (0, "")
    assert without_head(done.stdout)[-1].startswith("0 of 0 events")


def test_an_undelivered_event_is_redriven_unchanged(paste, stack):
    queue = stack.outputs["DetectUndeliveredQueueUrl"]
    event = {"source": "aws.signin", "detail": console_login("192.0.2.200", NOON)}
    stack.queues.send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    block = BLOCKS["The failure queues"].commands.replace(
        "queue=pivotwatch-ingest-failures function=pivotwatch-ingest",
        "queue=pivotwatch-detect-undelivered function=pivotwatch-detect",
    )
    given = {}
    summary = stack.after("detect", lambda: given.update(done=paste(block)))
    assert given["done"].returncode == 0, given["done"].stderr
    assert summary["Logins"] == 1
    assert stack.messages(queue) == 0


# --- The table ---


@runs("Upgrades and rollback")
def test_the_format_of_a_state_is_shown(paste):
    done = paste("Upgrades and rollback")
    assert (done.returncode, done.stderr) == (0, "")
    assert without_head(done.stdout)[0].removeprefix("format ").isdigit()


@pytest.mark.parametrize(
    ("key", "said"),
    [("2026-03-02#failures#adfs", "there is no such record"), ("2026-03-02#login#", "there is no such record")],
)
def test_a_missing_item_has_no_format(paste, key, said):
    commands = BLOCKS["Upgrades and rollback"].commands.replace("2026-03-02#failures#interactive", key)
    assert without_head(paste(commands).stdout) == [said]


def test_a_failed_read_shows_no_format(paste):
    done = paste("TABLE=another", "Upgrades and rollback")
    assert (done.returncode != 0, without_head(done.stdout)) == (True, [])


@runs("Deleting evidence")
def test_all_records_of_an_address_are_deleted_and_counted(paste, stack):
    address = "192.0.2.55"
    stack.upload("runbook/delete.json", lines(failures(address, NOON)))
    stack.log_in(console_login(address, NOON))
    kept = len(stack.evidence(ADDRESS))
    commands = BLOCKS["Deleting evidence"].commands.replace("203.0.113.7", f"'[::ffff:{address}]'")
    first, second = paste(commands), paste(commands)
    assert (first.returncode, first.stderr, second.returncode) == (0, "", 0)
    assert without_head(first.stdout)[0].startswith(f"3 of 3 records of {address} in pivotwatch-evidence")
    assert without_head(second.stdout)[0].startswith("0 of 0 records")
    assert not stack.evidence(address)
    assert len(stack.evidence(ADDRESS)) == kept


@runs("Self-test")
def test_the_self_test_of_the_page_passes(paste):
    done = paste("Self-test")
    assert (done.returncode, done.stderr) == (0, "")
    assert without_head(done.stdout)[-1].startswith("PASSED")


@runs("Self-test 2", "Self-test 3")
def test_the_self_test_by_hand_sends_a_mail_and_its_login_is_found(paste, stack):
    address = "203.0.113.77"
    done = paste("Self-test 2")
    assert done.returncode == 0, done.stderr
    (mail,) = stack.wait_for("the mail of the self-test", lambda: stack.mails_about(address))
    assert "TEST" in mail.subject
    found = paste(BLOCKS["Self-test 3"].filled(YOUR_ADDRESS=address))
    assert found.returncode == 0, found.stderr
    assert without_head(found.stdout)[0].split("\t")[1:] == ["us-east-1", "self-test", "111122223333"]
