"""Builders that a script makes itself and that are surely new: their cache is empty, there is nothing to prune.

More than that, ``buildx prune`` of a builder that has not started yet fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_daemon import UNNAMED
from cachelint.documents.script_blocks import blocks
from cachelint.documents.script_tree import Chain, If, Loop, Simple
from cachelint.prune.errexit import unstopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.docker_daemon import Daemon
    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Block, Statement

_DRIVERS = frozenset({None, "docker-container"})
_ENDS = frozenset({"exit", "return"})


def made_builders(
    script: Script, calls: Mapping[int, DockerCommand], builds: Mapping[int, Daemon]
) -> dict[int, Daemon]:
    """The builders that are surely new, by the numbers of the commands that make them.

    `builds` are the builders of the script's builds. One that is there already has ``create`` fail: so it must be seen
    to that what comes behind does not run then.
    """
    makes = {number: one for number, docker in calls.items() if (one := _made(docker))}
    if not makes:
        return {}
    sure = {number for number, one in makes.items() if one.builder == UNNAMED}
    sure.update(number for number in _stopping(script) if number in makes)
    sure.update(_in_chains(script, makes, builds))
    return {number: makes[number] for number in sorted(sure)}


def _made(docker: DockerCommand) -> Daemon | None:
    """The builder that a command makes, if it is a new container."""
    if docker.verb != "buildx create" or docker.doubt or docker.flag("--append") or docker.value("--node"):
        return None
    if docker.value("--driver") not in _DRIVERS:
        return None
    name = docker.value("--name")
    if name:
        return docker.daemon._replace(builder=name)
    return docker.daemon._replace(builder=UNNAMED, certain=False) if docker.flag("--use") else None


def _stopping(script: Script) -> Iterator[int]:
    """The commands whose failure ends the script: under ``set -e`` on their own, or in front of ``|| exit 1``."""
    errexit = _holds_throughout(script)
    looked_at = unstopped(script).sometimes if errexit else frozenset()
    for block, is_condition in _all_blocks(script):
        for one in block.statements:
            if isinstance(one, Simple) and one.command is not None and not one.background:
                function = script.commands[one.command].function
                if errexit and not is_condition and function not in looked_at:
                    yield one.command
            elif isinstance(one, Chain) and one.operators == ("||",) and _ends(script, one.parts[1]):
                yield from [one.parts[0].numbers.start] if isinstance(one.parts[0], Simple) else []


def _holds_throughout(script: Script) -> bool:
    off = any(one.name == "set" and any(word.startswith("+") for word in one.texts[1:]) for one in script.commands)
    return "e" in script.options and not off


def _all_blocks(script: Script) -> Iterator[tuple[Block, bool]]:
    """All blocks of the file's shell, and whether each is the condition of something."""
    conditions: set[int] = set()
    for block in blocks(script.body):
        for one in block.statements:
            conditions.update(map(id, _conditions(one)))
        if block.shell is script.shell:
            yield block, id(block) in conditions


def _conditions(statement: Statement) -> list[Block]:
    if isinstance(statement, If):
        return [condition for condition, _ in statement.branches]
    return [statement.condition] if isinstance(statement, Loop) and statement.condition else []


def _ends(script: Script, statement: Statement) -> bool:
    return any(
        script.commands[one].name in _ENDS and script.commands[one].texts[1:2] not in {(), ("0",)}
        for one in statement.numbers
    )


def _in_chains(script: Script, makes: Mapping[int, Daemon], builds: Mapping[int, Daemon]) -> Iterator[int]:
    """Those in front of ``&&``, when nothing else builds with the builder."""
    for block in blocks(script.body):
        for one in block.statements:
            if isinstance(one, Chain) and set(one.operators) == {"&&"}:
                for part in one.parts[:-1]:
                    made = makes.get(part.numbers.start) if isinstance(part, Simple) else None
                    behind = range(part.numbers.stop, one.numbers.stop)
                    if made and all(number in behind for number, builder in builds.items() if builder == made):
                        yield part.numbers.start
