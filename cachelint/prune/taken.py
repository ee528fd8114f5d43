"""What a script prints for something else to read: a variable, a file, the next command of a pipeline."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from cachelint.prune.reach import Reach
from cachelint.prune.runners import hands_on, hands_text_on, holding_arguments, with_callers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Define


class Taken:
    """The places of a script whose output is read, so that nothing more may be printed there."""

    def __init__(self, script: Script) -> None:
        ranges = self._order(script.taken)
        handed = [range(number, number + 1) for number in self._handed(script)]
        if texts := self._texts(script):
            ranges = self._order((*ranges, *texts))
        called = Reach(script.calls).functions((*ranges, *handed))
        self._functions = called | {id(one) for one in script.calls.defined if self._covers(one.numbers)}
        self._printing = [one.numbers for one in script.calls.defined if id(one) in self._functions]

    def _handed(self, script: Script) -> list[int]:
        """The commands that a function of the script runs to read their output: ``run() { x=$("$@"); }``."""
        own = [one for one in script.commands if one.function and self.command_itself(one.number) and hands_on(one)]
        reading = with_callers(script, {one.function for one in own})
        return [one.number for one in script.commands if any(wrapper.name in reading for wrapper in one.wrappers)]

    def _order(self, taken: Iterable[range]) -> list[range]:
        """The commands whose output is read where it is written, in order."""
        ranges = sorted(taken, key=lambda one: one.start)
        self._starts = [one.start for one in ranges]
        self._stops = list(accumulate((one.stop for one in ranges), max))
        return ranges

    def _texts(self, script: Script) -> list[range]:
        """The commands in texts that a function has a shell run to read the output: ``run() { x=$(eval "$1"); }``."""
        own = [one for one in script.commands if one.function and self.command_itself(one.number)]
        holding = holding_arguments(script) if own else frozenset()
        reading = with_callers(script, {one.function for one in own if hands_text_on(one, holding, of_ssh=True)})
        if not reading:
            return []
        calling = {one.number for one in script.commands if any(word.text in reading for word in one.written)}
        ends: dict[int, int] = {}
        for one in script.commands:
            if one.shell.command is not None and one.shell.command in calling:
                ends[one.shell.command] = one.number + 1
        return [range(number + 1, end) for number, end in ends.items()]

    def command_itself(self, number: int) -> bool:
        """Whether something reads what a command prints where it is written."""
        return self._covers(range(number, number + 1))

    def block(self, block: Block) -> bool:
        """Whether something reads what a block prints."""
        return self._covers(block.numbers)

    def function(self, function: Define) -> bool:
        """Whether something reads what a function prints, on one call of it at least."""
        return id(function) in self._functions

    def command(self, number: int) -> bool:
        """Whether something reads what a command prints."""
        return self.command_itself(number) or any(number in one for one in self._printing)

    def _covers(self, numbers: range) -> bool:
        before = bisect_right(self._starts, numbers.start)
        return bool(numbers) and before > 0 and self._stops[before - 1] >= numbers.stop
