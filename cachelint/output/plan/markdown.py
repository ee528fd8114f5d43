"""For pull requests and job summaries: GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.output.plan.shared import LEGEND, causes, skipped_line, source_line, with_code
from cachelint.output.terminal import printable
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.output.terminal import Style
    from cachelint.plan import BuildPlan, Plan
    from cachelint.plan_changes import Column

_MARKS = {"RUN": "🔶 RUN", "CACHED": "✅ CACHED", "MAYBE": "❔ MAYBE"}
_SPECIAL = regex(r"[^\w\s,.=/;:()'…-]|_")
_LINK = regex(r"://|www\.")


def render(plan: Plan, style: Style, width: int) -> str:
    """A heading, the sentences, a table and the first causes of each build."""
    blocks = ["\n".join(_build(build, plan.columns)) for build in plan.builds]
    if plan.skipped:
        lines = (f"- {plain(who)}: {plain(why)}" for who, why in map(skipped_line, plan.skipped))
        blocks.append("\n".join(("### Not planned", "", *lines)))
    blocks.append(" · ".join(f"{_MARKS[word]}: {meaning}" for word, meaning in LEGEND))
    return "\n\n".join(blocks) + "\n"


def plain(text: str) -> str:
    """Text of strangers as nothing but text: an entity is never markup, and an address or a name is no link."""
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", printable(text))
    unlinked = _LINK.sub(lambda found: f"{found[0][:-1]}<!-- -->{found[0][-1]}", escaped)
    return unlinked.replace("&#64;", "&#64;<!-- -->")


def code(text: str) -> str:
    """The same in a monospaced font, where GitHub makes no links. Backticks would not survive every content."""
    return f"<code>{_SPECIAL.sub(lambda found: f'&#{ord(found[0])};', printable(text))}</code>"


def _build(build: BuildPlan, asked: tuple[Column, ...]) -> Iterator[str]:
    yield f"### {plain(build.name)}"
    yield ""
    yield plain(source_line(build))
    yield ""
    yield from (f"- {plain(build.summary[column.name])}" for column in asked)
    yield from (f"- note: {_sentence(note)}" for note in build.notes)
    yield ""
    yield f"| step | instruction | {' | '.join(column.name for column in asked)} |"
    yield "|---|---|" + "---|" * len(asked)
    for step in build.steps:
        marks = (_MARKS[step.outcomes[column.name].outcome.name] for column in asked)
        yield f"| {code(step.label)} | {code(step.instruction)} | {' | '.join(marks)} |"
    reasons = [line for column in asked for line in _causes(build, column)]
    if reasons:
        yield ""
        yield from reasons


def _causes(build: BuildPlan, column: Column) -> Iterator[str]:
    shown, more = causes(build, column.name)
    for cause in shown:
        yield f"- {column.name}: {code(cause.label)} {cause.outcome.name}: {_sentence(cause.text)}"
    if more:
        yield f"- {column.name}: {more} more causes"


def _sentence(text: str) -> str:
    return with_code(text, code, plain)
