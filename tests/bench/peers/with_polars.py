"""The same with Polars on one thread, with the columns declared."""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = "1"

import polars  # noqa: E402 (it reads the environment when it is imported)

columns = {
    "category": polars.String,
    "resultType": polars.String,
    "properties": polars.Struct({"ipAddress": polars.String, "createdDateTime": polars.String}),
}
properties = polars.col("properties").struct
sign_ins = (
    polars.scan_ndjson(sys.argv[1], schema=columns)
    .group_by(
        polars.col("resultType").is_in(["0", "50125", "50140"]).not_().alias("failed"),
        properties.field("ipAddress").alias("address"),
        properties.field("createdDateTime").str.slice(0, 10).alias("day"),
        "category",
    )
    .len()
    .collect()
)
failures = sign_ins.filter("failed")
print(f"{sign_ins['len'].sum()},{failures['len'].sum()}")
for _, address, day, category, number in failures.iter_rows():
    print(f"{address},{day},{'interactive' if category == 'SignInLogs' else 'non_interactive'},{number}")
