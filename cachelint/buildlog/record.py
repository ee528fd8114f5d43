"""What a build log says, whatever its format."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from typing_extensions import Self

_LABEL = regex(r"\[(?:([^\[\]]*\S)?\s+)?(\d{1,5})/(\d{1,5})\](?: (.*))?", re.DOTALL)


SENDING = "Sending build context to Docker daemon"
"""How the legacy builder begins. The line has no end of its own: it is written anew as more is sent."""

_BUILDERS = regex(
    r"#\d+ (?:\[|CACHED$|DONE|ERROR)|=> |\[\+\] Building |\{\"vertexes|Step \d+/\d+ : |(?:\[\d+/\d+\] )?STEP \d+/\d+: |"
    + re.escape(SENDING)
)


def is_builders(text: str) -> bool:
    """Whether a line looks like some builder's."""
    return _BUILDERS.match(text) is not None


class Scheme(Enum):
    """How an engine names the steps."""

    BUILDKIT = "buildkit"
    BUILDKIT_20_10 = "buildkit-20.10"
    LEGACY = "legacy"
    BUILDAH = "buildah"


class Status(Enum):
    """What became of a step, in the words of the JSON output."""

    RAN = "ran"
    CACHED = "cached"
    ERROR = "error"
    CANCELED = "canceled"
    NOT_PRINTED = "not printed"


class Label(NamedTuple):
    """``[web linux/amd64 build 2/5]`` in its parts; `stage` is empty in a build of a single stage.

    For buildah `stage` is the number of the stage, for the legacy builder it is empty.
    """

    service: str | None
    platform: str
    stage: str
    number: int
    total: int

    @classmethod
    def parse(cls, name: str, *, prefixed: bool) -> tuple[Self, str] | None:
        """The label at the start of a vertex's name, and the text behind it; None for what is no numbered step.

        `prefixed`: the first word is the service (or target of bake), as in a build of several at once.
        """
        found = _LABEL.match(name)
        if found is None:
            return None
        words = (found[1] or "").split()
        service = words.pop(0) if prefixed and words else None
        platform = next((word for word in words if "/" in word), "")
        stage = " ".join(word for word in words if "/" not in word)
        return cls(service, platform, stage, int(found[2]), int(found[3])), found[4] or ""


class LoggedStep(NamedTuple):
    """A numbered step. `text` is the instruction as printed, arguments expanded; `cut`: it may have gone on.

    `twice`: it is printed as run and as cached, so that the status of this one is not known.
    """

    label: Label
    text: str
    status: Status
    cut: bool = False
    twice: bool = False


class LoggedBuild(NamedTuple):
    """What one build (of one service, where several are built at once) printed.

    `session` counts the runs of a builder in the log from 0: the builds of one session share their steps. `line` is
    where the session starts. `complete` is false where the log ends, or goes on with something else, in the middle.
    `images` are the names that the result got. `imports_cache`: results of other machines were at hand. `contexts` are
    the names of directories that were sent besides the build context (``--build-context``). `commit` is the one that
    was announced last before it, `checked_out` the one to which git went last.
    """

    session: int
    scheme: Scheme
    service: str | None
    steps: tuple[LoggedStep, ...]
    line: int
    failed: bool = False
    complete: bool = True
    images: tuple[str, ...] = ()
    imports_cache: bool = False
    contexts: tuple[str, ...] = ()
    commit: str | None = None
    checked_out: str | None = None


class Prune(NamedTuple):
    """Build cache was dropped: `before_build` builds (counted from 1) came after it, None when none did."""

    before_build: int | None
    reclaimed_bytes: int


class BuildLog(NamedTuple):
    """The whole log. `commit` is the one that was announced for its last build, abbreviated as it was printed."""

    builds: tuple[LoggedBuild, ...]
    prunes: tuple[Prune, ...]
    commit: str | None
