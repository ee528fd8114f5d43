"""Which builds of a script are reached without a prune in front of them, on some path through it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from cachelint.documents.script import Command, Script
    from cachelint.documents.script_tree import Block, Statement

MAX_STEPS = 100_000
"""Statements that are looked at, a function's anew for each call: beyond that nothing is claimed."""

_TESTS = frozenset({"[", "[[", "test", "grep", "which", "type", "hash", "read", "command"})
_NO_CALLS = frozenset({"echo", "printf", "export", "unset", "declare", "typeset", "local", "readonly", "trap"})

_RUNNERS = frozenset({"parallel", "xargs", "time", "retry"})
_RUNS = re.compile(r"eval\b|\$\{?[@*1]|\$\{?\w*(?:cmd|command|func|fn)\w*", re.IGNORECASE)
_DISPATCHES = re.compile(r"\$\{?(?:[1-9@*]|\w*(?:func|fn|action|cmd|command|task|target|step)\w*)(?!\w)", re.IGNORECASE)


class TooLongError(Exception):
    """There are too many ways through the script."""


class Effects(NamedTuple):
    """What commands do, by their numbers: `builds` names the builder that is asked, `prunes` also what it drops."""

    builds: Mapping[int, Hashable]
    prunes: Mapping[int, tuple[Hashable, frozenset[str]]] = {}


class State(NamedTuple):
    """What is known before a statement.

    `pruned` (builder and type of record) and `built` hold on every path, `perhaps` on one at least.
    """

    pruned: frozenset[tuple[Hashable, str]] = frozenset()
    built: frozenset[Hashable] = frozenset()
    perhaps: frozenset[Hashable] = frozenset()

    def dropped(self, builder: Hashable) -> frozenset[str]:
        """The types of records that were dropped on every path."""
        return frozenset(kind for one, kind in self.pruned if one == builder)


class Reached(NamedTuple):
    """A command that builds, and what is known before it on one way to it."""

    number: int
    builder: Hashable
    state: State


def merged(states: Iterable[State | None]) -> State | None:
    """What is known where several paths meet; None for a path that ended."""
    found = [state for state in states if state is not None]
    if not found:
        return None
    first, *rest = found
    for state in rest:
        first = State(first.pruned & state.pruned, first.built & state.built, first.perhaps | state.perhaps)
    return first


class Walk:
    """Walks every path through a script; afterwards `reached` are its builds and `calls` its functions' entries."""

    def __init__(self, script: Script, effects: Effects) -> None:
        self.script = script
        self.reached: list[Reached] = []
        self.calls: dict[str, list[State]] = {}
        self._effects = effects
        self._functions = {one.name: one for one in defined(script.body)}
        self._stack: list[str] = []
        self._known: dict[tuple[str, State], State | None] = {}
        self._ends: list[list[State | None]] = [[]]
        self._steps = 0
        self._running = frozenset(
            one.function for one in script.commands if one.function and one.words and _RUNS.match(one.words[0].text)
        )
        self._uncalled: frozenset[str] = frozenset()
        self._uncalled = frozenset(self._functions) - self._called()

    def run(self, state: State = State()) -> State | None:  # noqa: B008  # immutable
        """The whole script, then its functions that nothing in it calls. Raises `TooLongError`."""
        end = self.block(self.script.body, state)
        for name in sorted(self._uncalled):
            if name not in self.calls:
                self._call(name, State())
        return end

    def block(self, block: Block, state: State | None) -> State | None:
        """What is known after the statements of a block."""
        for statement in block.statements:
            state = self.statement(statement, state)
        return state

    def statement(self, statement: Statement, state: State | None) -> State | None:
        """What is known after a statement."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooLongError("there are too many ways through the script")
        if state is None or isinstance(statement, Define):
            return state
        for block in getattr(statement, "before", ()):
            state = self.block(block, state) or state
        handler = getattr(self, f"_{type(statement).__name__.lower()}")
        found: State | None = handler(statement, state)
        return found

    def after(self, statement: Statement, state: State) -> State:
        """What is known after a statement, without noting what it reaches; the state before it where it never ends."""
        noted = self.reached, self.calls
        self.reached, self.calls = [], {}
        end = self.statement(statement, state)
        self.reached, self.calls = noted
        return end or state

    def functions_of(self, command: Command) -> list[str]:
        """The functions that a command calls: by its name, or by words that it hands to a function or a wrapper."""
        if not self._functions or not command.words or command.name in _NO_CALLS:
            return []
        words = command.words if self._runs_words(command) else command.words[:1]
        names = [word.text for word in words if word.text in self._functions]
        if not names and _DISPATCHES.search(command.words[0].text) and not command.shell.path:
            names = sorted(self._uncalled)
        return [name for name in names if self._functions[name].body.shell.path == command.shell.path]

    def _runs_words(self, command: Command) -> bool:
        """Whether a command runs the one that its words name: ``run build``, ``retry 3 build``."""
        return command.name in _RUNNERS or command.words[0].text in self._running

    def body_of(self, function: str) -> Block:
        """The statements of a function."""
        return self._functions[function].body

    @property
    def uncalled(self) -> frozenset[str]:
        """The functions that nothing in the script calls by name."""
        return self._uncalled

    def _called(self) -> frozenset[str]:
        """The functions that some command calls."""
        return frozenset(name for command in self.script.commands for name in self.functions_of(command))

    def _simple(self, statement: Simple, state: State) -> State | None:
        if statement.nested:
            state = self.block(statement.nested, state) or state
        if statement.command is None:
            return state
        command = self.script.commands[statement.command]
        state = self._effect(command.number, state)
        names = self.functions_of(command)
        by_name = bool(command.words) and command.words[0].text in names
        for name in names:
            after = self._call(name, state)
            if by_name or len(names) == 1:
                if after is None:
                    return None
                state = after
            else:
                state = merged((state, after)) or state
        return self._jump(command, state)

    def _effect(self, number: int, state: State) -> State:
        if number in self._effects.prunes:
            builder, kinds = self._effects.prunes[number]
            state = state._replace(pruned=state.pruned | {(builder, kind) for kind in kinds})
        if number in self._effects.builds:
            builder = self._effects.builds[number]
            self.reached.append(Reached(number, builder, state))
            state = state._replace(built=state.built | {builder}, perhaps=state.perhaps | {builder})
        return state

    def _call(self, name: str, state: State) -> State | None:
        if name in self._stack:
            self.calls[name].append(state)
            return state
        if (name, state) in self._known:
            return self._known[name, state]
        self.calls.setdefault(name, []).append(state)
        self._stack.append(name)
        self._ends.append([])
        end = self.block(self._functions[name].body, state)
        self._stack.pop()
        self._known[name, state] = merged((end, *self._ends.pop()))
        return self._known[name, state]

    def _jump(self, command: Command, state: State) -> State | None:
        if command.name == "exit" or (command.wrappers and command.wrappers[-1].name == "exec"):
            return None
        if command.name in {"return", "break", "continue"}:
            self._ends[-1].append(state)
            return None
        return state

    def _chain(self, statement: Chain, state: State) -> State | None:
        """``a && b || c``. What follows a test may be skipped, and so may what follows ``||``."""
        ways: list[State | None] = []
        now: State | None = state
        for operator, part in zip(("", *statement.operators), statement.parts, strict=True):
            before = now
            after = self.statement(part, before)
            if operator == "||" or (operator == "&&" and self._tests(statement.parts[0])):
                ways.append(before)
            now = after
        return merged((now, *ways))

    def _tests(self, statement: Statement) -> bool:
        if isinstance(statement, Simple):
            return statement.command is None or self.script.commands[statement.command].name in _TESTS
        return isinstance(statement, Pipeline)

    def _pipeline(self, statement: Pipeline, state: State) -> State | None:
        for part in statement.parts:
            state = self.statement(part, state) or state
        return state

    def _if(self, statement: If, state: State) -> State | None:
        ways: list[State | None] = []
        now: State | None = state
        for condition, body in statement.branches:
            now = self.block(condition, now)
            ways.append(self.block(body, now))
        ways.append(self.block(statement.otherwise, now) if statement.otherwise else now)
        return merged(ways)

    def _loop(self, statement: Loop, state: State) -> State | None:
        self._ends.append([])
        if statement.condition:
            state = self.block(statement.condition, state) or state
        once = self.block(statement.body, state)
        again = merged((state, once)) or state
        self.block(statement.body, again)
        ends = self._ends.pop()
        if self._stack:
            self._ends[-1] += ends  # one of them may be a `return`
        if statement.at_least_once or statement.endless:
            return merged((once, *ends))
        return merged((state, once, *ends))

    def _case(self, statement: Case, state: State) -> State | None:
        ways: list[State | None] = [] if statement.exhaustive else [state]
        fallen: State | None = None
        for arm, falls in zip(statement.arms, statement.falls, strict=True):
            end = self.block(arm, merged((state, fallen)) if fallen else state)
            fallen = end if falls else None
            ways.append(end)
        return merged(ways)

    def _group(self, statement: Group, state: State) -> State | None:
        end = self.block(statement.body, state)
        return state if end is None and statement.subshell else end


def defined(block: Block) -> Iterator[Define]:
    """The functions that are defined in a block, also inside its conditions."""
    for inner in blocks(block):
        for statement in inner.statements:
            if isinstance(statement, Define):
                yield statement


def blocks(block: Block) -> Iterator[Block]:
    """A block and all blocks in it, nested scripts and functions too."""
    pending = [block]
    while pending:
        one = pending.pop()
        yield one
        for statement in one.statements:
            pending += parts_of(statement)


def parts_of(statement: Statement) -> list[Block]:
    """The blocks directly in a statement."""
    found: list[Block] = list(getattr(statement, "before", ()))
    if isinstance(statement, Simple):
        found += [statement.nested] if statement.nested else []
    elif isinstance(statement, (Chain, Pipeline)):
        for part in statement.parts:
            found += parts_of(part)
    elif isinstance(statement, If):
        found += [one for branch in statement.branches for one in branch]
        found += [statement.otherwise] if statement.otherwise else []
    elif isinstance(statement, Loop):
        found += [one for one in (statement.condition, statement.body) if one]
    elif isinstance(statement, Case):
        found += statement.arms
    else:
        found.append(statement.body)
    return found
