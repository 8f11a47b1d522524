"""Derives again which entries hide an incident, from the facts of a world.

It shares no code with pivotwatch, and none with the KQL that decides whether an incident is hidden.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from oracle import sentinel
from oracle.entry import FAILURES, LOGINS, Entry, Thresholds
from oracle.facts import SOURCES, Facts, Failure
from oracle.findings import COLUMNS, Incident, Login
from oracle.judged_world import hour
from oracle.tuned_rule import CLASSES
from oracle.world import SAMPLED, Options, Record, World


class Tuning:
    """The entries of some worlds, and the logins that they judge, which are of addresses or of networks."""

    def __init__(self, entries: Sequence[Entry], worlds: Iterable[World], facts: Facts, options: Options) -> None:
        self._entries = entries
        self._thresholds = Thresholds(entries)
        self._facts = facts
        self._options = options
        self._records = {sentinel.event_id(record): record for world in worlds for record in world.records}

    def logins(self, incident: Incident) -> list[Login]:
        """The matching logins of an incident by the rule without entries."""
        return self._facts.logins(incident)

    def named(self, incident: Incident, others: Collection[Login]) -> list[str]:
        """The ids of every entry that excludes a login of the incident or a failure near it, or sets its threshold.

        Entries that apply to logins in `others` alone do not count.
        """
        logins = [login for login in self.logins(incident) if login not in others]
        return sorted({entry.id for login in logins for entry in self._of_login(incident, login)})

    def is_certain(self, incident: Incident) -> bool:
        """`False` if what an entry excludes may be unknown: an hour has more failures than a tally keeps."""
        reads_failures = any(
            entry.effect == FAILURES
            and entry.applies_to(incident.address)
            and (entry.when.keys() - {"cidr", "source"} or entry.starts_at or entry.expires_at)
            for entry in self._entries
        )
        return not reads_failures or not any(self._has_crowd(incident.address, source) for source in SOURCES.values())

    def _has_crowd(self, address: str, source: str) -> bool:
        hours = [hour(failure.time) for failure in self._facts.failures(address, source)]
        return any(hours.count(each) > SAMPLED for each in {*hours})

    def _of_login(self, incident: Incident, login: Login) -> Iterator[Entry]:
        address, record = incident.address, self._records[login.event_id]
        entries = [entry for entry in self._entries if entry.applies_to(address)]
        yield from (
            entry
            for entry in entries
            if entry.effect == LOGINS and entry.contains(login.time) and _excludes_login(entry, incident, record)
        )
        for source in SOURCES.values():
            failures = self._facts.failures(address, source)
            segment = self._thresholds.segment(address, login.time)
            yield from self._thresholds.in_segment(address, segment, source)[:1]
            near = [failure for failure in failures if self._is_near(failure.time, login.time)]
            yield from (
                entry
                for entry in entries
                if entry.effect == FAILURES and any(_excludes_failure(entry, failure, source) for failure in near)
            )

    def _is_near(self, failure: datetime, login: datetime) -> bool:
        window = self._options.window
        return login - window <= failure <= (login + window if self._options.order == "any" else login)


def _excludes_failure(entry: Entry, failure: Failure, source: str) -> bool:
    values = {
        "user": [failure.user],
        "app": [failure.client.app or ""],
        "operation": [failure.client.operation or ""],
        "client_app": [failure.client.client_app or ""],
        "user_agent": [failure.client.user_agent or ""],
        "code": [failure.code],
        "code_class": CLASSES.get(failure.code, ()),
        "source": [source],
    }
    return entry.contains(failure.time) and _hold(entry, values)


def _excludes_login(entry: Entry, incident: Incident, record: Record) -> bool:
    columns = dict(zip(COLUMNS, incident.columns, strict=True))
    identity = record.body.get("userIdentity") or {}
    name, suffix = columns["AccountName"], columns["AccountUPNSuffix"]
    values = {
        "principal": [identity.get("arn") or "", name, f"{name}@{suffix}" if suffix else name],
        "account": [columns["RecipientAccountId"] or identity.get("accountId") or ""],
        "region": [columns["AWSRegion"]],
        "user_agent": [columns["UserAgent"]],
    }
    return _hold(entry, values)


def _hold(entry: Entry, values: dict[str, Iterable[str]]) -> bool:
    """`True` if each condition, except that on the address, holds for one of its values."""
    return all(
        any(_matches(pattern, value) for pattern in patterns for value in values[name])
        for name, patterns in entry.when.items()
        if name != "cidr"
    )


def _matches(pattern: str, text: str) -> bool:
    regex = ".*".join(map(re.escape, pattern.lower().split("*")))
    return re.fullmatch(regex, text.lower(), re.DOTALL) is not None
