"""Dockerfiles as frozen trees with exact spans.

`dockerfile_parse` finds the instructions; this module hands it the text with heredoc bodies and the lines inside a
continuation masked, because it would take those for instructions, and gives every instruction its place in the
user's own text. Docker's parser is the measure (moby/buildkit, frontend/dockerfile/parser and .../instructions).

More lenient than Docker: flags are not checked, because newer versions know more of them.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from cachelint.documents.dockerfile_lines import (
    JSON_KEYWORDS,
    Command,
    DockerfileError,
    Heredoc,
    LogicalLine,
    exec_form,
    names_heredoc,
    scan,
    split_command,
)
from cachelint.documents.words import GO_SPACES
from cachelint.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Comment",
    "Dockerfile",
    "DockerfileError",
    "Flag",
    "Heredoc",
    "Instruction",
    "Pair",
    "Stage",
    "Word",
    "pairs",
    "parse_dockerfile",
]


class Comment(NamedTuple):
    """A comment line: from its ``#`` to the end of the line."""

    span: Span
    text: str


class Word(NamedTuple):
    """One word of an instruction as written (quotes and variables included) with its place.

    A word that a continuation breaks spans the gap; `breaks` then holds, for each of its parts, the offset in `text`
    and the offset in the source.
    """

    text: str
    span: Span
    breaks: tuple[tuple[int, int], ...] = ()

    def part(self, start: int, end: int) -> Span:
        """The place in the source of ``text[start:end]``."""
        if not self.breaks:
            return Span(self.span.start + start, self.span.start + end)
        last = self._offset(end - 1) + 1 if end > start else self._offset(start)
        return Span(self._offset(start), last)

    def _offset(self, at: int) -> int:
        begin, offset = [one for one in self.breaks if one[0] <= at][-1]
        return offset + at - begin


class Flag(NamedTuple):
    """``--name=value`` between the keyword and its arguments; `value` is None for a bare ``--name``."""

    name: str
    value: str | None
    span: Span


class Instruction(NamedTuple):
    """One instruction.

    `keyword` is upper case. `span` runs from the keyword's first character to the end of the last line, heredoc
    bodies included, without the line break; `line` and `end_line` are 1-based. `value` is the argument text after
    the flags, with continuations joined and inner comments dropped, as Docker's parser sees it. `words` are its
    white-space separated words; quoted strings stay whole, but not for ADD, COPY, EXPOSE, FROM and VOLUME, where
    Docker knows no quotes. `exec_form` is the decoded JSON array when it is one (of a HEALTHCHECK: behind CMD).
    `trigger` is the instruction that an ONBUILD holds; both carry its heredocs.
    """

    keyword: str
    span: Span
    line: int
    end_line: int
    value: str
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] = ()
    exec_form: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    trigger: Instruction | None = None

    def flag(self, name: str) -> str | None:
        """Value of the last flag of that name, or None; a bare flag counts as ``"true"``."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return "true" if flag.value is None else flag.value
        return None


class Stage(NamedTuple):
    """A FROM and what follows it. `name` is lower case as Docker compares it, None without AS; `base` as written."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    name: str | None
    base: str
    instructions: tuple[Instruction, ...]

    @property
    def start(self) -> Instruction:
        """The FROM instruction."""
        return self.instructions[0]


class Dockerfile(NamedTuple):
    """A parsed Dockerfile. `preamble` holds the instructions (ARG) before the first FROM."""

    source: SourceFile
    directives: dict[str, str]
    preamble: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    comments: tuple[Comment, ...]

    @property
    def escape(self) -> str:
        """The character that escapes and continues lines: a backslash, or a backtick."""
        return self.directives.get("escape", "\\")

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction in file order."""
        return self.preamble + tuple(one for stage in self.stages for one in stage.instructions)


class Pair(NamedTuple):
    """``name=value`` of ARG, ENV or LABEL as written; `value` is None for an ARG without one. `span` is the name's."""

    name: str
    value: str | None
    span: Span


def pairs(instruction: Instruction) -> tuple[Pair, ...]:
    """What an ARG, ENV or LABEL sets, also in the old form ``ENV NAME the rest``; nothing for other instructions."""
    words = instruction.words
    if instruction.keyword not in {"ARG", "ENV", "LABEL"} or not words:
        return ()
    if instruction.keyword == "ARG" or "=" in words[0].text:
        return tuple(_pair(word) for word in words)
    name, *rest = _BLANKS.split(instruction.value, maxsplit=1)
    return (Pair(name, rest[0] if rest else None, words[0].part(0, len(name))),)


def _pair(word: Word) -> Pair:
    name, equals, value = word.text.partition("=")
    return Pair(name, value if equals else None, word.part(0, len(name)))


def parse_dockerfile(source: SourceFile) -> Dockerfile:
    """Parse a Dockerfile. Raises `DockerfileError` for what Docker refuses to read."""
    layout = scan(source)
    instructions: list[Instruction] = []
    comments: list[Comment] = []
    build = _Builder(source, layout.directives.get("escape", "\\"))
    for line in _starts(layout.masked):
        if span := layout.comments.get(line):
            comments.append(Comment(span, source.text[span.start : span.end]))
        else:
            instructions.append(build.instruction(layout.logical[line]))
    preamble, stages = _staged(source, instructions)
    return Dockerfile(source, layout.directives, preamble, stages, tuple(comments))


def _starts(masked: str) -> Iterator[int]:
    """0-based numbers of the lines on which instructions and comments begin."""
    from dockerfile_parse import DockerfileParser  # not at start-up: it loads logging

    parser = DockerfileParser(fileobj=BytesIO(masked.encode("utf-8", "replace")))
    return (entry["startline"] for entry in parser.structure)


class _Builder:
    """Makes instructions of logical lines."""

    def __init__(self, source: SourceFile, escape: str) -> None:
        self._starts = source.line_starts
        self._source = source
        self._escape = escape
        self._quoted_words = _WORDS[escape]

    def instruction(self, line: LogicalLine) -> Instruction:
        instruction = self._build(line, line.command)
        if instruction.keyword == "ONBUILD" and instruction.value:
            trigger = split_command(line.text, self._escape, line.command.value_start)
            instruction = instruction._replace(trigger=self._build(line, trigger))
        _check(instruction, line)
        return instruction

    def _build(self, line: LogicalLine, command: Command) -> Instruction:
        start = line.span(command.start, command.start + 1).start
        value = line.text[command.value_start : command.end]
        instruction = Instruction(
            command.keyword,
            Span(start, self._source.line_span(line.last + 1).end),
            line.first + 1,
            line.last + 1,
            value,
            tuple(_flag(text, line.span(first, last)) for text, first, last in command.flags),
            self._words(line, command),
            _exec_form(line, command),
            line.heredocs,
        )
        _check_pairs(instruction, line)
        return instruction

    def _words(self, line: LogicalLine, command: Command) -> tuple[Word, ...]:
        pattern = _PLAIN_WORDS if command.keyword in _WITHOUT_QUOTES else self._quoted_words
        matches = pattern.finditer(line.text, command.value_start, command.end)
        if len(line.pieces) > 1:
            return tuple(_broken_word(line, match) for match in matches)
        shift = line.pieces[0][1]
        return tuple(Word(match[0], Span(match.start() + shift, match.end() + shift)) for match in matches)


def _broken_word(line: LogicalLine, match: re.Match[str]) -> Word:
    start, end = match.span()
    span = line.span(start, end)
    if span.end - span.start == end - start:
        return Word(match[0], span)
    return Word(match[0], span, line.parts(start, end))


def _flag(text: str, span: Span) -> Flag:
    name, equals, value = text[2:].partition("=")
    return Flag(name, value if equals else None, span)


_WITHOUT_QUOTES = frozenset({"ADD", "COPY", "EXPOSE", "FROM", "VOLUME"})
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_PLAIN_WORDS = re.compile(r"[^\t\v\f\r ]+")


def _word_pattern(escape: str) -> re.Pattern[str]:
    """Docker's words of ENV and the like; a lonely escape character at the very end belongs to none."""
    char = re.escape(escape)
    double = rf'"[^"{char}]*(?:{char}.[^"{char}]*)*(?:"|(?={char}?\Z))'
    return re.compile(rf"(?:[^{GO_SPACES}'\"{char}]+|{char}.|{double}|'[^']*(?:'|\Z))+", re.DOTALL)


_WORDS = {escape: _word_pattern(escape) for escape in "\\`"}


def _exec_form(line: LogicalLine, command: Command) -> tuple[str, ...] | None:
    start = command.value_start
    if command.keyword == "HEALTHCHECK":
        kind = _HEALTH_KIND.match(line.text, start, command.end)
        start = kind.end() if kind else start
    elif command.keyword not in JSON_KEYWORDS:
        return None
    return exec_form(line, start, command.end)


_HEALTH_KIND = re.compile(r"[^\t\v\f\r ]+[\t\v\f\r ]*")


def _error(message: str, line: LogicalLine) -> DockerfileError:
    return DockerfileError(message, line.span(line.command.start, line.command.end))


def _check_pairs(instruction: Instruction, line: LogicalLine) -> None:
    if instruction.keyword not in {"ENV", "LABEL"}:
        return
    for pair in pairs(instruction):
        if pair.value is None and "=" not in instruction.words[0].text:
            raise _error(f"{instruction.keyword} {pair.name} without a value", line)
        if pair.value is None:
            raise DockerfileError(f"{pair.name} is no name=value", pair.span)


def _check(instruction: Instruction, line: LogicalLine) -> None:
    """What Docker demands of the arguments, apart from flags."""
    keyword = instruction.keyword
    arguments = _arguments(instruction)
    if len(arguments) < _LEAST.get(keyword, 0):
        raise _error(f"{keyword} without {'arguments' if not arguments else 'a destination'}", line)
    check = _CHECKS.get(keyword)
    if problem := check(instruction, arguments) if check else None:
        raise _error(problem, line)


def _arguments(instruction: Instruction) -> tuple[str, ...]:
    if instruction.exec_form is not None and instruction.keyword != "HEALTHCHECK":
        return instruction.exec_form
    return (
        tuple(word.text for word in instruction.words)
        if instruction.words
        else (instruction.value,) * bool(instruction.value)
    )


_LEAST = {
    **dict.fromkeys(
        "ARG ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR".split(), 1
    ),
    **dict.fromkeys(("ADD", "COPY"), 2),
}


def _check_names(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    if any(not pair.name for pair in pairs(instruction)):
        return f"{instruction.keyword} with an empty name"
    return None


def _check_copy(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    if names_heredoc(arguments[-1]):
        return f"{instruction.keyword} cannot have a heredoc as its destination"
    return None


def _check_from(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    if len(arguments) == 1:
        return None
    if len(arguments) != 3 or arguments[1].casefold() != "as":
        return "FROM takes an image, or an image AS a name"
    if not _STAGE_NAME.fullmatch(arguments[2].lower()):
        return f"{arguments[2]} cannot name a stage: a letter first, then letters, digits, '-', '_' and '.'"
    return None


def _check_health(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    kind, *rest = _BLANKS.split(instruction.value, maxsplit=1)
    if kind.upper() == "NONE":
        return "HEALTHCHECK NONE takes no arguments" if rest else None
    if kind.upper() != "CMD":
        return f"HEALTHCHECK takes CMD or NONE, not {kind}"
    return "HEALTHCHECK CMD without a command" if not rest or instruction.exec_form == () else None


def _check_onbuild(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    trigger = instruction.trigger.keyword if instruction.trigger else ""
    return f"ONBUILD cannot trigger {trigger}" if trigger in {"FROM", "MAINTAINER", "ONBUILD"} else None


def _check_shell(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    return "SHELL takes a JSON array" if instruction.exec_form is None else None


def _check_volume(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    return None if all(one.strip(GO_SPACES) for one in arguments) else "VOLUME with an empty path"


_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_CHECKS = {
    "ADD": _check_copy,
    "ARG": _check_names,
    "COPY": _check_copy,
    "ENV": _check_names,
    "FROM": _check_from,
    "HEALTHCHECK": _check_health,
    "LABEL": _check_names,
    "ONBUILD": _check_onbuild,
    "SHELL": _check_shell,
    "VOLUME": _check_volume,
}


def _staged(source: SourceFile, instructions: list[Instruction]) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
    """The instructions before the first FROM, and the stages."""
    starts = [at for at, one in enumerate(instructions) if one.keyword == "FROM"]
    preamble = tuple(instructions[: starts[0]] if starts else instructions)
    for one in preamble:
        if one.keyword != "ARG":
            raise DockerfileError(f"{one.keyword} before the first FROM, where only ARG may stand", one.span)
    if not starts:
        raise DockerfileError("no FROM: there is nothing to build", Span(0, len(source.text)))
    ends = [*starts[1:], len(instructions)]
    stages = (
        _stage(index, instructions[slice(*bounds)]) for index, bounds in enumerate(zip(starts, ends, strict=True))
    )
    return preamble, tuple(stages)


def _stage(index: int, instructions: list[Instruction]) -> Stage:
    words = instructions[0].words
    name = words[2].text.lower() if len(words) == 3 else None
    return Stage(index, name, words[0].text, tuple(instructions))
