"""The tool that a command substitution looks for: ``$(which podman >/dev/null && echo podman || echo docker)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_options import TOOLS
from cachelint.documents.script_text import ScriptText
from cachelint.documents.script_words import SUBSTITUTION, template
from cachelint.documents.shell_syntax import operands
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tree_sitter import Node

    from cachelint.documents.script import Word
    from cachelint.documents.script_variables import Variables

_MOST = 8
_MAX_DEPTH = 6
_MAX_NESTED = 20
_MAX_TEXT = 2_000
_PROGRAM = regex(r"(?:which|command\s+-v|type\s+-[pP])\s+([\w./-]+)")
_QUIET = regex(r"\w*grep\b[^|]*\s(?:-[a-zA-Z]*q|--quiet\b|--silent\b)")
_AWAY = regex(r"(?!1?>&1\b)(?:1?>|&>)")
_FLAGS = regex(r"-[neE]+")
_FORMATS = {"%s": "", r"%s\n": "\n"}
_STATEMENTS = frozenset("variable_assignment variable_assignments declaration_command unset_command".split())
_CLAUSES = frozenset({"elif_clause", "else_clause"})


class _End(NamedTuple):
    """One way through a piece of a script: what it has printed, whether it succeeded, and whether all ends there."""

    text: str = ""
    succeeds: bool = True
    ends: bool = False


_EITHER = (_End(), _End(succeeds=False))
_SILENT: dict[str, Sequence[_End]] = {
    **dict.fromkeys("true : export local readonly declare typeset unset set shift".split(), (_End(),)),
    **dict.fromkeys(("[", "test", "false", "hash", "cd"), _EITHER),
    **dict.fromkeys(("exit", "return"), tuple(one._replace(ends=True) for one in _EITHER)),
}
"""The commands that print nothing."""


class _UnknownError(Exception):
    """Something is printed, and the script does not say what."""


class Printed:
    """What the substitutions in a shell's text are; `root` is its tree, with the functions that they may call."""

    def __init__(self, root: Node, text: ScriptText) -> None:
        self._root = root
        self._text = text
        self._known: dict[str, tuple[str, ...]] = {}
        self._bodies: dict[str, Node] | None = None
        self._ends: dict[str, Sequence[_End] | None] = {}

    def of(self, written: str, variables: Variables) -> tuple[str, ...]:
        """The tools of which ``$(…)`` becomes one, in the order in which they are written, with their words.

        There is none where something else may be printed. Nothing at all may be: no command comes of that.
        """
        if written not in self._known:
            self._known[written] = ()  # for a function that asks for itself
            self._known[written] = self._of(written, variables)
        return self._known[written]

    def _of(self, written: str, variables: Variables) -> tuple[str, ...]:
        match = SUBSTITUTION.fullmatch(written)
        inside = match and (match["round"] or match["back"])
        if not inside or len(inside) > _MAX_TEXT:
            return ()
        text = ScriptText(inside, ((0, 0),))
        root = text.parse_once()
        try:
            ends = () if root.has_error else _Reader(text, variables, None, self._called).block(root.named_children)
        except _UnknownError:
            return ()
        printed = dict.fromkeys(tool for one in ends if (tool := one.text.rstrip("\n")))
        return tuple(printed) if all(map(_is_tool, printed)) else ()

    def _called(self, name: str, variables: Variables, depth: int) -> Sequence[_End]:
        """The ways through a function of the script, followed once. Raises `_UnknownError`, also for no function."""
        if self._bodies is None:
            self._bodies = dict(_functions(self._root, self._text))
        if name not in self._ends:
            self._ends[name] = None  # also for one that calls itself
            if name in self._bodies and depth <= _MAX_DEPTH:
                ends = _Reader(self._text, variables, name, self._called, depth).block([self._bodies[name]])
                self._ends[name] = [one._replace(ends=False) for one in ends]
        known = self._ends[name]
        if known is None:
            raise _UnknownError
        return known


def _is_tool(text: str) -> bool:
    return text.partition(" ")[0].rpartition("/")[2] in TOOLS


def _functions(root: Node, text: ScriptText) -> Iterable[tuple[str, Node]]:
    todo = list(reversed(root.named_children))
    while todo:
        node = todo.pop()
        if node.type == "function_definition":
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name and body:
                yield text.of(name), body
        elif node.type in {"if_statement", "compound_statement"}:
            todo += reversed(node.named_children)


class _Reader:
    """Follows every way through a piece of a script; `function` is the one that it is the body of."""

    def __init__(
        self,
        text: ScriptText,
        variables: Variables,
        function: str | None,
        called: Callable[[str, Variables, int], Sequence[_End]],
        depth: int = 0,
    ) -> None:
        self._text = text
        self._variables = variables
        self._function = function
        self._called = called
        self._depth = depth
        self._nested = 0

    def block(self, nodes: Iterable[Node]) -> Sequence[_End]:
        """The ways through statements one after the other."""
        ends: Sequence[_End] = (_End(),)
        for node in nodes:
            if node.type not in {"comment", "function_definition"}:
                ends = _then(ends, self._statement(node))
        return ends

    def _statement(self, node: Node) -> Sequence[_End]:
        read = _READERS.get(node.type)
        if read is None or self._nested >= _MAX_NESTED:
            raise _UnknownError
        self._nested += 1
        ends = read(self, node)
        self._nested -= 1
        return ends

    def _silent(self, node: Node) -> Sequence[_End]:
        return (_End(),) if node.type in _STATEMENTS else _EITHER

    def _children(self, node: Node) -> Sequence[_End]:
        ends = self.block(node.named_children)
        return [one._replace(ends=False) for one in ends] if node.type == "subshell" else ends

    def _list(self, node: Node) -> Sequence[_End]:
        ends: Sequence[_End] = (_End(),)
        for operator, part in operands(node):
            ends = _then(ends, self._statement(part), behind=operator != "||")
        return ends

    def _negated(self, node: Node) -> Sequence[_End]:
        return [one._replace(succeeds=not one.succeeds) for one in self.block(node.named_children)]

    def _pipeline(self, node: Node) -> Sequence[_End]:
        """Only the last part prints; what ends in it ends nothing else."""
        return [one._replace(ends=False) for one in self._statement(node.named_children[-1])]

    def _redirected(self, node: Node) -> Sequence[_End]:
        body = node.child_by_field_name("body")
        return _EITHER if body is None or self._is_away(node) else self._statement(body)

    def _is_away(self, node: Node) -> bool:
        redirects = [child for child in node.named_children if child.type == "file_redirect"]
        return any(_AWAY.match(self._text.of(one)) for one in redirects)

    def _if(self, node: Node) -> Sequence[_End]:
        return self._branches(node, [child for child in node.children if child.type in _CLAUSES])

    def _branches(self, node: Node, clauses: list[Node]) -> Sequence[_End]:
        own = [child for child in node.children if child.type not in _CLAUSES]
        if node.type == "else_clause":
            return self.block(child for child in own if child.is_named)
        then = next((at for at, child in enumerate(own) if child.type == "then"), len(own))
        body = self.block(child for child in own[then:] if child.is_named)
        other = self._branches(clauses[0], clauses[1:]) if clauses else (_End(),)
        condition = self.block(child for child in own[:then] if child.is_named)
        met = [one for one in condition if one.succeeds]
        return [*_then(met, body), *_then([one for one in condition if not one.succeeds], other)]

    def _case(self, node: Node) -> Sequence[_End]:
        found: list[_End] = [_End()]
        for item in node.named_children:
            if item.type == "case_item":
                values = item.children_by_field_name("value")
                found += self.block(child for child in item.named_children if child not in values)
        return found

    def _command(self, node: Node) -> Sequence[_End]:
        name = node.child_by_field_name("name")
        program = _PROGRAM.fullmatch(self._text.of(node))
        if name is None or self._is_away(node):
            return _EITHER
        if program:
            return _End(f"{program[1]}\n"), _End(succeeds=False)
        called = self._text.of(name)
        if called in {"echo", "printf"}:
            return [_End(one) for one in self._said(node, name, called)]
        if called in _SILENT or _QUIET.match(self._text.of(node)):
            return _SILENT.get(called, _EITHER)
        return self._called(called, self._variables, self._depth + 1)

    def _said(self, node: Node, name: Node, called: str) -> Iterable[str]:
        """What ``echo`` or ``printf`` prints."""
        words = [child for child in node.named_children if child != name and child.type != "file_redirect"]
        templates = [template(one, self._text) for one in words]
        at = self._text.offset(node.start_byte) if self._function else 0
        for reading in self._variables.readings(templates, at, self._function):
            if not all(word.literal or word.default for word in reading):
                raise _UnknownError
            yield _echoed(reading) if called == "echo" else _formatted(reading)


def _then(before: Sequence[_End], after: Sequence[_End], *, behind: bool | None = None) -> Sequence[_End]:
    """Each way so far with what comes next: behind all of them, or those that have succeeded, or that have not."""
    found: list[_End] = []
    for one in before:
        goes_on = not one.ends and behind in {None, one.succeeds}
        found += [two._replace(text=one.text + two.text) for two in after] if goes_on else [one]
    known = tuple(dict.fromkeys(found))
    if len(known) > _MOST or sum(len(one.text) for one in known) > _MAX_TEXT:
        raise _UnknownError
    return known


def _echoed(words: Sequence[Word]) -> str:
    texts = [word.text for word in words]
    newline = "\n"
    while texts and _FLAGS.fullmatch(texts[0]):
        newline = "" if "n" in texts.pop(0) else newline
    return " ".join(texts) + newline


def _formatted(words: Sequence[Word]) -> str:
    texts = [word.text for word in words]
    if len(texts) == 2 and texts[0] in _FORMATS:
        return texts[1] + _FORMATS[texts[0]]
    if len(texts) != 1 or "%" in texts[0] or "\\" in texts[0].removesuffix("\\n"):
        raise _UnknownError
    return texts[0].removesuffix("\\n")


_READERS: dict[str, Callable[[_Reader, Node], Sequence[_End]]] = {
    **dict.fromkeys((*_STATEMENTS, "test_command"), _Reader._silent),
    **dict.fromkeys(("compound_statement", "subshell"), _Reader._children),
    "list": _Reader._list,
    "negated_command": _Reader._negated,
    "pipeline": _Reader._pipeline,
    "redirected_statement": _Reader._redirected,
    "if_statement": _Reader._if,
    "case_statement": _Reader._case,
    "command": _Reader._command,
}
