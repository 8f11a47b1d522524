"""The rule with the `where` clauses and the thresholds that are equivalent to tuning entries.

failures excluded  `where not (...)` as the first operator on a table of sign-ins; a query of its own, which runs once
logins excluded    `where not (...)` on AWSCloudTrail, after the rule has computed the account name
thresholds         `case (...)` in place of `signin_threshold`, by address and table

The engine has no `ipv4_is_in_range`: a network is the list of the worlds' addresses in it. An address can have the text
of a window after it (see `judge`), which the clauses ignore.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from oracle import rule
from oracle.entry import FAILURES, LOGINS, Entry, Thresholds
from oracle.rule import TABLES

IN_WINDOW = " in the window from "
"""Separates an address from its window."""

SOURCES = dict(zip(TABLES, ("interactive", "non_interactive"), strict=True))
"""pivotwatch's names for the tables."""

CLASSES = {
    "16000": ("sso_step",),
    "20001": ("federation",),
    "50033": ("transient",),
    "50034": ("unknown_user",),
    "50053": ("locked", "blocked_address"),
    "50055": ("expired_password", "password_right"),
    "50057": ("restricted_account", "password_right"),
    "50058": ("sso_step",),
    "50074": ("mfa", "password_right"),
    "50076": ("mfa", "password_right"),
    "50097": ("sso_step", "device"),
    "50126": ("wrong_password",),
    "53003": ("conditional_access", "password_right"),
    "53011": ("conditional_access", "risk"),
    "65001": ("consent",),
    "70016": ("device_code",),
    "70043": ("token_refresh",),
    "80002": ("pass_through",),
    "90014": ("app_configuration",),
    "120000": ("wrong_password", "password_change"),
    "500021": ("cross_tenant",),
    "500121": ("mfa",),
    "7000218": ("other_credential",),
}
"""The classes of the worlds' result codes. The other codes have none."""

FAILURE_TEXTS = {
    "user": "UserPrincipalName",
    "app": "AppDisplayName",
    "operation": "OperationName",
    "client_app": "ClientAppUsed",
    "user_agent": "UserAgent",
}
"""The columns of conditions on a failure's texts."""

LOGIN_TEXTS = {
    "principal": (
        "PrincipalArn",
        "AccountName",
        'iif(isempty(AccountUPNSuffix), AccountName, strcat(AccountName, "@", AccountUPNSuffix))',
    ),
    "account": ("iif(isempty(RecipientAccountId), UserIdentityAccountId, RecipientAccountId)",),
    "region": ("AWSRegion",),
    "user_agent": ("UserAgent",),
}
"""The values of conditions on a login. One of them must match."""


def counted(table: str, entries: Sequence[Entry], addresses: Iterable[str]) -> str:
    """The rows of a table of sign-ins that the tuned rule counts."""
    clauses = (_failures(entry, table, sorted(addresses)) for entry in entries if entry.effect == FAILURES)
    return f"{table}\n{_excluded(clauses)}"


def query(threshold: int, entries: Sequence[Entry], addresses: Iterable[str], segment: int = 0) -> str:
    """The tuned rule over the rows of `counted`, in the engine's dialect, with a row for each login. Its thresholds are
    those of one segment of each address.
    """
    addresses = sorted(addresses)
    text = rule.runnable(threshold, each_event=True)
    thresholds = Thresholds(entries)
    for table in TABLES:
        text = rule.with_threshold_of(text, table, _threshold(thresholds, segment, SOURCES[table], addresses))
    clauses = (_logins(entry, addresses) for entry in entries if entry.effect == LOGINS)
    return rule.excluding_logins(text, _excluded(clauses))


def _excluded(clauses: Iterable[str | None]) -> str:
    held = [clause for clause in clauses if clause]
    return "| where not (\n    {}\n)\n".format("\n    or ".join(held)) if held else ""


def _failures(entry: Entry, table: str, addresses: Sequence[str]) -> str | None:
    """The clause of an entry that excludes failures; `None` if no row of the table meets it."""
    if entry.is_removed or SOURCES[table] not in entry.when.get("source", (SOURCES[table],)):
        return None
    conditions = [_address(entry, "IPAddress", addresses)]
    if codes := entry.when.get("code"):
        conditions.append(_one_of("ResultType", codes))
    if classes := entry.when.get("code_class"):
        of_classes = [code for code, its in CLASSES.items() if {*its} & {*classes}]
        conditions.append(_one_of("ResultType", of_classes))
    conditions += [_texts((column,), entry.when.get(name)) for name, column in FAILURE_TEXTS.items()]
    return _all([*conditions, *_period(entry)])


def _logins(entry: Entry, addresses: Sequence[str]) -> str | None:
    """The clause of an entry that excludes logins; `None` if no row meets it."""
    if entry.is_removed:
        return None
    conditions = [_address(entry, _bare("SourceIpAddress"), addresses)]
    conditions += [_texts(values, entry.when.get(name)) for name, values in LOGIN_TEXTS.items()]
    return _all([*conditions, *_period(entry)])


def _all(conditions: Iterable[str | None]) -> str | None:
    """All conditions. An empty text holds always, and `None` never."""
    held = [*conditions]
    if None in held:
        return None
    return f"({' and '.join(condition for condition in held if condition) or '1 == 1'})"


def _address(entry: Entry, column: str, addresses: Sequence[str]) -> str | None:
    if "cidr" not in entry.when:
        return ""
    return _one_of(column, [address for address in addresses if entry.prefix(address) is not None])


def _bare(column: str) -> str:
    """The address without the text of a window."""
    return f"tostring(split({column}, {_quoted(IN_WINDOW)})[0])"


def _one_of(value: str, texts: Sequence[str]) -> str | None:
    return f"{value} in ({', '.join(map(_quoted, texts))})" if texts else None


def _texts(values: Sequence[str], patterns: Sequence[str] | None) -> str:
    """The condition that a pattern matches one of the values, ignoring case."""
    matches = [_matches(value, pattern) for pattern in patterns or () for value in values]
    return f"({' or '.join(matches)})" if matches else ""


def _matches(value: str, pattern: str) -> str:
    if "*" not in pattern:
        return f"{value} =~ {_quoted(pattern)}"
    parts = ".*".join(map(re.escape, pattern.lower().split("*")))
    return f"tolower({value}) matches regex {_quoted(f'(?s)^{parts}$')}"


def _period(entry: Entry) -> list[str]:
    bounds = ((">=", entry.starts_at), ("<", entry.expires_at))
    return [f"TimeGenerated {sign} {_datetime(time)}" for sign, time in bounds if time]


def _datetime(time: datetime) -> str:
    return f"datetime({time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _threshold(thresholds: Thresholds, segment: int, source: str, addresses: Sequence[str]) -> str:
    """The threshold of each address in place of `signin_threshold`."""
    of_number: dict[int, list[str]] = {}
    for address in addresses:
        for entry in thresholds.in_segment(address, segment, source)[:1]:
            of_number.setdefault(entry.threshold, []).append(address)
    cases = [f"{_one_of(_bare('IPAddress'), its)}, {number}" for number, its in sorted(of_number.items())]
    return f"case({', '.join(cases)}, signin_threshold)" if cases else "signin_threshold"
