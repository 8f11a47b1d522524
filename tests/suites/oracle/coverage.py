"""Coverage: how often the worlds have each feature, so that the generator is verified.

The counts come from the facts and findings, never from the generator's intention. Only addresses with a console login
count, because the rule says nothing about others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from oracle import signals
from oracle.context import ALL_CLASSES, HISTORIES, USERS_A_CLASS
from oracle.details import USERS_LISTED
from oracle.entry import EFFECTS, FAILURES, LOGINS, THRESHOLD, Entry
from oracle.entry import network as entry_network
from oracle.facts import SOURCES, is_named, is_root
from oracle.findings import COLUMNS, Incident
from oracle.generate import RECORD_FORMS, SIGN_IN_FORMS
from oracle.identities import KINDS
from oracle.judged_world import Address, JudgedWorld, hour
from oracle.networks import places
from oracle.rule import TABLES
from oracle.signals import POINTS
from oracle.tuned_rule import FAILURE_TEXTS, LOGIN_TEXTS
from oracle.world import LOOPBACK, NO_FAILURES, SAMPLED, SUCCESS, Options, Record, World

Check = Callable[[JudgedWorld], int]
"""How often worlds have a feature."""


def _addresses(has: Callable[[Address], object]) -> Check:
    return lambda judged: sum(bool(has(address)) for address in judged.addresses)


def _matching(is_so: Callable[[Address, Record, timedelta], object]) -> Check:
    """Matching logins over several days with a feature."""
    return lambda judged: (
        judged.options.several_days
        and sum(bool(is_so(address, login, judged.options.window)) for address, login in judged.matching)
    )


def _own_day(address: Address, login: Record) -> bool:
    """`true` if some table exceeds the threshold with the failures of the login's own day."""
    days = ([time.date() for time in address.failures.get(table, ())] for table in TABLES)
    return any(times.count(login.time.date()) > address.threshold for times in days)


def _at_a_crowded_hour(judged: JudgedWorld) -> int:
    """Logins a window away from a crowded hour, so that some of their windows hold a part of it."""
    window = judged.options.window
    return judged.options.several_days and sum(
        hour(login.time + sign * window) in address.crowded_hours
        for address in judged.addresses
        for login in address.logins
        for sign in (-1, 1)
    )


def _missed_by_a_second(judged: JudgedWorld) -> int:
    matching = {id(login) for _, login in judged.matching}
    # A login that is not listed may match.
    unlisted = any(incident.details["logins_total"] > len(incident.details["logins"]) for incident in judged.incidents)
    too_far = judged.options.window + timedelta(seconds=1)
    return judged.options.several_days and sum(
        id(login) not in matching
        and not unlisted
        and any(abs(time - login.time) == too_far for time in address.counted())
        for address in judged.addresses
        if address.exceeding_tables
        for login in address.logins
    )


def _in_one_column(column: str) -> Check:
    def pairs(judged: JudgedWorld) -> int:
        of_others = [list(COLUMNS).index(name) for name in COLUMNS if name != column]
        others = Counter(tuple(incident.columns[place] for place in of_others) for incident in judged.incidents)
        return sum(number - 1 for number in others.values())

    return pairs


def _incidents(is_so: Callable[[JudgedWorld, Incident], object]) -> Check:
    return lambda judged: sum(bool(is_so(judged, incident)) for incident in judged.incidents)


def _sources(is_so: Callable[[dict], object]) -> Check:
    """Sources of incidents whose printed failures have a feature."""
    return lambda judged: sum(
        bool(is_so(of_source)) for incident in judged.incidents for of_source in incident.details["failures"].values()
    )


def _failed_users(judged: JudgedWorld, incident: Incident) -> set[str]:
    """Users who failed from the incident's address or network at any time."""
    return {
        row.user
        for row in judged.world.sign_ins
        if judged.has(row, incident) and row.category in SOURCES and row.code not in NO_FAILURES
    }


def _has_far_failed_logins(judged: JudgedWorld, incident: Incident) -> bool:
    times = [record.time for record in judged.world.records if record.is_failed_login and judged.has(record, incident)]
    return any(not incident.start - judged.options.window <= time <= incident.end for time in times)


def _has_a_part(entry: Entry, its: str) -> bool:
    """`True` if the entry has addresses of a network, but not all."""
    parts = [entry_network(text) for text in entry.when.get("cidr", ())]
    all_ = entry_network(its)
    return any(part != all_ and part.version == all_.version and part.subnet_of(all_) for part in parts)


def _suffix(incident: Incident) -> str:
    return incident.columns[list(COLUMNS).index("AccountUPNSuffix")]


def _named(judged: JudgedWorld, incident: Incident) -> bool:
    return any(is_named(user, incident) for user in _failed_users(judged, incident))


def _hiding(judged: JudgedWorld, incident: Incident) -> list[Entry]:
    """The entries that hide an incident."""
    return [entry for entry in judged.world.entries if entry.id in incident.details["hidden_by"]]


def _hidden(is_so: Callable[[list[Entry]], object]) -> Check:
    """Hidden incidents whose entries have a feature."""
    return _incidents(lambda judged, incident: (hiding := _hiding(judged, incident)) and is_so(hiding))


def _missed(is_so: Callable[[Entry], object]) -> Check:
    """Shown incidents whose address is in the network of an entry with a feature."""
    return _incidents(
        lambda judged, incident: (
            not incident.details["hidden_by"]
            and any(is_so(entry) and entry.applies_to(incident.address) for entry in judged.world.entries)
        )
    )


def _conditions() -> Iterator[tuple[str, Callable[[Entry], bool]]]:
    """Each effect with each condition of its own."""
    for effect, names in (
        (FAILURES, ("cidr", "code", "code_class", "source", *FAILURE_TEXTS)),
        (LOGINS, ("cidr", *LOGIN_TEXTS)),
        (THRESHOLD, ("cidr", "source")),
    ):
        for name in names:
            yield (
                f"{effect} by {name}",
                lambda entry, effect=effect, name=name: entry.effect == effect and name in entry.when,
            )


def _has_period(effect: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.effect == effect and bool(entry.starts_at or entry.expires_at)


def _of_several_thresholds(judged: JudgedWorld, incident: Incident) -> bool:
    """`True` if an address has thresholds of several prefixes, one of which hides the incident."""
    thresholds = [
        entry for entry in judged.world.entries if entry.effect == THRESHOLD and entry.applies_to(incident.address)
    ]
    hides = any(entry.effect == THRESHOLD for entry in _hiding(judged, incident))
    return hides and len({entry.prefix(incident.address) for entry in thresholds}) > 1


CHECKS: dict[str, Check] = {
    "worlds in one day": lambda judged: not judged.options.several_days,
    "worlds over several days": lambda judged: judged.options.several_days,
    "worlds with an incident": lambda judged: bool(judged.incidents),
    "worlds without one": lambda judged: not judged.incidents,
    "worlds with another threshold": lambda judged: judged.options.threshold != 5,
    "worlds with another window": lambda judged: judged.options.window != timedelta(hours=24),
    "worlds with failures first": lambda judged: judged.options.order == "failures_first",
    "incidents": lambda judged: len(judged.incidents),
    "incidents of several logins": lambda judged: sum(
        len(incident.event_ids or ()) > 1 for incident in judged.incidents
    ),
    **{
        f"incidents that differ from another in {column} alone": _in_one_column(column)
        for column in COLUMNS
        if column not in ("Reason", "SourceIpAddress")
    },
    **{
        f"incidents of severity {severity}": _incidents(
            lambda _, incident, severity=severity: incident.details["severity"] == severity
        )
        for severity in ("Medium", "High")
    },
    **{
        f"incidents with the signal {signal}": _incidents(
            lambda _, incident, signal=signal: signal in incident.details["signals"]
        )
        for signal in POINTS
    },
    **{
        f"incidents of {points} points": _incidents(
            lambda _, incident, points=points: signals.points(incident.details["signals"]) == points
        )
        for points in range(7)
    },
    "incidents whose severity the sum of negative points decides": _incidents(
        lambda _, incident: (
            incident.details["severity"] == "Medium"
            and sum(POINTS[signal] for signal in incident.details["signals"] if POINTS[signal] > 0) >= signals.HIGH
        )
    ),
    **{
        f"incidents with users of {name}": _incidents(
            lambda _, incident, name=name: name in incident.details["users_by_class"]
        )
        for name in sorted(ALL_CLASSES)
    },
    "incidents with more users of a class than are listed": _incidents(
        lambda judged, incident: (
            len(_failed_users(judged, incident)) > USERS_A_CLASS
            and any(len(users) == USERS_A_CLASS for users in incident.details["users_by_class"].values())
        )
    ),
    "incidents with as many histories as are listed": _incidents(
        lambda _, incident: len(incident.details["users"]) == HISTORIES
    ),
    "incidents with incomplete histories": _incidents(
        lambda _, incident: any(history["failures_incomplete"] for history in incident.details["users"])
    ),
    "incidents with failed console logins of a hidden user alone": _incidents(
        lambda _, incident: incident.details.get("failed_logins") and not incident.details["failed_logins"]["users"]
    ),
    "incidents with failed console logins of some users": _incidents(
        lambda _, incident: incident.details.get("failed_logins") and incident.details["failed_logins"]["users"]
    ),
    "incidents with an estimated number of failed console logins": _incidents(
        lambda _, incident: (incident.details.get("failed_logins") or {}).get("count_estimated")
    ),
    "incidents with failed console logins that are too early or too late": _incidents(_has_far_failed_logins),
    "incidents with an estimated number of users who succeeded": _incidents(
        lambda _, incident: incident.details["users_succeeded_estimated"]
    ),
    "incidents with users who succeeded": _incidents(lambda _, incident: incident.details["users_succeeded"]),
    "incidents without a user who succeeded, but who did by another file": _incidents(
        lambda judged, incident: (
            not incident.details["users_succeeded"]
            and any(row.code == SUCCESS and judged.has(row, incident) for row in judged.world.sign_ins)
        )
    ),
    "incidents with several tenants": _incidents(lambda _, incident: len(incident.details["tenants"]) > 1),
    "worlds without networks": lambda judged: judged.options.ipv6_network is None,
    "worlds with networks of 64 bits": lambda judged: judged.options.ipv6_network == 64,
    "worlds with other networks": lambda judged: judged.options.ipv6_network not in (None, 64),
    "incidents of networks": _incidents(lambda _, incident: incident.is_of_network),
    "incidents of networks, none of whose addresses has an incident": _incidents(
        lambda judged, incident: (
            incident.is_of_network
            and all(its is not incident for _, its in judged.networks_in_excess)
            and len({row.address for row in judged.world.sign_ins if judged.has(row, incident)}) > 1
        )
    ),
    "incidents of networks for some of their logins": lambda judged: sum(
        its is not None for _, its in judged.networks_in_excess
    ),
    "incidents of addresses that hold all logins of an incident of the network": lambda judged: sum(
        its is None for _, its in judged.networks_in_excess
    ),
    "incidents of networks with the same user": _incidents(
        lambda _, incident: incident.is_of_network and "same_user" in incident.details["signals"]
    ),
    "incidents of networks that are hidden": _incidents(
        lambda _, incident: incident.is_of_network and incident.details["hidden_by"]
    ),
    "incidents of networks shown in spite of an entry for a part": _incidents(
        lambda judged, incident: (
            incident.is_of_network
            and not incident.details["hidden_by"]
            and any(_has_a_part(entry, incident.address) for entry in judged.world.entries)
        )
    ),
    "incidents of the root user": _incidents(lambda _, incident: is_root(incident)),
    "incidents of the root user in another case": _incidents(
        lambda _, incident: is_root(incident) and "Root" not in incident.columns
    ),
    "incidents of the root user with the name of a user who failed": _incidents(
        lambda judged, incident: is_root(incident) and _named(judged, incident)
    ),
    "incidents with the same user": _incidents(lambda _, incident: "same_user" in incident.details["signals"]),
    "incidents with the same user and a UPN suffix": _incidents(
        lambda _, incident: "same_user" in incident.details["signals"] and _suffix(incident)
    ),
    "incidents with more users than can be remembered": _incidents(
        lambda _, incident: "users_not_remembered" in incident.details["signals"]
    ),
    "sources with an estimated number of users": _sources(lambda of_source: of_source["users_estimated"]),
    "sources with an estimated number of failures": _sources(lambda of_source: of_source["count_estimated"]),
    "incidents whose user failed on other days alone": _incidents(
        lambda judged, incident: "different_user" in incident.details["signals"] and _named(judged, incident)
    ),
    "incidents with a source that did not exceed the threshold": _incidents(
        lambda _, incident: any(not of_source["exceeded"] for of_source in incident.details["failures"].values())
    ),
    "incidents with more logins than are listed": _incidents(
        lambda _, incident: incident.details["logins_total"] > len(incident.details["logins"])
    ),
    "sources with more users than are listed": _sources(lambda of_source: of_source["users_total"] > USERS_LISTED),
    "sources with an only failure": _sources(lambda of_source: of_source["count"] == 1),
    "sources with several error codes": _sources(lambda of_source: len(of_source["error_codes"]) > 1),
    "incidents of an IPv6 address": lambda judged: sum(":" in text for text in judged.column("SourceIpAddress")),
    "incidents with Success in another case": lambda judged: sum(
        text != "Success" for text in judged.column("LoginResult")
    ),
    **{
        f"incidents without {column}": lambda judged, column=column: judged.column(column).count("")
        for column in COLUMNS
        if column not in ("Reason", "LoginResult", "SourceIpAddress")
    },
    **{
        f"matching logins: {kind}": lambda judged, kind=kind: sum(login.kind == kind for _, login in judged.matching)
        for kind in KINDS
    },
    "matching logins with the event's name in another case": lambda judged: sum(
        login.body["eventName"] != "ConsoleLogin" for _, login in judged.matching
    ),
    "matching logins, the failures of whose day would not do": _matching(
        lambda address, login, _: not _own_day(address, login)
    ),
    "matching logins with all failures after them": _matching(
        lambda address, login, _: all(time > login.time for time in address.counted())
    ),
    "matching logins a whole window from a failure": _matching(
        lambda address, login, window: any(abs(time - login.time) == window for time in address.counted())
    ),
    "logins a second too far from a failure": _missed_by_a_second,
    f"addresses with more than {SAMPLED} failures in an hour": _addresses(lambda address: address.crowded_hours),
    "logins a window from such an hour": _at_a_crowded_hour,
    "addresses at the threshold": _addresses(lambda address: address.sources_with(address.threshold)),
    "addresses one above it": _addresses(lambda address: address.sources_with(address.threshold + 1)),
    **{
        f"addresses above it in {table} alone": _addresses(
            lambda address, table=table: address.exceeding_tables == [table]
        )
        for table in TABLES
    },
    "addresses above it in both": _addresses(lambda address: len(address.exceeding_tables) == 2),
    "addresses above it in the sum alone": _addresses(
        lambda address: not address.exceeding_tables and len(address.counted()) > address.threshold
    ),
    "addresses above it in a source that does not count": _addresses(
        lambda address: address.exceeding and not address.exceeding_tables
    ),
    **{
        f"addresses above it that are {loopback}": _addresses(
            lambda address, loopback=loopback: address.text == loopback and address.exceeding_tables
        )
        for loopback in LOOPBACK
    },
    "addresses above it with failed logins or other events too": _addresses(
        lambda address: address.exceeding_tables and len(address.records) > len(address.logins)
    ),
    "two failures of one sign-in": lambda judged: sum(
        sum(row.code not in NO_FAILURES for row in rows) > 1 for rows in judged.results
    ),
    "failure and success of one sign-in": lambda judged: sum(
        len({row.code in NO_FAILURES for row in rows}) == 2 for rows in judged.results
    ),
    **{
        f"sign-ins with code {code}": lambda judged, code=code: sum(row.code == code for row in judged.world.sign_ins)
        for code in NO_FAILURES
    },
    "sign-ins repeated": lambda judged: sum(len(row.copies) > 1 for row in judged.world.sign_ins),
    "equal sign-ins without an id": lambda judged: sum(row.occurrences > 1 for row in judged.world.sign_ins),
    "sign-ins without an id": lambda judged: sum(not row.id for row in judged.world.sign_ins),
    "records repeated": lambda judged: sum(len(record.copies) > 1 for record in judged.world.records),
    "records without an id": lambda judged: sum("eventID" not in record.body for record in judged.world.records),
    **{
        f"files: {form}": lambda judged, form=form: sum(file.form == form for file in judged.world.files)
        for form in (*SIGN_IN_FORMS, *RECORD_FORMS)
    },
    "worlds without a tuning entry": lambda judged: not judged.world.entries,
    "worlds with a shown and a hidden incident": lambda judged: (
        len({bool(incident.details["hidden_by"]) for incident in judged.incidents}) == 2
    ),
    "incidents hidden by one entry": _hidden(lambda entries: len(entries) == 1),
    "incidents hidden by several entries": _hidden(lambda entries: len(entries) > 1),
    "incidents hidden by an entry for several worlds": _hidden(
        lambda entries: any(entry.id.startswith("group") for entry in entries)
    ),
    "incidents hidden by one of several thresholds": _incidents(_of_several_thresholds),
    "incidents shown in spite of a removed entry": _incidents(
        lambda judged, incident: not incident.details["hidden_by"] and any(e.is_removed for e in judged.world.entries)
    ),
    **{
        f"incidents hidden by {name}": _hidden(lambda entries, has=has: any(map(has, entries)))
        for name, has in _conditions()
    },
    **{f"incidents shown in spite of {name}": _missed(has) for name, has in _conditions()},
    **{
        f"incidents hidden by {effect} in a period": _hidden(
            lambda entries, effect=effect: any(map(_has_period(effect), entries))
        )
        for effect in EFFECTS
    },
    **{f"incidents shown in spite of {effect} in a period": _missed(_has_period(effect)) for effect in EFFECTS},
    "hidden incidents of a crowded hour": lambda judged: sum(
        bool(incident.details["hidden_by"])
        and any(its["count_estimated"] for its in incident.details["failures"].values())
        for incident in judged.incidents
    ),
    "files packed by gzip": lambda judged: sum(file.packed for file in judged.world.files),
}


def count(worlds: Sequence[World], options: Options, found: Iterable[Incident]) -> Counter[str]:
    """The counts of all features in worlds with these findings."""
    of_place: dict[str, list[Incident]] = {}
    for incident in found:
        of_place.setdefault(incident.address, []).append(incident)
    total: Counter[str] = Counter()
    for world in worlds:
        incidents = [incident for place in sorted(places(world, options)) for incident in of_place.get(place, ())]
        judged = JudgedWorld(world, options, incidents)
        total.update({name: int(check(judged)) for name, check in CHECKS.items()})
    return total


def missing(total: Counter[str]) -> list[str]:
    """The features that no world has."""
    return [name for name in CHECKS if not total[name]]
