"""Services of whole projects on their way to builds: what the rules read of them, in the words of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.project_files import resolve_project
from cachelint.compose.tree import Fields, Leaf
from cachelint.compose.variables import Variables
from cachelint.diagnostic import Related, locate
from cachelint.documents.compose import Arg, ComposeBuild
from cachelint.documents.compose_volumes import Mount
from cachelint.documents.yaml import Mapping, Scalar, deref
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.compose.loader import Files
    from cachelint.compose.project_files import ResolvedProject
    from cachelint.compose.readings import Reading
    from cachelint.compose.resolved import ResolvedBuild, ResolvedService
    from cachelint.compose.tree import Origin
    from cachelint.documents.compose import ComposeFile, Service
    from cachelint.documents.yaml import Node
    from cachelint.source import Span


class Part(NamedTuple):
    """One place where a service is written, with a build of its own there."""

    file: ComposeFile
    service: Service
    request: ComposeBuild


class Text(NamedTuple):
    """A text with its place. `value` is as written where only the deploying machine knows it."""

    value: str
    file: ComposeFile
    node: Node
    span: Span


class ReadProject(NamedTuple):
    """A project in one reading of its files. `is_certain` is false when a file is read in another way as well."""

    reading: Reading
    project: ResolvedProject
    is_certain: bool


def read_projects(files: Files, readings: Iterable[Reading]) -> list[ReadProject]:
    """The projects that Compose files form, without those that make no sense."""
    found = [(one, resolve_project(files, one.request, Variables(dict(one.outer)))) for one in readings]
    on_top = dict(_laid_over(found))
    alone = {one.request.files[0] for one, _ in found if len(one.request.files) == 1}
    kept: list[ReadProject] = []
    for reading, project in found:
        last = reading.request.files[-1]
        is_sure = reading.is_default or reading.place is not None
        over = None if reading.is_on_top or is_sure else on_top.get(last)
        if over is None:
            kept.append(ReadProject(reading, project, is_certain=is_sure or not reading.is_on_top))
        elif not _is_fragment(project, over):
            kept.append(ReadProject(reading, project, is_certain=False))
        else:
            alone.discard(last)
    return [one if one.is_certain else one._replace(is_certain=_is_only_on_top(one.reading, alone)) for one in kept]


def _laid_over(found: Iterable[tuple[Reading, ResolvedProject]]) -> Iterator[tuple[str, ResolvedProject]]:
    """The files that are laid over others, each with what comes of it; a pair of files counts before what is named."""
    for is_on_top in (False, True):
        for one, project in found:
            if one.is_on_top is is_on_top and not one.is_default:
                yield from ((path, project) for path in one.request.files[1:])


def _is_only_on_top(reading: Reading, alone: set[str]) -> bool:
    return reading.is_on_top and reading.request.files[-1] not in alone


def _is_fragment(alone: ResolvedProject, on_top: ResolvedProject) -> bool:
    """Whether a file is nothing by itself: it lacks what the file below it has."""
    if any(error.is_partial for error in alone.errors):
        return True
    for name, service in alone.services.items():
        below = on_top.services.get(name)
        if service.build and below and below.build and not _has_own_context(service) and len(below.layers) > 1:
            return True
    return False


def _has_own_context(service: ResolvedService) -> bool:
    assert service.build
    return bool(service.build.inline) or not _is_default(service.build)


def _is_default(build: ResolvedBuild) -> bool:
    """Whether the context is the one that a build has without naming one."""
    return build.context.origin is build.fields.origin and isinstance(deref(build.context.origin.node), Mapping)


def parts_of(service: ResolvedService) -> tuple[Part, ...]:
    """The places where a service has a build, the lowest first."""
    written = ((layer.file, layer.service) for layer in service.layers)
    return tuple(Part(file, one, one.build) for file, one in written if one.build)


def request_of(service: ResolvedService, home: Part) -> ComposeBuild:
    """What the build asks for in the end, at the place where its lowest part is written."""
    build = service.build
    assert build
    return home.request._replace(
        context=None if _is_default(build) else _scalar(build.context),
        dockerfile=_scalar(build.dockerfile),
        inline=_scalar(build.inline),
        target=_scalar(build.target),
        cache_from=tuple(_as_scalar(one) for one in build.cache_from),
        cache_to=tuple(_as_scalar(one) for one in build.cache_to),
    )


def _scalar(leaf: Leaf | None) -> Scalar | None:
    return _as_scalar(leaf) if leaf and leaf.text else None


def _as_scalar(leaf: Leaf) -> Scalar:
    return Scalar(leaf.origin.span, leaf.written, "")


def value_of(leaf: Leaf | None) -> str | None:
    """The text of a leaf where it is known; None for null, nothing, and what is not known."""
    return leaf.text if leaf and leaf.known else None


def shown_value(leaf: Leaf) -> str:
    """The text of a leaf, as written where it is not known."""
    return (leaf.text if leaf.known else leaf.written) or ""


def text_at(leaf: Leaf) -> Text:
    """A leaf with its place."""
    return Text(shown_value(leaf), leaf.origin.file, leaf.origin.node, leaf.origin.span)


def argument(name: str, leaf: Leaf) -> Arg:
    """A build argument as it is written; its value is that of the whole project."""
    origin = leaf.origin
    return Arg(name, None if is_bare(leaf) else shown_value(leaf), origin.node, origin.span, origin.name_span)


def is_bare(leaf: Leaf) -> bool:
    """Whether an argument stands there without a value, which it takes from the environment."""
    node = deref(leaf.origin.node)
    if not isinstance(node, Scalar):
        return False
    return "=" not in node.value if leaf.origin.name_span == leaf.origin.span else node.is_null


def way_of(origin: Origin) -> tuple[Related, ...]:
    """How a value came from its place to where it is used."""
    return tuple(Related(locate(link.source, link.span), link.word) for link in origin.chain)


def mounts_of(service: ResolvedService) -> Iterator[Mount]:
    """The mounts of a service whose type, source and target are known."""
    for one in service.mounts:
        kind, source, target = (_part(one, key) for key in ("type", "source", "target"))
        if kind is None or target is None or not target.startswith("/") or "$" in target or "$" in (source or ""):
            continue
        if "source" in one.entries and source is None:
            continue
        yield Mount(kind, source, target, one.origin.span, one.origin.file)


def _part(mount: Fields, key: str) -> str | None:
    leaf = mount.entries.get(key)
    return value_of(leaf) if isinstance(leaf, Leaf) else None
