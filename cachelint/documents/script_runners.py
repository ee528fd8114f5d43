"""Functions of a script that run their arguments: ``run() { echo "$@"; "$@"; }``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_words import template
from cachelint.documents.shell_syntax import WRAPPERS

if TYPE_CHECKING:
    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

_ALL = frozenset({"@", "*"})


def runners(root: Node, text: ScriptText) -> dict[str, int]:
    """The names of such functions, each with how many arguments it takes for itself."""
    if '"$@"' not in text.text and '"$*"' not in text.text and "$@" not in text.text:
        return {}
    found: dict[str, int] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "function_definition":
            skips = _skips(node, text)
            name = node.child_by_field_name("name")
            if skips is not None and name:
                found[text.of(name)] = skips
        todo += node.named_children
    return found


def _skips(function: Node, text: ScriptText) -> int | None:
    shifted = 0
    todo = [function]
    while todo:
        node = todo.pop()
        if node.type == "command":
            words = [text.of(child) for child in node.named_children]
            if words[0] == "shift":
                shifted += int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
            elif _runs_arguments(node, text):
                return shifted
        todo += reversed(node.named_children)
    return None


def _runs_arguments(command: Node, text: ScriptText) -> bool:
    """Whether the program of a command is the first argument of the function around it."""
    for child in command.named_children:
        if child.type.endswith(("_assignment", "_redirect")):
            continue
        written = text.of(child)
        parts = template(child, text).parts
        if len(parts) == 1 and parts[0].name in _ALL:
            return True
        if written not in WRAPPERS and written != "eval" and not written.startswith("-") and not written.isdigit():
            return False
    return False
