"""How a script speaks: its functions that print, its shell, and what a failing command does to it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.script_tree import Define, Simple
from cachelint.prune.errexit import unstopped
from cachelint.prune.lines import indent_unit
from cachelint.prune.wording import Guard, Idiom

if TYPE_CHECKING:
    from cachelint.documents.script import Command, Function, Script, Shell
    from cachelint.prune.places import Place
    from cachelint.prune.scope import Client

_INFO = (
    "log_info info log::info print_info echo_info log_message print_status log_step say msg message note log".split()
)
_SUCCESS = "log_success success log::success print_success echo_success log_ok ok log_info_success".split()
_WARNING = "log_warning log_warn warning warn log::warn print_warning print_warn echo_warning".split()
_PRINTS = frozenset({"echo", "printf", "cat", "date", "tput", "logger", "tee", "local", "true", ":"})
_ARGUMENT = re.compile(r"\$(?:[1*@]|\{[1*@][^}]*\})")
_MORE_ARGUMENTS = re.compile(r"\$(?:[2-9]|\{[2-9])|\bshift\b")


def idiom_of(script: Script, place: Place, client: Client, errexit: bool | None = None) -> Idiom:
    """The words for a step at a place. `errexit` says whether the shell of the file was started with ``-e``."""
    shell = place.block.shell
    helpers = _helpers(script, place)
    return Idiom(
        client,
        _first(_INFO, helpers),
        _first(_SUCCESS, helpers),
        _first(_WARNING, helpers),
        indent_unit(script.source),
        _guard(script, place, bool(errexit)),
        shell.parent is not None or script.interpreter not in {"bash", "zsh", "ksh"},
        shell.parent is not None,
    )


def _first(names: list[str], helpers: frozenset[str]) -> str | None:
    return next((name for name in names if name in helpers), None)


def _helpers(script: Script, place: Place) -> frozenset[str]:
    """The functions that print their argument and are known at a place."""
    shell, start = place.block.shell, place.statement.span.start
    own = {
        one.name for one in script.functions if one.shell is shell and one.span.end <= start and _prints(script, one)
    }
    return frozenset(own | _proven(script, shell, start))


def _prints(script: Script, function: Function) -> bool:
    body = script.source.text[function.body.start : function.body.end]
    inside = [one for one in script.commands if one.function == function.name and one.span.start >= function.body.start]
    only_prints = all(not one.words or one.name in _PRINTS for one in inside)
    return only_prints and bool(_ARGUMENT.search(body)) and not _MORE_ARGUMENTS.search(body)


def _proven(script: Script, shell: Shell, start: int) -> frozenset[str]:
    """The functions of a file that is read in, as far as the script uses them with one text before the place."""
    if not script.sourced:
        return frozenset()
    known = {one.name for one in script.functions}
    first = script.sourced[0].command
    return frozenset(
        one.name
        for one in script.commands[first:]
        if one.shell is shell and len(one.words) == 2 and one.name not in known and one.span.end <= start
    )


def _guard(script: Script, place: Place, errexit: bool) -> Guard:
    stops = place.function is None
    if place.function is not None:
        functions = unstopped(script)
        if place.function in functions.always or _is_library(script):
            return Guard.RETURN
        stops = place.function not in functions.sometimes
    return Guard.ERREXIT if stops and _stops(script, place, errexit) else Guard.EXIT


def _stops(script: Script, place: Place, errexit: bool) -> bool:
    """Whether the shell of a place ends at a failing command."""
    shell = place.block.shell
    sets = [one for one in script.commands if one.name == "set" and one.shell is shell]
    if any(_switches(one, "+") for one in sets):
        return False
    on = [one for one in sets if _switches(one, "-") and not one.conditional]
    at_start = shell.parent is None and (errexit or _shebang_stops(script))
    return at_start or any(one.function is None and one.span.start < place.statement.span.start for one in on)


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
