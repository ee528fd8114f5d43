"""Functions that hand one of their arguments to a shell: ``run() { eval "$1"; }``, ``there() { ssh prod "$@"; }``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Word
from cachelint.documents.script_runners import functions_with, in_rounds
from cachelint.documents.script_words import Part, Template, expand, template
from cachelint.documents.script_wrappers import strip
from cachelint.documents.shell_syntax import COUNT, SHELLS
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

_MARKS = regex(rb"\beval\b|\bssh\b|\s-[a-zA-Z]*c\s|--command\b")
_ARGUMENT = regex(rb"\$\{?[@*1-9]")
_SHELL = frozenset(SHELLS | {"su", "runuser", "sg"})
_BEFORE_TEXT = regex(r"-[a-zA-Z]*c|--command")
_MOVES = frozenset({"cd", "pushd", "popd"})
_REST = regex(r"\$\{[@*]:(\d)\}")
_LONGEST = 400
"""A function with more commands than this is none that only runs its argument."""


class Argument(NamedTuple):
    """An argument of a function by its number, counted from 0; with `rest` all behind it, too."""

    at: int
    rest: bool = False


class TextRunner(NamedTuple):
    """Which argument is the text, and the words in front of it; for ``eval`` those in front of itself.

    `places` are the variables in those words that hold arguments, too, as the host that ssh is told.
    """

    argument: Argument
    front: tuple[Template, ...]
    program: str
    places: Mapping[str, Argument] = {}

    @property
    def is_remote(self) -> bool:
        """Whether another machine runs the text."""
        return self.program == "ssh"


def text_runners(root: Node, text: ScriptText) -> dict[str, TextRunner]:
    """Such functions, by their names: those whose commands that do so all do the same."""
    if not _MARKS.search(text.data):
        return {}
    return in_rounds(functions_with(_ARGUMENT, root, text), lambda node, known, _: _Body(text, known).read(node))


def front_of(runner: TextRunner, arguments: Sequence[Word]) -> list[Template]:
    """The words in front of the text in a call with these arguments."""
    return [
        one._replace(parts=tuple(_given(part, runner.places, arguments) for part in one.parts)) for one in runner.front
    ]


def _given(part: Part, places: Mapping[str, Argument], arguments: Sequence[Word]) -> Part:
    place = places.get(part.name)
    if place is None or place.at >= len(arguments):
        return part
    word = arguments[place.at]
    return Part(word.text, part.span, quoted=True, certain=word.literal)


class _Body:
    """One function, read in the order in which it is written; `known` are those that it may hand its arguments to."""

    def __init__(self, text: ScriptText, known: Mapping[str, TextRunner]) -> None:
        self._text = text
        self._known = known
        self._shifted = 0
        self._moves = False
        self._variables: dict[str, Argument | None] = {}

    def read(self, function: Node) -> TextRunner | None:
        """What it does, where that is the same each time."""
        found: list[TextRunner] = []
        commands = 0
        todo = [function]
        while todo and commands < _LONGEST:
            node = todo.pop()
            if node.type == "variable_assignment":
                self._assign(node)
            elif node.type == "command":
                commands += 1
                found += self._command(node)
            todo += reversed(node.named_children)
        kinds = {(one.argument, one.is_remote, _users(one)) for one in found}
        moves = self._moves and not found[0].is_remote if found else False
        return found[0] if len(kinds) == 1 and commands < _LONGEST and not moves else None

    def _assign(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            return
        known = self._text.of(name)
        is_new = known not in self._variables
        self._variables[known] = self._argument(template(value, self._text)) if value and is_new else None

    def _command(self, node: Node) -> list[TextRunner]:
        nodes = [one for one in node.named_children if not one.type.endswith(("_assignment", "_redirect"))]
        words = [template(one, self._text) for one in nodes]
        texts = ["".join(part.text for part in one.parts) for one in words]
        if texts[0] in _MOVES:
            self._moves = True
        if texts[:1] == ["shift"]:
            self._shifted += int(texts[1]) if len(texts) > 1 and COUNT.fullmatch(texts[1]) else 1
        argument = self._argument(words[-1]) if len(words) > 1 else None
        if argument is None:
            return []
        if texts[0] in self._known and len(texts) == 2 and argument == Argument(0, rest=True):
            return [self._known[texts[0]]]
        at = strip([Word(one, word.span, False, word.span) for one, word in zip(texts, words, strict=True)]).skipped
        program = texts[at].rpartition("/")[2] if at < len(texts) else ""
        if not _takes_text(program, texts[at:]):
            return []
        front = tuple(words[: at if program == "eval" else -1])
        parts = ((part.name, self._argument(Template((part,), one.span))) for one in front for part in one.parts)
        return [TextRunner(argument, front, program, {name: one for name, one in parts if one and not one.rest})]

    def _argument(self, word: Template) -> Argument | None:
        """The argument that a word is, all of it."""
        if len(word.parts) != 1:
            return None
        [part] = word.parts
        if rest := _REST.fullmatch(part.text):
            return Argument(int(rest[1]) - 1 + self._shifted, rest=True)
        if part.name in {"@", "*"}:
            return Argument(self._shifted, rest=True)
        if COUNT.fullmatch(part.name) and part.name != "0":
            return Argument(int(part.name) - 1 + self._shifted)
        return self._variables.get(part.name)


def _takes_text(program: str, texts: Sequence[str]) -> bool:
    """Whether the last word of a command is a text for a shell."""
    if program == "eval":
        return len(texts) == len((program, "its text"))
    return program == "ssh" or (program in _SHELL and bool(_BEFORE_TEXT.fullmatch(texts[-2])))


def _users(runner: TextRunner) -> tuple[str, ...]:
    """The words of a runner that are none of the shell's: as whom, and how, it runs the text."""
    if runner.is_remote:
        return ()
    words = [word for one in runner.front for word in expand(one, {})]
    at = strip(words).skipped
    own = () if runner.program in SHELLS or runner.program == "eval" else tuple(word.text for word in words[at:])
    return (*(word.text for word in words[:at]), *own)
