"""docs/TABLE.md against the store: every attribute with its type, and every query in a shell."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeSerializer
from pages import LIBRARY, PROJECT, tables

from local_aws import server, shell

PAGE = (PROJECT / "docs" / "TABLE.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
SNAPSHOT = PROJECT / "tests/suites/store/snapshots/store__dynamodb__people_read_plain_attributes.snap"

RECORDS = json.loads(SNAPSHOT.read_text().split("---\n", 2)[2])
# The section of the page for each kind of record.
KINDS = {"failures": "A tally", "login": "A login", "incident": "An incident"}
# The kinds of records that each query finds.
FINDS = ["failures login incident", "failures", "incident", "incident"]


def kind(record: dict) -> str:
    return KINDS[record["record"].split("#")[1]]


def documented(section: str) -> dict[str, str]:
    """The attributes in the tables of a section, with their types."""
    types = {}
    for header, rows in tables(PAGE, section):
        column = next((index for index, name in enumerate(header) if name == "type"), None)
        if column is not None:
            for row in rows:
                names = re.findall(r"`(\w+)`", row[0])
                types |= dict.fromkeys(names, re.match(r"\w+", row[column])[0])
    return types


def type_of(name: str, value: object) -> str:
    if (name, value) == ("state", "[bytes]"):
        return "B"
    if name == "expires_at" or type(value) is int:
        return "N"
    return {str: "S", bool: "BOOL", list: "L", dict: "M"}[type(value)]


def struct_fields(file: str, name: str) -> set[str]:
    body = re.search(rf"^(?:pub )?struct {name} \{{\n(.*?)^\}}$", (LIBRARY / file).read_text(), re.M | re.S)[1]
    # A flattened field has no name of its own, and a skipped one is not written.
    body = re.sub(r"#\[serde\((?:flatten|skip)\)\]\s+(?:pub )?\w+:", "", body)
    renamed = set(re.findall(r'rename = "(\w+)"', body))
    return renamed or set(re.findall(r"^    (?:pub )?(\w+):", body, re.M))


def test_every_attribute_that_the_code_can_write_is_documented_and_no_other():
    item = "store/dynamodb/item.rs"
    keys = set(re.findall(r'^(?:pub\(super\) )?const \w+: &str = "(\w+)";', (LIBRARY / item).read_text(), re.M))
    common = documented("Keys")
    assert common.keys() == keys
    columns = struct_fields("detection/incident.rs", "Columns")
    reported = struct_fields("detection/reporting.rs", "Reported")
    written = {
        "A tally": struct_fields(item, "TallyItem"),
        "A login": struct_fields("detection/login.rs", "Login"),
        "An incident": struct_fields(item, "IncidentItem") | columns | reported,
        "An announcement": struct_fields(item, "AnnouncementItem") | struct_fields("store/mod.rs", "Resettlement"),
        "The ledger": struct_fields("detection/ledger.rs", "Ledger") | struct_fields("detection/ledger.rs", "Slots"),
        "The activity": struct_fields("store/activity.rs", "Activity"),
        "A source in `reported_failures`": struct_fields("detection/incident.rs", "SourceFailures"),
    }
    for section, names in written.items():
        assert documented(section).keys() == names - keys, section


@pytest.mark.parametrize("record", RECORDS, ids=kind)
def test_every_attribute_of_a_record_has_the_documented_type(record):
    types = documented("Keys") | documented(kind(record))
    assert {name: type_of(name, value) for name, value in record.items()} == {name: types[name] for name in record}


def test_the_index_projects_what_the_page_says():
    terraform = (PROJECT / "infra/terraform/evidence_table.tf").read_text()
    projected = re.findall(r'"(\w+)"', re.search(r"non_key_attributes = \[(.*?)\]", terraform, re.S)[1])
    sentence = re.search(r"It projects (.*?)\.", PAGE, re.S)[1]
    assert re.findall(r"`(\w+)`", sentence) == projected


# --- The queries ---


def key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@pytest.fixture(scope="module")
def emulator():
    with server.running() as running:
        table = running.client("dynamodb")
        keys = {"ip": "S", "record": "S", "listed": "S", "rank": "N"}
        table.create_table(
            TableName="pivotwatch-evidence",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys.items()],
            KeySchema=key_schema("ip", "record"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_day",
                    "KeySchema": key_schema("listed", "rank"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for record in RECORDS:
            item = record | {"expires_at": Decimal(4102444800)}
            if "state" in item:
                item["state"] = b"\2"
            encoded = {name: TypeSerializer().serialize(value) for name, value in item.items()}
            table.put_item(TableName="pivotwatch-evidence", Item=encoded)
        yield running


def found(emulator, block: str, folder: Path) -> list[str]:
    """The names of the records that a block prints."""
    done = shell.run(emulator, f"set -e\n{block}", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    names, decoder, rest = [], json.JSONDecoder(), done.stdout.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        names += [item["record"]["S"] for item in answer.get("Items", [answer.get("Item")])]
        rest = rest[end:].strip()
    return names


def test_each_query_has_a_twin_in_partiql():
    assert ["execute-statement" in block for block in BLOCKS] == [False, True] * (len(BLOCKS) // 2)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_query_finds_its_records(emulator, tmp_path, number):
    kinds = FINDS[number // 2]
    # Two shards, one with a record and one without; each query takes a second.
    block = BLOCKS[number].replace("in {0..9} {a..f};", "in 0 f;")
    expected = [record["record"] for record in RECORDS if record["record"].split("#")[1] in kinds.split()]
    assert sorted(found(emulator, block, tmp_path)) == sorted(expected)
