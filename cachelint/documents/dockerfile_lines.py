"""From the lines of a Dockerfile to the logical lines of its instructions: directives, continuations, heredocs."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cachelint.documents.dockerfile_syntax import (
    KEYWORDS,
    Command,
    HeredocMark,
    MixedArrayError,
    directive,
    heredoc_mark,
    heredoc_words,
    split_command,
)
from cachelint.documents.words import GO_SPACES, ExpansionError
from cachelint.record import NamedTuple
from cachelint.source import BOM, SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

Pieces = tuple[tuple[int, int], ...]
"""Where a text joined of parts comes from: offsets in it, each with the offset in the source of the character there."""

MAX_LINE_BYTES = 65_535
"""Docker reads lines with Go's ``bufio.Scanner`` and refuses longer ones; the line break is not counted."""


class DockerfileError(Exception):
    """The text is no Dockerfile that Docker would accept. `span` is where, `str()` is why."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


class Heredoc(NamedTuple):
    """``<<NAME`` and the lines up to NAME.

    `body` is as written (tabs included), `span` is its place: from the line after the instruction, or after the
    heredoc before, up to the line that ends it. `expand` is false when the name was quoted; `chomp` is true for
    ``<<-``.
    """

    name: str
    body: str
    span: Span
    expand: bool
    chomp: bool


class LogicalLine(NamedTuple):
    """One instruction with its continuation lines joined into `text`.

    `first` and `last` are 0-based numbers of lines, heredoc bodies included; `end` is the offset of the last one's
    end in the source.
    """

    first: int
    last: int
    end: int
    text: str
    pieces: Pieces
    command: Command
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def span(self) -> Span:
        """The place of the instruction without heredocs."""
        return place(self.pieces, self.command.start, self.command.end)


class Layout(NamedTuple):
    """What the lines of a Dockerfile are: `logical` holds the instructions by line, `comments` the comments in order.

    `masked` has as many lines as the source: each instruction on its first line, all other lines empty.
    """

    directives: dict[str, str]
    logical: dict[int, LogicalLine]
    comments: tuple[Span, ...]
    masked: str


def place(pieces: Pieces, start: int, end: int) -> Span:
    """The place in the source of a part of a joined text; when a continuation breaks the part, with the gap."""
    if len(pieces) == 1:
        shift = pieces[0][1] - pieces[0][0]
        return Span(start + shift, max(start, end) + shift)
    first = offset_of(pieces, start)
    return Span(first, offset_of(pieces, end - 1) + 1 if end > start else first)


def offset_of(pieces: Pieces, at: int) -> int:
    """The offset in the source of a character of a joined text."""
    begin, offset = pieces[bisect_right(pieces, (at, _LAST)) - 1 if len(pieces) > 1 else 0]
    return offset + at - begin


_LAST = 1 << 62


def sub_pieces(pieces: Pieces, start: int) -> Pieces:
    """The pieces of a joined text's part from `start` on."""
    if len(pieces) == 1:
        return ((0, pieces[0][1] + start),)
    rest = pieces[bisect_right(pieces, (start, _LAST)) :]
    return ((0, offset_of(pieces, start)), *((begin - start, offset) for begin, offset in rest))


def scan(source: SourceFile) -> Layout:
    """Classify the lines of a Dockerfile. Raises `DockerfileError`."""
    lines = _lines(source)
    return _Scanner(source, lines, *_directives(source, lines)).run()


_KNOWN = frozenset(KEYWORDS.values())
_BLANK, _COMMENT, _TEXT = range(3)


def _kind(line: str) -> int:
    """What a line is when no heredoc holds it; text begins an instruction or continues one."""
    text = line.lstrip(GO_SPACES)
    if not text:
        return _BLANK
    return _COMMENT if text[0] == "#" else _TEXT


class _Scanner:
    """Walks down the lines; `_at` is the number of the next one to look at."""

    def __init__(self, source: SourceFile, lines: list[str], directives: dict[str, str], start: int) -> None:
        self._text = source.text
        self._starts = source.line_starts
        self._lines = lines
        self._at = start
        self._directives = directives
        self._escape = directives.get("escape", "\\")
        self._masked = [""] * len(lines)
        self._logical: dict[int, LogicalLine] = {}
        self._comments: list[Span] = []

    def run(self) -> Layout:
        while self._at < len(self._lines):
            kind = _kind(self._lines[self._at])
            if kind == _TEXT:
                self._instruction()
            else:
                self._step_over(kind)
        return Layout(self._directives, self._logical, tuple(self._comments), "\n".join((*self._masked, "")))

    def _step_over(self, kind: int) -> None:
        if kind == _COMMENT:
            line, start = self._lines[self._at], self._starts[self._at]
            self._comments.append(Span(start + line.index("#"), start + len(line)))
        self._at += 1

    def _instruction(self) -> None:
        first = self._at
        text, pieces = self._join()
        command = split_command(text, self._escape)
        line = LogicalLine(first, self._at - 1, self._end(), text, pieces, command)
        if command.keyword not in _KNOWN:
            raise _unknown(line)
        if "<<" in text:
            heredocs = tuple(self._heredocs(line))
            line = line._replace(heredocs=heredocs, last=self._at - 1, end=self._end())
        self._logical[first] = line
        # A backslash at the end would continue the line for dockerfile_parse, whatever Docker says.
        self._masked[first] = f"{command.keyword} {text[command.value_start :]}".replace("\\", "/")

    def _end(self) -> int:
        return self._starts[self._at - 1] + len(self._lines[self._at - 1])

    def _join(self) -> tuple[str, Pieces]:
        """The logical line that begins here and its pieces; comments and blank lines in it do not end it."""
        part, more = _without_continuation(self._lines[self._at], self._escape)
        start = self._starts[self._at]
        self._at += 1
        if not more:
            return part, ((0, start),)
        parts, pieces = [part], [(0, start)]
        length = len(part)
        while more and self._at < len(self._lines):
            kind = _kind(self._lines[self._at])
            if kind == _TEXT:
                part, more = _without_continuation(self._lines[self._at], self._escape)
                parts.append(part)
                pieces.append((length, self._starts[self._at]))
                length += len(part)
                self._at += 1
            else:
                self._step_over(kind)
        return "".join(parts), tuple(pieces)

    def _heredocs(self, line: LogicalLine) -> Iterator[Heredoc]:
        try:
            for word in heredoc_words(line.text, line.command, self._escape):
                if mark := heredoc_mark(word):
                    first = self._at
                    end = self._end_of_heredoc(mark, line)
                    span = Span(self._starts[first], end)
                    yield Heredoc(mark.name, self._text[span.start : span.end], span, mark.expand, mark.chomp)
        except (ExpansionError, MixedArrayError) as error:
            raise DockerfileError(str(error), line.span) from error

    def _end_of_heredoc(self, mark: HeredocMark, line: LogicalLine) -> int:
        """Start of the line that ends a heredoc; moves behind that line."""
        while self._at < len(self._lines):
            text = self._lines[self._at]
            self._at += 1
            if (text.lstrip("\t") if mark.chomp else text) == mark.name:
                return self._starts[self._at - 1]
        raise DockerfileError(f"the heredoc has no end: no line after it is just {mark.name}", line.span)


def _without_continuation(line: str, escape: str) -> tuple[str, bool]:
    """A line without the escape character that continues it, and whether it had one; a doubled one does not."""
    text = line.rstrip(" \t")
    if text.endswith(escape) and not text.endswith(escape * 2):
        return text[:-1], True
    return line, False


def _unknown(line: LogicalLine) -> DockerfileError:
    word, start = line.command.keyword, line.command.start
    span = place(line.pieces, start, start + len(word))
    if not word:
        return DockerfileError("a continuation with nothing to continue", span)
    if word.startswith("//"):
        return DockerfileError("// begins no comment in a Dockerfile, # does", span)
    if word.startswith(("{{", "{%", "<%")):
        return DockerfileError("a template, which is no Dockerfile before it is rendered", span)
    return DockerfileError(f"unknown instruction {word[:40]}", span)


def _lines(source: SourceFile) -> list[str]:
    """The lines without their breaks and without the BOM, which `SourceFile.line_starts` leaves out, too."""
    lines = source.text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE_BYTES // 4 and len(line.encode("utf-8", "replace")) > MAX_LINE_BYTES:
            message = f"Docker reads no line longer than {MAX_LINE_BYTES:,} bytes"
            raise DockerfileError(message, source.line_span(number + 1))
    if lines and lines[0].startswith(BOM):
        lines[0] = lines[0][1:]
    return [line.rstrip("\r") for line in lines] if "\r" in source.text else lines


def _directives(source: SourceFile, lines: list[str]) -> tuple[dict[str, str], int]:
    """Every directive that Docker heeds, and how many lines they take.

    Its parser reads `escape`; for the others Docker takes a stricter look at the top of the file.
    """
    seen: dict[str, str] = {}
    for number, line in enumerate(lines):
        name, value = directive(line.lstrip(GO_SPACES)) or ("", "")
        if not name:
            break
        if name in seen:
            raise DockerfileError(f"a second {name} directive", source.line_span(number + 1))
        if name == "escape" and value not in {"\\", "`"}:
            raise DockerfileError("the escape character is either \\ or `", source.line_span(number + 1))
        seen[name] = value
    escape = {"escape": seen["escape"]} if "escape" in seen else {}
    return escape | _unindented_directives(lines), len(seen)


def _unindented_directives(lines: list[str]) -> dict[str, str]:
    """The syntax and check directives, which begin in the first column and may follow a ``#!`` line."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        name, value = directive(line) or ("", "")
        if name and name not in found:
            found[name] = value
        elif number or not line.startswith("#!"):
            break
    found.pop("escape", None)
    return found
