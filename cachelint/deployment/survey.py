"""The deployments of one file: its jobs, with what their commands and steps ask Docker for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.deployment.actions import BAKE, BUILD_PUSH, SETUP_BUILDX
from cachelint.deployment.actions import build_request as action_request
from cachelint.deployment.jobs import ABOUT_CACHES, ABOUT_DOCKER, Action, Unit, read_jobs
from cachelint.deployment.model import Deployment, DockerCall, is_ephemeral
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.compose.project_files import ResolvedProject
    from cachelint.deployment.jobs import ScriptJob
    from cachelint.deployment.request import BuildRequest
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command
    from cachelint.project import Build, Project
    from cachelint.workspace import Workspace

    Bind = Callable[[tuple[str, ...]], Project]


def survey(workspace: Workspace, path: str, bind: Bind) -> tuple[Deployment, ...]:
    """The deployments of a file, those that call Docker or clear caches.

    `bind` makes the project of Compose files that are given together.
    """
    try:
        source = workspace.source(path)
    except SourceError:
        return ()
    jobs = read_jobs(source, workspace.tree.files[path], workspace.tree.root)
    return tuple(one for one in (_deployment(workspace, job, bind) for job in jobs) if one.calls or _clears(one.job))


def _clears(job: ScriptJob) -> bool:
    return any(isinstance(one, Unit) and ABOUT_CACHES.search(one.text.text) for one in job.items)


def _deployment(workspace: Workspace, job: ScriptJob, bind: Bind) -> Deployment:
    calls = tuple(call for item in job.items for call in _calls(workspace, job, item, bind))
    if not calls:
        return Deployment(job, (), frozenset(), "")
    from cachelint.deployment.variables import variables_set

    path = os.path.relpath(job.source.path, workspace.tree.root).replace(os.sep, "/")
    return Deployment(job, calls, frozenset(variables_set(workspace, job)), path)


def _calls(workspace: Workspace, job: ScriptJob, item: Unit | Action, bind: Bind) -> Iterator[DockerCall]:
    if isinstance(item, Action):
        yield from _of_action(workspace, job, item)
    elif ABOUT_DOCKER.search(item.text.text):
        yield from _of_unit(workspace, job, item, bind)


def _of_action(workspace: Workspace, job: ScriptJob, action: Action) -> Iterator[DockerCall]:
    from cachelint.deployment.request import bind as bound

    assert action.step.uses
    if action.step.action == BUILD_PUSH:
        request = action_request(action, job.source)._replace(ephemeral=job.ephemeral)
        yield DockerCall(action.step.uses.span, (bound(workspace, request),), action.workspace, action)
    elif action.step.action in (BAKE, SETUP_BUILDX):
        yield DockerCall(action.step.uses.span, (), action.workspace, action)


def _of_unit(workspace: Workspace, job: ScriptJob, unit: Unit, bind: Bind) -> Iterator[DockerCall]:
    from cachelint.deployment.commands import directories
    from cachelint.deployment.request import bind as bound
    from cachelint.documents.docker_calls import docker_calls

    for found in docker_calls(unit.script, unit.env):
        command = found[0].command
        places = directories(unit, command)
        requests = [one for docker in found for one in _requests(workspace, unit, command, docker)]
        ephemeral = is_ephemeral(job, (("remote", ""),) if unit.is_remote else command.shell.path)
        builds = tuple(bound(workspace, request._replace(ephemeral=ephemeral)) for request in requests)
        directory = places[0] if len(places) == 1 else None
        composition = _Composition(workspace, found[0], places, bind)
        yield DockerCall(unit.text.widened(command.span), builds, directory, (unit, command, found[0]), composition)


def _requests(workspace: Workspace, unit: Unit, command: Command, docker: DockerCommand) -> Iterator[BuildRequest]:
    from cachelint.deployment.commands import build_request, directories

    request = build_request(unit, command, docker)
    if request:
        yield request
    elif docker.verb == "buildx bake" and not docker.idle:
        from cachelint.deployment.bake import bake_files, requests

        places = directories(unit, command)
        yield from requests(workspace, docker, bake_files(workspace, docker, places), places)


class _Composition:
    """What a Compose command is about; `places` are the directories in which it may run."""

    def __init__(self, workspace: Workspace, docker: DockerCommand, places: tuple[str, ...], bind: Bind) -> None:
        self._workspace = workspace
        self._docker = docker
        self._places = places
        self._bind = bind

    def services(self, directory: str | None) -> tuple[Build, ...]:
        from cachelint.deployment.compose_files import services

        files = self._files(directory)
        return services(self._docker, files, self._bind) if files else ()

    def project(self, directory: str | None) -> ResolvedProject | None:
        from cachelint.compose.project_files import Request, resolve_project

        files = self._files(directory)
        if not files or self._docker.values("--project-directory") or self._docker.values("--env-file"):
            return None
        return resolve_project(self._workspace, Request(files, os.path.dirname(files[0])))

    def _files(self, directory: str | None) -> tuple[str, ...]:
        from cachelint.deployment.compose_files import compose_files

        places = self._places if directory is None else (directory,)
        if self._docker.verb.startswith("compose "):
            return compose_files(self._workspace, self._docker, places)
        if self._docker.verb == "buildx bake":
            from cachelint.deployment.bake import bake_files

            files = bake_files(self._workspace, self._docker, places)
            return files if all(path.endswith((".yaml", ".yml")) for path in files) else ()
        return ()
