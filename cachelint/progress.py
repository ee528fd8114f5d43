"""A sign of life for work that takes longer than a second."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_PATIENCE = 1.0  # seconds
_PAUSE = 0.1  # seconds


class Progress:
    """Shows a count on standard error, on a terminal only, and wipes it when done.

    An alarm shows it, so that it appears however long one file takes; a thread would be in the way of forking.
    """

    def __init__(self, *, quiet: bool, what: str = "projects checked") -> None:
        self._what = what
        self._wanted = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._done = 0
        self._shown = False

    def __enter__(self) -> Self:
        if self._wanted:
            import signal

            self._before = signal.signal(signal.SIGALRM, self._show)
            signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _PAUSE)
        return self

    def __exit__(self, *error: object) -> None:
        if not self._wanted:
            return
        import signal

        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        if self._shown:
            _write("\r\x1b[K")

    def update(self, done: int) -> None:
        """Say how much is done."""
        self._done = done

    def _show(self, *_: object) -> None:
        self._shown = True
        _write(f"\r\x1b[Kcachelint: {self._done} {self._what}")


def _write(text: str) -> None:
    """Past Python's buffer, which an alarm may find half written."""
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), text.encode())
