"""How a script speaks: its functions that print, its shell, and what a failing command does to it."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.script_tree import Define, Simple
from cachelint.prune.errexit import unstopped
from cachelint.prune.helpers import ProvenHelpers, own_helpers
from cachelint.prune.lines import indent_unit
from cachelint.prune.sent import sent_functions
from cachelint.prune.wording import Guard, Idiom

if TYPE_CHECKING:
    from collections.abc import Collection

    from cachelint.documents.script import Command, Script
    from cachelint.prune.errexit import Unstopped
    from cachelint.prune.places import Place
    from cachelint.prune.scope import Client

_INFO = (
    "log_info info log::info print_info echo_info log_message print_status log_step say msg message note log".split()
)
_SUCCESS = "log_success success log::success print_success echo_success log_ok ok log_info_success".split()
_WARNING = "log_warning log_warn warning warn log::warn print_warning print_warn echo_warning".split()
_NAMES = frozenset((*_INFO, *_SUCCESS, *_WARNING))
_CALLED = frozenset({"echo", "git"})
_NEVER = 1 << 62


class Speech:
    """The words of one script. `errexit` says whether the shell of the file was started with ``-e``.

    `answers` says that what the script prints is its result, which a step must not get into.
    """

    def __init__(self, script: Script, *, errexit: bool = False, answers: bool = False) -> None:
        self._script = script
        self._stream = " >&2" if answers else ""
        self._errexit = errexit or _shebang_stops(script)
        self._unit = indent_unit(script.source)
        self._helpers = own_helpers(script, _NAMES)
        self._proven = ProvenHelpers(script, _NAMES)
        self._sent = sent_functions(script)
        self._switched = _switched(script)
        self._hidden = frozenset(one.name for one in script.functions) & _CALLED

    def idiom(self, place: Place, client: Client) -> Idiom:
        """The words for a step at a place."""
        shell = place.block.shell
        known, is_sent = self._known(place), self._sent.has(place.function)
        return Idiom(
            client,
            _first(_INFO, known),
            _first(_SUCCESS, known),
            _first(_WARNING, known),
            self._unit,
            self._guard(place),
            is_sent or shell.parent is not None or self._script.interpreter not in {"bash", "zsh", "ksh"},
            shell.parent is not None,
            self._hidden if shell.parent is None else frozenset(),
            self._stream,
        )

    def _known(self, place: Place) -> Collection[str]:
        """The helpers that the shell of a place surely knows."""
        if place.block.shell is not self._script.shell or self._sent.has(place.function):
            return ()
        own = {name for name, offset in self._helpers.items() if offset <= place.statement.span.start}
        return own | self._proven.at(place)

    def _guard(self, place: Place) -> Guard:
        stops = place.function is None
        if place.function is not None:
            if _is_library(self._script):
                return Guard.RETURN
            if self._sent.has(place.function):
                return Guard.EXIT
            if place.function in self._unstopped.always:
                return Guard.RETURN
            stops = place.function not in self._unstopped.sometimes
        return Guard.ERREXIT if stops and self._stops(place) else Guard.EXIT

    def _stops(self, place: Place) -> bool:
        """Whether the shell of a place ends at a failing command."""
        shell = place.block.shell
        on = self._switched.get(id(shell), None if shell.parent else _NEVER)
        if on is None:
            return False
        return (shell.parent is None and self._errexit) or on < place.statement.span.start

    @cached_property
    def _unstopped(self) -> Unstopped:
        return unstopped(self._script)


def _switched(script: Script) -> dict[int, int | None]:
    """Where ``set -e`` begins to hold in each shell that says so (by identity); None for one that says ``set +e``."""
    found: dict[int, int | None] = {}
    for one in script.commands:
        shell = id(one.shell)
        if one.name != "set":
            continue
        if _switches(one, "+"):
            found[shell] = None
        elif _switches(one, "-") and not one.conditional and one.function is None:
            start = found.get(shell, _NEVER)
            found[shell] = None if start is None else min(start, one.span.start)
    return found


def _first(names: list[str], known: Collection[str]) -> str | None:
    return next((name for name in names if name in known), None)


def _switches(command: Command, sign: str) -> bool:
    words = command.texts[1:]
    flags = any(re.fullmatch(rf"\{sign}[a-zA-Z]*e[a-zA-Z]*", word) for word in words)
    return flags or any(word == f"{sign}o" and after == "errexit" for word, after in pairwise(words))


def _shebang_stops(script: Script) -> bool:
    first = script.source.text.partition("\n")[0]
    return bool(re.match(r"#!.*\s-[a-z]*e[a-z]*\s*$", first))


def _is_library(script: Script) -> bool:
    """Whether a file only defines functions, for others to read in."""
    if script.source.text.startswith("#!"):
        return False
    return all(
        isinstance(one, Define) or (isinstance(one, Simple) and one.command is None) for one in script.body.statements
    )
