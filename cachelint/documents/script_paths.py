"""Which directory a command of a script runs in, and which path a word of it means."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Directory, Machine
from cachelint.documents.script_flow import Facts, TooLongError, Walk
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.script import Assignment, Command, Script, Shell, Word
    from cachelint.documents.script_tree import Simple

_SELF = "?"
"""The name of the script's own file, which is not known here."""

_UNKNOWN = Directory("unknown", ".")
_MAX_VARIABLES = 40
_MOVES = frozenset({("cd",), ("pushd",), ("popd",)})
_SILENCED = regex(r"(?<!\s)\s*(?:&>|[12]?>)\s*(?:/dev/null|&1)|\s--(?=\s)")
_CD_PWD = regex(r"(?:builtin\s+)?cd(?:\s+-[PL])?\s+([^;&]*[^;&\s])\s*(?:&&|;)\s*(?:builtin\s+)?pwd(?:\s+-[PL])?")
_FILE = regex(r"(?:realpath|readlink\s+-(?=\w*[fem])\w+)(?:\s+-[ems])*\s+(.+)")
_DIRNAME = regex(r"dirname\s+(.+)")
_NAME = regex(r"\$(?:(\w+)|\{(\w+)(?:\[0\])?\})")
_PARENT = regex(r"\$\{(\w+)(?:\[0\])?%/\*\}")
_EXPANSION = regex(r"[$`*?~]")
_DEPTH = 8


class _State(NamedTuple):
    """The directory, those below it on the stack of `pushd`, and the variables that hold a path."""

    directory: Directory = Directory("start", ".")
    stack: tuple[Directory, ...] = ()
    variables: tuple[tuple[str, Directory], ...] = ()


class Paths:
    """The directories and paths of one script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        try:
            self._states = Walk(script, _Directories(script)).run()
        except TooLongError:
            self._states = {}

    def directory(self, command: Command) -> Directory:
        """Where a command runs; `unknown` for one that nothing reaches."""
        state = self._states.get(command.number)
        return state.directory if state else _UNKNOWN

    def locate(self, command: Command, word: Word) -> Directory | None:
        """The path that a word of a command means: a base and a path below it; None where it is not known."""
        state = self._states.get(command.number)
        return _meant(self._script.source.text, word, state) if state else None


def with_paths(script: Script) -> Script:
    """The script with what is known of directories."""
    moves = any(command.texts[:1] in _MOVES or command.shell.parent for command in script.commands)
    if not (moves or script.sourced or script.called):
        return script
    paths = Paths(script)
    commands = script.commands
    return script._replace(
        commands=tuple(one._replace(directory=paths.directory(one)) for one in commands),
        sourced=tuple(one._replace(place=paths.locate(commands[one.command], one.path)) for one in script.sourced),
        called=tuple(one._replace(place=paths.locate(commands[one.command], one.path)) for one in script.called),
    )


class _Directories(Facts[_State]):
    start = _State()

    def __init__(self, script: Script) -> None:
        self._script = script

    def transfer(self, simple: Simple, state: _State) -> _State:
        for number in simple.assigns:
            state = self._assign(self._script.assignments[number], state)
        if simple.command is None or simple.background:
            return state
        command = self._script.commands[simple.command]
        name = command.texts[0] if command.words else ""
        if name in {"cd", "pushd"}:
            stack = (state.directory, *state.stack) if name == "pushd" else state.stack
            return state._replace(directory=self._target(command, state), stack=stack)
        if name == "popd":
            directory = state.stack[0] if state.stack else _UNKNOWN
            return state._replace(directory=directory, stack=state.stack[1:])
        return state

    def _target(self, command: Command, state: _State) -> Directory:
        given = [word for word in command.words[1:] if word.text not in {"--", "-P", "-L"}]
        if not given:
            return Directory("home", ".")
        if len(given) > 1 or given[0].text.startswith(("-", "+")) or command.alternatives:
            return _UNKNOWN
        return _meant(self._script.source.text, given[0], state) or _UNKNOWN

    def _assign(self, one: Assignment, state: _State) -> _State:
        known = dict(state.variables)
        known.pop(one.name, None)
        if one.values and len(one.values) == 1 and not one.array and one.how == "=" and len(known) < _MAX_VARIABLES:
            found = _meant(self._script.source.text, one.values[0], state)
            if found and (found.base != "start" or not one.values[0].literal):
                known[one.name] = found
        return state._replace(variables=tuple(sorted(known.items())))

    def join(self, one: _State, two: _State) -> _State:
        directory = one.directory if one.directory == two.directory else _UNKNOWN
        stack = one.stack if one.stack == two.stack else ()
        return _State(directory, stack, tuple(sorted({*one.variables} & {*two.variables})))

    def enter(self, shell: Shell, state: _State) -> _State:
        if shell.machine is Machine.REMOTE:
            return _State(Directory("home", "."))
        return _State(_UNKNOWN) if shell.machine is Machine.CONTAINER else state

    def leave(self, before: _State, inner: _State) -> _State:
        del inner
        return before


def _meant(text: str, word: Word, state: _State) -> Directory | None:
    """The path that a word means: its text where that is certain, else what is written, behind ``--option=``."""
    if word.literal:
        return _joined(state.directory, word.text)
    written = text[word.span.start : word.span.end]
    if written.startswith("-") and not word.text.startswith("-"):
        written = written.partition("=")[2]
    return _evaluated(written, state, _DEPTH)


def _joined(base: Directory, path: str) -> Directory | None:
    if path.startswith("~"):
        return Directory("home", posixpath.normpath(path[2:] or ".")) if path[1:2] in {"", "/"} else None
    if path.startswith("/"):
        return Directory("/", posixpath.normpath(path).lstrip("/") or ".")
    if base.base == "unknown":
        return None
    joined = posixpath.normpath(posixpath.join(base.path, path))
    return Directory(base.base, joined)


def _evaluated(written: str, state: _State, depth: int) -> Directory | None:
    """The path that ``"$(dirname "$0")/.."`` and the like mean."""
    written = written.strip().replace('"', "").replace("'", "")
    end = _end_of_expansion(written)
    if depth == 0 or (end == 0 and _EXPANSION.search(written.removeprefix("~"))):
        return None
    if end == 0:
        return _joined(state.directory, written)
    head = _expanded(written[:end], state, depth)
    rest = written[end:]
    if head is None or _EXPANSION.search(rest) or (rest and not rest.startswith("/")):
        return None
    return _joined(head, rest.lstrip("/")) if rest.strip("/") else head


def _expanded(expansion: str, state: _State, depth: int) -> Directory | None:
    if expansion.startswith(("$(", "`")):
        inner = expansion[2:-1] if expansion.startswith("$(") else expansion[1:-1]
        return _of_command(_SILENCED.sub("", f" {inner}").strip(), state, depth - 1)
    if match := _PARENT.fullmatch(expansion):
        inside = _of_name(match[1], state)
        return _joined(inside, "..") if inside else None
    match = _NAME.fullmatch(expansion)
    return _of_name(match[1] or match[2], state) if match else None


def _of_name(name: str, state: _State) -> Directory | None:
    if name in {"0", "BASH_SOURCE"}:
        return Directory("script", _SELF)
    if name in {"PWD", "HOME"}:
        return state.directory if name == "PWD" else Directory("home", ".")
    return dict(state.variables).get(name)


def _of_command(command: str, state: _State, depth: int) -> Directory | None:
    """The path that a command prints."""
    if re.fullmatch(r"pwd(?:\s+-[PL])?", command):
        return state.directory
    if re.fullmatch(r"git\s+rev-parse\s+--show-toplevel(?:\s*\|\|.*)?", command):
        return Directory("repository", ".")
    if match := _CD_PWD.fullmatch(command) or _FILE.fullmatch(command):
        return _evaluated(match[1], state, depth)
    if match := _DIRNAME.fullmatch(command):
        inside = _evaluated(match[1], state, depth)
        return _joined(inside, "..") if inside else None
    return None


def _end_of_expansion(text: str) -> int:
    """The index behind the expansion that a text begins with; 0 where it begins with none."""
    if match := re.match(r"\$\w+|\$\{[^{}]*\}|`[^`]*`", text):
        return match.end()
    if not text.startswith("$("):
        return 0
    depth = 0
    for match in re.finditer(r"[()]", text):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.end()
    return 0
