"""BuildKit's plain progress: blocks of ``#7 …`` lines.

Source of the grammar: moby/buildkit, util/progress/progressui/printer.go. A block starts with the vertex's name and
ends with ``CACHED``, ``DONE``, ``ERROR`` or ``CANCELED``, or is left with ``#7 ...`` and taken up again later. What a
program prints stands behind the number and the seconds since its start, so it cannot look like any of these. The last
line of its output may have lost its line break (20.10): then the end of the block is glued to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.buildlog.dress import DRESS
from cachelint.buildlog.record import Scheme, Status, is_builders
from cachelint.buildlog.session import Session
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE = regex(r"#(\d{1,7}) (.*)", re.DOTALL)
_OUTPUT = regex(r"\d+\.\d* ")
_END = regex(r"(?:(CACHED)|(DONE)(?: \d+\.\d+s)?|(ERROR)(?:: .*)?|(CANCELED))", re.DOTALL)
_ENDS = regex(r"(?:CACHED|DONE|ERROR|CANCELED)\b")
"""How such an end begins, with anything behind it: no vertex has a name like that."""

_STATUSES = (Status.CACHED, Status.RAN, Status.ERROR, Status.CANCELED)
_NAMING = regex(r"naming to (\S+)")
_DIGEST = regex(r"sha256:[0-9a-f]{64}")
_FIRST_NUMBERS = 3
_FIRST = ("load build definition", "load local bake definitions", "load .dockerignore")


class _Vertex:
    __slots__ = ("has_output", "name", "status")

    def __init__(self, name: str) -> None:
        self.name = name
        self.status: Status | None = None
        self.has_output = False


class Plain:
    """Reads the lines of one session after another; `start` and `close` tell where they begin and end."""

    def __init__(self, start: Callable[[Session], None], close: Callable[[], None]) -> None:
        self._start = start
        self._close = close
        self.session: Session | None = None
        self._vertices: dict[int, _Vertex] = {}
        self._current: int | None = None
        self._named_only = False
        self._glued: Status | None = None
        self.skip: re.Pattern[bytes] | None = None
        """Matches lines of the current vertex's output, which need no closer look, except for the last one."""

    @property
    def is_open(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._current is not None and self._glued is None

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is one of BuildKit's."""
        found = _LINE.fullmatch(text)
        if found is None:
            return False
        number, rest = int(found[1]), found[2]
        if number == 0 and rest.startswith("building with "):
            self._begin(line)
            return True
        self._settle(number)
        if number == self._current:
            self._status(number, rest)
        elif self._current is None:
            self._header(number, rest, line)
        elif number <= 2 and self._is_restart(number, rest):
            self._begin(line)
            self._header(number, rest, line)
        elif self._continues_name:
            self._break_name()
        else:
            self._doubt()
        return True

    @property
    def _continues_name(self) -> bool:
        """Whether a line may be the rest of a name with line breaks in it: only a script has some."""
        if not self._named_only or self._current is None:
            return False
        name = self._vertices[self._current].name
        return name.partition("] ")[2].startswith("RUN") or "<<" in name

    def _break_name(self) -> None:
        if self.session is not None and self._current is not None:
            self.session.broken_names.add(self._vertices[self._current].name)

    def overhear(self, text: str) -> None:
        """A line without a number while a block is open: the rest of a name with line breaks in it, or anybody's.

        Another builder at work means that two logs are mixed.
        """
        if self._continues_name:
            self._break_name()
        elif is_builders(text):
            self._doubt()

    def finish(self) -> str | None:
        """The log ends here: the name of the vertex whose block has not ended."""
        self._settle(-1)
        vertex = None if self._current is None else self._vertices[self._current]
        name = None if vertex is None or self._is_late(vertex) else vertex.name
        self._reset()
        return name

    def _is_late(self, vertex: _Vertex) -> bool:
        """Whether the image is written and a busy engine (20.10) did not come to print the end of its base."""
        written = (one.status is Status.RAN and one.name.startswith("exporting to") for one in self._vertices.values())
        return "] FROM " in vertex.name and not vertex.has_output and any(written)

    def _begin(self, line: int) -> Session:
        if self.session is not None:
            self._close()
        self._reset()
        self.session = Session(Scheme.BUILDKIT, line)
        self._start(self.session)
        return self.session

    def _reset(self) -> None:
        self.session = None
        self._vertices = {}
        self._leave()

    def _leave(self) -> None:
        self._current = self._glued = self.skip = None
        self._named_only = False

    def _doubt(self) -> None:
        if self.session is not None:
            self.session.contradicts = True

    def _is_restart(self, number: int, name: str) -> bool:
        """Whether an earlier session was cut off, and this vertex is the first of the next one."""
        return number in self._vertices and "internal]" in name and any(word in name for word in _FIRST)

    def _settle(self, number: int) -> None:
        """What was glued to output was the end of the block if another block follows, else the program printed it."""
        if self._glued and number != self._current:
            self._end(self._glued)
        self._glued = None

    def _header(self, number: int, rest: str, line: int) -> None:
        if rest == "..." or _ENDS.match(rest) or _OUTPUT.match(rest):
            if number in self._vertices or self.session is None:
                self._stray(number, rest, line)
            return
        if self.session is None or self._is_next_session(number, rest):
            self._begin(line).cut_before = number > _FIRST_NUMBERS and "internal]" not in rest
        assert self.session is not None
        vertex = self._vertices.get(number)
        if vertex is None or vertex.name != rest:
            if not (vertex is None or rest.startswith("[")):
                return  # a late status of something that is done
            if vertex and not _shares(vertex.name, rest):
                self._doubt()
            self._vertices[number] = vertex = _Vertex(rest)
        vertex.status = None
        vertex.has_output = False
        self._current, self._named_only = number, True
        output = rb"#%d \d+\.\d* [^\n]*\n" % number
        self.skip = re.compile(rb"(?:" + output + rb"|" + DRESS + output + rb")+")
        self.session.put(number, rest, None)

    def _stray(self, number: int, rest: str, line: int) -> None:
        """The end of a block that is not open: the log begins in its middle, or two builds are mixed."""
        if self.session is None:
            self._begin(line).cut_before = True
        elif _ENDS.match(rest):
            self.session.contradicts = True

    def _is_next_session(self, number: int, name: str) -> bool:
        """Whether a vertex with a known number is the first of another session, not one that two services share."""
        known = self._vertices.get(number)
        if known is None or known.status is None or self.session is None:
            return False
        if "internal]" not in name or not any(word in name for word in _FIRST):
            return False
        if name.startswith("[internal]"):
            return (number <= 2 or known.name == name) and (self.session.has_steps or self.session.failed)
        return number == 1 and (self.session.has_export or self.session.failed)

    def _status(self, number: int, rest: str) -> None:
        vertex = self._vertices[number]
        assert self.session
        end = _END.fullmatch(rest)
        if end:
            status = next(one for one, group in zip(_STATUSES, end.groups(), strict=True) if group)
            self._end(status)
            return
        if rest == "...":
            self._leave()
            return
        if _OUTPUT.match(rest):
            vertex.has_output = True
            self._glued = _glued_end(number, rest)
        elif self._named_only and _DIGEST.fullmatch(rest):
            self.session.scheme = Scheme.BUILDKIT_20_10
        elif found := _NAMING.match(rest):
            self.session.name_image(vertex.name, found[1])
        self._named_only = False

    def _end(self, status: Status) -> None:
        assert self.session
        assert self._current is not None
        vertex = self._vertices[self._current]
        if status is Status.CACHED and vertex.has_output:
            self._doubt()
        vertex.status = status
        self.session.put(self._current, vertex.name, status)
        self._leave()


def _glued_end(number: int, rest: str) -> Status | None:
    """The status at the end of a line of output, where it would have to be told from output."""
    at = rest.rfind(f"#{number} ")
    end = _END.fullmatch(rest[at:].partition(" ")[2]) if at >= 0 else None
    return next((one for one, group in zip(_STATUSES, end.groups(), strict=True) if group), None) if end else None


def _shares(name: str, other: str) -> bool:
    """Whether both can be names of one vertex: the services may differ, the instruction may not."""
    return name.partition("] ")[2].split() == other.partition("] ")[2].split()
