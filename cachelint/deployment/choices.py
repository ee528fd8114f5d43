"""What a script lets its user choose: one branch of a condition in place of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.documents.script_blocks import blocks_of
from cachelint.documents.script_tree import Case, Chain, Define, If, Pipeline, Simple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from cachelint.deployment.trail import Moment
    from cachelint.documents.script import Command, Script
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


def is_first(script: Script, number: int) -> bool:
    """Whether a command runs only where an image is missing: ``if ! docker image inspect web; then docker build …``."""
    return any(_asks_for_image(script, one, number) for one in statements_around(script.body, number))


def _asks_for_image(script: Script, statement: Statement, number: int) -> bool:
    text = script.source.text
    if isinstance(statement, If):
        asked = (text[slice(*condition.span)] for condition, body in statement.branches if number in body.numbers)
        return any(_MISSING.search(one) and "||" not in one for one in asked)
    if isinstance(statement, Chain):
        at = next(index for index, part in enumerate(statement.parts) if number in part.numbers)
        return statement.operators[:at] == ("||",) and bool(_INSPECTS.match(text[slice(*statement.parts[0].span)]))
    return False


def is_optional(script: Script, command: Command, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a command runs only when something asks for it: a condition, an option, the name of a function."""
    around = list(statements_around(script.body, command.number))
    if any(_may_skip(script, one, command.number) for one in around):
        return True
    name = next((one.name for one in reversed(around) if isinstance(one, Define)), None)
    if name is None or name in seen:
        return name is not None
    calls = [one for one in script.commands if one.words and one.texts[0] == name]
    return all(is_optional(script, one, seen | {name}) for one in calls)


def _may_skip(script: Script, statement: Statement, number: int) -> bool:
    if isinstance(statement, If):
        return not any(number in condition.numbers for condition, _ in statement.branches)
    if isinstance(statement, Chain):
        at = next(index for index, part in enumerate(statement.parts) if number in part.numbers)
        return "||" in statement.operators[:at] or any(_is_test(script, part) for part in statement.parts[:at])
    return isinstance(statement, Case) and any(number in arm.numbers for arm in statement.arms)


def _is_test(script: Script, statement: Statement) -> bool:
    if not isinstance(statement, Simple):
        return isinstance(statement, (Chain, Pipeline))
    if statement.command is None:
        return not statement.assigns
    return script.commands[statement.command].name in _TESTS


_INSPECTS = regex(r"(?:sudo\s+)?docker\s+(?:image\s+)?inspect\b")
_MISSING = regex(
    r"!\s*(?:sudo\s+)?docker\s+(?:image\s+)?inspect\b|(?:-z\s+|!\s*)\"?\$\(\s*(?:sudo\s+)?docker\s+images?\b"
)
_TESTS = frozenset(("[", "[[", "test", "grep", "command", "which", "true", "false", "read", "confirm", "ask"))
