"""What a script lets its user choose: one branch of a condition in place of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.documents.script_flow import blocks_of
from cachelint.documents.script_tree import Chain, If, Pipeline

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from cachelint.deployment.trail import Moment
    from cachelint.documents.script_tree import Block, Statement


def is_chosen_instead(moment: Moment, others: Container[tuple[int, int]]) -> bool:
    """Whether a command stands in a branch, and one of the `others` (unit by identity, number) in another of it."""
    if not isinstance(moment.item, Unit) or moment.command is None:
        return False
    number = moment.command.number
    for statement in statements_around(moment.item.script.body, number):
        if isinstance(statement, If):
            bodies = [body for _, body in statement.branches] + ([statement.otherwise] if statement.otherwise else [])
            numbers = (one for body in bodies if number not in body.numbers for one in body.numbers)
            if any((id(moment.item), one) in others for one in numbers):
                return True
    return False


def statements_around(block: Block, number: int) -> Iterator[Statement]:
    """The statements that hold a command, outermost first."""
    inside: Block | None = block
    while inside is not None:
        statement = next((one for one in inside.statements if number in one.numbers), None)
        inside = None
        while statement is not None:
            yield statement
            if not isinstance(statement, (Chain, Pipeline)):
                inside = next((one for one in blocks_of(statement) if number in one.numbers), None)
                break
            statement = next((part for part in statement.parts if number in part.numbers), None)
