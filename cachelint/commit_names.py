"""What the commit argument is called in a project: as its builds pass it, where they agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.dockerfile import pairs
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cachelint.commit_arg import CommitArg
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.project import Build, BuildArg

_VARIABLE = regex(r"\$(?:\{([A-Za-z_]\w*)(?::?[-?][^${}]*)?\}|([A-Za-z_]\w*))")


def variable_of(value: str | None, name: str) -> str | None:
    """The one variable that an argument takes its value from, None where it takes it from elsewhere, too.

    `value` is as a Compose file says it, None for a bare name, which stands for the variable of that name.
    """
    if value is None:
        return name
    match = _VARIABLE.fullmatch(value)
    return (match[1] or match[2]) if match else None


def default_of(value: str | None) -> str:
    """What a value is that consists of one variable, when nothing sets that; empty where it has no default."""
    match = re.fullmatch(r"\$\{\w+:?-([^${}]*)\}", value or "")
    return match[1] if match else ""


def commit_name(builds: Iterable[Build], commit: CommitArg) -> str:
    """The commit argument that these builds pass, else the one that they declare, else the configured one."""
    return _agreed(builds, lambda arg: arg.name, commit)


def commit_variable(builds: Iterable[Build], commit: CommitArg) -> str:
    """The same for the variable that the argument takes its value from."""
    return _agreed(builds, lambda arg: variable_of(arg.written or arg.value, arg.name), commit)


def _agreed(builds: Iterable[Build], told: Callable[[BuildArg], str | None], commit: CommitArg) -> str:
    known = list(builds)
    passed = {told(arg) for build in known for arg in build.args if commit.is_one(arg.name)} - {None}
    if not passed:
        passed = {name for build in known if build.dockerfile for name in _declared(build.dockerfile, commit)}
    [only, *others] = passed or {commit.name}
    return commit.name if others or only is None else only


def _declared(dockerfile: Dockerfile, commit: CommitArg) -> Iterator[str]:
    for one in dockerfile.instructions:
        if one.keyword == "ARG":
            yield from (pair.name for pair in pairs(one) if commit.is_one(pair.name))
