"""Generates random worlds, each from the seed and its number."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from random import Random

from local_aws.exports import TENANT, console_login
from oracle import entries, identities
from oracle.clock import Clock
from oracle.entry import Entry
from oracle.findings import LOGINS_LISTED
from oracle.tuned_rule import CLASSES
from oracle.world import (
    HIDDEN_USER,
    LOOPBACK,
    NO_FAILURES,
    SAMPLED,
    SUCCESS,
    WORLD_BITS,
    Client,
    Copy,
    File,
    Options,
    Record,
    SignIn,
    World,
)

COUNTED = ("SignInLogs", "NonInteractiveUserSignInLogs")
UNCOUNTED = ("ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs", "ADFSSignInLogs")
FAILURES = (*CLASSES, "50126", "50126", "50126", "50053", "1", "00")
USERS = ("ann@contoso.example", "Alice@Contoso.Example", "bo", "ωMEGA@contoso.example", "a@b@c", "")
OFFICE = (*USERS, *(f"colleague{number}@contoso.example" for number in range(20)))
"""More users than an incident lists for a class of codes."""

MANY_USERS = tuple(f"user{number}@contoso.example" for number in range(120))
"""More logins than an incident lists."""

FORGETTABLE = 520
"""A number of users with long names that exceeds what a tally keeps."""

TENANTS = (TENANT, TENANT, "5d0c3f6d-9d3e-4f0d-8a1b-2c3d4e5f6a7b")
GUESSED = (HIDDEN_USER, HIDDEN_USER, "alice", "bo@contoso.example", *(f"guess{number}" for number in range(12)))
"""User names of failed console logins."""

APPS = ("Azure Portal", "Azure Portal", "Veeam Backup for Azure", "Office 365 Exchange Online", "", None)
CLIENT_APPS = ("Browser", "Browser", "Exchange ActiveSync", "IMAP4", "", None)
OPERATIONS = ("Sign-in activity", "Sign-in activity", "Reset password (self-service)", None)
USER_AGENTS = ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)", "python-requests/2.31.0", 'Größe [1] \\ "a" ^.$?', "", None)

SIGN_IN_FORMS = ("lines", "batch", "batches")
RECORD_FORMS = ("log file", "records", "events", "array")

# The two kinds of addresses are disjoint, so that only the real ones can match.
NO_ADDRESSES_OF_ENTRA = ("203.0.113.XXX", "")
NO_ADDRESSES_OF_AWS = ("AWS Internal", "signin.amazonaws.com")

CAN_BE_MISSING = (
    "additionalEventData",
    "awsRegion",
    "eventType",
    "recipientAccountId",
    "responseElements",
    "userAgent",
)
"""Fields of a CloudTrail record."""

GROUP = 50
"""Consecutive worlds that share some tuning entries."""

ADDRESSES = 4
"""The maximum for a world, so that worlds of one batch have none in common."""


def options(seed: str, batch: int) -> Options:
    """The options for a batch of worlds."""
    random = Random(f"{seed} options {batch}")
    threshold = random.choice((5, 5, 5, 5, 1, 2, 3, 9))
    window, order = timedelta(hours=24), "any"
    if several_days := batch % 2 == 1:
        window = timedelta(hours=random.choice((24, 24, 24, 1, 1.5, 6, 25, 48, 7 * 24)))
        order = random.choice(("any", "any", "any", "failures_first"))
    bits = random.choice((64, 64, 64, 64, 64, None, WORLD_BITS, 56, 80, 127, 128, random.randint(WORLD_BITS, 128)))
    return Options(several_days, threshold, window, order, bits)


def world(seed: str, number: int, options: Options) -> World:
    """Generates one world."""
    generated = _facts(seed, number, options)
    random = Random(f"{seed} entries of world {number}")
    own = entries.of_world(random, number, generated.sign_ins, generated.records, options)
    return replace(generated, entries=own + _entries_of_group(seed, number // GROUP, options))


@cache
def _entries_of_group(seed: str, group: int, options: Options) -> tuple[Entry, ...]:
    """The entries that the worlds of a group share, by the facts of its first."""
    first = _facts(seed, group * GROUP, options)
    return entries.of_group(Random(f"{seed} entries of group {group}"), group, first.sign_ins, first.records, options)


def _facts(seed: str, number: int, options: Options) -> World:
    return _Generator(Random(f"{seed} world {number}"), number, options).world()


class _Generator:
    def __init__(self, random: Random, number: int, options: Options) -> None:
        self.random = random
        self.number = number
        self.options = options
        self.client: Client | None = None
        """The client of the previous sign-in."""
        self.codes: dict[str, set[str]] = {}
        """The results of each sign-in. A row that repeated id and code would be a duplicate."""
        forms = [random.choice(SIGN_IN_FORMS) for _ in range(random.randint(1, 3))]
        forms += [random.choice(RECORD_FORMS) for _ in range(random.randint(1, 2))]
        self.files = tuple(File(form, packed=random.random() < 0.3) for form in forms)

    def world(self) -> World:
        sign_ins: list[SignIn] = []
        records: list[Record] = []
        clock = Clock(self.random, self.options)
        for siblings in self._addresses():
            clock = clock.of_another_address()
            few, alike = len(siblings) > 1 and self._chance(0.7), None
            for address in siblings:
                sign_ins += self._sign_ins(clock, address, few=few)
                logins = [*self._records(clock, address, alike)]
                records += logins
                alike = logins[-1] if logins and self._chance(0.6) else alike
                records += self._failed_logins(clock, address)
                if sum(sign_in.address == address for sign_in in sign_ins) > FORGETTABLE:
                    # Such addresses are few, and are irrelevant without a login.
                    records += [self._record(clock, address) for _ in range(4)]
        if self._chance(0.2):
            address = self.random.choice(NO_ADDRESSES_OF_ENTRA)
            sign_ins += self._failures(clock, address, self.random.choice(COUNTED), self.options.threshold + 1)
            records.append(self._record(clock, self.random.choice(NO_ADDRESSES_OF_AWS)))
        return World(self.number, tuple(sign_ins), tuple(records), self.files)

    def _sign_ins(self, clock: Clock, address: str, *, few: bool) -> Iterator[SignIn]:
        for category in COUNTED:
            number = self._few_failures() if few else self._number_of_failures()
            failures = [*self._failures(clock, address, category, number)]
            yield from failures
            if self._chance(0.3):
                yield self._sign_in(clock.time(), address, category, self.random.choice(NO_FAILURES))
            if failures:
                yield from self._successes(clock, address, category, sorted({failure.user for failure in failures}))
        if self._chance(0.2):
            yield from self._failures(clock, address, self.random.choice(UNCOUNTED), self.options.threshold + 2)

    def _addresses(self) -> Iterator[list[str]]:
        """Addresses, and several together if they are of one IPv6 network."""
        nth, number = 0, self.random.randint(1, ADDRESSES)
        while nth < number:
            size = min(number - nth, self.random.choice((1, 1, 2, 3, 4)))
            if self._chance(0.4):
                yield [self._ipv6_address(nth + each) for each in range(size)]
                nth += size
            else:
                yield [str(IPv4Address("198.18.0.0") + (self.number * ADDRESSES + nth) % 2**17)]
                nth += 1
        if self._chance(0.2):
            yield [self.random.choice(LOOPBACK)]

    def _ipv6_address(self, nth: int) -> str:
        """An address in the world's network, often in the same /64 as others, with zeros to shorten in several places.

        Both logs use the canonical spelling, because the rule compares texts. That pivotwatch recognises other
        spellings is beyond the rule.
        """
        world = 0x20010DB8 << 96 | self.number % 2**16 << 128 - WORLD_BITS
        subnet = self.random.choice((1, 1, 1, 1, 0, 2, 0x100))
        return str(IPv6Address(world | subnet << 64 | nth + 1 << self.random.choice((0, 0, 16, 48))))

    def _few_failures(self) -> int:
        """A number for one of several addresses that exceed the threshold together."""
        threshold = self.options.threshold
        return self.random.choice((0, 0, 1, threshold // 2, threshold, threshold + 1))

    def _number_of_failures(self) -> int:
        if self._chance(0.005):
            return self.random.randint(SAMPLED + 1, 3 * SAMPLED)
        if self._chance(0.015):
            return self.random.randint(len(MANY_USERS), 2 * len(MANY_USERS))
        if self._chance(0.05):
            return self.random.randint(len(OFFICE), 2 * len(OFFICE))
        threshold = self.options.threshold
        many = threshold + self.random.randint(3, 12)
        numbers = (0, threshold - 1, threshold, threshold + 1, threshold + 2, many)
        return self.random.choices(numbers, weights=(3, 1, 2, 3, 1, 1))[0]

    def _failures(self, clock: Clock, address: str, category: str, number: int) -> Iterator[SignIn]:
        time = clock.time_in_one_hour if number > SAMPLED else clock.time
        users = self.random.choice((USERS, USERS, OFFICE))
        if number >= len(MANY_USERS):
            users = (*USERS, *MANY_USERS)
        codes = self.random.choices(FAILURES, k=self.random.choice((1, 2, 3, 12)))
        before = None
        for nth in range(number):
            if number > FORGETTABLE:
                users = (_long_name(nth),)
            before = self._sign_in(time(), address, category, self.random.choice(codes), before, users)
            yield before
            if self._chance(0.1):
                yield self._sign_in(clock.time(), address, category, self.random.choice(NO_FAILURES), before)

    def _successes(self, clock: Clock, address: str, category: str, failed: Sequence[str]) -> Iterator[SignIn]:
        """Successes of some of the users who failed, and of others."""
        share = self.random.choice((0, 0, 0, 0.1, 0.5, 0.9, 1))
        users = [user for user in failed if self._chance(share)]
        users += self.random.sample((*OFFICE, *MANY_USERS), self.random.choice((0, 0, 0, 1, 4)))
        is_crowd = self._chance(0.005)
        if is_crowd:
            users += [f"guest{number}@contoso.example" for number in range(3 * SAMPLED)]
        for user in users:
            time = clock.time_in_one_hour() if is_crowd else clock.time()
            user = self.random.choice((user, user, user.upper()))
            yield self._sign_in(time, address, category, SUCCESS, users=(user,))

    def _failed_logins(self, clock: Clock, address: str) -> Iterator[Record]:
        """Failed console logins."""
        number = self.random.choice((0, 0, 0, 0, 1, 2, 12))
        is_crowd = self._chance(0.01)
        for _ in range(2 * SAMPLED if is_crowd else number):
            time = clock.time_in_one_hour() if is_crowd else clock.time()
            user = {"type": "IAMUser", "accountId": identities.ACCOUNTS[0], "userName": self.random.choice(GUESSED)}
            parts = identities.some(self.random)[1] if self._chance(0.3) else {"userIdentity": user}
            result = {"responseElements": {"ConsoleLogin": "Failure"}, "eventID": self._uuid()}
            yield Record(console_login(address, time) | result | parts, "", self._copies(RECORD_FORMS))

    def _sign_in(
        self,
        second: datetime,
        address: str,
        category: str,
        code: str,
        before: SignIn | None = None,
        users: Sequence[str] = USERS,
    ) -> SignIn:
        identifier = "" if self._chance(0.1) else self._uuid()
        if before and code not in self.codes.setdefault(before.id, {before.code}) and self._chance(0.2):
            # A second result of the previous sign-in: interim and final results are separate rows.
            identifier = before.id
            self.codes[identifier].add(code)
        # Every copy has the same fraction of a second, in Azure's seven digits.
        time = second + timedelta(microseconds=self.random.choice((0, 1, 500_000, 999_999)))
        user = self.random.choice(users)
        client, copies = self._client(), self._copies(SIGN_IN_FORMS)
        tenant = self.random.choice(TENANTS)
        return SignIn(category, address, code, time, identifier, self._uuid(), user, client, copies, tenant)

    def _client(self) -> Client:
        """Often the client of the previous sign-in."""
        if not self.client or self._chance(0.3):
            self.client = Client(*map(self.random.choice, (APPS, CLIENT_APPS, OPERATIONS, USER_AGENTS)))
        return self.client

    def _records(self, clock: Clock, address: str, alike: Record | None) -> Iterator[Record]:
        """Records, the first of which can be like one of another address."""
        for _ in range(self.random.choice((0, 1, 1, 2, 3, 6))):
            record = self._record(clock, address, alike)
            yield record
            alike = record if self._chance(0.7) else None
        if alike and self._chance(0.03):
            # More logins than an incident lists.
            for _ in range(LOGINS_LISTED + self.random.randint(0, 30)):
                yield self._record(clock, address, alike, differs=False)

    def _record(
        self, clock: Clock, address: str, alike: Record | None = None, *, differs: bool | None = None
    ) -> Record:
        """A record, mostly a successful login, which can equal another in all columns that the rule groups by."""
        if alike:
            kind, body = alike.kind, alike.body | {"sourceIPAddress": address}
            if self._chance(0.5) if differs is None else differs:
                body |= self._one_difference(body)
        else:
            kind, parts = identities.some(self.random)
            body = self._body(address) | parts
        body |= {"eventID": self._uuid(), "eventTime": clock.time().strftime("%Y-%m-%dT%H:%M:%SZ")}
        if not self.options.several_days and self._chance(0.05):
            # Over several days only their ids distinguish logins.
            del body["eventID"]
        return Record(body, kind, self._copies(RECORD_FORMS))

    def _one_difference(self, body: dict) -> dict:
        """Changes to `body` in one of the columns, or in none."""
        if self._chance(0.4):
            return {"userIdentity": identities.altered(self.random, body["userIdentity"])}
        name, value = self.random.choice([*self._body(body["sourceIPAddress"]).items()])
        return {} if name == "userIdentity" else {name: value}

    def _body(self, address: str) -> dict:
        """A record without identity, id and time."""
        random = self.random
        body = console_login(address, Clock.EPOCH)
        others = ("consolelogin", "CONSOLELOGIN", "SwitchRole", "CheckMfa")
        body["eventName"] = random.choice(("ConsoleLogin",) * 6 + others)
        result = random.choice(("Success",) * 8 + ("success", "SUCCESS", "Failure", "failure", "Succes", ""))
        body["responseElements"] = random.choice(({"ConsoleLogin": result},) * 12 + ({}, None))
        mfa = random.choice(("No", "No", "Yes", "YES", ""))
        more = {"MFAUsed": mfa, "LoginTo": "https://console.aws.amazon.com/console/home?state=hashArgs"}
        body["additionalEventData"] = random.choice((more, more, more, {"MobileVersion": "No"}, {}, None))
        body["awsRegion"] = random.choice(("us-east-1", "us-east-1", "eu-north-1", "global", ""))
        body["userAgent"] = random.choice(("Mozilla/5.0", "Mozilla/5.0", "curl/8 'é\u2028\"\\|@", "", None))
        body["eventType"] = random.choice(("AwsConsoleSignIn", "AwsConsoleSignIn", "AwsConsoleSignin"))
        body["recipientAccountId"] = random.choice(identities.ACCOUNTS)
        missing = {name for name in CAN_BE_MISSING if self._chance(0.04)}
        return {name: value for name, value in body.items() if name not in missing}

    def _copies(self, forms: tuple[str, ...]) -> tuple[Copy, ...]:
        """Copies of a fact: in one file, or repeated in it or in another, in the same form or not."""
        files = [number for number, file in enumerate(self.files) if file.form in forms]
        number = self.random.choice((1,) * 8 + (2, 3))
        return tuple(Copy(self.random.choice(files), self.random.randrange(2**10)) for _ in range(number))

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128)))


def _long_name(nth: int) -> str:
    """Distinct users, the first of them with names that AWS users have too."""
    local = dict(enumerate(("alice", "bo", "c.d"))).get(nth, f"user{nth}")
    return f"{local}@{'long-' * 22}a.example"
