"""Edits to a text, and fixes made of them. Pure: text in, text out; nothing here knows a file or a language."""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cachelint.source import Span


class Applicability(enum.IntEnum):
    """How far a fix may be trusted, in rising order."""

    DISPLAY_ONLY = 0
    """Shown with the text to write; never applied, because its place or meaning is not certain."""
    UNSAFE = 1
    """Applied on request only: it may change what the file does beyond the stated change."""
    SAFE = 2
    """The file means the same as before, plus exactly the stated change."""


class Edit(NamedTuple):
    """Replace the characters of `span` by `replacement`."""

    span: Span
    replacement: str


class Absent(enum.Enum):
    """The type of `ABSENT`, the value of what a fix removes."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Fields(NamedTuple):
    """A mapping as plain data that can be compared and hashed."""

    pairs: tuple[tuple[str, object], ...] = ()


class Statement(NamedTuple):
    """One place whose meaning a fix changes, and what it means afterwards.

    `path` leads from the document's root to the place as the file is written (aliases are not followed);
    each kind of document says what its steps are. `value` is text, a tuple for a list, `Fields`, or `ABSENT`.
    """

    path: tuple[str | int, ...]
    value: object


class Fix(NamedTuple):
    """Edits of one file that are applied together or not at all.

    `statements` is the change of meaning that the edits are held to after they were applied. `path` is the file
    (absolute) when it is another one than the diagnostic's.
    """

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    statements: tuple[Statement, ...] = ()
    path: str | None = None


def display_only(what: str, why: object = None) -> Fix:
    """A fix that only says what to write, and why it is not written for the user."""
    return Fix(f"{what}; --fix does not: {why}" if why else what, Applicability.DISPLAY_ONLY, ())


class EditConflictError(ValueError):
    """Two edits touch the same place of a text."""


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits done. Raises `EditConflictError` when two of them overlap or share an insertion point."""
    parts: list[str] = []
    done = 0
    previous: Edit | None = None
    for edit in sorted(edits):
        if edit.span.start < done or (previous and edit.span.start == previous.span.start):
            raise EditConflictError(f"{previous} and {edit}")
        parts += (text[done : edit.span.start], edit.replacement)
        done = edit.span.end
        previous = edit
    return "".join((*parts, text[done:]))


def choose(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that can be applied in one round: earlier ones win, the ones that touch them wait.

    Touching counts as overlapping: a removal up to the point where another fix inserts may remove what the
    insertion hangs on. Equal fixes (one edit at a shared anchor, reported by two services) count once.
    """
    chosen: list[Fix] = []
    taken = _Taken()
    for fix in fixes:
        spans = [edit.span for edit in fix.edits]
        if spans and not any(map(taken.touches, spans)):
            chosen.append(fix)
            for span in spans:
                taken.add(span)
    return chosen


class _Taken:
    """Parts of a text, in order and apart from each other, so that one look-up finds what a span touches."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def touches(self, span: Span) -> bool:
        first, last = self._touched(span)
        return first < last

    def add(self, span: Span) -> None:
        first, last = self._touched(span)
        start = min([span.start, *self._starts[first:last]])
        end = max([span.end, *self._ends[first:last]])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def _touched(self, span: Span) -> tuple[int, int]:
        """The range of the parts that a span touches."""
        return bisect_left(self._ends, span.start), bisect_right(self._starts, span.end)


def apply_fixes(text: str, fixes: Sequence[Fix]) -> str:
    """The text with all fixes applied. Raises `EditConflictError` when two edits meet: `choose` first."""
    return apply_edits(text, [edit for fix in fixes for edit in fix.edits])
