"""For programs. The shape has a version; it changes by addition only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachelint.output.machine import to_json
from cachelint.plan import relative

if TYPE_CHECKING:
    from cachelint.diagnostic import Location
    from cachelint.output.terminal import Style
    from cachelint.plan import BuildPlan, Plan, PlannedStep
    from cachelint.plan_builds import Skipped

VERSION = 1


def render(plan: Plan, style: Style, width: int) -> str:
    """The plan as one JSON object."""
    return to_json(
        {
            "version": VERSION,
            "builder": plan.builder.value,
            "builds": [_build(one) for one in plan.builds],
            "skipped": [_skipped(one) for one in plan.skipped],
        }
    )


def _build(build: BuildPlan) -> dict[str, Any]:
    return {
        "service": build.service,
        "origin": _place(build.origin),
        "dockerfile": build.dockerfile and relative(build.dockerfile),
        "context": relative(build.context),
        "target": build.target,
        "summary": dict(build.summary),
        "notes": list(build.notes),
        "steps": [_step(one) for one in build.steps],
    }


def _step(step: PlannedStep) -> dict[str, Any]:
    return {
        "step": step.label,
        "stage": step.stage,
        "line": step.line,
        "instruction": step.instruction,
        "outcomes": {name: {"outcome": one.outcome.name, "cause": one.cause} for name, one in step.outcomes.items()},
    }


def _skipped(skipped: Skipped) -> dict[str, Any]:
    return {"service": skipped.service, "origin": _place(skipped.location), "reason": skipped.reason}


def _place(location: Location) -> dict[str, Any]:
    return {"path": relative(location.path), "line": location.start.line}
