"""Which commands of a script lead to others, such as builds, also through the functions that they call."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cachelint.documents.script_flow import TooLongError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.documents.script_calls import Calls
    from cachelint.documents.script_tree import Define

_MAX_STEPS = 1_000_000


class Reach:
    """The ways to some commands, the goals, by their numbers in order. All questions raise `TooLongError`."""

    def __init__(self, calls: Calls, goals: Sequence[int] = ()) -> None:
        self._goals = goals
        self._calls = calls.calling
        self._calling = list(self._calls)
        self._around: list[int] = []
        self._steps_left = _MAX_STEPS
        self._leading = self._leading_functions(calls.defined)

    @contextmanager
    def inside(self, function: Define) -> Iterator[None]:
        """While this lasts, calls of the function lead nowhere."""
        self._around.append(id(function))
        try:
            yield
        finally:
            self._around.pop()

    def goals(self, numbers: range) -> Sequence[int]:
        """The goals among some commands themselves."""
        return self._goals[bisect_left(self._goals, numbers.start) : bisect_left(self._goals, numbers.stop)]

    def leads(self, numbers: range) -> bool:
        """Whether some of these commands lead to a goal."""
        return next(self._reached(numbers), None) is not None

    def first(self, numbers: range) -> int:
        """The first goal that these commands lead to; there must be one."""
        return min(self._reached(numbers))

    def leading(self, number: int) -> list[Define]:
        """The functions that a command calls and that lead to a goal."""
        functions = self._calls.get(number, ())
        return [one for one in functions if id(one) not in self._around and self.leads(one.numbers)]

    def functions(self, numbers: Iterable[range]) -> frozenset[int]:
        """The functions that some commands call, and those that are called in them, by identity."""
        found: set[int] = set()
        for _ in self._visited(numbers, found):
            pass
        return frozenset(found)

    def _reached(self, numbers: range) -> Iterator[int]:
        seen = set(self._around)
        for one in self._visited([numbers], seen, self._leading):
            yield from self.goals(one)

    def _visited(
        self, numbers: Iterable[range], seen: set[int], leading: frozenset[int] | None = None
    ) -> Iterator[range]:
        """The commands, and those of the functions that they call, where these are `leading`; `seen` takes note."""
        pending = list(numbers)
        while pending:
            some = pending.pop()
            yield some
            for number in self._calls_in(some):
                self._steps_left -= 1
                if self._steps_left < 0:
                    raise TooLongError
                for one in self._calls[number]:
                    if id(one) not in seen and (leading is None or id(one) in leading):
                        seen.add(id(one))
                        pending.append(one.numbers)

    def _calls_in(self, numbers: range) -> Sequence[int]:
        return self._calling[bisect_left(self._calling, numbers.start) : bisect_left(self._calling, numbers.stop)]

    def _leading_functions(self, functions: Sequence[Define]) -> frozenset[int]:
        """The functions that lead to a goal on some way."""
        callers: dict[int, list[Define]] = {}
        for function in functions:
            for number in self._calls_in(function.numbers):
                for one in self._calls[number]:
                    callers.setdefault(id(one), []).append(function)
        found: set[int] = set()
        pending = [one for one in functions if self.goals(one.numbers)]
        while pending:
            one = pending.pop()
            if id(one) not in found:
                found.add(id(one))
                pending += callers.get(id(one), ())
        return frozenset(found)
