"""The step for people, and for programs. The shape of JSON has a version; it changes by addition only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.output.machine import to_json
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.prune.decision import Decision

VERSION = 1


class Answer(NamedTuple):
    """What the command has to say: the decision, its commands, and the step as text to paste."""

    decision: Decision
    commands: tuple[str, ...]
    text: str


def render(answer: Answer, output_format: str) -> str:
    """The answer as ``text`` or ``json``."""
    return _json(answer) if output_format == "json" else answer.text


def _json(answer: Answer) -> str:
    return to_json(
        {
            "version": VERSION,
            "scope": answer.decision.scope.word,
            "reason": answer.decision.reason,
            "commands": list(answer.commands),
            "text": answer.text,
            "insertions": [],
            "refused": [],
        }
    )
