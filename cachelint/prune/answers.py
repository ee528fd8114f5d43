"""Scripts whose standard output is a result: somebody reads it, or all else that they print goes to standard error."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.deployment.commands import absolute
from cachelint.discovery import Kind
from cachelint.documents.shell_syntax import SHELLS
from cachelint.prune.taken import Taken
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command

_SELF = regex(r"\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})")
_STDERR = regex(r"1?>>?\s*(?:&2|/dev/stderr)")
_BOTH = regex(r"2>&1|&>")


def is_read(deployment: Deployment) -> bool:
    """Whether a script of the tree, or the script itself, reads what it prints: ``tag=$(./build.sh)``.

    Whoever takes what it says of errors, too, takes it for a log.
    """
    if deployment.job.kind is not Kind.SHELL:
        return False
    path = deployment.source.path
    functions = frozenset(one.name for unit in deployment.units for one in unit.script.functions)
    if any(_reads(unit, path, functions) for unit in deployment.callers.naming(path)):
        return True
    # Up to where the next one begins: else a line of them takes time that grows with its square.
    makes = re.compile(rf"\$\(shell(?:(?!\$\(shell)[^)\n])*{re.escape(os.path.basename(path))}")
    return any(map(makes.search, deployment.callers.texts_naming(path)))


def reports_apart(commands: Iterable[DockerCommand]) -> bool:
    """Whether Docker's own output is sent to standard error, so that standard output is for something else."""
    return any(
        _STDERR.fullmatch(f"{one.operator}{one.target.text if one.target else ''}")
        for docker in commands
        for one in docker.command.redirections
    )


def _reads(unit: Unit, path: str, functions: frozenset[str]) -> bool:
    """Whether a shell reads what a script prints, or one of its `functions`, if it reads the script in."""
    script = unit.script
    if not script.taken:
        return False
    own = unit.text.source.path == path
    reads_in = any(os.path.basename(one.path.text) == os.path.basename(path) for one in script.sourced)
    names = functions.difference(one.name for one in script.functions) if reads_in else frozenset()
    calls = [one for one in script.commands if one.name in names or _runs(unit, one, path, own=own)]
    if not calls:
        return False
    taken = Taken(script)
    text = script.source.text
    return any(taken.command(one.number) and not _BOTH.search(text[slice(*one.span)]) for one in calls)


def _runs(unit: Unit, command: Command, path: str, *, own: bool) -> bool:
    """Whether a command runs a script; by its name where nobody knows the directory."""
    if not command.words:
        return False
    program = command.texts[0]
    if command.name in SHELLS:
        program = next((one for one in command.texts[1:] if not one.startswith("-")), "")
    if own and _SELF.fullmatch(program):
        return True
    places = [place for place, _ in unit.called.get(command.number, ())]
    known = [found for place in places for found in absolute(unit, place)]
    if known:
        return path in known
    return program.rpartition("/")[2] == path.rpartition("/")[2]
