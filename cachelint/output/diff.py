"""What a fix would write, as a unified diff."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def render_diff(name: str, old: str, new: str) -> str:
    """A diff that `git apply` and `patch` take; line endings are the file's own."""
    return "".join(_lines(name, old, new))


def _lines(name: str, old: str, new: str) -> Iterator[str]:
    for line in unified_diff(_split(old), _split(new), _header(f"a/{name}"), _header(f"b/{name}")):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _header(name: str) -> str:
    """The name as git writes it: quoted around control characters, and ended by a tab behind spaces."""
    if any(char < " " or char == "\x7f" for char in name):
        return '"' + "".join(map(_quoted, name)) + '"'
    return f"{name}\t" if " " in name else name


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char


def _split(text: str) -> list[str]:
    """Lines as diff counts them: they end with a newline and with nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
