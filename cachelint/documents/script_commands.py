"""One simple command: its words with known values in place, and its assignments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.docker_options import TOOLS, names_command
from cachelint.documents.script import Assignment, Command, Redirection, Wrapper
from cachelint.documents.script_assignments import DECLARATIONS, assignment, declared, entries
from cachelint.documents.script_nested import Argument, NestedReader, may_hand_on
from cachelint.documents.script_printed import Printed
from cachelint.documents.script_runners import may_run_arguments, runners
from cachelint.documents.script_text_runners import front_of, text_runners
from cachelint.documents.script_variables import Outer, Variables
from cachelint.documents.script_words import EXPANSIONS, as_written, expand, template
from cachelint.documents.script_wrappers import Stripped, strip
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from cachelint.documents.script import Shell, Word
    from cachelint.documents.script_assignments import Written
    from cachelint.documents.script_gathered import Gathered
    from cachelint.documents.script_heredocs import Heredoc
    from cachelint.documents.script_nested import Nested
    from cachelint.documents.script_text import ScriptText
    from cachelint.documents.script_words import Template
    from cachelint.source import Span

_DECLARING = DECLARATIONS | {"read", "unset", "mapfile", "readarray", "printf", "getopts"}


class Place(NamedTuple):
    """Where a statement stands: in which function, and whether the script may skip it."""

    function: str | None = None
    conditional: bool = False


class CommandReader:
    """Reads the simple commands of one shell's text."""

    def __init__(self, gathered: Gathered, text: ScriptText, shell: Shell, root: Node, outer: Outer | None) -> None:
        self._gathered = gathered
        self._text = text
        self._shell = shell
        self._outer = outer
        self._variables = Variables(entries(root, text), outer, Printed(root, text))
        self._own_runners = runners(root, text)
        self._runners = {**outer.runners, **self._own_runners} if outer else self._own_runners
        self._text_runners = text_runners(root, text)
        self._functions = frozenset(re.findall(r"(?m)^\s*(?:function\s+)?([\w-]+)\s*\(\)", text.text))
        self._at = 0
        self._function: str | None = None

    def as_outer(self, expands: bool, functions: bool) -> Outer:
        """What a nested shell has to know of this one; `functions` says that it has those of this one."""
        return Outer(self._variables, self._at, self._function, expands, self._runners if functions else {})

    def is_outer(self, span: Span) -> bool:
        """Whether the shell around this one replaces an expansion before this one sees it."""
        if self._outer is None or not self._outer.expands:
            return False
        written = self._gathered.written
        at = span.start
        while at < span.end and written[at].isspace():
            at += 1
        return at == 0 or written[at - 1] != "\\"

    def read(self, node: Node, nodes: Sequence[Node], place: Place) -> tuple[int | None, Nested | None, range]:
        """Keep one command; its number, the text that it hands to another shell, and the assignments in it."""
        self._at, self._function = self._text.offset(nodes[0].start_byte), place.function
        first = len(self._gathered.assignments)
        if (
            nodes[0].type in {"variable_assignment", "variable_assignments", "declaration_command", "unset_command"}
            and len(nodes) == 1
        ):
            self._declare(nodes[0], place)
        words = _words(nodes)
        in_front = [one for one in nodes if one.type == "variable_assignment"]
        number, nested = None, None
        if words:
            if node.type == "command" and self._text.of(words[0]) in _DECLARING:
                self._declare(node, place)
            number, nested = self._command(nodes, words, in_front, place)
        elif len(nodes) > 1:
            for one in in_front:
                self._declare(one, place)
        return number, nested, range(first, len(self._gathered.assignments))

    def _command(
        self, nodes: Sequence[Node], words: list[Node], in_front: list[Node], place: Place
    ) -> tuple[int, Nested | None]:
        templates = [template(one, self._text) for one in words]
        written = list(map(as_written, templates))
        every = self._readings(templates, written)
        readings = _of_the_program(every, templates[0].span) or [written]
        stripped = self._strip(readings[0])
        number = len(self._gathered.commands)
        own = tuple(readings[0][stripped.skipped :])
        texts = tuple([word.text for word in own])
        nested = None
        if not own or may_hand_on(own[0].text):
            arguments = self._arguments(words, templates, readings[0])
            nested = self._find_nested(arguments[stripped.skipped :], nodes, stripped.wrappers)
        self._gathered.commands.append(
            Command(
                number,
                own,
                texts,
                texts[0].rpartition("/")[2] if own else "",
                self._text.place(self._text.bounds(nodes[0])[0], self._text.bounds(nodes[-1])[1]),
                self._shell,
                tuple(self._assignment(assignment(one, self._text), "command", False, place) for one in in_front),
                stripped.wrappers,
                tuple(self._redirections(nodes)),
                tuple(tuple(one[self._strip(one).skipped :]) for one in readings) if len(readings) > 1 else (),
                _doubt(own, stripped),
                place.function,
                place.conditional,
                written=tuple(written),
                varied=len(every) > 1 and len({_names(self._strip(one)) for one in every}) > 1,
            )
        )
        self._gathered.note(own, texts, number)
        return number, nested

    def _readings(self, templates: list[Template], written: list[Word]) -> list[list[Word]]:
        readings = [written]
        if any(part.name or part.prints for one in templates for part in one.parts):
            marked = [self._marked(one) for one in templates]
            readings = self._variables.readings(marked, self._at, self._function)
        known = [one for one in readings if one]
        if not self._runners and not self._text_runners:
            return known
        return [new for one in known for new in self._handed(one) or self._forwarded(one)]

    def _marked(self, one: Template) -> Template:
        """The word, with the variables marked that belong to the shell around this one."""
        if self._outer is None or not self._outer.expands:
            return one
        return one._replace(parts=tuple(part._replace(outer=self.is_outer(part.span)) for part in one.parts))

    def _arguments(self, nodes: list[Node], templates: list[Template], words: list[Word]) -> list[Argument]:
        """The words, each with the node that writes it."""
        by_span = {one.span: node for node, one in zip(nodes, templates, strict=True)}
        return [Argument(word, by_span.get(word.span)) for word in words]

    def _strip(self, words: Sequence[Word]) -> Stripped:
        """The command behind wrappers, and behind functions and programs that run their arguments."""
        stripped = strip(words)
        while (end := self._end_of_runner(words, stripped.skipped)) > stripped.skipped:
            inner = strip(words[end:])
            own = Wrapper(words[stripped.skipped].text, tuple(words[stripped.skipped : end]))
            wrappers = (*stripped.wrappers, own, *inner.wrappers)
            stripped = Stripped(wrappers, end + inner.skipped, stripped.more or inner.more)
        return stripped

    def _end_of_runner(self, words: Sequence[Word], at: int) -> int:
        """The index behind a function that runs its arguments and the arguments that it keeps; else the same index."""
        if at >= len(words):
            return at
        name = words[at].text
        runner = self._runners.get(name)
        if runner is None and name not in self._functions and may_run_arguments(name.rpartition("/")[2]):
            rest = range(at + 1, min(at + 5, len(words) - 1))
            return next((index for index in rest if words[index].text in TOOLS), at)
        end = at if runner is None or runner.prefixes else at + 1 + runner.skips
        return end if end < len(words) else at

    def _handed(self, reading: list[Word]) -> list[list[Word]]:
        """What a call of ``run() { eval "$1"; }`` runs; nothing for all other commands."""
        at = strip(reading).skipped
        runner = self._text_runners.get(reading[at].text) if at < len(reading) else None
        if runner is None:
            return []
        given = reading[at + 1 + runner.argument.at :][: None if runner.argument.rest else 1]
        is_text = len(given) == 1 and any(map(str.isspace, given[0].text))
        if not is_text and (not runner.is_remote or reading[at].text in self._runners):
            return []
        front = self._variables.readings(front_of(runner, reading[at + 1 :]), self._at, reading[at].text)[:1] or [[]]
        words = [*front[0], given[0]._replace(text="eval")] if runner.program == "eval" else front[0]
        told = [reading[at + 1 + one.at] for one in runner.places.values() if one.at < len(reading) - at - 1]
        names = tuple(name for word in told for name in word.names)
        own = (word._replace(span=reading[at].span, names=(*word.names, *names)) for word in words)
        return [[*reading[:at], *own, *given]]

    def _forwarded(self, reading: list[Word]) -> list[list[Word]]:
        """What a call of ``dc() { docker compose "$@"; }`` runs; the reading itself for all other commands."""
        at = strip(reading).skipped
        runner = self._runners.get(reading[at].text) if at < len(reading) else None
        if runner is None or not runner.prefixes:
            return [reading]
        span = reading[at].span
        found: list[list[Word]] = []
        for prefix in runner.prefixes:
            for words in self._held(prefix, reading[at].text):
                own = [word._replace(span=span) for word in words]
                inner = [word.text for word in own[strip(own).skipped :]]
                if inner and inner[0].rpartition("/")[2] in TOOLS and not names_command(inner):
                    found.append([*reading[:at], *own, *reading[at + 1 + runner.skips :]])
        return found or [reading]

    def _held(self, prefix: tuple[Template, ...], function: str) -> list[list[Word]]:
        """What the words of a function may be, with the variables of the shell that defines it."""
        outer = self._outer
        if outer and function not in self._own_runners:
            return outer.variables.readings(list(prefix), outer.at, function)
        return self._variables.readings(list(prefix), self._at, function)

    def _find_nested(
        self, arguments: list[Argument], nodes: Sequence[Node], wrappers: tuple[Wrapper, ...]
    ) -> Nested | None:
        given: Heredoc | Node | None = None
        for node in nodes:
            given = self._text.heredoc(node) or given
            if node.type == "herestring_redirect" and node.named_children:
                given = node.named_children[-1]
        return NestedReader(self._text, arguments, given).find(wrappers)

    def _redirections(self, nodes: Sequence[Node]) -> list[Redirection]:
        found = []
        for node in nodes:
            if node.type == "file_redirect" and not self._text.heredoc(node):
                target = node.child_by_field_name("destination")
                operator = next((child.type for child in node.children if not child.is_named), "")
                words = expand(template(target, self._text), {}) if target else []
                found.append(Redirection(operator, words[0] if words else None, self._text.span(node)))
        return found

    def _declare(self, node: Node, place: Place) -> None:
        """Keep the assignments of a statement that is one."""
        if node.type == "variable_assignment":
            found, keyword = [assignment(node, self._text)], "="
        elif node.type == "variable_assignments":
            found, keyword = [assignment(one, self._text) for one in node.named_children], "="
        else:
            keyword, found = declared(node, self._text)
        exported = keyword == "export" or (
            keyword in {"declare", "typeset"} and bool(re.search(r"\s-\w*x", self._text.of(node)))
        )
        for one in found:
            self._gathered.assignments.append(self._assignment(one, _how(one, keyword), exported, place))

    def _assignment(self, one: Written, how: str, exported: bool, place: Place) -> Assignment:
        values: tuple[Word, ...] | None = None
        if one.words:
            readings = self._variables.readings(list(one.words), self._at, place.function)
            values = tuple(readings[0]) if len(readings) == 1 else tuple(w for t in one.words for w in expand(t, {}))
        return Assignment(
            one.name,
            values,
            self._text.span(one.node),
            how,
            exported or self._gathered.exports,
            self._shell,
            place.function,
            len(self._gathered.commands),
            one.array,
        )


def _words(nodes: Sequence[Node]) -> list[Node]:
    """The words among the children of a command; the grammar gives those behind ``> file`` to the redirection."""
    found: list[Node] = []
    for node in nodes:
        if node.type == "file_redirect":
            found += [child for child in node.named_children if child.type != "file_descriptor"][1:]
        elif node.is_named and (node.type in _WORDS or node.type in EXPANSIONS):
            found.append(node)
    return found


_WORDS = frozenset(
    "command_name word number string raw_string ansi_c_string translated_string concatenation brace_expression "
    "extglob_pattern regex test_operator".split()
)


def _of_the_program(readings: list[list[Word]], first: Span) -> list[list[Word]]:
    """The readings in which the first word that is written is not empty; all, where it always is."""
    return [one for one in readings if one[0].span == first] or readings


def _names(stripped: Stripped) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.text for word in one.words) for one in stripped.wrappers)


def _how(one: Written, keyword: str) -> str:
    if keyword in {"unset", "read", "mapfile", "readarray", "getopts", "printf"}:
        return "unset" if keyword == "unset" else "read"
    if one.words == () and not one.array:
        return "export"
    return "+=" if one.append else "="


def _doubt(words: tuple[Word, ...], stripped: Stripped) -> str | None:
    """What is not known about a command, in words for a user."""
    if stripped.more:
        return "xargs adds words to it"
    for word in words:
        if word.splits:
            return f"{word.text} may be any words"
    if words and not words[0].literal and not words[0].default:
        return f"{words[0].text} is not known"
    return None
