"""Which steps of a build are other ones than in the build before: another Dockerfile, other arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import CACHED, Verdict, maybe, run
from cachelint.buildcache.steps import Builder, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.steps import Graph, Source

Key = tuple[object, ...]


class Edits:
    """Compares two graphs as BuildKit does: a step is known when a step with its key stood on the same stack.

    `verdicts` has one entry for each step of the newer graph.
    """

    def __init__(self, before: Graph, after: Graph) -> None:
        self._numbers: dict[Key, int] = {}
        self._sources: dict[int, set[Key]] = {}
        for number, sources in self._walk(before):
            self._sources.setdefault(number, set()).add(sources)
        self.verdicts: list[Verdict] = []
        loose: set[int | None] = set()
        for step, (number, sources) in zip(after.steps, self._walk(after), strict=True):
            if step.above in loose or after.mounts_its_root(step):
                loose.add(step.index)
            where = f"line {step.instruction.line}"
            self.verdicts.append(self._verdict(where, number, sources, maybe if step.index in loose else run))

    def _verdict(self, where: str, number: int, sources: Key, other: Callable[[str], Verdict]) -> Verdict:
        if number not in self._sources:
            return other(
                f"the instruction on {where}, its variables or something above it is not what was built before"
            )
        if sources not in self._sources[number]:
            return maybe(f"the instruction on {where} reads other files than before")
        return CACHED

    def _walk(self, graph: Graph) -> Iterator[tuple[int, Key]]:
        """For each step the number of its key (equal steps on equal stacks share one) and what it reads."""
        numbers: list[int] = []
        for step, environment in zip(graph.steps, _environments(graph), strict=True):
            above = -1 if step.above is None else numbers[step.above]
            key = (above, step.identity.text, environment)
            numbers.append(self._numbers.setdefault(key, len(self._numbers)))
            yield numbers[-1], tuple(self._reading(graph, numbers, source) for source in step.sources)

    def _reading(self, graph: Graph, numbers: list[int], source: Source) -> Key:
        place: object = source.place
        if source.origin is Origin.STAGE:
            end = graph.stages[int(source.place)].end
            place = -1 if end is None else numbers[end]
        return (source.origin, place, source.paths, source.exclude, source.parents)


def _environments(graph: Graph) -> Iterator[int]:
    """For each step a number that stands for its environment variables, in order; 0 where they are not in its key."""
    ends: dict[int, dict[str, str]] = {}
    seen: dict[int, int] = {}
    for step in graph.steps:
        variables = _variables(graph, step.stage, ends, seen)
        if step.bindings < 0:
            yield 0
            continue
        _bind(graph, step.stage, variables, seen, step.bindings)
        yield hash(tuple(variables.items()))


def _variables(graph: Graph, index: int, ends: dict[int, dict[str, str]], seen: dict[int, int]) -> dict[str, str]:
    missing: list[int] = []
    at: int | None = index
    while at is not None and at not in ends:
        missing.append(at)
        at = graph.stages[at].base_stage
    for stage in reversed(missing):
        base = graph.stages[stage].base_stage
        if base is not None:
            _bind(graph, base, ends[base], seen, len(graph.stages[base].bindings))
        inherits = base is not None and graph.builder is not Builder.LEGACY
        ends[stage] = dict(ends[base]) if base is not None and inherits else {}
        seen[stage] = 0
    return ends[index]


def _bind(graph: Graph, stage: int, variables: dict[str, str], seen: dict[int, int], until: int) -> None:
    for name, value in graph.stages[stage].bindings[seen[stage] : until]:
        if value.text is not None:
            variables.pop(name, None)
            variables[name] = value.text
    seen[stage] = max(until, seen[stage])
