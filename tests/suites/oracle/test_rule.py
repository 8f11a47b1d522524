"""The engine runs Microsoft's rule, and the only differences are known."""

from collections import Counter

import pytest

from oracle import rule


def lines(query: str, without: str) -> list[str]:
    """The lines of a query that another one lacks or has less often."""
    return list((Counter(query.splitlines()) - Counter(without.splitlines())).elements())


def test_these_are_all_differences_from_microsofts_rule():
    runnable = rule.runnable(5)
    assert lines(rule.PUBLISHED, without=runnable) == [
        "let aadFunc = (tableName:string){",
        "let Suspicious_signins =",
        "table(tableName)",
        "| summarize make_set(IPAddress);",
        "Suspicious_signins",
        "};",
        'let aadSignin = aadFunc("SigninLogs");',
        'let aadNonInt = aadFunc("AADNonInteractiveUserSignInLogs");',
        "| summarize make_set(set_IPAddress);",
        """| extend AccountName = iif(AccountName contains "@", """
        """tostring(split(AccountName, '@', 0)[0]), AccountName),""",
        """AccountUPNSuffix = iif(AccountName contains "@", tostring(split(AccountName, '@', 1)[0]), "")""",
    ]
    assert lines(runnable, without=rule.PUBLISHED) == [
        "let aadSignin = SigninLogs",
        # The function's body is there twice now.
        '| where ResultType !in ("0", "50125", "50140")',
        '| where IPAddress !in ("127.0.0.1", "::1")',
        "| summarize count() by IPAddress",
        "| where count_ > signin_threshold",
        "| project IPAddress;",
        "| project IPAddress;",
        "let aadNonInt = AADNonInteractiveUserSignInLogs",
        "| distinct IPAddress;",
        """| extend AccountName = iif(AccountName contains "@", """
        """tostring(split(AccountName, '@')[0]), AccountName),""",
        """AccountUPNSuffix = iif(AccountName contains "@", tostring(split(AccountName, '@')[1]), "")""",
    ]


def test_the_threshold_is_the_rules_own_line():
    assert lines(rule.runnable(9), without=rule.runnable(5)) == ["let signin_threshold = 9;"]


def test_a_row_for_each_event_needs_one_more_column():
    (summarize,) = lines(rule.runnable(5), without=rule.runnable(5, each_event=True))
    assert lines(rule.runnable(5, each_event=True), without=rule.runnable(5)) == [f"{summarize}, AwsEventId"]


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (rule.function_inlined, "let aadFunc = "),
        (rule.function_inlined, "table(tableName)"),
        (rule.function_inlined, 'aadFunc("AADNonInteractiveUserSignInLogs")'),
        (rule.sets_as_rows, "make_set(IPAddress)"),
        (rule.sets_as_rows, "make_set(set_IPAddress)"),
        (rule.split_by_two, "split(AccountName, '@', 1)"),
        (lambda query: rule.with_threshold(query, 9), "signin_threshold = 5"),
        (rule.by_event, "MFAUsed\n"),
    ],
)
def test_a_step_fails_without_the_text_that_it_replaces(step, needed):
    query = rule.PUBLISHED if step is rule.function_inlined else rule.function_inlined(rule.PUBLISHED)
    step(query)
    with pytest.raises(rule.RuleTextError):
        step(query.replace(needed, "something else"))
