"""The sums of docs/COSTS.md: the units are the measured ones of docs/BENCHMARKS.md, and every product is right."""

import math
import re

import pytest
from pages import PROJECT, tables

COSTS = (PROJECT / "docs" / "COSTS.md").read_text()
README = (PROJECT / "README.md").read_text()
BENCHMARKS = (PROJECT / "docs" / "BENCHMARKS.md").read_text()
RECORDS = 200_000
READ, WRITE = 0.125e-6, 0.625e-6


def number(cell: str) -> float:
    return float(re.sub(r"[^\d.]", "", cell))


def rows(page: str, section: str, column: str) -> list[list[str]]:
    """The rows of the table of a section whose header has the column."""
    (found,) = [rows for header, rows in tables(page, section) if column in header]
    return found


def exports() -> list[tuple[float, float, float]]:
    """Read units, write units and dollars per million sign-ins, for each number of exports a day."""
    found = rows(COSTS, "Units", "dollars a million sign-ins")
    return [(number(reads), number(writes), number(dollars)) for _, reads, writes, dollars in found]


def test_the_units_are_those_that_were_measured():
    measured = rows(BENCHMARKS, "DynamoDB's work", "read units")
    assert exports() == [(number(row[6]), number(row[7]), number(row[8])) for row in measured]


def test_the_dollars_of_exports_follow_from_their_units():
    for reads, writes, dollars in exports():
        assert dollars == pytest.approx((reads * READ + writes * WRITE) * 1e6 / RECORDS, abs=0.005)


def test_growing_copies_multiply_the_reads_of_an_hour():
    copies = 12
    (_, (hourly, _, _), (_, writes, _)) = exports()
    dollars = {row[0]: row[2] for row in rows(COSTS, "Growing copies", "from")}
    a_million = 1e6 / RECORDS
    even, most = (hourly * factor * READ * a_million for factor in ((copies + 1) / 2, copies))
    written = writes * WRITE * a_million
    assert number(dollars["reads, even growth"]) == pytest.approx(even, abs=0.005)
    assert number(dollars["reads, at most"]) == pytest.approx(most, abs=0.005)
    assert number(dollars["writes"]) == pytest.approx(written, abs=0.005)
    least, greatest, _ = re.findall(r"\d+\.\d+", dollars["together"])
    assert (float(least), float(greatest)) == pytest.approx((even + written, most + written), abs=0.005)


def test_the_scans_of_the_tuning_table_follow_from_its_entries():
    (scans,) = re.findall(r"60 × 24 × 30 = ([\d,]+) scans", COSTS)
    (each,) = re.findall(r"assume (\d+) bytes an entry", COSTS)
    assert number(scans) == 60 * 24 * 30
    for entries, units, *dollars in rows(COSTS, "The tuning table", "read units a scan"):
        most = number(entries.split(" to ")[-1])
        assert number(units) == math.ceil(most * int(each) / 4096)
        expected = [copies * number(scans) * number(units) * READ for copies in (1, 10)]
        assert [number(cell) for cell in dollars] == pytest.approx(expected, abs=0.005)
        assert most * int(each) * 0.45e-9 < 0.01, "storage and backup"


def test_the_sweep_is_the_sum_of_its_parts():
    sweeps = 4 * 24 * 30
    queries = int(re.search(r"× (\d+) queries", COSTS)[1])
    ledger = int(re.search(r"× (\d+) writes of the ledger", COSTS)[1])
    assert f"{sweeps * queries // 2:,} units" in COSTS
    assert f"{sweeps * ledger:,} units" in COSTS
    dollars = [
        sweeps * 1e-6,
        sweeps * (0.20 + 3.33 * 0.5) * 1e-6,
        sweeps * queries / 2 * READ,
        sweeps * ledger * WRITE,
    ]
    assert [number(cells[-1]) for cells in rows(COSTS, "The sweep", "a month")] == pytest.approx(dollars, abs=0.005)
    assert number(re.search(r"\[([\d.]+)\]\(#the-sweep\)", COSTS)[1]) == pytest.approx(sum(dollars), abs=0.005)


def test_the_readme_has_the_fixed_costs():
    metrics, alarms = re.search(r"× 0.30 = ([\d.]+)\..*? about 40 alarms: ([\d.]+)\.\n", COSTS, re.S).groups()
    found = re.search(
        r"some (\d+) dollars a month, nearly all of it for metrics, and (\d+) more with all alarms", README
    )
    assert [int(dollars) for dollars in found.groups()] == [round(float(dollars)) for dollars in (metrics, alarms)]


def test_the_backstop_is_the_sum_of_its_parts():
    seconds, kilobytes = map(float, re.search(r"assumes ([\d.]+) seconds and ([\d.]+) KB", COSTS).groups())
    part = {row[0]: number(row[1].split(" ×")[0]) for row in rows(COSTS, "The backstop", "a million files")}
    forwarding, kms = part.pop("EventBridge, forwarding"), part.pop("KMS, a `Decrypt`")
    part["Lambda, the time"] *= seconds
    part["CloudWatch, logs"] *= kilobytes
    plain = sum(part.values())
    sums = [plain, plain + kms, plain + kms + forwarding]
    assert [float(price) for price in re.findall(r"\*\*(\d[\d.]*)", COSTS)] == pytest.approx(sums, abs=0.005)
    for scale, files, *dollars in rows(COSTS, "The backstop", "plain"):
        accounts, regions = map(int, scale.split(" × "))
        assert number(files) == accounts * regions * 8640
        assert [number(cell) for cell in dollars] == pytest.approx([number(files) * one / 1e6 for one in sums], abs=0.1)
