"""The steps of one of the project's builds as a log would show them: by the parts of their labels, and their texts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildlog.record import Label, Scheme
from cachelint.documents.dockerfile import DockerfileError, parse_dockerfile
from cachelint.log_texts import says
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.steps import Step
    from cachelint.buildlog.record import LoggedStep
    from cachelint.documents.dockerfile import Instruction
    from cachelint.plan_builds import Subject
    from cachelint.revision import Revision

Key = tuple[str, int, int]


class Shape:
    """The steps of a build by what a log shows of their labels. `former` are instructions of an earlier Dockerfile."""

    def __init__(self, subject: Subject, scheme: Scheme, former: Callable[[], tuple[Instruction, ...]]) -> None:
        self.steps = _by_key(subject, scheme)
        self._former = former

    def __contains__(self, printed: LoggedStep) -> bool:
        return key_of(printed.label) in self.steps

    def find(self, printed: LoggedStep) -> Step | None:
        """The step that the log shows there; None where there is none, or one that says something else.

        A build of old files, which is what a stale deploy may be, prints what an earlier Dockerfile says.
        """
        step = self.steps.get(key_of(printed.label))
        if step is None or says(printed, step.instruction):
            return step
        return step if any(says(printed, one) for one in self._former() if one.keyword == step.keyword) else None


class FormerRecipes:
    """The instructions that Dockerfiles had at a revision, if they have others now."""

    def __init__(self, since: Revision | None) -> None:
        self._since = since
        self._changed: frozenset[str] | None = None
        self._known: dict[str, tuple[Instruction, ...]] = {}

    def of(self, subject: Subject) -> tuple[Instruction, ...]:
        """Those of the Dockerfile of a build; none without a revision, or where the text is no Dockerfile."""
        assert subject.build.dockerfile
        path = os.path.realpath(subject.build.dockerfile.source.path)
        if self._since is None or subject.build.is_inline:
            return ()
        if path not in self._known:
            self._known[path] = tuple(self._read(self._since, path))
        return self._known[path]

    def _read(self, since: Revision, path: str) -> Iterator[Instruction]:
        if self._changed is None:
            self._changed = frozenset(map(os.path.realpath, since.changed_paths()))
        if path not in self._changed:
            return
        text = since.text(os.path.join(since.root, os.path.relpath(path, os.path.realpath(since.root))))
        try:
            instructions = parse_dockerfile(SourceFile(path, text or "")).instructions
        except DockerfileError:
            return
        for one in instructions:
            yield one.trigger or one


def key_of(label: Label) -> Key:
    """What of a label is the same for every service and platform."""
    return label.stage, label.number, label.total


def _by_key(subject: Subject, scheme: Scheme) -> dict[Key, Step]:
    if scheme is Scheme.BUILDAH:
        return {_buildah_key(subject, step): step for step in subject.graph.steps if not step.onbuild}
    found: dict[Key, Step] = {}
    for step in subject.graph.steps:
        label = step.label
        if scheme is Scheme.LEGACY:
            label = f"[{label.removeprefix('Step ')}]"
        parsed = Label.parse(label, prefixed=False)
        if parsed:
            found[key_of(parsed[0])] = step
    return found


def _buildah_key(subject: Subject, step: Step) -> Key:
    """Buildah counts every instruction of a stage, and the stages."""
    instructions = subject.graph.stages[step.stage].stage.instructions
    number = next(at for at, one in enumerate(instructions, 1) if one is step.instruction)
    return str(step.stage + 1), number, len(instructions)
