"""RUN steps that only arrange what is in the image: the same files above them, the same result."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.run import Command, commands, text_of_run
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.dockerfile import Instruction

_ARRANGE = frozenset(
    """
    : [ test true set cd ls mkdir rmdir rm mv cp ln install chmod chown chgrp touch unlink dos2unix echo printf cat sed
    tr grep head tail cut tee ldconfig find
    addgroup adduser groupadd useradd usermod deluser delgroup userdel groupdel
    """.split()
)
_BEGINS = regex(rf'\s*(?:\[\s*"|<<|(?:{"|".join(map(re.escape, sorted(_ARRANGE)))})(?!\S))')
_QUOTED = regex(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_MOVES = regex(r"`|\$[^A-Za-z_{\s/\"'|)]|\$\{[^A-Za-z_]")
_VARIABLE = regex(r"\$\{?([A-Za-z_]\w*)")
# What may be another on every day, or in every build.
_CHANGES = regex(
    r"commit|sha|hash|rev|version|release|tag|time|date|stamp|bust|build|random|seconds|epoch|pid", re.IGNORECASE
)
_ELSEWHERE = regex(r"/proc/|/sys/|/dev/(?!null\b|std|zero\b|fd/)")
_BY_DAY = regex(r"-(?:[acm](?:time|min)|newer\w*|used)")
_STARTS = frozenset(("-exec", "-execdir", "-ok", "-okdir"))


def only_arranges(instruction: Instruction) -> bool:
    """Whether a RUN surely makes the same of the same files on every day.

    It may use variables, which re-run it themselves when they change, but none that says which build this is.
    """
    if instruction.keyword != "RUN" or not _BEGINS.match(instruction.value) or _is_told_more(instruction):
        return False
    found = commands(instruction)
    return bool(found) and all(map(_arranges, found))


def _is_told_more(instruction: Instruction) -> bool:
    """Whether something else than the files may come into it: what a command prints, what changes by itself."""
    text = text_of_run(instruction)
    if not instruction.heredocs and instruction.exec_form is None:
        text = _QUOTED.sub(lambda match: "" if match[0][0] == "'" else match[0], text)
    elif "$" in text:
        return True
    return bool(_MOVES.search(text) or _ELSEWHERE.search(text)) or any(
        _CHANGES.search(one[1]) for one in _VARIABLE.finditer(text)
    )


def _arranges(command: Command) -> bool:
    if not command.words or command.words[0] not in _ARRANGE:
        return False
    if command.words[0] != "find":
        return True
    started = (after for word, after in pairwise(command.words) if word in _STARTS)
    return not any(map(_BY_DAY.fullmatch, command.words)) and all(one in _ARRANGE for one in started)
