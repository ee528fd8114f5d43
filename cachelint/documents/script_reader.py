"""From the tree of the grammar to the commands and statements of a script."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents import script_compounds as compounds
from cachelint.documents.script import Machine, Quoting, Script, Shell
from cachelint.documents.script_calls import Calls
from cachelint.documents.script_commands import CommandReader, Place
from cachelint.documents.script_compounds import asks_status
from cachelint.documents.script_gathered import Gathered
from cachelint.documents.script_misread import is_keyword
from cachelint.documents.script_text import ScriptText, errors_in, substitutions_in, takes_output
from cachelint.documents.script_tree import Block, Chain, Pipeline, Simple
from cachelint.documents.shell_syntax import operands
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tree_sitter import Node

    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.documents.script_heredocs import Heredoc
    from cachelint.documents.script_nested import Nested
    from cachelint.documents.script_tree import Statement
    from cachelint.documents.script_variables import Outer
    from cachelint.source import SourceFile

_MAX_DEPTH = 50
_MAX_SCRIPTS = 6
_LONGEST_FIRST_LINE = 256
_KEYWORDS = frozenset(
    {"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "(", ")", "((", "))"}
)
_SUBSTITUTION = regex(rb"[$<>]\(|`|<<")
_DECLARES = regex(r"\b(?:declare|typeset) -[a-z]*f\b")
_INTERPRETER = regex("\ufeff?#!\\s*(?:\\S*/env\\s+(?:-S\\s+)?(?:\\w+=\\S*\\s+)*)?(\\S+)")
_SHELL_WORD = regex(r"\b(?:\w*sh|nix-shell)(?!\S)")


def speaks_shell(text: str) -> bool:
    """Whether a script's first line names a shell, or no program at all, and not python, perl or expect."""
    first = text[:_LONGEST_FIRST_LINE].partition("\n")[0]
    return not _INTERPRETER.match(first) or _SHELL_WORD.search(first) is not None


class ScriptReader:
    """Reads one script with all the shells in it."""

    def __init__(self, source: SourceFile, text: str, pieces: Pieces) -> None:
        self._source = source
        self.text = text if speaks_shell(text) else ""
        self._interpreter = _INTERPRETER.match(text)
        self._pieces = pieces

    def read(self) -> Script:
        """The script."""
        text = ScriptText(self.text, self._pieces)
        span = text.place(0, len(text.text))
        shell = Shell(Machine.HERE, Quoting.FILE, span, "\n" in text.text)
        gathered, body = self._statements(text, shell)
        if gathered.errors and not text.misread:
            text.misread = True
            again = self._statements(text, shell)
            gathered, body = (gathered, body) if again[0].errors else again
        commands = tuple(gathered.commands)
        return Script(
            self._source,
            shell,
            body,
            commands,
            tuple(gathered.assignments),
            tuple(gathered.functions),
            tuple(gathered.sourced),
            tuple(gathered.called),
            frozenset(gathered.options),
            tuple(sorted(gathered.errors)),
            self._interpreter[1].rpartition("/")[2] if self._interpreter else "sh",
            Calls(body, commands, reads_in=bool(gathered.sourced)),
            tuple(sorted(gathered.unread)),
            tuple(gathered.taken),
        )

    def _statements(self, text: ScriptText, shell: Shell) -> tuple[Gathered, Block]:
        gathered = Gathered(self._source.text)
        return gathered, ShellReader(gathered, text, shell, None, 0).whole()


class ShellReader:
    """Reads the statements of one shell's text; `scripts` counts the shells around it."""

    def __init__(self, gathered: Gathered, text: ScriptText, shell: Shell, outer: Outer | None, scripts: int) -> None:
        self.gathered = gathered
        self.errors = gathered.unread if scripts else gathered.errors
        self.text = text
        self._shell = shell
        self._scripts = scripts
        self._root = text.parse() if scripts == 0 else text.parse_once()
        self._commands = CommandReader(gathered, text, shell, self._root, outer)
        self._asks = asks_status(text.text)
        self._depth = 0
        self._pending: list[Statement] = []

    def whole(self) -> Block:
        """All statements of the text."""
        unended = [one for one in self.text.heredocs.values() if not one.ended]
        self.errors += [self.text.place(one.operator, one.name) for one in unended]
        if self._root.has_error:
            self.errors += [self.text.span(node) for node in errors_in(self._root)]
        return self.block(self._root.children, 0, len(self.text.text), Place())

    def block(self, nodes: Sequence[Node], start: int, end: int, place: Place) -> Block:
        """The statements of some nodes, which may stand between two characters of the text."""
        first = len(self.gathered.commands)
        statements: list[Statement] = []
        if self._depth < _MAX_DEPTH:
            self._depth += 1
            statements = self._statements(nodes, place)
            self._depth -= 1
        else:
            self.gathered.errors.append(self.text.place(start, end))
        return Block(tuple(statements), self.text.place(start, end), self._shell, self.numbers(first))

    def numbers(self, first: int) -> range:
        """The numbers of the commands read since one."""
        return range(first, len(self.gathered.commands))

    def _statements(self, nodes: Sequence[Node], place: Place) -> list[Statement]:
        found: list[Statement] = []
        for node in nodes:
            if node.type == "&" and found:
                found[-1] = found[-1]._replace(background=True)
            elif node.is_named and node.type != "comment" and node.type not in _KEYWORDS:
                found += self._statement(node, place)
        return found

    def _statement(self, node: Node, place: Place) -> list[Statement]:
        """The statements that a node holds: more than one where the grammar joined two lines, or is lost."""
        handler = _HANDLERS.get(node.type)
        if handler is None:
            return self._statements(node.children, place)
        before = len(self._pending)
        found = handler(self, node, place)
        pending, self._pending = self._pending[before:], self._pending[:before]
        return [*pending, found]

    def one(self, node: Node, place: Place) -> Statement:
        """The statement of an operand; what the grammar joined to it from the lines above is kept for the block."""
        found = self._statement(node, place)
        if not found:
            first = len(self.gathered.commands)
            return Simple(self.text.span(node), self.numbers(first), None)
        self._pending += found[:-1]
        return found[-1]

    def _command(self, node: Node, place: Place) -> Statement:
        return self._of_lines(node, node.children, place)

    def _of_lines(self, node: Node, nodes: Sequence[Node], place: Place) -> Statement:
        lines = self._lines(nodes)
        self._pending += [self._simple(node, line, place) for line in lines[:-1]]
        return self._simple(node, lines[-1], place)

    def _lines(self, nodes: Sequence[Node]) -> list[list[Node]]:
        """The words of a command; ``A=1 B=2`` above it belongs to the line above, whatever the grammar says."""
        if self.text.data.find(b"\n", nodes[0].start_byte, nodes[-1].end_byte) < 0:
            return [list(nodes)]
        lines = [[nodes[0]]]
        for before, node in pairwise(nodes):
            gap = self.text.data[before.end_byte : node.start_byte]
            if b"\n" in gap and b"\n" in gap.replace(b"\\\n", b""):
                lines.append([])
            lines[-1].append(node)
        return lines

    def _simple(self, node: Node, words: Sequence[Node], place: Place) -> Statement:
        """One simple command, or a statement of assignments."""
        first = len(self.gathered.commands)
        if words[0].type == "command_name" and is_keyword(self.text.raw(words[0])):
            self.errors.append(self.text.span(words[0]))
        before = self.substitutions(words, place)
        number, nested, assigns = self._commands.read(node, words, place)
        inner = self._nested(nested, number) if nested else None
        span = self.text.place(self.text.bounds(words[0])[0], self.text.bounds(words[-1])[1])
        asks = self._asks and any(asks_status(self.text.of(word)) for word in words if word.type != "raw_string")
        deferred = nested is not None and nested.deferred
        return Simple(span, self.numbers(first), number, tuple(before), inner, asks, False, assigns, deferred)

    def substitutions(self, nodes: Sequence[Node], place: Place) -> list[Block]:
        """The command substitutions in these words, each as a block, in the order in which they run."""
        found: list[Block] = []
        if not nodes or not self.text.has(_SUBSTITUTION, nodes[0], nodes[-1]):
            return found
        todo = [node for node in reversed(nodes) if self.text.has(_SUBSTITUTION, node, node)]
        while todo:
            node = todo.pop()
            if node.type in {"command_substitution", "process_substitution"}:
                if not self._commands.is_outer(self.text.span(node)):
                    found.append(self.block(node.children[1:], *self.text.bounds(node), place))
                    self.gathered.taken.append(found[-1].numbers)
            elif heredoc := self.text.heredoc(node):
                found += self._in_heredoc(heredoc)
            else:
                todo += reversed(node.named_children)
        return found

    def _in_heredoc(self, heredoc: Heredoc) -> list[Block]:
        """The command substitutions in the lines of a heredoc."""
        if not heredoc.expands or self._scripts >= _MAX_SCRIPTS:
            return []
        parts = substitutions_in(*self.text.part(heredoc.start, heredoc.end))
        return [self._inner(ScriptText(*part), self._shell, True) for part in parts]

    def _nested(self, nested: Nested, number: int | None) -> Block | None:
        if self._scripts >= _MAX_SCRIPTS:
            return None
        text = ScriptText(nested.text, nested.pieces)
        span = text.place(0, len(text.text))
        multiline = "\n" in nested.text.strip("\n") or nested.quoting in _HEREDOCS
        shell = Shell(nested.machine, nested.quoting, span, multiline, self._shell, nested.target, nested.user, number)
        return self._inner(text, shell, nested.quoting not in {Quoting.SINGLE, Quoting.QUOTED_HEREDOC})

    def _inner(self, text: ScriptText, shell: Shell, expands: bool) -> Block:
        """The statements of another text; `expands` is set when this shell replaces variables in it."""
        functions = shell.machine is Machine.HERE or _DECLARES.search(text.text) is not None
        reader = ShellReader(self.gathered, text, shell, self._commands.as_outer(expands, functions), self._scripts + 1)
        reader._depth = self._depth
        return reader.whole()

    def _redirected(self, node: Node, place: Place) -> Statement:
        body, redirects = node.child_by_field_name("body"), node.children_by_field_name("redirect")
        return self._of_lines(node, redirects, place) if body is None else self._with(body, redirects, place)

    def _with(self, body: Node, redirects: Sequence[Node], place: Place) -> Statement:
        """A statement with redirections, which belong to the last command of a pipeline."""
        statement = self._of_body(body, redirects, place)
        if body.type != "pipeline" and any(takes_output(self.text.of(one)) for one in redirects):
            self.gathered.taken.append(statement.numbers)
        return statement

    def _of_body(self, body: Node, redirects: Sequence[Node], place: Place) -> Statement:
        first = len(self.gathered.commands)
        if body.type in {"command", "declaration_command"}:
            nodes = body.children if body.type == "command" else [body]
            return self._of_lines(body, [*nodes, *redirects], place)
        if body.type == "pipeline":
            *others, last = body.named_children
            parts = (*(self.one(child, place) for child in others), self._with(last, redirects, place))
            return self._piped(Pipeline(self.text.span(body), self.numbers(first), parts))
        statement = self.one(body, place)
        second = len(self.gathered.commands)
        before = self.substitutions(redirects, place)
        if not before:
            return statement
        inner = Simple(self.text.span(body), self.numbers(second), None, tuple(before))
        return Chain(self.text.span(body), self.numbers(first), (inner, statement), ("&&",))

    def _list(self, node: Node, place: Place) -> Statement:
        first = len(self.gathered.commands)
        found = operands(node)
        parts = [
            self.one(part, place._replace(conditional=place.conditional or operator == "||"))
            for operator, part in found
        ]
        operators = tuple(operator for operator, _ in found[1:])
        if not parts:
            return Simple(self.text.span(node), self.numbers(first), None)
        return Chain(self.text.span(node), self.numbers(first), tuple(parts), operators)

    def _pipeline(self, node: Node, place: Place) -> Statement:
        first = len(self.gathered.commands)
        parts = tuple(self.one(child, place) for child in node.named_children if child.type != "comment")
        return self._piped(Pipeline(self.text.span(node), self.numbers(first), parts))

    def _piped(self, pipeline: Pipeline) -> Statement:
        """The pipeline, with each command told which one reads its output."""
        commands = self.gathered.commands
        readers = [commands[one.numbers[-1]].name if one.numbers else "" for one in pipeline.parts[1:]]
        if any(name != "tee" for name in readers):
            self.gathered.taken += [part.numbers for part in pipeline.parts[:-1]]
        for part, reader in pairwise(pipeline.parts):
            if isinstance(part, Simple) and part.command is not None and isinstance(reader, Simple):
                commands[part.command] = commands[part.command]._replace(feeds=reader.command)
        return pipeline

    def _negated(self, node: Node, place: Place) -> Statement:
        first = len(self.gathered.commands)
        parts = tuple(self.one(child, place) for child in node.named_children)
        return Pipeline(self.text.span(node), self.numbers(first), parts)

    def _other(self, node: Node, place: Place) -> Statement:
        """``[ … ]``, ``export X=…`` and assignments: nothing that is a command of its own."""
        return self._simple(node, [node], place)


_HEREDOCS = frozenset({Quoting.HEREDOC, Quoting.QUOTED_HEREDOC})
_HANDLERS: dict[str, Callable[[ShellReader, Node, Place], Statement]] = {
    "command": ShellReader._command,
    "test_command": ShellReader._other,
    "declaration_command": ShellReader._other,
    "unset_command": ShellReader._other,
    "variable_assignment": ShellReader._other,
    "variable_assignments": ShellReader._other,
    "list": ShellReader._list,
    "pipeline": ShellReader._pipeline,
    "negated_command": ShellReader._negated,
    "redirected_statement": ShellReader._redirected,
    "if_statement": compounds.read_if,
    "while_statement": compounds.read_loop,
    "for_statement": compounds.read_loop,
    "c_style_for_statement": compounds.read_loop,
    "case_statement": compounds.read_case,
    "subshell": compounds.read_group,
    "compound_statement": compounds.read_group,
    "function_definition": compounds.read_define,
}
