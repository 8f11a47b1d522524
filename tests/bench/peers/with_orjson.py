"""The same with orjson, which parses each line in a loop, as people write it."""

import gzip
import sys
from collections import Counter

import orjson

opened = gzip.open if sys.argv[1].endswith(".gz") else open
failures = Counter()
records = 0
with opened(sys.argv[1], "rb") as lines:
    for line in lines:
        record = orjson.loads(line)
        records += 1
        if record["resultType"] not in ("0", "50125", "50140"):
            sign_in = record["properties"]
            failures[sign_in["ipAddress"], sign_in["createdDateTime"][:10], record["category"]] += 1
print(f"{records},{failures.total()}")
for (address, day, category), number in failures.items():
    print(f"{address},{day},{'interactive' if category == 'SignInLogs' else 'non_interactive'},{number}")
