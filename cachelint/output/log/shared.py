"""What several formats of a judged log say in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildlog.record import Status
from cachelint.judging.judgement import Verdict
from cachelint.plan import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.buildlog.record import Prune
    from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement

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
    """How many steps ran and were cached, and what else there is to say: the sum of what `said` says of each."""
    words = [word for word in map(said, build.steps) if word != NOTHING]
    counts = {word: words.count(word) for word in dict.fromkeys(("ran", "cached", *sorted(words)))}
    parts = [f"{count} {word}" for word, count in counts.items() if word != "ran"]
    text = ", ".join((f"{counts['ran']} of {counted(words, 'step')} ran", *parts)) if words else "no step but FROM"
    tail = "; it failed" if build.failed else "; built again further down" if build.is_replaced else ""
    return f"{text}{tail}" + (f" ({build.reason})" if build.reason else "")


NOTHING = "-"


def said(step: JudgedStep) -> str:
    """What the log says of a step, in a word for people.

    `NOTHING` of a base image: a builder prints for it whatever it likes, also where it only looked up the name.
    """
    if step.status is Status.ERROR:
        return "failed"
    if is_base(step) and step.status is not Status.CANCELED:
        return NOTHING
    word: str = step.status.value
    return word


def is_base(step: JudgedStep) -> bool:
    """Whether the step is a base image, which nobody builds."""
    return step.instruction.upper().startswith("FROM ")


def expected(step: JudgedStep, mark: str) -> str:
    """What had to become of a step, with a mark and a word where it did not."""
    if step.expected is None or is_base(step):
        return NOTHING
    return f"{step.expected.name}{mark}" if step.stale else step.expected.name


def suspicion(judgement: Judgement) -> str:
    """What a step is that did not run and had to: nothing more than suspicious where the log proves nothing."""
    return "stale" if judgement.verdict is Verdict.STALE else "suspicious"


def accusation(step: JudgedStep, judgement: Judgement) -> str:
    """Why a step is stale, and what that means; or would mean, where the log may be that of other files."""
    listed = ", ".join(step.files[:_MAX_FILES])
    more = f" and {len(step.files) - _MAX_FILES} more" if len(step.files) > _MAX_FILES else ""
    fact = f"`{step.instruction}` is CACHED, but {listed}{more} changed since"
    if judgement.verdict is not Verdict.STALE:
        return f"{fact}: had the files here been built, the image would hold the result for older ones."
    return (
        f"{fact}: the image holds the result for older files, unless this very state had been built on that builder "
        "before."
    )
