"""Compares pivotwatch's reading to decompression alone and to other engines, checks that all agree, and measures the
memory of ingesting.

    python compare.py BINARIES DATA [PAIRS]

Each row is the median of alternating pairs of runs on one core, in user and system CPU time. Only the ratio within a
row is meaningful; the seconds depend on the machine and its load.
"""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"

# A part of the records for jq, which would take a minute for all of them.
SMALL = "ten_thousand.json"


def cpu(command: list[str], output: Path) -> float:
    """The seconds of CPU time of a command on one core."""
    core = min(os.sched_getaffinity(0))
    with output.open("wb") as stdout:
        process = subprocess.Popen(command, stdout=stdout, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def findings(output: Path) -> list[str]:
    """The output of a command: numbers of records and failures, and the failures of each address, day and source."""
    first, *rest = output.read_text().splitlines()
    return [first, *sorted(rest)]


def memory(binaries: Path, data: Path) -> None:
    """Prints the peak memory of ingesting each file, and its difference from one record's."""
    one = data / "one.json"
    with (data / "lines.json").open("rb") as lines:
        one.write_bytes(next(lines))
    print("\n| file | MiB at most | more than for one record | command |\n|---|---|---|---|")
    least = 0.0
    for file in (one, *sorted(data.glob("*.json")), *sorted(data.glob("*.json.gz"))):
        if file.stem in ("one", "ten_thousand") and least:
            continue
        command = [str(binaries / "ingest"), str(file), "--memory"]
        mebibytes = int(subprocess.check_output(command)) / 1024
        least = least or mebibytes
        print(
            f"| {file.name} | {mebibytes:.0f} | {mebibytes - least:.0f} | `ingest {file.name} --memory` |", flush=True
        )


class Table:
    def __init__(self, binaries: Path, data: Path, pairs: int):
        self.binaries, self.data, self.pairs = binaries, data, pairs
        self.found: list[str] = []
        print("| file | ours, s | against | theirs, s | ratio | command |\n|---|---|---|---|---|---|")

    def row(
        self, file: str, name: str, command: list[str], *, own: str = "read", inverse: bool = False, agrees: bool = True
    ) -> None:
        """Prints a row: their time as a multiple of that of our program `own`, or the inverse."""
        path = str(self.data / file)
        ours, theirs = [str(self.binaries / own), path], [*command, path]
        outputs = self.data / "ours.csv", self.data / "theirs.csv"
        runs = [(cpu(ours, outputs[0]), cpu(theirs, outputs[1])) for _ in range(self.pairs)]
        found = findings(outputs[0])
        self.found = self.found or found
        if file != SMALL and found != self.found:
            raise SystemExit(f"{file} has the same sign-ins as the other files, and pivotwatch finds others")
        if agrees and found != findings(outputs[1]):
            raise SystemExit(f"{name} and pivotwatch do not agree on {file}: see {outputs[0]} and {outputs[1]}")
        ratio = statistics.median(our / their if inverse else their / our for our, their in runs)
        our, their = (statistics.median(times) for times in zip(*runs, strict=True))
        shown = " ".join(Path(word).name if "/" in word else word for word in theirs)
        print(f"| {file} | {our:.2f} | {name} | {their:.2f} | {ratio:.2f} | `{shown}` |", flush=True)


def main() -> None:
    table = Table(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    inflate = [str(table.binaries / "inflate")]
    for file in ("lines.json.gz", "batch.json.gz", "sorted.json.gz", "any_order.json.gz"):
        table.row(file, "decompressing alone (ours / theirs)", inflate, inverse=True, agrees=False)
    table.row("lines.json", "reading alone (ours / theirs)", inflate, inverse=True, agrees=False)
    ingest = str(table.binaries / "ingest")
    table.row("lines.json.gz", "recording and settling too", [ingest])
    table.row("lines.json.gz", "`ingest` with 100 tuning entries", [ingest, "--entries"], own="ingest")
    for file in ("lines.json", "lines.json.gz"):
        table.row(file, "DuckDB", [sys.executable, str(PEERS / "with_duckdb.py")])
        table.row(file, "Polars", [sys.executable, str(PEERS / "with_polars.py")])
        table.row(file, "Python with orjson", [sys.executable, str(PEERS / "with_orjson.py")])
    with (table.data / "lines.json").open("rb") as lines, (table.data / SMALL).open("wb") as some:
        some.writelines(line for line, _ in zip(lines, range(10_000), strict=False))
    if shutil.which("jq"):
        table.row(SMALL, "jq", ["jq", "--raw-output", "--null-input", "--from-file", str(PEERS / "with_jq.jq")])
    else:
        print(f"| {SMALL} | | jq | | skipped: it is not installed | |")
    memory(table.binaries, table.data)


if __name__ == "__main__":
    main()
