"""For people: the verdict, then each build with a table of its steps."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cachelint.judging.judgement import Verdict
from cachelint.output.log.shared import accusation, expected, facts, headline, said, suspicion, tally, title
from cachelint.output.terminal import columns, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement
    from cachelint.output.terminal import Style

_GAP = "  "
_WIDTH = 100
_MAX_TEXT = 60
_PAINT = {"ran": "run", "cached": "cached", "failed": "maybe", "canceled": "maybe"}


def render(judgement: Judgement, style: Style) -> str:
    """The whole judgement."""
    blocks = ["\n".join(_head(judgement, style))]
    for number, build in enumerate(judgement.builds, 1):
        blocks.append("\n".join(_build(build, number, judgement, style)))
    return "\n\n".join(blocks) + "\n"


def _head(judgement: Judgement, style: Style) -> Iterator[str]:
    yield style.paint(printable(headline(judgement)), "path")
    yield from (f"{_GAP}{printable(fact)}" for fact in facts(judgement))
    if judgement.verdict is Verdict.UNKNOWN:
        yield from (f"{_GAP}because {printable(doubt)}" for doubt in judgement.doubts)
    yield from (f"{_GAP}a log cannot show this: {printable(spot)}" for spot in judgement.blind_spots)


def _build(build: JudgedBuild, number: int, judgement: Judgement, style: Style) -> Iterator[str]:
    yield f"{style.paint(printable(title(build, number)), 'path')}: {printable(tally(build))}"
    if build.steps:
        yield from _table(build, judgement, style)
    for step in build.steps:
        if step.stale:
            text = f"{printable(step.label)}: {printable(accusation(step, judgement))}"
            yield from _wrapped(suspicion(judgement), text, style)


def _wrapped(word: str, text: str, style: Style) -> Iterator[str]:
    first, *rest = textwrap.wrap(text, _WIDTH - len(f"  {word} "), break_long_words=False)
    yield f"{_GAP}{style.paint(word, 'run')} {first}"
    yield from (f"{_GAP}      {line}" for line in rest)


def _table(build: JudgedBuild, judgement: Judgement, style: Style) -> Iterator[str]:
    asked = judgement.since is not None and build.origin is not None
    rows = [(printable(one.label), _cut(printable(one.instruction))) for one in build.steps]
    widths = [max(map(columns, (head, *(row[at] for row in rows)))) for at, head in enumerate(("step", "instruction"))]
    heads = ("step", "instruction", f"{'log':<11}", "expected")[: 4 if asked else 3]
    yield style.paint(_line(heads, widths), "dim")
    for one, row in zip(build.steps, rows, strict=True):
        yield _line((*row, *_marks(one, suspicion(judgement) if asked else None, style)), widths)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell + " " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=False))
    return _GAP + _GAP.join((*padded, *cells[2:])).rstrip()


def _marks(step: JudgedStep, suspected: str | None, style: Style) -> Iterator[str]:
    """What the log says and what was expected; `suspected` is the word for what had to run, None if nobody asked."""
    word = said(step)
    paint = "maybe" if step.stale else _PAINT.get(word, "dim")
    yield style.paint(word, paint) + " " * (11 - len(word))
    if suspected:
        yield expected(step, f", {suspected}")


def _cut(text: str) -> str:
    return text if columns(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"
