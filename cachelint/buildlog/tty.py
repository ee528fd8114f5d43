"""BuildKit's progress on a terminal, as ``script`` or a CI system with a terminal records it.

Each redraw prints the rows of all vertices again, the last one all of them. What a program prints stands behind
``=> => #``. A row ends with a time, so that the second line of a name is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.buildlog.record import Scheme, Status
from cachelint.buildlog.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME = re.compile(r"\[\+\] Building (\d+\.\d+)s \((\d+)/(\d+)\)( FINISHED)?(?:\s.*)?")
_COMPOSE_END = re.compile(r"\[\+\] Building \d+/\d+")
_ROW = re.compile(r"=> (?:(CACHED|ERROR|CANCELED) )?(?!=> )(\S.*?)\s+\d+\.\d+s")
_NAMING = re.compile(r"=> => naming to (\S+)\s+\d+\.\d+s")
_STATUSES = {None: Status.RAN, "CACHED": Status.CACHED, "ERROR": Status.ERROR, "CANCELED": Status.CANCELED}


class Tty:
    """Reads the rows of one session after another."""

    def __init__(self, start: Callable[[Session], None]) -> None:
        self._start = start
        self.session: Session | None = None
        self._seconds = 0.0
        self._names: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._exporting = ""
        self._left = 0
        self._is_last = False

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is a row, or the head of them."""
        if text.startswith("[+] Building "):
            return self._head(text, line)
        if self.session is None or not text.startswith("=> "):
            return False
        if not text.startswith("=> => "):
            self._left -= 1
            self.session.finished = self._is_last and self._left <= 0
        row = _ROW.fullmatch(text)
        if row:
            self._row(self.session, row)
        elif found := _NAMING.fullmatch(text):
            self.session.name_image(self._exporting, found[1])
        return True

    def finish(self) -> None:
        """The log goes on with something else, or ends."""
        self.session = None

    def _head(self, text: str, line: int) -> bool:
        found = _FRAME.fullmatch(text)
        if found is None:
            if self.session is not None and _COMPOSE_END.match(text):
                self.session.finished = True
            return self.session is not None
        seconds = float(found[1])
        if self.session is None or self.session.finished or self.session.failed or seconds < self._seconds:
            self.session = Session(Scheme.BUILDKIT, line)
            self._names = {}
            self.session.proves_ends = False
            self._start(self.session)
        self._seconds = seconds
        self._rows = {}
        self._exporting = ""
        self._left, self._is_last = int(found[3]), bool(found[4])
        return True

    def _row(self, session: Session, row: re.Match[str]) -> None:
        name = row[2]
        self._exporting = name if "exporting to" in name else ""
        bracket = name.partition("]")[0] if name.startswith("[") else name
        if "internal" in bracket:
            bracket = name
        self._rows[bracket] = self._rows.get(bracket, 0) + 1
        key = f"{bracket} {self._rows[bracket]}"
        name = self._names.setdefault(key, name)  # a longer time leaves less room for the name
        session.put(key, name, _STATUSES[row[1]])
