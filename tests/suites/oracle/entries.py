"""Generates tuning entries: some hide incidents of a world, and some barely miss them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from random import Random

from oracle.entry import FAILURES, LOGINS, THRESHOLD, Entry
from oracle.tuned_rule import CLASSES, SOURCES
from oracle.world import LOOPBACK, NO_FAILURES, TABLE_OF_CATEGORY, WORLD_BITS, Options, Record, SignIn

Conditions = dict[str, tuple[str, ...]]

LARGEST_THRESHOLD = 255

OTHERS = {
    "user": "zoe@contoso.example",
    "app": "Another*",
    "operation": "Reset password",
    "client_app": "POP3",
    "user_agent": "*Another*",
    "code": "50059",
    "code_class": "transient",
    "source": "service_principal",
    "principal": "arn:aws:iam::*:user/another",
    "account": "999999999999",
    "region": "eu-south-1",
}
"""Values that no fact of a world meets, or few."""


def of_world(
    random: Random, number: int, sign_ins: Sequence[SignIn], records: Sequence[Record], options: Options
) -> tuple[Entry, ...]:
    """Entries for the networks of a world's addresses."""
    return _Entries(random, f"world-{number}", sign_ins, records, options).for_addresses()


def of_group(
    random: Random, number: int, sign_ins: Sequence[SignIn], records: Sequence[Record], options: Options
) -> tuple[Entry, ...]:
    """Entries for the addresses of all worlds of a group, by the facts of one of them."""
    return _Entries(random, f"group-{number}", sign_ins, records, options).for_all()


class _Entries:
    def __init__(
        self,
        random: Random,
        name: str,
        sign_ins: Sequence[SignIn],
        records: Sequence[Record],
        options: Options,
    ) -> None:
        self._random = random
        self._name = name
        self._options = options
        failures = (row for row in sign_ins if row.category in TABLE_OF_CATEGORY and row.code not in NO_FAILURES)
        self._failures: dict[str, list[SignIn]] = {}
        for failure in failures:
            self._failures.setdefault(failure.address, []).append(failure)
        self._logins: dict[str, list[Record]] = {}
        for record in records:
            if record.is_successful_login and _is_address(record.address):
                self._logins.setdefault(record.address, []).append(record)

    def for_addresses(self) -> tuple[Entry, ...]:
        """Entries for addresses from which somebody failed and logged in."""
        addresses = sorted(self._failures.keys() & self._logins.keys() - {*LOOPBACK})
        entries: list[Entry] = []
        for _ in range(self._random.choice((0, 1, 1, 2, 3, 4)) if addresses else 0):
            entries += self._of_address(self._random.choice(addresses), len(entries))
        return tuple(entries)

    def for_all(self) -> tuple[Entry, ...]:
        """At most an entry of each effect. They hold for few facts, or hide little."""
        random, entries = self._random, []
        failures = [failure for its in self._failures.values() for failure in its]
        logins = [login for its in self._logins.values() for login in its]
        wide = {"cidr": ("198.18.0.0/16", "2001:db8::/32")} if random.random() < 0.5 else {}
        if failures and random.random() < 0.6:
            sample = random.choice(failures)
            when = {name: self._of_failure(name, [sample]) for name in random.sample(("user", "app", "code"), 2)}
            entries.append(Entry(f"{self._name}-failures", FAILURES, wide | when))
        if logins and random.random() < 0.4:
            when = {name: self._of_login(name, [random.choice(logins)]) for name in ("principal", "region")}
            entries.append(Entry(f"{self._name}-logins", LOGINS, wide | when))
        if random.random() < 0.3:
            when = wide or {"source": (random.choice([*SOURCES.values()]),)}
            entries.append(Entry(f"{self._name}-threshold", THRESHOLD, when, self._options.threshold + 1))
        return tuple(entries)

    def _of_address(self, address: str, number: int) -> list[Entry]:
        random = self._random
        effect = random.choices((FAILURES, THRESHOLD, LOGINS), weights=(5, 3, 3))[0]
        entries = [self._entry(f"{self._name}-{number}", effect, address)]
        if effect == THRESHOLD and random.random() < 0.4:
            # Only one of two thresholds holds.
            entries.append(self._entry(f"{self._name}-{number + 1}", effect, address))
        return entries

    def _entry(self, identifier: str, effect: str, address: str) -> Entry:
        random = self._random
        failures, logins = self._failures[address], self._logins[address]
        when: Conditions = {"cidr": self._networks(address)}
        if effect == FAILURES:
            names = ("user", "app", "operation", "client_app", "user_agent", "code", "code_class", "source")
            for name in random.sample(names, random.choice((0, 1, 1, 1, 2))):
                when[name] = self._of_failure(name, failures)
        elif effect == LOGINS:
            names = ("principal", "account", "region", "user_agent")
            for name in random.sample(names, random.choice((0, 1, 1, 2))):
                when[name] = self._of_login(name, logins)
        elif random.random() < 0.3:
            when["source"] = self._of_failure("source", failures)
        if random.random() < 0.15:
            when |= self._miss(random.choice([*when]), address)
        above = random.choice((1, 1, 2, 3, 5, 8, 12, LARGEST_THRESHOLD - self._options.threshold))
        threshold = self._options.threshold + above if effect == THRESHOLD else 0
        facts = logins if effect != FAILURES else failures
        times = [fact.time.replace(microsecond=0) for fact in facts]
        if effect == FAILURES:
            # The failures that a period leaves may be those at an end of a login's window.
            window = self._options.window
            times += [login.time + sign * window for login in logins for sign in (-1, 0, 1)]
        start, end = self._period(times)
        return Entry(identifier, effect, when, threshold, start, end, is_removed=random.random() < 0.05)

    def _networks(self, address: str) -> tuple[str, ...]:
        """Networks with the address and no address of another world."""
        parsed, random = ip_address(address), self._random
        if isinstance(parsed, IPv6Address):
            # Some have a part of the network whose failures are counted together.
            prefixes = (128, 126, 112, 80, 64, 64, 60, 56, WORLD_BITS)
            written = [address, parsed.exploded.upper()]
        else:
            prefixes = (32, 31, 30)
            written = [address, f"::ffff:{address}"]
        written += [str(ip_network((address, prefix), strict=False)) for prefix in prefixes]
        networks = [random.choice(written)]
        if random.random() < 0.3:
            networks += random.choice(([random.choice(written)], [_one_off(address)]))
        return tuple(random.sample(networks, len(networks)))

    def _miss(self, name: str, address: str) -> Conditions:
        """The condition with a value that does not hold, but nearly."""
        return {name: (_one_off(address) if name == "cidr" else OTHERS[name],)}

    def _of_failure(self, name: str, failures: Sequence[SignIn]) -> tuple[str, ...]:
        """Values of a condition that some of the failures meet."""
        random = self._random
        samples = random.sample(failures, min(len(failures), random.choice((1, 1, 2, 4))))
        if name == "code":
            return _distinct(failure.code for failure in samples)
        if name == "code_class":
            classes = [random.choice(CLASSES[failure.code]) for failure in samples if failure.code in CLASSES]
            return _distinct(classes) or (OTHERS[name],)
        if name == "source":
            return _distinct(SOURCES[TABLE_OF_CATEGORY[failure.category]] for failure in samples)
        texts = [failure.user if name == "user" else getattr(failure.client, name) or "" for failure in samples]
        return _distinct(self._pattern(text) for text in texts)

    def _of_login(self, name: str, logins: Sequence[Record]) -> tuple[str, ...]:
        """Values of a condition that some of the logins meet."""
        body = self._random.choice(logins).body
        identity = body.get("userIdentity") or {}
        if name == "principal":
            arn, user = identity.get("arn") or "", identity.get("userName") or ""
            account_name = (user or arn.rpartition("/")[2]).partition("@")[0]
            return (self._pattern(self._random.choice((arn, user, account_name, f"{account_name}@"))),)
        fields = {"account": "recipientAccountId", "region": "awsRegion", "user_agent": "userAgent"}
        text = body.get(fields[name]) or (identity.get("accountId") if name == "account" else "") or ""
        return (self._pattern(text),)

    def _pattern(self, text: str) -> str:
        """A pattern that matches the text."""
        random = self._random
        start = random.randint(0, len(text))
        end = random.randint(start, len(text))
        pattern = random.choice(
            (text, text, f"{text[:end]}*", f"*{text[start:]}", f"{text[:start]}*{text[end:]}", f"*{text[start:end]}*")
        )
        return random.choice((pattern, pattern.upper(), pattern.lower()))

    def _period(self, times: Sequence[datetime]) -> tuple[datetime | None, datetime | None]:
        """A period that starts and ends near some of the times, or is open at one end or at both.

        In whole seconds: pivotwatch truncates the times of events, and rounds the bounds of a period inwards.
        """
        random = self._random
        if random.random() < 0.5:
            return None, None
        near = (timedelta(), timedelta(seconds=-1), timedelta(seconds=1))
        start, end = sorted((random.choice(times) + random.choice(near)).replace(microsecond=0) for _ in range(2))
        if start == end:
            end += timedelta(seconds=1)
        return random.choice(((start, end), (start, end), (start, None), (None, end)))


def _one_off(address: str) -> str:
    """An address that differs in one octet, and is no address of a world."""
    parsed = ip_address(address)
    return str(parsed + 2**24 if parsed.version == 4 else IPv6Address(int(parsed) ^ 1 << 100))


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _distinct(values) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
