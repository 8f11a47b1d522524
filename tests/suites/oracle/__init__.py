"""Microsoft's own rule as judge of pivotwatch.

The query that Microsoft publishes runs in an engine that nobody here wrote, over random worlds; `pivotwatch hunt` reads
the same worlds from files; what both find must be the same, column by column.

rule       the query, and what must be put differently for the engine
sentinel   the tables as Sentinel would have them
judge      the rule over the tables: once, or in every window there is
hunt       pivotwatch over the files
world      facts, and the files that tell of them
generate   random worlds;  identities  random principals in them
files      writing a world
compare    both over a batch of worlds;  shrink  the smallest world in which they still differ
coverage   what the worlds had in them, so that nobody has to believe it;  seen  what is counted for it
"""
