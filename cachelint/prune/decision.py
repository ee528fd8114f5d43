"""How much a project must drop to be fresh, and why that much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.prune.scope import Scope
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SAFE_NAME = re.compile(r"[\w./@+-]+")
_MAX_NAMED = 3


class Cause(NamedTuple):
    """An open finding that lets a step stay CACHED although its result is old. `path` is relative, with ``/``."""

    rule: str
    path: str


class Decision(NamedTuple):
    """A scope, why it is that one (a sentence), and the same as a comment of the step, without its ``#``."""

    scope: Scope
    reason: str
    comment: str


_CONTEXT = "BuildKit skips files of unchanged size and time, so have it read them all"
_CHOSEN = {
    Scope.CONTEXT: f"{_CONTEXT}.",
    Scope.LAYERS: "Every step runs again; what npm, pip and the like have cached stays.",
    Scope.ALL: "Nothing is reused, dependencies are fetched again.",
}


def decide(causes: Iterable[Cause]) -> Decision:
    """The cheapest scope after which the project ships no old code, by its open findings."""
    found = sorted(set(causes))
    if not found:
        reason = "no finding keeps a step CACHED that should run: only the files that BuildKit kept can be old"
        return Decision(Scope.CONTEXT, reason, f"{_CONTEXT}. The layers may stay.")
    named = _list(found)
    reason = f"{named} can keep a step CACHED that should run; without, `context` is enough and cheaper"
    comment = f"All layers, because of {named}; without that, type=source.local is enough."
    return Decision(Scope.LAYERS, reason, comment)


def chosen(scope: Scope) -> Decision:
    """A scope that somebody asked for."""
    return Decision(scope, f"`{scope.word}` was asked for", _CHOSEN[scope])


def _list(causes: Sequence[Cause]) -> str:
    """The findings in words that are safe in a comment of any script: a stranger chose the names of the files."""
    named = [f"{one.rule} in {one.path}" if _SAFE_NAME.fullmatch(one.path) else one.rule for one in causes]
    more = len(named) - _MAX_NAMED
    shown = ", ".join(named[:_MAX_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
