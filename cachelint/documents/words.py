"""Docker's own little shell: variables, quotes and escapes in the values of a Dockerfile.

The measure is BuildKit's lexer (moby/buildkit, frontend/dockerfile/shell/lex.go), which is not quite `sh`: a
backslash in double quotes stays unless it protects something, `$1x` is `$1` and `x`, patterns know `*` and `?` only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cachelint.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GO_SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # noqa: E501 - one set
"""What Go's ``unicode.IsSpace`` calls a space: Python's idea of it without U+001C to U+001F."""

MAX_DEPTH = 100
"""``${A:-${B:-…}}`` nested deeper is refused: no person writes it, and it must not exhaust the stack."""

_ORDINARY = {escape: re.compile(rf"[^'\"$<}}/{re.escape(escape)}]+") for escape in "\\`"}
_NAME = re.compile(r"[^\W]+")
_SPACE_AFTER = re.compile(r"[ \t\r]*")
_TEMPLATE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


class ExpansionError(ValueError):
    """A value that Docker refuses to expand; ``str()`` says why."""


class Reference(NamedTuple):
    """A use of a variable: `span` is the whole ``$NAME`` or ``${NAME…}``, in offsets of the text that was searched."""

    name: str
    span: Span


def expand(text: str, env: Mapping[str, str], escape: str = "\\") -> str:
    """The value of `text`: variables replaced, quotes and escapes removed; a variable not in `env` is empty.

    Raises `ExpansionError` where Docker does: an open quote or brace, an unknown modifier, ``${X:?…}`` without X.
    """
    return Lexer(text, env, escape).run()


def references(text: str, escape: str = "\\") -> list[Reference]:
    """Every variable that `text` uses, defaults within ``${A:-$B}`` included, in the order of their first character.

    A text that Docker refuses gives what stands before the mistake.
    """
    if "$" not in text:
        return []
    lexer = Lexer(text, {}, escape, keep_unset=True)
    try:
        lexer.run()
    except ExpansionError:
        pass
    return sorted(lexer.references, key=lambda reference: reference.span)
