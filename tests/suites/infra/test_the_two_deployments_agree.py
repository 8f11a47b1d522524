"""infra/sam and infra/terraform are the same deployment, written twice and compared here."""

import itertools
import json
import re
from datetime import date

import pictures
import pytest
import runs
import sam_template
import terraform_module

# The variable for the packages' path, which SAM knows without a parameter.
TERRAFORM_ONLY = {"package_folder"}

ASPECTS = [
    "resources",
    "functions",
    "asynchronous invocation",
    "roles",
    "who may invoke",
    "log groups",
    "bucket",
    "tables",
    "topic",
    "queues",
    "queue policies",
    "rules",
    "schedules",
    "outputs",
]


@pytest.fixture(scope="session", params=runs.RUNS)
def both(request, terraform_deployments):
    return runs.of_sam(request.param), runs.of_terraform(request.param, terraform_deployments)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_they_agree_on(aspect, both):
    sam, terraform = both
    lines = pictures.differences(sam[aspect], terraform[aspect], aspect)
    assert not lines, "infra/sam and infra/terraform differ:\n  " + "\n  ".join(lines)


def test_every_aspect_is_compared(both):
    for picture in both:
        assert sorted(picture) == sorted(ASPECTS)


def test_every_property_of_the_template_is_compared():
    stacks = [sam_template.Stack(**parameters) for parameters in runs.RUNS.values()]
    unseen = {
        f"{name}: {resource['Type']}.{prop}"
        for stack in stacks
        for name, resource in stack.resources.items()
        for prop in resource["Properties"].keys() - pictures.SHOWN.get(resource["Type"], set())
    }
    assert not unseen, f"add these to tests/suites/infra/pictures.py, on both sides: {sorted(unseen)}"


def test_the_parameters_have_the_same_names_and_descriptions():
    parameters = {
        re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): " ".join(parameter["Description"].split())
        for name, parameter in sam_template.load()["Parameters"].items()
    }
    # Lists and maps are text in SAM alone, and only Terraform empties a bucket before it deletes it.
    said_otherwise = {"sources", "tuning_entries", "account_names", "extra_event_sources", "deletion_protection"}
    variables = dict(
        re.findall(
            r'^variable "(\w+)" \{\s+description = (?:"((?:[^"\\]|\\.)*)"|<<-EOT)',
            (terraform_module.MODULE / "variables.tf").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    assert variables.keys() - TERRAFORM_ONLY == parameters.keys()
    for name in parameters.keys() - said_otherwise:
        assert variables[name] == parameters[name], name


def test_text_is_checked_by_the_same_patterns():
    variables = (terraform_module.MODULE / "variables.tf").read_text(encoding="utf-8")
    for name, parameter in sam_template.load()["Parameters"].items():
        # Terraform checks lists and maps item by item.
        items = {"Sources", "TuningEntries", "AccountNames", "ExtraEventSources"}
        if "AllowedPattern" in parameter and name not in items:
            assert '"{}"'.format(parameter["AllowedPattern"].replace("\\", "\\\\")) in variables, name


def test_an_invalid_window_is_refused_before_the_deployment():
    """Valid windows are from an hour to a week, as in shared/pivotwatch/src/settings.rs."""
    pattern = re.compile(sam_template.load()["Parameters"]["Window"]["AllowedPattern"])
    for unit, minutes in {"m": 1, "h": 60, "d": 24 * 60}.items():
        for number in range(12_000):
            assert bool(pattern.search(f"{number}{unit}")) == (60 <= number * minutes <= 7 * 24 * 60), f"{number}{unit}"
    for text in ("", "24", "h", "1.5h", "-1h", "24 h", "24hh", "24h "):
        assert not pattern.search(text), text


def test_an_invalid_network_is_refused_before_the_deployment():
    """Valid lengths are from 48 to 128 bits, as in shared/pivotwatch/src/detection/parameters.rs."""
    pattern = re.compile(sam_template.load()["Parameters"]["Ipv6Network"]["AllowedPattern"])
    for bits in range(1000):
        assert bool(pattern.search(str(bits))) == (48 <= bits <= 128), bits
    assert pattern.search("none")
    for text in ("", "None", "/64", "064", "64 "):
        assert not pattern.search(text), text


def test_changing_every_parameter_is_part_of_the_comparison():
    assert runs.RUNS["changed"].keys() == sam_template.load()["Parameters"].keys()


def test_a_key_without_its_bucket_is_refused():
    """In Terraform, a run of mocked.tftest.hcl that must fail."""
    with pytest.raises(sam_template.RefusedError, match="only together with TrailBucket"):
        sam_template.Stack(TrailKeyArn=runs.RUNS["changed"]["TrailKeyArn"])


def test_tuning_entries_that_are_no_list_or_too_long_are_refused():
    """In Terraform, runs of mocked.tftest.hcl that must fail."""
    for refused in ("", "{}", '{"id":"office-oslo"}', "[" + " " * 1999 + "]"):
        with pytest.raises(sam_template.RefusedError, match="TuningEntries must be a JSON list"):
            sam_template.Stack(TuningEntries=refused)
    assert sam_template.Stack(TuningEntries='[\n  {"id": "office-oslo"}\n]')


def test_an_end_of_observing_is_a_time_in_utc():
    """Every day of the calendar, as in shared/pivotwatch/src/settings.rs, which also accepts other time zones."""
    pattern = re.compile(sam_template.load()["Parameters"]["ObserveUntil"]["AllowedPattern"])
    for year in (2026, 2027, 2028, 2032, 2096):
        for month, day in itertools.product(range(14), range(33)):
            written = f"{year}-{month:02}-{day:02}"
            assert bool(pattern.search(f"{written}T00:00:00Z")) == is_date(written), written
    for clock in ("23:59:59", "00:00:00"):
        assert pattern.search(f"2026-03-09T{clock}Z")
    for text in ("2026-03-09", "2026-03-09T24:00:00Z", "2026-03-09T00:60:00Z", "2026-03-09T00:00:00", "tomorrow"):
        assert not pattern.search(text), text


def is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def test_an_end_of_observing_without_observing_is_refused():
    """In Terraform, a run of mocked.tftest.hcl that must fail."""
    with pytest.raises(sam_template.RefusedError, match="only together with Mode=observe"):
        sam_template.Stack(ObserveUntil="2026-03-09T00:00:00Z")
    assert sam_template.Stack(Mode="observe")


def test_account_names_that_the_functions_refuse_are_refused():
    """In Terraform, runs of mocked.tftest.hcl that must fail."""
    refused = [
        {"payments-prod": "111122223333"},
        {"1111222233334": "long id"},
        {"111122223333": ""},
        {"111122223333": "x" * 65},
        {"111122223333": 7},
        {"111122223333": ["list"]},
        ["111122223333"],
        {f"{number:012}": "x" * 30 for number in range(30)},
    ]
    for names in [*map(json.dumps, refused), "", '{"111122223333": "x"', '{"111122223333": "\n"}']:
        with pytest.raises(sam_template.RefusedError, match="AccountNames must be a JSON object"):
            sam_template.Stack(AccountNames=names)
    for names in [{}, {"111122223333": "x" * 64}, {f"{number:012}": 'Påfyll "\\\n' for number in range(20)}]:
        for ascii_only, indent in itertools.product((True, False), (None, 1)):
            assert sam_template.Stack(AccountNames=json.dumps(names, ensure_ascii=ascii_only, indent=indent))


# AWS allows 4 KB for all environment variables of a function.
ENVIRONMENT_BYTES = 4096


def test_the_longest_variables_fit_the_environment(both):
    """Each variable is at its longest. The topic's ARN has the longest region, and the name its 28 characters."""
    longest = {
        "PIVOTWATCH_TABLE": f"{'a' * 28}-evidence",
        "PIVOTWATCH_TOPIC_ARN": f"arn:aws-us-gov:sns:ap-southeast-2:123456789012:{'a' * 28}-incidents",
        "PIVOTWATCH_THRESHOLD": "255",
        "PIVOTWATCH_WINDOW": "10080m",
        "PIVOTWATCH_ORDER": "failures_first",
        "PIVOTWATCH_SOURCES": "interactive,non_interactive,service_principal,managed_identity,adfs",
        "PIVOTWATCH_IPV6_NETWORK": "none",
        "PIVOTWATCH_SUCCESSES": "ignore",
        "PIVOTWATCH_RETENTION_DAYS": "3650",
        "PIVOTWATCH_TUNING_TABLE": f"{'a' * 28}-tuning",
        "PIVOTWATCH_TUNING": "[" + " " * 1998 + "]",
        "PIVOTWATCH_ADDRESS_LIMIT": "100",
        "PIVOTWATCH_HOUR_LIMIT": "250",
        "PIVOTWATCH_MODE": "observe",
        "PIVOTWATCH_OBSERVE_UNTIL": "2026-03-09T00:00:00Z",
        "PIVOTWATCH_ACCOUNT_NAMES": "{" + " " * 998 + "}",
        "PIVOTWATCH_HTTPS_FORM": "finding",
        "PIVOTWATCH_RUNBOOK_URL": "https://" + "a" * 192,
    }
    for picture in both:
        for function in picture["functions"].values():
            assert function["environment"].keys() == longest.keys()
    lengths = {
        "PIVOTWATCH_TUNING": sam_template.load()["Parameters"]["TuningEntries"]["MaxLength"],
        "PIVOTWATCH_ACCOUNT_NAMES": sam_template.load()["Parameters"]["AccountNames"]["MaxLength"],
    }
    assert {name: len(longest[name]) for name in lengths} == lengths
    assert sum(len(name) + len(value) for name, value in longest.items()) < ENVIRONMENT_BYTES


# AWS's limits on names by kind. A queue's also applies to Lambda's destination.
LONGEST_NAMES = {
    "AWS::Serverless::Function": ("FunctionName", 64),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
}


def test_the_longest_valid_name_fits_every_resource_and_a_longer_one_is_refused():
    """They are refused before any resource is created. AWS would stop a deployment half-way."""
    longest = "a" * 28
    stack = sam_template.Stack(**runs.RUNS["changed"] | {"Name": longest})
    for kind, (prop, most) in LONGEST_NAMES.items():
        names = [properties[prop] for properties in stack.of_type(kind).values()]
        assert names
        assert max(map(len, names)) <= most, kind
        if kind != "AWS::S3::Bucket":
            assert all(longest in name for name in names), "two deployments do not meet"
    for refused in (longest + "a", "Pivotwatch", "pivotwatch-", "1pivotwatch", "p", "pivot_watch", ""):
        with pytest.raises(sam_template.RefusedError, match="Name must have 2 to 28"):
            sam_template.Stack(Name=refused)


def test_no_name_of_the_template_comes_from_the_stacks():
    assert "AWS::StackName" not in sam_template.TEMPLATE.read_text(encoding="utf-8")


def test_a_retained_bucket_retains_its_policy():
    """A retained bucket keeps its policy. Without the policy it would accept unencrypted requests."""
    policy = sam_template.load()["Resources"]["ExportBucketPolicy"]
    assert (policy["DeletionPolicy"], policy["UpdateReplacePolicy"]) == ("Retain", "Retain")
