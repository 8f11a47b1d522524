"""The rule for the engine: `rule.kql` verbatim, except for functions that the engine lacks.

Three steps replace a text by another with the same meaning, and fail without that text. Two more steps change a
parameter, or distinguish rows:

function_inlined  the engine has no functions of a table's name: the body replaces each call
sets_as_rows      the engine's `in` does not search arrays of arrays: addresses are rows
split_by_two      the engine's `split` has no index parameter: the index follows the call
with_threshold    another number for `signin_threshold`
by_event          a row for each login, instead of one for all logins that agree in the rule's columns

Two steps tune the rule; `tuned_rule` writes their texts:

excluding_logins    `where` after the operators that compute the account name
with_threshold_of   another expression for `signin_threshold` in one table
"""

from functools import cache
from pathlib import Path

TABLES = ("SigninLogs", "AADNonInteractiveUserSignInLogs")
"""The tables in which the rule counts failures, each by itself."""

PUBLISHED = Path(__file__).with_name("rule.kql").read_text("utf-8")


class RuleTextError(Exception):
    """The rule does not contain the text to replace."""


@cache
def runnable(threshold: int, *, each_event: bool = False) -> str:
    """The rule in the engine's dialect."""
    query = with_threshold(split_by_two(sets_as_rows(function_inlined(PUBLISHED))), threshold)
    return by_event(query) if each_event else query


def function_inlined(query: str) -> str:
    """Replaces the two calls of `aadFunc` by its body."""
    before, after = "let aadFunc = (tableName:string){\nlet Suspicious_signins =\n", ";\nSuspicious_signins\n};\n"
    body = query.partition(before)[2].partition(after)[0]
    query = _replaced(query, before + body + after, "")
    for table in TABLES:
        query = _replaced(query, f'aadFunc("{table}")', _replaced(body, "table(tableName)", table))
    return query


def sets_as_rows(query: str) -> str:
    """Lists addresses in rows. Kusto's `in` flattens arrays, and arrays of arrays, so that it finds the same in either.

    https://learn.microsoft.com/kusto/query/in-cs-operator: "Nested arrays are flattened into a single list of values",
    and of a tabular expression the first column counts.
    """
    query = _replaced(query, "| summarize make_set(IPAddress)", "| project IPAddress", times=len(TABLES))
    return _replaced(query, "| summarize make_set(set_IPAddress)", "| distinct IPAddress")


def split_by_two(query: str) -> str:
    """Takes the part after splitting. With an index, Kusto's `split` gives an array of that part alone.

    https://learn.microsoft.com/kusto/query/split-function: `split("aaa_bbb_ccc", "_", 1)` is `["bbb"]`.
    """
    for index in (0, 1):
        query = _replaced(query, f"split(AccountName, '@', {index})[0]", f"split(AccountName, '@')[{index}]")
    return query


def with_threshold(query: str, threshold: int) -> str:
    """Sets the threshold in the rule's first line."""
    return _replaced(query, "let signin_threshold = 5;", f"let signin_threshold = {threshold};")


def by_event(query: str) -> str:
    """Groups by CloudTrail's event id too, which is unique to a login."""
    return _replaced(query, ", UserAgent, MFAUsed\n", ", UserAgent, MFAUsed, AwsEventId\n")


def excluding_logins(query: str, where: str) -> str:
    """Filters the logins before they are grouped. `PrincipalArn` is the ARN before the rule replaces an empty one."""
    query = _replaced(query, "AWSCloudTrail\n", "AWSCloudTrail\n| extend PrincipalArn = UserIdentityArn\n")
    return _replaced(query, "| summarize StartTime", f"{where}| summarize StartTime")


def with_threshold_of(query: str, table: str, threshold: str) -> str:
    """Sets the threshold of one table."""
    before, call, after = query.partition(f"= {table}\n")
    counted = after.partition(";")[0]
    return (
        before + call + _replaced(counted, "count_ > signin_threshold", f"count_ > {threshold}") + after[len(counted) :]
    )


def _replaced(query: str, old: str, new: str, times: int = 1) -> str:
    found = query.count(old)
    if found != times:
        raise RuleTextError(f"the rule says this {found} times instead of {times}: {old!r}")
    return query.replace(old, new)
