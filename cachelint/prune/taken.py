"""What a script prints for something else to read: a variable, a file, the next command of a pipeline."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from cachelint.prune.reach import Reach
from cachelint.prune.runners import ARGUMENTS

if TYPE_CHECKING:
    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Define


class Taken:
    """The places of a script whose output is read, so that nothing more may be printed there."""

    def __init__(self, script: Script) -> None:
        ranges = sorted(script.taken, key=lambda one: one.start)
        self._starts = [one.start for one in ranges]
        self._stops = list(accumulate((one.stop for one in ranges), max))
        handed = (range(number, number + 1) for number in self._handed(script))
        called = Reach(script.calls).functions((*ranges, *handed))
        self._functions = called | {id(one) for one in script.calls.defined if self._covers(one.numbers)}
        self._printing = [one.numbers for one in script.calls.defined if id(one) in self._functions]

    def _handed(self, script: Script) -> list[int]:
        """The commands that a function of the script runs to read their output: ``run() { x=$("$@"); }``."""
        reading = {
            one.function
            for one in script.commands
            if one.function
            and self.command_itself(one.number)
            and one.written
            and ARGUMENTS.fullmatch(one.written[0].text)
        }
        return [one.number for one in script.commands if any(wrapper.name in reading for wrapper in one.wrappers)]

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
