"""Which of a script's functions its commands call: by their names, as words, or as whatever the user asks for."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from cachelint.documents.script import Machine
from cachelint.documents.script_blocks import definitions
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachelint.documents.script import Command, Shell
    from cachelint.documents.script_tree import Block, Define

_NO_CALLS = frozenset({"echo", "printf", "export", "unset", "declare", "typeset", "local", "readonly", "trap"})
_RUNNERS = frozenset({"parallel", "xargs", "time", "retry"})
_RUNS = regex(r"eval\b|\$\{?[@*1-9]|\$\{?\w*(?:cmd|command|func|fn)\w*", re.IGNORECASE)
_DISPATCHES = regex(r"\$\{?(?:[1-9@*]|\w*(?:func|fn|action|cmd|command|task|target|step)\w*)(?!\w)", re.IGNORECASE)


class Called(NamedTuple):
    """The functions that a command calls, one after the other; `sure` unless it may be some of them or none."""

    functions: tuple[Define, ...] = ()
    sure: bool = True


_NONE = Called()


class Calls:
    """The calls of functions in one script, worked out when somebody asks and kept for the next who does.

    `reads_in` says whether the script reads another file into itself.
    """

    def __init__(self, body: Block, commands: tuple[Command, ...], *, reads_in: bool) -> None:
        self._body = body
        self._commands = commands
        self._reads_in = reads_in

    def of(self, number: int) -> Called:
        """The functions that a command calls, by its number."""
        return self._found.get(number, _NONE)

    @cached_property
    def defined(self) -> tuple[Define, ...]:
        """All functions of the script, outer ones first."""
        return tuple(definitions(self._body))

    @cached_property
    def calling(self) -> Mapping[int, tuple[Define, ...]]:
        """The functions that commands call, by the numbers of those that call any, in their order."""
        return {number: one.functions for number, one in self._found.items() if one.functions}

    @cached_property
    def unnamed(self) -> tuple[Define, ...]:
        """The functions that no command calls by name: whoever starts the script may, or a script that reads it in."""
        called = {id(one) for command in self._commands for one in self._by_words(command)}
        return tuple(one for one in self.defined if id(one) not in called)

    @cached_property
    def least_named(self) -> list[Define]:
        """The functions in their order, those first whose names are no word of any command."""
        words = {word.text for command in self._commands for word in command.words} if self.defined else ()
        return sorted(self.defined, key=lambda one: one.name in words)

    @cached_property
    def _found(self) -> dict[int, Called]:
        if not self.defined:
            return {}
        return {one.number: self._called(one) for one in self._commands if one.words and one.name not in _NO_CALLS}

    @cached_property
    def _by_name(self) -> dict[tuple[int, str], Define]:
        found: dict[tuple[int, str], Define] = {}
        for one in self.defined:
            found.setdefault((id(one.body.shell), one.name), one)
        return found

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.defined)

    @cached_property
    def _running(self) -> frozenset[str]:
        """The functions that run their arguments, or what a variable holds."""
        own = (one for one in self._commands if one.function and one.words)
        running = (one for one in own if _RUNS.match(one.words[0].text) and any("$" in text for text in one.texts))
        return frozenset(one.function for one in running if one.function)

    def _called(self, command: Command) -> Called:
        named = tuple(self._by_words(command))
        if named:
            by_name = self._function(command.shell, command.words[0].text) is not None
            return Called(named, by_name or len(named) == 1)
        if _DISPATCHES.search(command.words[0].text) and not command.shell.path:
            return Called(self.unnamed, sure=False)
        return Called(tuple(self._handed(command)), sure=False)

    def _by_words(self, command: Command) -> Iterator[Define]:
        """The functions that the first word names, or any word of a command that runs its words: ``run build``."""
        if not command.words or command.name in _NO_CALLS:
            return
        runs = command.name in _RUNNERS or command.words[0].text in self._running
        for word in command.words if runs else command.words[:1]:
            if word.text in self._names and (found := self._function(command.shell, word.text)):
                yield found

    def _handed(self, command: Command) -> Iterator[Define]:
        """Functions that are handed to a command from a file that is read in, which nothing else calls."""
        if self._reads_in:
            for word in command.words[1:]:
                found = self._function(command.shell, word.text) if word.text in self._names else None
                if found is not None and any(found is one for one in self.unnamed):
                    yield found

    def _function(self, shell: Shell, name: str) -> Define | None:
        """The function of a name that a shell knows: its own, or one of a shell around it on the same machine."""
        found = self._by_name.get((id(shell), name))
        while found is None and shell.parent is not None and shell.machine is Machine.HERE:
            shell = shell.parent
            found = self._by_name.get((id(shell), name))
        return found
