"""Findings that exist in one use of some Compose files and not in another: they say in which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Related

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.diagnostic import Diagnostic, Location
    from cachelint.project import Build, Project
    from cachelint.rules.base import Rule


def findings_of_builds(rule: Rule, builds: Iterable[Build], project: Project) -> Iterator[Diagnostic]:
    """What a rule finds in builds. One thing about one service is said once, whatever files are used together."""
    found: dict[tuple[object, ...], tuple[Diagnostic, list[Build]]] = {}
    for build in builds:
        times: dict[Location, int] = {}
        for diagnostic in rule.check_build(build, project):
            name = build.service.name if build.service else id(build)
            number = times.get(diagnostic.location, 0)
            times[diagnostic.location] = number + 1
            key = name, diagnostic.location, number
            found.setdefault(key, (diagnostic, []))[1].append(build)
    for diagnostic, having in found.values():
        yield _named(diagnostic, having, project.builds)


def _named(diagnostic: Diagnostic, having: Sequence[Build], builds: Iterable[Build]) -> Diagnostic:
    """The finding, with the files it holds for: when a command names them, or when the service is built otherwise too.

    What holds for the files that Compose takes by itself needs no such word.
    """
    first = having[0]
    if first.service is None:
        return diagnostic
    diagnostic = diagnostic._replace(subject=first.service.name)
    if any(one.is_default for one in having):
        return diagnostic
    told = next((one for one in having if one.named), first)
    so = f"{told.combined} {'are used together' if len(told.combination) > 1 else 'is used alone'}"
    if told.named:
        diagnostic = diagnostic._replace(related=(*diagnostic.related, Related(told.named, f"{so} here")))
    name, known = first.service.name, set(map(id, having))
    files = {part.file.source.path for one in having for part in one.parts} | {diagnostic.path}
    others = (one for one in builds if one.service and one.service.name == name and id(one) not in known)
    if all(files.isdisjoint(one.paths) for one in others):
        return diagnostic
    where = f" This is so where {so}."
    return diagnostic._replace(message=f"{diagnostic.message}{where}", where=where)
