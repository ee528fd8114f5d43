"""What the judged builds of a log come to together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.judging.judgement import Verdict
from cachelint.judging.steps import NOT_OURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.judging.judgement import JudgedBuild


class Conclusion:
    """The verdict on builds by the files of the commit `head`; `missing` are the doubts about what was not built."""

    def __init__(self, builds: Sequence[JudgedBuild], head: str, missing: Sequence[str]) -> None:
        self._builds = builds
        self._head = head
        self._last = [one for one in builds if not one.is_replaced]
        self.doubts = tuple(dict.fromkeys((*self._doubts(), *missing)))
        self.verdict = Verdict.UNKNOWN if self.doubts else Verdict.FRESH
        if any(step.stale for one in self._last if not self._other_commit(one) for step in one.steps):
            self.verdict = Verdict.STALE

    def builds(self) -> Iterator[JudgedBuild]:
        """The builds without accusations that prove nothing: of what was replaced, and of other files beside proof."""
        for one in self._builds:
            keeps = not one.is_replaced and not (self.verdict is Verdict.STALE and self._other_commit(one))
            yield one if keeps else one._replace(steps=tuple(step._replace(stale=False) for step in one.steps))

    def _other_commit(self, build: JudgedBuild) -> str | None:
        """That a build is of another commit than the one whose files are here."""
        commit, says = (build.commit, "announces") if build.commit else (build.checked_out, "checks out")
        if commit is None or self._head.startswith(commit):
            return None
        return f"the log {says} commit {commit}, but the files here are those of {self._head[:7]}"

    def _doubts(self) -> Iterator[str]:
        """Why the log proves nothing, or not enough."""
        yield from filter(None, map(self._other_commit, self._last))
        known = [one for one in self._last if one.origin is not None]
        if not known and all(one.reason == NOT_OURS for one in self._last):
            yield "the log shows no build of this project"
        for build in known:
            yield from (f"{_name(build)}: {doubt}" for doubt in build.doubts)
        yield from (f"{_name(build)}: its last build failed" for build in known if build.failed)
        unknown = (one for one in self._last if one.origin is None and one.reason != NOT_OURS)
        yield from (f"{one.service or 'a build'}: {one.reason}" for one in unknown)


def _name(build: JudgedBuild) -> str:
    return build.service or build.dockerfile or os.curdir
