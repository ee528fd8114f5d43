"""Annotations of GitHub Actions: stale steps, and why nothing can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.judging.judgement import Verdict
from cachelint.output.github import command
from cachelint.output.log.shared import accusation, stale_steps, suspicion
from cachelint.plan import relative

if TYPE_CHECKING:
    from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement
    from cachelint.output.terminal import Style


def render(judgement: Judgement, style: Style) -> str:
    """One workflow command for each stale step, each reason of an unknown verdict, each blind spot."""
    level = "error" if judgement.verdict is Verdict.STALE else "warning"
    lines = [
        command(level, _place(build, step), f"{suspicion(judgement)}-step", accusation(step, judgement))
        for build, step in stale_steps(judgement)
    ]
    if judgement.verdict is Verdict.UNKNOWN:
        lines += [command("warning", {}, "not-proven", doubt) for doubt in judgement.doubts]
    lines += [command("notice", {}, "not-in-the-log", spot) for spot in judgement.blind_spots]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))  # services may share a Dockerfile


def _place(build: JudgedBuild, step: JudgedStep) -> dict[str, str | int]:
    if build.dockerfile and step.line:
        return {"file": build.dockerfile, "line": step.line}
    return {"file": relative(build.origin.path), "line": build.origin.start.line} if build.origin else {}
