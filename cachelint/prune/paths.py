"""Which builds of a script are reached without a prune in front of them, on some path through it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cachelint.documents.script_flow import Facts, TooLongError, Walk
from cachelint.prune.scope import LAYER, MOUNT, SOURCE
from cachelint.prune.taken import Taken
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Define, Simple, Statement

MAX_BUILDERS = 50
"""Whoever follows more of them at once takes too long."""

RECORDS = frozenset((SOURCE, LAYER, MOUNT))

EVERY = "*"
"""Stands for whichever builder."""


class Effects(NamedTuple):
    """What commands do, by their numbers: `builds` names the builder that is asked, `prunes` also what it drops.

    `anything` are those after which no build needs a prune any more: a script that they call may have pruned.
    """

    builds: Mapping[int, Hashable]
    prunes: Mapping[int, tuple[Hashable, frozenset[str]]] = {}
    anything: frozenset[int] = frozenset()


class State(NamedTuple):
    """What is known before a statement.

    `covered` (builder and type of record) holds on every path: such records were dropped, or a build has used them, so
    that no later build needs a prune. `touched` are the builders that were pruned or built on one path at least.
    """

    covered: frozenset[tuple[Hashable, str]] = frozenset()
    touched: frozenset[Hashable] = frozenset()

    def covers(self, builder: Hashable, needed: frozenset[str]) -> bool:
        """Whether a build needs no prune any more that drops these types."""
        return all((builder, kind) in self.covered or (EVERY, kind) in self.covered for kind in needed)

    def covering(self, builder: Hashable, kinds: frozenset[str] = RECORDS) -> State:
        """What is known when a prune has dropped these types, or a build has used them all."""
        return State(self.covered | {(builder, kind) for kind in kinds}, self.touched | {builder})

    def joined(self, other: State) -> State:
        """What is known where two paths meet."""
        return State(self.covered & other.covered, self.touched | other.touched)


def merged(states: Iterable[State]) -> State | None:
    """What is known where several paths meet; None where none does."""
    found: State | None = None
    for state in states:
        found = state if found is None else found.joined(state)
    return found


class Paths:
    """The paths of a script, as far as builds and prunes are concerned. Raises `TooLongError`.

    `states` are those before its commands, by their numbers; `end` is what is known when it has ended.
    """

    def __init__(self, script: Script, effects: Effects, start: State = State()) -> None:  # noqa: B008  # immutable
        builders = {*effects.builds.values(), *(builder for builder, _ in effects.prunes.values())}
        if len(builders) > MAX_BUILDERS:
            raise TooLongError("there are too many builders")
        self.script = script
        self._facts = _Covering(effects, start)
        walk = Walk(script, self._facts)
        self.states = walk.run()
        self.end = walk.end

    @cached_property
    def taken(self) -> Taken:
        """What is printed for something else to read."""
        return Taken(self.script)

    def before(self, statement: Statement) -> State | None:
        """What is known before a statement; None for one that is never reached."""
        return self._facts.before.get(id(statement))

    def entry(self, function: Define) -> State | None:
        """What is known when a function begins, on all calls of it."""
        return next((state for one in function.body.statements if (state := self.before(one))), None)


class _Covering(Facts[State]):
    def __init__(self, effects: Effects, start: State) -> None:
        self.start = start
        self.before: dict[int, State] = {}
        self._effects = effects

    def arrive(self, statement: Statement, state: State) -> None:
        known = self.before.get(id(statement))
        self.before[id(statement)] = state if known is None or known == state else known.joined(state)

    def transfer(self, simple: Simple, state: State) -> State:
        number = simple.command
        if number is None:
            return state
        if number in self._effects.anything:
            state = state.covering(EVERY)
        if number in self._effects.prunes:
            state = state.covering(*self._effects.prunes[number])
        return state.covering(self._effects.builds[number]) if number in self._effects.builds else state

    def join(self, one: State, two: State) -> State:
        return one.joined(two)
