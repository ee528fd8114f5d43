"""The text of a YAML scalar, and where each of its characters is written."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachelint.documents.yaml import Mapping, Scalar, parse_yaml
from cachelint.documents.yaml_text import text_in
from cachelint.source import SourceFile, Span


def read(text):
    """The mapped text of the value of ``run`` in a document."""
    source = SourceFile("x.yml", text)
    root = parse_yaml(source).documents[0]
    assert isinstance(root, Mapping)
    scalar = root.merged["run"].value
    assert isinstance(scalar, Scalar)
    return text_in(source, scalar), scalar


def written(text, word):
    """The characters in the file of the only occurrence of a word in the text."""
    mapped, _ = read(text)
    at = mapped.text.index(word)
    return text[slice(*mapped.span(Span(at, at + len(word))))]


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("run: |\n  one\n  two\n", "one\ntwo"),
        ("run: |-\n    one\n      two\n\n    three\n", "one\n  two\n\nthree"),
        ("run: |2\n    one\n  two\n", "  one\ntwo"),
        ("run: |\r\n  one\r\n  two\r\n", "one\ntwo"),
        ("run: |  # about it\n  one", "one"),
        ("run: |+\n  one\n\n\nx: 1\n", "one"),
        ("run: |\n\n  one\n", "\none"),
        ("run: >\n  one\n  two\n\n  three\n", "one two\nthree"),
        ("run: >-\n  one\n    more\n    more\n  two\n", "one\n  more\n  more\ntwo"),
        ("run: >\n\n  one\n  two", "\none two"),
        ("run: one two", "one two"),
        ("run: one\n  two\n\n  three\n", "one two\nthree"),
        ("run: 'it''s'", "it's"),
        ("run: 'one\n  two'", "one two"),
        ('run: "a\\tb\\x41\\u00e4\\U0001f600\\"\\\\"', 'a\tbAä😀"\\'),
        ('run: "one \\\n   two\n\n   three"', "one two\nthree"),
        ("\ufeffrun: one", "one"),
        ("run: &x !!str one", "one"),
        ("run: ''", ""),
        ("run:", ""),
        ("run: |\n", ""),
    ],
)
def test_the_text_is_what_yaml_says(yaml, text):
    mapped, _ = read(yaml)
    assert mapped is not None
    assert mapped.text == text


@pytest.mark.parametrize(
    ("yaml", "word", "place"),
    [
        ("run: |\n  a \\\n    docker build .\n", "docker build .", "docker build ."),
        ("run: |\n  a\n  b\n", "a\nb", "a\n  b"),
        ("run: >\n  docker build\n  --pull .\n", "build --pull", "build\n  --pull"),
        ("run: 'echo ''a'' b'", "'a'", "''a''"),
        ('run: "echo \\"a\\" b"', '"a"', '\\"a\\"'),
        ('run: "echo \\"a\\" b"', " b", " b"),
        ("run: |\r\n  a\r\n  b\r\n", "b", "b"),
    ],
)
def test_a_span_leads_to_what_is_written(yaml, word, place):
    assert written(yaml, word) == place


def test_only_the_very_same_characters_can_be_edited():
    text = 'run: "a \\"b\\" c"\n'
    mapped, _ = read(text)
    assert mapped.is_verbatim(Span(0, 2))
    assert not mapped.is_verbatim(Span(0, 3))
    assert not mapped.is_verbatim(Span(2, 5))


def test_a_part_keeps_its_places():
    text = "run: |\n  one\n  two three\n"
    mapped, _ = read(text)
    part = mapped.part(Span(4, 13))
    assert part.text == "two three"
    assert text[slice(*part.span(Span(4, 9)))] == "three"
    assert text[slice(*mapped.part(Span(2, 6)).span(Span(0, 4)))] == "e\n  tw"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=6)
LINES = st.lists(st.lists(WORDS, max_size=4).map(" ".join), min_size=1, max_size=6)


def block(style, lines, indent, newline):
    body = newline.join(f"{' ' * indent}{line}" if line else "" for line in lines)
    return f"run: {style}{newline}{body}{newline}"


@given(LINES, st.sampled_from("|>"), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_block_scalars_map_every_character(lines, style, indent, newline):
    yaml = block(style, lines, indent, newline)
    mapped, scalar = read(yaml)
    assert mapped is not None
    assert mapped.text.rstrip() == scalar.value.rstrip()
    check(yaml, mapped)


@given(LINES)
def test_quoted_scalars_map_every_character(lines):
    text = "\n".join(lines)
    check(*double(text))
    yaml = "run: '" + text.replace("'", "''").replace("\n", "\n\n  ") + "'\n"
    mapped, scalar = read(yaml)
    assert mapped is not None
    assert mapped.text == scalar.value
    check(yaml, mapped)


def double(text):
    yaml = f"run: {json.dumps(text, ensure_ascii=False)}\n"
    mapped, scalar = read(yaml)
    assert mapped is not None
    assert mapped.text == scalar.value == text
    return yaml, mapped


def check(yaml, mapped):
    """Every character that is no break is written as itself, or as the escape that stands for it."""
    end = 0
    for at, char in enumerate(mapped.text):
        span = mapped.span(Span(at, at + 1))
        place = yaml[slice(*span)]
        assert span.start >= end or not char.strip()
        end = span.start
        if not char.isspace():
            assert place in (char, "''") or re.fullmatch(r"\\.|\\u....", place), (char, place)
        for later in range(at, min(at + 3, len(mapped.text))):
            wide = Span(at, later + 1)
            if mapped.is_verbatim(wide):
                assert yaml[slice(*mapped.span(wide))] == mapped.text[slice(*wide)]
