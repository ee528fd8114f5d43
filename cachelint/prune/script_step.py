"""The step written into a script: once for each builder, before the first build on every path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script_flow import TooLongError
from cachelint.prune.answers import reports_apart
from cachelint.prune.client import NoClientError, client_of, commands_around, keeps_environment, legacy_reason
from cachelint.prune.idiom import Speech
from cachelint.prune.lines import CannotInsertError, check_editable, insertion
from cachelint.prune.places import NoPlaceError, find_places
from cachelint.prune.scope import NEEDED
from cachelint.prune.wording import PLAIN, commit_lines, step_lines
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cachelint.commit_arg import CommitArg
    from cachelint.fix import Edit
    from cachelint.prune.decision import Decision
    from cachelint.prune.places import Place
    from cachelint.prune.unpruned import DockerCalls, Unpruned
    from cachelint.source import Span


class Wish(NamedTuple):
    """What is to be written. `variable` is that of the commit, None where no line may set it.

    `environment` are variables that the script starts with; `errexit` says that its shell was started with ``-e``;
    `answers` that what the script prints is read.
    """

    decision: Decision
    variable: str | None = None
    tolerant: bool = False
    environment: Mapping[str, str] = {}
    errexit: bool = False
    answers: bool = False


class Refused(NamedTuple):
    """A build that has no step in front of it and gets none: where, why, and what to write by hand."""

    span: Span
    reason: str
    text: str


class Written(NamedTuple):
    """One step: the `edit` that writes it, and what it says.

    `before` is the number of the command that it runs in front of, in its own script; `lines` are those of a shell,
    without the quotes of other shells around it. A step of a workflow has `fields` in place of a number. `untold` is
    the build whose commit it does not tell, though nothing else does.
    """

    edit: Edit
    lines: tuple[str, ...]
    before: int = 0
    fields: tuple[tuple[str, str], ...] = ()
    untold: Refused | None = None


class Steps(NamedTuple):
    """The steps to write, and the builds that they do not reach."""

    written: tuple[Written, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What writes them."""
        return tuple(one.edit for one in self.written)


def steps_of(calls: DockerCalls, missing: Iterable[Unpruned], wish: Wish, commit: CommitArg) -> Steps:
    """What to write in front of these builds."""
    written: dict[Span, Written] = {}
    refused: list[Refused] = []
    for one in missing:
        try:
            written.update((step.edit.span, step) for step in _steps(calls, one, wish, commit))
        except (NoPlaceError, NoClientError, CannotInsertError, TooLongError) as error:
            number = error.build if isinstance(error, NoPlaceError) else one.builds[0]
            refused.append(refused_at(calls.script.commands[number].span, str(error), wish))
    return Steps(tuple(written[span] for span in sorted(written)), tuple(refused))


def _steps(calls: DockerCalls, missing: Unpruned, wish: Wish, commit: CommitArg) -> Iterator[Written]:
    script = calls.script
    check_editable(script)
    answers = wish.answers or reports_apart(calls.by_number.values())
    speech = Speech(script, errexit=wish.errexit, answers=answers)
    lacking = wish.variable if wish.variable and lacks_commit(calls, wish.variable, commit) else None
    for place in find_places(calls.paths, missing.builder, missing.builds, NEEDED[wish.decision.scope]):
        docker = calls.by_number[place.build]
        if reason := legacy_reason(docker, script, wish.environment):
            raise NoClientError(reason)
        idiom = speech.idiom(place, client_of(docker, calls.runners, place.block.shell))
        lines = [*step_lines(wish.decision.scope, wish.decision.comment, idiom, tolerant=wish.tolerant)]
        untold = _untold(calls, place, lacking) if lacking else None
        if lacking and not untold:
            lines += commit_lines(lacking, idiom)
        edit = insertion(script.source, place.block, place.index, lines)
        yield Written(edit, tuple(lines), place.statement.numbers.start, untold=untold)


def _untold(calls: DockerCalls, place: Place, variable: str) -> Refused | None:
    objection = commit_objection(calls, place)
    span = calls.script.commands[place.build].span
    return Refused(span, objection, _joined(commit_lines(variable))) if objection else None


def refused_at(span: Span, reason: str, wish: Wish) -> Refused:
    """A build without a step, with the step as text."""
    lines = [*step_lines(wish.decision.scope, wish.decision.comment, PLAIN, tolerant=wish.tolerant)]
    lines += commit_lines(wish.variable, PLAIN) if wish.variable else ()
    return Refused(span, reason, _joined(lines))


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def lacks_commit(calls: DockerCalls, variable: str, commit: CommitArg) -> bool:
    """Whether a script neither sets the commit nor passes it."""
    script = calls.script
    passed = (arg.name for docker in calls.by_number.values() for arg in docker.build_args)
    named = {*(one.name for one in script.assignments), *passed}
    text = script.source.text[script.body.span.start : script.body.span.end]
    return not any(map(commit.is_one, named)) and not re.search(rf"\b{re.escape(variable)}\b", text)


def commit_objection(calls: DockerCalls, place: Place) -> str | None:
    """Why a line at a place would not tell the build its commit; None where it does."""
    around = commands_around(calls.script, calls.by_number[place.build].command, place.block.shell)
    if not all(keeps_environment(command, calls.runners) for command in around):
        return "the build runs as another user, who may not get the variable"
    numbers = place.statement.numbers
    own = [number for number in calls.effects.builds if number in numbers] if place.build in numbers else []
    last = max(own, default=numbers.stop)
    if calls.moves.leads(range(numbers.start, last)):
        return "what runs between its place and the build may bring another commit, or go to another directory"
    if calls.builds_after_update(place.block.statements[place.index :]):
        return "another commit is brought between the builds behind it"
    return None
