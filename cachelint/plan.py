"""``cachelint plan``: for each build its steps, and what every change that is asked about makes them do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.steps import Builder, Origin
from cachelint.plan_builds import find_builds, place_of
from cachelint.plan_changes import Forecaster
from cachelint.plan_words import summarize
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cachelint.arguments import Job
    from cachelint.buildcache.change import StepOutcome
    from cachelint.buildcache.steps import Graph, Step
    from cachelint.commit_arg import CommitArg
    from cachelint.diagnostic import Location
    from cachelint.plan_builds import Skipped, Subject
    from cachelint.plan_changes import Column, Question


class PlannedStep(NamedTuple):
    """One step. `label` is BuildKit's own; `outcomes` maps each column's name to what becomes of the step.

    `reads` are the indexes of other stages whose files it copies or mounts; `above` is the index of the step that it
    stands on.
    """

    label: str
    stage: str
    line: int
    instruction: str
    above: int | None
    reads: tuple[int, ...]
    outcomes: Mapping[str, StepOutcome]


class Lane(NamedTuple):
    """A stage with its steps, by their indexes; `index` is the stage's own. `base` is what it starts from."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    name: str
    base: str
    steps: tuple[int, ...]
    end: int | None


class BuildPlan(NamedTuple):
    """One build. `service` is None for one that a command asks for, or nobody known; paths are absolute.

    `dockerfile` is None when it is written inside the Compose file. `summary` has a sentence for each column.
    """

    service: str | None
    origin: Location
    dockerfile: str | None
    context: str
    target: str | None
    lanes: tuple[Lane, ...]
    steps: tuple[PlannedStep, ...]
    summary: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the build is called in every format: its service, else its command or its Dockerfile."""
        if self.service or self.dockerfile in (None, self.origin.path):
            return self.service or relative(self.origin.path)
        return f"{relative(self.origin.path)}:{self.origin.start.line}"


class Plan(NamedTuple):
    """The answer: `columns` in the order in which they are shown."""

    columns: tuple[Column, ...]
    builds: tuple[BuildPlan, ...]
    skipped: tuple[Skipped, ...]
    builder: Builder = Builder.BUILDKIT


def relative(path: str) -> str:
    """A path as it is shown: relative to the current directory, with ``/``."""
    return os.path.relpath(path).replace(os.sep, "/")


def make_plan(job: Job, question: Question, service: str | None, builder: Builder) -> tuple[Plan, set[str]]:
    """The plan, and those of the given paths that lie in no build's context. Raises `InputError`."""
    found = find_builds(job, service, builder)
    commit_arg = job.config.commit_arg
    forecaster = Forecaster(question, commit_arg)
    builds = tuple(_plan(subject, forecaster, question, commit_arg) for subject in found.subjects)
    return Plan(question.columns, builds, found.skipped, builder), forecaster.unused


def _plan(subject: Subject, forecaster: Forecaster, question: Question, commit_arg: CommitArg) -> BuildPlan:
    build, graph = subject.build, subject.graph
    outcomes = forecaster.outcomes(subject)
    assert build.dockerfile
    by_step = ({name: found[step.index] for name, found in outcomes.items()} for step in graph.steps)
    return BuildPlan(
        build.service.name if build.service else None,
        place_of(build),
        None if build.is_inline else build.dockerfile.source.path,
        subject.context.directory,
        build.target,
        tuple(_lanes(graph)),
        tuple(_step(graph, step, found) for step, found in zip(graph.steps, by_step, strict=True)),
        {one.name: summarize(subject, one, outcomes[one.name], commit_arg) for one in question.columns},
        (*subject.notes, *forecaster.notes(subject)),
    )


def _lanes(graph: Graph) -> Iterable[Lane]:
    for index, stage in graph.stages.items():
        steps = tuple(step.index for step in graph.steps if step.stage == index)
        yield Lane(index, _stage_name(graph, index), stage.stage.base, steps, stage.end)


def _stage_name(graph: Graph, index: int) -> str:
    return graph.stages[index].label or f"stage-{index}"


def _step(graph: Graph, step: Step, outcomes: Mapping[str, StepOutcome]) -> PlannedStep:
    places = (source.place for source in step.sources if source.origin is Origin.STAGE)
    return PlannedStep(
        step.label,
        _stage_name(graph, step.stage),
        step.instruction.line,
        instruction_text(step),
        step.above,
        tuple(dict.fromkeys(int(place) for place in places)),
        outcomes,
    )


def instruction_text(step: Step) -> str:
    """The instruction in one line."""
    one = step.instruction
    flags = (f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}" for flag in one.flags)
    return " ".join(" ".join((one.keyword, *flags, one.value)).split())
