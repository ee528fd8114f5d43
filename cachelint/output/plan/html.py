"""One page that needs nothing else: stages are lanes, steps are cells, a switch says what changes, each cell why."""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from cachelint import __version__
from cachelint.buildcache.change import Outcome
from cachelint.output.plan.shared import LEGEND, causes, skipped_line, source_line, with_code
from cachelint.output.terminal import printable
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.output.terminal import Style
    from cachelint.plan import BuildPlan, Lane, Plan, PlannedStep
    from cachelint.plan_changes import Column

_ICONS = {"RUN": "▶", "CACHED": "✓", "MAYBE": "?"}
_NAMES = {"commit": "New commit", "source": "Source", "dependencies": "Dependencies", "paths": "Paths"}
_CUT = 45  # a longer instruction may not fit into its cell: it is shown whole with the cause
_NUMBER = regex(r"(?<!\d)\d+/\d+")
_CACHED = "Nothing that this step reads changes, and no step that it stands on runs again."


def render(plan: Plan, style: Style, width: int) -> str:
    """The page. Its policy allows this very style and script, and no request to anywhere."""
    css, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_body(plan))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>What the next build re-runs: {_names(plan)}</title>\n"
        f"<style>{css}</style>\n</head>\n<body>\n{body}\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _asset(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8", newline="\n") as file:
        return file.read()


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _text(text: str) -> str:
    """Text of strangers as nothing but text, in elements and in attributes."""
    return escape(printable(text), quote=True)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _sentence(text: str) -> str:
    return with_code(text, _code, _text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(plan: Plan) -> str:
    return _text(", ".join(build.name for build in plan.builds[:5]) + (" …" if len(plan.builds) > 5 else ""))


def _body(plan: Plan) -> Iterator[str]:
    yield "<header>"
    yield '<p class="tool">cachelint plan</p>'
    yield "<h1>What the next build re-runs</h1>"
    yield (
        '<p class="lede">A step runs again when something that it reads has changed, and so does every step below it in'
        " its stage. All others are taken from the cache.</p>"
    )
    yield "</header>"
    yield from _switch(plan)
    yield "<main>"
    yield from _answers(plan)
    for number, build in enumerate(plan.builds):
        yield from _build(f"b{number}", build, plan.columns)
    yield from _skipped(plan)
    yield "</main>"
    yield f"<footer>Predicted by cachelint {_text(__version__)} for a cache that holds the build before.</footer>"


def _switch(plan: Plan) -> Iterator[str]:
    first = _first_shown(plan)
    yield '<div class="switch" role="radiogroup" aria-labelledby="question"><p class="question" id="question">'
    yield 'What changes?</p><div class="choices">'
    for column in plan.columns:
        checked = " checked" if column is first else ""
        yield (
            f'<input type="radio" name="change" id="c-{column.name}" value="{column.name}"{checked}>'
            f'<label for="c-{column.name}">{_NAMES[column.name]}</label>'
        )
    yield "</div></div>"


def _first_shown(plan: Plan) -> Column:
    """The first change that re-runs anything: a page that opens without an answer teaches nothing."""

    def runs(column: Column) -> bool:
        steps = (step for build in plan.builds for step in build.steps)
        return any(step.outcomes[column.name].outcome is not Outcome.CACHED for step in steps)

    return next(filter(runs, plan.columns), plan.columns[0])


def _answers(plan: Plan) -> Iterator[str]:
    yield '<section class="answers" aria-label="In short" aria-live="polite"><ul>'
    for number, build in enumerate(plan.builds):
        sentences = "".join(_for(one, _text(_capital(build.summary[one.name])) + ".") for one in plan.columns)
        yield f'<li><a href="#b{number}">{_text(build.name)}</a> <span>{sentences}</span></li>'
    yield "</ul></section>"
    words = "".join(f"<li>{_mark(word)} <span>{meaning}</span></li>" for word, meaning in LEGEND)
    yield f'<ul class="legend" aria-label="Legend">{words}</ul>'
    yield '<p class="hint">Point at a step, tab to it or tap it to read why.</p>'


def _mark(word: str) -> str:
    return f'<span class="mark {word.lower()}"><span aria-hidden="true">{_ICONS[word]}</span> {word}</span>'


def _for(column: Column, content: str, tag: str = "span", kind: str = "") -> str:
    """Content that is shown while this change is chosen."""
    return f'<{tag} class="{f"{kind} " if kind else ""}for-{column.name}">{content}</{tag}>'


def _build(name: str, build: BuildPlan, asked: Iterable[Column]) -> Iterator[str]:
    columns = tuple(asked)
    yield f'<section class="build" id="{name}" aria-labelledby="{name}-name">'
    yield f'<h2 id="{name}-name">{_text(build.name)}</h2><p class="place">{_text(source_line(build))}</p>'
    if build.notes:
        yield f'<ul class="notes">{"".join(f"<li>{_sentence(_capital(note))}.</li>" for note in build.notes)}</ul>'
    for lane in build.lanes:
        yield from _lane(name, build, lane, columns)
    for column in columns:
        yield from _why(build, column)
    yield "</section>"


def _lane(name: str, build: BuildPlan, lane: Lane, columns: tuple[Column, ...]) -> Iterator[str]:
    yield f'<section class="lane" aria-labelledby="{name}-l{lane.index}">'
    yield (
        f'<h3 id="{name}-l{lane.index}"><span class="stage">{_text(lane.name)}</span> '
        f'<span class="base">from {_text(lane.base)}</span></h3>'
    )
    if lane.steps:
        yield "<ol>"
        for index in lane.steps:
            yield from _cell(f"{name}-s{index}", build, build.steps[index], columns)
        yield "</ol>"
    else:
        yield '<p class="empty">No step of its own.</p>'
    yield "</section>"


def _cell(name: str, build: BuildPlan, step: PlannedStep, columns: tuple[Column, ...]) -> Iterator[str]:
    data = " ".join(f'data-{column.name}="{step.outcomes[column.name].outcome.name}"' for column in columns)
    number = _NUMBER.search(step.label)
    marks = "".join(_for(one, _mark(step.outcomes[one.name].outcome.name)) for one in columns)
    keyword, _, rest = step.instruction.partition(" ")
    named = f'aria-labelledby="{name}" aria-describedby="{name}-w"'
    yield f'<li><div class="step" tabindex="0" role="group" {data} {named}>'
    yield (
        f'<p class="top"><span class="number">{_text(number[0] if number else step.label)}'
        f' <span class="line">line {step.line}</span></span> {marks}</p>'
    )
    yield f'<p class="words" id="{name}"><code><b>{_text(keyword)}</b> {_text(rest)}</code></p>'
    yield from _tags(build, step, columns)
    reasons = "".join(_for(one, _cause(step, one)) for one in columns)
    whole = f'<span class="whole" aria-hidden="true">{_code(step.instruction)}</span>'
    reasons += whole if len(step.instruction) > _CUT else ""
    yield f'<p class="why" role="tooltip" id="{name}-w">{reasons}</p></div></li>'


def _tags(build: BuildPlan, step: PlannedStep, columns: tuple[Column, ...]) -> Iterator[str]:
    """What else is to be seen at a glance: the stages that a step reads, and where a change first meets the build."""
    stages = {lane.index: lane.name for lane in build.lanes}
    tags = [f"<span>reads {_text(stages[index])}</span>" for index in step.reads]
    tags += [_for(one, "starts here", kind="own") for one in columns if _starts(build, step, one)]
    if tags:
        yield f'<p class="tags">{"".join(tags)}</p>'


def _starts(build: BuildPlan, step: PlannedStep, column: Column) -> bool:
    """Whether the step runs for a reason of its own, on a step that does not run."""
    above = None if step.above is None else build.steps[step.above].outcomes[column.name].outcome
    return step.outcomes[column.name].own is Outcome.RUN and above is not Outcome.RUN


def _cause(step: PlannedStep, column: Column) -> str:
    one = step.outcomes[column.name]
    return f"{_mark(one.outcome.name)} {_sentence(one.cause) if one.cause else _CACHED}"


def _why(build: BuildPlan, column: Column) -> Iterator[str]:
    shown, more = causes(build, column.name)
    if not shown:
        return
    rows = [
        f"<li>{_mark(one.outcome.name)} <span><strong>{_text(one.label)}</strong> {_sentence(one.text)}"
        f"{_followers(one.steps)}</span></li>"
        for one in shown
    ]
    if more:
        rows.append(f"<li>and {more} more</li>")
    yield f'<div class="reasons for-{column.name}"><h3>Why</h3><ul>{"".join(rows)}</ul></div>'


def _followers(steps: int) -> str:
    if steps == 1:
        return ""
    return f' <span class="more">and so {steps - 1} more {"step" if steps == 2 else "steps"}</span>'


def _skipped(plan: Plan) -> Iterator[str]:
    if plan.skipped:
        rows = (f"<li><strong>{_text(who)}</strong> {_text(why)}</li>" for who, why in map(skipped_line, plan.skipped))
        yield '<section class="skipped" aria-labelledby="skipped"><h2 id="skipped">Not planned</h2>'
        yield f"<ul>{''.join(rows)}</ul></section>"
