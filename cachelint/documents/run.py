"""The simple commands of a RUN instruction."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.dockerfile import Instruction

_SEPARATORS = frozenset((";", "&&", "||", "|", "&", "(", ")", ";;", "|&"))
_COMPOUND = frozenset(("if", "then", "elif", "else", "for", "while", "until", "case", "do"))
_TESTS = frozenset(("[", "[[", "test"))
_WRAPPERS = frozenset(("sudo", "exec", "time", "env", "command", "nice", "corepack"))
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Command(NamedTuple):
    """One simple command: its words with quotes removed, without leading assignments and wrappers such as ``sudo``.

    `conditional` is set where the script may skip it: inside if, for, while and case, after ``||``, after a test.
    """

    words: tuple[str, ...]
    conditional: bool


def commands(instruction: Instruction) -> tuple[Command, ...]:
    """The commands that a RUN executes; none where its script cannot be read (open quotes)."""
    if instruction.exec_form is not None:
        return (Command(instruction.exec_form, False),)
    scripts = [heredoc.body for heredoc in instruction.heredocs] or [instruction.value]
    try:
        return tuple(command for script in scripts for command in _split(script))
    except ValueError:
        return ()


def _split(script: str) -> Iterator[Command]:
    lexer = shlex.shlex(script.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    compound, skipped, before = False, False, ""
    for token in [*lexer, ";"]:
        if token not in _SEPARATORS:
            words.append(token)
            continue
        bare = _bare(words)
        compound = compound or (bool(words) and words[0] in _COMPOUND)
        if bare:
            yield Command(bare, compound or skipped or before == "||")
        skipped = (skipped or (bool(bare) and bare[0] in _TESTS)) and token == "&&"  # noqa: S105  # no password
        before, words = token, []


def _bare(words: list[str]) -> tuple[str, ...]:
    rest = list(words)
    while rest and (rest[0] in _WRAPPERS or rest[0] in _COMPOUND or _ASSIGNMENT.match(rest[0])):
        del rest[0]
    return tuple(rest)
