"""What a recipe that deploys runs: its own lines, and those of the targets that it needs or calls make for."""

from __future__ import annotations

from itertools import islice
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
_MAX_FOLLOWED = 1_000
_MAX_DEPTH = 50
"""Targets that need each other in a longer row than anybody writes are not followed; nor are more shells in a file."""


def with_needed(own: Sequence[Own]) -> Iterator[Own]:
    """The recipes of a file, each with the shells that run for it, in order. `own` are those with their own shells.

    Those of other targets count for one that says by its name that it deploys: `deploy: build` builds.
    Source: the GNU make manual, "How make Processes a Makefile".
    """
    by_target = {target: one for one in own for target in one[0].name.split() if one[1] or one[0].needs}
    left = _MAX_FOLLOWED
    for recipe, units in own:
        needed = units
        if says_so(recipe.name) and left > 0:
            needed = tuple(islice(_Following(by_target).of((recipe, units), set()), _MAX_UNITS))
            left -= len(needed) - len(units)
        yield recipe, needed


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

    @property
    def _is_enough(self) -> bool:
        return self._count >= _MAX_UNITS or len(self._inside) >= _MAX_DEPTH

    def of(self, one: Own, made: set[int]) -> Iterator[Unit]:
        """What runs for a target, with what comes before it."""
        recipe, units = one
        if id(recipe) in made or id(recipe) in self._inside or self._is_enough:
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
