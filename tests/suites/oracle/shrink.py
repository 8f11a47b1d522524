"""Shrinks a world while it keeps a property."""

from collections.abc import Callable
from dataclasses import replace

from oracle.entry import Entry
from oracle.world import Record, SignIn, World


def smallest(world: World, is_so: Callable[[World], bool]) -> World:
    """Drops facts and entries while `is_so` holds, first many at once and then one by one, and finally copies."""
    facts: list[SignIn | Record | Entry] = [*world.entries, *world.records, *world.sign_ins]
    size = len(facts) // 2
    while size:
        start = 0
        while start < len(facts):
            fewer = facts[:start] + facts[start + size :]
            if is_so(world.keeping(fewer)):
                facts = fewer
            else:
                start += size
        size //= 2
    for place, fact in enumerate(facts):
        if isinstance(fact, Entry):
            continue
        once = [*facts[:place], replace(fact, copies=fact.copies[:1]), *facts[place + 1 :]]
        if len(fact.copies) > 1 and is_so(world.keeping(once)):
            facts = once
    return world.keeping(facts)
