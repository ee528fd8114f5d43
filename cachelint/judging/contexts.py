"""The directories that a build may have read: where only its Dockerfile is known, and where a command names more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.buildcache.model import Model
from cachelint.buildcache.steps import Origin
from cachelint.buildcache.values import GraphError
from cachelint.buildlog.record import Status
from cachelint.context import Context
from cachelint.documents.globs import has_wildcard
from cachelint.plan import relative

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cachelint.buildcache.steps import Graph, Step
    from cachelint.judging.changes import Expected
    from cachelint.judging.steps import BoundBuild
    from cachelint.plan_builds import Subject


def with_contexts(subject: Subject) -> list[Subject]:
    """The build with each context that it may have had: what is certain, else directories from its Dockerfile's upward.

    A directory that lacks what a step copies was none of them, unless that is so for all.
    """
    if not subject.build.is_lone:
        return [subject]
    own = [subject] if _has_sources(subject.graph, subject.context.directory) else []
    return [*own, *_further_up(subject)] or [subject]


def agreed(
    candidates: Sequence[Subject], expectation_of: Callable[[Subject], Sequence[Expected]]
) -> Iterator[tuple[Expected, str | None]]:
    """For each step what it had to do, and why that is not known, as where one context says so and another does not.

    The reason takes the step's label with ``str.format``; the steps that only follow such a one have none.
    """
    answers = [expectation_of(one) for one in candidates]
    for each in zip(*answers, strict=True):
        runs = [one.outcome is Outcome.RUN for one in each]
        if all(runs) or not any(runs):
            yield each[0], f"{each[0].cause}, and {{}} is CACHED" if each[0].unexplained else None
            continue
        at = runs.index(True)
        accusing = relative(candidates[at].context.directory)
        doubt = f"its context is not known: had it been {accusing}, {{}} had to run" if each[at].own else None
        yield each[0]._replace(outcome=Outcome.MAYBE, cause=each[at].cause, files=()), doubt


def named_contexts(bound: BoundBuild) -> Iterator[str]:
    """Why it is not known whether what a build took from other directories (``--build-context``) was what is there."""
    for name in bound.logged.contexts:
        readers = [one for one in bound.steps if any(source.place == name for source in one.step.sources)]
        if not readers or any(one.status is not Status.RAN or one.step.keyword == "FROM" for one in readers):
            yield f"it reads the context {name}, whose files the cache model does not know"


def _further_up(subject: Subject) -> Iterator[Subject]:
    build, top = subject.build, os.path.realpath(subject.workspace.tree.root)
    assert build.dockerfile
    directory = subject.context.directory
    while os.path.realpath(directory) != top and directory != os.path.dirname(directory):
        directory = os.path.dirname(directory)
        context = Context(subject.workspace, directory, build.dockerfile.source.path)
        model = Model(build.dockerfile, None, {}, context.files)
        try:
            graph = model.graph_for(subject.graph.builder)
        except GraphError:
            continue
        if _has_sources(graph, directory):  # before its files are listed, which may be many
            yield subject._replace(
                build=build._replace(context=context, model=model), graph=graph, files=context.files()
            )


def _has_sources(graph: Graph, directory: str) -> bool:
    return all(_is_there(directory, path) for step in graph.steps for path in _named(step))


def _named(step: Step) -> Iterator[str]:
    """The paths in the context that a step names."""
    for source in step.sources:
        if source.origin is Origin.CONTEXT:
            yield from (path for path in source.paths if source.literal or not has_wildcard(path))


def _is_there(directory: str, path: str) -> bool:
    return os.path.lexists(os.path.join(directory, os.path.normpath("/" + path).lstrip("/")))
