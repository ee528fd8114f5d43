"""BuildKit's progress on a terminal, as ``script`` or a CI system with a terminal records it.

Each redraw prints the rows of all vertices again, the last one all of them. What a program prints stands behind
``=> => #``. A row ends with a time, so that the second line of a name is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildlog.record import Scheme, Status
from cachelint.buildlog.session import Session
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME = regex(r"\[\+\] Building (\d+\.\d+)s \((\d{1,5})/(\d{1,5})\)( FINISHED)?(?:\s.*)?")
_COMPOSE_END = regex(r"\[\+\] Building \d+/\d+")
_ROW = regex(r"=> (?:(CACHED|ERROR|CANCELED) )?(?!=> )(\S(?:.*\S)?)\s+\d+\.\d+s")
_NAMING = regex(r"=> => naming to (\S+)\s+\d+\.\d+s")
_STATUSES = {None: Status.RAN, "CACHED": Status.CACHED, "ERROR": Status.ERROR, "CANCELED": Status.CANCELED}


_MAX_SEEN = 2000


class _Row(NamedTuple):
    """A row: of a vertex (`status` is None where it has no time, as the first line of a name), or below one."""

    name: str
    status: Status | None = None
    is_below: bool = False
    image: str = ""


class Tty:
    """Reads the rows of one session after another."""

    def __init__(self, start: Callable[[Session], None]) -> None:
        self._start = start
        self.session: Session | None = None
        self._seconds = 0.0
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._exporting = ""
        self._left = 0
        self._is_last = False
        self._seen: dict[bytes, _Row] = {}
        self._newest: _Row | None = None

    def repeats(self, line: bytes) -> bool:
        """Take a line that is the very same as one of an earlier redraw, as most are; whether it is one."""
        row = self._seen.get(line)
        if row is not None and self.session is not None:
            self._put(self.session, row)
        return row is not None

    def remember(self, line: bytes) -> None:
        """The row just read may come again in this very line."""
        if self._newest is not None:
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen[line] = self._newest
            self._newest = None

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is a row, or the head of them."""
        if text.startswith("[+] Building "):
            return self._head(text, line)
        if self.session is None or not text.startswith("=> "):
            return False
        self._newest = _parse(text)
        self._put(self.session, self._newest)
        return True

    def finish(self) -> None:
        """The log goes on with something else, or ends."""
        self.session = None
        self._seen = {}

    def _head(self, text: str, line: int) -> bool:
        found = _FRAME.fullmatch(text)
        if found is None:
            if self.session is not None and _COMPOSE_END.match(text):
                self.session.finished = True
            return self.session is not None
        seconds = float(found[1])
        if self.session is None or self.session.finished or self.session.failed or seconds < self._seconds:
            self._begin(Session(Scheme.BUILDKIT, line))
        self._seconds = seconds
        self._counts = {}
        self._exporting = ""
        self._left, self._is_last = int(found[3]), bool(found[4])
        return True

    def _begin(self, session: Session) -> None:
        self._names = {}
        session.proves_ends = False
        session.cuts_names = True
        self._start(session)
        self.session = session

    def _put(self, session: Session, row: _Row) -> None:
        if row.image:
            session.name_image(self._exporting, row.image)
        if row.is_below:
            return
        self._left -= 1
        session.finished = self._is_last and self._left <= 0
        self._exporting = row.name if "exporting to" in row.name else ""
        if row.status is not None:
            key = self._key(row.name)
            name = self._names.setdefault(key, row.name)  # a longer time leaves less room for the name
            session.put(key, name, row.status)

    def _key(self, name: str) -> str:
        """What identifies a vertex from redraw to redraw: its label, and how often that stood further up."""
        label = name.partition("]")[0] if name.startswith("[") else name
        if "internal" in label:
            label = name
        self._counts[label] = self._counts.get(label, 0) + 1
        return f"{label} {self._counts[label]}"


def _parse(text: str) -> _Row:
    if text.startswith("=> => "):
        naming = _NAMING.fullmatch(text)
        return _Row("", is_below=True, image=naming[1] if naming else "")
    found = _ROW.fullmatch(text)
    return _Row(found[2], _STATUSES[found[1]]) if found else _Row("")
