"""The proof that a written step does its work: read again, the script has no build left that lacks one."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script_flow import TooLongError
from cachelint.documents.script_parser import read_script
from cachelint.fix import apply_edits
from cachelint.prune.scope import NEEDED
from cachelint.prune.script_step import Steps, refused_at
from cachelint.prune.unpruned import DockerCalls
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachelint.documents.script import Script
    from cachelint.fix import Edit
    from cachelint.prune.script_step import Wish
    from cachelint.prune.unpruned import Unpruned

_MISREAD = "with lines in it, the text that it stands in would be read as another one"
_NO_HELP = "a step in front of it would prune another builder or daemon, and the build would still lack one"


def proven(
    calls: DockerCalls,
    missing: Unpruned,
    steps: Steps,
    wish: Wish,
    read: Callable[[SourceFile], Script | None] = read_script,
) -> Steps:
    """The steps of a script, or a refusal where they would not help the builds.

    `read` finds the script again in the file with the steps in it. Without this a fix would come back, and write the
    same again.
    """
    if not steps.written or steps.refused:
        return steps
    source = calls.script.source
    script = read(SourceFile(source.path, apply_edits(source.text, steps.edits)))
    old = calls.script
    if script is None or len(_places(script, steps.edits)) != len(old.commands):
        return Steps((), (refused_at(old.commands[missing.builds[0]].span, _MISREAD, wish),))
    build = _unhelped(calls, script, missing.builds, steps.edits, wish)
    if build is None:
        return steps
    return Steps((), (refused_at(old.commands[build].span, _NO_HELP, wish),))


def _unhelped(
    calls: DockerCalls, script: Script, builds: Sequence[int], edits: Sequence[Edit], wish: Wish
) -> int | None:
    """The first of these builds that would be reached without a prune all the same, in the script as it is then."""
    places = _places(script, edits)
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
    starts = [one.start for one in inserted]
    return [one.number for one in script.commands if not _is_in(one.span.start, starts, inserted)]


def _is_in(at: int, starts: list[int], inserted: list[range]) -> bool:
    number = bisect_right(starts, at)
    return number > 0 and at in inserted[number - 1]
