"""Dockerfiles as frozen trees with exact spans.

`dockerfile_parse` finds the instructions; this module hands it the text with heredoc bodies and the lines inside a
continuation masked, because it would take those for instructions, and gives every instruction its place in the
user's own text. Docker's parser is the measure (moby/buildkit, frontend/dockerfile/parser/parser.go).
"""

from __future__ import annotations

from typing import NamedTuple

from cachelint.source import SourceFile, Span


class DockerfileError(Exception):
    """The text is no Dockerfile that Docker would accept. `span` is where, `str()` is why."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


class Comment(NamedTuple):
    """A comment line: from its ``#`` to the end of the line."""

    span: Span
    text: str


class Word(NamedTuple):
    """One word of an instruction as written (quotes and variables included) with its place."""

    text: str
    span: Span


class Flag(NamedTuple):
    """``--name=value`` between the keyword and its arguments; `value` is None for a bare ``--name``."""

    name: str
    value: str | None
    span: Span


class Heredoc(NamedTuple):
    """``<<NAME`` and the lines up to NAME.

    `body` is as written (tabs included); `expand` is false when the name was quoted; `chomp` is true for ``<<-``.
    """

    name: str
    body: str
    span: Span
    expand: bool
    chomp: bool


class Instruction(NamedTuple):
    """One instruction.

    `keyword` is upper case. `span` runs from the keyword's first character to the end of the last line, heredoc
    bodies included, without the line break; `line` and `end_line` are 1-based. `value` is the argument text after
    the flags, with continuations joined and inner comments dropped, as Docker's parser sees it. `words` are its
    white-space separated words (quoted strings stay whole); `exec_form` is the decoded JSON array when it is one.
    `trigger` is the instruction that an ONBUILD holds.
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

    index: int
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
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction in file order."""
        return self.preamble + tuple(one for stage in self.stages for one in stage.instructions)


def parse_dockerfile(source: SourceFile) -> Dockerfile:
    """Parse a Dockerfile. Raises `DockerfileError`."""
    raise NotImplementedError
