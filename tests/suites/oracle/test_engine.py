"""The engine's operators and functions have Kusto's meaning.

Each operator and function of the rule is tested once against the documentation under
https://learn.microsoft.com/kusto/query/; each line names its page. The last test has the known differences, which the
worlds avoid.
"""

import duckdb_kql
import pytest

PRIMITIVES = [
    # in-cs-operator, not-in-cs-operator: case-sensitive equality with one of them.
    ('"50126" !in ("0", "50125", "50140")', True),
    ('"0" !in ("0", "50125", "50140")', False),
    ('"00" !in ("0", "50125", "50140")', True),
    ('"2001:DB8::1" in ("2001:db8::1")', False),
    # equals-operator: `=~` without case, `==` with it.
    ('"consoleLOGIN" =~ "ConsoleLogin"', True),
    ('"ConsoleLogins" =~ "ConsoleLogin"', False),
    ('"anonymous" == "Anonymous"', False),
    # parse-json-function, scalar-data-types/dynamic: names are case-sensitive; what is not there is null.
    # tostring-function: "If value is null, the result is an empty string."
    ("""tostring(parse_json('{"MFAUsed": "Yes"}').MFAUsed)""", "Yes"),
    ("""tostring(parse_json('{"MFAUsed": "Yes"}').mfaused)""", ""),
    ("""tostring(parse_json('{"MFAUsed": null}').MFAUsed)""", ""),
    ("tostring(parse_json('{}').MFAUsed)", ""),
    ("tostring(parse_json('null').MFAUsed)", ""),
    ("tostring(parse_json('').MFAUsed)", ""),
    ("""tostring(parse_json('[{"ARN": "a"}, {"ARN": "b"}]')[0].ARN)""", "a"),
    ("""tostring(parse_json('[{"type": "t"}, {"ARN": "b"}]')[0].ARN)""", ""),
    ("tostring(parse_json('[]')[0].ARN)", ""),
    ("tostring(parse_json('')[0].ARN)", ""),
    # isempty-function, iff-function, case-function: the first condition that holds decides.
    ('isempty("")', True),
    ('isempty(" ")', False),
    ('iif(isempty(""), "then", "else")', "then"),
    ('case("Anonymous" == "Anonymous", "first", isempty(""), "second", "else")', "first"),
    ('case("x" == "Anonymous", "first", isempty(""), "second", "else")', "second"),
    ('case("x" == "Anonymous", "first", isempty("y"), "second", "else")', "else"),
    # split-function: as many parts as there are delimiters and one; `split("", "_")` is `[""]`.
    # scalar-data-types/dynamic: a negative index counts from the end; beyond the end is null.
    ("""tostring(split("arn:aws:iam::1:user/ops/alice", '/')[-1])""", "alice"),
    ("""tostring(split("arn:aws:iam::1:root", '/')[-1])""", "arn:aws:iam::1:root"),
    ("""tostring(split("user/", '/')[-1])""", ""),
    ("""tostring(split("", '/')[-1])""", ""),
    ("""tostring(split("a@b@c", '@')[0])""", "a"),
    ("""tostring(split("a@b@c", '@')[1])""", "b"),
    ("""tostring(split("@", '@')[1])""", ""),
    ("""tostring(split("a", '@')[1])""", ""),
    # contains-operator: anywhere in the text.
    ('"a@b" contains "@"', True),
    ('"@" contains "@"', True),
    ('"" contains "@"', False),
    ('"FabriKam" contains "BRik"', True),
]

QUERIES = [
    # summarize-operator: a row for each combination of what is grouped by, in which case and emptiness count; no rows
    # of none. count() without a name makes the column `count_`.
    (
        """datatable(k: string)["a", "a", "A", "", ""] | summarize count() by k | where count_ > 1 | sort by k asc""",
        [("", 2), ("a", 2)],
    ),
    ("""datatable(k: string)[] | summarize count() by k""", []),
    # extend-operator: a column that exists is replaced, and all of one `extend` is computed from what was there before.
    (
        """datatable(n: string)["a@b", "c"]
        | extend n = iif(n contains "@", tostring(split(n, '@')[0]), n),
            s = iif(n contains "@", tostring(split(n, '@')[1]), "")
        | sort by n asc""",
        [("a", "b"), ("c", "")],
    ),
    # union-operator: the rows of both; in-cs-operator: of a tabular expression, the first column.
    (
        """let one = datatable(k: string)["a", "b"] | project k;
        let other = datatable(k: string)["b", "c"] | project k;
        let both = union isfuzzy=true one, other | distinct k;
        datatable(x: string)["a", "c", "C", "d"] | where x in (both) | sort by x asc""",
        [("a",), ("c",)],
    ),
    (
        """let none = datatable(k: string)[] | project k;
        let some = datatable(k: string)["a"] | project k;
        let both = union isfuzzy=true none, some | distinct k;
        datatable(x: string)["a", "b"] | where x in (both)""",
        [("a",)],
    ),
]


@pytest.fixture(scope="module")
def engine():
    return duckdb_kql.connect()


@pytest.mark.parametrize(("expression", "expected"), PRIMITIVES)
def test_an_expression_has_the_documented_value(engine, expression, expected):
    assert duckdb_kql.query(engine, f"print {expression}").fetchall() == [(expected,)]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_has_the_documented_result(engine, query, expected):
    assert duckdb_kql.query(engine, query).fetchall() == expected


@pytest.mark.parametrize(
    ("expression", "kusto"),
    [
        # Why rule.py lists addresses in rows: "Nested arrays are flattened into a single list of values."
        ('"a" in (dynamic([["a"], ["b"]]))', True),
        # Why the worlds vary the case of ASCII letters alone: "Case-insensitive operators are currently supported only
        # for ASCII-text."
        ('"\u0130" =~ "i"', False),
    ],
)
def test_the_known_differences_of_the_engine(engine, expression, kusto):
    assert duckdb_kql.query(engine, f"print {expression}").fetchall() == [(not kusto,)]


@pytest.mark.parametrize(
    "query",
    [
        # Why rule.py splits by two arguments, and inlines the function.
        """print split("aaa_bbb_ccc", "_", 1)""",
        """let f = (t: string) { table(t) | count }; f("SigninLogs")""",
    ],
)
def test_the_engine_refuses_unknown_functions(engine, query):
    with pytest.raises(duckdb_kql.KqlError):
        duckdb_kql.query(engine, query)
