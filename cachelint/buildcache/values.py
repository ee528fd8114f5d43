"""Values of build arguments and environment variables, in the world as it is and with one argument changed.

A `Value` carries its text, and next to it the text that it would have if a given build argument had another value:
``${GIT:+yes}`` depends on GIT by name and yet stays what it is. Expanding in both worlds answers what a list of
references cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.words import ExpansionError, expand, is_plain, references
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cachelint.documents.dockerfile import Instruction
    from cachelint.source import Span

UNKNOWN = "\ue001"
"""Starts the stand-in for a text that only the builder knows: equal to itself, unequal to everything else."""

_NEW = "\ue000"
_MAX_TEXT = (
    64 * 1024
)  # doubling a value sixty times is two lines of text per step; BuildKit itself would not survive it
_MAX_EXACT = 24  # values that depend on more arguments than this are taken to change with each of them


_SAME: Mapping[str, str | None] = {}


class GraphError(Exception):
    """BuildKit would refuse this Dockerfile or target. `span` is where (None: the target), `str()` is why."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


class Value(NamedTuple):
    """A text (None: not set), what it becomes when one build argument changes, and the instruction that set it.

    `variants` maps a build argument's name to the other text, and holds only arguments that make a difference.
    """

    text: str | None
    variants: Mapping[str, str | None] = _SAME
    origin: Instruction | None = None

    def given(self, argument: str | None) -> str | None:
        """The text in the world where `argument` has a new value (None: in the world as it is)."""
        return self.text if argument is None else self.variants.get(argument, self.text)


ABSENT = Value(None)


def unknown(name: str) -> Value:
    """A value that only the builder knows, such as a variable of the base image."""
    return Value(f"{UNKNOWN}{name}{UNKNOWN}")


def changed(name: str, value: Value) -> Value:
    """`value`, as the value of an argument that takes a new value when the build passes `name` anew."""
    return Value(value.text, {**value.variants, name: f"{_NEW}{name}{_NEW}"}, value.origin)


def combine(make: Callable[..., str], values: Iterable[Value], origin: Instruction | None = None) -> Value:
    """``make(*texts)`` in every world that its inputs know; unset inputs are passed as empty text."""
    parts = tuple(values)
    text = make(*[part.text or "" for part in parts])
    varying = [part for part in parts if part.variants]
    if not varying:
        return Value(text, _SAME, origin)
    arguments = {name: None for part in varying for name in part.variants}
    if len(arguments) > _MAX_EXACT:
        return Value(text, dict.fromkeys(arguments, f"{_NEW}{text}"), origin)
    variants: dict[str, str | None] = {}
    for argument in arguments:
        other = make(*(part.given(argument) or "" for part in parts))
        if other != text:
            variants[argument] = other
    return Value(text, variants, origin)


def joined(keyword: str, *parts: Value) -> Value:
    """A cache key: the parts one after another, behind a keyword."""
    return combine(lambda *texts: "\0".join((keyword, *texts)), parts)


def expand_word(word: str, lookup: Callable[[str], Value], instruction: Instruction, escape: str) -> Value:
    """A word of an instruction with its variables replaced and its quotes removed, in every world.

    Raises `GraphError` for what BuildKit rejects (``${X:?message}`` without X, a bad modifier).
    """
    if is_plain(word, escape):
        return Value(word, _SAME, instruction)
    used = {reference.name: lookup(reference.name) for reference in references(word, escape)}
    arguments = dict.fromkeys(name for value in used.values() for name in value.variants)
    text = _expand(word, used, None, instruction, escape)
    if len(arguments) > _MAX_EXACT:
        return Value(text, dict.fromkeys(arguments, f"{_NEW}{text}"), instruction)
    variants: dict[str, str | None] = {}
    for argument in arguments:
        other = _expand(word, used, argument, instruction, escape)
        if other != text:
            variants[argument] = other
    return Value(text, variants, instruction)


def _expand(word: str, used: Mapping[str, Value], argument: str | None, instruction: Instruction, escape: str) -> str:
    texts = {name: text for name, value in used.items() if (text := value.given(argument)) is not None}
    if sum(map(len, texts.values())) > _MAX_TEXT:
        raise GraphError("variables grow beyond 64 KiB here", instruction.span)
    try:
        return expand(word, texts, escape)
    except ExpansionError as error:
        raise GraphError(str(error), instruction.span) from error
