"""Scripts and jobs that clear caches: which branch is the one for everything, and where the step belongs in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.discovery import Kind
from cachelint.documents.script_blocks import blocks
from cachelint.documents.script_tree import Case, If
from cachelint.prune.answers import is_read
from cachelint.prune.clear_client import client_at, client_for_step
from cachelint.prune.clear_place import end_of
from cachelint.prune.idiom import Speech
from cachelint.prune.job_step import Condition, step_before
from cachelint.prune.lines import CannotInsertError, insertion
from cachelint.prune.script_step import Steps, Written, refused_at
from cachelint.prune.wording import step_lines
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.deployment.model import Deployment
    from cachelint.documents.script import Command, Script
    from cachelint.documents.script_tree import Block
    from cachelint.prune.script_step import Wish
    from cachelint.source import Span

_CACHE = regex(
    r"(?:^|/)(?:\.next|\.turbo|\.nuxt|\.parcel-cache|\.svelte-kit|\.cache|__pycache__|\*\.pyc|\.vite)(?:/\*?)?$"
)
_CLEARS = regex(r"clear|clean|purge|flush|reset|wipe|bust|invalidate", re.IGNORECASE)
_NAMES_CACHES = regex(r"cache", re.IGNORECASE)
_FOR_DEVELOPERS = regex(
    r"\b(?:npm|pnpm|yarn|bun|next|vite|turbo)\b(?: run)? (?:dev|start)\b|\blocalhost\b|\brunserver\b"
    r"|\bdev(?:elopment)?[ -](?:servers?|cache|mode)\b",
    re.IGNORECASE,
)
_FOR_IMAGES = regex(r"docker|compose|container|deploy", re.IGNORECASE)
_ALL_ARM = regex(r"(?:^|[\s|(;\"'])(?:all|everything|full)[\"']?\s*(?:\|[^)]*)?\)\s*\Z")
_ALL_FUNCTION = regex(r"(?:clear|clean|purge|flush|reset|wipe)_?(?:all|everything)\w*", re.IGNORECASE)
_ALL_TEST = regex(r"==?\s*[\"']?(?:all|everything)\b")
_ALL_TERM = regex(r"(?<![\w.\[\]'-])[\w.\[\]'-]+\s*==\s*(?:'(?:all|everything)'|true)")


class Clearing(NamedTuple):
    """The branch for everything of what clears caches and leaves Docker's.

    `span` is the place of its last command that clears, `item` what it is in. For a script `block` is the branch; for a
    workflow `at` is the number of the step that the new one goes in front of, `condition` that of the branch.
    """

    span: Span
    item: Unit
    block: Block | None
    at: int = 0
    condition: str | None = None


def find_clearing(deployment: Deployment) -> Clearing | None:
    """The branch for everything; None where a job clears no caches, clears Docker's too, or has no such branch.

    Nor is there one where the caches are those of a server that a developer runs on the files themselves.
    """
    job, texts = deployment.job, _texts(deployment.job)
    if not _is_named_so(job) or re.search(r"(?<!-)\bprune\b|\brmi\b|--no-cache", texts):
        return None
    if _FOR_DEVELOPERS.search(texts) and not _FOR_IMAGES.search(texts):
        return None
    clearing = [(unit, found) for unit in deployment.units if (found := _removals(unit.script))]
    if not clearing:
        return None
    if job.kind is Kind.SHELL:
        unit, found = clearing[0]
        return _in_script(unit, found)
    return _in_workflow(job, clearing) if job.kind is Kind.WORKFLOW else None


def _texts(job: ScriptJob) -> str:
    return "\n".join(item.text.text for item in job.items if isinstance(item, Unit))


def _is_named_so(job: ScriptJob) -> bool:
    """Whether the names of the file or the job say that it clears caches."""
    name = job.source.path.replace("\\", "/").rpartition("/")[2]
    return any(_CLEARS.search(one) and _NAMES_CACHES.search(one) for one in (name, job.name))


def _removals(script: Script) -> list[Command]:
    return [command for command in script.commands if _removes_cache(command)]


def _removes_cache(command: Command) -> bool:
    words = command.texts
    if command.name == "rm":
        return any(_CACHE.search(word.rstrip("/")) for word in words[1:])
    return command.name == "find" and any(map(_CACHE.search, words)) and bool({"-delete", "rm"} & set(words))


def _in_script(unit: Unit, removals: list[Command]) -> Clearing | None:
    script = unit.script
    numbers = {one.number for one in removals}
    for block in _candidates(script):
        inside = _reached(script, block) & numbers
        if inside and not script.broken:
            last = max(removals, key=lambda one: (one.number in inside, one.number))
            return Clearing(last.span, unit, block)
    return None


def _candidates(script: Script) -> Iterator[Block]:
    """Branches for everything, the most certain ones first."""
    text = script.source.text
    everywhere = [statement for block in blocks(script.body) for statement in block.statements]
    for statement in everywhere:
        if isinstance(statement, Case):
            yield from (arm for arm in statement.arms if arm.statements and _ALL_ARM.search(_pattern(text, arm)))
    for statement in everywhere:
        if isinstance(statement, If):
            for condition, body in statement.branches:
                if _ALL_TEST.search(text[slice(*condition.span)]):
                    yield body
    for one in script.calls.defined:
        if _ALL_FUNCTION.fullmatch(one.name):
            yield one.body
    if not any(isinstance(one, (Case, If)) for one in everywhere) and "$1" not in text and "$@" not in text:
        yield script.body


def _pattern(text: str, arm: Block) -> str:
    """The line of a case's pattern, up to its parenthesis."""
    close = text.rfind(")", 0, arm.statements[0].span.start) + 1
    return text[text.rfind("\n", 0, close) + 1 : close]


def _reached(script: Script, block: Block) -> set[int]:
    """The numbers of the commands in a block, and in the functions that it calls."""
    functions = {one.name: one.numbers for one in script.calls.defined}
    found: set[int] = set()
    pending = [block.numbers]
    while pending:
        for number in pending.pop():
            if number not in found:
                found.add(number)
                pending += [functions[name] for name in script.commands[number].texts[:1] if name in functions]
    return found


def _in_workflow(job: ScriptJob, clearing: list[tuple[Unit, list[Command]]]) -> Clearing | None:
    if job.ephemeral is not False or job.objection:
        return None
    items = list(job.items)
    unit, removals = clearing[-1]
    conditions = [one.step.condition for one, _ in clearing if one.step]
    asked = [one for one in conditions if one]
    terms = [term for one in asked if (term := _ALL_TERM.search(one))]
    if asked and not terms:
        return None
    after = items.index(unit) + 1
    condition = terms[-1][0] if terms else None
    return Clearing(removals[-1].span, unit, None, after, condition) if after < len(items) else None


def clearing_steps(deployment: Deployment, one: Clearing, wish: Wish) -> Steps:
    """What to write into the branch."""
    try:
        if one.block is None:
            return Steps((_in_front_of_step(deployment.job, one, wish),))
        return Steps((_in_block(one.item.script, one.block, wish._replace(answers=is_read(deployment))),))
    except CannotInsertError as error:
        return Steps((), (refused_at(one.span, str(error), wish),))


def _in_block(script: Script, branch: Block, wish: Wish) -> Written:
    reached = _reached(script, branch)
    removals = [one for one in _removals(script) if one.number in reached]
    place = end_of(script, branch, removals)
    client = client_at(script, place, reached, removals)
    idiom = Speech(script, answers=wish.answers).idiom(place, client)
    lines = step_lines(wish.decision.scope, wish.decision.comment, idiom, tolerant=wish.tolerant)
    edit = insertion(script.source, place.block, place.index, lines)
    return Written(edit, lines, place.statement.numbers.start)


def _in_front_of_step(job: ScriptJob, one: Clearing, wish: Wish) -> Written:
    step = job.items[one.at].step
    if step is None:
        raise CannotInsertError("no step follows")
    condition = Condition(f"if: {one.condition}", one.condition) if one.condition else None
    units = (item for item in job.items if isinstance(item, Unit))
    client = client_for_step((item, found) for item in units if (found := _removals(item.script)))
    return step_before(job, step, wish, client, condition)


def item_of(job: ScriptJob, one: Clearing) -> Unit:
    """The item that the step is written in, or in front of."""
    item = job.items[one.at] if one.block is None else one.item
    assert isinstance(item, Unit)
    return item
