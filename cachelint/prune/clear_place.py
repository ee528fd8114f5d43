"""Where the step belongs in a branch that clears caches: behind what it clears, and in front of what only tells so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Machine
from cachelint.documents.script_blocks import asks_status, blocks
from cachelint.documents.script_tree import Simple
from cachelint.prune.lines import CannotInsertError, check_editable, check_shell, takes_lines
from cachelint.prune.places import Place
from cachelint.prune.taken import Taken
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.documents.script import Command, Script, Shell
    from cachelint.documents.script_tree import Block, Define, Statement

_SAYS = regex(r"echo|printf|(?:log|print|echo)_?\w*|info|success|ok|say|msg|message|note|status")
_ENDS = frozenset({"exit", "return"})


def end_of(script: Script, branch: Block, clearing: Sequence[Command]) -> Place:
    """The place in a branch, on the machine where these commands clear caches. Raises `CannotInsertError`.

    It is never the end itself: how the last command ends is how the branch, and what is around it, ends.
    """
    check_editable(script)
    block = _on_their_machine(branch, clearing)
    check_shell(script, block.shell)
    around = [one for one in script.calls.defined if one.body.shell is block.shell and _holds(one, block)]
    taken = Taken(script)
    if taken.block(block) or any(map(taken.function, around)):
        raise CannotInsertError("what is printed there is read")
    at = _end(script, block)
    function = max(around, key=lambda one: one.span.start).name if around else None
    return Place(block, at, function, clearing[-1].number)


def _on_their_machine(branch: Block, clearing: Sequence[Command]) -> Block:
    """The branch, or the text in it that another machine runs: what is cleared there has its Docker there."""
    here = _machine(branch.shell)
    if any(_machine(one.shell) == here for one in clearing):
        return branch
    shell = clearing[-1].shell
    found = next((one for one in blocks(branch) if one.shell is shell), None)
    if found is None or not takes_lines(shell):
        raise CannotInsertError("the caches are cleared on another machine, where no line can be written")
    return found


def _machine(shell: Shell) -> tuple[tuple[str, str], ...]:
    """The machines on the way to a shell. A container belongs to the Docker that it is reached with."""
    return tuple(one for one in shell.path if one[0] != Machine.CONTAINER.value)


def _holds(function: Define, block: Block) -> bool:
    return function.body.span.start <= block.span.start and block.span.end <= function.body.span.end


def _end(script: Script, block: Block) -> int:
    """The number of the statement that the step goes in front of."""
    statements = block.statements
    at = len(statements)
    while at and _only_tells(script, statements[at - 1]):
        at -= 1
    at = min(at or len(statements), len(statements) - 1)
    while asks_status(statements[at]) or _hands_on(script, statements[at]):
        if at == 0:
            raise CannotInsertError("the command before it is asked how it ended")
        at -= 1
    return at


def _hands_on(script: Script, statement: Statement) -> bool:
    """Whether it ends something with the status of the command before it: a ``return`` without a number."""
    if not isinstance(statement, Simple) or statement.command is None:
        return False
    command = script.commands[statement.command]
    return command.name in _ENDS and len(command.words) == 1


def _only_tells(script: Script, statement: Statement) -> bool:
    if not isinstance(statement, Simple) or statement.command is None or statement.nested:
        return False
    command = script.commands[statement.command]
    ends = command.name in _ENDS or any(one.name == "exec" for one in command.wrappers)
    return ends or bool(_SAYS.fullmatch(command.name))
