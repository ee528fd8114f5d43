"""What has happened on each machine before a command, along every path of a script or of a job's steps."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, TypeAlias

from cachelint.deployment.jobs import Unit
from cachelint.documents.script import Machine
from cachelint.documents.script_flow import Facts, TooLongError, Walk
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from cachelint.deployment.jobs import Action
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.script import Command, Shell
    from cachelint.documents.script_tree import Simple

    MachineKey: TypeAlias = tuple[tuple[str, str], ...]
    Known: TypeAlias = frozenset[Hashable]
    Effect: TypeAlias = Callable[["Moment", Known], Known]

MAX_FACTS = 64
"""What may be known at once: a script in which more happens is one that nobody follows, and takes too long."""

_ABSOLUTE = regex(r"[/~$]")
_LOST = "?"


class Moment(NamedTuple):
    """A command, or a step with an action, when its turn comes.

    `machine` is the one that it runs on, `place` the directory there: ``/srv/app``, ``~/app`` or ``$DIR`` as the script
    calls it, ``start:.`` for where it was started; ``?`` where nobody knows. `call` is set when it talks to Docker.
    """

    item: Unit | Action
    command: Command | None
    call: DockerCall | None
    machine: MachineKey
    place: str


class Visited(NamedTuple):
    """A moment that is reached, with all that some path to it has made known."""

    moment: Moment
    known: Known


def below(place: str, path: str) -> str:
    """A path that is written in a place, as a place."""
    path = path.rstrip("/") or path
    if _ABSOLUTE.match(path):
        return path if path[0] == "$" else posixpath.normpath(path)
    if path in ("", ".", "./"):
        return place
    if place == _LOST:
        return _LOST
    base, colon, inside = place.rpartition(":")
    joined = posixpath.normpath(posixpath.join(inside, path))
    if ".." in path.split("/") and ("$" in inside or "~" in inside or (not colon and not inside.startswith("/"))):
        return _LOST
    return f"{base}{colon}{joined}"


def holds(outer: str, inner: str) -> bool:
    """Whether a place is another one, or lies in it, as far as their names say."""
    if _LOST in (outer, inner):
        return False
    if outer.endswith(":.") and inner.startswith(outer[:-1]):
        return not inner[len(outer) - 1 :].startswith("..")
    return inner == outer or inner.startswith(f"{outer}/")


def related(one: str, other: str) -> bool:
    """Whether one of two places holds the other."""
    return holds(one, other) or holds(other, one)


def follow(deployment: Deployment, effect: Effect, start: Known = frozenset()) -> list[Visited]:
    """Every moment of a deployment that can be reached; `effect` says what is known when one is over.

    What is known is what holds on one path at least. Nothing is told of a deployment in which too much happens.
    """
    try:
        return _follow(deployment, effect, start)
    except TooLongError:
        return []


def _follow(deployment: Deployment, effect: Effect, start: Known) -> list[Visited]:
    calls = {(id(call.unit), call.command.number): call for call in deployment.calls if call.unit and call.command}
    actions = {id(call.action): call for call in deployment.calls if call.action}
    visited: list[Visited] = []
    known = start
    for item in deployment.job.items:
        if isinstance(item, Unit):
            trail = _Trail(item, calls, effect, known)
            after = trail.walk(visited)
        else:
            moment = Moment(item, None, actions.get(id(item)), (), "start:.")
            visited.append(Visited(moment, known))
            after = effect(moment, known)
        is_sure = item.step is None or item.step.condition is None
        known = after if is_sure else known | after
    return visited


class _State(NamedTuple):
    place: str
    known: Known


class _Trail(Facts[_State]):
    """Follows one shell's text and those inside of it."""

    def __init__(self, unit: Unit, calls: Mapping[tuple[int, int], DockerCall], effect: Effect, known: Known) -> None:
        self.start = _State("start:." if not unit.is_remote else "~", known)
        self._unit = unit
        self._calls = calls
        self._effect = effect

    def walk(self, visited: list[Visited]) -> Known:
        """Follow it to its end; returns what is known then."""
        walk = Walk(self._unit.script, self)
        for number, state in walk.run().items():
            command = self._unit.script.commands[number]
            visited.append(Visited(self._moment(command, state.place), state.known))
        return walk.end.known

    def transfer(self, simple: Simple, state: _State) -> _State:
        if simple.command is None:
            return state
        command = self._unit.script.commands[simple.command]
        known = self._effect(self._moment(command, state.place), state.known)
        if len(known) > MAX_FACTS:
            raise TooLongError
        return _State(self._moved(command, state.place), known)

    def join(self, one: _State, two: _State) -> _State:
        return _State(one.place if one.place == two.place else _LOST, one.known | two.known)

    def enter(self, shell: Shell, state: _State) -> _State:
        return state if shell.machine is Machine.HERE else state._replace(place="~")

    def leave(self, before: _State, inner: _State) -> _State:
        return _State(before.place, inner.known)

    def _moment(self, command: Command, place: str) -> Moment:
        call = self._calls.get((id(self._unit), command.number))
        return Moment(self._unit, command, call, self._machine(command.shell), self._place(command, place))

    def _machine(self, shell: Shell) -> MachineKey:
        if not self._unit.is_remote:
            return shell.path
        inputs = self._unit.step.inputs if self._unit.step else {}
        host = inputs.get("host") or inputs.get("hosts")
        return ("remote", host.node.value if host and host.node else ""), *shell.path

    def _place(self, command: Command, place: str) -> str:
        """Where a command runs: as the reader of directories knows it on this machine, else as the script calls it."""
        if command.shell.path or self._unit.is_remote:
            return place
        base, path = command.directory
        if base == "unknown":
            return place
        if base == "home":
            return posixpath.normpath(f"~/{path}")
        return posixpath.join(base, path) if base == "/" else f"{base}:{path}"

    def _moved(self, command: Command, place: str) -> str:
        if command.name == "popd":
            return _LOST
        if command.name not in ("cd", "pushd") or command.wrappers:
            return place
        words = [word.text for word in command.words[1:] if word.text not in ("-P", "-L", "--")]
        if len(words) != 1 or words[0] == "-":
            return "~" if not words else _LOST
        return below(self._place(command, place), words[0])
