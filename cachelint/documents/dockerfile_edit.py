"""Inserting and moving whole instructions of a Dockerfile. Every line keeps its characters; only its place changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.fix import ABSENT, Edit, Statement
from cachelint.source import Span

if TYPE_CHECKING:
    from cachelint.documents.dockerfile import Dockerfile, Instruction
    from cachelint.source import SourceFile


def number_of(dockerfile: Dockerfile, instruction: Instruction) -> int:
    """The number of an instruction, counted from 0, as statements name it."""
    return next(number for number, one in enumerate(dockerfile.instructions) if one is instruction)


def insert_after(dockerfile: Dockerfile, instruction: Instruction, lines: str) -> tuple[Edit, Statement]:
    """Insert lines (joined with ``\\n``) directly below an instruction."""
    source = dockerfile.source
    line_break = source.line_break_at(instruction.span.start)
    end = source.line_span(instruction.end_line).end
    text = line_break + lines.replace("\n", line_break)
    return Edit(Span(end, end), text), Statement(("before", number_of(dockerfile, instruction) + 1), lines)


def insert_before(dockerfile: Dockerfile, instruction: Instruction, lines: str) -> tuple[Edit, Statement]:
    """Insert lines (joined with ``\\n``) above an instruction and the comments that stand directly above it."""
    start = block_start(dockerfile, instruction)
    line_break = dockerfile.source.line_break_at(instruction.span.start)
    text = lines.replace("\n", line_break) + line_break
    return Edit(Span(start, start), text), Statement(("before", number_of(dockerfile, instruction)), lines)


def move_below(
    dockerfile: Dockerfile, moved: Instruction, below: Instruction, instead: str
) -> tuple[tuple[Edit, ...], tuple[Statement, ...]]:
    """Move an instruction, with the comments directly above it, below another one; `instead` stands where it stood."""
    source = dockerfile.source
    line_break = source.line_break_at(moved.span.start)
    start, end = block_start(dockerfile, moved), source.line_span(moved.end_line).end
    target = source.line_span(below.end_line).end
    edits = (
        Edit(Span(start, end), instead),
        Edit(Span(target, target), line_break + source.text[start:end]),
    )
    statements = (
        Statement((number_of(dockerfile, moved),), instead),
        Statement(("before", number_of(dockerfile, below) + 1), _instruction_text(source, moved)),
    )
    return edits, statements


def block_start(dockerfile: Dockerfile, instruction: Instruction) -> int:
    """Offset of the line where the comments directly above an instruction begin, else of its own line."""
    source = dockerfile.source
    comment_lines = {source.position(comment.span.start).line for comment in dockerfile.comments}
    directive_lines = len(dockerfile.directives)
    line = instruction.line
    while line - 1 > directive_lines and line - 1 in comment_lines:
        line -= 1
    return source.line_span(line).start


def move_above(
    dockerfile: Dockerfile, moved: Instruction, above: Instruction
) -> tuple[tuple[Edit, ...], tuple[Statement, ...]]:
    """Move an instruction, with the comments directly above it, up or down to directly above another one."""
    source = dockerfile.source
    line_break = source.line_break_at(moved.span.start)
    start, end = block_start(dockerfile, moved), source.line_span(moved.end_line).end
    block = source.text[start:end]
    target = block_start(dockerfile, above)
    edits = (Edit(Span(target, target), block + line_break), Edit(_closed_gap(source, start, end), ""))
    statements = (
        Statement((number_of(dockerfile, moved),), ABSENT),
        Statement(("before", number_of(dockerfile, above)), _instruction_text(source, moved)),
    )
    return edits, statements


def _instruction_text(source: SourceFile, instruction: Instruction) -> str:
    end = source.line_span(instruction.end_line).end
    return source.text[instruction.span.start : end].replace("\r\n", "\n")


def _closed_gap(source: SourceFile, start: int, end: int) -> Span:
    """The lines from `start` to `end`, with the blank line above them when one follows below or the file ends."""
    first = source.position(start).line
    last = source.position(end).line
    lines = source.line_starts
    blank_above = first > 1 and not source.line_text(first - 1).strip()
    blank_below = last >= len(lines) or not source.line_text(last + 1).strip()
    begin = source.line_span(first - 1).start if blank_above and blank_below else start
    if last < len(lines):
        return Span(begin, lines[last])
    return Span(source.line_span(source.position(begin).line - 1).end, end) if begin else Span(begin, end)
