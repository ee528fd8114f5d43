"""Does a path of another stage have other content than before? Where ``COPY --from`` can stop an invalidation.

BuildKit compares the content of what is selected, not the steps that made it. Content is known to change where a COPY
put changed files; known to stay where nothing that ran again wrote; and open where a RUN ran again.
"""

from __future__ import annotations

from enum import Enum
from posixpath import basename, join, normpath, relpath
from typing import TYPE_CHECKING

from cachelint.buildcache.change import CACHED, Outcome, Verdict, maybe, strongest
from cachelint.buildcache.steps import Origin
from cachelint.documents.globs import has_wildcard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachelint.buildcache.files import ContextFiles
    from cachelint.buildcache.steps import Source, Step

_MAX_LOOKS = 10_000  # steps looked at in one prediction; stacks of thousands of re-run COPYs are answered with MAYBE


class Place(Enum):
    """How the path that is read lies to the path that a step writes."""

    ELSEWHERE = "elsewhere"
    AROUND = "around"
    INSIDE = "inside"


class Content:
    """Answers for the stages of one prediction.

    `own` and `total` give a step's verdict for its own inputs and with what is above it; `files_of` judges the context
    source of a step with other paths.
    """

    __slots__ = ("_files", "_files_of", "_looks", "_own", "_steps", "_total")

    def __init__(
        self,
        steps: Sequence[Step],
        own: Sequence[Verdict],
        total: Sequence[Verdict],
        files: ContextFiles,
        files_of: Callable[[Step, Source], Verdict],
    ) -> None:
        self._steps = steps
        self._own = own
        self._total = total
        self._files = files
        self._files_of = files_of
        self._looks = 0

    def verdict(self, end: int | None, source: Source, words: Callable[[Step], str]) -> Verdict:
        """Whether what `source` selects in the result of step `end` changes."""
        if end is None or self._total[end].outcome is Outcome.CACHED:
            return CACHED
        verdicts = [self._path(end, path, source, words) for path in source.paths or (".",)]
        return strongest(*verdicts)

    def _path(self, end: int, text: str, source: Source, words: Callable[[Step], str]) -> Verdict:
        path, exact = _literal_part(text, source)
        at: int | None = end
        covered = False
        while self._looks < _MAX_LOOKS:
            self._looks += 1
            if at is None or self._total[at].outcome is Outcome.CACHED:
                return CACHED
            step = self._steps[at]
            if self._settles(step, path):
                return CACHED
            place = _place(path, step.target)
            verdict = self._effect(step, path, place, words)
            if verdict.outcome is Outcome.RUN and not (exact and not covered):
                return maybe(f"{verdict.cause}; whether that is what is read from there cannot be known")
            if verdict.outcome is not Outcome.CACHED:
                return verdict
            covered = covered or place is not Place.ELSEWHERE
            at = step.above
        return maybe("the stages are too long to be followed")

    def _effect(self, step: Step, path: str, place: Place, words: Callable[[Step], str]) -> Verdict:
        """What a step that is not cached does to the content of `path`."""
        if step.keyword in {"RUN", "FROM"}:
            return maybe(f"{words(step)} runs again; whether it leaves {path} as it was cannot be known")
        own = self._own[step.index]
        if own.outcome is Outcome.CACHED or place is Place.ELSEWHERE:
            return CACHED
        if step.keyword == "WORKDIR" or self._is_rewritten(step):
            return maybe(f"{words(step)} runs again; whether {path} is as it was cannot be known")
        return own if place is Place.AROUND else self._inside(step, path, own)

    def _is_rewritten(self, step: Step) -> bool:
        """Whether more than content may differ (another owner, another target), or content does not land as it is."""
        plain = step.keyword == "COPY" and len(step.sources) == 1
        return not plain or self._files_differ(step) is not Outcome.RUN

    def _files_differ(self, step: Step) -> Outcome:
        source = step.sources[0]
        if source.origin is not Origin.CONTEXT:
            return self._own[step.index].outcome
        return self._files_of(step, source).outcome

    def _inside(self, step: Step, path: str, own: Verdict) -> Verdict:
        """A COPY wrote a directory, or a file, and `path` is inside of it."""
        source, target = step.sources[0], step.target
        if target is None or source.origin is not Origin.CONTEXT or source.parents or not _contains(target, path):
            return maybe(own.cause or "")
        below = relpath(path, target)
        return strongest(*(self._landed(step, source._replace(paths=(one,)), below, own) for one in source.paths))

    def _landed(self, step: Step, source: Source, below: str, own: Verdict) -> Verdict:
        """The part of one source path that lands on, or inside, `below` of the step's target."""
        path = source.paths[0]
        kind = None if has_wildcard(path) else self._files.is_directory(path)
        if kind is None:
            found = self._files_of(step, source)
            return found if found.outcome is Outcome.CACHED else maybe(own.cause or "")
        if kind:
            return self._files_of(step, source._replace(paths=(join(path, below),), literal=True))
        return self._files_of(step, source) if below == basename(path) else CACHED

    def _settles(self, step: Step, path: str) -> bool:
        """Whether the step copied one unchanged file to exactly `path`, whatever was there before."""
        if step.keyword != "COPY" or step.target is None or self._own[step.index].outcome is not Outcome.CACHED:
            return False
        names = [name for source in step.sources for name in source.paths]
        if len(names) != 1 or has_wildcard(names[0]) or step.sources[0].origin is not Origin.CONTEXT:
            return False
        name = basename(names[0])
        is_file = self._files.is_directory(names[0]) is False
        landed = join(step.target, name) if step.target.endswith("/") else step.target
        return is_file and landed == path and basename(path) == name


def _literal_part(text: str, source: Source) -> tuple[str, bool]:
    """The path down to the first wildcard, and whether that is all there is to it."""
    names = normpath("/" + text).lstrip("/").split("/")
    plain: list[str] = []
    for name in names:
        if has_wildcard(name) and not source.literal:
            break
        plain.append(name)
    return "/" + "/".join(plain), len(plain) == len(names) and not source.exclude and not source.parents


def _place(path: str, target: str | None) -> Place:
    """Where `path` lies; an unknown target may be anywhere, and ``/bin`` may be ``/usr/bin``."""
    if target is None:
        return Place.INSIDE
    wrote = target.rstrip("/") or "/"
    if _contains(path, wrote):
        return Place.AROUND
    if _contains(wrote, path) or _overlap(_merged(path), _merged(wrote)):
        return Place.INSIDE
    return Place.ELSEWHERE


def _contains(directory: str, path: str) -> bool:
    directory = directory.rstrip("/")
    return path == directory or path.startswith(directory + "/")


def _overlap(one: str, other: str) -> bool:
    return _contains(one, other) or _contains(other, one)


def _merged(path: str) -> str:
    """The path where links that most base images have would take it."""
    for prefix in ("/usr", "/var"):
        if path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return path
