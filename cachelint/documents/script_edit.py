"""Edits of the words of a command in a script, wherever the script is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.yaml_edit import CannotEditError
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from cachelint.source import SourceFile

_LINE_BEFORE = regex(r"[ \t]*\Z")
_CONTINUED = regex(r"[ \t]*\\\r?\n")
_JOINT = regex(r"(?<![ \t])(?<!\\\n)(?<!\\\r\n)(?:[ \t]|\\\r?\n)+\Z")


def removal(source: SourceFile, words: Span, command: Span) -> Span:
    """What goes when these words of a command go: the space in front of them, or their continuation line.

    Raises `CannotEditError` where they are the command's first words.
    """
    text = source.text
    line = text.rfind("\n", 0, words.start) + 1
    after = _CONTINUED.match(text, words.end, command.end)
    if after and line > command.start and _LINE_BEFORE.fullmatch(text, line, words.start):
        return Span(line, after.end())
    joint = _JOINT.search(text, command.start, words.start)
    if not joint:
        raise CannotEditError("nothing stands in front of it")
    return Span(joint.start(), words.end)


def without(source: SourceFile, command: Span, gone: Span) -> str:
    """The text of a command without a part of it."""
    return source.text[command.start : gone.start] + source.text[gone.end : command.end]
