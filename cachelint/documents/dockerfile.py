"""Dockerfiles as frozen trees with exact spans.

`dockerfile_parse` finds the instructions; it is handed a text in which each is one line, because it would take heredoc
bodies and the lines inside a continuation for instructions. The spans come from the user's own text. Docker's parser
is the measure (moby/buildkit, frontend/dockerfile/parser and .../instructions).
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from cachelint.documents.dockerfile_checks import problem, trigger_problem
from cachelint.documents.dockerfile_lines import (
    DockerfileError,
    Heredoc,
    LogicalLine,
    Pieces,
    offset_of,
    place,
    scan,
    sub_pieces,
)
from cachelint.documents.dockerfile_syntax import (
    BLANKS,
    Command,
    MixedArrayError,
    exec_form,
    split_command,
    word_pattern,
)
from cachelint.record import NamedTuple
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

    `span` is longer than `text` when a continuation breaks the word.
    """

    text: str
    span: Span


class Flag(NamedTuple):
    """``--name=value`` between the keyword and its arguments; `value` is None for a bare ``--name``."""

    name: str
    value: str | None
    span: Span


class Instruction(NamedTuple):
    """One instruction.

    `keyword` is upper case. `span` runs from the keyword's first character to the end of the last line, heredoc
    bodies included, without the line break; `line` and `end_line` are 1-based. `value` is the argument text after
    the flags, with continuations joined and inner comments dropped, as Docker's parser sees it; its `pieces` tell
    the `place` of a part of it in the source. `exec_form` is the decoded JSON array when it is one (of a HEALTHCHECK:
    behind CMD). `trigger` is the instruction that an ONBUILD holds; both carry its heredocs. `escape` is the file's.
    """

    keyword: str
    span: Span
    line: int
    end_line: int
    value: str
    pieces: Pieces
    flags: tuple[Flag, ...] = ()
    exec_form: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    trigger: Instruction | None = None
    escape: str = "\\"

    @property
    def words(self) -> tuple[Word, ...]:
        """The white-space separated words of `value`, worked out at each call.

        Quoted strings stay whole, but not in ADD, COPY, EXPOSE, FROM and VOLUME, where Docker knows no quotes.
        """
        matches = word_pattern(self.keyword, self.escape).finditer(self.value)
        return tuple(Word(match[0], place(self.pieces, *match.span())) for match in matches)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The strings of the exec form, else the words as written."""
        if self.exec_form is not None:
            return self.exec_form
        return tuple(word_pattern(self.keyword, self.escape).findall(self.value))

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
    if instruction.keyword not in {"ARG", "ENV", "LABEL"}:
        return ()
    return _pairs(instruction.keyword, instruction.value, instruction.pieces, instruction.escape)


@lru_cache(maxsize=256)  # the rules ask for those of one file, one rule after the other
def _pairs(keyword: str, text: str, pieces: Pieces, escape: str) -> tuple[Pair, ...]:
    matches = list(word_pattern(keyword, escape).finditer(text))
    if keyword == "ARG" or not matches or "=" in matches[0][0]:
        return tuple([_pair(pieces, match.start(), *match[0].partition("=")) for match in matches])
    name, rest = BLANKS.split(text, maxsplit=1)
    return (_pair(pieces, 0, name, " ", rest),)


def _pair(pieces: Pieces, start: int, name: str, separator: str, value: str) -> Pair:
    return Pair(name, value if separator else None, place(pieces, start, start + len(name)))


def parse_dockerfile(source: SourceFile) -> Dockerfile:
    """Parse a Dockerfile. Raises `DockerfileError` for what Docker refuses to read."""
    layout = scan(source)
    escape = layout.directives.get("escape", "\\")
    instructions = [_instruction(layout.logical[line], escape) for line in _first_lines(layout.masked)]
    comments = tuple([Comment(span, source.text[span.start : span.end]) for span in layout.comments])
    return Dockerfile(source, layout.directives, *_staged(source, instructions), comments)


def _first_lines(masked: str) -> Iterator[int]:
    """0-based numbers of the lines on which instructions begin."""
    from dockerfile_parse import DockerfileParser  # not at start-up: it loads logging

    parser = DockerfileParser(fileobj=BytesIO(masked.encode("utf-8", "replace")))
    return (entry["startline"] for entry in parser.structure)


def _instruction(line: LogicalLine, escape: str) -> Instruction:
    try:
        instruction = _read(line, line.command, escape)
        if instruction.keyword == "ONBUILD" and instruction.value:
            trigger = _read(line, split_command(line.text, escape, line.command.value_start), escape)
            instruction = instruction._replace(trigger=trigger)
    except MixedArrayError as error:
        raise DockerfileError(str(error), line.span) from error
    trouble = problem(instruction) or (instruction.trigger and trigger_problem(instruction.trigger))
    if trouble:
        raise DockerfileError(trouble, line.span)
    return instruction


def _read(line: LogicalLine, command: Command, escape: str) -> Instruction:
    keyword, start, end, flags, value_start = command
    value = line.text[value_start:end]
    return Instruction(
        keyword.upper(),  # it is not yet where ONBUILD holds something that Docker does not know
        Span(offset_of(line.pieces, start), line.end),
        line.first + 1,
        line.last + 1,
        value,
        sub_pieces(line.pieces, value_start),
        tuple([_flag(line.pieces, *flag) for flag in flags]) if flags else (),
        exec_form(keyword, value),
        line.heredocs,
        escape=escape,
    )


def _flag(pieces: Pieces, text: str, start: int, end: int) -> Flag:
    name, equals, value = text[2:].partition("=")
    return Flag(name, value if equals else None, place(pieces, start, end))


def _staged(source: SourceFile, instructions: list[Instruction]) -> tuple[tuple[Instruction, ...], tuple[Stage, ...]]:
    """The instructions before the first FROM, and the stages."""
    starts = [at for at, instruction in enumerate(instructions) if instruction.keyword == "FROM"]
    preamble = instructions[: starts[0]] if starts else instructions
    for early in preamble:
        if early.keyword != "ARG":
            raise DockerfileError(f"{early.keyword} before the first FROM, where only ARG may stand", early.span)
    if not starts:
        raise DockerfileError("no FROM: there is nothing to build", Span(0, len(source.text)))
    ends = [*starts[1:], len(instructions)]
    stages = [
        _stage(index, instructions[start:end]) for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    return tuple(preamble), tuple(stages)


def _stage(index: int, instructions: list[Instruction]) -> Stage:
    base, *alias = instructions[0].arguments
    return Stage(index, alias[1].lower() if alias else None, base, tuple(instructions))
