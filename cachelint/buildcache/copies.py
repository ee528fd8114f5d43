"""What the COPY and ADD instructions of a stage take from the build context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.manifests import Brings, kinds_by_name

if TYPE_CHECKING:
    from cachelint.documents.dockerfile import Instruction

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")
_EVERYTHING = frozenset(("", ".", "*"))


def context_sources(instruction: Instruction) -> tuple[str, ...]:
    """The patterns that a COPY or ADD selects in the build context, as written; none for any other instruction."""
    if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from"):
        return ()
    return tuple(word for word in instruction.arguments[:-1] if not word.startswith((*_REMOTE, "<<")))


def brings_source(instruction: Instruction) -> bool:
    """Whether more than manifests is copied from the build context, as far as names can tell."""
    return any(kinds_by_name(source)[0] is not Brings.NO for source in context_sources(instruction))


def is_everything(source: str) -> bool:
    """Whether a pattern selects the whole context: ``.``, ``./``, ``/``, ``*``."""
    return source.strip("/").removeprefix("./").strip("/") in _EVERYTHING
