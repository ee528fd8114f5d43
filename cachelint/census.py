"""What there is to lint in a workspace: the Compose files of each directory, scripts, and Dockerfiles left over."""

from __future__ import annotations

import os
from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING

from cachelint.binding import Binder, problem_of
from cachelint.buildcache.model import Model
from cachelint.compose.variables import Variables
from cachelint.discovery import SCRIPTS, Kind
from cachelint.documents.compose import NotComposeError
from cachelint.documents.dockerfile import DockerfileError
from cachelint.documents.yaml import Mapping, YamlError, deref, text_of
from cachelint.project import Build, Problem, Project
from cachelint.scripts import Scripts
from cachelint.source import SourceError
from cachelint.workers import spread

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cachelint.deployment.compose_files import Asked
    from cachelint.deployment.named_projects import Group
    from cachelint.diagnostic import Location
    from cachelint.documents.compose import ComposeFile
    from cachelint.workspace import Workspace

_KEPT = 64
_WORDS = ("cache_from", "extends", "include")


class Census:
    """What there is to bind in a workspace.

    `script_files` are those that run commands. Each of them, and each of the `groups` of Compose files, is bound, and
    can be linted, alone.
    """

    def __init__(self, workspace: Workspace) -> None:
        compose = [path for path, kind in workspace.tree.files.items() if kind is Kind.COMPOSE]
        grouped = groupby(sorted(compose, key=os.path.split), os.path.dirname)
        self._directories = [tuple(paths) for _, paths in grouped]
        self.script_files = [path for path, kind in workspace.tree.files.items() if kind in SCRIPTS]
        self._workspace = workspace
        self._said: dict[str, frozenset[str]] = {}
        self._bases = _extended_services(workspace, [path for path in compose if "extends" in self._says(path)])
        self._scripts = Scripts(workspace, self._asked)
        self._projects: dict[Asked, Project] = {}

    @cached_property
    def groups(self) -> list[Group]:
        """The Compose files by directory, those together that a command uses together."""
        from cachelint.deployment.named_projects import grouped, merged, named_in

        def named(paths: Sequence[str]) -> list[tuple[Asked, Location]]:
            return [one for path in paths for one in named_in(self._workspace, self._scripts, path)]

        found = chain.from_iterable(spread(self.script_files, named))
        return grouped(self._workspace, self._directories, merged(found))

    def may_read_caches(self, group: Group) -> bool:
        """Whether a build of a group may have a ``cache_from``: its files say it, or lead to others that may."""
        return any(map(self._says, group.files))

    def _says(self, path: str) -> frozenset[str]:
        """Which of the words that decide whether it is looked into a Compose file has; each file is read once."""
        if path not in self._said:
            self._said[path] = _words_in(self._workspace, path)
        return self._said[path]

    def bind(self, group: Group) -> tuple[Project, frozenset[str]]:
        """The project of a group, and the paths of the Dockerfiles that it builds."""
        binder = Binder(self._workspace, self._scripts, self._bases)
        project = binder.bind(group)
        return project, frozenset(binder.dockerfile_paths)

    def scripted(self, path: str) -> tuple[Project, frozenset[str]]:
        """The project of one file of scripts, and the paths of the Dockerfiles that its commands build."""
        from cachelint.deployment.survey import survey

        deployments = survey(self._workspace, path, self._scripts)
        builds = tuple(build for one in deployments for call in one.calls for build in call.builds_itself)
        dockerfiles = {build.dockerfile.source.path: build.dockerfile for build in builds if build.dockerfile}
        problem = None if deployments else self._problem(path)
        problems = (problem,) if problem else ()
        project = Project((), tuple(dockerfiles.values()), builds, problems, self._scripts, deployments=deployments)
        return project, frozenset(dockerfiles)

    def _problem(self, path: str) -> Problem | None:
        from cachelint.unread import problem_in

        return problem_in(self._workspace, path)

    def _asked(self, asked: Asked) -> Project:
        """The project that a command asks for; several commands of a script ask for the same, in a row."""
        if asked not in self._projects:
            if len(self._projects) >= _KEPT:
                self._projects.clear()
            binder = Binder(self._workspace, self._scripts, frozenset())
            self._projects[asked] = binder.bind_request(asked.request, Variables(dict(asked.outer)))
        return self._projects[asked]

    def project_of(self, build: Build) -> Project:
        """A project of nothing but one build."""
        return Project((), (build.dockerfile,) if build.dockerfile else (), (build,), (), self._scripts)

    def left_over(self, built: Collection[str]) -> list[str]:
        """The Dockerfiles that no project builds."""
        files = self._workspace.tree.files.items()
        return [path for path, kind in files if kind is Kind.DOCKERFILE and path not in built]

    def lone(self, path: str) -> Project:
        """The project of one Dockerfile that nobody is known to build."""
        return _lone_dockerfile(self._workspace, self._scripts, path)


def projects(workspace: Workspace) -> Iterator[Project]:
    """The projects of a workspace, one at a time: Compose files by directory, then the Dockerfiles left over."""
    census = Census(workspace)
    built: set[str] = set()
    for group in census.groups:
        project, dockerfiles = census.bind(group)
        yield project
        built |= dockerfiles
    yield from map(census.lone, census.left_over(built))


def builds_of_tree(workspace: Workspace, given: frozenset[str] | None) -> Iterator[Build]:
    """All builds of a tree, those of its scripts too; with `given` those that one of these files takes part in."""
    census = Census(workspace)
    projects = [census.bind(group)[0] for group in census.groups]
    projects += [census.scripted(path)[0] for path in census.script_files]
    found = (build for project in projects for build in project.builds)
    return (build for build in found if given is None or not given.isdisjoint(build.paths))


def _lone_dockerfile(workspace: Workspace, scripts: Scripts, path: str) -> Project:
    try:
        dockerfile = workspace.dockerfile(path)
    except (SourceError, DockerfileError) as error:
        return Project((), (), (), (problem_of(workspace, path, error),), scripts)
    build = Build(
        None, None, None, dockerfile, None, (), frozenset(), False, frozenset((path,)), Model(dockerfile, None, {})
    )
    return Project((), (dockerfile,), (build,), (), scripts)


def _words_in(workspace: Workspace, path: str) -> frozenset[str]:
    try:
        text = workspace.source(path).text
    except SourceError:  # reported when the file's turn comes
        return frozenset()
    return frozenset(word for word in _WORDS if word in text)


def _extended_services(workspace: Workspace, paths: list[str]) -> frozenset[tuple[str, str]]:
    """(file, service) of everything that a service of these files extends: it may be no more than a template."""
    found: set[tuple[str, str]] = set()
    for path in paths:
        try:
            found.update(_extends(path, workspace.compose(path)))
        except (SourceError, YamlError, NotComposeError):
            continue  # reported when the file's turn comes
    return frozenset(found)


def _extends(path: str, compose: ComposeFile) -> Iterator[tuple[str, str]]:
    for service in compose.services:
        entry = service.node.merged.get("extends")
        value = deref(entry.value) if entry else None
        if isinstance(value, Mapping):
            name, file = (
                text_of(value.merged[key].value) if key in value.merged else None for key in ("service", "file")
            )
            at = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if at != path:
                yield at, name or ""
