"""What a plan is asked about: the columns of its table, and what each of them means for one build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change, Outcome, StepOutcome
from cachelint.buildcache.context import list_context, read_context
from cachelint.buildcache.files import ContextFiles
from cachelint.buildcache.predict import Predictor, describe
from cachelint.buildcache.values import GraphError
from cachelint.census import projects
from cachelint.deployment.request import model_of
from cachelint.discovery import is_below
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerignore import DockerIgnore, DockerIgnoreError, parse_dockerignore
from cachelint.record import NamedTuple
from cachelint.source import SourceFile
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.buildcache.steps import Graph
    from cachelint.commit_arg import CommitArg
    from cachelint.plan_builds import Subject
    from cachelint.project import Build
    from cachelint.revision import Revision

COMMIT = "commit"
SOURCE = "source"
DEPENDENCIES = "dependencies"
PATHS = "paths"
KINDS = (COMMIT, SOURCE, DEPENDENCIES)
"""The changes that have a name; whatever else is given is a path."""


class Column(NamedTuple):
    """One change that is asked about. `title` is the subject of a sentence, `plural` says how it goes on."""

    name: str
    title: str
    plural: bool = False


class Question(NamedTuple):
    """All that is asked: the columns, and for `PATHS` the changed files, absolute, or the revision they come from."""

    columns: tuple[Column, ...]
    paths: tuple[str, ...] = ()
    since: Revision | None = None


def ask(kinds: Iterable[str], paths: Sequence[str], since: Revision | None) -> Question:
    """The question for these kinds, given paths, and everything that git says has changed since a revision."""
    named = {
        COMMIT: Column(COMMIT, "a new commit"),
        SOURCE: Column(SOURCE, "changed source"),
        DEPENDENCIES: Column(DEPENDENCIES, "changed dependencies", plural=True),
    }
    columns = [named[kind] for kind in KINDS if kind in kinds]
    if since:
        columns.append(Column(PATHS, f"what changed since {since.name}"))
        paths = [*paths, *since.changed_paths()]
    elif paths:
        columns.append(Column(PATHS, f"a change of {_listed(paths)}"))
    return Question(tuple(columns), tuple(paths), since)


def _listed(paths: Sequence[str]) -> str:
    shown = os.path.relpath(paths[0]).replace(os.sep, "/")
    return shown if len(paths) == 1 else f"{shown} and {len(paths) - 1} more"


def commit_names(build: Build, graph: Graph, commit_arg: CommitArg) -> frozenset[str]:
    """The build arguments that a new commit gives a new value.

    Where nobody says what is passed, it is what the Dockerfile declares; a constant never changes.
    """
    if build.is_lone:
        return frozenset(filter(commit_arg.is_one, declared_names(graph)))
    passed = [arg.name for arg in build.args if arg.value is None or "$" in arg.value]
    return frozenset(filter(commit_arg.is_one, (*passed, *build.added_args)))


def declared_names(graph: Graph) -> set[str]:
    """The names of all ARGs in the stages that the build reaches; not those before the first FROM."""
    instructions = (one for stage in graph.stages.values() for one in stage.stage.instructions if one.keyword == "ARG")
    return {pair.name for one in instructions for pair in pairs(one)}


class Forecaster:
    """Answers a `Question` for one build after another."""

    def __init__(self, question: Question, commit_arg: CommitArg) -> None:
        self._question = question
        self._commit_arg = commit_arg
        self._old: dict[int, dict[tuple[str, str | None], Build]] = {}
        self.unused = set(question.paths)

    def outcomes(self, subject: Subject) -> dict[str, tuple[StepOutcome, ...]]:
        """For each column what the steps do."""
        predictor = Predictor(subject.graph, subject.files, no_cache=subject.no_cache)
        names = commit_names(subject.build, subject.graph, self._commit_arg)
        changes = {
            COMMIT: Change(args=names),
            SOURCE: Change(source=True),
            DEPENDENCIES: Change(dependencies=True),
        }
        asked = [column.name for column in self._question.columns]
        found = {name: predictor.predict(changes[name]) for name in asked if name in changes}
        if PATHS in asked:
            found[PATHS] = self._by_paths(subject, predictor)
        return found

    def notes(self, subject: Subject) -> Iterator[str]:
        """What a reader must know about these answers."""
        asked = {column.name for column in self._question.columns}
        names = commit_names(subject.build, subject.graph, self._commit_arg)
        if COMMIT in asked and names and subject.build.is_lone:
            yield f"a new commit is taken to be passed as --build-arg {', '.join(sorted(names))}"
        if COMMIT in asked and (brings := _brings_git(subject)):
            yield f"{brings} brings .git, which each commit changes: .dockerignore can leave it out"
        assert subject.build.dockerfile
        if PATHS in asked and not self._question.since and subject.build.dockerfile.source.path in self._question.paths:
            yield "the Dockerfile is among the given paths: what another text of it re-runs, only --since can tell"

    def _by_paths(self, subject: Subject, predictor: Predictor) -> tuple[StepOutcome, ...]:
        changed = frozenset(self._inside(subject.context.directory))
        since = self._question.since
        if since is None:
            return predictor.predict(Change(paths=changed))
        return self._since(subject, changed, since)

    def _inside(self, directory: str) -> Iterator[str]:
        """The changed paths as the context has them; a directory stands for all that is below it."""
        root = os.path.realpath(directory)
        for path in self._question.paths:
            if is_below(root, path):  # the context itself, or a directory around it
                found = list_context(root)
            elif is_below(path, root):
                found = _with_contents(path, os.path.relpath(path, root).replace(os.sep, "/"))
            else:
                continue
            self.unused.discard(path)
            yield from (name.rstrip("/") for name in found)

    def _since(self, subject: Subject, changed: frozenset[str], since: Revision) -> tuple[StepOutcome, ...]:
        """The answer when the recipe may be another one too: Dockerfile, arguments, target, ignore file, context."""
        before = self._before(subject, since)
        if before is None:
            return _all_new(subject, since)
        build, graph = before
        assert build.context
        moved = build.context.directory != subject.context.directory
        files, changed = _with_ignored(subject, changed, since)
        change = Change(paths=changed, source=moved, dependencies=moved)
        return Predictor(subject.graph, files, no_cache=subject.no_cache, before=graph).predict(change)

    def _before(self, subject: Subject, since: Revision) -> tuple[Build, Graph] | None:
        """The same service's, or Dockerfile's, build at the revision; None when there was none that Docker takes."""
        at = id(subject.workspace)
        if at not in self._old:
            self._old[at] = _builds_at(subject.workspace, since, self._question.paths)
        build = self._old[at].get(_key(subject.build))
        if build and build.dockerfile and subject.build.command:  # the same command, with the old Dockerfile
            asked = subject.build
            build = asked._replace(model=model_of(build.dockerfile, asked.target, asked.args, asked.context))
        if build is None or build.model is None or (build.service and build.context is None):
            return None
        try:
            builder = subject.graph.builder
            return (build if build.context else subject.build), build.model.graph_for(builder)
        except GraphError:
            return None


def _brings_git(subject: Subject) -> str | None:
    """The first step that reads the repository itself; None where it is left out, or elsewhere."""
    if not os.path.lexists(os.path.join(subject.context.directory, ".git", "index")):
        return None
    outcomes = Predictor(subject.graph, subject.files).predict(Change(paths=frozenset((".git/index",))))
    return next((describe(one.step) for one in outcomes if one.own is Outcome.RUN), None)


def _with_contents(path: str, name: str) -> list[str]:
    """A path and what is below it."""
    if os.path.islink(path) or not os.path.isdir(path):
        return [name]
    return [name, *(f"{name}/{inner}" for inner in list_context(path))]


def _builds_at(workspace: Workspace, since: Revision, changed: Iterable[str]) -> dict[tuple[str, str | None], Build]:
    """The builds with the recipes that the revision had; what was not there yet is empty, so that nothing builds it."""
    old = Workspace(workspace.tree)
    files = {os.path.realpath(path): path for path in workspace.tree.files}
    for path in changed:
        known = files.get(path)
        if known:
            old.edit(known, since.text(path) or "")
    return {_key(build): build for project in projects(old) for build in project.builds}


def _key(build: Build) -> tuple[str, str | None]:
    if build.service:
        assert build.compose
        return build.compose.source.path, build.service.name
    assert build.dockerfile
    return build.dockerfile.source.path, None


def _all_new(subject: Subject, since: Revision) -> tuple[StepOutcome, ...]:
    """Every step of a build that has no predecessor."""
    cause = f"{since.name} has no build to compare this one with"
    return tuple(StepOutcome(step, Outcome.RUN, cause, Outcome.RUN) for step in subject.graph.steps)


def _with_ignored(
    subject: Subject, changed: frozenset[str], since: Revision
) -> tuple[ContextFiles | None, frozenset[str]]:
    """The files of the context, and what is sent to the builder now or was then: the ignore file may be another."""
    context = subject.context
    names = _ignore_names(subject)
    if not names.intersection(changed):
        return subject.files, changed
    old, new = _ignore_then(subject, names, since), _ignore_now(subject)
    try:
        now, then = read_context(context.directory, new), list_context(context.directory, old)
    except OSError:
        return None, changed
    sent = set(now.paths)
    counted = {path for path in changed if path in sent or not (_ignores(new, path) and _ignores(old, path))}
    counted.update(path.rstrip("/") for path in sent.symmetric_difference(then))
    return ContextFiles(now), frozenset(counted)


def _ignore_names(subject: Subject) -> set[str]:
    """Where the ignore file of a build can be, as paths in its context."""
    assert subject.build.dockerfile
    beside = f"{subject.build.dockerfile.source.path}.dockerignore"
    return {".dockerignore", os.path.relpath(beside, subject.context.directory).replace(os.sep, "/")}


def _ignore_now(subject: Subject) -> DockerIgnore | None:
    path = subject.context.ignore_file
    return parse_dockerignore(subject.workspace.source(path)) if path else None


def _ignore_then(subject: Subject, names: Iterable[str], since: Revision) -> DockerIgnore | None:
    root = os.path.realpath(subject.context.directory)
    for name in sorted(names, reverse=True, key=len):
        path = os.path.normpath(os.path.join(root, name))
        text = since.text(path)
        if text is not None:
            try:
                return parse_dockerignore(SourceFile(path, text))
            except DockerIgnoreError:
                return None
    return None


def _ignores(rules: DockerIgnore | None, path: str) -> bool:
    return rules is not None and rules.ignores(path)
