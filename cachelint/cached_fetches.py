"""Fetches that no commit and no new version re-runs: the cache model's answer, put together for rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.fetch import MENTIONS, Fetch
from cachelint.buildcache.graph import GraphError
from cachelint.buildcache.scope import platform_values
from cachelint.buildcache.values import UNKNOWN
from cachelint.compose.tree import Items, Leaf
from cachelint.documents.dockerfile import pairs
from cachelint.documents.run import Command, commands, text_of_run
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.steps import Graph, GraphStage, Step
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.project import Build

_PER_BUILD = regex(r"BUST|DATE|TIME(?!ZONE)|STAMP|COMMIT|REVISION|BUILD_?(?:ID|NUM|NUMBER)\b|NOCACHE|NO_CACHE")
# What differs from machine to machine, not from build to build.
_PER_MACHINE = regex(
    r"(?i:\w*_PROXY)|(?:\w+_)?(?:UID|GID|USER|USERNAME|GROUP|TZ|TIMEZONE|TOKEN|PASSWORD|SECRET|MIRROR|ARCH|PLATFORM)"
)
_VARIABLE = regex(r"\$(?:(\w+)|\{(\w+)\})")


class CachedFetch(NamedTuple):
    """A fetch and the step that executes it."""

    step: Step
    fetch: Fetch


def cached_fetches(build: Build, is_commit: Callable[[str], bool]) -> Iterator[CachedFetch]:
    """The fetches of a build that stay CACHED when its source, dependencies and changing arguments change at once.

    `is_commit` says whether an argument of some name carries the commit.
    """
    if build.model is None or build.dockerfile is None:
        return
    try:
        steps = [step for step in build.model.graph.steps if _may_fetch(step)]
        if not steps:
            return
        args = _changing_args(build, build.dockerfile, is_commit)
        outcomes = build.model.predict(Change(args=args, source=True, dependencies=True))
    except GraphError:
        return
    for step in steps:
        if outcomes[step.index].outcome is Outcome.CACHED and not _without_cache(build, build.model.graph, step):
            yield from _fetches_of(build, build.model.graph, step)


def _changing_args(build: Build, dockerfile: Dockerfile, is_commit: Callable[[str], bool]) -> frozenset[str]:
    """Build arguments that may have another value at the next build.

    Those are the ones that the Dockerfile leaves open, those whose value the deploy host knows, and those whose name
    says that they are made to change.
    """
    literal = {arg.name for arg in build.args if arg.value is not None and "$" not in arg.value}
    passed = {arg.name for arg in build.args} | build.added_args
    declared = [pair for one in dockerfile.instructions if one.keyword == "ARG" for pair in pairs(one)]
    machine = platform_values("", "", {})

    def changes(name: str, default: str | None) -> bool:
        if is_commit(name) or _PER_BUILD.search(name.upper()):
            return True
        if name in machine or _PER_MACHINE.fullmatch(name):
            return False
        is_open = default is None or name in passed or (build.service is not None and not build.resolved)
        return is_open and name not in literal

    return frozenset(pair.name for pair in declared if changes(pair.name, pair.value))


def _without_cache(build: Build, graph: Graph, step: Step) -> bool:
    """Whether the service's build says ``no_cache: true``, or ``no_cache_filter`` names the step's stage."""
    if build.fields is None:
        return False
    always, stages = build.fields.entries.get("no_cache"), build.fields.entries.get("no_cache_filter")
    listed = stages.values if isinstance(stages, Items) else (stages,)
    lineage = {stage.stage.name for stage in _lineage(graph, step.stage)}
    if isinstance(always, Leaf) and always.text != "false":
        return True
    return any(isinstance(one, Leaf) and one.text in lineage for one in listed)


def _may_fetch(step: Step) -> bool:
    return step.keyword == "RUN" and not step.onbuild and bool(MENTIONS.search(text_of_run(step.instruction)))


def _fetches_of(build: Build, graph: Graph, step: Step) -> Iterator[CachedFetch]:
    from cachelint.buildcache.fetches import fetches  # its many patterns take time to compile, and few steps fetch

    chain = _lineage(graph, step.stage)
    known = _environment(chain, step, args_known=build.service is not None and build.resolved)
    read = commands(step.instruction, _shell(chain, step))
    found = list(fetches([_resolved(command, known) for command in read]))
    if any("clone" in one.command.words for one in found) and _is_pinned_later(chain[-1], step):
        return
    for fetch in found:
        yield CachedFetch(step, fetch)


def _lineage(graph: Graph, index: int) -> list[GraphStage]:
    """The stages that a stage is built on, the earliest first, and the stage itself."""
    chain = [graph.stages[index]]
    while (base := chain[-1].base_stage) is not None:
        chain.append(graph.stages[base])
    return chain[::-1]


def _environment(chain: list[GraphStage], step: Step, *, args_known: bool) -> dict[str, str]:
    """The variables whose value is certain at a step; `args_known`: nobody passes other arguments."""
    inherited = [binding for stage in chain[:-1] for binding in stage.bindings]
    values = {binding.name: binding.value for binding in (*inherited, *chain[-1].bindings[: step.bindings])}
    return {
        name: value.text
        for name, value in values.items()
        if value.text is not None
        and UNKNOWN not in value.text
        and (args_known or value.origin is None or value.origin.keyword != "ARG")
    }


def _resolved(command: Command, known: dict[str, str]) -> Command:
    def fill(match: re.Match[str]) -> str:
        return known.get(match[1] or match[2], match[0])

    return command._replace(words=tuple(_VARIABLE.sub(fill, word) for word in command.words))


def _shell(chain: list[GraphStage], step: Step) -> tuple[str, ...] | None:
    """What the last SHELL above a step says."""
    instructions = [one for stage in chain for one in stage.stage.instructions]
    above = instructions[: instructions.index(step.instruction)]
    return next((one.exec_form for one in reversed(above) if one.keyword == "SHELL"), None)


def _is_pinned_later(stage: GraphStage, step: Step) -> bool:
    """Whether a RUN further down in the stage goes to a fixed commit of what was cloned."""
    from cachelint.buildcache.fetches import pins_checkout

    below = stage.stage.instructions
    later = below[below.index(step.instruction) + 1 :]
    runs = [one for one in later if one.keyword == "RUN" and "git" in text_of_run(one)]
    return any(pins_checkout(commands(one)) for one in runs)
