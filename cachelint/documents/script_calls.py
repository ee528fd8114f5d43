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
    from collections.abc import Iterator

    from cachelint.documents.script import Command, Script, Shell
    from cachelint.documents.script_tree import Define

_NO_CALLS = frozenset({"echo", "printf", "export", "unset", "declare", "typeset", "local", "readonly", "trap"})
_RUNNERS = frozenset({"parallel", "xargs", "time", "retry"})
_RUNS = regex(r"eval\b|\$\{?[@*1-9]|\$\{?\w*(?:cmd|command|func|fn)\w*", re.IGNORECASE)
_DISPATCHES = regex(r"\$\{?(?:[1-9@*]|\w*(?:func|fn|action|cmd|command|task|target|step)\w*)(?!\w)", re.IGNORECASE)


class Called(NamedTuple):
    """The functions that a command calls, one after the other; `sure` unless it may be some of them or none."""

    functions: tuple[Define, ...] = ()
    sure: bool = True


class Calls:
    """The calls of functions in one script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.defined: tuple[Define, ...] = tuple(definitions(script.body))
        self._by_name: dict[tuple[int, str], Define] = {}
        for one in self.defined:
            self._by_name.setdefault((id(one.body.shell), one.name), one)
        self._names = frozenset(one.name for one in self.defined)
        self._running = frozenset(
            one.function for one in script.commands if one.function and one.words and _RUNS.match(one.words[0].text)
        )
        self._found: dict[int, Called] = {}

    def of(self, command: Command) -> Called:
        """The functions that a command calls."""
        if not self._names or not command.words or command.name in _NO_CALLS:
            return Called()
        found = self._found.get(command.number)
        if found is None:
            found = self._found[command.number] = self._called(command)
        return found

    @cached_property
    def unnamed(self) -> tuple[Define, ...]:
        """The functions that no command calls by name: whoever starts the script may, or a script that reads it in."""
        called = {id(one) for command in self._script.commands for one in self._by_words(command)}
        return tuple(one for one in self.defined if id(one) not in called)

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
        if self._script.sourced:
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
