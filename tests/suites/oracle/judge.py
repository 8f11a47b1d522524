"""Runs the rule over worlds."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

import duckdb_kql

from oracle import sentinel, tuned_rule
from oracle.entry import Entry, Thresholds
from oracle.findings import ADDRESS, COLUMNS, Incident, Login, by_day
from oracle.rule import TABLES, runnable
from oracle.tuned_rule import IN_WINDOW
from oracle.world import LOOPBACK, Options, World

EVENT_COLUMNS = (*COLUMNS, "StartTime", "AwsEventId")
"""The columns of a login."""


class Judge:
    """An engine with the rule."""

    def __init__(self, *, whole_seconds: bool = True) -> None:
        self._whole_seconds = whole_seconds
        # One thread, because the tables are small and other processes run beside this one.
        self._engine = duckdb_kql.connect(config={"threads": 1})

    def incidents(self, worlds: Iterable[World], options: Options) -> list[Incident]:
        """The incidents that pivotwatch must find in `worlds`."""
        return self.findings(worlds, options)[0]

    def findings(self, worlds: Iterable[World], options: Options) -> tuple[list[Incident], set[Login]]:
        """The incidents, and every matching login."""
        self._load(worlds)
        incidents = self._rows(options.threshold)
        if options.several_days:
            self._put_windows(options)
        logins = self._matching(self._run(options.threshold, *EVENT_COLUMNS, each_event=True), options)
        return by_day(logins) if options.several_days else incidents, logins

    def tuned(self, worlds: Sequence[World], options: Options, entries: Sequence[Entry]) -> set[Login]:
        """Every login that matches under the tuned rule.

        The threshold can depend on the time of a login, and the rule has one for each address. So the tuned rule runs
        once for each segment of the thresholds, and answers for the logins of that segment.
        """
        self._load(worlds)
        addresses = set().union(*(world.addresses for world in worlds))
        for table in TABLES:
            query = tuned_rule.counted(table, entries, addresses)
            columns = tuple(sentinel.COLUMNS[table])
            self._engine.execute(f"CREATE OR REPLACE TABLE {table} AS {_translated(query, columns, distinct=False)}")
        if options.several_days:
            self._put_windows(options)
        thresholds, matching = Thresholds(entries), set()
        for segment in range(thresholds.segments(addresses)):
            with_segment = [address for address in addresses if thresholds.segments([address]) > segment]
            query = tuned_rule.query(options.threshold, entries, with_segment, segment)
            rows = self._engine.execute(_translated(query, EVENT_COLUMNS, distinct=True)).fetchall()
            matching |= {
                login
                for login in self._matching(rows, options)
                if thresholds.segment(login.columns[ADDRESS], login.time) == segment
            }
        return matching

    def in_window(self, worlds: Iterable[World], threshold: int, start: datetime, end: datetime) -> set[Login]:
        """The matching logins in one window, including both ends."""
        self._load(worlds)
        for table in sentinel.COLUMNS:
            self._engine.execute(f"DELETE FROM {table} WHERE TimeGenerated NOT BETWEEN ? AND ?", [start, end])
        rows = self._run(threshold, *EVENT_COLUMNS, each_event=True)
        return {Login(row[:-2], *row[-2:]) for row in rows}

    def _load(self, worlds: Iterable[World]) -> None:
        for table, rows in sentinel.tables(worlds, whole_seconds=self._whole_seconds).items():
            columns = ", ".join(f"{name}: '{kind}'" for name, kind in sentinel.COLUMNS[table].items())
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
                file.flush()
                self._engine.execute(
                    f"CREATE OR REPLACE TABLE {table} AS "
                    f"FROM read_json(?, format = 'newline_delimited', columns = {{{columns}}})",
                    [file.name],
                )

    def _rows(self, threshold: int) -> list[Incident]:
        """The rule's rows over all rows of the tables."""
        rows = self._run(threshold, *COLUMNS, "StartTime", "EndTime")
        return [Incident(row[:-2], *row[-2:], event_ids=None) for row in rows]

    def _put_windows(self, options: Options) -> None:
        """Puts every window into the tables, so that the rule finds the logins that match in some window.

        There are as many windows as instants, but only those that begin or end with an event of the address differ in
        content. Any other window can be shifted to such a one without a loss.

        One run of the query for each window would take long. The rule compares addresses as texts for equality, except
        for the two loopback addresses. So the tables hold every window at once, and the text of an address includes its
        window: rows of two windows cannot match. `test_judge` compares this with one run for each window.
        """
        self._windows(options)
        for table, address in (*((table, "IPAddress") for table in TABLES), ("AWSCloudTrail", "SourceIpAddress")):
            self._engine.execute(f"""
                CREATE OR REPLACE TABLE {table} AS
                SELECT facts.* REPLACE (windows.label AS {address})
                FROM {table} AS facts JOIN windows ON windows.address = facts.{address}
                WHERE TimeGenerated BETWEEN windows.first AND windows.last
            """)

    def _matching(self, rows: Iterable[tuple], options: Options) -> set[Login]:
        """The logins of the rule's rows, without their windows."""
        logins = set()
        for row in rows:
            columns, time, event_id = list(row[:-2]), row[-2], row[-1]
            columns[ADDRESS], _, start = columns[ADDRESS].partition(IN_WINDOW)
            # In the order "failures first" only the window that ends with the login counts.
            if not start or options.order == "any" or time == datetime.fromisoformat(start) + options.window:
                logins.add(Login(tuple(columns), time, event_id))
        return logins

    def _windows(self, options: Options) -> None:
        length = int(options.window.total_seconds())
        self._engine.execute(f"""
            CREATE OR REPLACE TABLE windows AS
            WITH events AS (
                {" UNION ".join(f"SELECT IPAddress AS address, TimeGenerated AS time FROM {table}" for table in TABLES)}
                UNION SELECT SourceIpAddress, TimeGenerated FROM AWSCloudTrail
            ), starts AS (
                SELECT address, time AS first FROM events
                UNION SELECT address, time - to_seconds({length}) FROM events
            )
            SELECT address, first, first + to_seconds({length}) AS last,
                CASE WHEN address IN {LOOPBACK} THEN address
                ELSE concat(address, '{IN_WINDOW}', strftime(first, '%Y-%m-%dT%H:%M:%S.%f+00:00')) END AS label
            FROM starts
        """)

    def _run(self, threshold: int, *columns: str, each_event: bool = False) -> list[tuple]:
        return self._engine.execute(_sql(threshold, columns, each_event)).fetchall()


@cache
def _sql(threshold: int, columns: tuple[str, ...], each_event: bool) -> str:
    """The rule in the engine's own language, with some of its columns. Translating takes longer than running."""
    return _translated(runnable(threshold, each_event=each_event), columns, distinct=each_event)


def _translated(query: str, columns: tuple[str, ...], *, distinct: bool) -> str:
    """A query in the engine's own language, with some of its columns."""
    schema = {table: list(columns) for table, columns in sentinel.COLUMNS.items()}
    # A login that matches in many windows is returned once.
    return f"SELECT {'DISTINCT' if distinct else ''} {', '.join(columns)} FROM ({duckdb_kql.to_sql(query, schema)})"
