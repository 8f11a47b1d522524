"""Sign-ins, console logins with their truth, and the day that collects them."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from local_aws.exports import USER_AGENT
from oracle.entry import Entry

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
"""The start of the day."""

IDENTITY_CENTER, IAM_USER, ROOT = "identity_center", "iam_user", "root"

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
REGIONS = ("us-east-1", "eu-north-1", "ap-southeast-2")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCRIPT = "python-requests/2.32.3"


@dataclass(frozen=True)
class SignIn:
    """A sign-in to Entra ID."""

    address: str
    time: datetime
    user: str
    id: str
    code: str = "0"
    source: str = "interactive"
    app: str = "Office 365 Exchange Online"
    client_app: str = "Browser"
    operation: str = "Sign-in activity"
    user_agent: str = USER_AGENT
    delay: timedelta = timedelta(minutes=5)
    """Time from the sign-in to its record in the export."""

    @property
    def failed(self) -> bool:
        return self.code != "0"


@dataclass(frozen=True)
class Login:
    """A login to the AWS console."""

    address: str
    time: datetime
    user: str
    """The name of the IAM user, or of the session: with Identity Center, the mail address."""
    kind: str
    scenario: str
    id: str
    is_attack: bool = False
    has_mfa: bool = False
    succeeded: bool = True
    account: str = ACCOUNTS[0]
    region: str = REGIONS[0]
    user_agent: str = USER_AGENT


@dataclass
class Day:
    """The facts of a day. The same random numbers give the same day."""

    random: Random
    sign_ins: list[SignIn] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    """A tuning entry for each scenario of the rule's document."""

    def id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def time(self, first: float, last: float) -> datetime:
        """A random time between two hours of the day."""
        return MIDNIGHT + timedelta(seconds=round(self.random.uniform(first, last) * 3600))

    def sign_in(self, address: str, time: datetime, user: str, code: str = "0", **fields) -> SignIn:
        """Adds a sign-in, a success unless a code is given."""
        fields.setdefault("delay", timedelta(minutes=self.random.randint(2, 15)))
        self.sign_ins.append(SignIn(address, time, user, self.id(), code, **fields))
        return self.sign_ins[-1]

    def login(self, address: str, time: datetime, user: str, kind: str, scenario: str, **fields) -> Login:
        """Adds a console login."""
        self.logins.append(Login(address, time, user, kind, scenario, self.id(), **fields))
        return self.logins[-1]

    def federated(self, address: str, time: datetime, user: str, scenario: str, **fields) -> Login:
        """Adds a login by Identity Center and the sign-in to Entra ID that precedes it."""
        self.sign_in(address, time - timedelta(seconds=20), user, app="AWS IAM Identity Center")
        return self.login(address, time, user, IDENTITY_CENTER, scenario, **fields)

    def failed_login(self, login: Login, before: timedelta) -> None:
        """Adds a failed attempt at a login."""
        self.logins.append(replace(login, time=login.time - before, id=self.id(), succeeded=False))


def names(number: int) -> list[str]:
    """Distinct names of people."""
    return [f"person.{place}" for place in range(number)]


def mail(name: str) -> str:
    """The Entra user of a name."""
    return f"{name}@fabrikam.example"


def spread(random: Random, items: Sequence, number: int) -> list:
    """`number` items: each at least once if there are enough, the others at random."""
    return [*random.sample(items, min(number, len(items))), *random.choices(items, k=max(0, number - len(items)))]


def codes(random: Random, weights: dict[str, int], number: int) -> Iterable[str]:
    """`number` result codes with the given weights."""
    return random.choices([*weights], weights=[*weights.values()], k=number)
