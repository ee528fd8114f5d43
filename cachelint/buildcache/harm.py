"""Whether an edit of a Dockerfile makes more steps re-run than before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.predict import describe, predict
from cachelint.buildcache.values import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.change import StepOutcome
    from cachelint.buildcache.steps import Graph
    from cachelint.documents.dockerfile import Dockerfile

_CHANGES = (("source", Change(source=True)), ("a dependency", Change(dependencies=True)))


def harm(before: Dockerfile, after: Dockerfile) -> str | None:
    """The first step that a change of source or of dependencies re-runs in `after` only, in words; else None.

    Steps are the same when their stage and text are. A Dockerfile that Docker refuses after the edit, and did not
    before, is harmed too.
    """
    try:
        old = build_graph(before)
    except GraphError:
        return None
    try:
        new = build_graph(after)
    except GraphError as error:
        return f"Docker would refuse the Dockerfile: {error}"
    return next(_worse(old, new), None)


def _worse(old: Graph, new: Graph) -> Iterator[str]:
    for name, change in _CHANGES:
        known = dict(_keyed(predict(old, change)))
        for key, outcome in _keyed(predict(new, change)):
            if key in known and outcome.outcome > known[key].outcome:
                yield f"a change of {name} would re-run {describe(outcome.step)}"


def _keyed(outcomes: tuple[StepOutcome, ...]) -> Iterator[tuple[tuple[int, str, str, int], StepOutcome]]:
    """Each outcome by stage, keyword and text of its step, equal ones numbered."""
    seen: Counter[tuple[int, str, str]] = Counter()
    for outcome in outcomes:
        key = outcome.step.stage, outcome.step.keyword, outcome.step.instruction.value
        yield (*key, seen[key]), outcome
        seen[key] += 1
