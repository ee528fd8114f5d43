"""What everything that reads shell shares: tree-sitter's grammar of bash, and the commands that run other commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ESCAPED_IN_QUOTES = re.compile(r'\\([$`"\\])')
CONTINUED = re.compile(r"\\\r?\n")

_parsers: list[Parser] = []


def parser() -> Parser:
    """The parser of bash; its grammar is loaded once."""
    if not _parsers:
        import tree_sitter_bash
        from tree_sitter import Language, Parser

        _parsers.append(Parser(Language(tree_sitter_bash.language())))
    return _parsers[0]


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
    first, *others = [child for child in node.children if child.is_named and child.type != "ERROR"] or [None]
    known = [("", first), *(("&&", child) for child in others if child)] if first else []
    return [*known, *reversed(found)]
