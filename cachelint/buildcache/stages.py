"""Which stages a build runs. BuildKit skips the ones that the target does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage


def find_stage(stages: tuple[Stage, ...], name: str) -> Stage | None:
    """The stage that a name (any case) or a number stands for; the last one of that name wins, as in Docker."""
    wanted = name.lower()
    for stage in reversed(stages):
        if stage.name == wanted:
            return stage
    return stages[int(name)] if name.isdecimal() and int(name) < len(stages) else None


def reached_stages(dockerfile: Dockerfile, target: str | None) -> tuple[Stage, ...]:
    """The stages that a build of `target` (None: the last stage) runs, in file order; none for an unknown target."""
    last = find_stage(dockerfile.stages, target) if target else dockerfile.stages[-1]
    reached: dict[int, Stage] = {}
    pending = [last] if last else []
    while pending:
        stage = pending.pop()
        if stage.index not in reached:
            reached[stage.index] = stage
            pending += _needed(dockerfile.stages, stage)
    return tuple(reached[index] for index in sorted(reached))


def lineage(dockerfile: Dockerfile, stage: Stage) -> tuple[Stage, ...]:
    """The stages that a stage is built on with FROM, the earliest first, and the stage itself."""
    chain = [stage]
    while base := find_stage(dockerfile.stages[: chain[-1].index], chain[-1].base):
        chain.append(base)
    return tuple(reversed(chain))


def _needed(stages: tuple[Stage, ...], stage: Stage) -> Iterator[Stage]:
    earlier = stages[: stage.index]
    names = [stage.base, *(name for one in stage.instructions for name in _sources(one))]
    for name in names:
        found = find_stage(earlier, name)
        if found:
            yield found


def _sources(instruction: Instruction) -> Iterator[str]:
    if instruction.keyword in ("COPY", "ADD") and (source := instruction.flag("from")):
        yield source
    if instruction.keyword == "RUN":
        for flag in instruction.flags:
            if flag.name == "mount" and flag.value:
                yield from (part[5:] for part in flag.value.split(",") if part.startswith("from="))
