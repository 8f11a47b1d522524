"""The features of a judged world, by address."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from oracle.findings import COLUMNS, Incident, group_of
from oracle.networks import network, with_reason
from oracle.rule import TABLES
from oracle.world import NO_FAILURES, SAMPLED, TABLE_OF_CATEGORY, Options, Record, SignIn, World


@dataclass(frozen=True)
class Address:
    """An address of a world."""

    text: str
    failures: dict[str, list[datetime]]
    """Times of its failures in whole seconds, by table, or by category for those that the rule does not count."""
    records: list[Record]
    threshold: int

    @cached_property
    def logins(self) -> list[Record]:
        return [record for record in self.records if record.is_successful_login]

    @cached_property
    def exceeding(self) -> list[str]:
        return [source for source, times in self.failures.items() if len(times) > self.threshold]

    @cached_property
    def exceeding_tables(self) -> list[str]:
        return [table for table in TABLES if table in self.exceeding]

    @cached_property
    def crowded_hours(self) -> list[datetime]:
        """Hours in which one table has more failures than a tally keeps."""
        hours = Counter((table, hour(time)) for table in TABLES for time in self.failures.get(table, ()))
        return [start for (_, start), number in hours.items() if number > SAMPLED]

    def counted(self) -> list[datetime]:
        return [time for table in TABLES for time in self.failures.get(table, ())]

    def sources_with(self, number: int) -> int:
        """The number of tables with so many failures."""
        return sum(len(self.failures.get(table, ())) == number for table in TABLES)


@dataclass(frozen=True)
class JudgedWorld:
    """A judged world and its findings."""

    world: World
    options: Options
    incidents: list[Incident]

    @cached_property
    def addresses(self) -> list[Address]:
        failures: dict[str, dict[str, list[datetime]]] = {}
        for sign_in in self.world.sign_ins:
            if sign_in.code not in NO_FAILURES:
                source = TABLE_OF_CATEGORY.get(sign_in.category, sign_in.category)
                times = failures.setdefault(sign_in.address, {}).setdefault(source, [])
                times += [sign_in.time.replace(microsecond=0)] * sign_in.occurrences
        records: dict[str, list[Record]] = {}
        for record in self.world.records:
            records.setdefault(record.address, []).append(record)
        addresses = (
            Address(text, failures.get(text, {}), of_it, self.options.threshold) for text, of_it in records.items()
        )
        return [address for address in addresses if address.logins]

    @cached_property
    def matching(self) -> list[tuple[Address, Record]]:
        of_addresses = (incident for incident in self.incidents if not incident.is_of_network)
        ids = {event_id for incident in of_addresses for event_id in incident.event_ids or ()}
        logins = ((address, login) for address in self.addresses for login in address.logins)
        return [(address, login) for address, login in logins if login.body.get("eventID") in ids]

    @cached_property
    def networks_in_excess(self) -> list[tuple[Incident, Incident | None]]:
        """The incidents of addresses with a network, each with the incident of the network, if one is shown. The
        network exceeds the threshold whenever the address does.
        """
        shown = {group_of(incident): incident for incident in self.incidents}
        found = []
        for incident in self.incidents:
            if its := network(incident.address, self.options.ipv6_network):
                columns = [its if column == incident.address else column for column in incident.columns]
                (of_network,) = with_reason([incident._replace(columns=tuple(columns))])
                found.append((incident, shown.get(group_of(of_network))))
        return found

    @cached_property
    def results(self) -> list[list[SignIn]]:
        """Rows of sign-ins with several results."""
        by_id: dict[str, list[SignIn]] = {}
        for sign_in in self.world.sign_ins:
            by_id.setdefault(sign_in.id, []).append(sign_in)
        return [rows for identifier, rows in by_id.items() if identifier and len(rows) > 1]

    def has(self, fact: SignIn | Record, incident: Incident) -> bool:
        """`True` if a fact is of the incident's address or network."""
        return incident.address in (fact.address, network(fact.address, self.options.ipv6_network))

    def column(self, name: str) -> list[str]:
        """A column of each incident."""
        return [incident.columns[list(COLUMNS).index(name)] for incident in self.incidents]


def hour(time: datetime) -> datetime:
    """The beginning of the hour of `time`."""
    return time.replace(minute=0, second=0)
