"""The project that a Compose command works on, and the services in it that it is about."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.project_files import Options, Request, environment_files, request_for
from cachelint.compose.variables import Variables
from cachelint.deployment.commands import absolute, is_known
from cachelint.record import NamedTuple
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cachelint.compose.resolved import ResolvedService
    from cachelint.deployment.jobs import Unit
    from cachelint.documents.docker_command import DockerCommand, DockerOption
    from cachelint.documents.script import Command
    from cachelint.project import Build, Project
    from cachelint.workspace import Workspace

_DIRECTORIES = ("--project-directory", "--workdir")


class Asked(NamedTuple):
    """A project as a command asks for it.

    `outer` is what the script says about the command's environment, as far as the files may look at it: None for a
    value that only the deploying machine knows.
    """

    request: Request
    outer: tuple[tuple[str, str | None], ...] = ()


if TYPE_CHECKING:
    Bind = Callable[[Asked], Project]


def asked_project(
    workspace: Workspace,
    asking: tuple[Unit, Command, DockerCommand],
    directories: Iterable[str],
    environment: Mapping[str, str | None],
) -> Asked | None:
    """The project of a Compose command that runs in one of these directories; None where it is not certain."""
    unit, command, docker = asking
    given = _paths(unit, command, _options(docker, "--file"))
    roots = _paths(unit, command, [one for name in _DIRECTORIES for one in _options(docker, name)])
    if docker.doubt or None in given or None in roots:
        return None
    env_files = _paths(unit, command, _options(docker, "--env-file"))
    if None in env_files:
        environment, env_files = {**environment, "COMPOSE_ENV_FILES": None}, []
    for one in _options(docker, "--project-name"):  # what ${COMPOSE_PROJECT_NAME} stands for then
        environment = {**environment, "COMPOSE_PROJECT_NAME": one.value if is_known(one.word) else None}
    outer = Variables(environment)
    options = Options(_known(given), roots[-1] if roots else None, _known(env_files))
    requests = (request_for(workspace, directory, options, outer) for directory in directories)
    found = {named for one in requests if one and (named := _named(workspace, one))}
    if len(found) != 1:
        return None
    [request] = found
    return Asked(request, tuple(_mentioned(workspace, request, environment)))


def _options(docker: DockerCommand, name: str) -> list[DockerOption]:
    return [one for one in (*docker.globals, *docker.options) if one.name == name]


def _paths(unit: Unit, command: Command, options: Sequence[DockerOption]) -> list[str | None]:
    """The paths that options name, absolute where the script says what its variables stand for; None where unknown."""
    return [_path(unit, command, one) for one in options]


def _path(unit: Unit, command: Command, option: DockerOption) -> str | None:
    if is_known(option.word):
        return option.value if option.value != "-" else None
    place = None if option.word.default or command.shell.path else unit.paths.locate(command, option.word)
    found = absolute(unit, place) if place and place.base != "start" else ()
    return found[0] if len(found) == 1 else None


def _known(paths: Iterable[str | None]) -> list[str]:
    return [path for path in paths if path is not None]


def _named(workspace: Workspace, request: Request) -> Request | None:
    """The request with the names under which its files are known here; None where one of them is missing."""
    names = tuple(map(workspace.tree.name_of, request.files))
    return request._replace(files=names) if all(map(os.path.isfile, names)) else None


def _mentioned(
    workspace: Workspace, request: Request, environment: Mapping[str, str | None]
) -> Iterator[tuple[str, str | None]]:
    """The variables that the files of a project may look at; all of them where it reads further files."""
    texts = "\n".join(_texts(workspace, request)) if environment else ""
    reads_more = "extends" in texts or "include" in texts
    for name, value in sorted(environment.items()):
        if reads_more or name in texts or name.startswith("COMPOSE_"):
            yield name, value


def _texts(workspace: Workspace, request: Request) -> Iterator[str]:
    for path in (*request.files, *filter(os.path.isfile, environment_files(request))):
        try:
            yield workspace.source(path).text
        except SourceError:
            continue


def services(docker: DockerCommand, project: Project) -> tuple[Build, ...]:
    """The builds of the services that a Compose command is about, those of other profiles left out."""
    if project.resolved is None or not all(map(is_known, docker.services)):
        return ()
    wanted = {word.text for word in docker.services}
    named = _options(docker, "--profile")
    if wanted:
        return tuple(one for one in project.builds if one.service and one.service.name in wanted)
    if not all(is_known(one.word) for one in named):
        active = None
    else:
        active = frozenset(one.value or "" for one in named) or project.resolved.profiles
    known = project.resolved.services
    if active is None and any(one.profiles for one in known.values()):
        return ()
    runs = {name for name, one in known.items() if _is_active(one, active or frozenset())}
    return tuple(one for one in project.builds if one.service and one.service.name in runs)


def _is_active(service: ResolvedService, profiles: frozenset[str]) -> bool:
    own = {leaf.text for leaf in service.profiles if leaf.known}
    return not service.profiles or "*" in profiles or not own.isdisjoint(profiles)
