"""The step in a job: a script, or the steps of a workflow one after the other."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from cachelint.deployment.actions import SETUP_BUILDX
from cachelint.deployment.jobs import Unit, jobs_in
from cachelint.deployment.updates import updating
from cachelint.discovery import Kind
from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.docker_daemon import Daemon
from cachelint.documents.script_flow import TooLongError
from cachelint.documents.script_parser import read_script
from cachelint.fix import Edit
from cachelint.prune.answers import is_read
from cachelint.prune.client import NoClientError, client_of, legacy_reason
from cachelint.prune.lines import CannotInsertError
from cachelint.prune.paste import READ_ONLY, github_step
from cachelint.prune.paths import EVERY, Paths, State, merged
from cachelint.prune.proof import proven
from cachelint.prune.scope import DOCKER, NEEDED, Client, prune_commands
from cachelint.prune.script_step import Refused, Steps, Written, refused_at, steps_of
from cachelint.prune.unpruned import DockerCalls, Unpruned, unpruned
from cachelint.prune.wording import title
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from cachelint.commit_arg import CommitArg
    from cachelint.deployment.callees import Callees
    from cachelint.deployment.jobs import Action, ScriptJob
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.script import Script
    from cachelint.documents.workflow import Step
    from cachelint.prune.script_step import Wish
    from cachelint.source import SourceFile

_ITEM = regex(r"([ \t]*)-[ \t]+\Z")
_NAME = regex(r"[\w.-]+")
_ANCHOR = regex(r"\A([^:]*:\s+)&\S+\s+")
_ENVIRONMENT = ("DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER")


class Condition(NamedTuple):
    """The `line` of a step that says when it runs, and the `value` in it."""

    line: str
    value: str


class Missing(NamedTuple):
    """Builds of one builder that are reached without a prune, all in one item of the job.

    `calls` and `unpruned` are those of a shell; a step that uses an action has its `call` only.
    """

    item: Unit | Action
    builder: Daemon
    first: DockerCall
    calls: DockerCalls | None = None
    unpruned: Unpruned | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The places of the builds."""
        if self.calls is None or self.unpruned is None or not isinstance(self.item, Unit):
            return (self.first.span,)
        commands = [self.calls.script.commands[number] for number in self.unpruned.builds]
        return tuple(self.item.text.widened(command.span) for command in commands)

    @property
    def is_legacy(self) -> bool:
        """Whether the legacy builder builds, which no prune of the build cache helps."""
        if self.calls is None or self.first.docker is None or not isinstance(self.item, Unit):
            return False
        return legacy_reason(self.first.docker, self.calls.script, self.item.env) is not None


def missing_prunes(deployment: Deployment, needed: frozenset[str], *, by_name: bool = True) -> tuple[Missing, ...]:
    """The first builds of each builder that some path through a job reaches without such a prune.

    One in a script that it calls counts; with `by_name` also in what cannot be read and is called that way.
    Raises `TooLongError`.
    """
    found: list[Missing] = []
    state = State()
    under: dict[str, State] = {}
    calls: dict[int, list[DockerCall]] = {}
    for call in deployment.calls:
        calls.setdefault(id(call.unit or call.action), []).append(call)
    for item in deployment.job.items:
        here = calls.get(id(item), [])
        condition = item.step.condition if item.step else None
        before = state if condition is None else _both(state, under.get(condition, State()))
        if isinstance(item, Unit):
            elsewhere = deployment.callees.pruning(item, by_name=by_name)
            after = _of_unit(_Here(item, here, elsewhere, deployment.callees), before, needed, found)
        else:
            after = _of_action(item, here, before, needed, found)
        if condition is None:
            state = after
        else:  # what has the same condition runs when this has run
            under[condition] = after
            state = merged((state, after)) or state
    return tuple(found)


def _both(one: State, two: State) -> State:
    return State(one.covered | two.covered, one.touched | two.touched)


class _Here(NamedTuple):
    """A shell of a job with its calls of docker, and the numbers of the commands that may prune elsewhere."""

    unit: Unit
    calls: list[DockerCall]
    elsewhere: frozenset[int]
    callees: Callees


def _of_unit(here: _Here, state: State, needed: frozenset[str], found: list[Missing]) -> State:
    numbered = {call.command.number: call for call in here.calls if call.command and call.docker}
    if not numbered and not here.elsewhere:
        return state
    script = here.unit.script
    by_number = {number: one.docker for number, one in numbered.items() if one.docker}
    calls = DockerCalls(script, by_number, here.elsewhere, lambda: updating(here.unit, here.callees))
    paths = calls.paths if state == State() else Paths(script, calls.effects, state)
    missing = unpruned(calls, needed, paths)
    found += (Missing(here.unit, one.builder, numbered[one.builds[0]], calls, one) for one in missing)
    return paths.end


def _of_action(
    action: Action, here: list[DockerCall], state: State, needed: frozenset[str], found: list[Missing]
) -> State:
    """A step with an action: one that sets a builder up makes a new one, with an empty cache, for those behind it."""
    for call in here:
        if action.step.action == SETUP_BUILDX:
            name = action.step.input("name")
            state = state.covering(Daemon()).covering(EVERY if name is None else Daemon(builder=name or None))
            continue
        name = action.step.input("builder")
        builder = Daemon(builder=name or None, certain=name is not None)
        is_covered = state.covers(builder, needed) or (name is None and state.covers(Daemon(), needed))
        if not is_covered:
            found.append(Missing(action, builder, call))
            state = state.covering(builder)
    return state


def job_steps(deployment: Deployment, wish: Wish, commit: CommitArg) -> Steps:
    """What to write into the file of a job so that no path builds without the step."""
    try:
        missing = missing_prunes(deployment, NEEDED[wish.decision.scope], by_name=False)
    except TooLongError as error:
        return Steps((), (refused_at(deployment.job.place, str(error), wish),))
    return steps_for_missing(deployment, missing, wish, commit)


def steps_for_missing(deployment: Deployment, missing: tuple[Missing, ...], wish: Wish, commit: CommitArg) -> Steps:
    """What to write in front of these builds."""
    steps = [step for _, step in steps_by_item(deployment, missing, wish, commit)]
    written = {one.edit: one for step in steps for one in step.written}
    return Steps(tuple(written[edit] for edit in sorted(written)), tuple(one for step in steps for one in step.refused))


def steps_by_item(
    deployment: Deployment, missing: tuple[Missing, ...], wish: Wish, commit: CommitArg
) -> tuple[tuple[Unit | Action, Steps], ...]:
    """What to write in front of these builds, with the item of the job that each of them is in."""
    return tuple((one.item, _steps(deployment, one, missing, wish, commit)) for one in missing)


def _steps(deployment: Deployment, one: Missing, missing: tuple[Missing, ...], wish: Wish, commit: CommitArg) -> Steps:
    job = deployment.job
    if job.objection:
        reason, paste = READ_ONLY[job.kind]
        text = paste(wish.decision, wish.variable or commit.name, wish.tolerant)
        return Steps((), (Refused(one.first.span, reason, text),))
    if one.calls and one.unpruned and (job.kind is Kind.SHELL or one.first.host):
        unit = one.item
        assert isinstance(unit, Unit)
        known = {name: value for name, value in unit.env.items() if value is not None}
        wish = wish._replace(environment=known, answers=is_read(deployment))
        steps = steps_of(one.calls, (one.unpruned,), wish, commit)
        return proven(one.calls, one.unpruned, steps, wish, partial(_again, deployment, unit))
    try:
        others = [other for other in missing if other.builder == one.builder and not other.first.host]
        if others[0] is not one:
            return Steps()
        return Steps((_workflow_step(job, one, wish, always=len(others) > 1),))
    except (CannotInsertError, NoClientError) as error:
        return Steps((), (refused_at(one.first.span, str(error), wish),))


def _again(deployment: Deployment, unit: Unit, source: SourceFile) -> Script | None:
    """The script of a shell in another text of its file."""
    if deployment.job.kind is Kind.SHELL:
        return read_script(source, places=False)
    jobs = jobs_in(source, deployment.job.kind, deployment.root)
    units = (item for job in jobs if job.name == deployment.job.name for item in job.items if isinstance(item, Unit))
    return next((one.script for one in units if one.path == unit.path), None)


def _workflow_step(job: ScriptJob, one: Missing, wish: Wish, *, always: bool) -> Written:
    step = one.item.step
    assert step
    condition = None if always else _condition(job.source, step)
    environment = [name for name in _ENVIRONMENT if any(setting.name == name for setting in step.env)]
    if environment:
        raise CannotInsertError(f"{environment[0]} is set for the step alone")
    client = _client(one, wish)
    _check_daemon(one, prune_commands(wish.decision.scope, client))
    return step_before(job, step, wish, client, condition)


def _check_daemon(one: Missing, commands: tuple[str, ...]) -> None:
    """Raises `CannotInsertError` where a step of its own would prune another builder than that of the build."""
    if not isinstance(one.item, Unit) or one.calls is None:
        return
    readings = docker_calls(read_script("\n".join(commands), places=False), one.item.env)
    pruned = {one.calls.normal(docker.daemon) for found in readings for docker in found}
    if {daemon._replace(certain=True) for daemon in pruned} != {one.builder._replace(certain=True)}:
        raise CannotInsertError("the script of the step chooses its builder or daemon itself, another step has its own")


def _needs_shell(job: ScriptJob, step: Step) -> bool:
    """Whether a step must name its shell: in an action, or where the default is, or may be, none that is known.

    What a step names for itself says nothing about the default. A shell with options, such as ``bash {0}``, may go on
    behind a command that has failed.
    """
    is_action = not job.name
    return is_action or step.node.own("shell") is not None or step.shell not in {None, "bash", "sh"}


def step_before(
    job: ScriptJob, step: Step, wish: Wish, client: Client = DOCKER, condition: Condition | None = None
) -> Written:
    """The step of a workflow in front of another one. Raises `CannotInsertError`."""
    source = job.source
    start = step.node.span.start
    line = source.position(start).line
    at = source.line_span(line).start
    dash = _ITEM.fullmatch(source.text, at, start)
    if not dash or step.node.flow:
        raise CannotInsertError("the steps are not written one below the other")
    indent, inside = dash[1], " " * (start - at)
    newline = source.line_break_at(start)
    has_shell = _needs_shell(job, step)
    extra = (*((condition.line,) if condition else ()), *(("shell: bash",) if has_shell else ()))
    lines = github_step(wish.decision, client, tolerant=wish.tolerant, extra=extra)
    shown = [_shifted(one, indent, inside) for one in lines]
    first = _above_comments(source, line, indent)
    gap = newline if first > 1 and not source.line_text(first - 1).strip() else ""
    at = source.line_span(first).start
    text = newline.join(shown) + newline + gap
    fields = [("name", title(wish.decision.scope)), ("run", _run(prune_commands(wish.decision.scope, client)))]
    fields += [("if", condition.value)] if condition else []
    fields += [("shell", "bash")] if has_shell else []
    return Written(Edit(Span(at, at), text), lines, 0, tuple(fields))


def _run(commands: tuple[str, ...]) -> str:
    """The script of a step as YAML gives it: in a block of lines the last one has its line break too."""
    return commands[0] if len(commands) == 1 else "".join(f"{one}\n" for one in commands)


def _shifted(line: str, indent: str, inside: str) -> str:
    """A line of a step with the file's own indentation, and the file's own space behind the dash."""
    if line.startswith("- "):
        return f"{indent}-{inside[len(indent) + 1 :]}{line[2:]}"
    return f"{inside}{line[2:]}" if line.startswith("  ") else f"{indent}{line}"


def _above_comments(source: SourceFile, line: int, indent: str) -> int:
    while line > 1 and re.fullmatch(rf"{indent}#.*", source.line_text(line - 1)):
        line -= 1
    return line


def _condition(source: SourceFile, step: Step) -> Condition | None:
    """The condition of a step, for another one to have it too."""
    entry = step.node.own("if")
    if entry is None or step.condition is None:
        return None
    text = source.text[slice(*entry.span)]
    if "\n" in text:
        raise CannotInsertError("its `if` has several lines")
    return Condition(_ANCHOR.sub(r"\1", text), step.condition)


def _client(one: Missing, wish: Wish) -> Client:
    if one.calls is None or one.unpruned is None:
        name = one.builder.builder
        if not one.builder.certain or (name and not _NAME.fullmatch(name)):
            raise NoClientError("the name of its builder is known only when it runs")
        return Client(builder=name)
    docker = one.calls.by_number[one.unpruned.builds[0]]
    unit = one.item
    environment = unit.env if isinstance(unit, Unit) else {}
    if reason := legacy_reason(docker, one.calls.script, environment):
        raise NoClientError(reason)
    script = one.calls.script
    client = client_of(docker, one.calls.runners, script.shell)
    own = {*(function.name for function in script.functions), *(f"${given.name}" for given in script.assignments)}
    if own.intersection(regex(r"\$?\w+").findall(client.words.replace("{", ""))):
        raise NoClientError(
            "a function or a variable of its script decides how it is run, and another step has neither"
        )
    return client
