"""What re-runs: the cache model's answer for one change, step by step, each with its cause.

Precondition: the first build left a complete cache, and the second one is of the same platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import CACHED, Change, Outcome, StepOutcome, Verdict, maybe, run, strongest
from cachelint.buildcache.files import ContextFiles
from cachelint.buildcache.provenance import Content
from cachelint.buildcache.steps import Builder, Origin, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cachelint.buildcache.steps import Binding, Graph, GraphStage, Step
    from cachelint.buildcache.values import Value

__all__ = ["Change", "Outcome", "Predictor", "StepOutcome", "predict"]

_FORCED = frozenset({"RUN", "COPY", "ADD"})
_MAX_WORDS = 60


def predict(
    graph: Graph,
    change: Change,
    files: ContextFiles | None = None,
    *,
    no_cache: bool | Collection[str] = False,
    before: Graph | None = None,
) -> tuple[StepOutcome, ...]:
    """What every step of `graph` does in a build after `change`; see `Predictor`."""
    return Predictor(graph, files, no_cache=no_cache, before=before).predict(change)


def describe(step: Step) -> str:
    """The instruction and its line, as causes name it: ```COPY . .` (line 7)``."""
    instruction = step.instruction
    text = " ".join(f"{instruction.keyword} {_flags(step)}{instruction.value}".split())
    if len(text) > _MAX_WORDS:
        text = text[: _MAX_WORDS - 1] + "…"
    return f"`{text}` (line {instruction.line})"


def _flags(step: Step) -> str:
    flags = step.instruction.flags
    return "".join(f"--{flag.name}{'' if flag.value is None else '=' + flag.value} " for flag in flags)


class Predictor:
    """Predicts many changes of one graph.

    `files` is the build context as far as it is known. `no_cache`: the second build runs with ``--no-cache``, or with
    ``--no-cache-filter`` for these stage names. `before` is the graph of the first build when its Dockerfile or
    arguments were others; without it only the `Change` differs.
    """

    def __init__(
        self,
        graph: Graph,
        files: ContextFiles | None = None,
        *,
        no_cache: bool | Collection[str] = False,
        before: Graph | None = None,
    ) -> None:
        self.graph = graph
        self._files = files or ContextFiles()
        self._edits = _edited(before, graph) if before is not None else None
        self._no_cache = no_cache
        self._words: dict[int, str] = {}

    def predict(self, change: Change) -> tuple[StepOutcome, ...]:
        """The outcome of every step, in the order of ``graph.steps``.

        CACHED and RUN are certain; MAYBE is what cannot be known before the build.
        """
        return _Prediction(self, change).outcomes()

    def words(self, step: Step) -> str:
        """`describe`, remembered."""
        if step.index not in self._words:
            self._words[step.index] = describe(step)
        return self._words[step.index]

    def files_verdict(self, step: Step, source: Source, change: Change) -> Verdict:
        """Whether a source in the context changes."""
        return self._files.verdict(source, change, self.words(step))

    def edited(self, step: Step) -> Verdict:
        """Whether the step is another one than in the first build."""
        return self._edits[step.index] if self._edits is not None else CACHED

    def content(self, own: list[Verdict], total: list[Verdict], change: Change) -> Content:
        """The judge of other stages' content, for the verdicts so far."""

        def files_of(step: Step, source: Source) -> Verdict:
            return self.files_verdict(step, source, change)

        return Content(self.graph.steps, own, total, self._files, files_of)

    def is_forced(self, step: Step) -> bool:
        """Whether ``--no-cache`` makes the step run. WORKDIR and FROM never mind it."""
        if not self._no_cache:
            return False
        if self.graph.builder is Builder.LEGACY:
            return step.keyword != "FROM"
        if step.keyword not in _FORCED:
            return False
        return self._no_cache is True or self.graph.stages[step.stage].stage.name in self._no_cache


def _edited(before: Graph, graph: Graph) -> Sequence[Verdict]:
    from cachelint.buildcache.edits import Edits

    return Edits(before, graph).verdicts


class _Prediction:
    """One pass over the steps. `own` is what changes for a step itself, `total` what becomes of it."""

    def __init__(self, predictor: Predictor, change: Change) -> None:
        self._of = predictor
        self._change = change
        self._graph = predictor.graph
        self._own: list[Verdict] = []
        self._total: list[Verdict] = []
        self._content = predictor.content(self._own, self._total, change)
        self._bases: dict[int, Verdict] = {}
        self._changed_env: dict[int, dict[str, Binding]] = {}
        self._seen: dict[int, int] = {}

    def outcomes(self) -> tuple[StepOutcome, ...]:
        for step in self._graph.steps:
            if step.stage not in self._changed_env:
                self._enter(step.stage)
            own = self._own_verdict(step)
            self._own.append(own)
            self._total.append(self._with_above(step, own, self._above(step)))
        repeated = _repeated(self._graph) if self._graph.builder is Builder.LEGACY else frozenset()
        return tuple(
            StepOutcome(step, Outcome.CACHED, None, Outcome.CACHED)
            if step.index in repeated and not self._of.is_forced(step)
            else StepOutcome(step, total.outcome, total.cause, own.outcome)
            for step, own, total in zip(self._graph.steps, self._own, self._total, strict=True)
        )

    def _above(self, step: Step) -> Verdict:
        """What the result that a step starts from does to it."""
        if step.above is None:
            return self._bases[step.stage]
        if self._graph.mounts_its_root(step):
            return self._content.verdict(step.above, Source(Origin.STAGE, paths=("/",)), self._of.words)
        return self._total[step.above]

    def _with_above(self, step: Step, own: Verdict, above: Verdict) -> Verdict:
        base = self._bases[step.stage]
        first = step.above is not None and self._graph.steps[step.above].stage != step.stage
        return strongest(above, base, own) if first else strongest(above, own)

    def _enter(self, index: int) -> None:
        """Start a stage that has steps, and those below it that it is built on."""
        missing: list[GraphStage] = []
        at: int | None = index
        while at is not None and at not in self._changed_env:
            missing.append(self._graph.stages[at])
            at = missing[-1].base_stage
        for stage in reversed(missing):
            self._start(stage)

    def _start(self, stage: GraphStage) -> None:
        index, base = stage.stage.index, stage.base_stage
        inherited: dict[str, Binding] = {}
        verdict = CACHED
        if base is not None:
            self._advance(base, len(self._graph.stages[base].bindings))
            if self._graph.builder is not Builder.LEGACY:
                inherited = dict(self._changed_env[base])
            verdict = self._bases[base] if stage.end is None else CACHED
        self._changed_env[index] = inherited
        self._seen[index] = 0
        self._bases[index] = strongest(verdict, self._named_base(stage))

    def _named_base(self, stage: GraphStage) -> Verdict:
        for name in stage.base.variants:
            if name in self._change.args:
                return maybe(f"`FROM {stage.stage.base}` (line {stage.stage.start.line}) depends on {name}")
        return CACHED

    def _advance(self, stage: int, until: int) -> dict[str, Binding]:
        """The variables that have another value than before, after the first `until` bindings of a stage."""
        changed = self._changed_env[stage]
        bindings = self._graph.stages[stage].bindings
        for binding in bindings[self._seen[stage] : until]:
            if self._change.args.isdisjoint(binding.value.variants):
                changed.pop(binding.name, None)
            else:
                changed.setdefault(binding.name, binding)
        self._seen[stage] = max(until, self._seen[stage])
        return changed

    def _own_verdict(self, step: Step) -> Verdict:
        verdicts = [self._of.edited(step)]
        if self._change.args:
            verdicts += [self._by_words(step), self._by_environment(step)]
        verdicts += [self._by_source(step, source) for source in step.sources]
        if self._of.is_forced(step):
            verdicts.append(run("the build runs without cache"))
        return strongest(*verdicts)

    def _by_words(self, step: Step) -> Verdict:
        args = self._change.args
        for name in step.identity.variants:
            if name in args:
                verdict = maybe if step.keyword == "FROM" else run
                return verdict(f"{self._of.words(step)} depends on {name}, which has a new value")
        for name in step.selection.variants:
            if name in args:
                return maybe(f"{self._of.words(step)} selects other files with the new value of {name}")
        return CACHED

    def _by_environment(self, step: Step) -> Verdict:
        if step.bindings < 0:
            return CACHED
        changed = self._advance(step.stage, step.bindings)
        for binding in changed.values():
            origin = binding.value.origin
            where = f"`{origin.keyword} {origin.value}` (line {origin.line})" if origin else binding.name
            return run(f"{where} has a new value, which every RUN below it sees")
        return CACHED

    def _by_source(self, step: Step, source: Source) -> Verdict:
        if source.origin is Origin.CONTEXT:
            return self._of.files_verdict(step, source, self._change)
        if source.origin is Origin.STAGE:
            return self._content.verdict(self._graph.stages[int(source.place)].end, source, self._of.words)
        if source.pinned:
            return CACHED
        if source.origin is Origin.REMOTE:
            return maybe(f"{source.place} may have other content by now")
        if not self._change.base:
            return CACHED
        return (
            run(f"the base image {source.place} moved")
            if step.keyword == "FROM"
            else maybe(f"{source.place} may have moved")
        )


def _repeated(graph: Graph) -> frozenset[int]:
    """The steps that do what an earlier stage of the same build has just done, on top of the same steps.

    The legacy builder looks for a result before each step and finds that one, whatever changed since the last build.
    """
    numbers: dict[object, int] = {}
    chain: list[int] = []
    repeated: set[int] = set()
    for step in graph.steps:
        above = None if step.above is None else chain[step.above]
        key = (above, step.keyword, _same(step.identity), _same(step.selection), step.sources)
        if key in numbers and step.keyword != "FROM":
            repeated.add(step.index)
        chain.append(numbers.setdefault(key, len(numbers)))
    return frozenset(repeated)


def _same(value: Value) -> object:
    """What two values must share to be the same before and after every change."""
    return value.text, tuple(sorted(value.variants.items(), key=str))
