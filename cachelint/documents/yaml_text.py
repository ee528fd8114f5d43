"""The text of a YAML scalar as its consumer sees it, character by character mapped to where it is written.

The scanner says what the text is, not where its characters stand. Here the notation is read once more, and the outcome
counts only where it is exactly what the scanner said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.mapped_text import MappedText, join
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.yaml import Scalar
    from cachelint.source import SourceFile

# YAML 1.2, 5.7: escapes of double quoted scalars with one character; \x, \u and \U carry a number.
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_BREAKS = r"[ \t]*(?:\r?\n[ \t]*)+"
_DOUBLE = regex(
    rf"(?P<joined>\\\r?\n[ \t]*(?:\r?\n[ \t]*)*)|\\(?:x(?P<x>..)|u(?P<u>....)|U(?P<U>.{{8}})|(?P<char>.))"
    rf"|(?P<fold>{_BREAKS})|[^\\\n \t\r]+|[ \t]+|\r",
    re.DOTALL,
)
_SINGLE = regex(rf"(?P<quote>'')|(?P<fold>{_BREAKS})|[^'\n \t\r]+|[ \t]+|\r")
_PLAIN = regex(rf"(?P<fold>{_BREAKS})|[^\n \t\r]+|[ \t]+|\r")
_HEADER = regex(r"[|>][0-9+-]*[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")


def text_in(source: SourceFile, scalar: Scalar) -> MappedText | None:
    """The value of a scalar with its place in the file, trailing line breaks of block scalars left out.

    None where it is written in a way that this reader does not understand.
    """
    block = scalar.style in ("|", ">")
    parts = list(_block(source, scalar) if block else _flow(source, scalar))
    found = join(source, parts)
    agrees = found.text.rstrip() == scalar.value.rstrip() if block else found.text == scalar.value
    return found if agrees else None


def _flow(source: SourceFile, scalar: Scalar) -> Iterator[tuple[str, Span]]:
    start, end = scalar.span
    if scalar.style:
        start, end = start + 1, end - 1
    pattern = {'"': _DOUBLE, "'": _SINGLE}.get(scalar.style, _PLAIN)
    for match in pattern.finditer(source.text, start, end):
        yield _value(match), Span(match.start(), match.end())


def _value(match: re.Match[str]) -> str:
    """What a token of a flow scalar stands for."""
    groups = match.groupdict()
    if groups.get("fold"):
        breaks = match.group().count("\n")
        return " " if breaks == 1 else "\n" * (breaks - 1)
    if groups.get("quote"):
        return "'"
    if groups.get("joined"):
        return "\n" * (match.group().count("\n") - 1)
    if char := groups.get("char"):
        return _ESCAPES.get(char, "")
    number = groups.get("x") or groups.get("u") or groups.get("U")
    return _character(number) if number else match.group()


def _character(number: str) -> str:
    try:
        return chr(int(number, 16))
    except (ValueError, OverflowError):
        return ""


def _block(source: SourceFile, scalar: Scalar) -> Iterator[tuple[str, Span]]:
    header = _HEADER.match(source.text, scalar.span.start)
    if not header:
        return
    lines = list(_lines(source.text, header.end(), scalar.span.end))
    indent = _indentation(lines, scalar.value)
    if scalar.style == "|":
        yield from _literal(lines, indent)
    else:
        yield from _folded(lines, indent, scalar.value)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[str, Span, int]]:
    """The lines of a region: their characters, their place, and where their line break ends."""
    while start < end:
        newline = text.find("\n", start, end)
        after = end if newline < 0 else newline + 1
        stop = after if newline < 0 else newline - (text[newline - 1] == "\r")
        yield text[start:stop], Span(start, max(stop, start)), after
        start = after


def _indentation(lines: list[tuple[str, Span, int]], value: str) -> int:
    """How many spaces stand before every line: what the first line with text has more in the file than in the value."""
    written = next((line for line, _, _ in lines if line.strip()), "")
    wanted = next((line for line in value.split("\n") if line.strip()), "")
    return max(_spaces(written) - _spaces(wanted), 0)


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _body(line: str, span: Span, indent: int) -> tuple[str, Span]:
    """A line without its indentation."""
    cut = min(_spaces(line), indent)
    return line[cut:], Span(span.start + cut, span.end)


def _literal(lines: list[tuple[str, Span, int]], indent: int) -> Iterator[tuple[str, Span]]:
    for number, (line, span, after) in enumerate(lines):
        yield _body(line, span, indent)
        if number + 1 < len(lines):
            yield "\n", Span(span.end, after)


def _folded(lines: list[tuple[str, Span, int]], indent: int, value: str) -> Iterator[tuple[str, Span]]:
    """The lines of a ``>`` scalar, each behind the space or the line breaks that the value has in front of it."""
    at = 0
    before = None
    for line, span, _ in lines:
        text, place = _body(line, span, indent)
        if not text:
            continue
        gap = len(value) - len(value[at:].lstrip("\n")) - at if value[at : at + 1] == "\n" else int(before is not None)
        yield value[at : at + gap], Span(place.start if before is None else before, place.start)
        yield text, place
        at += gap + len(text)
        before = place.end
