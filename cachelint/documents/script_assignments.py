"""Where the variables of one shell get their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_variables import Entry
from cachelint.documents.script_words import Part, Template, template, unsplit
from cachelint.documents.shell_syntax import ASSIGNMENT
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

DECLARATIONS = frozenset({"export", "local", "declare", "typeset", "readonly"})
_READERS = frozenset({"read", "mapfile", "readarray", "getopts", "printf", "unset"})
_NAME = regex(r"[A-Za-z_]\w*\Z")
_LOOPS = frozenset({"for_statement", "c_style_for_statement", "while_statement"})
_SCOPES = _LOOPS | {"elif_clause", "else_clause", "case_item", "list", "pipeline", "subshell", "command_substitution"}
_CLAUSES = frozenset({"elif_clause", "else_clause"})
_ASSIGNS = regex(
    rb"=|\b(?:for|select|export|local|declare|typeset|readonly|read|mapfile|readarray|getopts|printf|unset)\b"
)
"""What is written in everything that gives a variable a value."""

_SETS = regex(r"\$\{([A-Za-z_]\w*):?=")


class Written(NamedTuple):
    """One assignment as written, `node` being all of it; `array` for ``NAME=(…)``.

    `words` is None where the value comes from elsewhere, and empty for a bare name.
    """

    name: str
    words: tuple[Template, ...] | None
    node: Node
    array: bool = False
    append: bool = False


class _Around(NamedTuple):
    function: str | None = None
    scope: tuple[int, int] | None = None
    loop: tuple[int, int] | None = None


_ASSIGNING = frozenset(
    "variable_assignment variable_assignments command declaration_command unset_command for_statement expansion".split()
)

_LEAVES = frozenset("word variable_name raw_string string_content comment number special_variable_name".split())
"""What nothing stands below, most of all nodes."""


def entries(root: Node, text: ScriptText) -> Iterator[Entry]:
    """Every assignment below a node, in the order in which they are written."""
    marks = text.marks(_ASSIGNS)
    todo = [(root, _Around())]
    while todo:
        node, around = todo.pop()
        if not marks.within(node):
            continue
        kind = node.type
        if kind in _ASSIGNING:
            yield from _own(node, text, around)
        inside = _inside(node, text, around)
        if kind == "if_statement":
            todo += reversed(_branches(node, text, inside))
        else:
            todo += [(child, inside) for child in reversed(node.named_children) if child.type not in _LEAVES]


def _inside(node: Node, text: ScriptText, around: _Around) -> _Around:
    if node.type == "function_definition":
        name = node.child_by_field_name("name")
        return _Around(text.of(name) if name else around.function)
    if node.type not in _SCOPES:
        return around
    bounds = text.bounds(node)
    return around._replace(scope=bounds, loop=around.loop or (bounds if node.type in _LOOPS else None))


def _branches(node: Node, text: ScriptText, around: _Around) -> list[tuple[Node, _Around]]:
    """The parts of an ``if``: its condition is for certain, what follows ``then`` up to the next clause is not."""
    children = node.children
    then = next((child.end_byte for child in children if child.type == "then"), node.end_byte)
    stop = next((child.start_byte for child in children if child.type in _CLAUSES), node.end_byte)
    body = around._replace(scope=(text.offset(then), text.offset(stop)))
    return [(child, body if then <= child.start_byte < stop else around) for child in children if child.is_named]


def _own(node: Node, text: ScriptText, around: _Around) -> Iterator[Entry]:
    at = text.offset(node.end_byte)
    if node.type in {"variable_assignment", "variable_assignments"}:
        parent = node.parent
        if node.type == "variable_assignment" and not (parent and parent.type in {"command", "declaration_command"}):
            yield _entry(assignment(node, text), at, around)
    elif node.type in {"command", "declaration_command", "unset_command"}:
        keyword, found = declared(node, text)
        local = keyword in {"local", "declare", "typeset"} and around.function is not None
        for one in found:
            yield _entry(one, at, around)._replace(local=local)
    elif node.type == "for_statement":
        name = node.child_by_field_name("variable")
        words = tuple(template(child, text) for child in node.children_by_field_name("value"))
        if name:
            yield Entry(text.of(name), text.offset(node.start_byte), words, each=True, function=around.function)
    elif node.type == "expansion" and (match := _SETS.match(text.of(node))):
        yield Entry(match[1], at, (template(node, text),), function=around.function)


def _entry(one: Written, at: int, around: _Around) -> Entry:
    return Entry(
        one.name,
        at,
        one.words,
        one.array,
        one.append,
        function=around.function,
        scope=around.scope,
        loop=around.loop,
    )


def assignment(node: Node, text: ScriptText) -> Written:
    """What a ``variable_assignment`` of the grammar says."""
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    name = text.of(target).strip() if target else ""
    append = any(child.type == "+=" for child in node.children)
    if "[" in name:
        return Written(name.partition("[")[0], None, node, array=True)
    if value is None:
        span = text.place(text.offset(node.end_byte), text.offset(node.end_byte))
        return Written(name, (Template((Part("", span, True),), span),), node, append=append)
    if value.type == "array":
        words = tuple(template(child, text) for child in value.named_children if child.type != "comment")
        return Written(name, words, node, array=True, append=append)
    return Written(name, (unsplit(template(value, text)),), node, append=append)


def declared(node: Node, text: ScriptText) -> tuple[str, list[Written]]:
    """The keyword and the assignments of ``export NAME=value``, ``local``, ``read NAME``, ``unset`` and the like.

    A bare name has no words; one that gets its value from elsewhere has None.
    """
    first = node.child_by_field_name("name") if node.type == "command" else node.children[0]
    keyword = text.of(first) if first else ""
    if keyword not in DECLARATIONS and keyword not in _READERS:
        return "", []
    rest = [child for child in node.named_children if child != first]
    if keyword == "printf":
        return keyword, [Written(text.of(rest[1]), None, rest[1])] if len(rest) > 1 and text.of(rest[0]) == "-v" else []
    return keyword, [one for child in rest if (one := _declaration(child, keyword, text))]


def _declaration(node: Node, keyword: str, text: ScriptText) -> Written | None:
    if node.type == "variable_assignment":
        return assignment(node, text)
    written = text.of(node)
    match = ASSIGNMENT.match(written)
    if match:
        return Written(match[0].rstrip("+="), None, node)
    if not _NAME.match(written):
        return None
    return Written(written, () if keyword in DECLARATIONS else None, node)
