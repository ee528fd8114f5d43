"""Functions of a script that run their arguments: ``run() { echo "$@"; "$@"; }``, ``dc() { docker compose "$@"; }``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Word
from cachelint.documents.script_words import Template, expand, template
from cachelint.documents.script_wrappers import strip
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

_HANDS_ON = regex(rb"\$\{?[@*]")
_ALL = frozenset({"@", "*"})
_ENGINE = regex(r"docker|podman|nerdctl|buildah|compose|\bdc\b", re.IGNORECASE)
_ELSEWHERE = regex(
    r"(?:with_?|run_?|do_?)?(?:backoff|retr(?:y|ies)|repeat|attempt|try|run|exec(?:ute)?|cmd)(?![a-z])\w*"
)


class Runner(NamedTuple):
    """What a function does with its arguments: it leaves out the first `skips`, and puts words of its own in front.

    `prefixes` are those words, one list for each of its commands that does so; nothing where it runs them alone.
    """

    skips: int
    prefixes: tuple[tuple[Template, ...], ...] = ()


def may_run_arguments(name: str) -> bool:
    """Whether a program or a function from elsewhere says with its name that it runs a command: ``retry``."""
    return bool(_ELSEWHERE.fullmatch(name))


def runners(root: Node, text: ScriptText) -> dict[str, Runner]:
    """Such functions, by their names."""
    marks = text.marks(_HANDS_ON)
    found: dict[str, Runner] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if not marks.within(node):
            continue
        if node.type == "function_definition":
            runner = _runner(node, text)
            name = node.child_by_field_name("name")
            if runner and name:
                found[text.of(name)] = runner
        todo += node.named_children
    return found


def _runner(function: Node, text: ScriptText) -> Runner | None:
    shifted = 0
    prefixes: list[tuple[Template, ...]] = []
    todo = [function]
    while todo:
        node = todo.pop()
        if node.type == "command":
            words = [child for child in node.named_children if not child.type.endswith(("_assignment", "_redirect"))]
            if words and text.of(words[0]) == "shift":
                shifted += int(count) if len(words) > 1 and (count := text.of(words[1])).isdigit() else 1
            elif _runs_arguments(words, text):
                return Runner(shifted)
            elif _forwards(words, text):
                prefixes.append(tuple(template(word, text) for word in words[:-1]))
        todo += reversed(node.named_children)
    return Runner(shifted, tuple(prefixes)) if prefixes else None


def _runs_arguments(words: list[Node], text: ScriptText) -> bool:
    """Whether the program of a command is the first argument of the function around it."""
    own = [template(node, text) for node in words if text.of(node) != "eval"]
    own = own[next((at for at, one in enumerate(own) if not _may_be_empty(one)), 0) :]
    front = strip([(*expand(one, {}), Word("", one.span, False, one.span))[0] for one in own]).skipped
    return front < len(own) and _is_all(own[front])


def _may_be_empty(word: Template) -> bool:
    """``$SUDO``: a program in front of another, or none."""
    return len(word.parts) == 1 and word.parts[0].name.isidentifier() and not word.parts[0].quoted


def _forwards(words: list[Node], text: ScriptText) -> bool:
    """Whether a command is docker's, with all arguments of the function at its end."""
    return (
        len(words) > 1
        and _is_all(template(words[-1], text))
        and any(_ENGINE.search(text.of(word)) for word in words[:2])
    )


def _is_all(word: Template) -> bool:
    return len(word.parts) == 1 and word.parts[0].name in _ALL
