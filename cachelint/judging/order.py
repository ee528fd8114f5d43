"""The builds of a log in their order: which of them are the last word on what they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cachelint.judging.steps import BoundBuild

Names = frozenset[str]


def replaced(bound: Sequence[BoundBuild]) -> frozenset[int]:
    """The positions of the builds whose result a later one took the place of, having come to its end."""
    found: set[int] = set()
    done: dict[Hashable, set[Names]] = {}
    for at in reversed(range(len(bound))):
        one = bound[at]
        known = done.setdefault(_what(one), set())
        if known and (one.logged.failed or _names(one) in known):  # what failed did not come to give a name
            found.add(at)
        elif one.subject and one.logged.complete and not one.logged.failed:
            known.add(_names(one))
    return frozenset(found)


def _names(bound: BoundBuild) -> Names:
    """The names that the result got, without tags: two results under two names are two things."""
    return frozenset(image.rpartition("/")[2].partition(":")[0] for image in bound.logged.images)


def _what(bound: BoundBuild) -> Hashable:
    subject = bound.subject or bound.former
    if subject is None:
        return id(bound)
    build = subject.build
    assert build.dockerfile
    return bound.name, build.dockerfile.source.path, subject.context.directory, build.target
