"""The functions of a script in which ``set -e`` does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_blocks import blocks_of
from cachelint.documents.script_tree import Chain, If, Loop, Pipeline, Simple
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Statement


class Unstopped(NamedTuple):
    """The functions in which ``set -e`` does not hold: on every call of them (`always`), or on one at least.

    Their failure is looked at: they are called in a condition, or in front of ``&&`` or ``||``.
    """

    always: frozenset[str]
    sometimes: frozenset[str]


def unstopped(script: Script) -> Unstopped:
    """Such functions of a script."""
    calls = set(_calls(script, script.body, False))
    sometimes = frozenset(name for name, checked in calls if checked)
    return Unstopped(sometimes - {name for name, checked in calls if not checked}, sometimes)


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
