"""Steps as fixes: edits together with what they state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.documents.yaml_edit import CannotEditError, place_of
from cachelint.fix import Applicability, Fields, Fix, Statement, display_only

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.deployment.jobs import Action, ScriptJob
    from cachelint.prune.script_step import Steps, Written


def fix_of(
    title: str, applicability: Applicability, job: ScriptJob, steps: Iterable[tuple[Unit | Action, Steps]]
) -> Fix:
    """A fix that writes steps, each in an item of the job; one for display where a build would be left without."""
    found = list(steps)
    left = [one for _, step in found for one in step.refused]
    if left:
        return display_only(title, left[0].reason)
    written = [(item, one) for item, step in found for one in step.written]
    try:
        statements = tuple(_statement(job, item, one) for item, one in written)
    except CannotEditError as error:
        return display_only(title, error)
    edits = {one.edit: statement for (_, one), statement in zip(written, statements, strict=True)}
    return Fix(title, applicability, tuple(sorted(edits)), tuple(edits[edit] for edit in sorted(edits)))


def _statement(job: ScriptJob, item: Unit | Action, written: Written) -> Statement:
    if not written.fields:
        assert isinstance(item, Unit)
        return Statement((*item.path, "before", written.before), "".join(f"{line}\n" for line in written.lines))
    assert job.yaml
    assert item.step
    *path, at = place_of(job.yaml, item.step.node).path
    if not isinstance(at, int):
        raise CannotEditError("the step is not an item of a list")
    return Statement((*path, f"before:{at}"), Fields(tuple(sorted(written.fields))))
