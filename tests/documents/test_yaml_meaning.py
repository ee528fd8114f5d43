import time

import pytest

from cachelint.documents.yaml import parse_yaml
from cachelint.documents.yaml_meaning import differences, means_as_stated
from cachelint.fix import ABSENT, Fields, Statement
from cachelint.source import SourceFile


def parse(text: str):
    return parse_yaml(SourceFile("", text))


def same(old: str, new: str, *statements: Statement) -> bool:
    return means_as_stated(parse(old), statements, parse(new))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a: 1\nb: 2\n", "b: 2\na: 1\n", id="order of keys"),
        pytest.param("a: x\n", "'a': \"x\" # c\n", id="quotes and comments"),
        pytest.param("a: {b: [1]}\n", "a:\n  b:\n  - 1\n", id="flow and block"),
        pytest.param("a: &x [1]\nb: *x\n", "a: [1]\nb: [1]\n", id="alias"),
        pytest.param("b: {<<: {c: 1}, d: 2}\n", "b: {c: 1, d: 2}\n", id="merge key"),
        pytest.param("b: {<<: [{c: 1}, {c: 2}]}\n", "b: {c: 1}\n", id="first of merged ones"),
        pytest.param("b: {c: 2, <<: {c: 1}}\n", "b: {c: 2}\n", id="own before merged"),
        pytest.param("a:\n", "a: null\n", id="null"),
        pytest.param("a: 1\r\n", "\ufeffa: 1\n", id="line endings"),
    ],
)
def test_equal(one: str, other: str):
    assert same(one, other)
    assert list(differences(parse(one), parse(other))) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a: 1\n", "a: '1'\n", id="number and text"),
        pytest.param("a: true\n", "a: 'true'\n", id="truth and text"),
        pytest.param("a: null\n", "a: ''\n", id="null and text"),
        pytest.param("a: 1\nb:\n", "a: 1\n", id="null and nothing"),
        pytest.param("a: [1, 2]\n", "a: [2, 1]\n", id="order of items"),
        pytest.param("a: {}\n", "a: []\n", id="kinds"),
        pytest.param("a: !reset 1\n", "a: 1\n", id="tag"),
        pytest.param("a: {? [b] : 1}\n", "a: {? [b] : 2}\n", id="behind a key that is no text"),
        pytest.param("a: 1\n", "a: 1\n---\na: 1\n", id="documents"),
        pytest.param("a: |\n  x\n", "a: |-\n  x\n", id="final line break of a text"),
    ],
)
def test_not_equal(one: str, other: str):
    assert not same(one, other)
    assert list(differences(parse(one), parse(other)))


@pytest.mark.parametrize(
    ("old", "statement", "new"),
    [
        pytest.param("a: {b: 1, c: 2}\n", Statement((0, "a", "b"), ABSENT), "a: {c: 2}\n", id="remove an entry"),
        pytest.param("a: [x, y]\n", Statement((0, "a", 0), ABSENT), "a: [y]\n", id="remove an item"),
        pytest.param("a: {b: 1}\n", Statement((0, "a", "b"), "x"), "a: {b: x}\n", id="replace"),
        pytest.param("a: {b: 1}\n", Statement((0, "a", "c"), "x"), "a: {b: 1, c: x}\n", id="add an entry"),
        pytest.param("a: [x]\n", Statement((0, "a", 1), "y"), "a: [x, y]\n", id="add an item"),
        pytest.param("a: 1\n", Statement((0, "a"), Fields((("b", ("c",)),))), "a: {b: [c]}\n", id="plain data"),
        pytest.param("x: 1\n---\na: 1\n", Statement((1, "a"), "b"), "x: 1\n---\na: b\n", id="second document"),
        pytest.param(
            "x: &x {b: 1}\na: *x\nc: {<<: *x}\n",
            Statement((0, "x", "d"), "2"),
            "x: {b: 1, d: '2'}\na: {b: 1, d: '2'}\nc: {b: 1, d: '2'}\n",
            id="add where others look: they see it too",
        ),
        pytest.param(
            "x: &x {b: 1, d: 1}\na: *x\nc: {<<: *x}\n",
            Statement((0, "x", "b"), ABSENT),
            "x: {d: 1}\na: {d: 1}\nc: {d: 1}\n",
            id="remove where others look",
        ),
        pytest.param("a: {<<: {b: 1, c: 1}}\n", Statement((0, "a", "<<", "b"), ABSENT), "a: {c: 1}\n", id="inside <<"),
        pytest.param(
            "a: {<<: {b: 1}, c: 1}\n", Statement((0, "a", "<<"), ABSENT), "a: {c: 1}\n", id="the merge itself"
        ),
    ],
)
def test_stated_changes(old: str, statement: Statement, new: str):
    assert same(old, new, statement)
    assert not same(old, old, statement)
    assert not same(old, new)


def test_a_removed_entry_must_not_let_a_merged_one_through():
    statement = Statement((0, "a", "b"), ABSENT)
    assert not same("a: {<<: {b: 2}, b: 1, c: 1}\n", "a: {<<: {b: 2}, c: 1}\n", statement)


@pytest.mark.parametrize("path", [(0, "a", "b", "c"), (0, "z", "b"), (0, "a", 0), ("a",), (3, "a")])
def test_a_path_that_leads_nowhere(path: tuple[str | int, ...]):
    with pytest.raises(LookupError):
        same("a: {b: 1}\n", "a: {b: 1}\n", Statement(path, "x"))


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ("a: {b: 1, c: 2}\n", "a: {b: 2, c: 2}\n", {(0, "a", "b")}),
        ("a: {b: 1}\n", "a: {b: 1, c: 1}\n", {(0, "a", "c")}),
        ("a: {b: 1, c: }\n", "a: {b: 1}\n", {(0, "a", "c")}),
        ("x: &x {b: 1}\na: *x\n", "x: &x {b: 2}\na: *x\n", {(0, "x", "b"), (0, "a", "b")}),
        ("a: {<<: {b: 1}}\n", "a: {<<: {b: 2}}\n", {(0, "a", "b")}),
        ("a: [1]\n", "a: [2]\n", {(0, "a")}),
        ("a: {? [b] : 1}\n", "a: {? [b] : 2}\n", {(0, "a")}),
        ("- a\n", "- b\n", {(0,)}),
        ("a: 1\n---\nb: 1\n", "a: 1\n", {(1,)}),
    ],
)
def test_differences(old: str, new: str, paths: set[tuple[str | int, ...]]):
    assert set(differences(parse(old), parse(new))) == paths


def test_an_alias_bomb_costs_what_its_text_costs():
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 50)}]" for n in range(1, 100)]
    old, new = "\n".join(lines), "\n".join(lines).replace("[x]", "[y]")
    start = time.process_time()
    assert same(old, old)
    assert len(list(differences(parse(old), parse(new)))) == 100
    assert time.process_time() - start < 2
