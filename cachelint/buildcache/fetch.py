"""What a fetch is: a command that brings something from elsewhere which may be another thing tomorrow."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.run import Command

MENTIONS = regex(
    r"\bclone\b|\bgit\+|\bgit(?:hub|lab):|--git\b|latest|/refs/heads/|\b(?:dist-|full-|safe-)?upgrade\b"
    r"|[/@](?:main|master|HEAD|trunk|develop|next|nightly|canary|edge|beta|continuous)\b"
    r"|\b(?:yum|dnf|zypper)\b.*\bup(?:date)?\b"
)
"""What a RUN that fetches cannot do without: one without it is not read as a script, which takes time."""


class Kind(enum.Enum):
    """What is fetched: code from a branch, the newest of somebody's releases, or whatever packages are new."""

    BRANCH = "branch"
    RELEASE = "release"
    UPGRADE = "upgrade"


class Fetch(NamedTuple):
    """One fetch: the command, what it brings, what it does (``clones …``) and how to make it stay."""

    command: Command
    kind: Kind
    does: str
    remedy: str
