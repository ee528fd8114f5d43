"""What several formats of a plan say in the same way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.plan import relative
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.change import Outcome
    from cachelint.plan import BuildPlan
    from cachelint.plan_builds import Skipped

LEGEND = (
    ("RUN", "the step is executed"),
    ("CACHED", "the result of the build before is taken"),
    ("MAYBE", "cannot be known before the build"),
)
_MAX_CAUSES = 3


class Cause(NamedTuple):
    """Why steps do not stay cached, told at the first of them; `steps` counts all with this very cause."""

    label: str
    outcome: Outcome
    text: str
    steps: int


def causes(build: BuildPlan, column: str) -> tuple[list[Cause], int]:
    """The first different causes of a column, and how many more there are."""
    found: dict[str, Cause] = {}
    for step in build.steps:
        one = step.outcomes[column]
        if one.cause is not None:
            first = found.get(one.cause, Cause(step.label, one.outcome, one.cause, 0))
            found[one.cause] = first._replace(steps=first.steps + 1)
    listed = list(found.values())
    return listed[:_MAX_CAUSES], max(0, len(listed) - _MAX_CAUSES)


def source_line(build: BuildPlan) -> str:
    """Who asks for the build, and which Dockerfile it uses."""
    asked = f"{relative(build.origin.path)}:{build.origin.start.line}"
    target = f", target {build.target}" if build.target else ""
    if build.service is None:
        by_command = build.dockerfile and build.dockerfile != build.origin.path
        dockerfile = f"{relative(build.dockerfile)}{target}, " if build.dockerfile and by_command else ""
        return f"{dockerfile}context {relative(build.context)}"
    dockerfile = relative(build.dockerfile) if build.dockerfile else "dockerfile_inline"
    return f"{asked}, {dockerfile}{target}"


def skipped_line(skipped: Skipped) -> tuple[str, str]:
    """What cannot be planned, and why."""
    place = f"{relative(skipped.location.path)}:{skipped.location.start.line}"
    return (f"{skipped.service} ({place})" if skipped.service else place), skipped.reason


def with_code(text: str, code: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """A sentence in which what stands between backticks is shown as code; each part is escaped by its function."""
    return "".join(_parts(text, code, plain))


def _parts(text: str, code: Callable[[str], str], plain: Callable[[str], str]) -> Iterator[str]:
    for at, part in enumerate(re.split(r"`([^`]*)`", text)):
        yield code(part) if at % 2 else plain(part)
