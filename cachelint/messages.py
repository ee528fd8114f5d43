"""Errors that end a run, and how they are said."""

from __future__ import annotations

import sys


class InputError(Exception):
    """What the user asked for cannot be done; ``str()`` says why, in one line. Exit code 2."""


def complain(message: str) -> None:
    """Say on standard error what is wrong, in one line that cannot steer a terminal."""
    from cachelint.output.terminal import printable

    print(f"cachelint: {printable(message)}", file=sys.stderr)
