"""What several formats of a judged log say in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildlog.record import Status
from cachelint.log_judge import Verdict
from cachelint.plan import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.buildlog.record import Prune
    from cachelint.log_judge import JudgedBuild, JudgedStep, Judgement

_MAX_FILES = 3


def headline(judgement: Judgement) -> str:
    """The verdict in a sentence."""
    if judgement.since is None:
        return f"{counted(judgement.builds, 'build')} in this log"
    words = {
        Verdict.FRESH: f"Fresh: every step that had to run since {judgement.since} ran",
        Verdict.STALE: f"Stale: {counted(list(stale_steps(judgement)), 'step')} did not run that had to since "
        f"{judgement.since}",
        Verdict.UNKNOWN: f"Unknown: the log does not prove that what changed since {judgement.since} was built",
    }
    return words[judgement.verdict]


def stale_steps(judgement: Judgement) -> Iterator[tuple[JudgedBuild, JudgedStep]]:
    """The stale steps with their builds."""
    for build in judgement.builds:
        yield from ((build, step) for step in build.steps if step.stale)


def counted(items: Iterable[object], what: str) -> str:
    """How many there are."""
    count = len(list(items))
    return f"{count} {what}{'' if count == 1 else 's'}"


def facts(judgement: Judgement) -> Iterator[str]:
    """What else the log says: the commit and the prunes."""
    if judgement.commit:
        yield f"the log announces commit {judgement.commit}"
    yield from map(_prune, judgement.prunes)


def _prune(prune: Prune) -> str:
    when = "after the last build" if prune.before_build is None else f"before build {prune.before_build}"
    return f"build cache was pruned {when}: {size(prune.reclaimed_bytes)} reclaimed"


def size(count: int) -> str:
    """A number of bytes as Docker writes it."""
    number, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.4g}{unit}"


def title(build: JudgedBuild, number: int) -> str:
    """Which build this is: ``1. web (compose.yaml:3, web/Dockerfile)``."""
    name = build.service or build.dockerfile or "a build"
    places = [f"{relative(build.origin.path)}:{build.origin.start.line}"] if build.origin and build.service else []
    if build.service and build.dockerfile:
        places.append(build.dockerfile)
    where = f" ({', '.join(places)})" if places else ""
    return f"{number}. {name}{where}"


def tally(build: JudgedBuild) -> str:
    """How many steps ran and were cached, and what else there is to say. What is printed for FROM means nothing."""
    steps = [step for step in build.steps if not step.instruction.upper().startswith("FROM ")]
    counts = {status: sum(step.status is status for step in steps) for status in Status}
    ran = counts[Status.RAN] + counts[Status.ERROR]
    words = [f"{ran} of {counted(steps, 'step')} ran", f"{counts[Status.CACHED]} cached"]
    if counts[Status.NOT_PRINTED]:
        words.append(f"{counts[Status.NOT_PRINTED]} not printed")
    tail = "; it failed" if build.failed else ""
    return f"{', '.join(words)}{tail}" + (f" ({build.reason})" if build.reason else "")


def accusation(build: JudgedBuild, step: JudgedStep) -> str:
    """Why a step is stale, and what that means."""
    listed = ", ".join(step.files[:_MAX_FILES])
    more = f" and {len(step.files) - _MAX_FILES} more" if len(step.files) > _MAX_FILES else ""
    return (
        f"`{step.instruction}` is CACHED, but {listed}{more} changed since: the image holds the result for older "
        "files, unless this very state had been built on that builder before."
    )
