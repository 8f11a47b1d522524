"""A world by IPv6 networks: each IPv6 address is replaced by its network, and other facts are dropped.

So the rule judges networks, too: it compares addresses as texts. pivotwatch gives its findings a reason of their own.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from ipaddress import IPv6Address, IPv6Network
from typing import TypeVar

from oracle import sentinel
from oracle.findings import COLUMNS, Incident, Login
from oracle.world import LOOPBACK, Options, Record, SignIn, World

Finding = TypeVar("Finding", Incident, Login)

REASON = "Multiple failed AAD logins from IPv6 network"
"""The reason of a network's incident."""


@cache
def network(address: str, bits: int | None) -> str | None:
    """The network of `bits` that has the address. `None` for loopback, a network, and any other text."""
    if bits is None or ":" not in address or "/" in address or address in LOOPBACK:
        return None
    return str(IPv6Network((IPv6Address(address), bits), strict=False))


def by_network(world: World, options: Options) -> World:
    """The facts of the world's networks."""
    facts = [
        _moved(fact, its)
        for fact in (*world.sign_ins, *world.records)
        if (its := network(fact.address, options.ipv6_network))
    ]
    return world.keeping([*world.entries, *facts])


def _moved(fact: SignIn | Record, its: str) -> SignIn | Record:
    if isinstance(fact, SignIn):
        return replace(fact, address=its)
    # Without an id, the address is a part of what distinguishes a record.
    return replace(fact, body=fact.body | {"sourceIPAddress": its, "eventID": sentinel.event_id(fact)})


def places(world: World, options: Options) -> frozenset[str]:
    """The addresses of the world and their networks."""
    return world.addresses | by_network(world, options).addresses


def with_reason(findings: Iterable[Finding]) -> list[Finding]:
    """The rule's findings, with the reason of networks where they are of one."""
    place = list(COLUMNS).index("Reason")
    return [
        finding._replace(columns=(*finding.columns[:place], REASON, *finding.columns[place + 1 :]))
        if finding.is_of_network
        else finding
        for finding in findings
    ]
