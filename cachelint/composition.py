"""What ``cachelint config`` shows: the services of projects as Compose has them, each value with its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.tree import Fields, Leaf
from cachelint.diagnostic import Location, Related, locate
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.compose.project_files import ResolvedProject
    from cachelint.compose.resolved import ResolvedBuild, ResolvedService
    from cachelint.compose.tree import ComposeError, Link, Origin

_LISTS = ("cache_from", "cache_to")
_MOUNT = ("type", "source", "target", "read_only")


class Setting(NamedTuple):
    """One value: `path` is its keys inside the service. Where it is not `known`, it is as written; None is no value.

    `location` is None for what Compose adds by itself; `chain` is how the value came from there.
    """

    path: tuple[str, ...]
    value: str | bool | None
    known: bool
    location: Location | None
    chain: tuple[Related, ...]


class ShownService(NamedTuple):
    """A service with its settings, in the order of Compose's own output."""

    name: str
    settings: tuple[Setting, ...]
    is_built: bool


class ShownProject(NamedTuple):
    """A project: absolute paths of its files, the profiles that are switched on, what is wrong, what is left out.

    `inactive` are the services that no such profile has, each with its own profiles.
    """

    files: tuple[str, ...]
    profiles: tuple[str, ...]
    services: tuple[ShownService, ...]
    inactive: dict[str, tuple[str, ...]]
    errors: tuple[Related, ...]
    notes: tuple[Related, ...]


def shown(project: ResolvedProject, profiles: Iterable[str] = (), only: str | None = None) -> ShownProject:
    """A project as it is shown: with the services that some profiles switch on, or with one service only.

    As Compose has it, ``COMPOSE_PROFILES`` counts where no profile is named, and a service that is named is there
    whatever its profiles. Where only the deploying machine knows the profiles all services are shown.
    """
    wanted = frozenset(profiles) or project.profiles
    services = [one for one in project.services.values() if only in (None, one.name)]
    active = {one.name: one for one in services if only or _is_active(one, wanted)}
    inactive = {one.name: tuple(map(_text, one.profiles)) for one in services if one.name not in active}
    return ShownProject(
        project.request.files,
        tuple(sorted(wanted or ())),
        tuple(ShownService(one.name, tuple(_settings(one)), one.build is not None) for one in active.values()),
        inactive,
        tuple(_told(one) for one in project.errors),
        tuple(_told(one) for one in project.notes),
    )


def _text(leaf: Leaf) -> str:
    return leaf.text or ""


def _is_active(service: ResolvedService, profiles: frozenset[str] | None) -> bool:
    own = {leaf.text for leaf in service.profiles if leaf.known}
    is_sure = len(own) == len(service.profiles)
    return not service.profiles or profiles is None or "*" in profiles or not is_sure or not own.isdisjoint(profiles)


def _told(error: ComposeError) -> Related:
    return Related(locate(error.source, error.span), str(error))


def _settings(service: ResolvedService) -> Iterator[Setting]:
    for key, leaf in (("image", service.image), ("pull_policy", service.pull_policy)):
        if leaf:
            yield _setting((key,), leaf)
    if service.build:
        yield from _of_build(service.build)
    for name, one in sorted(service.environment.items()):
        yield Setting(("environment", name), one.text, one.known, locate(one.source, one.span), _way(one.chain))
    for number, mount in enumerate(service.mounts):
        yield from _of_mount(mount, number)


def _of_build(build: ResolvedBuild) -> Iterator[Setting]:
    yield _setting(("build", "context"), build.context)
    if build.inline:
        yield _setting(("build", "dockerfile_inline"), build.inline)
    elif build.dockerfile:
        yield _setting(("build", "dockerfile"), build.dockerfile)
    else:
        yield Setting(("build", "dockerfile"), "Dockerfile", known=True, location=None, chain=())
    if build.target:
        yield _setting(("build", "target"), build.target)
    for name, leaf in build.args.items():
        yield _setting(("build", "args", name), leaf)
    for key, leaves in zip(_LISTS, (build.cache_from, build.cache_to), strict=True):
        for number, leaf in enumerate(leaves):
            yield _setting(("build", key, str(number)), leaf)
    no_cache = build.fields.entries.get("no_cache")
    if isinstance(no_cache, Leaf):
        setting = _setting(("build", "no_cache"), no_cache)
        yield setting if build.no_cache is None else setting._replace(value=build.no_cache)


def _of_mount(mount: Fields, number: int) -> Iterator[Setting]:
    for key in _MOUNT:
        leaf = mount.entries.get(key)
        if isinstance(leaf, Leaf) and leaf.text is not None:
            setting = _setting(("volumes", str(number), key), leaf)
            yield setting._replace(value=leaf.text == "true") if key == "read_only" and leaf.known else setting


def _setting(path: tuple[str, ...], leaf: Leaf) -> Setting:
    value = (leaf.text if leaf.known else leaf.written) or ""
    return Setting(path, value, leaf.known, _location(leaf.origin), _way(leaf.origin.chain))


def _way(chain: Iterable[Link]) -> tuple[Related, ...]:
    return tuple(Related(locate(link.source, link.span), link.word) for link in chain)


def _location(origin: Origin) -> Location:
    return locate(origin.source, origin.span)


def relative(path: str) -> str:
    """A path as it is shown: from the current directory, with ``/``."""
    return os.path.relpath(path).replace(os.sep, "/")
