"""The functions of a script that print what they are given, and surely do nothing else.

A step calls one at a time at which the script does not, so that it may only print: a variable that it sets, a file that
it writes or a condition in it would have the script do another thing, or end it under ``set -e``.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cachelint.documents.script_tree import Define, Simple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cachelint.documents.script import Assignment, Command, Script
    from cachelint.documents.script_tree import Block, Statement
    from cachelint.prune.places import Place

_PRINTS = frozenset({"echo", "printf"})
_BUILTINS = frozenset({*_PRINTS, "date", "local"})
_SIMPLE_FUNCTION = regex(r"(?:function\s+)?[\w:.-]+\s*(?:\(\s*\)\s*)?\{.*\}", re.DOTALL)
_END = regex(r"[ \t\r]*(?:[;\n#]|\Z)")
_REDIRECTION = regex(r"1?>(?:&2|\s*/dev/null)")
_LOCAL = regex(r"local\s+(?:-r\s+)?(?!-)")
_FORMAT = regex(r"(?!-)(?:[^%]|%%|%[sb]|%\([^)]*\)T)*")
_DATE_WORD = regex(r"\+.*|-u|-R|-Is|--iso-8601(?:=\w+)?", re.DOTALL)
_HIDDEN = regex(r"`|\(\(|\$\[|<|\beval\b")
_ARGUMENT = regex(r"\$(?:[1*@]|\{[1*@](?::-[^}$]*)?\})")
_EXPANSION = regex(
    rf"\\.|{_ARGUMENT.pattern}|\$[0#]|\$\((?=\s*date\b)|\$\{{?(?P<name>[A-Za-z_]\w*)(?:(?<=\w)\}}|(?!\w|\[))"
    r"|(?P<unknown>\$)",
    re.DOTALL,
)
_ENVIRONMENT = regex(r"(?:^|[./])env(?:$|\.)")


def own_helpers(script: Script, names: Collection[str]) -> dict[str, int]:
    """The functions of these names that only print, and the offset from which the file's shell surely knows them.

    They are defined once, at the top level of the file, and read no variable but their argument and what is set once,
    at the top level too: elsewhere they may be missing, be others, or have nothing to print.
    """
    if {one.name for one in script.functions} & _BUILTINS:
        return {}
    found: dict[str, int] = {}
    last = _last_read_in(script)
    constants, times = _constants(script), Counter(one.name for one in script.functions)
    for statement in script.body.statements:
        if not isinstance(statement, Define) or statement.name not in names or times[statement.name] > 1:
            continue
        if statement.numbers.start > last and not _is_replaced(script, statement.name):
            known = _known_from(script, statement, constants)
            if known is not None:
                found[statement.name] = known
    return found


class ProvenHelpers:
    """The functions of a file that is read in which have printed one text on every path to a place."""

    def __init__(self, script: Script, names: Collection[str]) -> None:
        self._script = script
        top = {one.command for one in script.body.statements if isinstance(one, Simple)}
        sources = [one.command for one in script.sourced if one.command in top]
        self._after = max(sources[0], _last_read_in(script)) if sources else len(script.commands)
        own = {one.name for one in script.functions}
        used = {one.name for one in script.commands[self._after + 1 :]}
        self._names = {one for one in used.intersection(names) - own if not _is_replaced(script, one)}
        self._top: dict[str, int] = {}
        for name, end in self._uses(script.body):
            self._top.setdefault(name, end)

    def at(self, place: Place) -> frozenset[str]:
        """Those that have spoken before a place of the file's shell."""
        if not self._names:
            return frozenset()
        start = place.statement.span.start
        return frozenset(name for name, end in (*self._top.items(), *self._uses(place.block)) if end <= start)

    def _uses(self, block: Block) -> Iterator[tuple[str, int]]:
        for one in block.statements:
            if isinstance(one, Simple) and one.command is not None and one.command > self._after:
                command = self._script.commands[one.command]
                if command.name in self._names and _is_plain_use(command):
                    yield command.name, one.span.end


def _is_plain_use(command: Command) -> bool:
    return len(command.words) == 2 and not (command.redirections or command.assignments or command.wrappers)


def _last_read_in(script: Script) -> int:
    """The number of the last command that reads in a file that may have functions; -1 without one."""
    return max((one.command for one in script.sourced if not _ENVIRONMENT.search(one.path.text)), default=-1)


def _is_replaced(script: Script, name: str) -> bool:
    """Whether something in a script takes a function away, or may give its name to another."""
    word = re.escape(name)
    replaced = rf"\b(?:unset|alias|eval)\b[^\n]{{0,300}}(?<![\w-]){word}(?![\w-])|\bunset\s+-f\b[^\n]{{0,300}}[$`]"
    return bool(re.search(replaced, script.source.text))


def _constants(script: Script) -> dict[str, Assignment]:
    """The variables that the top level of a file sets, and nothing else in it."""
    top = [
        script.assignments[number]
        for one in script.body.statements
        if isinstance(one, Simple) and one.command is None and not one.background
        for number in one.assigns
    ]
    times = Counter(one.name for one in script.assignments)
    return {one.name: one for one in top if times[one.name] == 1 and one.how == "=" and one.values and not one.array}


def _known_from(script: Script, function: Define, constants: Mapping[str, Assignment]) -> int | None:
    """The offset from which a function can be called, None for one that may do more than print."""
    text = script.source.text
    body = text[function.body.span.start : function.body.span.end]
    whole = text[function.span.start : function.span.end]
    if not _SIMPLE_FUNCTION.fullmatch(whole) or not _END.match(text, function.span.end):
        return None
    if _HIDDEN.search(body) or not _ARGUMENT.search(body):
        return None
    if not all(_only_prints(script, one) for one in function.body.statements):
        return None
    return _variables_known(script, function, constants)


def _variables_known(script: Script, function: Define, constants: Mapping[str, Assignment]) -> int | None:
    span, text, known = function.body.span, script.source.text, function.span.end
    inside: dict[str, int] = {}
    for one in script.assignments:
        if span.start <= one.span.start < span.end and one.values:
            inside.setdefault(one.name, one.span.end)
    for match in _EXPANSION.finditer(text, span.start, span.end):
        name = match["name"]
        if match["unknown"]:
            return None
        if name is None or (name in inside and inside[name] <= match.start()):
            continue
        constant = constants.get(name)
        if constant is None or "%" in text[constant.span.start : constant.span.end]:
            return None
        known = max(known, constant.span.end)
    return known


def _only_prints(script: Script, statement: Statement) -> bool:
    if (
        not isinstance(statement, Simple)
        or statement.background
        or not all(_dates(script, one) for one in statement.before)
    ):
        return False
    if statement.command is None:
        return bool(_LOCAL.match(script.source.text, statement.span.start)) and len(statement.assigns) > 0
    command = script.commands[statement.command]
    if command.assignments or command.wrappers or not _redirected_only_to_a_stream(script, command):
        return False
    if command.texts[:1] == ("printf",):
        return len(command.words) > 1 and bool(_FORMAT.fullmatch(command.texts[1]))
    return command.texts[:1] == ("echo",) or _is_date(command)


def _redirected_only_to_a_stream(script: Script, command: Command) -> bool:
    text = script.source.text
    return all(_REDIRECTION.fullmatch(text, one.span.start, one.span.end) for one in command.redirections)


def _dates(script: Script, block: Block) -> bool:
    """Whether all that a command substitution does is to tell the time."""
    return all(
        isinstance(one, Simple)
        and one.command is not None
        and not one.before
        and _is_date(script.commands[one.command])
        for one in block.statements
    )


def _is_date(command: Command) -> bool:
    plain = not (command.redirections or command.assignments or command.wrappers)
    return plain and command.texts[:1] == ("date",) and all(map(_DATE_WORD.fullmatch, command.texts[1:]))
