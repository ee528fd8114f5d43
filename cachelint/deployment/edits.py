"""Edits of what a command or a step asks of the builder: text to remove, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script_edit import removal, without
from cachelint.documents.script_tree import Simple
from cachelint.documents.workflow import blank_expressions
from cachelint.documents.yaml_edit import CannotEditError, Change, place_of
from cachelint.documents.yaml_remove import Remover
from cachelint.fix import ABSENT, Edit, Statement
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import ScriptJob, Unit
    from cachelint.deployment.model import DockerCall
    from cachelint.documents.script import Command, Shell

_WHOLE_LINE = regex(r"[ \t]*(?:export[ \t]+)?\0[ \t]*;?[ \t]*(?:#.*)?\r?\n?")


def remove_words(job: ScriptJob, call: DockerCall, words: Span) -> Change:
    """Remove an option with its value from a call, or a line of an input. Raises `CannotEditError`."""
    if job.objection:
        raise CannotEditError(job.objection)
    if call.action:
        return _remove_line(job, call, words)
    assert call.unit
    assert call.command
    inside = call.span.start <= words.start < words.end <= call.span.end
    if not inside or "$" in job.source.text[slice(*words)]:
        raise CannotEditError("a variable holds it")
    gone = removal(job.source, words, call.span)
    rest = blank_expressions(without(job.source, call.span, gone))
    said = Statement((*call.unit.path, call.command.number), rest)
    return Change((Edit(gone, ""),), (said, *_part_of(call.unit, call.command), *_taken(call, Edit(gone, ""))))


def add_word(job: ScriptJob, call: DockerCall, verb: str, word: str) -> Change:
    """Write a word behind the verb of a call of Docker. Raises `CannotEditError`."""
    span = _verb(job, call, verb)
    return _changed(call, job, Edit(Span(span.end, span.end), f" {word}"))


def replace_verb(job: ScriptJob, call: DockerCall, verb: str, words: str) -> Change:
    """Write other words in place of the verb of a call of Docker. Raises `CannotEditError`."""
    return _changed(call, job, Edit(_verb(job, call, verb), words))


def _verb(job: ScriptJob, call: DockerCall, verb: str) -> Span:
    """The place of a call's verb, which is written out there. Raises `CannotEditError`."""
    if job.objection:
        raise CannotEditError(job.objection)
    assert call.command
    assert call.docker
    options = [one.span for one in (*call.docker.globals, *call.docker.options)]
    for word in call.command.words[1:]:
        in_option = any(one.start <= word.span.start and word.span.end <= one.end for one in options)
        if word.text == verb and not in_option:
            inside = call.span.start <= word.span.start and word.span.end <= call.span.end
            if word.origin != word.span or not inside or job.source.text[slice(*word.span)] != verb:
                raise CannotEditError("a variable holds it")
            return word.span
    raise CannotEditError("it is not written out")


def _changed(call: DockerCall, job: ScriptJob, edit: Edit) -> Change:
    """An edit inside of a command, with what the command is then, and what hands it to another shell as words."""
    assert call.unit
    assert call.command
    commands = call.unit.script.commands
    outer, shell = call.command, call.command.shell
    while shell.parent is not None and shell.command is not None:
        if commands[shell.command].span.start <= edit.span.start < commands[shell.command].span.end:
            outer = commands[shell.command]
        shell = shell.parent
    text, (start, end), (first, last) = job.source.text, call.unit.text.widened(outer.span), edit.span
    rest = blank_expressions(f"{text[start:first]}{edit.replacement}{text[last:end]}")
    said = Statement((*call.unit.path, outer.number), rest)
    return Change((edit,), (said, *_part_of(call.unit, outer), *_taken(call, edit)))


def _part_of(unit: Unit, outer: Command) -> Iterator[Statement]:
    """The commands that stand in the words of another one, or that it runs, are stated with it."""
    for one in unit.script.commands:
        inside = outer.span.start <= one.span.start and one.span.end <= outer.span.end
        if one is not outer and (inside or _is_run_by(one, outer)):
            yield Statement((*unit.path, one.number), ABSENT)


def _taken(call: DockerCall, edit: Edit) -> Iterator[Statement]:
    """The assignments that take the output of an edited command, as they are then.

    Raises `CannotEditError` where a word of another command takes it.
    """
    assert call.unit
    assert call.command
    text, (first, last) = call.unit.text.source.text, edit.span
    for other in call.unit.script.commands:
        start, end = call.unit.text.widened(other.span)
        if start <= first and last <= end and other is not call.command and not _is_run_by(call.command, other):
            raise CannotEditError("its output is a word of another command")
    for number, one in enumerate(call.unit.script.assignments):
        start, end = call.unit.text.widened(one.span)
        if start <= first and last <= end:
            rest = blank_expressions(f"{text[start:first]}{edit.replacement}{text[last:end]}")
            yield Statement((*call.unit.path, "assignment", number), rest)


def _is_run_by(command: Command, outer: Command) -> bool:
    """Whether a command runs in a shell that another one starts."""
    shell: Shell | None = command.shell
    while shell is not None and shell.command != outer.number:
        shell = shell.parent
    return shell is not None


def _remove_line(job: ScriptJob, call: DockerCall, words: Span) -> Change:
    """Remove one line of an input of an action; the input itself with its last line."""
    assert call.action
    assert job.yaml
    nodes = [setting.node for setting in call.action.step.inputs.values()]
    node = next((one for one in nodes if one and one.span.start <= words.start < one.span.end), None)
    if node is None:
        raise CannotEditError("it is not written in this step")
    if sum(bool(line.strip()) for line in node.value.splitlines()) == 1:
        return Remover(job.yaml, lambda comment: False).remove(node)
    text = job.source.text
    start, end = text.rfind("\n", 0, words.start) + 1, text.find("\n", words.end) + 1
    line = text[slice(*words)]
    if node.style != "|" or not end or text[start:end].strip() != line:
        raise CannotEditError("it does not stand on a line of its own")
    kept = [one for one in node.value.splitlines(keepends=True) if one.strip() != line]
    return Change((Edit(Span(start, end), ""),), (Statement(place_of(job.yaml, node).path, "".join(kept)),))


def remove_assignment(job: ScriptJob, unit: Unit, number: int) -> Change:
    """Remove an assignment that has a line for itself, ``export`` included. Raises `CannotEditError`."""
    if job.objection:
        raise CannotEditError(job.objection)
    if not _stands_alone(unit, number):
        raise CannotEditError("it may be all that a block holds")
    text, span = job.source.text, unit.script.assignments[number].span
    start, newline = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
    end = len(text) if newline < 0 else newline + 1
    if not _WHOLE_LINE.fullmatch(text[start : span.start] + "\0" + text[span.end : end]):
        raise CannotEditError("it shares its line with something else")
    return Change((Edit(Span(start, end), ""),), (Statement((*unit.path, "assignment", number), ABSENT),))


def _stands_alone(unit: Unit, number: int) -> bool:
    """Whether an assignment is a statement of the script itself, not of a function or a condition."""
    at = unit.script.assignments[number].span.start
    return any(isinstance(one, Simple) and one.span.start <= at < one.span.end for one in unit.script.body.statements)
