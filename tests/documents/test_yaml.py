"""Every node knows exactly where it is written; ruamel.yaml's own loader is the judge of what it means."""

from __future__ import annotations

import time
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cachelint.documents import yaml
from cachelint.documents.yaml import (
    MAX_DEPTH,
    MAX_SLOW,
    Alias,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlError,
    YamlFile,
    children,
    deref,
    parse_yaml,
)
from cachelint.source import SourceFile, Span
from tests.compose_files import Written, compose_files


def parse(text: str) -> YamlFile:
    return parse_yaml(SourceFile("", text))


def spans(text: str) -> list[str]:
    """What is written for each node of a text: containers before what is in them, in the order of the text."""
    file = parse(text)
    found: list[str] = []
    pending: list[Node] = [root for root in reversed(file.documents) if root]
    while pending:
        node = pending.pop()
        found.append(text[slice(*node.span)])
        pending += reversed(list(children(node)))
    return found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("a: 1\n", ["a: 1", "a", "1"], id="plain"),
        pytest.param("'a': \"x # y\"  # z\n", ["'a': \"x # y\"", "'a'", '"x # y"'], id="quoted"),
        pytest.param("\ufeffa: 1\n", ["a: 1", "a", "1"], id="BOM"),
        pytest.param("a: 1\r\nb: 2\r\n", ["a: 1\r\nb: 2", "a", "1", "b", "2"], id="CRLF"),
        pytest.param("ä: €\n\U0001f600: x", ["ä: €\n\U0001f600: x", "ä", "€", "\U0001f600", "x"], id="wide characters"),
        pytest.param("a:\n- x\n- y # c\n\n# d\n", ["a:\n- x\n- y", "a", "- x\n- y", "x", "y"], id="indentless list"),
        pytest.param(
            "a:\n  - - x\n    - y\n",
            ["a:\n  - - x\n    - y", "a", "- - x\n    - y", "- x\n    - y", "x", "y"],
            id="list in list",
        ),
        pytest.param("a: [x,\n  'y' , ]\n", ["a: [x,\n  'y' , ]", "a", "[x,\n  'y' , ]", "x", "'y'"], id="flow list"),
        pytest.param("{a: {b: c}, d}\n", ["{a: {b: c}, d}", "a", "{b: c}", "b", "c", "d", ""], id="flow map"),
        pytest.param(
            "a: one\n  two\nb: 'x\n\n  y'\n",
            ["a: one\n  two\nb: 'x\n\n  y'", "a", "one\n  two", "b", "'x\n\n  y'"],
            id="several lines",
        ),
        pytest.param(
            "a: |\n  x\n\n  y\n\nb: 1\n", ["a: |\n  x\n\n  y\n\nb: 1", "a", "|\n  x\n\n  y", "b", "1"], id="block text"
        ),
        pytest.param("a: >-  # c\n  x\n# d\n", ["a: >-  # c\n  x", "a", ">-  # c\n  x"], id="folded text and comments"),
        pytest.param(
            "a:\n  b: 1\n  # c\n\n# d\ne: 2\n",
            ["a:\n  b: 1\n  # c\n\n# d\ne: 2", "a", "b: 1", "b", "1", "e", "2"],
            id="comments behind a mapping",
        ),
        pytest.param("a:   # c\nb:\n", ["a:   # c\nb:", "a", "", "b", ""], id="no value"),
        pytest.param("{a:  , b }", ["{a:  , b }", "a", "", "b", ""], id="no value in braces"),
        pytest.param("- # c\n-\n- x\n", ["- # c\n-\n- x", "", "", "x"], id="empty items"),
        pytest.param("a: &x 1\nb: *x\n", ["a: &x 1\nb: *x", "a", "1", "b", "*x"], id="anchor and alias"),
        pytest.param("a: !!str &x\n  # c\n  1\n", ["a: !!str &x\n  # c\n  1", "a", "1"], id="tag, anchor and comment"),
        pytest.param("a: !<tag:x,y> [1]\n", ["a: !<tag:x,y> [1]", "a", "[1]", "1"], id="verbatim tag"),
        pytest.param(
            "a: &x # c\n  # d\n  - 1\n", ["a: &x # c\n  # d\n  - 1", "a", "- 1", "1"], id="anchor, comment, list"
        ),
        pytest.param(
            "a: &x # c\n  b: 1\n", ["a: &x # c\n  b: 1", "a", "b: 1", "b", "1"], id="anchor, comment, mapping"
        ),
        pytest.param("a: &x\nb: 1\n", ["a: &x\nb: 1", "a", "", "b", "1"], id="anchored nothing"),
        pytest.param("&k a: 1\n", ["a: 1", "a", "1"], id="anchored key"),
        pytest.param("? a\n: b\n? c\n", ["a\n: b\n? c", "a", "b", "c", ""], id="explicit keys"),
        pytest.param("---\na: 1\n--- # x\n- b\n...\n", ["a: 1", "a", "1", "- b", "b"], id="several documents"),
        pytest.param("%YAML 1.1\n---\na: 1\n", ["a: 1", "a", "1"], id="directive"),
        pytest.param("a:\tb\t# c\n", ["a:\tb", "a", "b"], id="tabs"),
        pytest.param(
            "\ufeffa: &x [80:80]\r\nb: {c: d:e}\r\n",
            ["a: &x [80:80]\r\nb: {c: d:e}", "a", "[80:80]", "80:80", "b", "{c: d:e}", "c", "d:e"],
            id="colons in braces, which YAML 1.1 refuses and Compose reads",
        ),
    ],
)
def test_spans(text: str, written: list[str]):
    assert spans(text) == written


@pytest.mark.parametrize("text", ["", "\n", "# only\n\n# comments", "\ufeff", "---\n...\n", "null\n", "~"])
def test_nothing_in_a_file(text: str):
    assert all(root is None for root in parse(text).documents)


def test_colons_in_braces_have_a_limit():
    text = "a: [80:80]\n"
    assert data(parse(text).documents[0]) == {"a": ["80:80"]}
    with pytest.raises(YamlError, match="unexpected ':'"):
        parse(text + "#" * MAX_SLOW)


def test_an_alias_stands_where_it_is_written():
    text = "a: &x {k: 1}\nb: *x\n"
    (root,) = parse(text).documents
    assert isinstance(root, Mapping)
    first, second = (entry.value for entry in root.entries)
    assert isinstance(second, Alias)
    assert text[slice(*second.span)] == "*x"
    assert deref(second) is first


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: &a {k: 1}\nb: {<<: *a, k: 2}\n", "2", id="own key wins, merge first"),
        pytest.param("a: &a {k: 1}\nb: {k: 2, <<: *a}\n", "2", id="own key wins, merge last"),
        pytest.param("a: &a {k: 1}\nc: &c {k: 3}\nb: {<<: [*a, *c]}\n", "1", id="first of a list wins"),
        pytest.param("a: &a {k: 1}\nc: &c {<<: *a}\nb: {<<: *c}\n", "1", id="merged into what is merged"),
        pytest.param("b: {<<: {k: 4}}\n", "4", id="written in place"),
        pytest.param("a: &a {k: 1}\na2: &a {k: 5}\nb: {<<: *a}\n", "5", id="the anchor's last place above"),
    ],
)
def test_merge_precedence(text: str, value: str):
    (root,) = parse(text).documents
    assert isinstance(root, Mapping)
    found = deref(root.merged["b"].value)
    assert isinstance(found, Mapping)
    assert deref(found.merged["k"].value).value == value  # type: ignore[union-attr]
    assert found.own("k") is None or "{k: 2" in text or "k: 2}" in text


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        pytest.param("a: 1\nb:\n  c: 1\n  c: 2\n", "'c' is already defined", 4, 3, id="duplicate key"),
        pytest.param("{a: 1, 'a': 2}", "'a' is already defined", 1, 8, id="duplicate key in quotes"),
        pytest.param("a: *b\n", r"\*b has no anchor", 1, 4, id="undefined alias"),
        pytest.param("a: ******\n", "while scanning an alias", 1, 5, id="redacted secret"),
        pytest.param("a: &a 1\n---\nb: *a\n", r"\*a has no anchor", 3, 4, id="anchor of another document"),
        pytest.param("a: &a [*a]\n", r"\*a refers to itself", 1, 8, id="self reference"),
        pytest.param("a: &a\n  b: *a\n", r"\*a refers to itself", 2, 6, id="self reference in a mapping"),
        pytest.param("a: 1\nb: [\n", "did not find expected node", 3, 1, id="unclosed bracket"),
        pytest.param("a: 1\n\tb: 2\n", "tab character", 2, 1, id="tab as indentation"),
        pytest.param("a: 1\nb: \x07\n", "control characters", 2, 4, id="control character"),
        pytest.param("\ufeffa: 1\nb: \x07\n", "control characters", 2, 4, id="control character behind a BOM"),
        pytest.param("a: {% if x %}\n", "cannot start any token", 1, 5, id="Jinja statement"),
        pytest.param("a: {<<: 1}\n", "merge key needs a mapping", 1, 9, id="merge of a scalar"),
        pytest.param("[" * 10_000, "nested deeper", 1, MAX_DEPTH + 1, id="10,000 levels"),
        pytest.param("- " * 10_000, "nested deeper", 1, 2 * MAX_DEPTH + 1, id="10,000 levels of blocks"),
    ],
)
def test_errors_say_what_and_where(text: str, message: str, line: int, column: int):
    with pytest.raises(YamlError, match=message) as caught:
        parse(text)
    assert SourceFile("", text).position(caught.value.span.start)[:2] == (line, column)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_as_deep_as_allowed():
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).documents[0]


def seconds(text: str) -> float:
    start = time.process_time()
    parse(text)
    return time.process_time() - start


def test_an_alias_bomb_costs_what_its_text_costs():
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 50)}]" for n in range(1, 100)]
    assert seconds("\n".join(lines)) < 1


def test_a_merge_bomb_is_refused_at_its_bound():
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}" for n in range(1, 2000)]
    with pytest.raises(YamlError, match="merge keys expand"):
        parse("\n".join(lines))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(compose_files())
def test_agrees_with_ruamel_on_generated_files(written: Written):
    text = written.text
    expected = list(YAML(typ="safe").load_all(text.removeprefix("\ufeff")))
    assert [data(root) for root in parse(text).documents] == [plain(one) for one in expected]


@settings(deadline=None)
@given(compose_files())
def test_spans_are_exact_on_generated_files(written: Written):
    """A scalar's span, read alone, is the scalar; children lie inside their parents, in order."""
    text = written.text
    pending = [root for root in parse(text).documents if root]
    while pending:
        node = pending.pop()
        end = node.span.start
        for child in children(node):
            assert end <= child.span.start <= child.span.end <= node.span.end
            end = child.span.end
            pending.append(child)
        if isinstance(node, Alias):
            assert text[slice(*node.span)] == f"*{node.name}"
        elif isinstance(node, Scalar) and node.style not in {"|", ">"}:
            quote = node.style
            assert text[slice(*node.span)] == f"{quote}{node.value}{quote}"


@settings(deadline=None, max_examples=50)
@given(compose_files())
def test_the_slow_scanner_finds_the_same_places(written: Written):
    text = written.text.replace("\t", " ")  # it knows no tabs
    fast = parse(text).documents
    with mock.patch.object(yaml, "_fast_events", yaml._slow_events):
        assert parse(text).documents == fast


@given(st.text("ab:- \n#'\"[]{}&*!,|>\t\r\ufeff\x07é", max_size=40))
def test_no_text_makes_it_fail_otherwise(text: str):
    for span in places(text):
        assert 0 <= span.start <= span.end <= len(text)


def places(text: str) -> list[Span]:
    """The spans of all nodes of a text, or that of what is wrong with it."""
    try:
        file = parse(text)
    except YamlError as error:
        return [error.span]
    nodes = [root for root in file.documents if root]
    for node in nodes:
        nodes += children(node)
    return [node.span for node in nodes]


def data(node: Node | None) -> object:
    """Plain data of a node, scalars as text."""
    target = deref(node) if node else None
    if isinstance(target, Mapping):
        return {key: data(entry.value) for key, entry in target.merged.items()}
    if isinstance(target, Sequence):
        return [data(item) for item in target.items]
    return None if target is None or target.is_null else target.value


def plain(value: object) -> object:
    """What ruamel loaded, scalars as the text that they are written as here."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)
