"""Which steps of several builds are one and the same for BuildKit, which executes and prints them once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.steps import Builder, Origin

if TYPE_CHECKING:
    from collections.abc import Hashable

    from cachelint.buildcache.steps import Graph, Source

Key = tuple[object, ...]


class StepNumbers:
    """Gives equal steps of any graphs equal numbers."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}

    def of(self, graph: Graph, context: Hashable, unknown: Hashable) -> list[int]:
        """A number for each step of a graph; `context` stands for its files, `unknown` for what the builder knows."""
        numbers: list[int] = []
        for step in graph.steps:
            above = -1 if step.above is None else numbers[step.above]
            sources = tuple(_reading(graph, numbers, source, context) for source in step.sources)
            environment = _environment(graph, step.stage, step.bindings) if step.bindings >= 0 else ()
            is_known = step.identity.text is not None and all(text is not None for _, text in environment)
            key = (above, step.keyword, step.identity.text, sources, environment, None if is_known else unknown)
            numbers.append(self._numbers.setdefault(key, len(self._numbers)))
        return numbers


def _reading(graph: Graph, numbers: list[int], source: Source, context: Hashable) -> Key:
    place: object = source.place
    if source.origin is Origin.STAGE:
        end = graph.stages[int(source.place)].end
        place = -1 if end is None else numbers[end]
    elif source.origin is Origin.CONTEXT:
        place = context
    return (source.origin, place, source.paths, source.exclude, source.parents)


def _environment(graph: Graph, index: int, until: int) -> tuple[tuple[str, str | None], ...]:
    stage = graph.stages[index]
    below: tuple[tuple[str, str | None], ...] = ()
    if stage.base_stage is not None and graph.builder is not Builder.LEGACY:
        below = _environment(graph, stage.base_stage, len(graph.stages[stage.base_stage].bindings))
    return (*below, *((one.name, one.value.text) for one in stage.bindings[:until]))
