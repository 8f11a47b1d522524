"""The same with DuckDB on one thread, with the columns declared."""

import sys

import duckdb

duckdb.sql("SET threads = 1")
sign_ins = duckdb.sql(
    """
    SELECT resultType NOT IN ('0', '50125', '50140') AS failed,
           properties.ipAddress AS address,
           properties.createdDateTime[:10] AS day,
           CASE category WHEN 'SignInLogs' THEN 'interactive' ELSE 'non_interactive' END AS source,
           count(*) AS number
    FROM read_json($file, format = 'newline_delimited', columns = {
        category: 'VARCHAR', resultType: 'VARCHAR',
        properties: 'STRUCT(ipAddress VARCHAR, createdDateTime VARCHAR)'})
    GROUP BY ALL
    """,
    params={"file": sys.argv[1]},
).fetchall()
failures = [row[1:] for row in sign_ins if row[0]]
print(f"{sum(row[4] for row in sign_ins)},{sum(row[3] for row in failures)}")
for address, day, source, number in failures:
    print(f"{address},{day},{source},{number}")
