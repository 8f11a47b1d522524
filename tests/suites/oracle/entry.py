"""A tuning entry, which hides incidents. pivotwatch reads it as JSON; `tuned_rule` has the equivalent KQL."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

EFFECTS = FAILURES, LOGINS, THRESHOLD = "failures", "logins", "threshold"

ANY_ADDRESS = -1
"""The prefix of an entry without networks. It is shorter than any."""


@dataclass(frozen=True)
class Entry:
    """A valid tuning entry."""

    id: str
    effect: str
    """What it excludes (`FAILURES`, `LOGINS`), or `THRESHOLD`."""
    when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The conditions, all of which must hold. Of the values of a condition, one must."""
    threshold: int = 0
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    is_removed: bool = False

    def json(self) -> str:
        """The entry in pivotwatch's format."""
        shown: dict = {"id": self.id, "when": self.when, "reason": "a test", "author": "ann", "force": True}
        shown |= {"threshold": self.threshold} if self.effect == THRESHOLD else {"exclude": self.effect}
        shown |= {} if self.expires_at else {"permanent": True}
        for name in ("starts_at", "expires_at"):
            if time := getattr(self, name):
                shown[name] = time.isoformat()
        if self.is_removed:
            shown["removed_at"] = "2026-01-01T00:00:00Z"
        return json.dumps(shown)

    def prefix(self, address: str) -> int | None:
        """The length of the longest prefix of its networks that has the address, or all of a network. `None` if none
        has.
        """
        return _prefix(self.when["cidr"], address) if "cidr" in self.when else ANY_ADDRESS

    def applies_to(self, address: str) -> bool:
        """`True` if the entry can apply to facts of the address."""
        return not self.is_removed and self.prefix(address) is not None

    def contains(self, time: datetime) -> bool:
        """`True` if the time lies in the entry's period. It includes the start, and not the end."""
        return (self.starts_at is None or self.starts_at <= time) and (
            self.expires_at is None or time < self.expires_at
        )

    def __str__(self) -> str:
        return self.json()


@cache
def _prefix(cidr: tuple[str, ...], address: str) -> int | None:
    parsed = _parsed(address)
    containing = (each for each in map(network, cidr) if parsed and _contains(each, parsed))
    return max((each.prefixlen for each in containing), default=None)


@cache
def _parsed(address: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(address)
    except ValueError:
        return None


def _contains(all_: IPv4Network | IPv6Network, part: IPv4Network | IPv6Network) -> bool:
    return all_.version == part.version and part.subnet_of(all_)


@cache
def network(text: str) -> IPv4Network | IPv6Network:
    """A network of an entry. An IPv4 address mapped to IPv6 is that IPv4 address."""
    if "/" not in text and (parsed := ip_address(text)).version == 6:
        assert isinstance(parsed, IPv6Address)
        return ip_network(parsed.ipv4_mapped or parsed)
    return ip_network(text)


class Thresholds:
    """The thresholds that entries set, by the time of a login.

    The starts and the ends of an address's thresholds divide time into segments. Within one, the same thresholds hold.
    """

    EARLIEST = datetime.min.replace(tzinfo=UTC)

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = [entry for entry in entries if entry.effect == THRESHOLD]
        self._starts: dict[str, list[datetime]] = {}

    def _of(self, address: str) -> list[datetime]:
        """The starts of the address's segments."""
        if address not in self._starts:
            entries = [entry for entry in self._entries if entry.applies_to(address)]
            times = {time for entry in entries for time in (entry.starts_at, entry.expires_at) if time}
            self._starts[address] = [self.EARLIEST, *sorted(times)]
        return self._starts[address]

    def segments(self, addresses: Iterable[str]) -> int:
        """The largest number of segments of an address."""
        return max((len(self._of(address)) for address in addresses), default=1)

    def segment(self, address: str, time: datetime) -> int:
        """The segment of a login."""
        return sum(start <= time for start in self._of(address)) - 1

    def in_segment(self, address: str, segment: int, source: str) -> list[Entry]:
        """The entries that set the address's threshold in a segment, the one that holds first.

        The order is by the longest prefix, then the lowest threshold, then the first id.
        """
        starts = self._of(address)
        if segment >= len(starts):
            return []
        entries = (
            entry
            for entry in self._entries
            if entry.applies_to(address)
            and entry.contains(starts[segment])
            and source in entry.when.get("source", (source,))
        )
        return sorted(entries, key=lambda entry: (-(entry.prefix(address) or 0), entry.threshold, entry.id))
