"""For job summaries and pull requests: GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.judging.judgement import Verdict
from cachelint.output.log.shared import accusation, expected, facts, headline, said, suspicion, tally, title
from cachelint.output.plan.markdown import code, plain
from cachelint.output.plan.shared import with_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement
    from cachelint.output.terminal import Style

_MARKS = {Verdict.FRESH: "✅ ", Verdict.STALE: "❌ ", Verdict.UNKNOWN: "❔ "}


def render(judgement: Judgement, style: Style) -> str:
    """A heading with the verdict, what else the log says, and a table for each build."""
    blocks = ["\n".join(_head(judgement))]
    for number, build in enumerate(judgement.builds, 1):
        blocks.append("\n".join(_build(build, number, judgement)))
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


def _build(build: JudgedBuild, number: int, judgement: Judgement) -> Iterator[str]:
    yield f"### {plain(title(build, number))}"
    yield ""
    yield plain(tally(build))
    stale = [step for step in build.steps if step.stale]
    if stale:
        yield ""
    mark = f"{_MARKS[judgement.verdict]}{suspicion(judgement)}"
    yield from (f"- {_MARKS[judgement.verdict]}{code(step.label)} {_told(step, judgement)}" for step in stale)
    if build.steps:
        judged = judgement.since is not None and build.origin is not None
        yield ""
        yield "| step | instruction | log |" + (" expected |" if judged else "")
        yield "|---|---|---|" + ("---|" if judged else "")
        yield from (_row(step, mark if judged else None) for step in build.steps)


def _told(step: JudgedStep, judgement: Judgement) -> str:
    return _sentence(accusation(step, judgement))


def _row(step: JudgedStep, mark: str | None) -> str:
    cells = [code(step.label), code(step.instruction), plain(said(step))]
    if mark:
        cells.append(expected(step, f" {mark}"))
    return f"| {' | '.join(cells)} |"


def _sentence(text: str) -> str:
    return with_code(text, code, plain)
