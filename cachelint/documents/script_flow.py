"""The paths of execution through a script: what has run, on every path or on some, before a command.

Functions are followed where they are called; one that nothing calls is followed from the beginning, as a library's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cachelint.documents.script import Command, Script, Shell
    from cachelint.documents.script_tree import Block, Statement

State = TypeVar("State")
_MAX_DEPTH = 100
_MAX_ROUNDS = 10
_LEAST_STEPS, _STEPS_PER_COMMAND = 100_000, 20
_TESTS = frozenset({"test", "[", "[[", "which", "type", "hash", "grep", "read", "true", "false"})
_ENDS = frozenset({"exit", "return", "break", "continue"})
_FAILURE = regex(r"0*[1-9][0-9]*")


class TooLongError(Exception):
    """There are too many ways through a script, or it is nested too deeply, to follow them all."""

    def __init__(self, reason: str = "there are too many ways through the script") -> None:
        super().__init__(reason)


class Facts(Generic[State]):
    """What a walk keeps in mind: `start` in the beginning. States are hashable values."""

    start: State

    def arrive(self, statement: Statement, state: State) -> None:
        """Takes note of what is known before a statement, each time that one is reached."""

    def transfer(self, simple: Simple, state: State) -> State:
        """What is known behind a command, an assignment or a test."""
        raise NotImplementedError

    def join(self, one: State, two: State) -> State:
        """What is known where two paths meet; it must only ever lose knowledge."""
        raise NotImplementedError

    def enter(self, shell: Shell, state: State) -> State:
        """What is known at the beginning of another shell's text."""
        del shell
        return state

    def leave(self, before: State, inner: State) -> State:
        """What is known behind a subshell or another shell's text, from what was known before it and at its end."""
        del before
        return inner


class Walk(Generic[State]):
    """Follows all paths of a script. `states` fills with what is known before each command, joined over the paths.

    `end` is what is known when the script has ended, and has not failed by its own word (``exit 1``).
    """

    def __init__(self, script: Script, facts: Facts[State]) -> None:
        self._script = script
        self._facts = facts
        self._calls = script.calls
        self._steps_left = max(_LEAST_STEPS, _STEPS_PER_COMMAND * len(script.commands))
        self._visited: set[int] = set()
        self._known: dict[tuple[int, State], tuple[State | None, list[State]]] = {}
        self._running: set[tuple[int, State]] = set()
        self._depth = 0
        self._exits: list[State] = []
        self._returns: list[State] = []
        self._breaks: list[State] = []
        self._continues: list[State] = []
        self.states: dict[int, State] = {}
        self.end: State = facts.start

    def run(self) -> dict[int, State]:
        """The state before each command that can be reached, by its number, in the order of first arrival.

        Raises `TooLongError`.
        """
        after = self._join(self._block(self._script.body, self._facts.start), *self._exits)
        self.end = self._facts.start if after is None else after
        for one in self._calls.least_named:
            if id(one) not in self._visited:
                self._call(one, self._facts.start)
        return self.states

    def _join(self, *states: State | None) -> State | None:
        """What is known where paths meet; None is a path that does not come here."""
        found: State | None = None
        for state in states:
            if state is not None:
                found = state if found is None else self._facts.join(found, state)
        return found

    def _block(self, block: Block, state: State | None) -> State | None:
        for statement in block.statements:
            state = self._statement(statement, state)
        return state

    def _statement(self, node: Statement, state: State | None) -> State | None:
        if state is None or isinstance(node, Define):
            return state
        self._steps_left -= 1
        if self._depth >= _MAX_DEPTH or self._steps_left < 0:
            raise TooLongError
        self._facts.arrive(node, state)
        self._depth += 1
        try:
            after: State | None = _HANDLERS[type(node)](self, node, state)
        finally:
            self._depth -= 1
        if not node.background:
            return after
        return state if after is None else self._join(state, self._facts.leave(state, after))

    def _group(self, node: Group, state: State) -> State | None:
        return self._subshell(node.body, state) if node.subshell else self._block(node.body, state)

    def _subshell(self, block: Block, state: State) -> State | None:
        """A block in a shell of its own: `exit` ends only that."""
        saved, self._exits = self._exits, []
        inner = self._join(self._block(block, state), *self._exits)
        self._exits = saved
        return state if inner is None else self._facts.leave(state, inner)

    def _simple(self, node: Simple, state: State) -> State | None:
        for block in node.before:
            found = self._subshell(block, state)
            state = state if found is None else found
        command = None if node.command is None else self._script.commands[node.command]
        if command is not None:
            known = self.states.get(command.number)
            self.states[command.number] = state if known is None else self._facts.join(known, state)
        state = self._facts.transfer(node, state)
        if node.nested is not None:
            entered = self._facts.enter(node.nested.shell, state)
            if command is not None and command.name == "eval":
                return self._block(node.nested, entered)
            found = self._subshell(node.nested, entered)
            if node.deferred or found is None:
                return state
            return self._facts.leave(state, found)
        return state if command is None else self._after_command(command, state)

    def _after_command(self, command: Command, state: State) -> State | None:
        name = command.words[0].text if command.words else ""
        if name in _ENDS:
            ends = {"exit": self._exits, "return": self._returns, "break": self._breaks, "continue": self._continues}
            if name != "exit" or not _FAILURE.fullmatch("".join(command.texts[1:])):
                ends[name].append(state)
            return None
        if command.wrappers and command.words and any(wrapper.name == "exec" for wrapper in command.wrappers):
            self._exits.append(state)
            return None
        called = self._calls.of(command.number)
        after: State | None = state
        for one in called.functions:
            if called.sure:
                after = None if after is None else self._call(one, after)
            else:
                after = self._join(after, self._call(one, state))
        return after

    def _call(self, one: Define, state: State) -> State | None:
        """What is known when a function has returned; each way of entering it is followed once."""
        self._visited.add(id(one))
        key = (id(one), state)
        if key in self._running:
            return state
        if key not in self._known:
            self._running.add(key)
            saved = self._returns, self._breaks, self._continues, self._exits
            self._returns, self._breaks, self._continues, self._exits = [], [], [], []
            after = self._join(self._block(one.body, state), *self._returns, *self._breaks, *self._continues)
            self._known[key] = after, self._exits
            self._returns, self._breaks, self._continues, self._exits = saved
            self._running.discard(key)
        after, exits = self._known[key]
        self._exits += [one for one in exits if one not in self._exits]
        return after

    def _chain(self, node: Chain, state: State) -> State | None:
        after = self._statement(node.parts[0], state)
        tested = self._is_test(node.parts[0])
        for operator, part in zip(node.operators, node.parts[1:], strict=True):
            if operator == "||":
                after = self._join(after, self._statement(part, after))
                tested = False
            else:
                right = self._statement(part, after)
                after = self._join(after, right) if tested else right
                tested = tested or self._is_test(part)
        return after

    def _is_test(self, node: Statement) -> bool:
        """Whether a statement is there for its answer, so that what depends on it may well not run."""
        if isinstance(node, Pipeline):
            return self._is_test(node.parts[-1]) or len(node.parts) == 1
        if isinstance(node, Chain):
            return any(self._is_test(part) for part in node.parts)
        if not isinstance(node, Simple):
            return False
        if node.command is None:
            return not node.assigns
        command = self._script.commands[node.command]
        return command.name in _TESTS or command.texts[:2] in {("command", "-v"), ("command", "-V")}

    def _pipeline(self, node: Pipeline, state: State) -> State | None:
        if len(node.parts) == 1:
            return self._statement(node.parts[0], state)
        saved, self._exits = self._exits, []
        inner: State | None = state
        for part in node.parts:
            inner = self._join(self._statement(part, inner), *self._exits)
        self._exits = saved
        return state if inner is None else self._facts.leave(state, inner)

    def _if(self, node: If, state: State) -> State | None:
        after: list[State | None] = []
        tested: State | None = state
        for condition, body in node.branches:
            tested = self._block(condition, tested)
            after.append(self._block(body, tested))
        after.append(self._block(node.otherwise, tested) if node.otherwise else tested)
        return self._join(*after)

    def _loop(self, node: Loop, state: State) -> State | None:
        for block in node.before:
            found = self._subshell(block, state)
            state = state if found is None else found
        key = (id(node), state)
        if key not in self._known:
            saved, self._exits = self._exits, []
            after = self._rounds(node, state)
            self._known[key] = after, self._exits
            self._exits = saved
        after, exits = self._known[key]
        self._exits += [one for one in exits if one not in self._exits]
        return after

    def _rounds(self, node: Loop, state: State) -> State | None:
        saved, self._breaks, self._continues = (self._breaks, self._continues), [], []
        entry: State | None = state
        tested: State | None = state
        body: State | None = None
        for _ in range(_MAX_ROUNDS):
            tested = self._block(node.condition, entry) if node.condition else entry
            body = self._block(node.body, tested)
            again = self._join(entry, body, *self._continues)
            if again == entry:
                break
            entry = again
        ended = self._join(body, *self._continues) if node.at_least_once else tested
        after = self._join(None if node.endless else ended, *self._breaks)
        self._breaks, self._continues = saved
        return after

    def _case(self, node: Case, state: State) -> State | None:
        for block in node.before:
            found = self._subshell(block, state)
            state = state if found is None else found
        after: list[State | None] = [] if node.exhaustive else [state]
        fallen: State | None = None
        for arm, falls in zip(node.arms, node.falls, strict=True):
            end = self._block(arm, self._join(state, fallen))
            fallen = end if falls else None
            after.append(end)
        return self._join(*after)


_HANDLERS: dict[type, Callable[[Any, Any, Any], Any]] = {
    Simple: Walk._simple,
    Chain: Walk._chain,
    Pipeline: Walk._pipeline,
    If: Walk._if,
    Loop: Walk._loop,
    Case: Walk._case,
    Group: Walk._group,
}
