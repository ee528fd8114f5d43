"""The builder from before BuildKit: ``Step 2/9 : COPY . .``, ``---> Using cache``.

Here programs print without any mark, and could print each of these lines. What holds: a program speaks only between
``---> Running in ID`` of a RUN and the removal of that container, which the daemon announces once, at the end. A
program that knows its container's ID (it is the host name) can announce the removal itself; the daemon's announcement
still follows, and takes back whatever was said in between. Source: moby/moby, builder/dockerfile/dispatchers.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.buildlog.record import SENDING, Scheme, Status, is_builders
from cachelint.buildlog.session import Session
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = regex(r"Step (\d{1,5})/(\d{1,5}) : (.*)", re.DOTALL)
_RUNNING = regex(r"---> Running in ([0-9a-f]{12})")
_IMAGE = regex(r"--->(?: [0-9a-f]{12})?")
_REMOVED = regex(r"(?:Removing|---> Removed) intermediate container ([0-9a-f]{12})\Z")
_NONZERO = regex(r"The command '.*' returned a non-zero code: \d+\Z", re.DOTALL)
_FAILED = regex(r"(?:COPY|ADD) failed: |failed to |[Ee]rror|unable to |invalid |pull access denied|manifest for ")
_BUILDERS = regex(r"Step \d|---> |Successfully ")
_MAX_HELD = 2000
_TAGGED = regex(r"Successfully tagged (\S+)")


class Legacy:
    """Reads the lines of one build after another."""

    def __init__(self, start: Callable[[Session], None]) -> None:
        self._start = start
        self.session: Session | None = None
        self._steps: list[str] = []
        self._total = 0
        self._container: str | None = None
        self._waits = False
        self._ended: dict[str, tuple[int, bool]] = {}
        self._unremoved: list[str] = []
        self._guesses = False
        self.swallowed = False
        """Whether a program printed something behind the last line that could be the builder's."""

    @property
    def is_open(self) -> bool:
        """Whether a build is at work, so that every line is its own or its program's."""
        return self.session is not None and not (self.session.finished or self.session.failed)

    @property
    def runs_program(self) -> bool:
        """Whether lines are what a program prints."""
        return self._container is not None

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is one of the builder's."""
        if self._container is not None:
            self._program_line(self._container, text)
            return True
        if text.startswith(SENDING):
            if self.is_open and self._steps:
                self._doubt()  # no program runs, and the build is not over: another one begins
            return True
        step = _STEP.fullmatch(text)
        if step:
            return self._step(int(step[1]), int(step[2]), step[3], line)
        return self.session is not None and self._builders_line(self.session, text)

    def _builders_line(self, session: Session, text: str) -> bool:
        if found := _REMOVED.search(text):
            return self._removed(found[1])
        return self._first_line(text) if self._waits else self._other(session, text)

    def finish(self) -> str | None:
        """The log ends here: the step at which a build stands that has not ended."""
        while self._container is not None and self._unremoved and not self.swallowed:
            self._keep_containers()
        left = self._steps[-1] if self.is_open and self._steps else None
        self.session = self._container = None
        self._unremoved = []
        return left

    def _keep_containers(self) -> None:
        """With ``--rm=false`` no removal is announced: what was held for a program's output may be the builder's."""
        lines, self._unremoved = self._unremoved, []
        self._container = None
        self._guesses = True
        for text in lines:
            self.read(text, 0)

    def _step(self, number: int, total: int, text: str, line: int) -> bool:
        if number == 1:
            self.session = Session(Scheme.LEGACY, line)
            self._steps, self._total, self._ended, self._guesses = [], total, {}, False
            self._start(self.session)
        elif self.session is None or number != len(self._steps) + 1 or total != self._total or not self.is_open:
            if self.is_open or self._guesses:
                self._doubt()  # unless a program said that it is gone, and printed this: see `_removed`
            return self.session is not None
        self._steps.append(f"[{number}/{total}] {text}")
        self.session.put(number, self._steps[-1], None)
        self._waits = True
        return True

    def _first_line(self, text: str) -> bool:
        """The line behind ``Step``, after what pulling an image and warnings print: no program runs before it."""
        if text == "---> Using cache":
            self._ends_as(Status.CACHED)
        elif _IMAGE.fullmatch(text):
            self._ends_as(Status.RAN)
        elif found := _RUNNING.fullmatch(text):
            self._ends_as(Status.RAN)
            if self._steps[-1].partition("] ")[2].upper().startswith(("RUN ", "ONBUILD")):
                self._container = found[1]
        elif _FAILED.match(text):
            self._ends_as(Status.ERROR)
        return True

    def _ends_as(self, status: Status) -> None:
        assert self.session
        self._waits = False
        self.session.put(len(self._steps), self._steps[-1], status)

    def _program_line(self, container: str, text: str) -> None:
        found = _REMOVED.search(text)
        if found and found[1] == container:
            self._ended[container] = self._known()
            self._container = None
            self._unremoved = []
        elif found and found[1] in self._ended:
            self._doubt()
        elif _NONZERO.search(text):
            self._ended[container] = self._known()
            self._container = None
            self._unremoved = []
            self._ends_as(Status.ERROR)
        elif len(self._unremoved) < _MAX_HELD and _BUILDERS.match(text):
            self._unremoved.append(text)
            self.swallowed = False

    def _known(self) -> tuple[int, bool]:
        """How many steps there are, and whether anything contradicts another."""
        assert self.session
        return len(self._steps), self.session.contradicts

    def _removed(self, container: str) -> bool:
        """A container is removed that was said to be gone: what followed that was printed by its program."""
        assert self.session
        if container in self._ended:
            kept, self.session.contradicts = self._ended[container]
            for number in range(kept + 1, len(self._steps) + 1):
                self.session.drop(number, self._steps[number - 1])
            del self._steps[kept:]
            self.session.finished = self.session.failed = self._waits = False
            self.session.put(kept, self._steps[-1], Status.RAN)
        return True

    def _other(self, session: Session, text: str) -> bool:
        if text.startswith("Successfully built ") and self.is_open:
            session.finished = True
            if len(self._steps) != self._total:
                self._doubt()
        elif (found := _TAGGED.fullmatch(text)) and session.finished:
            session.name_image("exporting to", found[1])
        elif _NONZERO.search(text) or (self.is_open and is_builders(text) and not _BUILDERS.match(text)):
            self._doubt()
        else:
            return self.is_open
        return True

    def _doubt(self) -> None:
        assert self.session
        self.session.contradicts = True
