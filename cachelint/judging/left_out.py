"""The services that had to be built and are in no build of the log, though others of their project are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.plan import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.judging.changes import Expectations, Expected
    from cachelint.judging.steps import Binder, BoundBuild
    from cachelint.plan_builds import Subject
    from cachelint.project import Build


def left_out(bound: Sequence[BoundBuild], binder: Binder, expectations: Expectations) -> Iterator[str]:
    """What was not built and had to be; a service of a profile is built only where somebody asks for it."""
    known = [one for one in bound if one.subject and one.subject.build.service]
    names = {one.name for one in bound}
    done = {one.numbers for one in known if one.logged.service is None}
    files = {path for one in known if one.subject for path in one.subject.build.combination}
    for subject in binder.subjects_as(one.subject for one in known):
        build = subject.build
        name = build.service.name if build.service else None
        if name is None or name in names or files.isdisjoint(build.combination) or _is_optional(build):
            continue
        names.add(name)
        changed = None if binder.numbers(subject) in done else _changed(subject, expectations.of(subject))
        if changed:
            yield f"{name}: this log shows no build of it, though {relative(changed)} changed"


def _is_optional(build: Build) -> bool:
    assert build.service
    written = (one for file in build.files for one in file.services if one.name == build.service.name)
    return not build.is_certain or any(one.node.own("profiles") for one in written)


def _changed(subject: Subject, expected: Iterable[Expected]) -> str | None:
    """A file for which a step had to run."""
    steps = zip(subject.graph.steps, expected, strict=True)
    files = (one.files for step, one in steps if one.outcome is Outcome.RUN and step.keyword != "FROM")
    return next((found[0] for found in files if found), None)
