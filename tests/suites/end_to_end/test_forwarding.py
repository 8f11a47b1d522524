"""The scripts that forward events of other regions, other accounts and a trail's bucket to the deployment."""

import itertools
import json

import pytest

from local_aws import server, shell

HOME = "000000000000"
MAIN = server.REGION
BUS = f"arn:aws:events:{MAIN}:{HOME}:event-bus/default"
SOME = [MAIN, "eu-north-1", "ap-southeast-2"]
OF_SOME = f"--regions '{' '.join(SOME)}'"
RULE = "pivotwatch-forward"


@pytest.fixture(scope="module")
def emulator():
    with server.running() as running:
        yield running


_numbers = itertools.count(1)


@pytest.fixture
def member():
    """An empty member account, one for each test."""
    return str(222222222222 + next(_numbers))


def targets(emulator, region, *, account=None, rule=RULE):
    """The targets of a rule; `None` without the rule."""
    events = emulator.client("events", region, account)
    if not events.list_rules(NamePrefix=rule)["Rules"]:
        return None
    return {target["Arn"]: target["RoleArn"] for target in events.list_targets_by_rule(Rule=rule)["Targets"]}


def test_in_a_member_account_every_region_forwards_the_main_region_included(emulator, member):
    done = shell.run(emulator, f"infra/forward-logins.sh {MAIN} --home {HOME} {OF_SOME}", account=member)
    assert done.returncode == 0, done.stderr
    assert MAIN in SOME
    for region in SOME:
        assert targets(emulator, region, account=member) == {BUS: f"arn:aws:iam::{member}:role/{RULE}"}, region
        assert f"\n{region:16} ENABLED   {RULE} -> {BUS}\n" in done.stdout, "the list says so"


def test_the_default_is_all_enabled_regions(emulator, member):
    done = shell.run(emulator, f"infra/forward-logins.sh {MAIN} --home {HOME} --check", account=member)
    regions = {region["RegionName"] for region in emulator.client("ec2").describe_regions()["Regions"]}
    assert MAIN in regions
    assert {line.split()[0] for line in done.stdout.splitlines() if "MISSING" in line} == regions


def test_a_second_run_repairs_missing_and_changed_resources(emulator, member):
    command = f"infra/forward-logins.sh {MAIN} --home {HOME} {OF_SOME}"
    first = shell.run(emulator, command, account=member)
    assert first.returncode == 0, first.stderr
    events = emulator.client("events", "eu-north-1", member)
    events.remove_targets(Rule=RULE, Ids=["main"])
    emulator.client("events", "ap-southeast-2", member).disable_rule(Name=RULE)
    emulator.client("iam", account=member).delete_role_policy(RoleName=RULE, PolicyName="forward")

    second = shell.run(emulator, command, account=member)
    assert (second.returncode, second.stdout) == (0, first.stdout), second.stderr
    for region in SOME:
        assert targets(emulator, region, account=member).keys() == {BUS}
    policy = emulator.client("iam", account=member).get_role_policy(RoleName=RULE, PolicyName="forward")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", BUS)


def test_a_region_that_is_added_later_gets_its_target_too(emulator, member):
    """The role exists already. That case once left every new region with a rule but no target."""
    for region in SOME:
        done = shell.run(emulator, f"infra/forward-logins.sh {MAIN} --home {HOME} --regions {region}", account=member)
        assert done.returncode == 0, done.stderr
        assert targets(emulator, region, account=member).keys() == {BUS}


def test_a_target_that_is_refused_in_an_answer_of_status_0_stops_it(emulator, member):
    refused = {f"events put-targets --region {SOME[1]}": "printf '1\\tConcurrentModification\\tnot now\\n'"}
    command = f"infra/forward-logins.sh {MAIN} --home {HOME} {OF_SOME}"
    done = shell.run(emulator, command, account=member, answers=refused)
    assert done.returncode != 0
    assert f"{SOME[1]} refused the target of {RULE}: ConcurrentModification: not now" in done.stderr
    assert targets(emulator, SOME[0], account=member).keys() == {BUS}
    assert targets(emulator, SOME[2], account=member) is None, "it goes on to no other region"
    assert "Console logins of" not in done.stdout


@pytest.mark.parametrize(
    "call", ["iam put-role-policy", "events put-rule", "events put-targets", "ec2 describe-regions"]
)
def test_the_first_call_that_fails_stops_it(emulator, member, call):
    failing = {call: "echo 'An error occurred (AccessDenied)' >&2; (exit 254)"}
    done = shell.run(emulator, f"infra/forward-logins.sh {MAIN} --home {HOME}", account=member, answers=failing)
    assert done.returncode != 0
    assert "AccessDenied" in done.stderr
    assert "stopped while" in done.stderr or "refused" in done.stderr
    assert not targets(emulator, MAIN, account=member)


def test_it_waits_until_a_new_role_can_be_assumed(emulator, member):
    tried = emulator.folder / f"tried-{member}"
    # The first call is refused, every other one is real.
    not_yet = (
        f'if [ -e {tried} ]; then exec {shell.TOOLS / "aws"} "$@"; fi; touch {tried}; '
        "echo 'An error occurred (ValidationException): the role cannot be assumed' >&2; (exit 254)"
    )
    command = f"infra/forward-logins.sh {MAIN} --home {HOME} --regions {MAIN}"
    done = shell.run(emulator, command, account=member, answers={"events put-targets": not_yet})
    assert done.returncode == 0, done.stderr
    assert tried.exists()
    assert targets(emulator, MAIN, account=member).keys() == {BUS}


def test_checking_changes_nothing_and_names_what_is_missing(emulator, member):
    command = f"infra/forward-logins.sh {MAIN} --home {HOME} {OF_SOME}"
    empty = shell.run(emulator, f"{command} --check", account=member)
    assert empty.returncode == 1
    assert empty.stdout.count(f"MISSING   no rule {RULE}") == len(SOME)
    assert targets(emulator, MAIN, account=member) is None

    assert shell.run(emulator, command, account=member).returncode == 0
    emulator.client("events", SOME[1], member).remove_targets(Rule=RULE, Ids=["main"])
    emulator.client("events", SOME[2], member).disable_rule(Name=RULE)
    half = shell.run(emulator, f"{command} --check", account=member)
    assert half.returncode == 1
    assert f"{SOME[1]:16} MISSING   {RULE}, without the target {BUS}" in half.stdout
    assert f"{SOME[2]:16} DISABLED" in half.stdout
    assert "2 regions do not forward" in half.stderr


def test_a_member_account_without_its_home_is_refused_before_anything_is_made(emulator, member):
    done = shell.run(emulator, f"infra/forward-logins.sh {MAIN}", account=member)
    assert done.returncode == 1
    assert "name that by --home" in done.stderr
    assert not emulator.client("iam", account=member).list_roles()["Roles"]


def test_at_home_every_region_but_the_main_one_gets_a_rule(stack):
    command = f"infra/forward-logins.sh {MAIN} {OF_SOME}"
    first, second = (shell.run(stack.server, command) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout
    own = f"arn:aws:lambda:{MAIN}:{HOME}:function:pivotwatch-detect"
    assert f"\n{MAIN:16} ENABLED   pivotwatch-console-login -> {own}\n" in first.stdout
    assert targets(stack.server, MAIN) is None, "a login of the main region would come twice"
    for region in SOME[1:]:
        assert targets(stack.server, region).keys() == {BUS}
        assert f"\n{region:16} ENABLED   {RULE} -> {BUS}\n" in first.stdout


def test_at_home_a_refused_target_stops_it(stack):
    refused = {f"events put-targets --region {SOME[2]}": "printf '1\\tInternalException\\tnot now\\n'"}
    done = shell.run(stack.server, f"infra/forward-logins.sh {MAIN} {OF_SOME}", answers=refused)
    assert done.returncode != 0
    assert f"{SOME[2]} refused the target of {RULE}: InternalException: not now" in done.stderr


def test_the_forwarding_rules_match_what_the_deployments_rules_match(stack):
    """A forwarded event that no rule matches costs money, and one that is not forwarded is lost."""
    events = stack.server.client("events", "eu-north-1")
    shell.run(stack.server, f"infra/forward-logins.sh {MAIN} {OF_SOME}")
    forwarded = json.loads(events.describe_rule(Name=RULE)["EventPattern"])
    own = json.loads(stack.events.describe_rule(Name=stack.outputs["ConsoleLoginRule"])["EventPattern"])
    assert forwarded == own | {"source": ["aws.signin"]}

    bucket = "trail-of-all-regions"
    done = shell.run(stack.server, f"infra/forward-trail.sh {bucket} eu-north-1")
    assert done.returncode == 0, done.stderr
    rule = f"{RULE}-trail"
    assert targets(stack.server, MAIN, rule=rule).keys() == {f"arn:aws:events:eu-north-1:{HOME}:event-bus/default"}
    forwarded = json.loads(stack.events.describe_rule(Name=rule)["EventPattern"])
    assert forwarded == json.loads(stack.events.describe_rule(Name=stack.outputs["TrailRule"])["EventPattern"])
    stack.events.remove_targets(Rule=rule, Ids=["main"])
    stack.events.delete_rule(Name=rule)


def test_a_trail_bucket_beside_the_deployment_needs_no_forwarding(stack):
    done = shell.run(stack.server, f"infra/forward-trail.sh trail-of-all-regions {MAIN}")
    assert (done.returncode, done.stdout[:18]) == (0, "Nothing to forward"), done.stderr
    assert targets(stack.server, MAIN, rule=f"{RULE}-trail") is None


# --- The bucket's notifications ---

SIEM = {
    "Id": "siem",
    "QueueArn": f"arn:aws:sqs:{MAIN}:{HOME}:siem",
    "Events": ["s3:ObjectCreated:*"],
    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "AWSLogs/"}]}},
}


@pytest.fixture
def bucket(emulator):
    """A bucket that already notifies a SIEM's queue."""
    name = f"trail-{next(_numbers)}-of-a-siem"
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": SIEM["QueueArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    emulator.client("sqs").create_queue(QueueName="siem", Attributes={"Policy": policy})
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"QueueConfigurations": [SIEM]})
    return name


def configuration(emulator, bucket):
    answer = emulator.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_enabling_notifications_shows_the_difference_and_keeps_the_others(emulator, bucket):
    before = configuration(emulator, bucket)
    done = shell.run(emulator, f"infra/notify-trail.sh {bucket} --yes")
    assert done.returncode == 0, done.stderr
    changed = [line for line in done.stdout.splitlines() if line.startswith(("+ ", "- "))]
    assert changed == ['+  "EventBridgeConfiguration": {},']
    assert configuration(emulator, bucket) == before | {"EventBridgeConfiguration": {}}

    again = shell.run(emulator, f"infra/notify-trail.sh {bucket} --yes")
    assert (again.returncode, "already" in again.stdout) == (0, True)


def test_an_empty_configuration_is_no_failed_read(emulator):
    emulator.client("s3").create_bucket(Bucket="trail-without-notifications")
    done = shell.run(emulator, "infra/notify-trail.sh trail-without-notifications --yes")
    assert done.returncode == 0, done.stderr
    assert configuration(emulator, "trail-without-notifications") == {"EventBridgeConfiguration": {}}


def test_without_a_yes_nothing_is_changed(emulator, bucket):
    before = configuration(emulator, bucket)
    done = shell.run(emulator, f"infra/notify-trail.sh {bucket}")
    assert (done.returncode, "EventBridgeConfiguration" in done.stdout) == (1, True)
    assert configuration(emulator, bucket) == before


def test_a_read_that_is_refused_changes_nothing(emulator, bucket):
    """The user may put but not get. A put of the switch alone would delete the SIEM's notification."""
    allowed = {"Effect": "Allow", "Action": "s3:PutBucketNotification", "Resource": "*"}
    user = _user(emulator, allowed)
    before = configuration(emulator, bucket)
    done = shell.run(emulator, f"infra/notify-trail.sh {bucket} --yes", **user)
    assert done.returncode == 1
    assert "AccessDenied" in done.stderr
    assert "nothing was changed" in done.stderr
    assert configuration(emulator, bucket) == before


@pytest.mark.parametrize(
    "answer", ["(exit 255)", "echo '{\"QueueConf'", "echo 'Unable to locate credentials' >&2; (exit 253)"]
)
def test_any_other_error_of_the_read_changes_nothing(emulator, bucket, answer):
    before = configuration(emulator, bucket)
    reading = {"s3api get-bucket-notification-configuration": answer}
    done = shell.run(emulator, f"infra/notify-trail.sh {bucket} --yes", answers=reading)
    assert (done.returncode, "nothing was changed" in done.stderr) == (1, True)
    assert configuration(emulator, bucket) == before


def test_a_refused_put_is_reported(emulator, bucket):
    user = _user(emulator, {"Effect": "Allow", "Action": "s3:GetBucketNotification", "Resource": "*"})
    before = configuration(emulator, bucket)
    done = shell.run(emulator, f"infra/notify-trail.sh {bucket} --yes", **user)
    assert (done.returncode, "S3 refused the change" in done.stderr) == (1, True)
    assert configuration(emulator, bucket) == before


def _user(emulator, *statements):
    """The credentials of a user with these permissions alone."""
    iam, name = emulator.client("iam"), f"user-{next(_numbers)}"
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
