"""A flowchart for Mermaid: stages as boxes, steps in them, and for each change what it does to a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.output.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.output.terminal import Style
    from cachelint.plan import BuildPlan, Lane, Plan, PlannedStep
    from cachelint.plan_changes import Column

_WORDS = 60
_PLAIN = frozenset(" .,-=/")
_STYLES = (
    "  classDef run fill:#ffe3c2,stroke:#9a4b00,color:#3b1d00,stroke-width:2px",
    "  classDef maybe fill:#ece6ff,stroke:#5b3fb0,color:#26145c,stroke-dasharray:5 3",
    "  classDef cached fill:#e8f3ec,stroke:#2f6b45,color:#12301d",
)


def render(plan: Plan, style: Style, width: int) -> str:
    """One flowchart of all builds. A step has the colour of the most that any of the changes does to it."""
    lines = ["flowchart TB"]
    for number, build in enumerate(plan.builds):
        lines += _build(f"b{number}", build, plan.columns)
    lines += [f"  %% not planned: {_label(one.service or 'a file')}" for one in plan.skipped]
    return "\n".join((*lines, *_STYLES)) + "\n"


def _build(name: str, build: BuildPlan, asked: tuple[Column, ...]) -> Iterator[str]:
    yield f'  subgraph {name}["{_label(build.name)}"]'
    for lane in build.lanes:
        yield from _lane(name, build, lane, asked)
    yield "  end"
    yield from _edges(name, build)


def _lane(name: str, build: BuildPlan, lane: Lane, asked: tuple[Column, ...]) -> Iterator[str]:
    yield f'    subgraph {name}l{lane.index}["{_label(lane.name)}"]'
    if not lane.steps:
        yield f'      {name}e{lane.index}["{_label(lane.base)}"]:::cached'
    for index in lane.steps:
        step = build.steps[index]
        yield f'      {name}s{index}["{_text(step, asked)}"]:::{_class(step, asked)}'
    yield "    end"


def _text(step: PlannedStep, asked: tuple[Column, ...]) -> str:
    words = step.instruction if len(step.instruction) <= _WORDS else f"{step.instruction[: _WORDS - 1]}…"
    marks = " · ".join(f"{column.name} {step.outcomes[column.name].outcome.name}" for column in asked)
    return f"{_label(step.label)} {_label(words)}<br/>{marks}"


def _class(step: PlannedStep, asked: tuple[Column, ...]) -> str:
    return max((step.outcomes[column.name].outcome for column in asked), default=Outcome.CACHED).name.lower()


def _edges(name: str, build: BuildPlan) -> Iterator[str]:
    ends = {lane.index: lane.end for lane in build.lanes}
    for index, step in enumerate(build.steps):
        if step.above is not None:
            yield f"  {name}s{step.above} --> {name}s{index}"
        for stage in step.reads:
            end = ends[stage]
            yield f"  {name}{f'e{stage}' if end is None else f's{end}'} -. files .-> {name}s{index}"


def _label(text: str) -> str:
    """Text that Mermaid takes for nothing but text: whatever is no letter or digit goes as an entity of its own."""
    return "".join(one if one.isalnum() or one in _PLAIN else f"#{ord(one)};" for one in printable(text))
