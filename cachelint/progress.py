"""A sign of life for work that takes longer than a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_PATIENCE = 1.0  # seconds
_PAUSE = 0.1  # seconds


class Progress:
    """Shows a count on standard error, on a terminal only, and wipes it when done."""

    def __init__(self, *, quiet: bool) -> None:
        self._shown = False
        self._next = time.monotonic() + _PATIENCE if not quiet and sys.stderr.isatty() else float("inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, done: int) -> None:
        """Say how many projects are done."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PAUSE
            self._shown = True
            sys.stderr.write(f"\r\x1b[Kcachelint: {done} projects checked")
            sys.stderr.flush()
