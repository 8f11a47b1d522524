"""A world: sign-ins and console logins, and the files that contain them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from local_aws.exports import TENANT
from oracle.entry import Entry

LOOPBACK = ("127.0.0.1", "::1")
"""The loopback addresses that the rule ignores."""

WORLD_BITS = 48
"""The length of the prefix that a world's IPv6 addresses have in common."""

SAMPLED = 256
"""Failures of an hour up to which a tally keeps all. Beyond, it keeps a part, but decides as if it kept all."""

REMEMBERED = 64 * 1024
"""Bytes of a tally's user names up to which it keeps all. Beyond, it keeps a part and reports that."""

SUCCESS = "0"
"""The result code of a successful sign-in."""

HIDDEN_USER = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""CloudTrail's text in place of the user of a failed login whom the account does not have."""

NO_FAILURES = ("0", "50125", "50140")
"""The result codes that the rule ignores."""

TABLE_OF_CATEGORY = {"SignInLogs": "SigninLogs", "NonInteractiveUserSignInLogs": "AADNonInteractiveUserSignInLogs"}
"""The tables of Sentinel's connector for the categories that the rule counts. It does not read the others."""


@dataclass(frozen=True)
class Copy:
    """A copy of a fact: its file, and its form in the file."""

    file: int
    manner: int = 0


@dataclass(frozen=True)
class Client:
    """What a sign-in says about its client. `None` is a field that the record lacks."""

    app: str | None
    client_app: str | None
    operation: str | None
    user_agent: str | None


@dataclass(frozen=True)
class SignIn:
    """A row of a sign-in log. A sign-in with interim and final results has several."""

    category: str
    address: str
    code: str
    time: datetime
    id: str
    """Empty in a record without an id, which `correlation` distinguishes from others."""
    correlation: str
    user: str
    client: Client
    copies: tuple[Copy, ...]
    tenant: str = TENANT

    @property
    def occurrences(self) -> int:
        """The number of distinct sign-ins among the copies: one by its id; without an id, equal rows of one file are
        distinct.
        """
        return 1 if self.id else max(Counter(copy.file for copy in self.copies).values())


@dataclass(frozen=True)
class Record:
    """A CloudTrail record."""

    body: dict[str, Any]
    kind: str
    """The kind of its identity."""
    copies: tuple[Copy, ...]

    @property
    def address(self) -> str:
        return self.body.get("sourceIPAddress") or ""

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.body["eventTime"])

    @property
    def is_successful_login(self) -> bool:
        return self._is_login("success")

    @property
    def is_failed_login(self) -> bool:
        return self._is_login("failure")

    def _is_login(self, result: str) -> bool:
        found = (self.body.get("responseElements") or {}).get("ConsoleLogin", "")
        return self.body["eventName"].lower() == "consolelogin" and found.lower() == result


@dataclass(frozen=True)
class File:
    """A file, by form and compression."""

    form: str
    packed: bool


@dataclass(frozen=True)
class World:
    """Facts, files and tuning entries."""

    number: int
    sign_ins: tuple[SignIn, ...]
    records: tuple[Record, ...]
    files: tuple[File, ...]
    entries: tuple[Entry, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of the world, except loopback, which is the same in all worlds."""
        facts = (*self.sign_ins, *self.records)
        return frozenset(fact.address for fact in facts) - {*LOOPBACK}

    def keeping(self, parts: "list[SignIn | Record | Entry]") -> "World":
        """The world with these facts and entries alone."""
        return replace(
            self,
            sign_ins=tuple(part for part in parts if isinstance(part, SignIn)),
            records=tuple(part for part in parts if isinstance(part, Record)),
            entries=tuple(part for part in parts if isinstance(part, Entry)),
        )


@dataclass(frozen=True)
class Options:
    """The parameters of the rule, for both sides."""

    several_days: bool
    """`True` if facts lie on any day; otherwise all lie within one UTC day, so that one window holds all of them."""
    threshold: int = 5
    window: timedelta = timedelta(hours=24)
    order: str = "any"
    ipv6_network: int | None = 64
    """The bits of the networks that are judged too; `None` for no networks."""

    def arguments(self) -> list[str]:
        """The arguments for pivotwatch."""
        minutes = int(self.window.total_seconds() // 60)
        arguments = ["--threshold", str(self.threshold), "--window", f"{minutes}m", "--order", self.order]
        return [*arguments, "--ipv6-network", str(self.ipv6_network or "none")]


def entries_of(worlds: Iterable[World]) -> list[Entry]:
    """The entries of some worlds. An entry that several of them share is there once."""
    return [*{entry.id: entry for world in worlds for entry in world.entries}.values()]
