"""The oracle: Microsoft's own rule judges pivotwatch.

Microsoft's published query runs in an independent engine over random worlds. `pivotwatch hunt` reads the same worlds
from files. Both must find the same, column by column. With tuning entries, both must find the same again. The query
with equivalent `where` clauses and thresholds decides which incidents are shown. The query without them decides which
are stored.

rule       the query, and its changes for the engine;  tuned_rule  the clauses and thresholds of entries
sentinel   the tables that Sentinel would have
judge      the rule over the tables: once, or in every window
hunt       pivotwatch over the files
world      facts, the files that contain them, and tuning entries;  entry  an entry
generate   random worlds;  identities  random principals in them;  entries  random tuning entries
files      writing a world
compare    both over a batch of worlds;  shrink  the smallest world in which they differ
networks   the same worlds by IPv6 networks, for the rule to judge them too
facts      the facts of worlds by address and day, from which the rest is derived again:
details    the numbers of an incident;  signals  its signals and its severity;  context  its users and references
tuned      both with tuning entries;  hidden  the entries that hide an incident, derived again
coverage   counts of the worlds' features;  judged_world  the features of one
"""
