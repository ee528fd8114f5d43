"""For programs. The shape has a version; it changes by addition only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachelint.output.machine import to_json
from cachelint.plan import relative

if TYPE_CHECKING:
    from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement
    from cachelint.output.terminal import Style

VERSION = 1


def render(judgement: Judgement, style: Style) -> str:
    """The judgement as one JSON object."""
    return to_json(
        {
            "version": VERSION,
            "verdict": judgement.verdict.value,
            "since": judgement.since,
            "reasons": list(judgement.doubts),
            "prunes": [
                {"before_build": one.before_build, "reclaimed_bytes": one.reclaimed_bytes} for one in judgement.prunes
            ],
            "commit": judgement.commit,
            "builds": [_build(one) for one in judgement.builds],
            "blind_spots": list(judgement.blind_spots),
        }
    )


def _build(build: JudgedBuild) -> dict[str, Any]:
    origin = build.origin and {"path": relative(build.origin.path), "line": build.origin.start.line}
    return {
        "service": build.service,
        "origin": origin,
        "dockerfile": build.dockerfile,
        "unmatched": build.reason,
        "replaced": build.is_replaced,
        "log_line": build.line,
        "failed": build.failed,
        "steps": [_step(one) for one in build.steps],
    }


def _step(step: JudgedStep) -> dict[str, Any]:
    return {
        "step": step.label,
        "line": step.line,
        "instruction": step.instruction,
        "status": step.status.value,
        "merged": step.merged,
        "expected": None if step.expected is None else step.expected.name,
        "cause": step.cause,
        "stale": step.stale,
        "files": list(step.files),
    }
