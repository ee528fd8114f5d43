"""RUN steps that only arrange what is in the image: the same files above them, the same result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.run import commands, text_of_run
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.dockerfile import Instruction

_ARRANGE = frozenset(
    """
    : [ test true set cd ls mkdir rmdir rm mv cp ln chmod chown chgrp touch unlink dos2unix
    addgroup adduser groupadd useradd usermod deluser delgroup userdel groupdel
    """.split()
)
_BEGINS = regex(rf'\s*(?:\[\s*"|<<|(?:{"|".join(map(re.escape, sorted(_ARRANGE)))})(?!\S))')


def only_arranges(instruction: Instruction) -> bool:
    """Whether a RUN surely makes the same of the same files on every day, and uses no variable."""
    if instruction.keyword != "RUN" or not _BEGINS.match(instruction.value):
        return False
    if any(mark in text_of_run(instruction) for mark in "$`"):
        return False
    found = commands(instruction)
    return bool(found) and all(one.words and one.words[0] in _ARRANGE for one in found)
