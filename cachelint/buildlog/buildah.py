"""Buildah and podman: ``STEP 2/5: COPY . .``, ``--> Using cache ID``, ``--> ID``.

Here programs print without any mark. A step that was cached prints ``Using cache`` with the image's full ID, then that
ID abbreviated; a RUN that was executed prints the ID of its own result at the end, which no program can know before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.buildlog.record import SENDING, Scheme, Status, is_builders
from cachelint.buildlog.session import Session
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = regex(r"(?:\[(\d{1,5})/(\d{1,5})\] )?STEP (\d{1,5})/(\d{1,5}): (.*)", re.DOTALL)
_CACHE = regex(r"--> Using cache ([0-9a-f]{64})")
_SHORT = regex(r"--> ([0-9a-f]{8,64})")
_COMMIT = regex(r"(?:\[\d+/\d+\] )?COMMIT(?: (\S+))?")
_ERROR = regex(r"[Ee]rror: (?:error )?building at STEP ")
_ID = regex(r"[0-9a-f]{64}")


class _Step:
    __slots__ = ("cached", "name", "shorts")

    def __init__(self, name: str) -> None:
        self.name = name
        self.cached: str | None = None
        self.shorts: list[str] = []

    @property
    def is_base(self) -> bool:
        return self.name.partition("] ")[2].upper().startswith("FROM")

    @property
    def is_run(self) -> bool:
        return self.name.partition("] ")[2].upper().startswith("RUN")

    def status(self) -> Status:
        """A claim of the cache holds only with its ID as the last one: what ran ends with the ID of its own result.

        Lines of others in between change nothing about that.
        """
        proven = self.cached is not None and self.shorts and self.cached.startswith(self.shorts[-1])
        return Status.CACHED if proven else Status.RAN


class Buildah:
    """Reads the lines of one build after another."""

    def __init__(self, start: Callable[[Session], None]) -> None:
        self._start = start
        self.session: Session | None = None
        self._seen: set[tuple[int, int]] = set()
        self._steps: list[_Step] = []
        self._at = (0, 0, 0)
        self._commits = False

    @property
    def is_open(self) -> bool:
        """Whether a build is at work, so that every line is its own or its program's."""
        return self.session is not None and not (self.session.finished or self.session.failed)

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is one of the builder's, or its program's."""
        step = _STEP.fullmatch(text)
        if step:
            return self._step(int(step[1] or 1), int(step[3]), int(step[4]), step[5], line)
        if self.session is None or not self.is_open:
            return False
        one = self._steps[-1]
        if self._commits and _ID.fullmatch(text):
            self._finish_build(self.session)
        elif found := _COMMIT.fullmatch(text):
            self._commits = True
            if found[1]:
                self.session.name_image("exporting to", found[1])
        elif _ERROR.match(text):
            self._end_steps(self.session)
            self.session.put(len(self._steps), one.name, Status.ERROR)
        elif found := _CACHE.fullmatch(text):
            one.cached = found[1]
        elif found := _SHORT.fullmatch(text):
            one.shorts = [*one.shorts[-1:], found[1]]
        elif text.startswith(SENDING) or (is_builders(text) and not one.is_run):
            self.session.contradicts = True  # no program prints that here: two logs are mixed
        return True

    def finish(self) -> str | None:
        """The log ends here: the step at which a build stands that has not ended."""
        left = self._steps[-1].name if self.is_open else None
        if self.session is not None and self._commits and self.is_open and self._steps[-1].shorts:
            left = None
            self._finish_build(self.session)
        self.session = None
        return left

    def _step(self, stage: int, number: int, total: int, text: str, line: int) -> bool:
        if (stage, number) == (1, 1) and not self.is_open:
            self.session = Session(Scheme.BUILDAH, line)
            self._seen, self._steps, self._commits = set(), [], False
            self._start(self.session)
        elif self.session is None or not self.is_open:
            return False
        elif (stage, number) in self._seen:
            self.session.contradicts = True  # one of the two was printed by a program
            return True
        elif not self._follows(stage, number, total):
            return True  # some program's
        self._seen.add((stage, number))
        self._at = (stage, number, total)
        self._commits = False
        self._steps.append(_Step(f"[{stage} {number}/{total}] {text}"))
        self.session.put(len(self._steps), self._steps[-1].name, None)
        return True

    def _follows(self, stage: int, number: int, total: int) -> bool:
        at, last, of = self._at
        return (stage, number, total) == (at, last + 1, of) or (stage > at and number == 1 and last == of)

    def _finish_build(self, session: Session) -> None:
        self._end_steps(session)
        session.finished = True

    def _end_steps(self, session: Session) -> None:
        """Without layers there is no cache, whatever was printed. The last step may not have come to its end."""
        layered = all(step.shorts for step in self._steps[: None if self._commits else -1] if not step.is_base)
        for number, step in enumerate(self._steps, 1):
            session.put(number, step.name, step.status() if layered else Status.RAN)
