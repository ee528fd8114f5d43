"""Where in a script a step belongs: once for each builder, before the first build on every path to it.

A place is a statement that the step goes in front of, in the block that the statement stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Machine
from cachelint.documents.script_blocks import asks_status
from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.prune.lines import UNREAD, is_unread, takes_lines
from cachelint.prune.reach import Reach
from cachelint.prune.rounds import changes_daemon
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from cachelint.documents.script import Word
    from cachelint.documents.script_tree import Block, Statement
    from cachelint.prune.paths import Paths


_LOOKS = regex(r"(?:command\s+-[vV]|which|type|hash)\s")
_TESTS = regex(r"(?:\[\[?|test)\s")
_PATTERN = regex(r"[*?\[]")
_ENDS = frozenset({"exit", "return"})
_WAITS = frozenset({"sleep", "inotifywait", "fswatch"})


MAX_PLACES = 200
"""A script that needs more steps than this gets none: every one is proven, and read again for each rule."""


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


def find_places(paths: Paths, builder: Hashable, uncovered: Iterable[int], needed: frozenset[str]) -> tuple[Place, ...]:
    """The places for a builder's step so that the `uncovered` builds have it in front of them.

    `needed` are the types of records that the step drops. Raises `NoPlaceError`, `TooLongError`.
    """
    finder = _Finder(paths, builder, sorted(uncovered), needed)
    return tuple(sorted(finder.find(), key=lambda one: one.statement.span))


class _Finder:
    def __init__(self, paths: Paths, builder: Hashable, wanted: Sequence[int], needed: frozenset[str]) -> None:
        self._script = paths.script
        self._paths = paths
        self._builder = builder
        self._needed = needed
        self._reach = Reach(paths.script.calls, wanted)
        self._found: dict[tuple[int, int], Place] = {}
        self._entered: set[int] = set()
        self._waiting: set[int] = set()
        self._waits = False

    def find(self) -> list[Place]:
        self._block(self._script.body, None)
        for one in sorted(self._paths.script.calls.unnamed, key=lambda one: one.name):
            if self._reach.leads(one.numbers) and self._paths.taken.function(one):
                raise NoPlaceError("what its function prints is read", self._reach.first(one.numbers))
            self._function(one)
        return list(self._found.values())

    def _block(self, block: Block, function: str | None) -> None:
        """Give the builds of a block their step: in front of all of them, or on each way to the first.

        Where a script waits for something to build, in a loop without an end, each build has a step in front of it
        alone: the cache must not be dropped in every round.
        """
        before, self._waits = self._waits, self._waits or id(block) in self._waiting
        building = [at for at, one in enumerate(block.statements) if self._is_open(one) and self._builds_in(one)]
        for at in building:
            is_alone = self._waits or at == building[-1] or self._leaves(block.statements[at])
            ways = self._ways(block.statements[at]) if is_alone else None
            if ways is None:
                self._put(block, at, function)
                break
            self._follow(ways, block, function)
        self._waits = before

    def _leaves(self, statement: Statement) -> bool:
        """Whether a choice that builds ends what it stands in: then nothing behind it builds, too."""
        if isinstance(statement, If):
            bodies = [body for _, body in statement.branches] + ([statement.otherwise] if statement.otherwise else [])
            if any(self._reach.leads(condition.numbers) for condition, _ in statement.branches):
                return False
        else:
            bodies = [*statement.arms] if isinstance(statement, Case) and not any(statement.falls) else []
        building = [body for body in bodies if self._reach.leads(body.numbers)]
        return bool(building) and all(map(self._ends, building))

    def _ends(self, block: Block) -> bool:
        last = block.statements[-1]
        number = last.command if isinstance(last, Simple) else None
        return number is not None and self._script.commands[number].name in _ENDS

    def _follow(self, ways: Sequence[Block | Define], block: Block, function: str | None) -> None:
        for way in ways:
            if isinstance(way, Define):
                self._function(way)
            else:
                self._block(way, function if way.shell is block.shell else None)

    def _is_open(self, statement: Statement) -> bool:
        state = self._paths.before(statement)
        return state is not None and not state.covers(self._builder, self._needed)

    def _function(self, one: Define) -> None:
        if id(one) not in self._entered:
            self._entered.add(id(one))
            with self._reach.inside(one):  # what it builds by calling itself has its step already
                self._block(one.body, one.name)

    def _put(self, block: Block, at: int, function: str | None) -> None:
        build = self._reach.first(block.statements[at].numbers)
        shell = block.shell
        if is_unread(self._script, shell):
            raise NoPlaceError(UNREAD, build)
        if self._is_made(block.statements[at].numbers, build):
            raise NoPlaceError("its builder is made in the same statement, behind the place of a step", build)
        if any(map(self._may_show, self._script.commands[build].written[:1])):
            raise NoPlaceError("a variable decides whether the command is run or only shown", build)
        if self._is_asked(block.statements[at]):
            raise NoPlaceError("a test in front of it decides whether it builds: put the build into an `if`", build)
        if self._script.commands[build].shell.path != shell.path:
            raise NoPlaceError(self._elsewhere(build), build)
        while asks_status(block.statements[at]):
            if at == 0:
                raise NoPlaceError("the command before it is asked how it ended", build)
            at -= 1
        self._found[block.span.start, at] = Place(block, at, function, build)
        if len(self._found) > MAX_PLACES:
            raise NoPlaceError(f"it would take more than {MAX_PLACES} steps", build)

    def _is_made(self, numbers: range, build: int) -> bool:
        """Whether a builder is made between the beginning of a statement and a build in it."""
        between = range(numbers.start, build) if build in numbers else range(0)
        return any(self._script.commands[one].texts[1:3] == ("buildx", "create") for one in between)

    def _may_show(self, word: Word) -> bool:
        """Whether the program is a variable that may hold ``echo docker``."""
        name = word.text.strip('${}"')
        values = (value.text for one in self._script.sets(name) for value in one.values or ())
        return word.text.startswith("$") and any(re.match(r"(?:echo|printf|:|true)(?:\s|\Z)", one) for one in values)

    def _is_asked(self, statement: Statement) -> bool:
        """Whether a step in front of it would run, and could end the script, where a test says not to build.

        ``[ go ] && build`` is written as if the build was to be expected; ``[ skip ] || build`` and
        ``command -v docker && build`` say what is the matter where there is nothing to prune.
        """
        if not isinstance(statement, Chain):
            return False
        building = next(at for at, one in enumerate(statement.parts) if self._builds_in(one))
        if any(map(self._looks, statement.parts[:building])):
            return True
        return building > 0 and statement.operators[building - 1] == "||" and self._tests(statement.parts[building - 1])

    def _looks(self, statement: Statement) -> bool:
        """``command -v docker``: whether a program is there."""
        return bool(_LOOKS.match(self._text(statement)))

    def _tests(self, statement: Statement) -> bool:
        return bool(_TESTS.match(self._text(statement)))

    def _text(self, statement: Statement) -> str:
        return self._script.source.text[slice(*statement.span)]

    def _elsewhere(self, build: int) -> str:
        if self._paths.taken.command(build):
            return "the build runs elsewhere, and what is printed there is read here"
        return "the build runs elsewhere, and this script decides how often"

    def _ways(self, statement: Statement) -> Sequence[Block | Define] | None:
        """The blocks and functions of a statement in which one step suffices; None where it stands in front of it.

        What a step prints must not get into what a script reads: no way leads where the output is taken.
        """
        ways = self._ways_inside(statement)
        return None if ways is None or any(map(self._is_taken, ways)) else ways

    def _is_taken(self, way: Block | Define) -> bool:
        taken = self._paths.taken
        return taken.function(way) if isinstance(way, Define) else taken.block(way)

    def _ways_inside(self, statement: Statement) -> Sequence[Block | Define] | None:
        found: Sequence[Block | Define] | None = None
        if isinstance(statement, Simple):
            found = self._ways_of_command(statement)
        elif isinstance(statement, Group):
            found = [statement.body]
        elif isinstance(statement, Loop):
            found = self._ways_of_loop(statement)
        elif isinstance(statement, (Chain, Pipeline)):
            parts = [one for one in statement.parts if self._builds_in(one)]
            found = self._ways(parts[0]) if len(parts) == 1 else None
        elif isinstance(statement, If):
            found = self._ways_of_if(statement)
        elif isinstance(statement, Case) and not any(statement.falls):
            found = statement.arms
        return found

    def _ways_of_loop(self, loop: Loop) -> Sequence[Block] | None:
        if (self._waits and not _runs_surely(loop)) or self._is_waiting(loop):
            self._waiting.add(id(loop.body))
            return [loop.body]
        builds = self._reach.goals(loop.body.numbers)
        return [loop.body] if builds and changes_daemon(self._script, loop, builds) else None

    def _is_waiting(self, loop: Loop) -> bool:
        """``while true``, ``while sleep 5``, ``while inotifywait``: each round is another time."""
        numbers = loop.condition.numbers if loop.condition else range(0)
        return loop.endless or any(self._script.commands[one].name in _WAITS for one in numbers)

    def _ways_of_if(self, statement: If) -> Sequence[Block | Define] | None:
        conditions = [one for condition, _ in statement.branches for one in condition.statements]
        bodies = [*(body for _, body in statement.branches), *([statement.otherwise] if statement.otherwise else [])]
        asked = [one for one in conditions if self._builds_in(one)]
        if not asked:
            return bodies
        ways = self._ways(asked[0])
        alone = len(asked) == 1 and not any(self._builds_in(one) for body in bodies for one in body.statements)
        return ways if alone and ways and all(_is_apart(way) for way in ways) else None

    def _ways_of_command(self, statement: Simple) -> Sequence[Block | Define] | None:
        if statement.nested and self._reach.goals(statement.nested.numbers):
            return self._ways_of_nested(statement.nested)
        if statement.command is None or self._reach.goals(statement.numbers):
            return None
        building = self._reach.leading(statement.command)
        return building if building and all(map(self._is_first, building)) else None

    def _ways_of_nested(self, nested: Block) -> Sequence[Block] | None:
        """The script that a command hands to another shell, where lines can be written into it."""
        shell = nested.shell
        if takes_lines(shell):
            return [nested]
        build = self._reach.goals(nested.numbers)[0]
        if shell.machine is Machine.REMOTE:
            how = "text that several words make" if shell.multiline else "words of one line"
            raise NoPlaceError(f"the build runs on another machine, in {how}", build)
        if shell.machine is Machine.CONTAINER:
            raise NoPlaceError("the build runs inside a container", build)
        return None

    def _is_first(self, one: Define) -> bool:
        """Whether no way to the function has built, or pruned, before it."""
        state = self._paths.entry(one)
        return state is None or self._builder not in state.touched

    def _builds_in(self, statement: Statement) -> bool:
        """Whether a statement leads to a build that needs a step."""
        return not isinstance(statement, Define) and self._reach.leads(statement.numbers)


def _runs_surely(loop: Loop) -> bool:
    """Whether the list of a loop has something in it, which a pattern for files may not."""
    return loop.at_least_once and not any(_PATTERN.search(word.text) for word in loop.values or ())


def _is_apart(way: Block | Define) -> bool:
    """Whether a condition leads to where lines can be written: a function, the text of another shell."""
    return isinstance(way, Define) or way.shell.multiline or takes_lines(way.shell)
