"""Functions of a script that run their arguments: ``run() { echo "$@"; "$@"; }``, ``dc() { docker compose "$@"; }``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from cachelint.documents.script_words import Template, as_written, template
from cachelint.documents.script_wrappers import strip
from cachelint.documents.shell_syntax import COUNT
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

_HANDS_ON = regex(rb"\$\{?[@*]")
_ALL = frozenset({"@", "*"})
_REST = regex(r"\$\{[@*]:([1-9])\}")
_ENGINE = regex(r"docker|podman|nerdctl|buildah|compose|\bdc\b", re.IGNORECASE)
_ELSEWHERE = regex(
    r"(?:with_?|run_?|do_?)?(?:backoff|retr(?:y|ies)|repeat|attempt|try|run|exec(?:ute)?|cmd)(?![a-z])\w*"
)


_Read = TypeVar("_Read")
MOST_ROUNDS = 4
"""Functions that hand on to each other in a longer row are not followed."""


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
    """Such functions, by their names; those that hand their arguments to another one of them, too."""
    return in_rounds(functions_with(_HANDS_ON, root, text), lambda node, *others: _runner(node, text, *others))


def in_rounds(
    functions: Mapping[str, Node], read: Callable[[Node, Mapping[str, _Read], Mapping[str, Node]], _Read | None]
) -> dict[str, _Read]:
    """What `read` makes of functions, by their names: of each, with those known so far and those that are not.

    It is asked again as long as more are known: functions hand on to each other.
    """
    found: dict[str, _Read] = {}
    for _ in range(MOST_ROUNDS):
        unknown = {name: node for name, node in functions.items() if name not in found}
        more = {name: one for name, node in unknown.items() if (one := read(node, found, unknown)) is not None}
        if not more:
            break
        found.update(more)
    return found


def functions_with(sign: re.Pattern[bytes], root: Node, text: ScriptText) -> dict[str, Node]:
    """The functions with something written in them; of two with one name the first, which is read last here."""
    marks = text.marks(sign)
    found: dict[str, Node] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if not marks.within(node):
            continue
        if node.type == "function_definition" and (name := node.child_by_field_name("name")):
            found[text.of(name)] = node
        todo += node.named_children
    return found


def _runner(function: Node, text: ScriptText, known: Mapping[str, Runner], unknown: Container[str]) -> Runner | None:
    shifted = 0
    prefixes: list[tuple[Template, ...]] = []
    kept: dict[str, int] = {}
    todo = [function]
    while todo:
        node = todo.pop()
        if node.type == "variable_assignment":
            _keep(node, text, shifted, kept)
        elif node.type == "command":
            words = [child for child in node.named_children if not child.type.endswith(("_assignment", "_redirect"))]
            if words and text.of(words[0]) == "shift":
                shifted += int(count) if len(words) > 1 and COUNT.fullmatch(count := text.of(words[1])) else 1
            elif (runs := _runs_arguments(words, text, kept)) is not None:
                return Runner(shifted if runs < 0 else runs)
            elif (inner := _inner(words, text, known)) is not None:
                if not inner.prefixes:
                    return Runner(shifted + inner.skips)
                prefixes += inner.prefixes
            elif _forwards(words, text) and text.of(words[0]) not in unknown:
                prefixes.append(tuple(template(word, text) for word in words[:-1]))
        todo += reversed(node.named_children)
    return Runner(shifted, tuple(prefixes)) if prefixes else None


def _keep(assignment: Node, text: ScriptText, shifted: int, kept: dict[str, int]) -> None:
    """Take note of a variable with arguments, ``local cmd="${@:2}"``, with how many it leaves out."""
    name, value = assignment.child_by_field_name("name"), assignment.child_by_field_name("value")
    if value is not None and value.type == "array" and len(value.named_children) == 1:
        value = value.named_children[0]
    if name is None or value is None:
        return
    given = template(value, text)
    rest = _REST.fullmatch(given.parts[0].text) if len(given.parts) == 1 else None
    if rest or _is_all(given):
        kept[text.of(name)] = shifted + (int(rest[1]) - 1 if rest else 0)
    else:
        kept.pop(text.of(name), None)


def _runs_arguments(words: list[Node], text: ScriptText, kept: dict[str, int]) -> int | None:
    """How many arguments of the function around it a command leaves out whose program is the first of the others.

    None for another command; a number below 0 where the function itself decides.
    """
    own = [template(node, text) for node in words if text.of(node) != "eval"]
    front = strip(list(map(as_written, own))).skipped
    if front >= len(own):
        return None
    parts = own[front].parts
    return -1 if _is_all(own[front]) else kept.get(parts[0].name) if len(parts) == 1 else None


def _forwards(words: list[Node], text: ScriptText) -> bool:
    """Whether a command is docker's, with all arguments of the function at its end."""
    if len(words) < 2 or not _is_all(template(words[-1], text)):
        return False
    return text.of(words[0]).startswith(("$", '"$')) or any(_ENGINE.search(text.of(word)) for word in words[:2])


def _inner(words: list[Node], text: ScriptText, known: Mapping[str, Runner]) -> Runner | None:
    """The function that a command hands all arguments of the one around it to, with the words that go in front."""
    if len(words) < 2 or not _is_all(template(words[-1], text)):
        return None
    inner = known.get(text.of(words[0]))
    between = tuple(template(word, text) for word in words[1:-1])
    if inner is None or not between:
        return inner
    return None if inner.skips else inner._replace(prefixes=tuple((*one, *between) for one in inner.prefixes))


def _is_all(word: Template) -> bool:
    return len(word.parts) == 1 and word.parts[0].name in _ALL
