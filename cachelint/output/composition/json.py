"""For programs: the values as ``docker compose config --format json`` prints them, and where each comes from.

The shape has a version; it changes by addition only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachelint.composition import relative
from cachelint.output.machine import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.composition import Setting, ShownProject, ShownService
    from cachelint.diagnostic import Location, Related
    from cachelint.output.terminal import Style

VERSION = 1


def render(projects: Sequence[ShownProject], style: Style) -> str:
    """The projects as one JSON object."""
    return to_json({"version": VERSION, "projects": [_project(one) for one in projects]})


def _project(project: ShownProject) -> dict[str, Any]:
    return {
        "files": [relative(path) for path in project.files],
        "profiles": list(project.profiles),
        "services": {one.name: _service(one) for one in project.services},
        "inactive": {name: list(profiles) for name, profiles in project.inactive.items()},
        "provenance": dict(_places(project)),
        "errors": [_told(one) for one in project.errors],
        "notes": [_told(one) for one in project.notes],
    }


def _service(service: ShownService) -> dict[str, Any]:
    found: dict[str, Any] = {"image": None, "pull_policy": None, "environment": {}, "volumes": [], "build": None}
    if service.is_built:
        found["build"] = dict.fromkeys(("context", "dockerfile", "target"))
        found["build"] |= {"args": {}, "cache_from": [], "cache_to": [], "no_cache": False}
    for one in service.settings:
        _put(found, one)
    return found


def _put(service: dict[str, Any], setting: Setting) -> None:
    value = setting.value if setting.known else {"unknown": setting.value}
    match setting.path:
        case ("volumes", number, key):
            mounts = service["volumes"]
            mounts += [{}] * (int(number) + 1 - len(mounts))
            mounts[int(number)] = {**mounts[int(number)], key: value}
        case ("build", ("cache_from" | "cache_to") as key, _):
            service["build"][key].append(value)
        case ("environment", name):
            service["environment"][name] = value
        case ("build", "args", name):
            service["build"]["args"][name] = value
        case ("build", key):
            service["build"][key] = value
        case (key,):
            service[key] = value


def _places(project: ShownProject) -> Iterator[tuple[str, dict[str, Any]]]:
    for service in project.services:
        for one in service.settings:
            if one.location:
                chain = [_told(link) for link in one.chain]
                yield ".".join(("services", service.name, *one.path)), {**_position(one.location), "chain": chain}


def _told(related: Related) -> dict[str, Any]:
    return {**_position(related.location), "message": related.message}


def _position(location: Location) -> dict[str, Any]:
    return {"path": relative(location.path), "line": location.start.line, "column": location.start.column}
