"""preserved-mtime."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.diagnostic import Related, Severity, locate
from cachelint.discovery import is_below
from cachelint.prune.deploying import builds_with_docker, keeps_cache
from cachelint.prune.job_step import missing_prunes
from cachelint.prune.paths import TooLongError
from cachelint.prune.scope import NEEDED, Scope
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.script import Command
    from cachelint.project import Project
    from cachelint.prune.job_step import Missing

_TOUCH = re.compile(r"-\w*[drt]\w*|--(?:date|reference|time)(?:=.*)?")
_ARCHIVE = re.compile(r"-\w*[ap]\w*|--archive|--preserve(?:=.*(?:timestamps|all).*)?")
_RSYNC = re.compile(r"-\w*[at]\w*|--archive|--times")
_NO_TIMES = frozenset({"--no-times", "--no-t", "--size-only", "--checksum"})
_SCRIPT = """\
#!/bin/bash
set -e
find . -type f -exec touch -d @0 {{}} +
{}docker build --tag web .
docker push web
"""


class PreservedMtime(Rule):
    """Files get their times set before the build, so BuildKit cannot see that they changed.

    ## What it does
    Finds commands in front of a build that set the times of files of its context, or keep those of other files:
    `touch -d` (`-r`, `-t`), `git restore-mtime`, `tar --mtime`, and `rsync -a`, `cp -a`, `cp -p` into the context.

    ## Why it matters
    BuildKit keeps a copy of the context and reads only files again whose size, time or mode has changed. With equal
    sizes (`18:00` and `19:00`, two hashes) it keeps the old content: the `COPY` is `CACHED`, and with `--no-cache` it
    runs on the old copy.

    ## Example
    See the examples: with the copy dropped in front of the build the times no longer matter.

    ## Fix safety
    There is no fix of its own: `build-without-prune` writes the step that takes care of it. The legacy builder and
    builds that have such a step in front of them are not reported.
    """

    id = "preserved-mtime"
    summary = "files get their times set before the build, which hides from BuildKit that they changed"
    severity = Severity.WARNING
    examples = (
        Example(
            bad={"deploy.sh": _SCRIPT.format("")},
            good={"deploy.sh": _SCRIPT.format("docker builder prune --force --filter type=source.local\n")},
            fixable=False,
        ),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        setters = [
            (unit, command) for unit in deployment.units for command in unit.script.commands if _may_set(command)
        ]
        if not setters:
            return
        try:
            missing = missing_prunes(deployment, NEEDED[Scope.CONTEXT])
        except TooLongError:
            return
        for unit, command in setters:
            build = next((one for one in missing if _sees(deployment, unit, command, one)), None)
            if build:
                yield self._report(deployment, unit, command, build)

    def _report(self, deployment: Deployment, unit: Unit, command: Command, build: Missing) -> Diagnostic:
        return self.report(
            (deployment.source, unit.text.widened(command.span)),
            "This sets the times of files that are built below: BuildKit does not read a file again whose size and "
            "time are unchanged, so new content of equal length is built from the old copy, even with --no-cache. "
            "Leave the times alone, or prune before the build: `cachelint prune-step` says what.",
            related=(Related(locate(deployment.source, build.first.span), "built here"),),
        )


def _may_set(command: Command) -> bool:
    """Whether a command sets times, or keeps those of other files."""
    words = command.texts
    if command.name == "touch":
        return any(map(_TOUCH.fullmatch, words[1:]))
    if command.name == "find":
        return "touch" in words and any(map(_TOUCH.fullmatch, words[words.index("touch") :]))
    if command.name == "git":
        return "restore-mtime" in words[1:3]
    if command.name in {"git-restore-mtime", "git-restore-mtime-bare"}:
        return True
    return _copies(command)


def _copies(command: Command) -> bool:
    """Whether a command copies files with their times to a directory of this machine."""
    words = command.texts
    if command.name == "cp":
        return any(map(_ARCHIVE.fullmatch, words[1:]))
    if command.name == "rsync":
        local = not any(":" in word for word in words[1:] if not word.startswith("-"))
        return local and any(map(_RSYNC.fullmatch, words[1:])) and not _NO_TIMES & set(words)
    return False


def _sees(deployment: Deployment, unit: Unit, command: Command, build: Missing) -> bool:
    """Whether a build comes after a command, on the same machine, and takes its files."""
    call = build.first
    if (
        call.docker is None
        or not builds_with_docker(call.docker)
        or build.is_legacy
        or not keeps_cache(deployment, call)
    ):
        return False
    if call.unit is not unit or call.command is None or command.shell.path != call.command.shell.path:
        return False
    if call.command.number < command.number or command.function != call.command.function:
        return False
    contexts = [one.context.directory for one in call.builds if one.context]
    target = _target(unit, command)
    if target is None:
        return not _copies(command) and _is_whole_tree(command)
    return any(is_below(target, context) or is_below(context, target) for context in contexts)


def _target(unit: Unit, command: Command) -> str | None:
    """The path (absolute) whose files get times; None where it is not certain."""
    from cachelint.deployment.commands import directories

    places = directories(unit, command)
    operands = [word for word in command.words[1:] if not word.text.startswith("-")]
    if command.name == "find":
        operands = operands[:1]
    if not places or not operands or not operands[-1].literal or re.search(r"[*?{}]", operands[-1].text):
        return None
    return os.path.normpath(os.path.join(places[0], operands[-1].text))


def _is_whole_tree(command: Command) -> bool:
    """Whether a command works on everything below its directory."""
    words = command.texts
    return command.name in {"git", "git-restore-mtime"} or (command.name == "find" and words[1:2] == (".",))
