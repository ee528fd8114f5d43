import pytest

from cachelint.documents.yaml import Node, Scalar, YamlFile, children, parse_yaml
from cachelint.documents.yaml_edit import (
    CannotEditError,
    entry_span,
    head_end,
    hides_merged,
    place_of,
    quote_like,
    replace_value,
)
from cachelint.documents.yaml_meaning import means_as_stated
from cachelint.fix import apply_edits
from cachelint.source import SourceFile, Span
from tests.compose_files import SETTING


def parse(text: str) -> YamlFile:
    return parse_yaml(SourceFile("", text))


def scalar(file: YamlFile, value: str) -> Scalar:
    """The last scalar of that value."""
    nodes: list[Node] = [root for root in file.documents if root]
    for node in nodes:
        nodes += children(node)
    return next(node for node in reversed(nodes) if isinstance(node, Scalar) and node.value == value)


@pytest.mark.parametrize(
    ("text", "path", "entry"),
    [
        ("a:\n  b: x # c\n", (0, "a", "b"), "b: x"),
        ("a:\n  - y\n  -   x # c\n", (0, "a", 1), "-   x"),
        ("a:\n- x\n", (0, "a", 0), "- x"),
        ("a: # - n\n# - o\n- # p\n  x\n", (0, "a", 0), "- # p\n  x"),
        ("- |\n  - y\n- x\n", (0, 1), "- x"),
        ("a: &a\n  # c\n  - x\n", (0, "a", 0), "- x"),
        ("- - x\n  - y\n", (0, 0, 0), "- x"),
        ("- - y\n  - x\n", (0, 0, 1), "- x"),
        ("a: {b: x }\n", (0, "a", "b"), "b: x"),
        ("a: [y, 'x']\n", (0, "a", 1), "'x'"),
        ("z\n---\n? b\n: x\n", (1, "b"), "b\n: x"),
        ("a: {<<: {b: x}}\n", (0, "a", "<<", "b"), "b: x"),
    ],
)
def test_where_an_entry_is_written(text: str, path: tuple[str | int, ...], entry: str):
    file = parse(text)
    place = place_of(file, scalar(file, "x"))
    assert place.path == path
    assert text[slice(*entry_span(file.source, place))] == entry


def test_a_node_of_another_file_has_no_place():
    with pytest.raises(LookupError):
        place_of(parse("a: x\n"), scalar(parse("a: x\n"), "x"))


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("a:\n  x\n", "a:"),
        ("a: # c\n  x\n", "a:"),
        ("a : &b !!str  # c\n  x\n", "a : &b !!str"),
        ("'a':   \r\n  x\n", "'a':"),
    ],
)
def test_where_a_head_ends(text: str, head: str):
    file = parse(text)
    assert text[: head_end(file.source, place_of(file, scalar(file, "x")))] == head


@pytest.mark.parametrize("text", ["x\n", "- x\n", "? a\n: x\n", "{a: x}\n"])
def test_what_has_no_head(text: str):
    file = parse(text)
    with pytest.raises(CannotEditError):
        head_end(file.source, place_of(file, scalar(file, "x")))


@pytest.mark.parametrize(
    ("text", "hides"),
    [
        ("a: {<<: {b: 1}, b: x}\n", True),
        ("c: &c {b: 1}\nd: &d {<<: *c}\na: {<<: [*d], b: x}\n", True),
        ("a: {<<: {c: 1}, b: x}\n", False),
        ("a: [x]\n", False),
    ],
)
def test_hides_merged(text: str, hides: bool):
    file = parse(text)
    assert hides_merged(place_of(file, scalar(file, "x"))) is hides


PLAIN, SINGLE, DOUBLE = (Scalar(Span(0, 0), "x", style) for style in ("", "'", '"'))


@pytest.mark.parametrize(
    ("sample", "value", "flow", "written"),
    [
        (PLAIN, "${X}", False, "${X}"),
        (None, "$X", True, "$X"),
        (PLAIN, "${X}", True, '"${X}"'),
        (PLAIN, "A=${X:-y}", False, "A=${X:-y}"),
        (PLAIN, "1", False, '"1"'),
        (PLAIN, "", False, '""'),
        (PLAIN, "a: b", False, '"a: b"'),
        (PLAIN, "a #b", False, '"a #b"'),
        (PLAIN, "a:", False, '"a:"'),
        (PLAIN, "é", False, '"é"'),
        (SINGLE, "it's", False, "'it''s'"),
        (DOUBLE, 'a"b\\', True, '"a\\"b\\\\"'),
    ],
)
def test_quote_like(sample: Scalar | None, value: str, flow: bool, written: str):
    assert quote_like(sample, value, flow=flow) == written
    text = f"a: [{written}]\n" if flow else f"a: {written}\n"
    assert scalar(parse(text), value).is_string


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: x # c\n", f"a: {SETTING} # c\n"),
        ("a: 'x'\r\n", f"a: '{SETTING}'\r\n"),
        ("a: [b, x,]\n", f"a: [b, {SETTING},]\n"),
    ],
)
def test_replace_value(before: str, after: str):
    file = parse(before)
    change = replace_value(file, scalar(file, "x"), SETTING)
    text = apply_edits(before, change.edits)
    assert text == after
    assert means_as_stated(file, change.statements, parse(text))


@pytest.mark.parametrize("text", ["x\n", "a: &b x\n", "a: !!str x\n", "a: |-\n  x\n"])
def test_what_cannot_be_replaced(text: str):
    file = parse(text)
    with pytest.raises(CannotEditError):
        replace_value(file, scalar(file, "x"), "y")
