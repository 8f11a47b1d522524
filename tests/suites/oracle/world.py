"""A world: sign-ins and console logins as they happened, and the files that tell of them."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

LOOPBACK = ("127.0.0.1", "::1")
"""The addresses that the rule leaves out."""

SAMPLED = 256
"""Failures of an hour of which pivotwatch keeps all. Of more it keeps some, and must decide as if it kept all."""

REMEMBERED = 64 * 1024
"""Bytes of the names of a tally's users, of which pivotwatch keeps all. Of more it keeps some, and must say so."""

NO_FAILURES = ("0", "50125", "50140")
"""The result codes that it leaves out."""

TABLE_OF_CATEGORY = {"SignInLogs": "SigninLogs", "NonInteractiveUserSignInLogs": "AADNonInteractiveUserSignInLogs"}
"""Where Sentinel's connector puts the categories that the rule counts. Others go to tables that it does not read."""


@dataclass(frozen=True)
class Copy:
    """Where a fact is told: in which file, and in which of the ways to write it."""

    file: int
    manner: int = 0


@dataclass(frozen=True)
class SignIn:
    """A row of a sign-in log. One sign-in has several where it has interim and final results."""

    category: str
    address: str
    code: str
    time: datetime
    id: str
    """Empty where the record has none, which `correlation` then tells from others."""
    correlation: str
    user: str
    copies: tuple[Copy, ...]

    @property
    def occurrences(self) -> int:
        """How many sign-ins the copies are: one by its id; without an id, equal rows of one file are distinct."""
        return 1 if self.id else max(Counter(copy.file for copy in self.copies).values())


@dataclass(frozen=True)
class Record:
    """A CloudTrail record."""

    body: dict[str, Any]
    kind: str
    """What kind of identity it is about."""
    copies: tuple[Copy, ...]

    @property
    def address(self) -> str:
        return self.body.get("sourceIPAddress") or ""

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.body["eventTime"])

    @property
    def is_successful_login(self) -> bool:
        result = (self.body.get("responseElements") or {}).get("ConsoleLogin", "")
        return self.body["eventName"].lower() == "consolelogin" and result.lower() == "success"


@dataclass(frozen=True)
class File:
    """A file, by what it holds and how."""

    form: str
    packed: bool


@dataclass(frozen=True)
class World:
    """Facts and files."""

    number: int
    sign_ins: tuple[SignIn, ...]
    records: tuple[Record, ...]
    files: tuple[File, ...]

    @property
    def addresses(self) -> frozenset[str]:
        """Every address of the world, but for those that are the same in all worlds."""
        facts = (*self.sign_ins, *self.records)
        return frozenset(fact.address for fact in facts) - {*LOOPBACK}

    def keeping(self, facts: list[SignIn | Record]) -> "World":
        """The same world with no other facts than these."""
        sign_ins = tuple(fact for fact in facts if isinstance(fact, SignIn))
        return replace(self, sign_ins=sign_ins, records=tuple(fact for fact in facts if isinstance(fact, Record)))


@dataclass(frozen=True)
class Options:
    """What the rule is asked, and pivotwatch alike."""

    several_days: bool
    """Whether facts lie anywhere; otherwise all lie within one UTC day, so that one window holds all of them."""
    threshold: int = 5
    window: timedelta = timedelta(hours=24)
    order: str = "any"

    def arguments(self) -> list[str]:
        """As pivotwatch's arguments."""
        minutes = int(self.window.total_seconds() // 60)
        return ["--threshold", str(self.threshold), "--window", f"{minutes}m", "--order", self.order]
