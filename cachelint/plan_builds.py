"""The builds that a plan is about, and why some of them cannot be planned."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

from cachelint.buildcache.model import Model
from cachelint.buildcache.steps import Builder, Origin
from cachelint.buildcache.values import GraphError
from cachelint.census import projects
from cachelint.compose.tree import Fields, Items, Leaf
from cachelint.composed import shown_value
from cachelint.config import suggestion
from cachelint.context import Context
from cachelint.documents.dockerignore import DockerIgnoreError, parse_dockerignore
from cachelint.messages import InputError
from cachelint.plan_commands import CommandBuilds
from cachelint.project import REMOTE
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.arguments import Job
    from cachelint.buildcache.files import ContextFiles
    from cachelint.buildcache.steps import Graph
    from cachelint.compose.tree import Value
    from cachelint.diagnostic import Location
    from cachelint.project import Build, Problem, Project
    from cachelint.workspace import Workspace

_DOCKERS_OWN = regex(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?")


class Subject(NamedTuple):
    """A build to plan, with the steps that the builder makes of it and the files that are sent to it.

    `files` is None where the context cannot be listed: then names alone decide.
    """

    build: Build
    graph: Graph
    files: ContextFiles | None
    workspace: Workspace
    notes: tuple[str, ...]

    @property
    def context(self) -> Context:
        """The directory that is sent to the builder."""
        assert self.build.context
        return self.build.context

    @property
    def no_cache(self) -> bool:
        """Whether the Compose file says ``no_cache: true``, or the command ``--no-cache``."""
        return self.build.command.no_cache if self.build.command else _is_true(self.build, "no_cache")


class Skipped(NamedTuple):
    """A build that cannot be planned, and why. `service` is None for a file that nobody is known to build."""

    service: str | None
    location: Location
    reason: str


class Found(NamedTuple):
    """What there is to plan."""

    subjects: tuple[Subject, ...]
    skipped: tuple[Skipped, ...]


def find_builds(job: Job, service: str | None, builder: Builder) -> Found:
    """The builds of a job, one service's only when it is named. Raises `InputError` for an unknown service."""
    subjects: list[Subject] = []
    skipped: list[Skipped] = []
    known: dict[str, bool] = {}
    commands = CommandBuilds(job.workspace)
    for project in projects(job.workspace):
        known.update(_services(project, job))
        for one in _examined(project, job, builder, commands):
            if isinstance(one, Subject):
                subjects.append(one)
            else:
                skipped.append(one)
    for place, files in (one for one in commands.unread if job.concerns(one[0].path)):
        names = ", ".join(os.path.relpath(path).replace(os.sep, "/") for path in files)
        skipped.append(Skipped(None, place, f"{names} is HCL, which is not read: its targets are not planned as such"))
    if service is not None:
        _check_service(service, known)
        subjects = [one for one in subjects if one.build.service and one.build.service.name == service]
        skipped = [one for one in skipped if one.service == service]
    return Found(tuple(subjects), tuple(skipped))


def _services(project: Project, job: Job) -> Iterator[tuple[str, bool]]:
    """The names of the services, and whether they are built; one that is not must not hide one that is."""
    files = [file for file in project.compose_files if job.concerns(file.source.path)]
    found = [(service.name, service.build is not None) for file in files for service in file.services]
    found += [(one.service.name, True) for one in project.builds if one.service and _is_asked(one, job)]
    return iter(sorted(found, key=lambda pair: pair[1]))


def _check_service(name: str, known: dict[str, bool]) -> None:
    if name not in known:
        built = sorted(one for one, is_built in known.items() if is_built)
        listed = f": there are {', '.join(built)}" if built else ": no service is built here"
        raise InputError(f"unknown service {name!r}{suggestion(name, built) or listed}")
    if not known[name]:
        raise InputError(f"the service {name!r} builds nothing: it takes an image as it is")


def _is_asked(build: Build, job: Job) -> bool:
    return any(map(job.concerns, build.paths))


def _examined(project: Project, job: Job, builder: Builder, commands: CommandBuilds) -> Iterator[Subject | Skipped]:
    asked = [build for build in project.builds if _is_asked(build, job)]
    for build in _distinct(list(chain.from_iterable(_known_builds(one, commands) for one in asked))):
        yield _examine(build, project.problems, job.workspace, builder)
    told = {path for build in asked for path in build.paths if build.service}
    for problem in project.problems:
        if problem.location.path not in told and job.concerns(problem.location.path):
            yield Skipped(None, problem.location, problem.message)


def _known_builds(build: Build, commands: CommandBuilds) -> tuple[Build, ...]:
    """The build itself, or those of the commands that build its Dockerfile when no service does."""
    if not build.is_lone or not build.dockerfile:
        return (build,)
    return commands.of(build.dockerfile.source.path) or (build,)


def _distinct(builds: list[Build]) -> list[Build]:
    """The builds without those that build the same in another reading of their files."""
    found: dict[tuple[object, ...], Build] = {}
    for build in sorted(builds, key=lambda one: not one.is_certain):
        name = build.service.name if build.service else None
        found.setdefault((name, id(build.model or build), build.context and build.context.directory), build)
    kept = set(map(id, found.values()))
    return [build for build in builds if id(build) in kept]


def _examine(build: Build, problems: Iterable[Problem], workspace: Workspace, builder: Builder) -> Subject | Skipped:
    if build.is_lone:
        build = _with_own_context(build, workspace)
    reason = _obstacle(build, problems, workspace)
    if reason is None:
        try:
            return _subject(build, workspace, builder)
        except GraphError as error:
            assert build.dockerfile
            line = f", line {build.dockerfile.source.position(error.span.start).line}" if error.span else ""
            reason = f"Docker refuses the Dockerfile{line}: {error}"
    return Skipped(build.service.name if build.service else None, place_of(build), reason)


def place_of(build: Build) -> Location:
    """Who asks for the build: the service's ``build`` or the command, else the Dockerfile's first line."""
    from cachelint.diagnostic import Location
    from cachelint.source import Position

    if not build.is_lone:
        return build.location
    assert build.dockerfile
    start = Position(1, 1, 0)
    return Location(build.dockerfile.source.path, start, start, "")


def _with_own_context(build: Build, workspace: Workspace) -> Build:
    """A Dockerfile that nobody is known to build, as ``docker build`` in its directory would build it."""
    assert build.dockerfile
    path = build.dockerfile.source.path
    context = Context(workspace, os.path.dirname(path), path)
    return build._replace(context=context, model=Model(build.dockerfile, None, {}, context.files))


def _subject(build: Build, workspace: Workspace, builder: Builder) -> Subject | Skipped:
    assert build.model
    graph = build.model.graph if builder is Builder.BUILDKIT else build.model.graph_for(builder)
    named = _names_of_contexts(build).intersection(_names_read(graph))
    if named:
        reason = f"it reads {min(named)} from additional_contexts, which the cache model does not know"
        return Skipped(build.service.name if build.service else None, place_of(build), reason)
    assert build.context
    return Subject(build, graph, build.context.files(), workspace, tuple(_notes(build)))


def _names_of_contexts(build: Build) -> frozenset[str]:
    value = _setting(build, "additional_contexts")
    if isinstance(value, Fields):
        return frozenset(value.entries)
    if isinstance(value, Items):
        return frozenset((one.text or "").partition("=")[0] for one in value.values if isinstance(one, Leaf))
    return frozenset()


def _names_read(graph: Graph) -> set[str]:
    images = {str(source.place) for step in graph.steps for source in step.sources if source.origin is Origin.IMAGE}
    return images | {stage.stage.name for stage in graph.stages.values() if stage.stage.name}


def _setting(build: Build, key: str) -> Value | None:
    """The value of a key of the service's ``build``."""
    return build.fields.entries.get(key) if build.fields else None


def _text(build: Build, key: str) -> str:
    value = _setting(build, key)
    return shown_value(value) if isinstance(value, Leaf) else ""


def _is_true(build: Build, key: str) -> bool:
    return _text(build, key).lower() == "true"


def _notes(build: Build) -> Iterator[str]:
    assert build.context
    assert build.dockerfile
    if build.is_lone:
        yield "no Compose file builds this Dockerfile: planned with its own directory as the context, without arguments"
    elif not build.resolved:
        yield "something that belongs to this build is not known: planned as its files ask for it"
    elif build.named or not build.is_certain:
        yield f"planned as {build.combined} {'builds' if build.named else 'would build'} it"
    if build.command and build.command.no_cache:
        yield "--no-cache is given: RUN, COPY and ADD run in every build"
    elif _is_true(build, "no_cache"):
        yield "no_cache is true: RUN, COPY and ADD run in every build"
    frontend = build.dockerfile.directives.get("syntax")
    if frontend and not _DOCKERS_OWN.fullmatch(frontend):
        yield f"the Dockerfile is read by {frontend}: planned as Docker's own reader would have it"


def _obstacle(build: Build, problems: Iterable[Problem], workspace: Workspace) -> str | None:
    """Why a build cannot be planned; None when it can."""
    if build.context is None:
        return _no_context(build, workspace)
    if build.dockerfile is None:
        return _no_dockerfile(build, problems, workspace)
    if build.model is None:
        return f"its target {_text(build, 'target')} is known only where it is built"
    return _bad_ignore_file(build.context, workspace)


def _no_context(build: Build, workspace: Workspace) -> str:
    leaf = _setting(build, "context")
    assert isinstance(leaf, Leaf)
    text, path = leaf.written, os.path.normpath(shown_value(leaf))
    if "$" in text:
        return f"its context {text} is known only where it is built"
    if REMOTE.match(text):
        return f"its context {text} is not on this machine"
    if text.startswith("~"):
        return f"its context {text} is in somebody's home directory"
    if not os.path.isdir(path):
        return f"its context {text} is no directory" if os.path.exists(path) else f"its context {text} does not exist"
    return f"its context {text} is outside the repository" if not workspace.contains(path) else "its context is unknown"


def _no_dockerfile(build: Build, problems: Iterable[Problem], workspace: Workspace) -> str:
    assert build.context
    if build.is_inline:
        return "Docker refuses its dockerfile_inline"
    name = _text(build, "dockerfile") or "Dockerfile"
    if "$" in name:
        return f"its Dockerfile {name} is known only where it is built"
    path = os.path.normpath(os.path.join(build.context.directory, name))
    shown = os.path.relpath(path).replace(os.sep, "/")
    if not os.path.isfile(path):
        return f"its Dockerfile {shown} does not exist"
    if not workspace.contains(path):
        return f"its Dockerfile {shown} is outside the repository"
    found = next((one for one in problems if one.location.path == path), None)
    return f"{shown}:{found.location.start.line}: {found.message}" if found else f"{shown} cannot be read"


def _bad_ignore_file(context: Context, workspace: Workspace) -> str | None:
    path = context.ignore_file
    try:
        if path:
            parse_dockerignore(workspace.source(path))
    except (SourceError, DockerIgnoreError) as error:
        assert path
        return f"{os.path.relpath(path)}: {error}"
    return None
