"""What the formats for terminals share: colours, and text that cannot steer the terminal."""

from __future__ import annotations

import unicodedata

from cachelint.diagnostic import Severity

_CODES = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36", "path": "1", "dim": "2", "fix": "32"}
_CODES |= {"run": "1;33", "cached": "32", "maybe": "1;35"}


class Style:
    """Paints text when colours are wanted; `quiet` leaves the summary out."""

    def __init__(self, color: bool, *, quiet: bool = False) -> None:
        self._color = color
        self.quiet = quiet

    def paint(self, text: str, what: Severity | str) -> str:
        """The text in the colour of a severity, an outcome (``run`` …), or of ``path``, ``dim`` and ``fix``."""
        return f"\x1b[{_CODES[what]}m{text}\x1b[0m" if self._color else text


def printable(text: str) -> str:
    """The text with control, format and undecodable characters as escapes.

    File names and snippets come from strangers: an escape sequence could rewrite what is on the screen, and a
    bidirectional override could reorder it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one if one == " " or not unicodedata.category(one).startswith(("C", "Z")) else _escape(one) for one in text
    )


def columns(text: str) -> int:
    """How many columns of a terminal a printable text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF" else unicodedata.category(one) not in ("Mn", "Me")
        for one in text
    )


def _escape(char: str) -> str:
    known = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
    code = ord(char)
    return known.get(char) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
