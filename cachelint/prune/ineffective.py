"""Prunes that cannot do what they stand there for."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.script_blocks import blocks
from cachelint.documents.script_flow import TooLongError
from cachelint.documents.script_tree import Chain
from cachelint.prune.job_step import missing_prunes
from cachelint.prune.scope import NEEDED, Scope
from cachelint.prune.unpruned import prunes_of
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.docker_daemon import Daemon
    from cachelint.prune.job_step import Missing

_ABOUT_CACHE = regex(r"cache|fresh|stale|\balt\b|old code", re.IGNORECASE)
_PRUNES = frozenset({"builder prune", "image prune", "system prune"})
_SUCCESS = regex(r"success|clear|clean|prun|purg|fresh|done|✓|✔|✅|\bok\b", re.IGNORECASE)
_SAYS = regex(r"(?:log_|print_)?(?:echo|printf|info|success|ok|say|msg|status|note)\b|log\b", re.IGNORECASE)


class Ineffective(NamedTuple):
    """A prune that does not help a build of `builder`: the `call`, why (a sentence), and the builds it does not help.

    `missing` is empty for one whose failure is hidden.
    """

    call: DockerCall
    reason: str
    builder: Daemon
    missing: tuple[Missing, ...]


def ineffective_prunes(deployment: Deployment) -> tuple[Ineffective, ...]:
    """The prunes of a job, one for each builder, that leave its builds what they must not reuse."""
    prunes = [call for call in deployment.calls if call.docker and call.docker.verb in _PRUNES and not call.docker.idle]
    if not prunes:
        return ()
    try:
        missing = missing_prunes(deployment, NEEDED[Scope.CONTEXT])
    except TooLongError:
        return ()
    builders = dict.fromkeys(one.builder for one in missing)
    found: list[Ineffective] = []
    for builder in builders:
        of_builder = tuple(one for one in missing if one.builder == builder)
        reasons = ((call, _reason(deployment, call, of_builder)) for call in prunes)
        found += [Ineffective(call, reason, builder, of_builder) for call, reason in reasons if reason][:1]
    return (*found, *_hidden(deployment, prunes))


def _reason(deployment: Deployment, call: DockerCall, missing: tuple[Missing, ...]) -> str | None:
    docker = call.docker
    first = missing[0].first
    assert docker
    if call.host != first.host or docker.doubt or call.unit is None:
        return None
    before = call.span.start < first.span.start
    kinds = prunes_of(docker)
    if before and kinds and docker.verb == "builder prune" and docker.daemon != missing[0].builder:
        name = missing[0].builder.builder
        return f"it prunes another builder than {name}, which builds" if name else None
    if before and not kinds and docker.verb == "builder prune":
        spared = next((one for one in docker.options if one.name == "--filter"), None)
        what = spared.value if spared else next((one.name for one in docker.options if one.value), "this option")
        return f"with `{what}` it spares what the last deploy has left, which is what this build reuses"
    if before and not kinds and _is_about_cache(deployment, call):
        return f"`docker {docker.verb}` leaves the copy of the source files that BuildKit keeps" + (
            "" if docker.verb == "image prune" else " when it is filtered"
        )
    same = docker.daemon == missing[0].builder
    if not before and same and NEEDED[Scope.CONTEXT] <= kinds and _is_sure(call):
        return (
            "it comes after the build, so it helps the next deploy, and only when nothing in this one fails before it "
            "and nothing is built in between"
        )
    return None


def _is_sure(call: DockerCall) -> bool:
    step = call.unit.step if call.unit else None
    return call.command is not None and not call.command.conditional and (step is None or step.condition is None)


def _is_about_cache(deployment: Deployment, call: DockerCall) -> bool:
    """Whether the lines around a prune say that it is there for the cache."""
    source = deployment.source
    line = source.position(call.span.start).line
    lines = [source.line_text(one) for one in (line - 1, line) if one >= 1]
    return any(_ABOUT_CACHE.search(one.replace("--no-cache", "")) for one in lines)


def _hidden(deployment: Deployment, prunes: list[DockerCall]) -> Iterator[Ineffective]:
    """``docker builder prune … || true``, announced as a success in the next line."""
    known: dict[int, dict[int, bool]] = {}
    for call in prunes:
        if call.docker and call.unit and call.command and call.docker.verb == "builder prune":
            if id(call.unit) not in known:
                known[id(call.unit)] = _ignored(call.unit)
            if known[id(call.unit)].get(call.command.number):
                yield Ineffective(
                    call, "when it fails nobody is told: the next line announces success anyway", call.docker.daemon, ()
                )


def _ignored(unit: Unit) -> dict[int, bool]:
    """The numbers of the commands whose failure is ignored, and whether the next line announces success."""
    found: dict[int, bool] = {}
    for block in blocks(unit.script.body):
        for statement, following in pairwise(block.statements):
            if isinstance(statement, Chain) and statement.operators[-1:] == ("||",):
                ignores = [unit.script.commands[one].name for one in statement.parts[-1].numbers]
                after = [unit.script.commands[one] for one in following.numbers]
                if ignores in (["true"], [":"]) and after and _SAYS.match(after[0].name):
                    said = bool(_SUCCESS.search(" ".join((after[0].name, *after[0].texts[1:]))))
                    for number in statement.numbers:
                        found.setdefault(number, said)
    return found
