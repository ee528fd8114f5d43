"""The step written into a script: once for each builder, before the first build on every path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script_calls import Calls
from cachelint.documents.script_flow import TooLongError
from cachelint.prune.client import NoClientError, client_of, legacy_reason
from cachelint.prune.idiom import idiom_of
from cachelint.prune.lines import CannotInsertError, check_editable, insertion
from cachelint.prune.paths import Effects, Paths
from cachelint.prune.places import NoPlaceError, find_places
from cachelint.prune.scope import LAYER, MOUNT, NEEDED, SOURCE, dropped
from cachelint.prune.wording import PLAIN, commit_lines, step_lines
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from cachelint.commit_arg import CommitArg
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.docker_daemon import Daemon
    from cachelint.documents.script import Script
    from cachelint.fix import Edit
    from cachelint.prune.decision import Decision
    from cachelint.prune.places import Place
    from cachelint.source import Span


class Wish(NamedTuple):
    """What is to be written. `variable` is that of the commit, None where no line may set it.

    `environment` are variables that the script starts with; `errexit` says that its shell was started with ``-e``.
    """

    decision: Decision
    variable: str | None = None
    tolerant: bool = False
    environment: Mapping[str, str] = {}
    errexit: bool = False


class Refused(NamedTuple):
    """A build that has no step in front of it and gets none: where, why, and what to write by hand."""

    span: Span
    reason: str
    text: str


class Written(NamedTuple):
    """One step: the `edit` that writes it, and what it says.

    `before` is the number of the command that it runs in front of, in its own script; `lines` are those of a shell,
    without the quotes of other shells around it. A step of a workflow has `fields` in place of a number.
    """

    edit: Edit
    lines: tuple[str, ...]
    before: int = 0
    fields: tuple[tuple[str, str], ...] = ()


class Steps(NamedTuple):
    """The steps to write, and the builds that they do not reach."""

    written: tuple[Written, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What writes them."""
        return tuple(one.edit for one in self.written)


class Unpruned(NamedTuple):
    """The builds of one builder that are reached without a prune on some path, by their numbers in the script."""

    builder: Daemon
    builds: tuple[int, ...]


class DockerCalls:
    """The calls of docker in a script by the numbers of their commands, with the builder that each of them means."""

    def __init__(self, script: Script, by_number: Mapping[int, DockerCommand]) -> None:
        self.script = script
        self.by_number = by_number

    @property
    def effects(self) -> Effects:
        """What the calls do to the build cache."""
        builds = {number: self.builder(number) for number, one in self.by_number.items() if one.builds}
        prunes = {
            number: (self.builder(number), kinds) for number, one in self.by_number.items() if (kinds := prunes_of(one))
        }
        return Effects(builds, prunes)

    def builder(self, number: int) -> Daemon:
        """The builder that a call means: the one that it names, else the one that was selected before it."""
        daemon = self.by_number[number].daemon
        return daemon._replace(builder=None) if daemon.builder == "default" else daemon


def prunes_of(docker: DockerCommand) -> frozenset[str]:
    """The types of records that a call drops; nothing for one that is no prune of the build cache."""
    if docker.verb not in {"builder prune", "system prune"} or docker.idle:
        return frozenset()
    if docker.doubt:
        return frozenset((SOURCE, LAYER, MOUNT))
    options = [word for one in docker.options for word in (one.name, *([one.value] if one.value else []))]
    return dropped(options)


def calls_of(script: Script, environment: Mapping[str, str] | None = None) -> DockerCalls:
    """The calls in a script that stands alone."""
    found = docker_calls(script, environment)
    return DockerCalls(script, {readings[0].command.number: readings[0] for readings in found})


def unpruned(calls: DockerCalls, needed: frozenset[str], paths: Paths | None = None) -> Iterator[Unpruned]:
    """The builds that some path reaches without a prune that drops these types. Raises `TooLongError`."""
    effects = calls.effects
    states = (paths or Paths(calls.script, effects)).states
    found: dict[Hashable, list[int]] = {}
    for number, builder in effects.builds.items():
        if number in states and not states[number].covers(builder, needed):
            found.setdefault(builder, []).append(number)
    for numbers in found.values():
        yield Unpruned(calls.builder(numbers[0]), tuple(numbers))


def steps_for(calls: DockerCalls, wish: Wish, commit: CommitArg) -> Steps:
    """What to write into a script so that no path builds without the step."""
    try:
        missing = list(unpruned(calls, NEEDED[wish.decision.scope]))
    except TooLongError as error:
        return Steps((), (refused_at(calls.script.body.span, str(error), wish),))
    return steps_of(calls, missing, wish, commit)


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
    places = find_places(script, calls.effects, missing.builder, missing.builds, NEEDED[wish.decision.scope])
    for place in places:
        docker = calls.by_number[place.build]
        if reason := legacy_reason(docker, script, wish.environment):
            raise NoClientError(reason)
        client = client_of(docker)
        idiom = idiom_of(script, place, client, wish.errexit)
        lines = [*step_lines(wish.decision.scope, wish.decision.comment, idiom, tolerant=wish.tolerant)]
        if wish.variable and lacks_commit(calls, wish.variable, commit) and tells_commit(script, place, docker):
            lines += commit_lines(wish.variable, idiom)
        edit = insertion(script.source, place.block, place.index, lines)
        yield Written(edit, tuple(lines), place.statement.numbers.start)


def refused_at(span: Span, reason: str, wish: Wish) -> Refused:
    """A build without a step, with the step as text."""
    lines = [*step_lines(wish.decision.scope, wish.decision.comment, PLAIN, tolerant=wish.tolerant)]
    lines += commit_lines(wish.variable, PLAIN) if wish.variable else ()
    return Refused(span, reason, "".join(f"{line}\n" for line in lines))


def lacks_commit(calls: DockerCalls, variable: str, commit: CommitArg) -> bool:
    """Whether a script neither sets the commit nor passes it."""
    script = calls.script
    passed = (arg.name for docker in calls.by_number.values() for arg in docker.build_args)
    named = {*(one.name for one in script.assignments), *passed}
    text = script.source.text[script.body.span.start : script.body.span.end]
    return not any(map(commit.is_one, named)) and not re.search(rf"\b{re.escape(variable)}\b", text)


def tells_commit(script: Script, place: Place, docker: DockerCommand) -> bool:
    """Whether the commit at a place is the one that is built, and its variable arrives at the build."""
    for wrapper in docker.command.wrappers:
        words = {word.text.partition("=")[0] for word in wrapper.words}
        if wrapper.name in {"sudo", "doas", "su"} and not words & {"-E", "--preserve-env"}:
            return False
    return not any(script.commands[number].name in {"cd", "git", "pushd"} for number in _until(script, place))


def _until(script: Script, place: Place) -> Iterator[int]:
    """The commands between a place and the build, also in functions that are called there."""
    numbers = place.statement.numbers
    if place.build in numbers:
        numbers = range(numbers.start, place.build)
    calls = Calls(script)
    pending, seen = [numbers], set[int]()
    while pending:
        for number in pending.pop():
            yield number
            for one in calls.of(script.commands[number]).functions:
                if id(one) not in seen:
                    seen.add(id(one))
                    pending.append(one.numbers)
