"""The language of documents and comments: short sentences, the field's words, and a glossary that defines each once."""

import re
from pathlib import Path

import pytest
from comments import SOURCES, prose
from pages import DOCUMENTS, PROJECT, sentences, tables, without_code

LONGEST_SENTENCE = 25
LONGEST_LINE = 120

# Ordinary words in place of technical ones, each with the word to use.
WORDS = {
    r"told|tells?": "recognised, decided, reported",
    r"(?<!far )behind": "after, beyond",
    r"pass(?:ed|es)? over": "skipped",
    r"go(?:es|ne)? over|went over": "validated",
    r"com(?:es?|ing) to (?:an?|the)": "is, becomes",
    r"skimm(?!ing)\w+": "skipped",
    r"mend(?:s|ed)?": "repair",
    r"made[ -]up": "generated",
    r"(?:be|is|are|was|were) looked at": "evaluated, read",
    r"tak(?:e|es|en|ing) up": "resumed, occupies",
}

# The words that code, records, metrics and mails share.
DOMAIN = [
    "failure",
    "source",
    "tally",
    "sample",
    "hour",
    "evidence",
    "login",
    "match",
    "window",
    "incident",
    "signal",
    "settle",
    "lease",
    "publish",
    "export",
    "shape",
    "record",
    "notification",
    "backstop",
    "redrive",
    "replay",
]

GLOSSARY = (PROJECT / "docs" / "GLOSSARY.md").read_text()
SECTIONS = ["Words of the domain", "Outcomes", "Words of the machinery"]


def name(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def is_long(line: str) -> bool:
    return len(re.sub(r"https?://\S+", "", line)) > LONGEST_LINE


def sentences_of(file: Path) -> list[str]:
    return list(sentences(file.read_text()) if file.suffix == ".md" else prose(file))


def words(sentence: str) -> int:
    return sum(any(character.isalnum() for character in word) for word in sentence.split())


@pytest.mark.parametrize("file", [*DOCUMENTS, *SOURCES], ids=name)
def test_no_sentence_has_more_than_25_words(file):
    assert [sentence for sentence in sentences_of(file) if words(sentence) > LONGEST_SENTENCE] == []


@pytest.mark.parametrize("file", [*DOCUMENTS, *SOURCES], ids=name)
def test_a_technical_thing_has_its_technical_word(file):
    found = [
        (match[0], word, sentence)
        for sentence in sentences_of(file)
        for pattern, word in WORDS.items()
        for match in re.finditer(rf"\b(?:{pattern})\b", sentence, re.I)
    ]
    assert found == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=name)
def test_no_line_of_prose_is_longer_than_120_columns(page):
    # A row of a table, a command and an address cannot be broken.
    prose = [line for line in without_code(page.read_text()).splitlines() if not line.startswith("|")]
    assert [line for line in prose if is_long(line)] == []


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_no_line_of_comment_is_longer_than_120_columns(source):
    # A row of a table cannot be broken, and `#[` is an attribute.
    comments = [line for line in source.read_text().splitlines() if re.match(r"\s*(?://[/!]? [^|]|# )", line)]
    assert [line for line in comments if is_long(line)] == []


def defined() -> list[str]:
    return [row[0] for section in SECTIONS for _, rows in tables(GLOSSARY, section) for row in rows]


def test_the_glossary_defines_each_word_once_and_in_order():
    assert sorted(set(defined())) == sorted(defined())
    for section in SECTIONS:
        names = [row[0] for _, rows in tables(GLOSSARY, section) for row in rows]
        assert section == "Outcomes" or names == sorted(names)


def test_the_glossary_defines_every_word_of_the_domain():
    assert [word for word in DOMAIN if word not in defined()] == []
