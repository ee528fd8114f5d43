"""What everything that reads shell shares: tree-sitter's grammar of bash, and the commands that run other commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
WRAPPERS = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-T", "--user", "--group"),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "timeout": ("-s", "-k", "--signal", "--kill-after"),
    "time": ("-f", "-o"),
    "exec": ("-a",),
    "command": (),
    "builtin": (),
    "nohup": (),
}
"""Commands that run the command in their arguments, each with its options that take a value."""

ASSIGNMENT = regex(r"[A-Za-z_]\w*\+?=")
ESCAPED = regex(r"\\(.)", re.DOTALL)
ESCAPED_IN_QUOTES = regex(r'\\([$`"\\])')
CONTINUED = regex(r"\\\r?\n")
COUNT = regex(r"[0-9]{1,9}")
"""A number that a person writes; Python takes other digits for one too, and refuses thousands of them."""

_parsers: list[Parser] = []


def parser() -> Parser:
    """The parser of bash; its grammar is loaded once."""
    if not _parsers:
        from tree_sitter import Language, Parser

        _parsers.append(Parser(Language(_grammar())))
    return _parsers[0]


def _grammar() -> object:
    """The grammar of `tree_sitter_bash`, without the package around it.

    That imports `importlib.resources` for texts that are not needed here: 15 of the 190 ms of a whole small run.
    """
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    package = PathFinder.find_spec("tree_sitter_bash")
    found = package and PathFinder.find_spec("_binding", package.submodule_search_locations)
    if not found or not found.loader:
        import tree_sitter_bash

        return tree_sitter_bash.language()
    binding = module_from_spec(found)
    found.loader.exec_module(binding)
    return binding.language()


def operands(node: Node) -> list[tuple[str, Node]]:
    """The parts of a list, each with the operator in front of it; the tree nests them to the left."""
    found: list[tuple[str, Node]] = []
    while node.type == "list" and len(node.children) == 3:
        left, operator, right = node.children
        found.append((operator.type, right))
        node = left
    if node.type != "list":
        return [("", node), *reversed(found)]
    # a list with a part that cannot be read has other children: what is known of them stands one after the other
    known = [child for child in node.named_children if child.type != "ERROR"]
    return [*(("&&" if number else "", child) for number, child in enumerate(known)), *reversed(found)]
