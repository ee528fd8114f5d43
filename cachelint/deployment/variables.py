"""Which variables a deployment sets for its own commands."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.deployment.commands import absolute
from cachelint.deployment.jobs import Unit
from cachelint.regex import regex
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.documents.script import Sourced
    from cachelint.workspace import Workspace

_SET = regex(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=", re.MULTILINE)


def variables_set(workspace: Workspace, job: ScriptJob) -> Iterator[str | None]:
    """The names of the variables; None for variables that nobody can name."""
    for unit in job.items:
        if isinstance(unit, Unit):
            yield from unit.env
            yield from (one.name for one in unit.script.assignments if one.how != "unset")
            for command in unit.script.commands:
                yield from (one.name for one in command.assignments)
            for sourced in unit.script.sourced:
                yield from _in_sourced(workspace, unit, sourced)


def _in_sourced(workspace: Workspace, unit: Unit, sourced: Sourced) -> tuple[str | None, ...]:
    """The variables that a sourced file sets; one that is not here may set any."""
    names = names_in_sourced(workspace, unit, sourced)
    return (None,) if names is None else names


def names_in_sourced(workspace: Workspace, unit: Unit, sourced: Sourced) -> tuple[str, ...] | None:
    """The variables that a file sets which is read into a script; None for a file that is not here."""
    for path in absolute(unit, sourced.place) if sourced.place else ():
        if os.path.isfile(path):
            try:
                return tuple(match[1] for match in _SET.finditer(workspace.source(path).text))
            except SourceError:
                return None
    return None
