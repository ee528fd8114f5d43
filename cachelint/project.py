"""What is linted together: Compose files bound to the Dockerfiles and contexts that their services build."""

from __future__ import annotations

import os
import re
from itertools import groupby
from typing import TYPE_CHECKING

from cachelint.buildcache.model import Model
from cachelint.compose.project_files import Request, resolve_project
from cachelint.compose.readings import Reading
from cachelint.composed import (
    ReadProject,
    argument,
    is_bare,
    mounts_of,
    parts_of,
    read_projects,
    request_of,
    shown_value,
    text_at,
    value_of,
    way_of,
)
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

    from cachelint.compose.resolved import ResolvedBuild, ResolvedService
    from cachelint.compose.tree import ComposeError, Fields, Leaf
    from cachelint.composed import Part, Text
    from cachelint.deployment.model import Deployment
    from cachelint.deployment.request import BuildRequest
    from cachelint.diagnostic import Related
    from cachelint.documents.compose import Arg, ComposeBuild, Service
    from cachelint.documents.compose_volumes import Mount
    from cachelint.source import Span
    from cachelint.workspace import Workspace

REMOTE = re.compile(r"\w[\w+-]*://|git@|github\.com/|service:")
"""How a context begins that is no directory on this machine."""

_KEPT = 64
_TEMPLATE = re.compile(r"[._-](?:tmpl|tpl|template|j2|jinja2?|in)\b")


class Problem(NamedTuple):
    """A file that could not be read or parsed; no rule for builds runs on it."""

    location: Location
    message: str


class BuildArg(NamedTuple):
    """One build argument with the place it comes from; `value` is None when the environment gives it.

    `written` is the value before variables were replaced, None for the same as `value`. `file` is the Compose file that
    it stands in, `way` how it came from there.
    """

    name: str
    value: str | None
    source: SourceFile
    entry: Arg
    written: str | None = None
    file: ComposeFile | None = None
    way: tuple[Related, ...] = ()

    @property
    def place(self) -> tuple[str, Span]:
        """What tells the places of two arguments apart."""
        return self.source.path, self.entry.span


class Build(NamedTuple):
    """What one image build is asked for, by all files of a project together.

    `service` and `compose` say who asks, at the lowest place where the service has a build (`parts`, the lowest first);
    without them nobody is known to, and only the Dockerfile speaks. `context` is a local build context that exists,
    else None. `dockerfile` is None when it is missing, unreadable or not known. `added_args` are names that other
    readings of the same files add; `resolved` is false when something that belongs to the build is not known. `paths`
    are the files it is made of, absolute. `model` answers what the build reuses; None when its Dockerfile or its target
    is not known. `command` is the request of a command or workflow step that asks for it, in place of a service.

    `files` are the Compose files of the project, `combination` the paths of those that are given to Compose; it takes
    them by itself when it `is_default`, and it is not `is_certain` that others are used like that.
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
    parts: tuple[Part, ...] = ()
    fields: Fields | None = None
    cache_from: tuple[Text, ...] = ()
    cache_to: tuple[Text, ...] = ()
    mounts: tuple[Mount, ...] = ()
    files: tuple[ComposeFile, ...] = ()
    combination: tuple[str, ...] = ()
    is_certain: bool = True
    is_default: bool = False
    way: tuple[Related, ...] = ()

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
        return location_of(self.parts[0])

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


def location_of(part: Part) -> Location:
    """The ``build`` key of a part of a service, or the service's own key when the build was merged in."""
    own = part.service.node.own("build")
    return locate(part.file.source, (own or part.service).key.span)


class Project(NamedTuple):
    """The Compose files of one directory and the builds they ask for, or one Dockerfile that no service builds.

    `refused` is what Compose would refuse. Or one file of scripts: then `deployments` are what they ask Docker for, and
    `builds` those of its commands.
    """

    compose_files: tuple[ComposeFile, ...]
    dockerfiles: tuple[Dockerfile, ...]
    builds: tuple[Build, ...]
    problems: tuple[Problem, ...]
    scripts: Scripts
    skipped: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    refused: tuple[ComposeError, ...] = ()


class Census:
    """What there is to bind in a workspace.

    `directories` are the Compose files, those of one directory together, and `script_files` what runs commands. Each
    is bound, and can be linted, alone.
    """

    def __init__(self, workspace: Workspace) -> None:
        compose = [path for path, kind in workspace.tree.files.items() if kind is Kind.COMPOSE]
        grouped = groupby(sorted(compose, key=os.path.split), os.path.dirname)
        self.directories = [tuple(paths) for _, paths in grouped]
        self.script_files = [path for path, kind in workspace.tree.files.items() if kind in SCRIPTS]
        self._workspace = workspace
        self._bases = _extended_services(workspace, compose)
        self._scripts = Scripts(workspace, self._given)
        self._projects: dict[tuple[str, ...], Project] = {}

    def bind(self, paths: tuple[str, ...]) -> tuple[Project, frozenset[str]]:
        """The project of one directory, and the paths of the Dockerfiles that it builds."""
        binder = _Binder(self._workspace, self._scripts, self._bases)
        project = binder.bind(list(paths))
        return project, frozenset(binder.dockerfile_paths)

    def scripted(self, path: str) -> tuple[Project, frozenset[str]]:
        """The project of one file of scripts, and the paths of the Dockerfiles that its commands build."""
        from cachelint.deployment.survey import survey

        deployments = survey(self._workspace, path, self._given)
        builds = tuple(build for one in deployments for call in one.calls for build in call.builds_itself)
        dockerfiles = {build.dockerfile.source.path: build.dockerfile for build in builds if build.dockerfile}
        project = Project((), tuple(dockerfiles.values()), builds, (), self._scripts, deployments=deployments)
        return project, frozenset(dockerfiles)

    def _given(self, files: tuple[str, ...]) -> Project:
        """The project of files that are given to Compose, in this order; several commands of a script are, in a row."""
        if files not in self._projects:
            if len(self._projects) >= _KEPT:
                self._projects.clear()
            self._projects[files] = _Binder(self._workspace, self._scripts, frozenset()).bind_given(files)
        return self._projects[files]

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
            if at != path:
                yield at, name or ""


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
        directory = os.path.dirname(paths[0]) if paths else self._workspace.tree.root
        read = read_projects(self._workspace, directory, [one.source.path for one in files])
        return self._project(files, read)._replace(skipped=tuple(skipped))

    def bind_given(self, paths: tuple[str, ...]) -> Project:
        """The project of files that are given to Compose together."""
        request = Request(paths, os.path.dirname(paths[0]))
        project = resolve_project(self._workspace, request)
        return self._project([], [ReadProject(Reading(request), project, is_certain=True)])

    def _project(self, files: list[ComposeFile], read: list[ReadProject]) -> Project:
        builds = tuple(self._builds(read))
        in_files = (build.dockerfile for build in builds if build.dockerfile and not build.is_inline)
        dockerfiles = {one.source.path: one for one in in_files}
        known = {one.source.path: one for one in files}
        known.update((part.file.source.path, part.file) for build in builds for part in build.parts)
        errors = (error for one in read if one.is_certain for error in one.project.errors if not error.is_partial)
        refused = {(error.source.path, error.span, str(error)): error for error in errors}
        found = tuple(known.values()), tuple(dockerfiles.values()), builds, tuple(self._problems)
        return Project(*found, self._scripts, refused=tuple(refused.values()))

    def _builds(self, read: list[ReadProject]) -> list[Build]:
        """The builds of all readings; one that is the same in several of them comes once."""
        found: dict[tuple[object, ...], Build] = {}
        extended: dict[tuple[object, ...], tuple[tuple[str, str], ...]] = {}
        for one in read:
            for service in one.project.services.values():
                parts = parts_of(service) if service.build else ()
                if parts:
                    build = self._build(one, service, parts)
                    key = _identity(build)
                    if key not in found or (build.is_certain and not found[key].is_certain):
                        found[key] = build
                        extended[key] = service.extends
        if len(read) == 1 and not any(extended.values()):
            return list(found.values())
        return list(_with_added(found, extended))

    def _build(self, one: ReadProject, service: ResolvedService, parts: tuple[Part, ...]) -> Build:
        home = parts[0]
        assert service.build
        request = request_of(service, home)
        context = self._context(service.build.context)
        dockerfile, path = self._dockerfile(service.build, context)
        args = tuple(_argument(name, leaf) for name, leaf in service.build.args.items())
        files = Context(self._workspace, context, path or "") if context else None
        target = service.build.target
        text = shown_value(target) if target else None
        sources = dict.fromkeys(layer.file.source.path for layer in service.layers)
        return Build(
            home.file,
            home.service._replace(name=service.name, build=request),
            files,
            dockerfile,
            _known(text or "") or None,
            args,
            frozenset(),
            service.is_complete and (one.reading.is_default or not self._is_template(home, service.name)),
            frozenset((*sources, path) if path else sources),
            self._model(dockerfile, text, args, files) if dockerfile else None,
            None,
            parts,
            service.build.fields,
            tuple(map(text_at, service.build.cache_from)),
            tuple(map(text_at, service.build.cache_to)),
            tuple(mounts_of(service)),
            tuple({id(layer.file): layer.file for layer in service.layers}.values()),
            one.reading.request.files,
            one.is_certain,
            one.reading.is_default,
            way_of(service.build.fields.origin),
        )

    def _is_template(self, home: Part, name: str) -> bool:
        """Whether a service is extended from another file, so that it may be there for that alone."""
        return (home.file.source.path, name) in self._bases

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

    def _context(self, leaf: Leaf) -> str | None:
        text = value_of(leaf)
        if text is None or "$" in text or not os.path.isabs(text):
            return None
        path = os.path.normpath(text)
        return path if os.path.isdir(path) and self._workspace.contains(path) else None

    def _dockerfile(self, build: ResolvedBuild, context: str | None) -> tuple[Dockerfile | None, str | None]:
        if build.inline and build.inline.text:
            return self._inline(build.inline), None
        name = value_of(build.dockerfile) if build.dockerfile else "Dockerfile"
        if context is None or name is None or not _known(name):
            return None, None
        path = self._workspace.tree.name_of(os.path.normpath(os.path.join(context, name or "Dockerfile")))
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

    def _inline(self, leaf: Leaf) -> Dockerfile | None:
        """A Dockerfile inside a Compose file; where a variable is not known it stays in the text."""
        text = leaf.text if leaf.known else leaf.written.replace("$$", "$")
        try:
            return parse_dockerfile(SourceFile(leaf.origin.source.path, text or ""))
        except DockerfileError:
            return None


def _argument(name: str, leaf: Leaf) -> BuildArg:
    entry = argument(name, leaf)
    written = None if is_bare(leaf) else leaf.written
    return BuildArg(name, entry.value, leaf.origin.source, entry, written, leaf.origin.file, way_of(leaf.origin))


def _identity(build: Build) -> tuple[object, ...]:
    """What makes two builds of a service the same, in whatever reading."""
    assert build.service
    return (
        build.service.name,
        build.location.path,
        build.location.start,
        id(build.model),
        id(build.dockerfile),
        build.context and build.context.directory,
        build.target,
        tuple((arg.name, arg.place) for arg in build.args),
        tuple((one.value, one.span) for one in (*build.cache_from, *build.cache_to)),
        tuple((mount.name, mount.target, mount.span) for mount in build.mounts),
        build.resolved,
    )


def _with_added(
    found: dict[tuple[object, ...], Build], extended: dict[tuple[object, ...], tuple[tuple[str, str], ...]]
) -> Iterator[Build]:
    """The builds, each with the arguments that it has in other readings of its file, or where it is extended."""
    related: dict[tuple[str, str], list[Build]] = {}
    for key, build in found.items():
        assert build.service
        for part in build.parts:
            related.setdefault((part.file.source.path, build.service.name), []).append(build)
        for base in extended[key]:
            related.setdefault(base, []).append(build)
    for build in found.values():
        assert build.service
        assert build.compose
        others = related[build.compose.source.path, build.service.name]
        added = (arg.name for one in others if one is not build for arg in one.args if _adds(one, arg, build))
        yield build._replace(added_args=frozenset(added))


def _adds(other: Build, arg: BuildArg, build: Build) -> bool:
    """Whether an argument of another reading is new to a build, or takes the place of its own there."""
    own = next((one for one in build.args if one.name == arg.name), None)
    return own is None or (own.place != arg.place and own.source.path in other.paths)


def _known(text: str) -> str | None:
    """The text if it holds no variable: its value is known to the deploy host only."""
    return None if "$" in text else text
