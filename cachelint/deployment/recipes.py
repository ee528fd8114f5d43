"""What a recipe that deploys runs: its own lines, and those of the targets that it needs or calls make for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.shipping import says_so
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from cachelint.deployment.jobs import ScriptJob, Unit
    from cachelint.documents.makefile import Recipe
    from cachelint.source import Span

    Own: TypeAlias = "tuple[Recipe, tuple[Unit, ...]]"

_MAKE = regex(r"\s*make((?:[ \t]+[\w./-]+)+)\s*")
_NEXT_RULE = regex(r"\n[^\s#]")
_MAX_UNITS = 100


def units_of(recipe: Recipe, own: Sequence[Own]) -> tuple[Unit, ...]:
    """The shells that run for a recipe, in order. `own` are the recipes of its file with their own shells.

    Those of other targets count for one that says by its name that it deploys: `deploy: build` builds.
    Source: the GNU make manual, "How make Processes a Makefile".
    """
    if not says_so(recipe.name):
        return next(units for one, units in own if one is recipe)
    by_target = {target: one for one in own for target in one[0].name.split() if one[1] or one[0].needs}
    found = list(_Following(by_target).of(next(one for one in own if one[0] is recipe), set()))
    return tuple(found[:_MAX_UNITS])


def runs_elsewhere(job: ScriptJob, place: Span) -> bool:
    """Whether a place in a Makefile belongs to the recipe of another rule than a job's."""
    between = job.source.text[job.place.end : place.start]
    return place.start < job.place.start or bool(_NEXT_RULE.search(between))


def _goals(words: list[str]) -> tuple[str, ...]:
    """The targets that a call of make names, none of another directory's or file's."""
    return () if {"-C", "-f"} & set(words) else tuple(words)


class _Following:
    """Follows targets; what make made once it does not make again, a make that is called does."""

    def __init__(self, by_target: dict[str, Own]) -> None:
        self._by_target = by_target
        self._inside: set[int] = set()
        self._count = 0

    def of(self, one: Own, made: set[int]) -> Iterator[Unit]:
        """What runs for a target, with what comes before it."""
        recipe, units = one
        if id(recipe) in made or id(recipe) in self._inside or self._count >= _MAX_UNITS:
            return
        made.add(id(recipe))
        self._inside.add(id(recipe))
        yield from self._all(recipe.needs, made)
        for unit in units:
            if called := _MAKE.fullmatch(unit.text.text):
                yield from self._all(_goals(called[1].split()), set())
            self._count += 1
            yield unit
        self._inside.discard(id(recipe))

    def _all(self, targets: tuple[str, ...], made: set[int]) -> Iterator[Unit]:
        for target in targets:
            if target in self._by_target:
                yield from self.of(self._by_target[target], made)
