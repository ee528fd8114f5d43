"""What changes between two builds, and what a prediction says about one step."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.buildcache.steps import Step


class Change(NamedTuple):
    """Any mix of changes, all at once.

    `args`: build arguments that the second build passes with a value that the first did not. `source` and
    `dependencies`: every file of the context that is not, or is, a manifest. `paths`: files or directories of the
    context (with ``/``, relative to it) that were edited, added, removed or made executable; a new time or owner is
    no change. `base`: the images behind FROM moved.
    """

    args: frozenset[str] = frozenset()
    source: bool = False
    dependencies: bool = False
    paths: frozenset[str] = frozenset()
    base: bool = False

    @property
    def touches_files(self) -> bool:
        """Whether any file of the context changes."""
        return self.source or self.dependencies or bool(self.paths)


class Outcome(IntEnum):
    """What a step does in the second build; ordered by how much is known to happen."""

    CACHED = 0
    MAYBE = 1
    RUN = 2


class Verdict(NamedTuple):
    """An outcome with its cause in words; CACHED has none."""

    outcome: Outcome
    cause: str | None = None


CACHED = Verdict(Outcome.CACHED)


def run(cause: str) -> Verdict:
    """RUN, because of `cause`."""
    return Verdict(Outcome.RUN, cause)


def maybe(cause: str) -> Verdict:
    """MAYBE, because `cause` cannot be known."""
    return Verdict(Outcome.MAYBE, cause)


def strongest(*verdicts: Verdict) -> Verdict:
    """The verdict with the highest outcome; of equal ones the first."""
    best = CACHED
    for verdict in verdicts:
        if verdict is not CACHED and verdict.outcome > best.outcome:
            best = verdict
    return best


class StepOutcome(NamedTuple):
    """The prediction for one step. `own`: what changed for the step itself, whatever the steps above it do."""

    step: Step
    outcome: Outcome
    cause: str | None
    own: Outcome
