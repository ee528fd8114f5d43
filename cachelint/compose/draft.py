"""Services on their way to being resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.env_files import long_env_files
from cachelint.compose.merge import build_fields, is_null, unique_mounts, without
from cachelint.compose.mounts import mount_of
from cachelint.compose.paths import resolved_context, resolved_mount
from cachelint.compose.tree import Fields, Items
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.compose.tree import Link, Value
    from cachelint.compose.variables import Variables
    from cachelint.documents.compose import ComposeFile, Service


_SHORT = ("build", "volumes", "env_file")


class Layer(NamedTuple):
    """One place where a service is written."""

    file: ComposeFile
    service: Service


class Draft(NamedTuple):
    """A service so far. `layers` are the places that it is made of, the lowest first; `broken` when one is missing.

    `extends` names the services (file, name) that it extends, the nearest first.
    """

    fields: Fields
    layers: tuple[Layer, ...]
    extends: tuple[tuple[str, str], ...] = ()
    broken: bool = False


class Model(NamedTuple):
    """What some files say together: services, names of volumes and networks, the paths of all files that took part."""

    services: dict[str, Draft]
    volumes: dict[str, None]
    networks: dict[str, None]
    paths: dict[str, None]


class Place(NamedTuple):
    """How a file is read: the directory that its paths are relative to, its variables, and the way to it.

    `including` are the files that include each other down to this one.
    """

    directory: str
    variables: Variables
    chain: tuple[Link, ...] = ()
    including: tuple[str, ...] = ()


def remove(services: dict[str, Draft], path: tuple[str, ...]) -> None:
    """Drop what ``!reset`` or ``!override`` at a path (``services``, name, keys) takes away."""
    if path == ("services",):
        services.clear()
    if len(path) < 2 or path[0] != "services" or path[1] not in services:
        return
    if len(path) == 2:
        del services[path[1]]
    else:
        draft = services[path[1]]
        services[path[1]] = draft._replace(fields=without(draft.fields, path[2:]))


def canonical(service: Fields, directory: str) -> Fields:
    """A service with long forms in place of short ones, contexts and mounts with absolute paths. Raises `ComposeError`.

    Mounts are compared as they are written and then again when short ones are long: Compose does so, too.
    """
    changed: dict[str, Value] = {}
    build, volumes, env_files = map(service.entries.get, _SHORT)
    if build is not None and not is_null(build):
        changed["build"] = _canonical_build(build_fields(build), directory)
    if isinstance(volumes, Items) and volumes.values:
        mounts = (resolved_mount(mount_of(one), directory) for one in unique_mounts(volumes.values))
        changed["volumes"] = Items(tuple(unique_mounts(mounts)), volumes.origin)
    if env_files is not None:
        changed["env_file"] = long_env_files(env_files)
    if all(value is service.entries[key] for key, value in changed.items()):
        return service
    return Fields({**service.entries, **changed}, service.origin)


def _canonical_build(build: Fields, directory: str) -> Fields:
    context = build.entries.get("context")
    resolved = context and resolved_context(context, directory)
    return build if resolved is context or resolved is None else build.with_entry("context", resolved)
