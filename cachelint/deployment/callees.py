"""Whether another script that a script runs or reads in prunes a cache: known by what it says, or by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.commands import absolute
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.script import Command

_MAX_DEPTH = 5
_PRUNES = frozenset({"builder prune", "system prune"})
_NAME = regex(
    r"prune|(?:clear|clean|purge|drop|bust)\w{0,50}[-_/]?(?:docker|build|cache|all)|docker[-_]?clean", re.IGNORECASE
)
_RUNNERS = frozenset({"make", "just", "task", "npm", "yarn", "pnpm", "bash", "sh", "source", "."})
_KNOWN = frozenset({"docker", "docker-compose", "podman", "echo", "printf", "git", "rm", "find", "apt-get", "apt"})


class Callees:
    """The scripts that the scripts of a tree call. `deployments` reads one (absolute path), None where it is not here.

    Each is read when it is first asked for, and its answer kept.
    """

    def __init__(self, deployments: Callable[[str], tuple[Deployment, ...] | None]) -> None:
        self._deployments = deployments
        self._known: dict[tuple[str, bool], bool | None] = {}
        self._depth = 0

    def pruning(self, unit: Unit, *, by_name: bool) -> frozenset[int]:
        """The numbers of the commands that run, or read in, something that prunes on some path through it.

        `by_name` takes the word of a name for it, ``make docker-clean``, where nobody can look inside.
        """
        commands = unit.script.commands
        return frozenset(one.number for one in commands if self._may_prune(one, _scripts(unit, one), by_name))

    def run_by(self, unit: Unit, command: Command) -> tuple[Deployment, ...]:
        """What a command may run or read in, by where the script may be started; nothing where that is not here."""
        return tuple(one for path, _ in _scripts(unit, command) for one in self._deployments(path) or ())

    def jobs(self, path: str) -> tuple[Deployment, ...] | None:
        """What a file (absolute path) runs; None where it is none of the tree's."""
        return self._deployments(path)

    def _may_prune(self, command: Command, scripts: Iterable[tuple[str, bool]], by_name: bool) -> bool:
        found = [self._prunes(path, sourced=sourced) for path, sourced in scripts]
        known = [one for one in found if one is not None]
        return any(known) if known else by_name and _says_so(command)

    def _prunes(self, path: str, *, sourced: bool) -> bool | None:
        key = path, sourced
        if self._depth >= _MAX_DEPTH:
            return None
        if key not in self._known:
            self._known[key] = False  # what calls itself prunes no more than it does without that
            self._known[key] = self._look(path, sourced=sourced)
        return self._known[key]

    def _look(self, path: str, *, sourced: bool) -> bool | None:
        deployments = self._deployments(path)
        if deployments is None:
            return None
        self._depth += 1
        try:
            return any(self._prunes_in(one, sourced=sourced) for one in deployments)
        finally:
            self._depth -= 1

    def _prunes_in(self, deployment: Deployment, *, sourced: bool) -> bool:
        """Whether it prunes on its own machine; what is read in runs no function that it defines."""
        found = [call.command for call in deployment.calls if call.command and _is_prune(call)]
        for unit in deployment.units:
            found += [unit.script.commands[number] for number in self.pruning(unit, by_name=True)]
        return any(not (sourced and one.function) for one in found)


def _is_prune(call: DockerCall) -> bool:
    return call.docker is not None and call.docker.verb in _PRUNES and not call.docker.idle and not call.host


def _says_so(command: Command) -> bool:
    """Whether a name does: ``./clear-cache.sh``, ``make docker-clean``."""
    words = command.texts[: 2 + (command.name in _RUNNERS)]
    return command.name not in _KNOWN and any(map(_NAME.search, words))


def _scripts(unit: Unit, command: Command) -> Iterator[tuple[str, bool]]:
    """The files (absolute) that a command may run, or (with True) read in, by where the script may be started."""
    for place, sourced in unit.called.get(command.number, ()):
        yield from ((path, sourced) for path in absolute(unit, place))
