"""Output of the host's own builds that a broad COPY takes into the image."""

from __future__ import annotations

from posixpath import basename, join, normpath
from typing import TYPE_CHECKING

from cachelint.buildcache.copies import is_everything
from cachelint.buildcache.image_content import working_directory
from cachelint.buildcache.outputs import OUTPUTS, installs_into
from cachelint.buildcache.steps import Origin
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.steps import Graph, Source, Step
    from cachelint.context import Context
    from cachelint.documents.dockerfile import Instruction

_NEVER_SOURCE = ("node_modules", ".next", ".nuxt", ".output", ".svelte-kit", "__pycache__", ".venv", ".gradle", ".tox")
"""Directories that no person writes: where one stands in the context, a tool of the host made it."""

_INSTALLED = ("node_modules", ".venv")
_MANIFESTS = {"node_modules": "package.json", ".venv": "pyproject.toml"}


class HostOutput(NamedTuple):
    """A COPY, the directories of the host that it takes along (paths in the context), and the RUN that made its own.

    `present`: they are there now. Otherwise they come as soon as somebody runs the same tools on the host.
    """

    copy: Step
    names: tuple[str, ...]
    made_by: Instruction | None
    present: bool


def host_outputs(graph: Graph, context: Context) -> Iterator[HostOutput]:
    """The broad copies of a build that take output of the host with them."""
    for step in graph.steps:
        if step.keyword not in {"COPY", "ADD"} or step.onbuild:
            continue
        for root in dict.fromkeys(_roots(step, context)):
            found = _in_root(graph, context, step, root)
            if found:
                yield found


def _roots(step: Step, context: Context) -> Iterator[str]:
    """The directories of the context that the step copies whole and in which a project lies."""
    for source in step.sources:
        if source.origin is Origin.CONTEXT and not source.exclude:
            yield from (root for path in source.paths if (root := _root(path, source, context)) is not None)


def _root(path: str, source: Source, context: Context) -> str | None:
    if source.literal:
        return None
    if is_everything(path):
        return ""
    root = normpath(path.lstrip("/"))
    return root if any(context.has(join(root, name)) for name in _MANIFESTS.values()) else None


def _in_root(graph: Graph, context: Context, step: Step, root: str) -> HostOutput | None:
    on_disk = context.directories(root, (*_NEVER_SOURCE, *sorted(_made_outputs(graph))))
    present = tuple(dict.fromkeys(filter(context.sends_directory, on_disk)))
    if present:
        return HostOutput(step, present, None, present=True)
    for name in _INSTALLED:
        install = _install_above(graph, step, name)
        if install and context.has(join(root, _MANIFESTS[name])) and context.sends_directory(join(root, name)):
            return HostOutput(step, (join(root, name),), install, present=False)
    return None


def _made_outputs(graph: Graph) -> frozenset[str]:
    """Names such as ``dist`` that a stage of this build is known to fill, since another one copies from there."""
    read = (
        basename(normpath(path))
        for step in graph.steps
        for source in step.sources
        if source.origin is Origin.STAGE
        for path in source.paths
    )
    return OUTPUTS.intersection(read)


def _install_above(graph: Graph, step: Step, name: str) -> Instruction | None:
    """The RUN above a copy that fills the directory which the copy then writes over."""
    above: list[Step] = []
    at = step
    while at.above is not None:
        at = graph.steps[at.above]
        above.append(at)
    directory = working_directory(above)
    if directory is None or step.target is None or normpath(step.target) != directory:
        return None
    return installs_into(name, (one.instruction for one in above if one.keyword == "RUN"))
