"""Which files form a project: those that Compose finds by itself, those of ``.env``, and those of a command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.draft import Place
from cachelint.compose.environment import Environments
from cachelint.compose.loader import Loader
from cachelint.compose.resolved import ResolvedService, incomplete, resolve_service, undefined
from cachelint.compose.tree import ComposeError
from cachelint.compose.variables import Variables
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


_SWITCH = "COMPOSE_DISABLE_ENV_FILE"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")  # Go's strconv.ParseBool takes these words and no others


class Options(NamedTuple):
    """``-f``, ``--project-directory`` and ``--env-file`` of a command line; relative paths start where it runs."""

    files: Sequence[str] = ()
    project: str | None = None
    env_files: Sequence[str] = ()


NO_OPTIONS = Options()


class Request(NamedTuple):
    """A project that somebody asks for: absolute paths. `env_files` None means ``.env``, where there is one."""

    files: tuple[str, ...]
    directory: str
    env_files: tuple[str, ...] | None = None


class ResolvedProject(NamedTuple):
    """A project as Compose would have it. `errors` are what Compose refuses, `notes` what is not followed.

    `paths` are the files that it is made of, `profiles` those that ``COMPOSE_PROFILES`` switches on; None where only
    the deploying machine knows. With `lacks_variables` an environment file that is asked for is not here. What is wrong
    with one service leaves the others as they are.
    """

    request: Request
    services: dict[str, ResolvedService]
    errors: tuple[ComposeError, ...]
    notes: tuple[ComposeError, ...]
    paths: tuple[str, ...]
    profiles: frozenset[str] | None = frozenset()
    lacks_variables: bool = False


def default_files(directory: str) -> tuple[str, ...]:
    """The files that Compose takes in a directory when it is told nothing."""
    return tuple(found for names in (DEFAULTS, OVERRIDES) if (found := _first_of(directory, names)))[:2]


def _first_of(directory: str, names: Sequence[str]) -> str | None:
    paths = (os.path.join(directory, name) for name in names)
    return next((path for path in paths if os.path.isfile(path)), None)


def request_for(
    files: Files, directory: str, options: Options = NO_OPTIONS, outer: Variables | None = None
) -> Request | None:
    """The project that ``docker compose`` works on in a directory, with `outer` as its environment.

    None when there is no file, or when only the deploying machine knows which.
    """
    outer = outer or Variables({})
    project = options.project
    at = os.path.normpath(os.path.join(directory, project)) if project else None
    asked = _absolute(directory, options.env_files) if options.env_files else _env_files_of(outer, directory)
    if asked is None and is_switched_off(outer) is not False:
        asked = ()
    names = _absolute(directory, options.files)
    if not names:
        near = _dot_env(at or directory) if asked is None else asked
        known = Loader(files).variables_of(near, outer, None).known
        chosen = _named_in_environment(known, directory)
        if chosen is None or (is_switched_off(outer) is None and _dot_env(at or directory)):
            return None
        names = chosen
        if names and asked is None and not project:  # the one beside the files adds to the one that names them
            asked = tuple(dict.fromkeys((*_dot_env(os.path.dirname(names[0])), *near)))
            asked = () if is_switched_off(Variables(known)) else asked
    names = names or _found_upward(files, at or directory)
    return Request(names, at or os.path.dirname(names[0]), asked) if names else None


def _absolute(directory: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(os.path.normpath(os.path.join(directory, one)) for one in names)


def _env_files_of(outer: Variables, directory: str) -> tuple[str, ...] | None:
    """The files of ``COMPOSE_ENV_FILES``; none where that is not known, None without it."""
    if "COMPOSE_ENV_FILES" not in outer.known:
        return None
    names = outer.known["COMPOSE_ENV_FILES"]
    return _absolute(directory, filter(None, (names or "").split(","))) or (() if names is None else None)


def _found_upward(files: Files, directory: str) -> tuple[str, ...]:
    """The files in the directory, else in the nearest one above it that has some."""
    while True:
        found = default_files(directory)
        if found and os.path.basename(found[0]) in DEFAULTS:
            return found
        above = os.path.dirname(directory)
        if above == directory or not files.contains(above):
            return ()
        directory = above


def _dot_env(directory: str) -> tuple[str, ...]:
    path = os.path.join(directory, ".env")
    return (path,) if os.path.isfile(path) else ()


def environment_files(request: Request) -> tuple[str, ...]:
    """The files that say what variables stand for, where the environment does not: the last one counts."""
    return _dot_env(request.directory) if request.env_files is None else request.env_files


def is_switched_off(environment: Variables) -> bool | None:
    """Whether Compose reads no ``.env`` in an environment; None where that is not known, or Compose refuses to tell."""
    if _SWITCH not in environment.known:
        return False
    value = environment.known[_SWITCH]
    return True if value in _TRUE else False if value in _FALSE else None


def _named_in_environment(known: Mapping[str, str | None], directory: str) -> tuple[str, ...] | None:
    """The files of ``COMPOSE_FILE``; none without it, None where only the deploying machine knows them."""
    if "COMPOSE_FILE" not in known:
        return ()
    names, separator = known["COMPOSE_FILE"], known.get("COMPOSE_PATH_SEPARATOR", os.pathsep)
    return None if names is None or separator is None else _absolute(directory, names.split(separator or os.pathsep))


def resolve_project(
    files: Files, request: Request, outer: Variables | None = None, *, with_environment: bool = False
) -> ResolvedProject:
    """Everything that Compose makes of a request; the environment of services, and what it lacks, only when asked for.

    `outer` is the environment of Compose itself, which wins over that of files.
    """
    loader = Loader(files, with_environment=with_environment)
    outer = outer or Variables({})
    variables = _variables(loader, request, outer)
    model = loader.load(request.files, Place(request.directory, variables))
    services: dict[str, ResolvedService] = {}
    environments = Environments(files, request.directory, variables, loader.notes)
    for name, draft in model.services.items():
        try:
            services[name] = resolve_service(name, draft, variables, environments)
        except ComposeError as error:
            loader.errors.append(error)
    loader.errors += incomplete(services.values(), model.services, model.volumes)
    if with_environment:
        loader.errors += undefined(model.services, model.networks)
        loader.notes += loader.demands(request.files, variables)
    errors, notes = _once(loader.errors), _once(loader.notes)
    layers = (layer for draft in model.services.values() for layer in draft.layers)
    paths = dict.fromkeys((*model.paths, *(layer.file.source.path for layer in layers)))
    found = errors, notes, tuple(paths)
    lacks = outer.known.get("COMPOSE_ENV_FILES", "") is None or is_switched_off(outer) is None
    lacks = lacks or not all(map(os.path.isfile, request.env_files or ()))
    return ResolvedProject(request, services, *found, _profiles(variables), lacks)


def _variables(loader: Loader, request: Request, outer: Variables) -> Variables:
    """What variables stand for: what the environment says, then files.

    Compose takes its own variables of ``.env`` over into the environment before it looks there whether it shall read
    ``.env`` (docker/compose, cmd/compose/compose.go): so the file can switch off the rest of itself.
    """
    found = loader.variables_of(environment_files(request), outer, None)
    if request.env_files is not None:
        return found
    if not is_switched_off(found):
        if is_switched_off(found) is None and found.known[_SWITCH] is not None and _SWITCH not in outer.known:
            loader.errors.append(loader.refused_value(environment_files(request)[-1], _SWITCH, "must be true or false"))
        return found
    own = {name: one for name, one in found.known.items() if name in outer.known or name.startswith("COMPOSE_")}
    return Variables(own, complete=outer.complete)


def _once(errors: Iterable[ComposeError]) -> tuple[ComposeError, ...]:
    """What is wrong at an anchor is wrong in every service that takes it in: it is said once."""
    return tuple({(str(one), one.source.path, one.span): one for one in errors}.values())


def _profiles(variables: Variables) -> frozenset[str] | None:
    named = variables.known.get("COMPOSE_PROFILES", "")
    return None if named is None else frozenset(filter(None, named.split(",")))
