"""From the tree of the grammar to the commands and statements of a script."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.script import Function, Machine, Quoting, Script, Shell
from cachelint.documents.script_commands import CommandReader, Gathered, Place
from cachelint.documents.script_nested import Heredoc
from cachelint.documents.script_text import ScriptText
from cachelint.documents.script_tree import Block, Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.documents.script_words import expand, template
from cachelint.documents.shell_syntax import operands, parser
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from tree_sitter import Node

    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.documents.script_nested import Nested
    from cachelint.documents.script_tree import Statement
    from cachelint.documents.script_variables import Outer
    from cachelint.source import SourceFile

_MAX_DEPTH = 50
_MAX_SCRIPTS = 6
_KEYWORDS = frozenset(
    {"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "(", ")", "((", "))"}
)
_STATUS = re.compile(r"\$(?:[?!]|_(?!\w)|\{(?:[?!_]\}|PIPESTATUS))")
_INTERPRETER = re.compile("\ufeff?#!\\s*(?:\\S*/env\\s+(?:-S\\s+)?(?:\\w+=\\S*\\s+)*)?(\\S+)")
_ENDLESS = frozenset({"true", ":", "[ 1 ]", "[ true ]", "((1))", "(( 1 ))", "[[ 1 ]]"})


class ScriptReader:
    """Reads one script with all the shells in it."""

    def __init__(self, source: SourceFile, text: str, pieces: Pieces) -> None:
        self._source = source
        self._text = text
        self._pieces = pieces

    def read(self) -> Script:
        """The script."""
        gathered = Gathered(self._source.text)
        text = ScriptText(self._text, self._pieces)
        span = text.place(0, len(text.text))
        shell = Shell(Machine.HERE, Quoting.FILE, span, "\n" in text.text)
        body = ShellReader(gathered, text, shell, None, 0).block()
        interpreter = _INTERPRETER.match(self._text)
        return Script(
            self._source,
            shell,
            body,
            tuple(gathered.commands),
            tuple(gathered.assignments),
            tuple(gathered.functions),
            tuple(gathered.sourced),
            tuple(gathered.called),
            frozenset(gathered.options),
            tuple(sorted(gathered.errors)),
            interpreter[1].rpartition("/")[2] if interpreter else "sh",
        )


class ShellReader:
    """Reads the statements of one shell's text; `scripts` counts the shells around it."""

    def __init__(self, gathered: Gathered, text: ScriptText, shell: Shell, outer: Outer | None, scripts: int) -> None:
        self._gathered = gathered
        self._text = text
        self._shell = shell
        self._scripts = scripts
        self._root = parser().parse(text.data).root_node
        self._commands = CommandReader(gathered, text, shell, self._root, outer)
        self._depth = 0
        self._pending: list[Statement] = []

    def block(self) -> Block:
        """All statements of the text."""
        if self._root.has_error:
            self._gathered.errors += [self._text.span(node) for node in _errors(self._root)]
        return self._block(self._root.children, 0, len(self._text.text), Place())

    def _block(self, nodes: Sequence[Node], start: int, end: int, place: Place) -> Block:
        first = len(self._gathered.commands)
        statements: list[Statement] = []
        if self._depth < _MAX_DEPTH:
            self._depth += 1
            statements = self._statements(nodes, place)
            self._depth -= 1
        else:
            self._gathered.errors.append(self._text.place(start, end))
        return Block(tuple(statements), self._text.place(start, end), self._shell, self._numbers(first))

    def _numbers(self, first: int) -> range:
        return range(first, len(self._gathered.commands))

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

    def _one(self, node: Node, place: Place) -> Statement:
        """The statement of an operand; what the grammar joined to it from the lines above is kept for the block."""
        found = self._statement(node, place)
        if not found:
            first = len(self._gathered.commands)
            return Simple(self._text.span(node), self._numbers(first), None)
        self._pending += found[:-1]
        return found[-1]

    def _command(self, node: Node, place: Place) -> Statement:
        for lines in self._lines(node.children)[:-1]:
            self._pending.append(self._simple(node, lines, place))
        return self._simple(node, self._lines(node.children)[-1], place)

    def _lines(self, nodes: Sequence[Node]) -> list[list[Node]]:
        """The words of a command; ``A=1 B=2`` above it belongs to the line above, whatever the grammar says."""
        lines = [[nodes[0]]]
        for before, node in pairwise(nodes):
            gap = self._text.data[before.end_byte : node.start_byte].replace(b"\\\n", b"")
            if b"\n" in gap and before.type == "variable_assignment":
                lines.append([])
            lines[-1].append(node)
        return lines

    def _simple(
        self, node: Node, words: list[Node], place: Place, extra: Sequence[Node] = (), heredocs: Sequence[Node] = ()
    ) -> Statement:
        """One simple command; `extra` are words and redirections behind a heredoc's beginning."""
        first = len(self._gathered.commands)
        before = self._substitutions([*words, *extra], place)
        bodies = [self._heredoc(one) for one in heredocs]
        for one in heredocs:
            before += self._substitutions([one], place)
        number, nested, assigns = self._commands.read(node, [*words, *extra], bodies, place)
        inner = self._nested(nested, number) if nested else None
        span = self._text.place(*self._around(words))
        asks = any(_STATUS.search(self._text.of(word)) for word in words if word.type != "raw_string")
        return Simple(
            span,
            self._numbers(first),
            number,
            tuple(before),
            inner,
            asks,
            False,
            assigns,
            bool(nested and nested.deferred),
        )

    def _around(self, nodes: Sequence[Node]) -> tuple[int, int]:
        return self._text.bounds(nodes[0])[0], self._text.bounds(nodes[-1])[1]

    def _substitutions(self, nodes: Sequence[Node], place: Place) -> list[Block]:
        """The command substitutions in these words, each as a block, in the order in which they run."""
        found: list[Block] = []
        todo = list(reversed(nodes))
        while todo:
            node = todo.pop()
            if node.type in {"command_substitution", "process_substitution"}:
                if not self._commands.is_outer(self._text.span(node)):
                    start, end = self._text.bounds(node)
                    found.append(self._block(node.children[1:], start, end, place))
            else:
                todo += reversed(node.named_children)
        return found

    def _nested(self, nested: Nested, number: int | None) -> Block | None:
        if self._scripts >= _MAX_SCRIPTS:
            return None
        text = ScriptText(nested.text, nested.pieces)
        span = text.place(0, len(text.text))
        multiline = "\n" in nested.text.strip("\n") or (nested.quoting in _HEREDOCS)
        shell = Shell(nested.machine, nested.quoting, span, multiline, self._shell, nested.target, nested.user, number)
        expands = nested.quoting not in {Quoting.SINGLE, Quoting.QUOTED_HEREDOC}
        outer = self._commands.as_outer(expands)
        reader = ShellReader(self._gathered, text, shell, outer, self._scripts + 1)
        reader._depth = self._depth
        return reader.block()

    def _heredoc(self, node: Node) -> Heredoc:
        """The lines of a heredoc: the grammar leaves out white space at its ends."""
        start = next((c for c in node.children if c.type == "heredoc_start"), node)
        body = next((c for c in node.children if c.type == "heredoc_body"), None)
        end = next((c for c in node.children if c.type == "heredoc_end"), None)
        text = self._text.text
        last = self._text.bounds(end)[0] if end else self._text.bounds(node)[1]
        last = text.rfind("\n", 0, last) + 1 if end else last
        first = last if body is None else text.rfind("\n", 0, self._text.bounds(body)[0]) + 1
        lines = self._text.bounds(start)[1]
        while first > lines and (above := text.rfind("\n", 0, first - 1) + 1) > lines and not text[above:first].strip():
            first = above
        return Heredoc(first, max(first, last), not any(quote in self._text.of(start) for quote in "'\"\\"))

    def _redirected(self, node: Node, place: Place) -> Statement:
        """A statement with redirections; a heredoc may have the rest of its line inside."""
        body, redirects = node.child_by_field_name("body"), node.children_by_field_name("redirect")
        heredocs = [one for one in redirects if one.type == "heredoc_redirect"]
        extra = [one for one in redirects if one not in heredocs]
        tail: list[Node] = []
        for heredoc in heredocs:
            for child in heredoc.named_children:
                if child.type in _TAILS or child in heredoc.children_by_field_name("right"):
                    tail.append(child)
                elif not child.type.startswith("heredoc_"):
                    extra.append(child)
        if body is None:
            return self._simple(node, list(redirects), place)
        first = len(self._gathered.commands)
        return self._with_tail(self._with_input(body, place, extra, heredocs), heredocs, tail, first, place)

    def _with_input(self, body: Node, place: Place, extra: list[Node], heredocs: list[Node]) -> Statement:
        if body.type == "command":
            lines = self._lines(body.children)
            self._pending += [self._simple(body, line, place) for line in lines[:-1]]
            return self._simple(body, lines[-1], place, extra, heredocs)
        if body.type == "pipeline" and heredocs:
            first = len(self._gathered.commands)
            parts = [self._one(child, place) for child in body.named_children[:-1]]
            parts.append(self._with_input(body.named_children[-1], place, extra, heredocs))
            return self._piped(Pipeline(self._text.span(body), self._numbers(first), tuple(parts)))
        first = len(self._gathered.commands)
        statement = self._one(body, place)
        before = self._substitutions([*extra, *heredocs], place)
        if not before:
            return statement
        inner = Simple(
            self._text.span(body), range(statement.numbers.stop, len(self._gathered.commands)), None, tuple(before)
        )
        return Chain(self._text.span(body), self._numbers(first), (statement, inner), ("&&",))

    def _with_tail(
        self, statement: Statement, heredocs: list[Node], tail: list[Node], first: int, place: Place
    ) -> Statement:
        """What follows on the line of ``<<EOF``: ``| tee log``, ``|| exit 1``."""
        for node in tail:
            span = Span(statement.span.start, self._text.span(node).end)
            if node.type == "pipeline" and node.children[0].type in {"|", "|&"}:
                parts = [part for child in node.named_children for _, part in operands(child)[:1]]
                rest = [part for child in node.named_children for part in operands(child)[1:]]
                found = [statement, *(self._one(part, place) for part in parts)]
                statement = self._piped(Pipeline(span, self._numbers(first), tuple(found)))
                for operator, part in rest:
                    right = self._one(part, place._replace(conditional=True))
                    statement = Chain(span, self._numbers(first), (statement, right), (operator,))
            else:
                operator = next((c.type for one in heredocs for c in one.children_by_field_name("operator")), "&&")
                right = self._one(node, place._replace(conditional=place.conditional or operator == "||"))
                statement = Chain(span, self._numbers(first), (statement, right), (operator,))
        return statement

    def _list(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        found = operands(node)
        parts = [
            self._one(part, place._replace(conditional=place.conditional or operator == "||"))
            for operator, part in found
        ]
        operators = tuple(operator for operator, _ in found[1:])
        return Chain(self._text.span(node), self._numbers(first), tuple(parts), operators)

    def _pipeline(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        parts = tuple(self._one(child, place) for child in node.named_children if child.type != "comment")
        return self._piped(Pipeline(self._text.span(node), self._numbers(first), parts))

    def _piped(self, pipeline: Pipeline) -> Statement:
        """The pipeline, with each command told which one reads its output."""
        commands = self._gathered.commands
        for part, reader in pairwise(pipeline.parts):
            if isinstance(part, Simple) and part.command is not None and isinstance(reader, Simple):
                commands[part.command] = commands[part.command]._replace(feeds=reader.command)
        return pipeline

    def _negated(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        parts = tuple(self._one(child, place) for child in node.named_children)
        return Pipeline(self._text.span(node), self._numbers(first), parts)

    def _if(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        branches: list[tuple[Block, Block]] = []
        otherwise: Block | None = None
        inside = place._replace(conditional=True)
        parts = [node, *(child for child in node.named_children if child.type in {"elif_clause", "else_clause"})]
        for part in parts:
            rest = [child for child in part.children if child.type not in {"elif_clause", "else_clause"}]
            end = self._text.bounds(part)[1]
            if part.type == "else_clause":
                otherwise = self._between(rest, 0, len(rest), end, inside)
                continue
            then = next((index for index, child in enumerate(rest) if child.type == "then"), len(rest))
            condition = self._between(rest, 0, then, end, place if part is node else inside)
            if part is node and len(parts) > 1:
                end = self._text.bounds(parts[1])[0]
            branches.append((condition, self._between(rest, then, len(rest), end, inside)))
        return If(self._text.span(node), self._numbers(first), tuple(branches), otherwise)

    def _between(self, nodes: list[Node], start: int, stop: int, end: int, place: Place) -> Block:
        """The block behind the keyword at one index, up to the keyword at another or a place in the text."""
        begin = self._text.bounds(nodes[start])[1] if start < len(nodes) else end
        end = self._text.bounds(nodes[stop])[0] if stop < len(nodes) else end
        if stop == len(nodes) and nodes and nodes[-1].type in {"fi", "done", "}", ")"} and start < len(nodes) - 1:
            end = min(end, self._text.bounds(nodes[-1])[0])
        return self._block(nodes[start + 1 : stop], begin, max(begin, end), place)

    def _loop(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        body = node.child_by_field_name("body") or node.children[-1]
        head = [child for child in node.children if child.start_byte < body.start_byte]
        inside = place._replace(conditional=True)
        keyword = node.children[0].type
        condition = None
        before: list[Block] = []
        if node.type == "while_statement":
            condition = self._between(head, 0, len(head), self._text.bounds(body)[0], place)
        else:
            before = self._substitutions(head, place)
        block = self._between(body.children, 0, len(body.children), self._text.bounds(body)[1], inside)
        name = node.child_by_field_name("variable")
        values = tuple(
            word for child in node.children_by_field_name("value") for word in expand(template(child, self._text), {})
        )
        head_text = self._text.text[self._text.bounds(head[0])[1] : self._text.bounds(body)[0]]
        return Loop(
            self._text.span(node),
            self._numbers(first),
            keyword,
            condition,
            block,
            self._text.of(name) if name else None,
            values if node.type == "for_statement" else None,
            tuple(before),
            any(word.literal or not word.splits for word in values),
            keyword == "while" and head_text.strip().rstrip(";").strip() in _ENDLESS,
            bool(_STATUS.search(head_text)) and node.type != "while_statement",
        )

    def _case(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        items = [child for child in node.named_children if child.type == "case_item"]
        subject = node.children_by_field_name("value")
        before = self._substitutions(subject, place)
        arms = tuple(self._arm(item, place._replace(conditional=True)) for item in items)
        return Case(
            self._text.span(node),
            self._numbers(first),
            arms,
            tuple(bool(item.child_by_field_name("fallthrough")) for item in items),
            tuple(before),
            any(self._text.of(value) == "*" for item in items for value in item.children_by_field_name("value")),
            any(_STATUS.search(self._text.of(one)) for one in subject),
        )

    def _arm(self, item: Node, place: Place) -> Block:
        children = item.children
        opened = next((index for index, child in enumerate(children) if child.type == ")"), 0)
        last = children[-1].type in {";;", ";&", ";;&"}
        stop = len(children) - 1 if last else len(children)
        return self._between(children, opened, stop, self._text.bounds(item)[1], place)

    def _group(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        if node.children[0].type == "((":
            before = self._substitutions(node.children, place)
            asks = bool(_STATUS.search(self._text.of(node)))
            return Simple(self._text.span(node), self._numbers(first), None, tuple(before), None, asks)
        subshell = node.type == "subshell"
        body = self._between(node.children, 0, len(node.children), self._text.bounds(node)[1], place)
        return Group(self._text.span(node), self._numbers(first), body, subshell)

    def _define(self, node: Node, place: Place) -> Statement:
        first = len(self._gathered.commands)
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        called = self._text.of(name) if name else ""
        inside = Place(called, False)
        if body is not None and body.type in {"compound_statement", "subshell"}:
            block = self._between(body.children, 0, len(body.children), self._text.bounds(body)[1], inside)
        else:
            nodes = [body] if body is not None else []
            block = self._block(nodes, *self._text.bounds(body or node), inside)
        span = self._text.span(node)
        self._gathered.functions.append(Function(called, span, block.span, self._shell))
        return Define(span, self._numbers(first), called, block)

    def _other(self, node: Node, place: Place) -> Statement:
        """``[ … ]``, ``export X=…`` and assignments: nothing that is a command of its own."""
        return self._simple(node, [node], place)


def _errors(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "ERROR" or node.is_missing:
            yield node
        else:
            todo += [child for child in node.children if child.has_error or child.is_missing]


_HEREDOCS = frozenset({Quoting.HEREDOC, Quoting.QUOTED_HEREDOC})
_TAILS = frozenset({"pipeline", "list"})

_HANDLERS: dict[str, Callable[[Any, Node, Place], Statement]] = {
    "command": ShellReader._command,
    "test_command": ShellReader._other,
    "declaration_command": ShellReader._other,
    "unset_command": ShellReader._other,
    "variable_assignment": ShellReader._other,
    "variable_assignments": ShellReader._other,
    "list": ShellReader._list,
    "pipeline": ShellReader._pipeline,
    "negated_command": ShellReader._negated,
    "if_statement": ShellReader._if,
    "while_statement": ShellReader._loop,
    "for_statement": ShellReader._loop,
    "c_style_for_statement": ShellReader._loop,
    "case_statement": ShellReader._case,
    "subshell": ShellReader._group,
    "compound_statement": ShellReader._group,
    "function_definition": ShellReader._define,
    "redirected_statement": ShellReader._redirected,
}
