"""``# cachelint: ignore[rule] reason``: findings that somebody has looked at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK = "cachelint"
_COMMENT = regex(r"#[ \t]*cachelint(:?)\s*(ignore(?:-file)?)(?![\w-])(?:\s*\[([^\]\n]*)\])?")

_BEFORE = regex(r"\s*(?:(?:---[ \t]*|%.*)?(?:#.*)?)")
"""What may stand above the first block of comments, or in it: a document of YAML may begin before its comments."""


class Suppression(NamedTuple):
    """One comment. `span` is all of it, `first` and `last` the 1-based lines it speaks for, `names` the rules.

    `slip` says what is wrong with one that does nothing, being written wrong.
    """

    span: Span
    names: tuple[tuple[str, Span], ...]
    first: int
    last: int
    slip: str = ""


def find_suppressions(
    source: SourceFile, is_comment: Callable[[int], bool], last_line: Callable[[int], int]
) -> tuple[Suppression, ...]:
    """The suppressions of a file.

    `is_comment` tells whether the ``#`` at an offset begins a comment; `last_line` where the thing that begins on a
    line ends. A comment alone on its line speaks for the next line that is none, another one for its own.
    """
    if MARK not in source.text:
        return ()
    return tuple(_find(source, is_comment, last_line))


def _find(
    source: SourceFile, is_comment: Callable[[int], bool], last_line: Callable[[int], int]
) -> Iterator[Suppression]:
    for match in _COMMENT.finditer(source.text):
        if not is_comment(match.start()):
            continue
        line = source.position(match.start()).line
        end = source.line_span(line).end
        colon, kind, listed = match.groups()
        if not colon or listed is None:
            if colon or listed is not None:
                slip = "it has no colon" if listed is not None else "it names no rule"
                yield Suppression(Span(match.start(), end), (), 0, 0, slip)
            continue
        names = tuple(_names(match))
        if kind == "ignore-file":
            first, last = (1, len(source.line_starts)) if _in_first_comments(source, line) else (0, 0)
        elif source.line_text(line).lstrip().startswith("#"):
            first = _next_code_line(source, line)
            last = last_line(first)
        else:
            first = last = line
        yield Suppression(Span(match.start(), end), names, first, last)


def _names(match: re.Match[str]) -> Iterator[tuple[str, Span]]:
    for name in re.finditer(r"[^\s,]+", match.group(3)):
        start = match.start(3)
        yield name.group(), Span(start + name.start(), start + name.end())


def _in_first_comments(source: SourceFile, line: int) -> bool:
    return all(_BEFORE.fullmatch(source.line_text(number)) for number in range(1, line))


def _next_code_line(source: SourceFile, line: int) -> int:
    last = len(source.line_starts)
    following = line + 1
    while following < last and source.line_text(following).lstrip().startswith("#"):
        following += 1
    return min(following, last)
