"""Where in a script a step belongs: once for each builder, before the first build on every path to it.

A place is a statement that the step goes in front of, in the block that the statement stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Machine, Quoting
from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.prune.paths import State, Walk, defined, merged, parts_of
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Statement
    from cachelint.prune.paths import Effects


class Place(NamedTuple):
    """In front of statement `index` of a block. `function` is the name of the function around it, None outside.

    `build` is the number of a command that builds behind it.
    """

    block: Block
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    function: str | None
    build: int

    @property
    def statement(self) -> Statement:
        """The statement that the step goes in front of."""
        return self.block.statements[self.index]


class NoPlaceError(Exception):
    """No place is certain; ``str()`` says why, and `build` is the number of the command that builds."""

    def __init__(self, reason: str, build: int) -> None:
        super().__init__(reason)
        self.build = build


def find_places(
    script: Script, effects: Effects, builder: Hashable, uncovered: Iterable[int], needed: frozenset[str]
) -> tuple[Place, ...]:
    """The places for a builder's step so that the `uncovered` builds have it in front of them.

    `needed` are the types of records that the step drops. Raises `NoPlaceError`, `TooLongError`.
    """
    finder = _Finder(script, effects, builder, frozenset(uncovered), needed)
    return tuple(sorted(finder.find(), key=lambda one: one.statement.span))


class _Finder:
    def __init__(
        self, script: Script, effects: Effects, builder: Hashable, wanted: frozenset[int], needed: frozenset[str]
    ) -> None:
        self._script = script
        self._builder = builder
        self._wanted = wanted
        self._needed = needed
        self._walk = Walk(script, effects)
        self._walk.run()
        self._functions = {one.name: one for one in defined(script.body)}
        self._found: dict[tuple[int, int], Place] = {}
        self._entered: set[str] = set()
        self._around: list[str] = []
        self._taken = self._with_called(number for one in script.taken for number in one)

    def find(self) -> list[Place]:
        self._block(self._script.body, None, State())
        for name in sorted(self._walk.uncalled):
            self._function(name)
        return list(self._found.values())

    def _block(self, block: Block, function: str | None, state: State) -> None:
        """Give the builds of a block their step: in front of all of them, or on each way to the first."""
        building: list[tuple[int, State]] = []
        for at, statement in enumerate(block.statements):
            if self._is_open(state) and self._builds_in(statement):
                building.append((at, state))
            state = self._walk.after(statement, state)
        if not building:
            return
        (first, before), *others = building
        ways = None if others else self._ways(block.statements[first])
        if ways is None:
            self._put(block, first, function)
            return
        for way in ways:
            if isinstance(way, str):
                self._function(way)
            else:
                self._block(way, function if way.shell is block.shell else None, before)

    def _is_open(self, state: State) -> bool:
        return self._builder not in state.built and not self._needed <= state.dropped(self._builder)

    def _function(self, name: str) -> None:
        if name not in self._entered:
            self._entered.add(name)
            state = merged(self._walk.calls.get(name, ()))
            self._around.append(name)  # what it builds by calling itself has its step already
            self._block(self._functions[name].body, name, state or State())
            self._around.pop()

    def _put(self, block: Block, at: int, function: str | None) -> None:
        build = min(self._builds_in(block.statements[at]))
        if self._script.commands[build].shell.path != block.shell.path:
            raise NoPlaceError("the build runs elsewhere, and what is printed there is read here", build)
        while _asks_status(block.statements[at]):
            if at == 0:
                raise NoPlaceError("the command before it is asked how it ended", build)
            at -= 1
        self._found[block.span.start, at] = Place(block, at, function, build)

    def _ways(self, statement: Statement) -> Sequence[Block | str] | None:
        """The blocks and functions of a statement in which one step suffices; None where it stands in front of it.

        What a step prints must not get into what a script reads: no way leads where the output is taken.
        """
        ways = self._ways_inside(statement)
        return None if ways is None or any(map(self._is_taken, ways)) else ways

    def _is_taken(self, way: Block | str) -> bool:
        if isinstance(way, str):
            return way in self._taken
        return any(way.numbers and way.numbers[0] in one and way.numbers[-1] in one for one in self._script.taken)

    def _with_called(self, numbers: Iterable[int]) -> frozenset[str]:
        """The functions that some commands call, and those that are called in them."""
        found: set[str] = set()
        pending = list(numbers)
        while pending:
            for name in self._walk.functions_of(self._script.commands[pending.pop()]):
                if name not in found:
                    found.add(name)
                    pending += self._functions[name].numbers
        return frozenset(found)

    def _ways_inside(self, statement: Statement) -> Sequence[Block | str] | None:
        if isinstance(statement, Simple):
            return self._ways_of_command(statement)
        if isinstance(statement, Group) or (isinstance(statement, Loop) and statement.endless):
            return [statement.body]
        if isinstance(statement, (Chain, Pipeline)):
            parts = [one for one in statement.parts if self._builds_in(one)]
            return self._ways(parts[0]) if len(parts) == 1 else None
        if isinstance(statement, If):
            return self._ways_of_if(statement)
        if isinstance(statement, Case) and not any(statement.falls):
            return statement.arms
        return None

    def _ways_of_if(self, statement: If) -> Sequence[Block | str] | None:
        conditions = [one for condition, _ in statement.branches for one in condition.statements]
        bodies = [*(body for _, body in statement.branches), *([statement.otherwise] if statement.otherwise else [])]
        asked = [one for one in conditions if self._builds_in(one)]
        if not asked:
            return bodies
        ways = self._ways(asked[0])
        alone = len(asked) == 1 and not any(self._builds_in(one) for body in bodies for one in body.statements)
        return ways if alone and ways and all(isinstance(way, str) for way in ways) else None

    def _ways_of_command(self, statement: Simple) -> Sequence[Block | str] | None:
        if statement.nested and self._wanted_in(statement.nested.numbers):
            return self._ways_of_nested(statement.nested)
        if statement.command is None or self._wanted_in(statement.numbers):
            return None
        names = self._walk.functions_of(self._script.commands[statement.command])
        building = [name for name in names if name not in self._around and self._builds_of(name)]
        return building if building and all(map(self._is_first, building)) else None

    def _ways_of_nested(self, nested: Block) -> Sequence[Block] | None:
        """The script that a command hands to another shell, where lines can be written into it."""
        shell = nested.shell
        if shell.multiline and shell.quoting is not Quoting.WORDS and shell.machine is not Machine.CONTAINER:
            return [nested]
        build = min(self._wanted_in(nested.numbers))
        if shell.machine is Machine.REMOTE:
            raise NoPlaceError("the build runs on another machine, in words of one line", build)
        if shell.machine is Machine.CONTAINER:
            raise NoPlaceError("the build runs inside a container", build)
        return None

    def _is_first(self, name: str) -> bool:
        """Whether no way to the function has built, or pruned, before it."""
        states = self._walk.calls.get(name, [])
        return not any(self._builder in state.perhaps or state.dropped(self._builder) for state in states)

    def _wanted_in(self, numbers: range) -> set[int]:
        return {one for one in self._wanted if one in numbers}

    def _builds_in(self, statement: Statement) -> set[int]:
        """The builds behind a statement that need a step, also those of the functions that it calls."""
        return set() if isinstance(statement, Define) else self._builds_among(statement.numbers)

    def _builds_of(self, name: str) -> set[int]:
        return self._builds_among(self._functions[name].numbers)

    def _builds_among(self, numbers: range) -> set[int]:
        found: set[int] = set()
        seen = set(self._around)
        pending = [numbers]
        while pending:
            some = pending.pop()
            found |= self._wanted_in(some)
            for number in some:
                for name in self._walk.functions_of(self._script.commands[number]):
                    if name not in seen:
                        seen.add(name)
                        pending.append(self._functions[name].numbers)
        return found


def _asks_status(statement: Statement) -> bool:
    """Whether the first that a statement does is to look at how the command before it ended."""
    if isinstance(statement, (Chain, Pipeline)):
        return _asks_status(statement.parts[0])
    if isinstance(statement, If):
        return any(map(_asks_status, statement.branches[0][0].statements[:1]))
    if isinstance(statement, Group):
        return any(map(_asks_status, statement.body.statements[:1]))
    return bool(getattr(statement, "asks_status", False))


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
    for inner in parts_of(statement):
        yield from _calls(script, inner, checked or any(inner is one for one in conditions))
