"""The docker commands of a script, each with the daemon that it talks to when its turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.docker_command import DockerCommand, docker_commands, is_docker
from cachelint.documents.docker_daemon import ENVIRONMENT, UNNAMED, Setting, chooses, in_front
from cachelint.documents.script import Machine
from cachelint.documents.script_flow import Facts, TooLongError, Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.documents.script import Assignment, Command, Script, Shell
    from cachelint.documents.script_tree import Simple

_Key: TypeAlias = tuple[tuple[tuple[str, str], ...], str]
_State: TypeAlias = tuple[tuple[_Key, Setting], ...]  # no text: typing takes a millisecond to read it as a type
_KEPT = frozenset({"context use", "buildx use"})


def docker_calls(
    script: Script, environment: Mapping[str, str | None] | None = None
) -> tuple[tuple[DockerCommand, ...], ...]:
    """The docker commands in the order in which they are written, each with every reading that its variables allow.

    `environment` are the variables that the script starts with.
    """
    given = {name: Setting(value) for name, value in (environment or {}).items() if value and name in ENVIRONMENT}
    chosen = _choices(script, tuple(sorted((((), name), one) for name, one in given.items())))
    asking = [command for command in script.commands if is_docker(command)]
    known = (_known(script, command, chosen.get(command.number, ())) for command in asking)
    return tuple(map(docker_commands, asking, known))


def _choices(script: Script, start: _State) -> Mapping[int, _State]:
    """What is chosen before each command; scripts that choose nothing, as most do, need no walk for that."""
    exports = any(one.name in ENVIRONMENT and one.how != "command" for one in script.assignments)
    if not exports and not any(map(chooses, script.commands)):
        return dict.fromkeys(range(len(script.commands)), start) if start else {}
    try:
        return Walk(script, _Choices(script, start)).run()
    except TooLongError:
        return {}


def _known(script: Script, command: Command, state: _State) -> Mapping[str, Setting]:
    """What is chosen for a command: by what ran before it, or for its shell alone (``DOCKER_HOST=… bash -c …``)."""
    path = command.shell.path
    found = {name: setting for (machine, name), setting in state if machine == path}
    shell: Shell | None = command.shell
    given: dict[str, Setting] = {}
    while shell is not None and shell.machine is Machine.HERE and shell.command is not None:
        given = {**in_front(script.commands[shell.command]), **given}
        shell = shell.parent
    return {**found, **given} if given else found


class _Choices(Facts[_State]):
    """Which daemon and builder the script has chosen, on each machine."""

    def __init__(self, script: Script, start: _State) -> None:
        self.start = start
        self._script = script
        self._exported = {one.name for one in script.assignments if one.exported}

    def transfer(self, simple: Simple, state: _State) -> _State:
        known = dict(state)
        for number in simple.assigns:
            self._assign(self._script.assignments[number], known)
        if simple.command is not None:
            self._choose(self._script.commands[simple.command], known)
        return tuple(sorted(known.items()))

    def _assign(self, one: Assignment, known: dict[_Key, Setting]) -> None:
        key = one.shell.path, one.name
        if one.name not in ENVIRONMENT:
            return
        if one.how == "unset":
            known.pop(key, None)
        elif one.how != "export" and (one.exported or one.name in self._exported):
            values = one.values or ()
            text = "".join(word.text for word in values)
            known[key] = Setting(text, bool(values) and all(word.literal for word in values))

    def _choose(self, command: Command, known: dict[_Key, Setting]) -> None:
        path = command.shell.path
        if not chooses(command):
            return
        if command.name == "eval":
            known[path, "DOCKER_HOST"] = Setting(" ".join(command.texts[1:]), certain=False)
        for read in docker_commands(command)[:1]:
            name = _chosen(read)
            if name is not None:
                key = "context use" if read.verb == "context use" else "buildx use"
                known[path, key] = Setting(*name)

    def join(self, one: _State, two: _State) -> _State:
        first, second = dict(one), dict(two)
        if first == second:
            return one
        found: dict[_Key, Setting] = {}
        for key in {**first, **second}:
            left, right = first.get(key), second.get(key)
            known = left or right or Setting("")
            found[key] = known if left == right else Setting(min(known.value, (right or known).value), certain=False)
        return tuple(sorted(found.items()))

    def leave(self, before: _State, inner: _State) -> _State:
        """Exported variables stay in their shell; what ``context use`` chose is written down."""
        kept = [one for one in inner if one[0][1] in _KEPT]
        return tuple(sorted([*kept, *(one for one in before if one[0][1] not in _KEPT)]))


def _chosen(command: DockerCommand) -> tuple[str, bool] | None:
    """The context or builder that a command chooses for those behind it."""
    if command.verb in {"context use", "buildx use"} and command.arguments:
        return command.arguments[0].text, command.arguments[0].literal
    if command.verb == "buildx create" and command.flag("--use"):
        name = next((one for one in command.options if one.name == "--name"), None)
        return (name.value or "", name.word.literal) if name else (UNNAMED, False)
    return None
