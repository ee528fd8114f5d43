"""The sentences of a plan: what a change costs in one build, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.buildcache.installs import installs
from cachelint.documents.dockerfile import pairs
from cachelint.plan_changes import COMMIT, DEPENDENCIES, SOURCE, commit_names, declared_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.buildcache.change import StepOutcome
    from cachelint.commit_arg import CommitArg
    from cachelint.plan_builds import Subject
    from cachelint.plan_changes import Column


def summarize(subject: Subject, column: Column, outcomes: Sequence[StepOutcome], commit_arg: CommitArg) -> str:
    """One sentence, uncapitalised and unstopped: ``a new commit re-runs 1 of 7 steps``."""
    if column.name == COMMIT and not commit_names(subject.build, subject.graph, commit_arg):
        return _no_commit(subject, commit_arg)
    ran = sum(one.outcome is Outcome.RUN for one in outcomes)
    maybe = sum(one.outcome is Outcome.MAYBE for one in outcomes)
    if not ran and not maybe:
        return f"{column.title} {_verb(column)} nothing{_why_nothing(subject, column, commit_arg)}"
    tail = _dependencies(outcomes) if column.name != DEPENDENCIES else ""
    return f"{column.title} {_amount(column, ran, maybe, len(outcomes))}{tail}"


def _verb(column: Column) -> str:
    return "re-run" if column.plural else "re-runs"


def _amount(column: Column, ran: int, maybe: int, total: int) -> str:
    steps = f"{total} step{'' if total == 1 else 's'}"
    if not ran:
        return f"may re-run {maybe} of {steps}"
    certain = f"{_verb(column)} {f'all {steps}' if ran == total else f'{ran} of {steps}'}"
    return f"{certain} and may re-run {maybe} more" if maybe else certain


def _dependencies(outcomes: Sequence[StepOutcome]) -> str:
    """What becomes of the installs; nothing to say without one."""
    found = [one.outcome for one in outcomes if any(installs(one.step.instruction))]
    if not found:
        return ""
    words = {
        Outcome.CACHED: "dependencies stay cached",
        Outcome.MAYBE: "dependencies may be installed again",
        Outcome.RUN: "dependencies are installed again",
    }
    return f"; {words[max(found)]}"


def _no_commit(subject: Subject, commit_arg: CommitArg) -> str:
    """Why no argument can bring the commit."""
    nothing = "a new commit by itself re-runs nothing"
    constants = sorted(arg.name for arg in subject.build.args if commit_arg.is_one(arg.name))
    if constants:
        return f"{constants[0]} is passed as a constant: {nothing}"
    if subject.build.is_lone:
        return f"no commit argument is declared: {nothing}"
    return f"no commit argument is passed: {nothing}"


def _why_nothing(subject: Subject, column: Column, commit_arg: CommitArg) -> str:
    if column.name == COMMIT:
        return f": {_inert(subject, commit_arg)}"
    if column.name == SOURCE:
        return ": no step reads it from the context"
    if column.name == DEPENDENCIES:
        return ": no step reads manifests from the context"
    return ""


def _inert(subject: Subject, commit_arg: CommitArg) -> str:
    """Why a commit argument that is passed changes no step."""
    names = sorted(commit_names(subject.build, subject.graph, commit_arg))
    name = next(filter(declared_names(subject.graph).__contains__, names), None)
    if name:
        return f"no RUN below ARG {name} sees it"
    assert subject.build.dockerfile
    early = {pair.name for one in subject.build.dockerfile.preamble for pair in pairs(one)}
    if early.intersection(names):
        return f"{min(early.intersection(names))} is declared before FROM only, where no step sees it"
    return f"the Dockerfile does not declare {names[0]}"
