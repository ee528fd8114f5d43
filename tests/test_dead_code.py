"""Nothing in the package is there for nobody: every name that it defines is used by the package itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import cachelint

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(cachelint.__file__).parent
BY_OTHERS = {
    "_make",  # of every named tuple
    "main",  # the entry point in pyproject.toml
}
"""Names that Python, the standard library or an installer looks up."""


def defined(tree: ast.Module) -> Iterator[str]:
    """The functions, classes and methods of a module, and the constants at its top."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        yield from (one.id for one in targets if isinstance(one, ast.Name))


def used(tree: ast.Module) -> Iterator[str]:
    """What a module reads, also in annotations that are text and in names that are put together (`_on_{kind}`)."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in docs:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
            yield from re.findall(r"\w+", node.value)


def test_every_name_is_used_in_the_package():
    trees = [ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")]
    read = {name for tree in trees for name in used(tree)}
    names = {name for tree in trees for name in defined(tree)}
    assert {name for name in names - read - BY_OTHERS if not name.startswith("__")} == set()


def test_every_private_constant_is_used_where_it_stands():
    """Another module may have one of the same name, which is no use of this one."""
    unused = []
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
        own = {one.id for one in targets if isinstance(one, ast.Name) and one.id.startswith("_")}
        unused += [f"{path.name}: {name}" for name in own - set(used(tree)) if not name.startswith("__")]
    assert unused == []
