"""Binds services to what they build: the Dockerfile, the context and the arguments of each."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cachelint.buildcache.model import Model
from cachelint.compose.project_files import resolve_project
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
from cachelint.deployment.named_projects import readings_of
from cachelint.diagnostic import Location, locate
from cachelint.documents.compose import ComposeFile, NotComposeError
from cachelint.documents.dockerfile import Dockerfile, DockerfileError, parse_dockerfile
from cachelint.documents.yaml import YamlError
from cachelint.project import Build, BuildArg, Problem, Project
from cachelint.regex import regex
from cachelint.source import Position, SourceError, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.compose.project_files import Request
    from cachelint.compose.resolved import ResolvedBuild, ResolvedService
    from cachelint.compose.tree import Leaf
    from cachelint.compose.variables import Variables
    from cachelint.composed import Part
    from cachelint.deployment.named_projects import Group
    from cachelint.scripts import Scripts
    from cachelint.workspace import Workspace

_TEMPLATE = regex(r"[._-](?:tmpl|tpl|template|j2|jinja2?|in)\b")


def problem_of(workspace: Workspace, path: str, error: Exception) -> Problem:
    """What is wrong with a file, at the place that the error names."""
    message = str(error)
    span = getattr(error, "span", None)
    if span is None:
        start = Position(1, 1, 0)
        return Problem(Location(path, start, start, ""), f"cannot read the file: {message}")
    return Problem(locate(workspace.source(path), span), message)


class Binder:
    """Binds Compose files that belong together."""

    def __init__(self, workspace: Workspace, scripts: Scripts, bases: frozenset[tuple[str, str]]) -> None:
        self._workspace = workspace
        self._scripts = scripts
        self._bases = bases
        self._problems: list[Problem] = []
        self._models: dict[tuple[object, ...], Model] = {}  # each keeps its Dockerfile, so that no `id` comes again
        self._contexts: dict[str, str | None] = {}
        self._dockerfiles: dict[tuple[str, str], str | None] = {}
        self._sent: dict[tuple[str, str], Context] = {}
        self.dockerfile_paths: set[str] = set()

    def bind(self, group: Group) -> Project:
        """The project of Compose files that belong together, however they may be used."""
        files, skipped = self._parsed(group.files)
        sound = {one.source.path for one in files}
        read = read_projects(self._workspace, readings_of(self._workspace, group, sound))
        return self._project(files, read)._replace(skipped=tuple(skipped))

    def _parsed(self, paths: Iterable[str]) -> tuple[list[ComposeFile], list[str]]:
        """The files that are Compose files, and those that turn out to be none."""
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
                    self._problems.append(problem_of(self._workspace, path, error))
        return files, skipped

    def bind_request(self, request: Request, outer: Variables) -> Project:
        """The project that somebody asks for in an environment."""
        project = resolve_project(self._workspace, request, outer)
        bound = self._project([], [ReadProject(Reading(request), project, is_certain=True)])
        return bound._replace(resolved=project)

    def _project(self, files: list[ComposeFile], read: list[ReadProject]) -> Project:
        builds = tuple(self._builds(read))
        in_files = (build.dockerfile for build in builds if build.dockerfile and not build.is_inline)
        dockerfiles = {one.source.path: one for one in in_files}
        known = {one.source.path: one for one in files}
        known.update((part.file.source.path, part.file) for build in builds for part in build.parts)
        errors = (error for one in read if one.is_certain for error in one.project.errors if not error.is_partial)
        refused = {(error.source.path, error.span, str(error)): error for error in errors}
        for path in sorted({path for path, _, _ in refused} - known.keys()):  # one that is included or extended
            with suppress(SourceError, YamlError, NotComposeError):
                known[path] = self._workspace.compose(path)
        found = tuple(known.values()), tuple(dockerfiles.values()), builds, tuple(self._problems)
        return Project(*found, self._scripts, refused=tuple(refused.values()))

    def _builds(self, read: list[ReadProject]) -> list[Build]:
        """The builds of all readings; one that is the same in several of them comes once."""
        asked = [
            (one, service, parts)
            for one in read
            for service in one.project.services.values()
            if service.build and (parts := parts_of(service))
        ]
        if len(read) == 1 and not any(service.extends for _, service, _ in asked):
            return [self._build(*one) for one in asked]
        found: dict[tuple[object, ...], Build] = {}
        extended: dict[tuple[object, ...], tuple[tuple[str, str], ...]] = {}
        for one, service, parts in asked:
            build = self._build(one, service, parts)
            key = _identity(build)
            known = found.get(key)
            paths = build.paths | known.paths if known else build.paths
            if known is None or (build.is_certain and not known.is_certain):
                known = build
                extended[key] = service.extends
            found[key] = known._replace(paths=paths)
        related = _related(found, extended)
        return [one if self._is_own(one) else _with_added(one, related) for one in found.values()]

    def _build(self, one: ReadProject, service: ResolvedService, parts: tuple[Part, ...]) -> Build:
        home = parts[0]
        assert service.build
        request = request_of(service, home)
        context = self._context(service.build.context)
        dockerfile, path = self._dockerfile(service.build, context)
        args = tuple(_argument(name, leaf) for name, leaf in service.build.args.items())
        files = self._files(context, path or "") if context else None
        target = service.build.target
        text = shown_value(target) if target else None
        sources = dict.fromkeys(layer.file.source.path for layer in service.layers)
        is_meant = one.reading.is_default or one.reading.place is not None
        return Build(
            home.file,
            home.service._replace(name=service.name, build=request),
            files,
            dockerfile,
            _known(text or "") or None,
            args,
            frozenset(),
            service.is_complete and (is_meant or not self._is_template(home, service.name)),
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
            one.reading.place,
        )

    def _is_template(self, home: Part, name: str) -> bool:
        """Whether a service is extended from another file, so that it may be there for that alone."""
        path = home.file.source.path
        return (path, name) in self._bases and not self._scripts.work_on(path)

    def _is_own(self, build: Build) -> bool:
        """Whether a service is built as it is: a command says so, or others extend it and it is built, too."""
        assert build.service
        if build.named:
            return True
        home = build.parts[0]
        is_base = (home.file.source.path, build.service.name) in self._bases
        return is_base and len(build.combination) == 1 and self._scripts.work_on(home.file.source.path)

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
        if text not in self._contexts:
            path = os.path.normpath(text)
            self._contexts[text] = path if os.path.isdir(path) and self._workspace.contains(path) else None
        return self._contexts[text]

    def _files(self, directory: str, dockerfile: str) -> Context:
        """Builds of the same Dockerfile send the same files."""
        key = directory, dockerfile
        if key not in self._sent:
            self._sent[key] = Context(self._workspace, directory, dockerfile)
        return self._sent[key]

    def _dockerfile(self, build: ResolvedBuild, context: str | None) -> tuple[Dockerfile | None, str | None]:
        if build.inline and build.inline.text:
            return self._inline(build.inline), None
        name = value_of(build.dockerfile) if build.dockerfile else "Dockerfile"
        if context is None or name is None or not _known(name):
            return None, None
        if (context, name) not in self._dockerfiles:
            at = os.path.normpath(os.path.join(context, name or "Dockerfile"))
            self._dockerfiles[context, name] = self._workspace.file_at(at)
        path = self._dockerfiles[context, name]
        return self._read_dockerfile(path) if path else None, path

    def _read_dockerfile(self, path: str) -> Dockerfile | None:
        first_time = path not in self.dockerfile_paths
        self.dockerfile_paths.add(path)
        try:
            return self._workspace.dockerfile(path)
        except (SourceError, DockerfileError) as error:
            if first_time:
                self._problems.append(problem_of(self._workspace, path, error))
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


def _related(
    found: dict[tuple[object, ...], Build], extended: dict[tuple[object, ...], tuple[tuple[str, str], ...]]
) -> dict[tuple[str, str], list[Build]]:
    """The builds of a service (file, name) in all readings, and of those that extend it."""
    related: dict[tuple[str, str], list[Build]] = {}
    for key, build in found.items():
        assert build.service
        for part in build.parts:
            related.setdefault((part.file.source.path, build.service.name), []).append(build)
        for base in extended[key]:
            related.setdefault(base, []).append(build)
    return related


def _with_added(build: Build, related: dict[tuple[str, str], list[Build]]) -> Build:
    """A build with the arguments that it has in other readings of its file, or where it is extended."""
    assert build.service
    assert build.compose
    others = related[build.compose.source.path, build.service.name]
    added = (arg.name for one in others if one is not build for arg in one.args if _adds(one, arg, build))
    return build._replace(added_args=frozenset(added))


def _adds(other: Build, arg: BuildArg, build: Build) -> bool:
    """Whether an argument of another reading is new to a build, or takes the place of its own there."""
    own = next((one for one in build.args if one.name == arg.name), None)
    return own is None or (own.place != arg.place and own.source.path in other.paths)


def _known(text: str) -> str | None:
    """The text if it holds no variable: its value is known to the deploy host only."""
    return None if "$" in text else text
