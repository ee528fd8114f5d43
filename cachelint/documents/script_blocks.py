"""The blocks in a script's statements, and the functions that are defined in them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.script_tree import Block, Statement


def blocks_of(statement: Statement) -> list[Block]:
    """The blocks directly in a statement, through the parts of chains and pipelines, in the order they are written."""
    if isinstance(statement, Simple):
        return [*statement.before, *([statement.nested] if statement.nested else [])]
    if isinstance(statement, (Chain, Pipeline)):
        return [block for part in statement.parts for block in blocks_of(part)]
    if isinstance(statement, If):
        found = [block for branch in statement.branches for block in branch]
        return [*found, *([statement.otherwise] if statement.otherwise else [])]
    if isinstance(statement, Loop):
        return [*statement.before, *([statement.condition] if statement.condition else []), statement.body]
    if isinstance(statement, Case):
        return [*statement.before, *statement.arms]
    return [statement.body]


def blocks(block: Block) -> Iterator[Block]:
    """A block and all blocks in it, nested scripts and functions too; outer ones first."""
    pending = deque([block])
    while pending:
        one = pending.popleft()
        yield one
        for statement in one.statements:
            pending += blocks_of(statement)


def definitions(block: Block) -> Iterator[Define]:
    """The functions that are defined in a block, also deep inside of it; outer ones first."""
    for inside in blocks(block):
        for statement in inside.statements:
            yield from _defined_by(statement)


def _defined_by(statement: Statement) -> Iterator[Define]:
    if isinstance(statement, Define):
        yield statement
    elif isinstance(statement, (Chain, Pipeline)):
        for part in statement.parts:
            yield from _defined_by(part)


def asks_status(statement: Statement) -> bool:
    """Whether the first that a statement does is to look at how the command before it ended."""
    if isinstance(statement, (Chain, Pipeline)):
        return asks_status(statement.parts[0])
    if isinstance(statement, If):
        return any(map(asks_status, statement.branches[0][0].statements[:1]))
    if isinstance(statement, Group):
        return any(map(asks_status, statement.body.statements[:1]))
    return bool(getattr(statement, "asks_status", False))
