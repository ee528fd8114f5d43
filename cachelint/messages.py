"""Errors that end a run."""

from __future__ import annotations


class InputError(Exception):
    """What the user asked for cannot be done; ``str()`` says why, in one line. Exit code 2."""
