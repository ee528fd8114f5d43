"""Text as a program sees it, with the way back to where it is written in a file.

A script inside a workflow, a Makefile or a JSON string is not written as the shell sees it: indentation, escapes and
folded lines lie between. A `MappedText` keeps both, so that a finding in the script points at its exact characters.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piece(NamedTuple):
    """Neighbouring characters of the text and where they are written.

    `at` and `length` are offset and number of characters in the text, `span` is the place in the file. The characters
    are the same ones where both are equally long; else the piece is one unit (an escape, a folded line break).
    """

    at: int
    length: int
    span: Span

    @property
    def is_verbatim(self) -> bool:
        """Whether the text has the very characters that are written."""
        return self.length == self.span.end - self.span.start


class MappedText:
    """`text` as its reader sees it, and the `source` that it is written in."""

    __slots__ = ("_pieces", "_starts", "source", "text")

    def __init__(self, text: str, source: SourceFile, pieces: tuple[Piece, ...]) -> None:
        self.text = text
        self.source = source
        self._pieces = pieces
        self._starts = [piece.at for piece in pieces]

    def span(self, span: Span) -> Span:
        """Where in the file a span of the text is written; an empty span is the point before its character."""
        if not self._pieces:
            return Span(0, 0)
        start = self._offset(span.start)
        if span.end <= span.start:
            return Span(start, start)
        return Span(start, self._end(span.end))

    def is_verbatim(self, span: Span) -> bool:
        """Whether a span of the text is written as one run of the very same characters, so that it can be edited."""
        written = self.source.text[slice(*self.span(span))]
        return written == self.text[slice(*span)] and all(piece.is_verbatim for piece in self._touched(span))

    def part(self, span: Span, text: str | None = None) -> MappedText:
        """A part of the text as a text of its own. `text` has other characters of the same number in its place."""
        pieces = tuple(_cut(piece, span) for piece in self._touched(span))
        return MappedText(self.text[slice(*span)] if text is None else text, self.source, pieces)

    def with_text(self, text: str) -> MappedText:
        """Other characters in the same places; as many as there are."""
        assert len(text) == len(self.text)
        return MappedText(text, self.source, self._pieces)

    @property
    def parts(self) -> list[tuple[str, Span]]:
        """The text in pieces, each with its place in the file: what `join` takes."""
        return [(self.text[piece.at : piece.at + piece.length], piece.span) for piece in self._pieces]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Offsets in the text where the way to the file changes, each with the offset in the file."""
        return tuple((piece.at, piece.span.start) for piece in self._pieces) or ((0, 0),)

    def widened(self, span: Span) -> Span:
        """A span of the file that ends in the middle of something written for one character, up to its end."""
        if not self._pieces:
            return span
        number = bisect_right(self._pieces, span.end - 1, key=lambda piece: piece.span.start) - 1
        piece = self._pieces[max(number, 0)]
        cuts = not piece.is_verbatim and piece.span.start < span.end < piece.span.end
        return Span(span.start, piece.span.end) if cuts else span

    def _touched(self, span: Span) -> Iterator[Piece]:
        first = max(bisect_right(self._starts, span.start) - 1, 0)
        for piece in self._pieces[first:]:
            if piece.at >= span.end:
                return
            if piece.at + piece.length > span.start:
                yield piece

    def _piece(self, at: int) -> Piece:
        return self._pieces[max(bisect_right(self._starts, at) - 1, 0)]

    def _offset(self, at: int) -> int:
        """Where the character at an offset of the text is written; for the end of the text, where it ends."""
        piece = self._piece(at)
        inside = at - piece.at
        if inside >= piece.length:
            return piece.span.end
        return piece.span.start + inside if piece.is_verbatim else piece.span.start

    def _end(self, at: int) -> int:
        """Where what is written for the character before an offset of the text ends."""
        piece = self._piece(at - 1)
        inside = min(at - piece.at, piece.length)
        return piece.span.start + inside if piece.is_verbatim else piece.span.end


def whole(source: SourceFile) -> MappedText:
    """A file that is read as it is written."""
    return MappedText(source.text, source, (Piece(0, len(source.text), Span(0, len(source.text))),))


def join(source: SourceFile, parts: list[tuple[str, Span]]) -> MappedText:
    """A text made of parts, each with the place where it is written; neighbours that are verbatim become one piece."""
    pieces: list[Piece] = []
    at = 0
    for text, span in parts:
        if not text:
            continue
        piece = Piece(at, len(text), span)
        before = pieces[-1] if pieces else None
        if before and before.span.end == span.start and before.is_verbatim and piece.is_verbatim:
            pieces[-1] = Piece(before.at, before.length + piece.length, Span(before.span.start, span.end))
        else:
            pieces.append(piece)
        at += len(text)
    return MappedText("".join(text for text, _ in parts), source, tuple(pieces))


def _cut(piece: Piece, span: Span) -> Piece:
    """The part of a piece that lies in a span of the text, with offsets that count from the span's start."""
    start, end = max(piece.at, span.start), min(piece.at + piece.length, span.end)
    written = piece.span
    if piece.is_verbatim:
        written = Span(piece.span.start + start - piece.at, piece.span.start + end - piece.at)
    return Piece(start - span.start, end - start, written)
