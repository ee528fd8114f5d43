"""The builds of a log in their order: which of them are the last word on what they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cachelint.log_steps import BoundBuild


def replaced(bound: Sequence[BoundBuild]) -> frozenset[int]:
    """The positions of the builds whose result a later one took the place of, having come to its end."""
    found: set[int] = set()
    done: set[Hashable] = set()
    for at in reversed(range(len(bound))):
        one = bound[at]
        key = _what(one)
        if key in done:
            found.add(at)
        elif one.subject and one.logged.complete and not one.logged.failed:
            done.add(key)
    return frozenset(found)


def _what(bound: BoundBuild) -> Hashable:
    """What is built: two results under two names, whatever their tags, are two things."""
    subject = bound.subject or bound.former
    if subject is None:
        return id(bound)
    build = subject.build
    assert build.dockerfile
    repositories = frozenset(image.rpartition("/")[2].partition(":")[0] for image in bound.logged.images)
    directory = subject.context.directory
    return bound.name, build.dockerfile.source.path, directory, build.target, repositories
