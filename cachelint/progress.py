"""A sign of life for work that takes longer than a second."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

    from typing_extensions import Self

_PATIENCE = 1.0  # seconds
_PAUSE = 0.1  # seconds


class Progress:
    """Shows a count on standard error, on a terminal only, and wipes it when done.

    A thread of its own shows it, so that it appears however long one file takes.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._done = 0
        self._shown = False

    def __enter__(self) -> Self:
        if self._wanted:
            self._start()
        return self

    def __exit__(self, *error: object) -> None:
        if not self._wanted:
            return
        self._stop.set()
        self._thread.join()
        if self._shown:
            _write("\r\x1b[K")

    def update(self, done: int) -> None:
        """Say how many projects are done."""
        self._done = done

    def _start(self) -> None:
        import threading

        self._stop: threading.Event = threading.Event()
        self._thread: threading.Thread = threading.Thread(target=self._show, daemon=True)
        self._thread.start()

    def _show(self) -> None:
        pause = _PATIENCE
        while not self._stop.wait(pause):
            pause = _PAUSE
            self._shown = True
            _write(f"\r\x1b[Kcachelint: {self._done} projects checked")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
