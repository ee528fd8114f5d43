"""The Compose projects that commands name by their files, and the files that belong together because of that."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from cachelint.compose.readings import Reading, readings, with_named
from cachelint.diagnostic import Location, locate
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from cachelint.compose.loader import Files
    from cachelint.compose.project_files import Request
    from cachelint.deployment.compose_files import Asked
    from cachelint.scripts import Scripts
    from cachelint.workspace import Workspace

_NAMES = regex(
    r"[\"'\s](?:-f|--file|--project-directory|--workdir|--env-file)\b|\bCOMPOSE_(?:FILE|ENV_FILES|DISABLE_ENV_FILE)\b"
)
_USES = frozenset(("compose build", "compose up", "compose run", "compose create", "compose watch", "buildx bake"))
MAX_READ = 10_000_000
"""Characters of Compose files that commands may have read once more, in another combination: a bound for hostile ones.
"""


class Named(NamedTuple):
    """A project that commands ask for.

    `outer` is what all of them say about the environment of Compose, None for what they do not agree on; `place` is
    where the first of them stands.
    """

    request: Request
    outer: tuple[tuple[str, str | None], ...]
    place: Location


class Group(NamedTuple):
    """Compose files that may be used together: `paths` are those of whole directories, `named` what commands name."""

    paths: tuple[str, ...]
    named: tuple[Named, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """All of them, those too whose names alone say nothing."""
        return tuple(dict.fromkeys((*self.paths, *(path for one in self.named for path in one.request.files))))


def named_in(workspace: Workspace, scripts: Scripts, path: str) -> Iterator[tuple[Asked, Location]]:
    """The projects that the commands of one file (absolute) build or start, where it names files for them."""
    from cachelint.deployment.survey import survey

    try:
        text = workspace.source(path).text
    except SourceError:
        return
    if not _NAMES.search(text):
        return
    for deployment in survey(workspace, path, scripts):
        for call in deployment.calls:
            if call.docker and call.docker.verb in _USES and not call.docker.idle:
                asked = call.asked
                if asked and all(map(workspace.contains, asked.request.files)):
                    yield asked, locate(deployment.source, call.span)


def merged(found: Iterable[tuple[Asked, Location]]) -> list[Named]:
    """Each project once, with what its commands agree on."""
    known: dict[Request, Named] = {}
    for asked, place in found:
        first = known.setdefault(asked.request, Named(asked.request, asked.outer, place))
        if first.outer != asked.outer:
            known[asked.request] = first._replace(outer=tuple(_agreed(dict(first.outer), dict(asked.outer))))
    return list(known.values())


def _agreed(one: dict[str, str | None], two: dict[str, str | None]) -> Iterator[tuple[str, str | None]]:
    for name in sorted(one.keys() | two.keys()):
        yield name, one[name] if name in one and name in two and one[name] == two[name] else None


def grouped(workspace: Workspace, directories: Iterable[tuple[str, ...]], named: Iterable[Named]) -> list[Group]:
    """The files of each directory, together with those of others that some command uses with them."""
    groups: dict[str, Group] = {os.path.dirname(paths[0]): Group(paths) for paths in directories}
    at = {directory: directory for directory in groups}
    for one in named:
        places = list(dict.fromkeys(_found(at, os.path.dirname(path)) for path in one.request.files))
        first = min(places)
        whole = [groups.pop(place) for place in places if place in groups]
        paths = tuple(sorted((path for group in whole for path in group.paths), key=os.path.split))
        groups[first] = Group(paths, (*(more for group in whole for more in group.named), one))
        at.update(dict.fromkeys(places, first))
    return [one._replace(named=tuple(_bounded(workspace, one.named))) for _, one in sorted(groups.items())]


def _found(at: dict[str, str], directory: str) -> str:
    """The directory that stands for a group."""
    while at.setdefault(directory, directory) != directory:
        directory = at[directory]
    return directory


def _bounded(workspace: Workspace, named: Iterable[Named]) -> Iterator[Named]:
    left = MAX_READ
    for one in named:
        left -= sum(_length(workspace, path) for path in one.request.files)
        if left < 0:
            return
        yield one


def _length(workspace: Workspace, path: str) -> int:
    try:
        return len(workspace.source(path).text)
    except SourceError:
        return 0


def readings_of(files: Files, group: Group, sound: Collection[str]) -> list[Reading]:
    """The ways in which the files of a group are used, of those files that are `sound`: the rest is not read."""
    found: list[Reading] = []
    for directory, paths in groupby((path for path in group.paths if path in sound), os.path.dirname):
        found += readings(files, directory, paths)
    named = (Reading(one.request, outer=one.outer, place=one.place) for one in group.named)
    return with_named(found, (one for one in named if all(path in sound for path in one.request.files)))
