"""Compares both sides with tuning entries.

The rule without the entries says which incidents are stored. The rule with the equivalent `where` clauses and
thresholds (`tuned_rule`) says which of them are shown: those with one matching login or more. `hidden` says which
entries hide the others.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from oracle.findings import Incident, Login, group_of, grouped_without
from oracle.hidden import Tuning


def errors(
    untuned: Sequence[Incident],
    tuned: Sequence[Incident],
    logins: Collection[Login],
    tuning: Tuning,
    held: Collection[str],
) -> Iterator[tuple[Incident, str]]:
    """The differences of pivotwatch's tuned incidents from its untuned ones, and from the tuned rule with its matching
    logins. A text for each. `held` has the ids of the logins that incidents of addresses hold.
    """
    shown_by_rule = grouped_without(held, logins).keys()
    yield from _unequal(untuned, tuned, "it is not stored with tuning")
    yield from _unequal(tuned, untuned, "it is stored only with tuning")
    for incident in tuned:
        of_addresses = [login for login in tuning.logins(incident) if login.is_of_network and login.event_id in held]
        hidden_by, named = incident.details["hidden_by"], tuning.named(incident, [*logins, *of_addresses])
        is_certain = tuning.is_certain(incident)
        if group_of(incident) in shown_by_rule:
            if hidden_by:
                yield incident, f"hidden_by is {hidden_by}, but a login matches under the tuned rule"
        elif hidden_by:
            if hidden_by != named if is_certain else not {*hidden_by} <= {*named}:
                yield incident, f"hidden_by is {hidden_by}, not {named}"
        elif is_certain:
            yield incident, f"it is not hidden by {named}, but no login matches under the tuned rule"


def _unequal(incidents: Iterable[Incident], others: Iterable[Incident], error: str) -> Iterator[tuple[Incident, str]]:
    excess = Counter(map(_without_entries, incidents)) - Counter(map(_without_entries, others))
    yield from ((incident, error) for incident in excess.elements())


def _without_entries(incident: Incident) -> Incident:
    """The incident as pivotwatch prints it without entries."""
    return incident._replace(shown=json.dumps(incident.details | {"hidden_by": []}, sort_keys=True))
