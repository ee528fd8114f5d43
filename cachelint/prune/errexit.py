"""The functions of a script in which ``set -e`` does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_blocks import blocks_of
from cachelint.documents.script_tree import Chain, If, Loop, Pipeline, Simple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Statement


def checked_functions(script: Script) -> frozenset[str]:
    """The functions that are called only where their failure is looked at, so that ``set -e`` does not hold in them."""
    calls = list(_calls(script, script.body, False))
    return suspended_functions(script) - {name for name, checked in calls if not checked}


def suspended_functions(script: Script) -> frozenset[str]:
    """The functions in which ``set -e`` does not hold on some call: in a condition, in front of ``&&`` or ``||``."""
    return frozenset(name for name, checked in _calls(script, script.body, False) if checked)


def _calls(script: Script, block: Block, checked: bool) -> Iterator[tuple[str, bool]]:
    """The first word of every simple command, and whether its failure is looked at."""
    for statement in block.statements:
        yield from _calls_in(script, statement, checked)


def _calls_in(script: Script, statement: Statement, checked: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(statement, Simple) and statement.command is not None:
        yield script.commands[statement.command].name, checked
    if isinstance(statement, (Chain, Pipeline)):
        negated = isinstance(statement, Pipeline) and len(statement.parts) == 1
        for part in statement.parts:
            looked_at = isinstance(statement, Chain) and part is not statement.parts[-1]
            yield from _calls_in(script, part, checked or looked_at or negated)
        return
    conditions: list[Block | None] = []
    if isinstance(statement, If):
        conditions = [one for one, _ in statement.branches]
    elif isinstance(statement, Loop):
        conditions = [statement.condition]
    for inner in blocks_of(statement):
        yield from _calls(script, inner, checked or any(inner is one for one in conditions))
