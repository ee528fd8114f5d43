"""The lines that set the commit's variable, before the first build on every path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.deployment.updates import updating
from cachelint.discovery import Kind
from cachelint.documents.script_flow import TooLongError
from cachelint.prune.answers import is_read, reports_apart
from cachelint.prune.idiom import Speech
from cachelint.prune.lines import CannotInsertError, check_editable, insertion
from cachelint.prune.paths import Effects, Paths
from cachelint.prune.places import NoPlaceError, find_places
from cachelint.prune.scope import DOCKER, NEEDED, Scope
from cachelint.prune.script_step import Refused, Steps, Written, commit_objection
from cachelint.prune.unpruned import DockerCalls, unpruned
from cachelint.prune.wording import commit_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.script import Script
    from cachelint.project import Project
    from cachelint.source import Span

_ANY = NEEDED[Scope.CONTEXT]  # nothing here drops a record, so that any type will do

_ELSEWHERE = {
    Kind.WORKFLOW: "a workflow knows its commit as `${{ github.sha }}`: set the variable in `env`",
    Kind.MAKEFILE: "Makefiles are not edited",
    Kind.PACKAGE: "package.json is not edited",
    Kind.GITLAB: "GitLab's file is not edited",
}


def told_commit(kind: Kind, variable: str) -> str:
    """The words that set the variable in a file of this kind, and where they belong."""
    return _TOLD[kind].format(variable=variable)


_TOLD = {
    Kind.SHELL: '`export {variable}="$(git rev-parse HEAD || true)"` before it',
    Kind.WORKFLOW: '`export {variable}="$(git rev-parse HEAD || true)"` before it',
    Kind.MAKEFILE: "`{variable}=$$(git rev-parse HEAD)` in front of the command, on its line",
    Kind.PACKAGE: "`export {variable}=$(git rev-parse HEAD) &&` in front of it",
    Kind.GITLAB: '`{variable}: "$CI_COMMIT_SHA"` into the `variables` of this job',
}


def commit_steps(deployment: Deployment, calls: Sequence[DockerCall], variable: str) -> Steps:
    """What to write so that these calls of one shell script know their commit."""
    first = calls[0]
    if deployment.job.kind is not Kind.SHELL or not isinstance(first.unit, Unit):
        return Steps((), (_refused(first.span, _ELSEWHERE[deployment.job.kind], variable),))
    if reads_itself(first.unit.script, variable):
        reason = f"the script looks at {variable} itself, which whoever calls it may set: set it there"
        return Steps((), (_refused(first.span, reason, variable),))
    numbered = {one.command.number: one.docker for one in calls if one.command and one.docker}
    unit, script = first.unit, first.unit.script
    try:
        answers = reports_apart(numbered.values()) or is_read(deployment)
        asked = DockerCalls(script, numbered, updating=lambda: updating(unit, deployment.callees))
        return Steps(tuple(_written(asked, variable, answers=answers)))
    except (NoPlaceError, CannotInsertError, TooLongError) as error:
        return Steps((), (_refused(first.span, str(error), variable),))


def is_given(deployment: Deployment, project: Project, variable: str) -> bool:
    """Whether a deployment itself, what it reads in, or what calls it may set a variable, or it ends without it."""
    if deployment.may_set(variable) or project.scripts.may_give(variable, deployment.source.path):
        return True
    demand = re.compile(rf"^(?![ \t]*#).*\$\{{{re.escape(variable)}:?\?", re.MULTILINE)
    return any(demand.search(unit.script.source.text) for unit in deployment.units)


def reads_itself(script: Script, variable: str) -> bool:
    """Whether a script uses a variable for more than the arguments of its builds: ``${X:?}``, ``[ -z "$X" ]``.

    Then a caller may hand it over, and a line that sets it would build with another commit than was asked for.
    """
    name = re.escape(variable)
    handed_on = rf"--build-arg[= \t]+[\"']?\w+=[\"']?\$\{{?{name}\b"
    uses = rf"\$\{{?[#!]?{name}\b|-v[ \t]+[\"']?{name}\b"
    lines = (one for one in script.source.text.splitlines() if not one.lstrip().startswith("#"))
    return any(re.search(uses, re.sub(handed_on, "", line)) for line in lines if variable in line)


def _written(calls: DockerCalls, variable: str, *, answers: bool) -> Iterator[Written]:
    script = calls.script
    check_editable(script)
    paths = Paths(script, Effects(dict.fromkeys(calls.by_number, "commit")))
    builds = {number for one in unpruned(calls, _ANY) for number in one.builds}
    speech = Speech(script, answers=answers)
    for place in find_places(paths, "commit", builds, _ANY):
        if objection := commit_objection(calls, place):
            raise CannotInsertError(objection)
        lines = commit_lines(variable, speech.idiom(place, DOCKER))
        edit = insertion(script.source, place.block, place.index, lines)
        yield Written(edit, lines, place.statement.numbers.start)


def _refused(span: Span, reason: str, variable: str) -> Refused:
    return Refused(span, reason, "".join(f"{line}\n" for line in commit_lines(variable)))
