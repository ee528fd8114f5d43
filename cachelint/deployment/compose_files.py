"""The Compose files that a command reads, and the services in them that it is about."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.deployment.commands import is_known
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cachelint.documents.docker_command import DockerCommand
    from cachelint.project import Build, Project
    from cachelint.workspace import Workspace

# In the order in which Compose looks for them (compose-spec/compose-go, cli/options.go).
_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_CHOOSES_FILES = re.compile(r"^\s*(?:export\s+)?COMPOSE_FILE=", re.MULTILINE)


def compose_files(workspace: Workspace, docker: DockerCommand, directories: Iterable[str]) -> tuple[str, ...]:
    """The files (absolute) of a Compose command that runs in one of these directories; none where not certain."""
    given = [one for one in (*docker.globals, *docker.options) if one.name == "--file"]
    if not all(is_known(one.word) for one in given) or docker.doubt:
        return ()
    names = [one.value or "" for one in given]
    found = [_in(workspace, directory, names) for directory in directories]
    certain = list(dict.fromkeys(files for files in found if files))
    return certain[0] if len(certain) == 1 else ()


def _in(workspace: Workspace, directory: str, names: list[str]) -> tuple[str, ...]:
    if not names:
        return _found_by_compose(workspace, directory)
    paths = [workspace.tree.name_of(os.path.normpath(os.path.join(directory, name))) for name in names]
    return tuple(paths) if all(map(os.path.isfile, paths)) else ()


def _found_by_compose(workspace: Workspace, directory: str) -> tuple[str, ...]:
    """The file in the directory, else in the nearest one above it, with its override."""
    root = workspace.tree.root
    while not any(os.path.isfile(os.path.join(directory, name)) for name in _NAMES):
        if len(directory) <= len(root):
            return ()
        directory = os.path.dirname(directory)
    if _is_chosen_elsewhere(workspace, directory):
        return ()
    names = [_first(directory, _NAMES), _first(directory, _OVERRIDES)]
    return tuple(workspace.tree.name_of(os.path.join(directory, name)) for name in names if name)


def _first(directory: str, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if os.path.isfile(os.path.join(directory, name))), None)


def _is_chosen_elsewhere(workspace: Workspace, directory: str) -> bool:
    """Whether ``.env`` names the files."""
    path = os.path.join(directory, ".env")
    try:
        return os.path.isfile(path) and _CHOOSES_FILES.search(workspace.source(path).text) is not None
    except SourceError:
        return True


def services(
    docker: DockerCommand, files: tuple[str, ...], bind: Callable[[tuple[str, ...]], Project]
) -> tuple[Build, ...]:
    """The builds of the services that a Compose command is about.

    `bind` makes the project of files that are given to Compose together.
    """
    wanted = [word.text for word in docker.services if is_known(word)]
    if len(wanted) < len(docker.services):
        return ()
    found = bind(files).builds
    return tuple(one for one in found if not wanted or (one.service and one.service.name in wanted))
