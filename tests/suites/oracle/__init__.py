"""The oracle: Microsoft's own rule judges pivotwatch.

Microsoft's published query runs in an independent engine over random worlds. `pivotwatch hunt` reads the same worlds
from files. Both must find the same, column by column.

rule       the query, and its changes for the engine
sentinel   the tables that Sentinel would have
judge      the rule over the tables: once, or in every window
hunt       pivotwatch over the files
world      facts, and the files that contain them
generate   random worlds;  identities  random principals in them
files      writing a world
compare    both over a batch of worlds;  shrink  the smallest world in which they differ
coverage   counts of the worlds' features;  judged_world  the features of one
"""
