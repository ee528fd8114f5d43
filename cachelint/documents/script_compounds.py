"""The compound statements of a script: branches, loops, groups and functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Function
from cachelint.documents.script_commands import Place
from cachelint.documents.script_text import takes_output
from cachelint.documents.script_tree import Block, Case, Define, Group, If, Loop, Simple
from cachelint.documents.script_words import expand, template
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from cachelint.documents.script_reader import ShellReader
    from cachelint.documents.script_tree import Statement

_STATUS = regex(r"\$(?:[?!]|_(?!\w)|\{(?:[?!_]\}|PIPESTATUS))")
_ENDLESS = frozenset({"true", ":", "[ 1 ]", "[ true ]", "((1))", "(( 1 ))", "[[ 1 ]]"})
_CLOSING = frozenset({"fi", "done", "}", ")", ";;", ";&", ";;&"})
_NEVER_EMPTY = frozenset({"then", "else", "do", "{", "("})
"""What bash wants a command behind; a comment is none."""
_CLAUSES = frozenset({"elif_clause", "else_clause"})


def asks_status(text: str) -> bool:
    """Whether a text looks at how the command before it ended."""
    return bool(_STATUS.search(text))


def _inside(reader: ShellReader, nodes: Sequence[Node], end: int, place: Place) -> Block:
    """The block behind the keyword that is the first node, up to a closing keyword or a character of the text."""
    begin = reader.text.bounds(nodes[0])[1]
    if len(nodes) > 1 and nodes[-1].type in _CLOSING:
        end = reader.text.bounds(nodes[-1])[0]
        nodes = nodes[:-1]
    block = reader.block(nodes[1:], begin, max(begin, end), place)
    if not block.statements and nodes[0].type in _NEVER_EMPTY:
        reader.errors.append(reader.text.span(nodes[0]))
    return block


def read_if(reader: ShellReader, node: Node, place: Place) -> Statement:
    """``if``, with ``elif`` and ``else``."""
    first = len(reader.gathered.commands)
    inside = place._replace(conditional=True)
    clauses = [node, *(child for child in node.named_children if child.type in _CLAUSES)]
    branches: list[tuple[Block, Block]] = []
    otherwise: Block | None = None
    for clause in clauses:
        rest = [child for child in clause.children if child.type not in _CLAUSES]
        end = reader.text.bounds(clauses[1] if clause is node and len(clauses) > 1 else clause)
        stop = end[0] if clause is node and len(clauses) > 1 else end[1]
        if clause.type == "else_clause":
            otherwise = _inside(reader, rest, stop, inside)
        else:
            branches.append(_branch(reader, rest, stop, place if clause is node else inside))
    return If(reader.text.span(node), reader.numbers(first), tuple(branches), otherwise)


def _branch(reader: ShellReader, nodes: list[Node], stop: int, place: Place) -> tuple[Block, Block]:
    """The condition and what runs when it holds, of ``if …; then …`` and ``elif …; then …``."""
    inside = place._replace(conditional=True)
    then = next((index for index, child in enumerate(nodes) if child.type == "then"), None)
    if then is None:
        return _inside(reader, nodes, stop, place), _inside(reader, nodes[-1:], stop, inside)
    body = nodes[then:]
    if body[-1].type == "fi" and stop <= reader.text.bounds(body[-1])[0]:
        body = body[:-1]
    condition = _inside(reader, nodes[:then], reader.text.bounds(nodes[then])[0], place)
    return condition, _inside(reader, body, stop, inside)


def read_loop(reader: ShellReader, node: Node, place: Place) -> Statement:
    """``for``, ``select``, ``while`` and ``until``."""
    first = len(reader.gathered.commands)
    body = node.child_by_field_name("body") or node.children[-1]
    head = [child for child in node.children if child.start_byte < body.start_byte] or [node]
    asked = node.type == "while_statement"
    start = reader.text.bounds(body)[0]
    condition = _inside(reader, head, start, place) if asked else None
    before = () if asked else tuple(reader.substitutions(head, place))
    block = _inside(reader, body.children or [body], reader.text.bounds(body)[1], place._replace(conditional=True))
    name = node.child_by_field_name("variable")
    values = [template(child, reader.text) for child in node.children_by_field_name("value")]
    words = tuple(word for value in values for word in expand(value, {}))
    keyword, written = node.children[0].type, reader.text.text[reader.text.bounds(head[0])[1] : start]
    return Loop(
        reader.text.span(node),
        reader.numbers(first),
        keyword,
        condition,
        block,
        reader.text.of(name) if name else None,
        words if node.type == "for_statement" else None,
        before,
        at_least_once=any(word.literal or not word.splits for word in words),
        endless=keyword == "while" and written.strip().rstrip(";").strip() in _ENDLESS,
        asks_status=not asked and asks_status(written),
    )


def read_case(reader: ShellReader, node: Node, place: Place) -> Statement:
    """``case``."""
    first = len(reader.gathered.commands)
    items = [child for child in node.named_children if child.type == "case_item"]
    subject = node.children_by_field_name("value")
    before = tuple(reader.substitutions(subject, place))
    inside = place._replace(conditional=True)
    patterns = [reader.text.of(value) for item in items for value in item.children_by_field_name("value")]
    arms = tuple(_arm(reader, item, inside) for item in items)
    return Case(
        reader.text.span(node),
        reader.numbers(first),
        arms,
        tuple(item.children[-1].type in {";&", ";;&"} for item in items),
        before,
        exhaustive="*" in patterns,
        asks_status=any(asks_status(reader.text.of(one)) for one in subject),
    )


def _arm(reader: ShellReader, item: Node, place: Place) -> Block:
    opened = next((index for index, child in enumerate(item.children) if child.type == ")"), 0)
    return _inside(reader, item.children[opened:], reader.text.bounds(item)[1], place)


def read_group(reader: ShellReader, node: Node, place: Place) -> Statement:
    """``{ … }``, ``( … )`` and ``(( … ))``."""
    first = len(reader.gathered.commands)
    if node.children[0].type == "((":
        before = tuple(reader.substitutions(node.children, place))
        asks = asks_status(reader.text.of(node))
        return Simple(reader.text.span(node), reader.numbers(first), None, before, asks_status=asks)
    body = _inside(reader, node.children, reader.text.bounds(node)[1], place)
    return Group(reader.text.span(node), reader.numbers(first), body, node.type == "subshell")


def read_define(reader: ShellReader, node: Node, place: Place) -> Statement:
    """A function."""
    del place
    first = len(reader.gathered.commands)
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    called = reader.text.of(name) if name else ""
    inside = Place(called, conditional=False)
    if body is not None and body.type in {"compound_statement", "subshell"} and body.children[0].type != "((":
        block = _inside(reader, body.children, reader.text.bounds(body)[1], inside)
    else:
        block = reader.block([body] if body is not None else [], *reader.text.bounds(body or node), inside)
    span = reader.text.span(node)
    reader.gathered.functions.append(Function(called, span, block.span, block.shell))
    numbers = reader.numbers(first)
    if any(takes_output(reader.text.of(one)) for one in node.children_by_field_name("redirect")):
        reader.gathered.taken.append(numbers)
    return Define(span, numbers, called, block)
