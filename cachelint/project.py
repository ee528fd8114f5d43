"""What is linted together: Compose files bound to the Dockerfiles and contexts that their services build."""

from __future__ import annotations

import os
import re
from itertools import groupby
from typing import TYPE_CHECKING

from cachelint.buildcache.model import Model
from cachelint.context import Context
from cachelint.diagnostic import Location, locate
from cachelint.discovery import SCRIPTS, Kind
from cachelint.documents.compose import ComposeFile, NotComposeError
from cachelint.documents.dockerfile import Dockerfile, DockerfileError, parse_dockerfile
from cachelint.documents.yaml import Mapping, YamlError, deref, text_of
from cachelint.record import NamedTuple
from cachelint.scripts import Scripts
from cachelint.source import Position, SourceError, SourceFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cachelint.deployment.model import Deployment
    from cachelint.deployment.request import BuildRequest
    from cachelint.documents.compose import Arg, ComposeBuild, Service
    from cachelint.workspace import Workspace

REMOTE = re.compile(r"\w[\w+-]*://|git@|github\.com/|service:")
"""How a context begins that is no directory on this machine."""

_TEMPLATE = re.compile(r"[._-](?:tmpl|tpl|template|j2|jinja2?|in)\b")
_CANONICAL = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


class Problem(NamedTuple):
    """A file that could not be read or parsed; no rule for builds runs on it."""

    location: Location
    message: str


class BuildArg(NamedTuple):
    """One build argument with the place it comes from; `value` is None when the environment gives it."""

    name: str
    value: str | None
    source: SourceFile
    entry: Arg


class Build(NamedTuple):
    """What one image build is asked for.

    `service` and `compose` say who asks; without them nobody is known to, and only the Dockerfile speaks. `context` is
    a local build context that exists, else None. `dockerfile` is None when it is missing,
    unreadable or not known. `args` stand in the origin's own file, `added_args` are names that other files may add;
    `resolved` is false when what else belongs to the build is not known. `paths` are the files it is made of, absolute.
    `model` answers what the build reuses; None when its Dockerfile or its target is not known. `command` is the request
    of a command or workflow step that asks for it, in place of a service.
    """

    compose: ComposeFile | None
    service: Service | None
    context: Context | None
    dockerfile: Dockerfile | None
    target: str | None
    args: tuple[BuildArg, ...]
    added_args: frozenset[str]
    resolved: bool
    paths: frozenset[str]
    model: Model | None = None
    command: BuildRequest | None = None

    @property
    def request(self) -> ComposeBuild:
        """The ``build`` of the service that asks."""
        assert self.service
        assert self.service.build
        return self.service.build

    @property
    def location(self) -> Location:
        """The ``build`` key of the service that asks, or its own key when the build was merged in; else the command."""
        if self.command:
            return locate(self.command.source, self.command.span)
        assert self.compose
        assert self.service
        own = self.service.node.own("build")
        return locate(self.compose.source, (own or self.service).key.span)

    @property
    def is_lone(self) -> bool:
        """Whether nobody is known to ask for it: only its Dockerfile speaks."""
        return self.service is None and self.command is None

    @property
    def reuses(self) -> bool:
        """Whether somebody asks for it on a machine that may have a cache from an earlier build."""
        return self.command.reuses if self.command else self.service is not None

    @property
    def is_inline(self) -> bool:
        """Whether the Dockerfile is written inside the Compose file, so that no place in it is a place in a file."""
        return self.service is not None and self.request.inline is not None


class Project(NamedTuple):
    """The Compose files of one directory and the builds they ask for, or one Dockerfile that no service builds.

    Or one file of scripts: then `deployments` are what they ask Docker for, and `builds` those of its commands.
    """

    compose_files: tuple[ComposeFile, ...]
    dockerfiles: tuple[Dockerfile, ...]
    builds: tuple[Build, ...]
    problems: tuple[Problem, ...]
    scripts: Scripts
    skipped: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()


class Census:
    """What there is to bind in a workspace.

    `directories` are the Compose files, those of one directory together, and `script_files` what runs commands. Each
    is bound, and can be linted, alone.
    """

    def __init__(self, workspace: Workspace) -> None:
        compose = [path for path, kind in workspace.tree.files.items() if kind is Kind.COMPOSE]
        grouped = groupby(sorted(compose, key=os.path.split), os.path.dirname)
        self._by_directory = {directory: tuple(paths) for directory, paths in grouped}
        self.directories = list(self._by_directory.values())
        self.script_files = [path for path, kind in workspace.tree.files.items() if kind in SCRIPTS]
        self._workspace = workspace
        self._bases = _extended_services(workspace, compose)
        self._scripts = Scripts(workspace, self._beside)

    def bind(self, paths: tuple[str, ...]) -> tuple[Project, frozenset[str]]:
        """The project of one directory, and the paths of the Dockerfiles that it builds."""
        binder = _Binder(self._workspace, self._scripts, self._bases)
        project = binder.bind(list(paths))
        return project, frozenset(binder.dockerfile_paths)

    def scripted(self, path: str) -> tuple[Project, frozenset[str]]:
        """The project of one file of scripts, and the paths of the Dockerfiles that its commands build."""
        from cachelint.deployment.survey import survey

        deployments = survey(self._workspace, path, self._beside)
        builds = tuple(build for one in deployments for call in one.calls for build in call.builds_itself)
        dockerfiles = {build.dockerfile.source.path: build.dockerfile for build in builds if build.dockerfile}
        project = Project((), tuple(dockerfiles.values()), builds, (), self._scripts, deployments=deployments)
        return project, frozenset(dockerfiles)

    def _beside(self, directory: str, files: frozenset[str]) -> Project:
        """The project of a directory's Compose files, with these files of it whatever their names say."""
        known = self._by_directory.get(directory, ())
        return self.bind((*known, *sorted(files.difference(known))))[0]

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
    for paths in census.directories:
        project, dockerfiles = census.bind(paths)
        yield project
        built |= dockerfiles
    yield from map(census.lone, census.left_over(built))


def _lone_dockerfile(workspace: Workspace, scripts: Scripts, path: str) -> Project:
    try:
        dockerfile = workspace.dockerfile(path)
    except (SourceError, DockerfileError) as error:
        return Project((), (), (), (_problem(workspace, path, error),), scripts)
    build = Build(
        None, None, None, dockerfile, None, (), frozenset(), False, frozenset((path,)), Model(dockerfile, None, {})
    )
    return Project((), (dockerfile,), (build,), (), scripts)


def _problem(workspace: Workspace, path: str, error: Exception) -> Problem:
    message = str(error)
    span = getattr(error, "span", None)
    if span is None:
        start = Position(1, 1, 0)
        return Problem(Location(path, start, start, ""), f"cannot read the file: {message}")
    return Problem(locate(workspace.source(path), span), message)


def _extended_services(workspace: Workspace, paths: list[str]) -> frozenset[tuple[str, str]]:
    """(file, service) of everything that some service extends: it may be no more than a template.

    Only files that say ``extends`` are parsed here.
    """
    found: set[tuple[str, str]] = set()
    for path in paths:
        try:
            if "extends" in workspace.source(path).text:
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
            yield at, name or ""
        elif value is not None:
            yield path, text_of(value) or ""


class _Binder:
    """Binds the Compose files of one directory."""

    def __init__(self, workspace: Workspace, scripts: Scripts, bases: frozenset[tuple[str, str]]) -> None:
        self._workspace = workspace
        self._scripts = scripts
        self._bases = bases
        self._problems: list[Problem] = []
        self._models: dict[tuple[object, ...], Model] = {}  # each keeps its Dockerfile, so that no `id` comes again
        self.dockerfile_paths: set[str] = set()

    def bind(self, paths: list[str]) -> Project:
        files: list[ComposeFile] = []
        skipped: list[str] = []
        for path in paths:
            try:
                files.append(self._workspace.compose(path))
            except NotComposeError:
                skipped.append(path)
            except (SourceError, YamlError) as error:
                if _TEMPLATE.search(os.path.basename(path)):
                    skipped.append(path)
                else:
                    self._problems.append(_problem(self._workspace, path, error))
        builds = tuple(self._builds(files))
        in_files = (build.dockerfile for build in builds if build.dockerfile and not build.is_inline)
        dockerfiles = {one.source.path: one for one in in_files}
        found = tuple(files), tuple(dockerfiles.values()), builds, tuple(self._problems)
        return Project(*found, self._scripts, tuple(skipped))

    def _builds(self, files: list[ComposeFile]) -> Iterator[Build]:
        by_name: dict[str, list[Service]] = {}
        for file in files:
            for service in file.services:
                by_name.setdefault(service.name, []).append(service)
        for file in files:
            for service in file.services:
                if service.build:
                    namesakes = [one for one in by_name[service.name] if one is not service]
                    yield self._build(file, service, service.build, namesakes)

    def _build(self, file: ComposeFile, service: Service, request: ComposeBuild, namesakes: list[Service]) -> Build:
        source = file.source
        context = self._context(request, source)
        dockerfile, path = self._dockerfile(request, context, source)
        added = frozenset(arg.name for one in namesakes if one.build for arg in one.build.args)
        args = tuple(BuildArg(arg.name, arg.value, source, arg) for arg in request.args)
        files = Context(self._workspace, context, path or "") if context else None
        target = request.target.value if request.target else None
        return Build(
            file,
            service,
            files,
            dockerfile,
            _known(target or "") or None,
            args,
            added,
            self._is_resolved(file, service, request, namesakes),
            frozenset((source.path, path) if path else (source.path,)),
            self._model(dockerfile, target, args, files) if dockerfile else None,
        )

    def _model(
        self, dockerfile: Dockerfile, target: str | None, args: tuple[BuildArg, ...], context: Context | None
    ) -> Model | None:
        """Services that build the same image with the same arguments share one model."""
        if target and not _known(target):
            return None
        values = {arg.name: _known(arg.value) if arg.value is not None else None for arg in args}
        key = id(dockerfile), target, tuple(values.items()), context.directory if context else None
        if key not in self._models:
            self._models[key] = Model(dockerfile, target, values, context.files if context else lambda: None)
        return self._models[key]

    def _is_resolved(
        self, file: ComposeFile, service: Service, request: ComposeBuild, namesakes: list[Service]
    ) -> bool:
        """Whether all that makes up the build stands in this file (arguments that files beside it add are known)."""
        if not service.resolved or not all(one.resolved for one in namesakes):
            return False
        if (file.source.path, service.name) in self._bases:
            return False
        if any(one.build for one in namesakes):
            is_base = os.path.basename(file.source.path) in _CANONICAL
            return is_base and request.context is not None
        return True

    def _context(self, request: ComposeBuild, source: SourceFile) -> str | None:
        text = request.context.value if request.context else "."
        if not _known(text) or REMOTE.match(text) or text.startswith("~"):
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(source.path), text))
        return path if os.path.isdir(path) and self._workspace.contains(path) else None

    def _dockerfile(
        self, request: ComposeBuild, context: str | None, source: SourceFile
    ) -> tuple[Dockerfile | None, str | None]:
        if request.inline:
            return self._inline(request.inline.value, source), None
        name = request.dockerfile.value if request.dockerfile else "Dockerfile"
        if context is None or not _known(name):
            return None, None
        path = self._workspace.tree.name_of(os.path.normpath(os.path.join(context, name)))
        if not os.path.isfile(path) or not self._workspace.contains(path):
            return None, None
        return self._read_dockerfile(path), path

    def _read_dockerfile(self, path: str) -> Dockerfile | None:
        first_time = path not in self.dockerfile_paths
        self.dockerfile_paths.add(path)
        try:
            return self._workspace.dockerfile(path)
        except (SourceError, DockerfileError) as error:
            if first_time:
                self._problems.append(_problem(self._workspace, path, error))
            return None

    def _inline(self, text: str, source: SourceFile) -> Dockerfile | None:
        try:
            return parse_dockerfile(SourceFile(source.path, text.replace("$$", "$")))
        except DockerfileError:
            return None


def _known(text: str) -> str | None:
    """The text if it holds no variable: its value is known to the deploy host only."""
    return None if "$" in text else text
