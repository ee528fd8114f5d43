"""The step for people, and for programs. The shape of JSON has a version; it changes by addition only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.output.machine import to_json
from cachelint.output.terminal import printable
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.prune.decision import Decision

VERSION = 1


class Insertion(NamedTuple):
    """A step that was written into a file; `line` is the one in the old text that it stands in front of."""

    path: str
    line: int
    text: str


class Unwritten(NamedTuple):
    """A build that got no step: why, and the step to write by hand."""

    path: str
    line: int
    reason: str
    text: str


class Answer(NamedTuple):
    """What the command has to say.

    The decision with its commands; the step as text to paste, or what was written, what was not, the files that have an
    equivalent step, and the builds that got one without a line that tells them their commit. It is not `understood`
    what some file does.
    """

    decision: Decision
    commands: tuple[str, ...]
    text: str
    insertions: tuple[Insertion, ...] = ()
    refused: tuple[Unwritten, ...] = ()
    unchanged: tuple[str, ...] = ()
    untold: tuple[Unwritten, ...] = ()
    understood: bool = True


def render(answer: Answer, output_format: str) -> str:
    """The answer as ``text`` or ``json``."""
    if output_format == "json":
        return _json(answer)
    return answer.text or "".join(f"{line}\n" for line in _lines(answer))


def _lines(answer: Answer) -> Iterator[str]:
    yield f"{answer.decision.scope.word}: {printable(answer.decision.reason)}"
    for done in answer.insertions:
        yield f"{printable(done.path)}:{done.line}: wrote the step"
    for path in answer.unchanged:
        yield f"{printable(path)}: has it already"
    for left in answer.refused:
        yield f"{printable(left.path)}:{left.line}: no step written: {printable(left.reason)}. Write before this build:"
        yield from map(_pasted, left.text.splitlines())
    for left in answer.untold:
        where = f"{printable(left.path)}:{left.line}"
        rest = ". Write right before this build:" if left.text else ""
        yield f"{where}: no line tells it its commit: {printable(left.reason)}{rest}"
        yield from map(_pasted, left.text.splitlines())
    if answer.understood and not (answer.insertions or answer.unchanged or answer.refused):
        yield "nothing is built there"


def _pasted(line: str) -> str:
    """A line to paste: the tabs that a Makefile needs stay."""
    return "    " + "\t".join(map(printable, line.split("\t")))


def _json(answer: Answer) -> str:
    return to_json(
        {
            "version": VERSION,
            "scope": answer.decision.scope.word,
            "reason": answer.decision.reason,
            "commands": list(answer.commands),
            "text": answer.text,
            "insertions": [{"path": one.path, "line": one.line, "text": one.text} for one in answer.insertions],
            "refused": list(map(_left, answer.refused)),
            "untold": list(map(_left, answer.untold)),
        }
    )


def _left(one: Unwritten) -> dict[str, object]:
    return {"path": one.path, "line": one.line, "reason": one.reason, "text": one.text}
