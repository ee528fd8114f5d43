"""For people: what each change costs, a table of the steps, and the first causes in words."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cachelint.output.plan.shared import LEGEND, causes, skipped_line, source_line
from cachelint.output.terminal import columns, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.output.terminal import Style
    from cachelint.plan import BuildPlan, Plan, PlannedStep
    from cachelint.plan_changes import Column

_GAP = "  "
_LEAST = 20


def render(plan: Plan, style: Style, width: int) -> str:
    """The whole plan; the last line explains the words of the table."""
    blocks = ["\n".join(_build(build, plan.columns, style, width)) for build in plan.builds]
    if plan.skipped:
        blocks.append("\n".join(_skipped(plan, style)))
    blocks.append("\n".join(style.paint(f"{word:<6}  {meaning}", "dim") for word, meaning in LEGEND))
    return "\n\n".join(blocks) + "\n"


def _skipped(plan: Plan, style: Style) -> Iterator[str]:
    yield style.paint("Not planned", "path")
    for who, why in map(skipped_line, plan.skipped):
        yield f"{_GAP}{printable(who)}: {printable(why)}"


def _build(build: BuildPlan, asked: tuple[Column, ...], style: Style, width: int) -> Iterator[str]:
    yield f"{style.paint(printable(build.name), 'path')} ({printable(source_line(build))})"
    yield from (f"{_GAP}{printable(build.summary[column.name])}" for column in asked)
    yield from (f"{_GAP}note: {printable(note)}" for note in build.notes)
    yield ""
    yield from _table(build, asked, style, width)
    reasons = [row for column in asked for row in _causes(build, column)]
    if reasons:
        yield ""
        yield from _aligned(reasons, style, width)


def _table(build: BuildPlan, asked: tuple[Column, ...], style: Style, width: int) -> Iterator[str]:
    labels = _padded("step", *(printable(step.label) for step in build.steps))
    widths = [max(len(column.name), len("CACHED")) for column in asked]
    taken = len(_GAP) + columns(labels[0]) + sum(len(_GAP) + one for one in widths) + len(_GAP)
    room = max(_LEAST, width - taken)
    texts = _padded("instruction", *(_cut(printable(step.instruction), room) for step in build.steps))
    heads = (f"{column.name:<{size}}" for column, size in zip(asked, widths, strict=True))
    yield style.paint(f"{_GAP}{_GAP.join((labels[0], texts[0], *heads))}".rstrip(), "dim")
    for step, label, text in zip(build.steps, labels[1:], texts[1:], strict=True):
        marks = (_mark(step, column, size, style) for column, size in zip(asked, widths, strict=True))
        yield f"{_GAP}{_GAP.join((label, text, *marks))}".rstrip()


def _mark(step: PlannedStep, column: Column, width: int, style: Style) -> str:
    word = step.outcomes[column.name].outcome.name
    return style.paint(word, word.lower()) + " " * (width - len(word))


def _causes(build: BuildPlan, column: Column) -> Iterator[tuple[str, str, str, str]]:
    """Rows of: column, step, outcome, cause."""
    name = column.name
    shown, more = causes(build, name)
    for cause in shown:
        yield name, printable(cause.label), cause.outcome.name, printable(cause.text)
        name = ""
    if more:
        yield "", "", "", f"and {more} more, all of them with --output-format json"


def _aligned(rows: list[tuple[str, str, str, str]], style: Style, width: int) -> Iterator[str]:
    sizes = [max(columns(row[at]) for row in rows) for at in range(3)]
    indent = sum(len(_GAP) + size for size in sizes) + len(_GAP)
    for name, label, word, text in rows:
        cells = (f"{one}{' ' * (size - columns(one))}" for one, size in zip((name, label), sizes, strict=False))
        mark = (style.paint(word, word.lower()) if word else "") + " " * (sizes[2] - len(word))
        first, *rest = textwrap.wrap(text, max(_LEAST, width - indent), break_long_words=False) or [""]
        yield f"{_GAP}{_GAP.join((*cells, mark, first))}"
        yield from (" " * indent + line for line in rest)


def _padded(*texts: str) -> list[str]:
    size = max(map(columns, texts))
    return [text + " " * (size - columns(text)) for text in texts]


def _cut(text: str, room: int) -> str:
    if columns(text) <= room:
        return text
    while columns(text) > room - 1:
        text = text[: room - 1] if len(text) >= room else text[:-1]
    return f"{text}…"
