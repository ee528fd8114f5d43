"""From the lines of a Dockerfile to the logical lines of its instructions: directives, continuations, heredocs.

Docker's parser is the measure (moby/buildkit, frontend/dockerfile/parser). What counts as white space differs from
place to place there, and so it does here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from cachelint.documents.words import GO_SPACES, ExpansionError, Lexer
from cachelint.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.source import SourceFile

MAX_LINE_BYTES = 65_535
"""Docker reads lines with Go's ``bufio.Scanner`` and refuses longer ones; the line break is not counted."""

KEYWORDS = {
    keyword.lower(): keyword
    for keyword in (
        "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
        " VOLUME WORKDIR"
    ).split()
}
JSON_KEYWORDS = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
HEREDOC_KEYWORDS = frozenset({"ADD", "COPY", "RUN"})


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


class Command(NamedTuple):
    """The parts of one logical line, in offsets of its text.

    `keyword` is upper case if Docker knows it, else as written; each flag is its text without quotes, start and end.
    """

    keyword: str
    start: int
    end: int
    flags: tuple[tuple[str, int, int], ...]
    value_start: int


class LogicalLine(NamedTuple):
    """One instruction with its continuation lines joined.

    `first` and `last` are 0-based numbers of lines, heredoc bodies included. Each of `pieces` is an offset in
    `text` and the offset in the source of the character there, from which on they run in parallel.
    """

    first: int
    last: int
    text: str
    pieces: tuple[tuple[int, int], ...]
    command: Command
    heredocs: tuple[Heredoc, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """The place in the source of a part of `text`; when a continuation breaks the part, with the gap."""
        if end <= start:
            return Span(self._offset(start), self._offset(start))
        return Span(self._offset(start), self._offset(end - 1) + 1)

    def parts(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """The pieces of a part of `text`, counted from its start."""
        first = bisect_right(self.pieces, start, key=_first)
        rest = self.pieces[first : bisect_right(self.pieces, end - 1, key=_first)]
        return ((0, self._offset(start)), *((begin - start, offset) for begin, offset in rest))

    def _offset(self, at: int) -> int:
        piece = self.pieces[bisect_right(self.pieces, at, key=_first) - 1] if len(self.pieces) > 1 else self.pieces[0]
        return at - piece[0] + piece[1]


class Layout(NamedTuple):
    """What the lines of a Dockerfile are: `logical` holds the instructions and `comments` the comments, by line.

    `masked` has as many lines as the source, with each instruction on its first line and every comment as ``#``.
    """

    directives: dict[str, str]
    logical: dict[int, LogicalLine]
    comments: dict[int, Span]
    masked: str


def scan(source: SourceFile) -> Layout:
    """Classify the lines of a Dockerfile. Raises `DockerfileError`."""
    return _Scanner(source).run()


def split_command(text: str, escape: str, start: int = 0) -> Command:
    """Keyword, flags and arguments of the instruction that `text` holds from `start` on."""
    end = len(text.rstrip(GO_SPACES))
    start = _skip(_SPACES, text, start, end)
    at = _skip(_WORD, text, start, end)
    keyword = KEYWORDS.get(text[start:at].lower(), text[start:at])
    at = _skip(_BLANKS, text, at, end)
    flags: list[tuple[str, int, int]] = []
    while text.startswith("--", at, end):
        stop = _skip(_FLAGS[escape], text, at, end)
        flag = unquoted(text[at:stop], escape)
        if flag != "--":
            flags.append((flag, at, stop))
        at = _skip(_FLAG_GAP, text, stop, end)
        if flag == "--":
            break
    return Command(keyword, start, max(start, end), tuple(flags), _skip(_SPACES, text, at, end))


def unquoted(word: str, escape: str) -> str:
    """A flag as Docker reads it: without quotes, the escape character protecting any other, in any quotes."""
    parts: list[str] = []
    quote = ""
    chars = iter(word)
    for char in chars:
        if char == escape:
            parts.append(next(chars, ""))
        elif char == quote:
            quote = ""
        elif not quote and char in {"'", '"'}:
            quote = char
        else:
            parts.append(char)
    return "".join(parts)


def exec_form(line: LogicalLine, start: int, end: int) -> tuple[str, ...] | None:
    """The strings of the JSON array that a part of a line is; None for anything else, which is the shell form.

    Raises `DockerfileError` for an array that holds more than strings.
    """
    if not line.text.startswith("[", start, end):
        return None
    try:
        array = _parse_json(line.text[start:end])
    except (ValueError, RecursionError):
        return None
    if all(isinstance(item, str) for item in array):
        return tuple(_SURROGATE.sub("\ufffd", item) for item in array)
    raise DockerfileError("a JSON array here may hold strings only", line.span(start, end))


def _parse_json(text: str) -> list[str]:
    """Python's JSON held to the standard: no NaN, no numbers beyond a double. Raises ValueError."""
    from json import loads

    array: list[str] = loads(text, parse_constant=_no_number, parse_int=_number, parse_float=_number)
    return array


def _number(digits: str) -> float:
    value = float(digits)
    return _no_number(digits) if value in {float("inf"), float("-inf")} else value


def _no_number(digits: str) -> float:
    raise ValueError(digits)


class _Scanner:
    """Walks down the lines; `_at` is the number of the next one to look at."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._starts = source.line_starts
        self._lines = _lines(source)
        self._at = 0
        self._directives = _checked_directives(source, self._lines)
        self._escape = self._directives.get("escape", "\\")
        self._masked = [""] * len(self._lines)
        self._logical: dict[int, LogicalLine] = {}
        self._comments: dict[int, Span] = {}

    def run(self) -> Layout:
        self._at = sum(1 for _ in _directive_lines(self._lines))
        while self._at < len(self._lines):
            kind = _kind(self._lines[self._at])
            if kind == _TEXT:
                self._instruction()
            else:
                self._step_over(kind)
        return Layout(self._directives, self._logical, self._comments, "\n".join((*self._masked, "")))

    def _step_over(self, kind: int) -> None:
        if kind == _COMMENT:
            line, start = self._lines[self._at], self._starts[self._at]
            self._comments[self._at] = Span(start + line.index("#"), start + len(line))
            self._masked[self._at] = "#"
        self._at += 1

    def _instruction(self) -> None:
        first = self._at
        text, pieces = self._join()
        line = LogicalLine(first, self._at - 1, text, pieces, split_command(text, self._escape))
        if line.command.keyword not in KEYWORDS.values():
            raise _unknown(line)
        if "<<" in text and _takes_heredocs(line, self._escape):
            heredocs = tuple(self._heredoc(word, line) for word in _split_words(text))
            line = line._replace(heredocs=tuple(filter(None, heredocs)), last=self._at - 1)
        self._logical[first] = line
        self._masked[first] = f"{line.command.keyword} {text[line.command.value_start :].replace(self._escape, ' ')}"

    def _join(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        """The logical line that begins here and its pieces; comments and blank lines in it do not end it."""
        parts: list[str] = []
        pieces: list[tuple[int, int]] = []
        length, more = 0, True
        while more and self._at < len(self._lines):
            line = self._lines[self._at]
            kind = _kind(line)
            if kind != _TEXT:
                self._step_over(kind)
                continue
            part, more = _without_continuation(line, self._escape)
            pieces.append((length, self._starts[self._at]))
            parts.append(part)
            length += len(part)
            self._at += 1
        return "".join(parts), tuple(pieces)

    def _heredoc(self, word: str, line: LogicalLine) -> Heredoc | None:
        """The heredoc that a word announces, if it does, with the lines from here on as its body."""
        try:
            mark = _heredoc_mark(word)
        except ExpansionError as error:
            raise DockerfileError(f"heredoc {word}: {error}", _whole(line)) from error
        if not mark:
            return None
        name, expand, chomp = mark
        first = self._at
        while self._at < len(self._lines):
            text = self._lines[self._at]
            self._at += 1
            if (text.lstrip("\t") if chomp else text) == name:
                span = Span(self._starts[first], self._starts[self._at - 1])
                return Heredoc(name, self._source.text[span.start : span.end], span, expand, chomp)
        raise DockerfileError(f"heredoc without its end: no line is just {name}", _whole(line))


_BLANK, _COMMENT, _TEXT = range(3)


def _kind(line: str) -> int:
    """What a line is when no heredoc holds it; text begins an instruction or continues one."""
    text = line.lstrip(GO_SPACES)
    if not text:
        return _BLANK
    return _COMMENT if text[0] == "#" else _TEXT


def _without_continuation(line: str, escape: str) -> tuple[str, bool]:
    """A line without the escape character that continues it, and whether it had one; a doubled one does not."""
    text = line.rstrip(" \t")
    if text.endswith(escape) and not text.endswith(escape * 2):
        return text[:-1], True
    return line, False


def _lines(source: SourceFile) -> list[str]:
    """The lines without their breaks. A BOM becomes a space, which Docker drops there too, so that offsets stay."""
    lines = source.text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines):
        if len(line) * 4 > MAX_LINE_BYTES and len(line.encode("utf-8", "replace")) > MAX_LINE_BYTES:
            raise DockerfileError(
                f"Docker reads no line longer than {MAX_LINE_BYTES:,} bytes", _line_span(source, number)
            )
    if lines and lines[0].startswith(BOM):
        lines[0] = " " + lines[0][1:]
    return [line.rstrip("\r") for line in lines] if "\r" in source.text else lines


def _line_span(source: SourceFile, number: int) -> Span:
    return source.line_span(number + 1)


def _whole(line: LogicalLine) -> Span:
    return line.span(line.command.start, line.command.end)


def _unknown(line: LogicalLine) -> DockerfileError:
    keyword, start = line.command.keyword, line.command.start
    span = line.span(start, start + len(keyword))
    if not keyword:
        return DockerfileError("a continuation with nothing to continue", span)
    if keyword.startswith("//"):
        return DockerfileError("// begins no comment in a Dockerfile, # does", span)
    if keyword.startswith(("{{", "{%", "{#", "<%")):
        return DockerfileError("a template, which is no Dockerfile before it is rendered", span)
    return DockerfileError(f"unknown instruction {keyword[:40]}", span)


_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=(.+)")


def _directive(line: str) -> tuple[str, str] | None:
    """Lower-case name and value of a parser directive."""
    match = _DIRECTIVE.fullmatch(line)
    if not match or match.group(1).lower() not in {"check", "escape", "syntax"}:
        return None
    value = match.group(2)
    return match.group(1).lower(), value.strip("\t\n\f\r ") or value[-1]


def _directive_lines(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The directives at the top: any other line ends them."""
    for line in lines:
        directive = _directive(line.lstrip(GO_SPACES))
        if not directive:
            return
        yield directive


def _checked_directives(source: SourceFile, lines: list[str]) -> dict[str, str]:
    """Every directive that Docker heeds. `escape` is read by its parser, the others by a stricter look at the top."""
    found: dict[str, str] = {}
    for number, (name, value) in enumerate(_directive_lines(lines)):
        if name in found:
            raise DockerfileError(f"a second {name} directive", _line_span(source, number))
        if name == "escape" and value not in {"\\", "`"}:
            raise DockerfileError("the escape character is either \\ or `", _line_span(source, number))
        found[name] = value
    return {name: value for name, value in found.items() if name == "escape"} | _unindented(source)


def _unindented(source: SourceFile) -> dict[str, str]:
    """The syntax and check directives, which begin in the first column and may follow a ``#!`` line."""
    lines = [line.rstrip("\r") for line in source.text.removeprefix(BOM).split("\n", 5)[:5]]
    found: dict[str, str] = {}
    for line in lines[lines[0].startswith("#!") :]:
        directive = _directive(line)
        if not directive or directive[0] in found:
            break
        found[directive[0]] = directive[1]
    found.pop("escape", None)
    return found


def _takes_heredocs(line: LogicalLine, escape: str) -> bool:
    """RUN, COPY and ADD in shell form, also behind ONBUILD."""
    command = line.command
    if command.keyword == "ONBUILD":
        command = split_command(line.text, escape, command.value_start)
    return command.keyword in HEREDOC_KEYWORDS and exec_form(line, command.value_start, command.end) is None


def _split_words(text: str) -> list[str]:
    """The words in which Docker looks for heredocs: none at all in a text with, say, one lonely apostrophe."""
    try:
        return Lexer(text, {}, raw_quotes=True, raw_escapes=True, keep_unset=True).words()
    except ExpansionError:
        return []


_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")


def _heredoc_mark(word: str) -> tuple[str, bool, bool] | None:
    """Name, expand and chomp of a word like ``<<-"EOF"``. White space before the name came with Dockerfile 1.16."""
    match = _HEREDOC.fullmatch(word)
    name = match.group(2).lstrip("\t\n\f\r ") if match else ""
    if not match or not name:
        return None
    plain = Lexer(name, {}, keep_unset=True).words()
    if len(plain) != 1:
        return None
    raw = Lexer(name, {}, raw_quotes=True, keep_unset=True).words()
    if len(raw) != 1:
        raise ExpansionError("quotes that do not match")
    return plain[0], _quotes(plain[0]) == _quotes(raw[0]), bool(match.group(1))


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')


def names_heredoc(word: str) -> bool:
    """Whether Docker takes a word of COPY or ADD for a heredoc."""
    try:
        return "<<" in word and _heredoc_mark(word) is not None
    except ExpansionError:
        return False


_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(f"[{GO_SPACES}]*")
_WORD = re.compile(r"[^\t\v\f\r ]*")
_BLANKS = re.compile(r"[\t\v\f\r ]*")
_FLAG_GAP = re.compile("[\t\v\f\r \x85\xa0]*")


def _flag_pattern(escape: str) -> re.Pattern[str]:
    char = re.escape(escape)
    quoted = "|".join(rf"{quote}[^{quote}{char}]*(?:{char}.[^{quote}{char}]*)*(?:{quote}|{char}?\Z)" for quote in "'\"")
    return re.compile(rf"(?:[^\t\v\f\r \x85\xa0'\"{char}]+|{char}(?:.|\Z)|{quoted})*", re.DOTALL)


_FLAGS = {escape: _flag_pattern(escape) for escape in "\\`"}


def _skip(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


def _first(pair: tuple[int, int]) -> int:
    return pair[0]
