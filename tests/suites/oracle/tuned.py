"""Compares both sides with tuning entries.

The rule without the entries says which incidents are stored. The rule with the equivalent `where` clauses and
thresholds (`tuned_rule`) says which of them are shown: those with one matching login or more. `hidden` says which
entries hide the others.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from oracle.findings import Incident, Login, by_day, group_of, grouped, grouped_without
from oracle.hidden import Tuning


def errors(
    untuned: Sequence[Incident],
    tuned: Sequence[Incident],
    logins: Collection[Login],
    tuned_logins: Collection[Login],
    tuning: Tuning,
) -> Iterator[tuple[Incident, str]]:
    """The differences of pivotwatch's tuned incidents from its untuned ones, and from the tuned rule. A text for each.
    `logins` match by the rule, and `tuned_logins` by the tuned rule.

    An incident of an address that is shown holds its logins: they are no reason to show an incident of their network.
    A hidden incident of an address holds nothing.
    """
    held = _held(tuned, logins)
    expected = {group_of(incident): incident for incident in by_day(_without(held, logins))}
    shown_by_rule = grouped_without(held, tuned_logins).keys()
    found, found_untuned = ({group_of(incident) for incident in incidents} for incidents in (tuned, untuned))
    yield from ((incident, "it is not stored with tuning") for key, incident in expected.items() if key not in found)
    yield from ((incident, "it is held") for incident in tuned if group_of(incident) not in expected)
    yield from _unequal(untuned, tuned, "it differs with tuning")
    yield from _unequal(
        (incident for incident in tuned if group_of(incident) in found_untuned), untuned, "it differs without tuning"
    )
    for incident in tuned:
        hidden_by = incident.details["hidden_by"]
        named = tuning.named(incident, [*tuned_logins, *(set(logins) - set(_without(held, logins)))])
        is_certain = tuning.is_certain(incident)
        if group_of(incident) in shown_by_rule:
            if hidden_by:
                yield incident, f"hidden_by is {hidden_by}, but a login matches under the tuned rule"
        elif hidden_by:
            if hidden_by != named if is_certain else not {*hidden_by} <= {*named}:
                yield incident, f"hidden_by is {hidden_by}, not {named}"
        elif is_certain:
            yield incident, f"it is not hidden by {named}, but no login matches under the tuned rule"


def _held(tuned: Iterable[Incident], logins: Iterable[Login]) -> set[str]:
    """The ids of the logins of the addresses' incidents that are shown."""
    shown = {group_of(incident) for incident in tuned if not (incident.is_of_network or incident.details["hidden_by"])}
    groups = grouped(login for login in logins if not login.is_of_network)
    return {login.event_id for key, group in groups.items() if key in shown for login in group}


def _without(held: Collection[str], logins: Iterable[Login]) -> list[Login]:
    return [login for group in grouped_without(held, logins).values() for login in group]


def _unequal(incidents: Iterable[Incident], others: Iterable[Incident], error: str) -> Iterator[tuple[Incident, str]]:
    excess = Counter(map(_without_entries, incidents)) - Counter(map(_without_entries, others))
    yield from ((incident, error) for incident in excess.elements())


def _without_entries(incident: Incident) -> Incident:
    """The incident as pivotwatch prints it without entries."""
    return incident._replace(shown=json.dumps(incident.details | {"hidden_by": []}, sort_keys=True))
