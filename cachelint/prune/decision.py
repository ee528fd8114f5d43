"""How much a project must drop to be fresh, and why that much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.prune.scope import Scope
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SAFE_NAME = regex(r"[\w./@+-]+")
_MAX_NAMED = 3


CURES = {
    "undeclared-build-arg": Scope.LAYERS,
    "inert-commit-arg": Scope.LAYERS,
    "constant-commit-arg": Scope.LAYERS,
    "cached-fetch": Scope.LAYERS,
    "cache-mount-over-output": Scope.ALL,
}
"""The rules whose findings let a deploy ship old content that dropping the context leaves, and what drops it.

A commit argument that does nothing re-runs no step that fetches unseen. What a cache mount holds is no layer: only the
last scope empties it. Others find what is old too, and are no causes, since no scope would be right about them:

- `volume-over-build`: the volume is no part of the build cache, and holds data.
- `host-output-in-context`: the next build copies the same files of the host again.
- `cache-from-fetch`: the fetch comes back from the imported cache. What the local cache has of it, `cached-fetch` says.
- `preserved-mtime`: dropping the context alone undoes it.
- `early-commit-arg`: the argument works, and re-runs too much.
- `cached-fetch` as a note: upgraded packages of the system are no code of the project.
"""


class Cause(NamedTuple):
    """An open finding of one of `CURES`. `path` is relative, with ``/``."""

    rule: str
    path: str


class Decision(NamedTuple):
    """A scope, why it is that one (a sentence), and the same as a comment of the step, without its ``#``."""

    scope: Scope
    reason: str
    comment: str


_CONTEXT = "BuildKit skips files of unchanged size and time, so have it read them all"
_WHY = {
    Scope.LAYERS: ("can keep a step CACHED that should run", "All layers"),
    Scope.ALL: ("ships what a cache mount keeps, which only dropping everything empties", "Everything"),
}
_ENOUGH = {Scope.CONTEXT: "type=source.local is enough", Scope.LAYERS: "dropping all layers is enough"}
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
    scope = max(CURES[one.rule] for one in found)
    named = _list([one for one in found if CURES[one.rule] is scope])
    others = decide([one for one in found if CURES[one.rule] is not scope]).scope
    why, dropped = _WHY[scope]
    reason = f"{named} {why}; without, `{others.word}` is enough and cheaper"
    comment = f"{dropped}, because of {named}; without that, {_ENOUGH[others]}."
    return Decision(scope, reason, comment)


def chosen(scope: Scope) -> Decision:
    """A scope that somebody asked for."""
    return Decision(scope, f"`{scope.word}` was asked for", _CHOSEN[scope])


def _list(causes: Sequence[Cause]) -> str:
    """The findings in words that are safe in a comment of any script: a stranger chose the names of the files."""
    named = [f"{one.rule} in {one.path}" if _SAFE_NAME.fullmatch(one.path) else one.rule for one in causes]
    more = len(named) - _MAX_NAMED
    shown = ", ".join(named[:_MAX_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
