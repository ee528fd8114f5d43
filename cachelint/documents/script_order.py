"""What runs before what in a script: on every path, or on some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_flow import Facts, State, Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachelint.documents.script import Command, Script
    from cachelint.documents.script_tree import Simple


def always_before(script: Script, first: Callable[[Command], bool], then: Command) -> bool:
    """Whether a command that is `first` runs before a command on every path that leads to it."""
    return then.number not in unguarded(script, first)


def unguarded(script: Script, guard: Callable[[Command], bool]) -> frozenset[int]:
    """The numbers of the commands that some path reaches before it has run a guard."""
    states = reached(script, False, lambda command, done: done or guard(command), lambda one, two: one and two)
    return frozenset(number for number, done in states.items() if not done)


def after_any(script: Script, first: Callable[[Command], bool]) -> frozenset[int]:
    """The numbers of the commands that some path reaches when it has run a command that is `first`."""
    states = reached(script, False, lambda command, done: done or first(command), lambda one, two: one or two)
    return frozenset(number for number, done in states.items() if done)


def in_order(script: Script) -> tuple[Command, ...]:
    """The commands that can be reached, in the order in which they first are."""
    states = reached(script, 0, lambda _command, state: state, lambda one, _two: one)
    return tuple(script.commands[number] for number in states)


def reached(
    script: Script,
    start: State,
    after: Callable[[Command, State], State],
    join: Callable[[State, State], State],
) -> dict[int, State]:
    """What is known before each command that can be reached, by its number.

    `after` says what is known behind a command, `join` what is still known where two paths meet. States must be
    hashable, and `join` must only ever lose knowledge.
    """
    return Walk(script, _OfCommands(script, start, after, join)).run()


class _OfCommands(Facts[State]):
    def __init__(
        self,
        script: Script,
        start: State,
        after: Callable[[Command, State], State],
        join: Callable[[State, State], State],
    ) -> None:
        self.start = start
        self._script = script
        self._after = after
        self._join = join

    def transfer(self, simple: Simple, state: State) -> State:
        return state if simple.command is None else self._after(self._script.commands[simple.command], state)

    def join(self, one: State, two: State) -> State:
        return self._join(one, two)
