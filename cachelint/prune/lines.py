"""Lines written into a script in front of a statement: where exactly, how far indented, and how quoted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cachelint.documents.script import Machine, Quoting
from cachelint.documents.shell_syntax import SHELLS
from cachelint.fix import Edit
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.documents.script import Script, Shell
    from cachelint.documents.script_tree import Block
    from cachelint.source import SourceFile

_SPECIAL = {
    Quoting.DOUBLE: regex(r'[\\$`"]'),
    Quoting.HEREDOC: regex(r"[\\$`]"),
}
_SEPARATED = regex(r"[){(;&]\Z|\b(?:then|do|else)\Z")
_HEREDOC = regex(r"<<-?\s*[\"'\\]?\w")
_DIRECTIVE = regex(r"#\s*(?:shellcheck|cachelint:|shfmt)\b")
_BLANKS = " \t"


UNREAD = "the text that it stands in has a part that cannot be read"


class CannotInsertError(Exception):
    """Nothing can be written there; ``str()`` says why."""


def check_editable(script: Script) -> None:
    """Raises `CannotInsertError` for a script that no line can be written into, wherever it would stand."""
    if script.broken:
        raise CannotInsertError("bash does not understand the whole script")
    if script.interpreter not in SHELLS:
        raise CannotInsertError(f"{script.interpreter} scripts are not edited")


def takes_lines(shell: Shell) -> bool:
    """Whether lines can be written into the text that a command hands to a shell.

    In front of what runs on this machine the file itself has a place, unless the text has lines of its own.
    """
    if shell.quoting is Quoting.WORDS or shell.machine is Machine.CONTAINER:
        return False
    return shell.multiline or shell.machine is Machine.REMOTE


def is_unread(script: Script, shell: Shell) -> bool:
    """Whether the text that a command hands to a shell has a part that cannot be read."""
    return shell.parent is not None and any(shell.span.start <= one.start <= shell.span.end for one in script.unread)


def check_shell(script: Script, shell: Shell) -> None:
    """Raises `CannotInsertError` where `is_unread`."""
    if is_unread(script, shell):
        raise CannotInsertError(UNREAD)


def insertion(source: SourceFile, block: Block, index: int, lines: Sequence[str]) -> Edit:
    """The edit that writes lines in front of a statement of a block. Raises `CannotInsertError`.

    They are indented as the statement is. A statement that shares its line with what is in front of it gets a line of
    its own, further in than what it stands in. Comments directly above a statement stay with it.
    """
    start = block.statements[index].span.start
    line = source.position(start).line
    line_start = source.line_span(line).start
    front = source.text[line_start:start]
    newline = source.line_break_at(start)
    written = [_quoted(one, block.shell) for one in lines]
    if not front.strip(_BLANKS):
        at = _above_comments(source, line)
        text = "".join(f"{front}{one}{newline}" if one else newline for one in written)
        return Edit(Span(at, at), text)
    opened = not source.text[block.shell.span.start : start].strip(_BLANKS)
    indent = _level(source, block, index, line_start)
    before = Span(line_start, start)
    return _broken(source, before, [f"{indent}{one}" for one in (*written, "")], newline, opened=opened)


def _level(source: SourceFile, block: Block, index: int, line_start: int) -> str:
    """How far a statement is indented that stands behind others on its line: as the first of its block there.

    One level further in than the line where the block itself begins on it.
    """
    before = (one.span.start for one in block.statements[:index] if one.span.end > line_start)
    first = next(before, None)
    if first is not None:
        front = source.text[source.line_span(source.position(first).line).start : first]
        if not front.strip(_BLANKS):
            return front
    return _indent(source.text[line_start : block.statements[index].span.start]) + indent_unit(source)


def _broken(source: SourceFile, before: Span, lines: Sequence[str], newline: str, *, opened: bool) -> Edit:
    """The edit where something else stands in front: the line is broken there.

    `opened` is set where only the quote stands in front that opens the text of another shell.
    """
    start, front = before.end, source.text[before.start : before.end]
    if _HEREDOC.search(front):
        raise CannotInsertError("a heredoc begins on the line of the build")
    gap = len(front) - len(front.rstrip(_BLANKS))
    if not (opened or _SEPARATED.search(front.rstrip(_BLANKS))):
        raise CannotInsertError("something else stands in front of the build on its line")
    return Edit(Span(start - gap, start), newline + newline.join(lines))


def _above_comments(source: SourceFile, line: int) -> int:
    """The start of a line, or of the comments directly above it; the first lines of a file are no comments of it."""
    own = source.line_span(line).start
    indent = _indent(source.line_text(line))
    first = line
    while first > 1:
        text = source.line_text(first - 1)
        if not text.lstrip(_BLANKS).startswith("#") or _indent(text) != indent:
            break
        first -= 1
    if first == 1:
        first = line
        while first > 2 and _DIRECTIVE.match(source.line_text(first - 1).lstrip(_BLANKS)):
            first -= 1
    return source.line_span(first).start if first != line else own


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(_BLANKS))]


def indent_unit(source: SourceFile) -> str:
    """One level of the file's indentation: a tab, or the fewest spaces that a line begins with."""
    return _unit_of(source.text)


@lru_cache(maxsize=1)  # asked for every place in one file after the other
def _unit_of(text: str) -> str:
    found: set[int] = set()
    for match in re.finditer(r"^([ \t]+)\S", text, re.MULTILINE):
        if match[1][0] == "\t":
            return "\t"
        found.add(len(match[1]))
    steps = [one for one in sorted(found) if one in (2, 4, 8)]
    return " " * (steps[0] if steps else 4)


def _quoted(line: str, shell: Shell) -> str:
    """The line as it is written in the quotes around its shell, and in those around that one."""
    while shell.parent is not None:
        if shell.quoting is Quoting.SINGLE and "'" in line:
            raise CannotInsertError("the step cannot be written inside single quotes")
        if shell.quoting is Quoting.WORDS:
            raise CannotInsertError("the build is made of words of another command")
        if special := _SPECIAL.get(shell.quoting):
            line = special.sub(lambda match: f"\\{match[0]}", line)
        shell = shell.parent
    return line
