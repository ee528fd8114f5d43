"""What a judged log comes to, for whoever shows it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.buildcache.change import Outcome
    from cachelint.buildlog.record import Prune, Status
    from cachelint.diagnostic import Location


class Verdict(Enum):
    """About the whole log."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"


class JudgedStep(NamedTuple):
    """One step. `expected` is None where nothing was asked or the step is not the project's.

    `stale`: it had to run for the files that are here, and did not.
    `merged`: printed as a step of another service, which does the very same. `files` are shown paths.
    """

    label: str
    instruction: str
    status: Status
    line: int | None = None
    expected: Outcome | None = None
    cause: str | None = None
    stale: bool = False
    files: tuple[str, ...] = ()
    merged: bool = False


class JudgedBuild(NamedTuple):
    """One build. `origin` and `dockerfile` are None, with the reason, where it is none of the project's.

    `doubts` are reasons for which its freshness is not known. `is_replaced`: the same is built again further down, so
    that nothing depends on this one. `commit` is the one that was announced for it, `checked_out` the one of this
    repository to which git went before; abbreviated as they were printed.
    """

    service: str | None
    line: int
    failed: bool
    steps: tuple[JudgedStep, ...]
    dockerfile: str | None = None
    origin: Location | None = None
    reason: str | None = None
    doubts: tuple[str, ...] = ()
    is_replaced: bool = False
    commit: str | None = None
    checked_out: str | None = None


class Judgement(NamedTuple):
    """The answer. `since` is None when no revision was named: then nothing is judged.

    `doubts` are the reasons for which the verdict is unknown.
    """

    verdict: Verdict
    since: str | None
    commit: str | None
    prunes: tuple[Prune, ...]
    builds: tuple[JudgedBuild, ...]
    doubts: tuple[str, ...]
    blind_spots: tuple[str, ...]
