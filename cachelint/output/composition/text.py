"""For people: a table for each service, with the place that each value comes from and the way it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.composition import relative
from cachelint.output.terminal import columns, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.composition import Setting, ShownProject, ShownService
    from cachelint.diagnostic import Location
    from cachelint.output.terminal import Style

_WIDEST = 48


def render(projects: Sequence[ShownProject], style: Style) -> str:
    """The projects, one below the other."""
    return "\n".join("\n".join(_project(one, style)) + "\n" for one in projects)


def _project(project: ShownProject, style: Style) -> Iterator[str]:
    yield style.paint(printable(" + ".join(relative(path) for path in project.files)), "path")
    if project.profiles:
        yield f"  profiles: {printable(', '.join(project.profiles))}"
    for service in project.services:
        yield f"  {style.paint(printable(service.name), 'path')}"
        yield from _service(service, style)
    for name, profiles in project.inactive.items():
        yield f"  {printable(name)}: left out without --profile {printable(' or '.join(profiles))}"
    for note in project.notes:
        yield f"  {_place(note.location)}: {printable(note.message)}"


def _service(service: ShownService, style: Style) -> Iterator[str]:
    rows = [(printable(_name(one)), printable(_value(one)), printable(_origin(one))) for one in service.settings]
    names, values = (min(_WIDEST, max((columns(row[at]) for row in rows), default=0)) for at in (0, 1))
    for name, value, origin in rows:
        yield f"    {_padded(name, names)}  {_padded(value, values)}  {style.paint(origin, 'dim')}".rstrip()


def _name(setting: Setting) -> str:
    if setting.path[0] == "volumes":
        return f"volumes[{setting.path[1]}].{setting.path[2]}"
    if setting.path[1:2] in (("cache_from",), ("cache_to",)):
        return f"build.{setting.path[1]}[{setting.path[2]}]"
    return ".".join(setting.path)


def _value(setting: Setting) -> str:
    if not setting.known:
        return f"{setting.value}  (unknown)"
    if setting.value is None:
        return "(not set)"
    if isinstance(setting.value, bool):
        return "true" if setting.value else "false"
    if setting.path[-1] in ("context", "source") and setting.value.startswith("/"):
        return relative(setting.value)
    return setting.value or '""'


def _origin(setting: Setting) -> str:
    if setting.location is None:
        return "by default"
    way = [f"{one.message} {_place(one.location)}" for one in setting.chain]
    return ", ".join((_place(setting.location), *way))


def _place(location: Location) -> str:
    return f"{relative(location.path)}:{location.start.line}"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))
