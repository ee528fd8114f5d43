"""The proof that a written step does its work: read again, the script has no build left that lacks one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script import read_script
from cachelint.documents.script_flow import TooLongError
from cachelint.fix import apply_edits
from cachelint.prune.scope import NEEDED
from cachelint.prune.script_step import Steps, refused_at
from cachelint.prune.unpruned import DockerCalls
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.documents.script import Script
    from cachelint.fix import Edit
    from cachelint.prune.script_step import Wish
    from cachelint.prune.unpruned import Unpruned

_NO_HELP = "a step in front of it would prune another builder or daemon, and the build would still lack one"


def proven(calls: DockerCalls, missing: Unpruned, steps: Steps, wish: Wish) -> Steps:
    """The steps of a script that is a whole file, or a refusal where they would not help the builds.

    Without this a fix would come back, and write the same again.
    """
    if not steps.written or steps.refused:
        return steps
    build = _unhelped(calls, missing.builds, steps.edits, wish)
    if build is None:
        return steps
    return Steps((), (refused_at(calls.script.commands[build].span, _NO_HELP, wish),))


def _unhelped(calls: DockerCalls, builds: Sequence[int], edits: Sequence[Edit], wish: Wish) -> int | None:
    """The first of these builds that would be reached without a prune all the same."""
    old = calls.script
    script = read_script(SourceFile(old.source.path, apply_edits(old.source.text, edits)), places=False)
    places = _places(script, edits)
    if len(places) != len(old.commands):
        return builds[0]
    known = {readings[0].command.number: readings[0] for readings in docker_calls(script, wish.environment)}
    elsewhere = frozenset(places[number] for number in calls.elsewhere)
    again = DockerCalls(script, known, elsewhere)
    try:
        states = again.paths.states
    except TooLongError:
        return builds[0]
    for number in builds:
        now = places[number]
        builder = again.effects.builds.get(now)
        if builder is None or (now in states and not states[now].covers(builder, NEEDED[wish.decision.scope])):
            return number
    return None


def _places(script: Script, edits: Sequence[Edit]) -> list[int]:
    """The new numbers of the commands that were there before, by their old ones."""
    inserted: list[range] = []
    shift = 0
    for edit in sorted(edits):
        start = edit.span.start + shift
        inserted.append(range(start, start + len(edit.replacement)))
        shift += len(edit.replacement) - (edit.span.end - edit.span.start)
    starts = {at for one in inserted for at in one}
    return [one.number for one in script.commands if one.span.start not in starts]
