"""Cache mounts over directories that a build fills with what the image should hold."""

from __future__ import annotations

import re
from posixpath import basename, join, normpath
from typing import TYPE_CHECKING

from cachelint.buildcache.image_content import is_below, working_directory
from cachelint.buildcache.mounts import run_mounts
from cachelint.buildcache.outputs import OUTPUTS, builds
from cachelint.buildcache.steps import Origin
from cachelint.buildcache.values import Value
from cachelint.documents.run import commands, text_of_run
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.steps import Graph, Step
    from cachelint.documents.dockerfile import Flag

_FRAMEWORK_OUTPUTS = frozenset((".next", ".nuxt", ".output", ".svelte-kit"))
_CACHES = regex(r"/(?:\.[\w-]*cache|\.gradle|\.m2|\.npm|\.cargo|\.ccache|tmp)(?:/|$)|^/(?:root|home|var|usr|go)/")
_COPIES = regex(r"\b(?:cp|mv|rsync)\b")
_RECURSIVE = regex(r"-\w*[raR]|--recursive|--archive")


class CacheMount(NamedTuple):
    """A cache mount and what becomes of its content: `lost` to the image, or `copied` with the rest of older builds."""

    step: Step
    flag: Flag
    target: str
    copied: bool


def output_mounts(graph: Graph) -> Iterator[CacheMount]:
    """The cache mounts of a build that lie on its output."""
    for step in graph.steps:
        if step.keyword == "RUN" and not step.onbuild:
            for flag, target in _cache_targets(graph, step):
                copied = _is_copied(graph, step, target)
                if copied or basename(target) in _FRAMEWORK_OUTPUTS or _is_read_later(graph, step, target):
                    yield CacheMount(step, flag, target, copied)


def _cache_targets(graph: Graph, step: Step) -> Iterator[tuple[Flag, str]]:
    """The cache mounts of a RUN that may lie on output, with their absolute places."""
    for flag in step.instruction.flags:
        if flag.name != "mount" or "cache" not in (flag.value or ""):
            continue
        [mount] = run_mounts(step.instruction._replace(flags=(flag,)), Value)
        target = (dict(mount.fields).get("target") or Value(None)).text
        if mount.type != "cache" or not target or "$" in target:
            continue
        place = normpath(join(_directory(graph, step), target))
        if basename(place) in OUTPUTS | {"target"} and not _CACHES.search(place):
            yield flag, place


def _directory(graph: Graph, step: Step) -> str:
    """The working directory of a step; ``/`` where nothing says it."""
    return working_directory(_above(graph, step)) or "/"


def _above(graph: Graph, step: Step) -> list[Step]:
    found: list[Step] = []
    while step.above is not None:
        step = graph.steps[step.above]
        found.append(step)
    return found


def _is_copied(graph: Graph, step: Step, target: str) -> bool:
    """Whether the same RUN copies the whole directory elsewhere; a compiler's `target` knows what is old in it."""
    text = text_of_run(step.instruction)
    if basename(target) not in OUTPUTS or not _COPIES.search(text) or re.search(r"\brm\s+-", text):
        return False
    directory = _directory(graph, step)
    for command in commands(step.instruction):
        tool, *rest = command.words
        if tool == "mv" or (tool in {"cp", "rsync"} and any(map(_RECURSIVE.fullmatch, rest))):
            names = [word.removesuffix("/.").removesuffix("/*") for word in rest if not word.startswith("-")]
            if any(normpath(join(directory, name)) == target for name in names[:-1]):
                return True
    return False


def _is_read_later(graph: Graph, step: Step, target: str) -> bool:
    """Whether another stage copies from the directory, although nothing but the mounted RUN fills it."""
    return _is_read(graph, step.stage, target) and not any(
        _may_fill(graph, one, target) for one in graph.steps if one.stage == step.stage and one.index != step.index
    )


def _is_read(graph: Graph, stage: int, target: str) -> bool:
    return any(
        source.origin is Origin.STAGE and source.place == stage and is_below(normpath(join("/", path)), target)
        for step in graph.steps
        if step.keyword == "COPY"
        for source in step.sources
        for path in source.paths
    )


def _may_fill(graph: Graph, step: Step, target: str) -> bool:
    """Whether a step without that mount writes to the directory, as far as it can be known."""
    if step.keyword in {"COPY", "ADD"}:
        return step.target is None or is_below(normpath(step.target), target)
    if step.keyword != "RUN" or any(place == target for _, place in _cache_targets(graph, step)):
        return False
    return builds(step.instruction) or basename(target) in text_of_run(step.instruction)
