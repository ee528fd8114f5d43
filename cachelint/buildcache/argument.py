"""What one build argument does in a build: who declares it, who uses it, what hides it, where it would help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.arranging import only_arranges
from cachelint.buildcache.packages import only_installs_packages
from cachelint.buildcache.steps import Origin
from cachelint.documents.dockerfile import pairs
from cachelint.documents.words import references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.steps import Graph, GraphStage
    from cachelint.documents.dockerfile import Instruction


def declarations(graph: Graph, name: str) -> tuple[Instruction, ...]:
    """Every ``ARG name`` in the stages that the build reaches, in order; not one that stands before the first FROM."""
    reached = (one for stage in graph.stages.values() for one in _instructions(graph, stage))
    return tuple(one for one in reached if _sets(one, "ARG", name))


def overrides(graph: Graph, name: str) -> tuple[Instruction, ...]:
    """Every ``ENV name=…`` that takes the argument's place for the steps below it.

    That is an ENV below the ARG in the same stage or in one built on it. An ENV that itself uses the argument hands
    it on and is no override.
    """
    found: list[Instruction] = []
    for stage, inherited in _with_inherited(graph, name):
        declared = inherited
        for instruction in _instructions(graph, stage):
            declared = declared or _sets(instruction, "ARG", name)
            if declared and _sets(instruction, "ENV", name) and name not in _references(instruction):
                found.append(instruction)
    return tuple(found)


def users(graph: Graph, name: str) -> tuple[Instruction, ...]:
    """Every instruction whose text uses the argument, or a variable that was made from it.

    A program that a RUN starts may read its environment without any text that says so: that is not seen here.
    """
    found: list[Instruction] = []
    ends: dict[int, frozenset[str]] = {}
    for index, stage in graph.stages.items():
        carriers = set(ends.get(-1 if stage.base_stage is None else stage.base_stage, frozenset()))
        for instruction in _instructions(graph, stage):
            used = not carriers.isdisjoint(_references(instruction))
            if used:
                found.append(instruction)
            _carry(carriers, instruction, name)
        ends[index] = frozenset(carriers)
    return tuple(found)


def place_below_source(
    graph: Graph, brings_source: Callable[[Instruction], bool], is_install: Callable[[Instruction], bool]
) -> Instruction | None:
    """The RUN above which an ARG re-runs the first step on copied source, and no install below that.

    A step that only installs packages of the system, or only arranges files, is no step on the source.

    It is searched from the target upwards: the stage nearest to the target counts that copies source or is built on one
    that does; without a step there, one that copies from such a stage. None when no stage has a RUN below both its
    source and its installs: there an ARG can re-run nothing that could come to something else.
    """
    own = _stages_with(graph, brings_source)

    def brings_work(instruction: Instruction) -> bool:
        return brings_source(instruction) or not own.isdisjoint(taken.get(id(instruction), ()))

    taken = {
        id(step.instruction): {one.place for one in step.sources if one.origin is Origin.STAGE} for step in graph.steps
    }
    for brings in (brings_source, brings_work):
        steps = reversed(tuple(_steps_on_source(graph, brings, is_install)))
        found = next((step for step in steps if step is not None), None)
        if found is not None:
            return found
    return None


def _stages_with(graph: Graph, brings: Callable[[Instruction], bool]) -> set[int | str | None]:
    """The stages that have an instruction for which `brings` holds, or are built on one that has."""
    found: set[int | str | None] = set()
    for index, stage in graph.stages.items():
        if stage.base_stage in found or any(map(brings, stage.stage.instructions)):
            found.add(index)
    return found


def _steps_on_source(
    graph: Graph, brings: Callable[[Instruction], bool], is_install: Callable[[Instruction], bool]
) -> Iterator[Instruction | None]:
    """For each stage, with all that it is built on, the first step on what it brings, below every install."""
    ends: dict[int | None, tuple[bool, Instruction | None]] = {}
    for index, stage in graph.stages.items():
        started, step = ends.get(stage.base_stage, (False, None))
        for instruction in stage.stage.instructions:
            started = started or brings(instruction)
            if started and instruction.keyword == "RUN" and not _is_no_work(instruction):
                step = None if is_install(instruction) else step or instruction
        ends[index] = started, step
        yield step


def _is_no_work(instruction: Instruction) -> bool:
    return only_installs_packages(instruction) or only_arranges(instruction)


def _instructions(graph: Graph, stage: GraphStage) -> Iterator[Instruction]:
    """What runs in a stage, in order: what its base stage's ONBUILD triggers, then its own."""
    if stage.base_stage is not None:
        base = graph.stages[stage.base_stage].stage.instructions
        yield from (one.trigger for one in base if one.keyword == "ONBUILD" and one.trigger)
    yield from stage.stage.instructions[1:]


def _with_inherited(graph: Graph, name: str) -> Iterator[tuple[GraphStage, bool]]:
    """Each stage, and whether a stage that it is built on declares the argument."""
    ends: dict[int, bool] = {}
    for index, stage in graph.stages.items():
        inherited = ends.get(stage.base_stage, False) if stage.base_stage is not None else False
        ends[index] = inherited or any(_sets(one, "ARG", name) for one in _instructions(graph, stage))
        yield stage, inherited


def _sets(instruction: Instruction, keyword: str, name: str) -> bool:
    return instruction.keyword == keyword and any(pair.name == name for pair in pairs(instruction))


def _references(instruction: Instruction) -> set[str]:
    """The variables in the text of an instruction, those of a shell script or heredoc included."""
    texts = [instruction.value, *(flag.value or "" for flag in instruction.flags)]
    texts += [here.body for here in instruction.heredocs if here.expand or instruction.keyword == "RUN"]
    return {reference.name for text in texts for reference in references(text, quotes=False)}


def _carry(carriers: set[str], instruction: Instruction, name: str) -> None:
    """Keep up with which variables hold something of the argument below an instruction."""
    if instruction.keyword not in {"ARG", "ENV"}:
        return
    used = {pair.name: {one.name for one in references(pair.value or "")} for pair in pairs(instruction)}
    for variable, names in used.items():
        passed = instruction.keyword == "ARG" and variable == name
        if passed or not carriers.isdisjoint(names):
            carriers.add(variable)
        else:
            carriers.discard(variable)
