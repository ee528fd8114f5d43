"""Findings that exist in one use of some Compose files and not in another: they say in which."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.diagnostic import Diagnostic, Location
    from cachelint.project import Build, Project
    from cachelint.rules.base import Rule


def findings_of_builds(rule: Rule, builds: Iterable[Build], project: Project) -> Iterator[Diagnostic]:
    """What a rule finds in builds. One thing about one service is said once, whatever files are used together."""
    found: dict[tuple[object, ...], tuple[Diagnostic, list[Build]]] = {}
    for build in builds:
        times: Counter[Location] = Counter()
        for diagnostic in rule.check_build(build, project):
            name = build.service.name if build.service else id(build)
            key = name, diagnostic.location, times[diagnostic.location]
            times[diagnostic.location] += 1
            found.setdefault(key, (diagnostic, []))[1].append(build)
    for diagnostic, having in found.values():
        yield _named(diagnostic, having, project.builds)


def _named(diagnostic: Diagnostic, having: Sequence[Build], builds: Iterable[Build]) -> Diagnostic:
    """The finding, with the files it holds for when the same service is built otherwise with others.

    What holds for the files that Compose takes by itself needs no such word.
    """
    first = having[0]
    if first.service is None:
        return diagnostic
    diagnostic = diagnostic._replace(subject=first.service.name)
    if any(one.is_default for one in having):
        return diagnostic
    name, known = first.service.name, set(map(id, having))
    others = (one for one in builds if one.service and one.service.name == name and id(one) not in known)
    if not any(diagnostic.path in one.paths for one in others):
        return diagnostic
    files = " + ".join(map(os.path.basename, first.combination))
    how = "are used together" if len(first.combination) > 1 else "is used alone"
    return diagnostic._replace(message=f"{diagnostic.message} This is so where {files} {how}.")
