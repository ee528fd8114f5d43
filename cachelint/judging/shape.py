"""The steps of one of the project's builds as a log would show them: by the parts of their labels, and their texts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.values import GraphError
from cachelint.buildlog.record import Label, Scheme
from cachelint.deployment.request import model_of
from cachelint.documents.dockerfile import DockerfileError, parse_dockerfile
from cachelint.judging.texts import says
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cachelint.buildcache.steps import Step
    from cachelint.buildlog.record import LoggedBuild, LoggedStep
    from cachelint.documents.dockerfile import Dockerfile, Instruction
    from cachelint.plan_builds import Subject
    from cachelint.revision import Revision

Key = tuple[str, int, int]
_LAYERS = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR"})


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
        return step if self._said(printed, step) else None

    def is_new(self, printed: LoggedStep, step: Step) -> bool:
        """Whether a step is printed as its Dockerfile has it now, and no step of the earlier one was such."""
        known = self._former()
        return bool(known) and bool(printed.text) and says(printed, step.instruction) and not self._said(printed, step)

    def _said(self, printed: LoggedStep, step: Step) -> bool:
        return any(says(printed, one) for one in self._former() if one.keyword == step.keyword)


class FormerRecipes:
    """What Dockerfiles said at a revision, if they say something else now; nothing without a revision."""

    def __init__(self, since: Revision | None) -> None:
        self._since = since
        self._changed: frozenset[str] | None = None
        self._known: dict[str, Dockerfile | None] = {}

    @property
    def name(self) -> str:
        """The revision, as it was given."""
        return self._since.name if self._since else ""

    def of(self, subject: Subject) -> tuple[Instruction, ...]:
        """The instructions of the Dockerfile of a build, triggers for what they do."""
        found = self._dockerfile(subject)
        return tuple(one.trigger or one for one in found.instructions) if found else ()

    def build(self, subject: Subject) -> Subject | None:
        """The same build with the Dockerfile of then; None where that is the same one, or none that Docker takes."""
        found, build = self._dockerfile(subject), subject.build
        if found is None:
            return None
        try:
            graph = model_of(found, build.target, build.args, build.context).graph_for(subject.graph.builder)
        except GraphError:
            return None
        return subject._replace(graph=graph)

    def _dockerfile(self, subject: Subject) -> Dockerfile | None:
        """None where it says the same now, or said nothing that Docker takes."""
        assert subject.build.dockerfile
        path = os.path.realpath(subject.build.dockerfile.source.path)
        if self._since is None or subject.build.is_inline:
            return None
        if path not in self._known:
            self._known[path] = self._read(self._since, path)
        return self._known[path]

    def _read(self, since: Revision, path: str) -> Dockerfile | None:
        if self._changed is None:
            self._changed = frozenset(map(os.path.realpath, since.changed_paths()))
        if path not in self._changed:
            return None
        text = since.text(os.path.join(since.root, os.path.relpath(path, os.path.realpath(since.root))))
        try:
            return parse_dockerfile(SourceFile(path, text or ""))
        except DockerfileError:
            return None


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


def fits(logged: LoggedBuild, shape: Shape) -> bool:
    """Whether every step that the log shows is one of these."""
    steps = [one for one in logged.steps if one in shape or _counts(logged.scheme, one)]
    return bool(steps) and all(shape.find(one) for one in steps)


def _counts(scheme: Scheme, printed: LoggedStep) -> bool:
    """Whether a step must be known: the legacy builder numbers an ARG before FROM, buildah all that makes no layer."""
    keyword = printed.text.split(" ", 1)[0].upper()
    return keyword in _LAYERS if scheme is Scheme.BUILDAH else scheme is not Scheme.LEGACY or keyword != "ARG"


def fits_among(logged: LoggedBuild, shape: Shape, others: Iterable[Shape]) -> bool:
    """As `fits`; a step that services share may have another one's label, a base image also that of an old build."""
    shapes = [shape, *others]
    steps = (one for one in logged.steps if not one.text.upper().startswith("FROM "))
    return all(any(each.find(one) for each in shapes) for one in steps)
