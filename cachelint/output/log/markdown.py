"""For job summaries and pull requests: GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.log_judge import Verdict
from cachelint.output.log.shared import accusation, facts, headline, tally, title
from cachelint.output.plan.markdown import code, plain
from cachelint.output.plan.shared import with_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.log_judge import JudgedBuild, JudgedStep, Judgement
    from cachelint.output.terminal import Style

_MARKS = {Verdict.FRESH: "✅ ", Verdict.STALE: "❌ ", Verdict.UNKNOWN: "❔ "}


def render(judgement: Judgement, style: Style) -> str:
    """A heading with the verdict, what else the log says, and a table for each build."""
    blocks = ["\n".join(_head(judgement))]
    for number, build in enumerate(judgement.builds, 1):
        blocks.append("\n".join(_build(build, number, asked=judgement.since is not None)))
    return "\n\n".join(blocks) + "\n"


def _head(judgement: Judgement) -> Iterator[str]:
    mark = _MARKS[judgement.verdict] if judgement.since is not None else ""
    yield f"## {mark}{plain(headline(judgement))}"
    doubts = judgement.doubts if judgement.verdict is Verdict.UNKNOWN else ()
    lines = [*facts(judgement), *(f"because {doubt}" for doubt in doubts)]
    lines += [f"a log cannot show this: {spot}" for spot in judgement.blind_spots]
    if lines:
        yield ""
    yield from (f"- {_sentence(line)}" for line in lines)


def _build(build: JudgedBuild, number: int, *, asked: bool) -> Iterator[str]:
    yield f"### {plain(title(build, number))}"
    yield ""
    yield plain(tally(build))
    stale = [step for step in build.steps if step.stale]
    if stale:
        yield ""
    yield from (f"- ❌ {code(step.label)} {_sentence(accusation(build, step))}" for step in stale)
    if build.steps:
        judged = asked and build.origin is not None
        yield ""
        yield "| step | instruction | log |" + (" expected |" if judged else "")
        yield "|---|---|---|" + ("---|" if judged else "")
        yield from (_row(step, judged) for step in build.steps)


def _row(step: JudgedStep, judged: bool) -> str:
    cells = [code(step.label), code(step.instruction), plain(step.status.value)]
    if judged:
        expected = step.expected.name if step.expected is not None else ""
        cells.append(f"{expected} ❌ stale" if step.stale else expected)
    return f"| {' | '.join(cells)} |"


def _sentence(text: str) -> str:
    return with_code(text, code, plain)
