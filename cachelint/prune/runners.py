"""Functions of a script that run their arguments, ``run docker build .``: surely and as they are, or else how.

One that may only show them, or runs them as another user, has to run a step too: bare it would drop a cache in a dry
run, or that of somebody else.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cachelint.documents.script_runners import MOST_ROUNDS
from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.documents.shell_syntax import SHELLS
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.documents.script import Command, Script
    from cachelint.documents.script_tree import Block, Statement

AS_ANOTHER = frozenset({"sudo", "doas", "gosu", "su-exec", "runuser", "setpriv", "pkexec"})
"""Wrappers that run a command as another user."""

OTHER_USER = frozenset({"su", "sg", "runuser", "newgrp", "machinectl"})
"""Programs that start a shell as another user or group; ``runuser`` is one where it has no ``-u``."""

ARGUMENTS = regex(r"\$(?:[@*]|\{[@*](?::[^}]*)?\})")
"""All arguments of a function, as a word."""

_MOST_IN_ROW = 16
_ARGUMENT = regex(r"\$(?:[@*1-9]|\{[@*1-9](?::[^}]*)?\})")
_TAKES_TEXT = SHELLS | OTHER_USER | {"eval"}
_ENDS = frozenset({"return", "exit"})
_ASKS = frozenset({"read", "select", "whiptail", "dialog", "gum"})
_DOCKER = frozenset({"docker", "docker-compose"})
_SUCCESS = regex(r"0*|\$\S*")


class Runners:
    """The functions of one script, by name."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._surely: dict[tuple[str, bool], bool] = {}

    def has(self, name: str) -> bool:
        """Whether the script has a function of that name."""
        return name in self._defined

    def must_run(self, name: str) -> bool:
        """Whether a function does more to its arguments than to run them, so that it has to run a step too."""
        return self.has(name) and (not self.is_sure(name) or self.is_as_another(name))

    def is_as_another(self, name: str) -> bool:
        """Whether a function runs its arguments through what may make it another user: ``sudo "$@"``."""
        return any(_is_as_another(one) for inner in self._row(name) for one in self._running(inner))

    def objection(self, name: str) -> str | None:
        """Why a step cannot run through a function that runs its arguments; None where it can."""
        row = self._row(name)
        numbers = (number for inner in row for one in self._defined.get(inner, ()) for number in one.numbers)
        if any(self.script.commands[number].name in _ASKS for number in numbers):
            return f"`{name}` asks before it runs something"
        if any(wrapper.name == "exec" for inner in row for one in self._running(inner) for wrapper in one.wrappers):
            return f"`{name}` ends the script with what it runs"
        return None

    def is_sure(self, name: str, *, of_text: bool = False) -> bool:
        """Whether a function runs its arguments, or docker with them, on every way through it that succeeds.

        `of_text`: whether it hands an argument to a shell, ``eval "$1"``.
        """
        if (name, of_text) not in self._surely:
            row = self._row(name) if not of_text else (name,)
            known = len(row) <= _MOST_IN_ROW
            self._surely[name, of_text] = known and all(self._is_sure_itself(one, of_text) for one in row)
        return self._surely[name, of_text]

    def _is_sure_itself(self, name: str, of_text: bool) -> bool:
        running = frozenset(one.number for one in self._running(name, of_text=of_text))
        return all(_runs(self.script, one.body.statements, running) for one in self._defined.get(name, ()))

    def _row(self, name: str) -> Sequence[str]:
        """A function with those that it hands its arguments on to, and so on."""
        found = [name]
        for one in found:
            if len(found) > _MOST_IN_ROW:
                break
            written = (word.text for command in self._running(one) for word in command.written)
            found += dict.fromkeys(text for text in written if self.has(text) and text not in found)
        return found

    @cached_property
    def _holding(self) -> frozenset[tuple[str | None, str]]:
        return holding_arguments(self.script)

    @cached_property
    def _defined(self) -> dict[str, list[Define]]:
        found: dict[str, list[Define]] = {}
        for one in self.script.calls.defined:
            found.setdefault(one.name, []).append(one)
        return found

    def _running(self, name: str, *, of_text: bool = False) -> list[Command]:
        """The commands of a function that run its arguments, or one of them as a text."""
        numbers = (number for one in self._defined.get(name, ()) for number in one.numbers)
        own = map(self.script.commands.__getitem__, numbers)
        return [one for one in own if hands_on(one) or (of_text and hands_text_on(one, self._holding))]


def _is_as_another(command: Command) -> bool:
    kept = {word.span for one in command.wrappers for word in one.words}
    maybe = any(one.splits and one.span not in kept and not _is_all(one.text) for one in command.written)
    return maybe or any(one.name in AS_ANOTHER or one.name.startswith("$") for one in command.wrappers)


def _is_all(text: str) -> bool:
    return bool(ARGUMENTS.fullmatch(text))


def hands_on(command: Command) -> bool:
    """Whether a command is the first argument of its function, or docker's with all of them behind it."""
    words = command.texts[1:] if command.name == "eval" else command.texts
    if words and _is_all(words[0]):
        return True
    return command.name in _DOCKER and _is_all(words[-1])


def with_callers(script: Script, functions: set[str | None]) -> set[str | None]:
    """These functions and those that hand all of their arguments on to one of them, and so on."""
    found, more = set(functions), set(functions)
    for _ in range(MOST_ROUNDS):
        if not more:
            break
        calling = (one for one in script.commands if one.function and one.written and _is_all(one.written[-1].text))
        more = {one.function for one in calling if more.intersection(word.text for word in one.written)} - found
        found |= more
    return found


def holding_arguments(script: Script) -> frozenset[tuple[str | None, str]]:
    """The variables that hold arguments of the functions around them, ``local cmd="$1"``, with those functions."""
    return frozenset(
        (one.function, one.name)
        for one in script.assignments
        if one.function and one.values and any(_ARGUMENT.fullmatch(word.text) for word in one.values)
    )


def hands_text_on(command: Command, holding: frozenset[tuple[str | None, str]], *, of_ssh: bool = False) -> bool:
    """Whether a command is a shell's that runs an argument of the function around it; with `of_ssh` also elsewhere."""
    takes = command.name in _TAKES_TEXT or (of_ssh and command.name == "ssh")
    if not takes or len(command.words) < len((command.name, "its text")):
        return False
    text = command.texts[-1]
    return bool(_ARGUMENT.fullmatch(text)) or (text[:1] == "$" and (command.function, text.strip("${}")) in holding)


def _runs(script: Script, statements: Sequence[Statement], running: frozenset[int]) -> bool:
    """Whether one of the commands runs on every way through some statements, but those that fail."""
    for one in statements:
        if _surely(script, one, running) or _fails(script, one):
            return True
        if _leaves_before(script, one, running):
            return False
    return False


def _fails(script: Script, statement: Statement) -> bool:
    """``return 1``: whatever comes to it fails."""
    command = statement.command if isinstance(statement, Simple) else None
    return command is not None and script.commands[command].name in _ENDS and not _leaves(script.commands[command])


def _leaves_before(script: Script, statement: Statement, running: frozenset[int]) -> bool:
    """Whether a way through a statement leaves the function, and does not fail, before one of the commands has run."""
    if not any(_leaves(script.commands[number]) for number in statement.numbers):
        return False
    if isinstance(statement, If):
        asked = [one for condition, _ in statement.branches for one in condition.statements]
        bodies = [*(body for _, body in statement.branches), *([statement.otherwise] if statement.otherwise else [])]
        return any(_leaves_before(script, one, running) for one in asked) or any(
            _block_leaves_before(script, one, running) for one in bodies
        )
    if isinstance(statement, Case):
        return any(_block_leaves_before(script, one, running) for one in statement.arms)
    return True


def _block_leaves_before(script: Script, block: Block, running: frozenset[int]) -> bool:
    for one in block.statements:
        if _leaves_before(script, one, running):
            return True
        is_plain = isinstance(one, (Simple, Chain, Pipeline))  # what is deeper would be followed once for each level
        if (is_plain and _surely(script, one, running)) or _fails(script, one):
            return False
    return False


def _leaves(command: Command) -> bool:
    """``return`` or ``exit``, which is no failure for all that is written."""
    return command.name in _ENDS and bool(_SUCCESS.fullmatch("".join(command.texts[1:2])))


def _surely(script: Script, statement: Statement, running: frozenset[int]) -> bool:  # noqa: PLR0911  # one per kind
    def block(one: Block) -> bool:
        return _runs(script, one.statements, running)

    if not any(number in running for number in statement.numbers):
        return False
    if isinstance(statement, Simple):
        return statement.command in running or any(map(block, statement.before))
    if isinstance(statement, Group):
        return block(statement.body)
    if isinstance(statement, Loop):  # written to try again, or for each of some
        return block(statement.body) or (statement.condition is not None and block(statement.condition))
    if isinstance(statement, If):
        bodies = [body for _, body in statement.branches]
        every = statement.otherwise is not None and all(map(block, [*bodies, statement.otherwise]))
        return every or block(statement.branches[0][0])
    if isinstance(statement, Case):
        return statement.exhaustive and all(map(block, statement.arms))
    if isinstance(statement, Pipeline):
        return any(_surely(script, part, running) for part in statement.parts)
    return isinstance(statement, Chain) and _in_chain(script, statement, running)


def _in_chain(script: Script, chain: Chain, running: frozenset[int]) -> bool:
    """``a && b || c``: whatever comes of it, and (`done`) when all that it has come to has succeeded."""
    surely = done = _surely(script, chain.parts[0], running)
    for operator, part in zip(chain.operators, chain.parts[1:], strict=True):
        here = _surely(script, part, running)
        if operator == "&&":
            done = done or here
        else:
            surely = surely or (done and here)
            done = surely
    return surely
