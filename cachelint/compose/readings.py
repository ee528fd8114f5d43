"""How Compose files may be used: what Compose takes by itself, what commands name, and files that may be given to it.

Where nobody says whether ``docker-compose.prod.yml`` is used alone or on top of the file beside it, it is read both
ways.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.project_files import DEFAULTS, OVERRIDES, Request, environment_files, request_for
from cachelint.documents.compose import NotComposeError
from cachelint.documents.yaml import YamlError
from cachelint.record import NamedTuple
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.compose.loader import Files
    from cachelint.diagnostic import Location


class Reading(NamedTuple):
    """One way to use some files. `is_default` when Compose takes these without being told, `is_on_top` when a file is
    laid over the one that Compose would take. `place` is the command that names them, `outer` what it says about its
    environment."""

    request: Request
    is_default: bool = False
    is_on_top: bool = False
    outer: tuple[tuple[str, str | None], ...] = ()
    place: Location | None = None


def readings(files: Files, directory: str, paths: Iterable[str]) -> Iterator[Reading]:
    """The readings of a directory's Compose files, the default one first."""
    paths = list(paths)
    default = _default(files, directory, paths)
    if default:
        yield Reading(default, is_default=True)
    taken = set(default.files) if default else set()
    base = default.files[0] if default else None
    env_files = default.env_files if default and default.env_files == () else None
    for path in paths:
        if path not in taken:
            yield Reading(Request((path,), directory, env_files))
            if base and _is_for_laying_over(path) and _names(files, path) & _names(files, base):
                yield Reading(Request((base, path), directory, env_files), is_on_top=True)


def with_named(found: Iterable[Reading], named: Iterable[Reading]) -> list[Reading]:
    """Readings together with those that commands name; what Compose takes by itself stays as it is."""
    readings = {_key(one): one for one in found}
    for one in named:
        known = readings.get(_key(one))
        if known is None:
            readings[_key(one)] = one
        elif not known.is_default:
            readings[_key(one)] = known._replace(place=one.place)
    return list(readings.values())


def _key(reading: Reading) -> tuple[object, ...]:
    request = reading.request
    return request.files, request.directory, environment_files(request)


def _default(files: Files, directory: str, paths: list[str]) -> Request | None:
    """What Compose takes here, unless that lies elsewhere or is no file that cachelint reads."""
    if os.path.isfile(os.path.join(directory, ".env")):
        request = request_for(files, directory)
        if request is None or request.files[0] not in paths:
            return None
        return request._replace(files=tuple(path for path in request.files if path in paths or files.contains(path)))
    beside = {os.path.basename(path): path for path in paths}
    found = [next((beside[name] for name in names if name in beside), None) for names in (DEFAULTS, OVERRIDES)]
    return Request(tuple(path for path in found if path), directory, ()) if found[0] else None


def _is_for_laying_over(path: str) -> bool:
    """An override file is laid over the default one anyway; another default one is an alternative to it."""
    return os.path.basename(path) not in (*DEFAULTS, *OVERRIDES)


def _names(files: Files, path: str) -> set[str]:
    try:
        return {service.name for service in files.compose(path).services}
    except (SourceError, YamlError, NotComposeError):
        return set()
