"""BuildKit's ``--progress=rawjson`` (``docker compose --progress json``): a JSON object in each line.

What a program prints is in ``logs``, in base64. Source: moby/buildkit, client/graph.go, SolveStatus.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cachelint.buildlog.record import Scheme, Status
from cachelint.buildlog.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMING = "naming to "


class RawJson:
    """Reads the lines of one session after another."""

    def __init__(self, start: Callable[[Session], None]) -> None:
        self._start = start
        self.session: Session | None = None
        self._open: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._started: dict[str, str] = {}

    def read(self, text: str, line: int) -> bool:
        """Take a line; whether it is one of BuildKit's."""
        if text.startswith('{"statuses"') and _NAMING in text:
            return self._statuses(text)
        if not text.startswith('{"vertexes"'):
            return False
        try:
            vertexes = json.loads(text)["vertexes"]
        except (ValueError, RecursionError):
            return False
        for one in vertexes if isinstance(vertexes, list) else ():
            if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("digest"), str):
                self._vertex(one, line)
        return True

    def finish(self) -> str | None:
        """The log ends here: the name of a vertex that has begun and not ended."""
        left = next(iter(self._open.values()), None)
        self._reset()
        return left

    def _reset(self) -> None:
        self.session = None
        self._open, self._names, self._started = {}, {}, {}

    def _vertex(self, one: dict[str, Any], line: int) -> None:
        digest, name, started = one["digest"], one["name"], str(one.get("started", ""))
        again = bool(started) and self._started.get(digest) != started
        if self.session is None or (again and self.session.is_new_start(name)):
            self._reset()
            self.session = Session(Scheme.BUILDKIT, line)
            self._start(self.session)
        self._names[digest] = name
        if started:
            self._started[digest] = started
            self._open[digest] = name
        status = _status(one)
        if status:
            self._open.pop(digest, None)
        self.session.put(digest, name, status)

    def _statuses(self, text: str) -> bool:
        try:
            statuses = json.loads(text)["statuses"]
        except (ValueError, RecursionError):
            return False
        for one in statuses if isinstance(statuses, list) else ():
            words = str(one.get("id", "")) if isinstance(one, dict) else ""
            if self.session and words.startswith(_NAMING):
                name = self._names.get(str(one.get("vertex")), "")
                self.session.name_image(name, words.removeprefix(_NAMING).partition(" ")[0])
        return True


def _status(vertex: dict[str, Any]) -> Status | None:
    if not vertex.get("completed"):
        return None
    error = vertex.get("error")
    if error:
        return Status.CANCELED if str(error).endswith("context canceled") else Status.ERROR
    return Status.CACHED if vertex.get("cached") is True else Status.RAN
