"""The deployments of one file: its jobs, with what their commands and steps ask Docker for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.deployment.actions import BAKE, BUILD_PUSH, SETUP_BUILDX
from cachelint.deployment.actions import build_request as action_request
from cachelint.deployment.jobs import ABOUT_CACHES, ABOUT_DOCKER, Action, Unit, kept_jobs
from cachelint.deployment.model import Deployment, DockerCall, is_ephemeral
from cachelint.discovery import Kind
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.project_files import ResolvedProject
    from cachelint.deployment.compose_files import Asked
    from cachelint.deployment.jobs import ScriptJob
    from cachelint.deployment.request import BuildRequest
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command
    from cachelint.project import Build
    from cachelint.scripts import Scripts
    from cachelint.workspace import Workspace


def survey(workspace: Workspace, path: str, scripts: Scripts) -> tuple[Deployment, ...]:
    """The deployments of a file, those that call Docker or clear caches.

    `scripts` are those of the whole tree, one of which may start it.
    """
    try:
        text = workspace.source(path).text
    except SourceError:
        return ()
    if not ABOUT_DOCKER.search(text) and not ABOUT_CACHES.search(text):
        return ()
    return tuple(one for one in survey_all(workspace, path, scripts) if one.calls or _clears(one.job))


def survey_all(workspace: Workspace, path: str, scripts: Scripts) -> tuple[Deployment, ...]:
    """The same, whatever they do."""
    return tuple(_deployment(workspace, job, scripts) for job in kept_jobs(workspace, path))


def _clears(job: ScriptJob) -> bool:
    return any(isinstance(one, Unit) and ABOUT_CACHES.search(one.text.text) for one in job.items)


def _deployment(workspace: Workspace, job: ScriptJob, scripts: Scripts) -> Deployment:
    calls = _all_calls(workspace, job, scripts)
    if not calls:
        return Deployment(job, (), frozenset(), "", scripts.callees, scripts.callers)
    from cachelint.deployment.variables import variables_set

    path = os.path.relpath(job.source.path, workspace.tree.root).replace(os.sep, "/")
    if job.kind is Kind.SHELL and scripts.callers.are_services(job):
        job = job._replace(ephemeral=None)
        calls = _all_calls(workspace, job, scripts)
    names = frozenset(variables_set(workspace, job))
    return Deployment(job, calls, names, path, scripts.callees, scripts.callers)


def _all_calls(workspace: Workspace, job: ScriptJob, scripts: Scripts) -> tuple[DockerCall, ...]:
    return tuple(call for item in job.items for call in _calls(workspace, job, item, scripts))


def _calls(workspace: Workspace, job: ScriptJob, item: Unit | Action, scripts: Scripts) -> Iterator[DockerCall]:
    if isinstance(item, Action):
        yield from _of_action(workspace, job, item)
    elif ABOUT_DOCKER.search(item.text.text):
        yield from _of_unit(workspace, job, item, scripts)


def _of_action(workspace: Workspace, job: ScriptJob, action: Action) -> Iterator[DockerCall]:
    from cachelint.deployment.request import bind as bound

    assert action.step.uses
    if action.step.action == BUILD_PUSH:
        request = action_request(action, job.source)._replace(ephemeral=job.ephemeral)
        yield DockerCall(action.step.uses.span, (bound(workspace, request),), action.workspace, action)
    elif action.step.action in (BAKE, SETUP_BUILDX):
        yield DockerCall(action.step.uses.span, (), action.workspace, action)


def _of_unit(workspace: Workspace, job: ScriptJob, unit: Unit, scripts: Scripts) -> Iterator[DockerCall]:
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
        composition = _Composition(workspace, (unit, command, found[0]), places, scripts)
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

    def __init__(
        self,
        workspace: Workspace,
        asking: tuple[Unit, Command, DockerCommand],
        places: tuple[str, ...],
        scripts: Scripts,
    ) -> None:
        self._workspace = workspace
        self._asking = asking
        self._places = places
        self._scripts = scripts
        self._found: dict[str | None, Asked | None] = {}

    def services(self, directory: str | None) -> tuple[Build, ...]:
        from cachelint.deployment.compose_files import services

        asked = self.asked(directory)
        return services(self._asking[2], self._scripts.project(asked)) if asked else ()

    def project(self, directory: str | None) -> ResolvedProject | None:
        asked = self.asked(directory)
        return self._scripts.project(asked).resolved if asked else None

    def asked(self, directory: str | None) -> Asked | None:
        if directory not in self._found:
            self._found[directory] = self._asked(directory)
        return self._found[directory]

    def _asked(self, directory: str | None) -> Asked | None:
        unit, command, docker = self._asking
        places = self._places if directory is None else (directory,)
        if docker.verb.startswith("compose "):
            from cachelint.deployment.compose_files import asked_project

            environment = unit.environment(self._workspace).of(command)
            if self._scripts.caller_mentions("COMPOSE_FILE", unit.text.source.path):
                environment.setdefault("COMPOSE_FILE", None)
            return asked_project(self._workspace, self._asking, places, environment)
        if docker.verb == "buildx bake":
            from cachelint.compose.project_files import Request
            from cachelint.deployment.bake import bake_files
            from cachelint.deployment.compose_files import Asked

            files = bake_files(self._workspace, docker, places)
            if files and all(path.endswith((".yaml", ".yml")) for path in files):
                return Asked(Request(files, os.path.dirname(files[0])))
        return None
