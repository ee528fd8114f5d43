"""Patterns are compiled late, and behave as those of `re`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import cachelint
from cachelint.regex import regex

MODULES = sorted(Path(cachelint.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("pattern", [r"(?P<key>\w+)=(?P<value>\w*)", rb"(?P<key>\w+)=(?P<value>\w*)"])
def test_behaves_as_a_compiled_pattern(pattern: str | bytes) -> None:
    late, early = regex(pattern, re.IGNORECASE), re.compile(pattern, re.IGNORECASE)
    text = b"a=1 B=" if isinstance(pattern, bytes) else "a=1 B="
    for _ in range(2):  # compiled, and compiled before
        assert late.findall(text) == early.findall(text)
        assert late.match(text, 4)["key"] == early.match(text, 4)["key"]
        assert [match.span() for match in late.finditer(text)] == [match.span() for match in early.finditer(text)]
    assert (late.pattern, late.flags, late.groups) == (early.pattern, early.flags, early.groups)


def test_is_compiled_at_the_first_use() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.match("")


def test_a_method_is_looked_up_once() -> None:
    late = regex("a")
    assert late.search is late.search


def test_what_no_pattern_has_is_an_error() -> None:
    with pytest.raises(AttributeError):
        regex("a").missing  # noqa: B018


def test_no_module_compiles_a_pattern_when_it_is_imported() -> None:
    """Outside of functions `re.compile` is paid for by everybody."""
    found = [f"{path.name}:{line}" for path in MODULES for line in _compiled_at_import(ast.parse(path.read_text()))]
    assert not found


def _compiled_at_import(node: ast.AST) -> list[int]:
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return []
    found = [line for child in ast.iter_child_nodes(node) for line in _compiled_at_import(child)]
    is_compile = isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    return [*found, node.lineno] if is_compile and isinstance(node, ast.Call) else found
