"""A whole log: which format speaks in each line, and what all builds and prunes in it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildlog.buildah import Buildah
from cachelint.buildlog.dress import DRESS, undress
from cachelint.buildlog.legacy import Legacy
from cachelint.buildlog.lines import read_blocks
from cachelint.buildlog.notices import Notices, is_failure, keeps_no_image, next_service
from cachelint.buildlog.plain import Plain
from cachelint.buildlog.rawjson import RawJson
from cachelint.buildlog.record import BuildLog, Prune
from cachelint.buildlog.tty import Tty
from cachelint.messages import InputError
from cachelint.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from typing import BinaryIO

    from cachelint.buildlog.record import LoggedBuild
    from cachelint.buildlog.session import Session

MAX_BUILDS = 5_000
"""More in one log is refused, so that memory stays bounded."""

_MAX_PRUNES = 5_000
_LINE_FEED = 10
_START = rb"\n" + DRESS + rb"[ \t]*"
_WORTH = regex(
    _START
    + rb"(?:#\d|Step \d|(?:\[\d+/\d+\] )?STEP |--->|=> |\[\+\]|Successfully |Sending build|Removing |The command "
    rb'|\{"vertexes|\{"statuses":\[\{"id":"naming|Total|Deleted |Reclaimable|Building '
    rb"|HEAD is now at |Updating [0-9a-f]|Fast-forward|Aborting|Merge made by "
    rb"|ERROR: |failed to |executor |target |(?:WARNING|time=)[^\n]*No output specified)"
)
"""A line that may mean something where no program of a build is at work."""

_LEGACYS = (
    regex(rb"intermediate container"),
    regex(rb"non-zero code"),
    regex(_START + rb"(?:Step \d|---> |Successfully )"),
)
"""The same while a program of the legacy builder is; the first two may stand behind what it printed."""

_LEGACYS_OWN = (
    *_LEGACYS[:2],
    regex(
        _START
        + rb"(?:Step \d|---> |Successfully |Sending build|(?:COPY|ADD) failed|failed to |[Ee]rror|unable to |invalid "
        rb"|pull access|manifest |#\d|=> |\[\+\]|\{\"vertexes|(?:\[\d+/\d+\] )?STEP \d)"
    ),
)
"""The same where none is at work: much may stand there when a program said that its container is gone."""

_BUILDAHS = regex(
    _START
    + rb"(?:(?:\[\d+/\d+\] )?(?:STEP |COMMIT)|-->|Sending build|[Ee]rror: |[0-9a-f]{64}"
    + rb'|#\d|=> |\[\+\]|\{"vertexes|Step \d)'
)
_ANNOUNCED = regex(rb"uilding from commit")


def read_log(stream: BinaryIO, advance: Callable[[int], None] = lambda done: None) -> BuildLog:
    """Read a build log to its end, in one pass.

    Raises `InputError` for what is no log, is cut off, or contradicts itself; `OSError` when reading fails.
    """
    reader = _Reader()
    for block in read_blocks(stream, advance):
        reader.read(block)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self._plain = Plain(self._start, self._close)
        self._tty = Tty(self._start)
        self._rawjson = RawJson(self._start)
        self._legacy = Legacy(self._start)
        self._buildah = Buildah(self._start)
        self._notices = Notices()
        self._session: Session | None = None
        self._sessions = 0
        self._builds: list[LoggedBuild] = []
        self._prunes: list[tuple[int, int]] = []
        self._line = 0
        self._service: str | None = None
        self._no_output = False
        self._sender: bytes | None = None
        self._next: dict[re.Pattern[bytes], int] = {}

    def read(self, block: bytes) -> None:
        """Take some whole lines. Raises `InputError`."""
        block = b"\n" + block  # so that each pattern starts with a character that is quickly found
        self._next = {}
        at = 1
        while at < len(block):
            start = self._worth(block, at)
            self._line += block.count(b"\n", at, start)
            if start == len(block):
                return
            at = block.index(b"\n", start) + 1
            self._line += 1
            self._take(block[start : at - 1])

    def _worth(self, block: bytes, at: int) -> int:
        """Where the next line begins that is worth a look: most lines are some program's."""
        if self._plain.skip is not None:
            output = self._plain.skip.match(block, at)
            return block.rfind(b"\n", at, output.end() - 1) + 1 or at if output else at
        if self._legacy.is_open:
            if self._legacy.runs_program:
                return self._after_program(block, at)
            return min(self._search(pattern, block, at) for pattern in _LEGACYS_OWN)
        if self._buildah.is_open:
            return self._search(_BUILDAHS, block, at)
        if self._tty.session is not None:
            return at
        return min(self._search(_WORTH, block, at), self._search(_ANNOUNCED, block, at))

    def _after_program(self, block: bytes, at: int) -> int:
        start = min(self._search(pattern, block, at) for pattern in _LEGACYS)
        if start > at and not block[at:start].isspace():
            self._legacy.swallowed = True
        return start

    def _search(self, pattern: re.Pattern[bytes], block: bytes, at: int) -> int:
        """Where the next line with a match begins. Each pattern goes over a block once."""
        if self._next.get(pattern, -1) < at:
            found = pattern.search(block, at - 1)
            inside = found.start() + 1 if found and block[found.start()] == _LINE_FEED else found and found.start()
            self._next[pattern] = len(block) if inside is None else block.rfind(b"\n", 0, inside) + 1
        return self._next[pattern]

    def finish(self) -> BuildLog:
        """The log is over. Raises `InputError` when it should not be."""
        left = self._finish_formats()
        if self._session is not None and left is not None:
            self._check(self._session)
            raise InputError(f"the log ends in the middle of a build, at `{_short(left)}`")
        self._close(at_end=True)
        if self._builds and not all(one.complete for one in self._builds if one.session == self._sessions - 1):
            raise InputError("the log ends before its last build does")
        commit = next((one.commit for one in reversed(self._builds) if one.commit), self._notices.commit)
        return BuildLog(tuple(self._builds), tuple(self._numbered_prunes()), commit)

    def _numbered_prunes(self) -> list[Prune]:
        total = len(self._builds)
        return [Prune(before + 1 if before < total else None, size) for before, size in self._prunes]

    def _take(self, line: bytes) -> None:
        if self._tty.session is not None and self._tty.repeats(line):
            return
        bare, sender = undress(line)
        if self._session is None:
            self._sender = sender
        if not bare or sender != self._sender:
            return  # a system's journal has the lines of many programs: those of a build are of one
        text = bare.decode("utf-8", "replace")
        if self._legacy.is_open:
            self._legacy.read(text, self._line)
        elif self._buildah.is_open:
            self._buildah.read(text, self._line)
        else:
            self._dispatch(text)
            self._tty.remember(line)

    def _dispatch(self, text: str) -> None:
        line = self._line
        if text.startswith("#") and self._plain.read(text, line):
            return
        if self._plain.is_open:
            self._plain.overhear(text)
            return
        if not any(one.read(text, line) for one in (self._tty, self._rawjson, self._legacy, self._buildah)):
            self._between(text)

    def _between(self, text: str) -> None:
        """A line that no builder printed as part of a build."""
        self._notices.hear(text)
        size = self._notices.pruned(text)
        if size is not None and len(self._prunes) < _MAX_PRUNES:
            self._close()
            self._prunes.append((len(self._builds), size))
        if is_failure(text) and self._session is not None:
            self._session.failed = True
        self._no_output = self._no_output or keeps_no_image(text)
        self._service = next_service(text) or self._service

    def _start(self, session: Session) -> None:
        """A builder begins: whatever was before is over."""
        if self._session is not None:
            self._close()
        self._session = session
        session.finished = self._no_output
        session.commit = self._notices.commit
        session.checked_out = self._notices.checked_out
        if self._service:
            session.name_image("exporting to", self._service)
        self._service = None
        self._no_output = False

    def _close(self, *, at_end: bool = False) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        for one in (self._plain, self._tty, self._rawjson, self._legacy, self._buildah):
            if one.session is session:
                one.finish()
        self._check(session)
        builds = list(session.builds(self._sessions))
        if builds and not at_end and not any(one.complete for one in builds):
            raise InputError(f"the build that starts at line {session.line} has no end: line {self._line} is another's")
        if builds:
            self._sessions += 1
            self._builds += builds
        if len(self._builds) > MAX_BUILDS:
            raise InputError(f"the log holds more than {MAX_BUILDS} builds")

    def _check(self, session: Session) -> None:
        if session.cut_before:
            raise InputError(f"the log begins in the middle of a build (line {session.line})")
        if session.contradicts or session.is_mixed:
            raise InputError(
                f"the build that starts at line {session.line} contradicts itself: the lines of several builds are "
                "mixed, or a program prints what only a builder should"
            )

    def _finish_formats(self) -> str | None:
        left = None
        for one in (self._plain, self._rawjson, self._legacy, self._buildah):
            if one.session is not None and one.session is self._session and not one.session.failed:
                left = one.finish() or left
        return left


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:59] + "…"
