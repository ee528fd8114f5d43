"""Which files form a project: those that Compose finds by itself, those of ``.env``, and those of a command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.draft import Place
from cachelint.compose.loader import Loader
from cachelint.compose.resolved import ResolvedService, incomplete, resolve_service
from cachelint.compose.tree import ComposeError
from cachelint.compose.variables import Variables
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cachelint.compose.loader import Files

DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names that Compose looks for in a directory; the first that is there counts."""

OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What Compose lays over the default file, the first that is there, whatever the default file is called."""


class Request(NamedTuple):
    """A project that somebody asks for: absolute paths. `env_files` None means ``.env``, where there is one."""

    files: tuple[str, ...]
    directory: str
    env_files: tuple[str, ...] | None = None


class ResolvedProject(NamedTuple):
    """A project as Compose would have it. `errors` are what Compose refuses, `notes` what is not followed.

    `paths` are the files that it is made of. What is wrong with one service leaves the others as they are.
    """

    request: Request
    services: dict[str, ResolvedService]
    errors: tuple[ComposeError, ...]
    notes: tuple[ComposeError, ...]
    paths: tuple[str, ...]


def default_files(directory: str) -> tuple[str, ...]:
    """The files that Compose takes in a directory when it is told nothing."""
    return tuple(found for names in (DEFAULTS, OVERRIDES) if (found := _first_of(directory, names)))[:2]


def _first_of(directory: str, names: Sequence[str]) -> str | None:
    paths = (os.path.join(directory, name) for name in names)
    return next((path for path in paths if os.path.isfile(path)), None)


def request_for(
    files: Files, directory: str, given: Sequence[str] = (), project: str | None = None, env_files: Sequence[str] = ()
) -> Request | None:
    """The project that ``docker compose`` works on in a directory, with ``-f``, ``--project-directory`` and
    ``--env-file`` as given; relative paths start from the directory. None when there is no file.
    """
    given = tuple(os.path.normpath(os.path.join(directory, one)) for one in given)
    asked = tuple(os.path.normpath(os.path.join(directory, one)) for one in env_files) or None
    at = os.path.normpath(os.path.join(directory, project)) if project else None
    if not given:
        near = asked or _dot_env(at or directory)
        given = _named_in_environment(files, near, directory)
        if given and not asked and not project:  # the one beside the files adds to the one that names them
            asked = tuple(dict.fromkeys((*_dot_env(os.path.dirname(given[0])), *near)))
    while not given:
        found = default_files(at or directory)
        if found and os.path.basename(found[0]) in DEFAULTS:
            given = found
            break
        above = os.path.dirname(at or directory)
        if above == (at or directory) or not files.contains(above):
            return None
        at = above
    root = os.path.normpath(os.path.join(directory, project)) if project else os.path.dirname(given[0])
    return Request(given, root, asked)


def _dot_env(directory: str) -> tuple[str, ...]:
    path = os.path.join(directory, ".env")
    return (path,) if os.path.isfile(path) else ()


def _named_in_environment(files: Files, env_files: Iterable[str], directory: str) -> tuple[str, ...]:
    """The files of ``COMPOSE_FILE``."""
    known = Loader(files).variables_of(env_files, Variables({}), None).known
    names = known.get("COMPOSE_FILE")
    if names is None:
        return ()
    separator = known.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
    return tuple(os.path.normpath(os.path.join(directory, name)) for name in names.split(separator))


def resolve_project(files: Files, request: Request, outer: Variables | None = None) -> ResolvedProject:
    """Everything that Compose makes of a request. `outer` is the environment, which wins over that of files."""
    loader = Loader(files)
    env_files = _dot_env(request.directory) if request.env_files is None else request.env_files
    variables = loader.variables_of(env_files, outer or Variables({}), None)
    model = loader.load(request.files, Place(request.directory, variables))
    services: dict[str, ResolvedService] = {}
    for name, draft in model.services.items():
        try:
            services[name] = resolve_service(name, draft, variables)
        except ComposeError as error:
            loader.errors.append(error)
    loader.errors += incomplete(services.values(), model.services, model.volumes)
    errors = {(str(one), one.source.path, one.span): one for one in loader.errors}
    layers = (layer for draft in model.services.values() for layer in draft.layers)
    paths = dict.fromkeys((*model.paths, *(layer.file.source.path for layer in layers)))
    return ResolvedProject(request, services, tuple(errors.values()), tuple(loader.notes), tuple(paths))
