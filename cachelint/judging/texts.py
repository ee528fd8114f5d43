"""Whether what a log prints of a step is what an instruction says, as far as that can be known.

A builder prints an instruction in one line, with arguments expanded, and in COPY, ADD and WORKDIR without quotes. A
terminal cuts it, and so does an expanded value with a line break. Source: moby/buildkit,
frontend/dockerfile/dockerfile2llb/convert.go, processCmdEnv.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.buildlog.record import LoggedStep
    from cachelint.documents.dockerfile import Instruction

_COMPARED = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
"""What every builder prints as it stands there; an image gets its full name, and metadata another form."""

_UNSAID = regex(r"[\s'\"`\\\[\],]+")
"""What is lost on the way: white space, quotes, escapes, and with buildah the JSON form."""

_VARIABLE = regex(r"\$(?:\w+|[@*#?$!-])?")
_MASK = regex(r"\*{3}|\[MASKED\]|\ufffd")
"""How a CI system hides a secret, and what stands for bytes that are no text."""


class _Printed(NamedTuple):
    """What stands behind the keyword. `cut`: it may have gone on."""

    keyword: str
    text: str
    cut: bool


def says(printed: LoggedStep, instruction: Instruction) -> bool:
    """Whether a printed step may be this instruction: where nothing is printed, it may."""
    text = printed.text if instruction.keyword == "ONBUILD" else printed.text.removeprefix("ONBUILD ")  # a trigger
    one = _printed(text, printed.cut)
    if one.keyword not in (instruction.keyword, ""):
        return False
    if not one.keyword or one.keyword not in _COMPARED:
        return True
    return _agrees(one, _pieces(instruction))


@functools.lru_cache(maxsize=4096)
def _printed(text: str, cut: bool) -> _Printed:
    text = text.strip()
    for mark in ("...", "…"):
        if text.endswith(mark):
            text, cut = text.removesuffix(mark), True
    if found := _MASK.search(text):
        text, cut = text[: found.start()], True
    keyword, _, rest = text.partition(" ")
    return _Printed(keyword.upper(), _UNSAID.sub("", rest), cut)


@functools.lru_cache(maxsize=4096)
def _pieces(instruction: Instruction) -> tuple[str, ...]:
    """What is printed as it stands there, between the variables; a here-document goes on with anything."""
    flags = (f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}" for flag in instruction.flags)
    value = instruction.value.partition("<<")[0] + "$" if instruction.heredocs else instruction.value
    return tuple(_UNSAID.sub("", piece) for piece in _between_variables(" ".join((*flags, value))))


def _between_variables(text: str) -> Iterator[str]:
    at = 0
    while (start := text.find("$", at)) >= 0:
        yield text[at:start]
        found = _VARIABLE.match(text, start)
        assert found
        at = _after_brace(text, start + 1) if text.startswith("{", start + 1) else found.end()
    yield text[at:]


def _after_brace(text: str, start: int) -> int:
    """Where the braces that open here are closed again: the end of the text, if nowhere."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return at + 1
    return len(text)


def _agrees(printed: _Printed, pieces: Sequence[str]) -> bool:
    """Whether the text is these pieces with anything between them, or as much of that as was not cut."""
    text, (first, *rest) = printed.text, pieces
    if not text.startswith(first):
        return printed.cut and first.startswith(text)
    if not rest:
        return text == first
    at = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return printed.cut
        at = found + len(piece)
    return printed.cut or text.endswith(rest[-1], at)
