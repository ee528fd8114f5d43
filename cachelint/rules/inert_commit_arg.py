"""inert-commit-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.declaration import declarations, declare, first_step_on_source, reads, revision_label
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import insert_after, move_above
from cachelint.fix import Applicability, Fix, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage
    from cachelint.project import Build, BuildArg, Project

_COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"


class InertCommitArg(Rule):
    """The commit argument is declared where it does nothing.

    ## What it does
    Asks the cache model what a new value of the commit argument re-runs. Reports an argument that re-runs no step and
    that nothing uses: declared before `FROM` only, below the last `RUN`, or overridden by an `ENV`.

    ## Why it matters
    The protection looks as if it were there. An `ARG` re-runs the first `RUN` below it in the same stage, never a
    `COPY`; where no `RUN` follows, a new commit changes nothing. An `ARG` before the first `FROM` is not visible in
    any stage.

    ## Example
    See the examples: the `ARG` moves above the first step that works on the source.

    ## Fix safety
    Safe: the declaration moves, or is repeated inside the stage. Where no step is left to re-run, a `LABEL` puts it to
    use. There is no fix where an `ENV` of the same name overrides it.
    """

    id = "inert-commit-arg"
    summary = "the commit argument is declared where a new value re-runs nothing"
    severity = Severity.ERROR
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\nARG GIT_COMMIT_HASH\n"},
            good={"compose.yaml": _COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN ./build\n"},
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not (build.dockerfile and build.model and build.service and build.resolved) or build.is_inline:
            return
        try:
            stages = build.model.stages
            for arg in build.args:
                if self.settings.commit_arg.is_one(arg.name) and _is_inert(build, stages, arg.name):
                    yield from self._inert(build.dockerfile, stages, arg)
        except GraphError:
            return

    def _inert(self, dockerfile: Dockerfile, stages: tuple[Stage, ...], arg: BuildArg) -> Iterator[Diagnostic]:
        inside = declarations((one for stage in stages for one in stage.instructions), arg.name)
        before = declarations(dockerfile.preamble, arg.name)
        for declaration in (inside or before)[:1]:
            span = next(pair.span for pair in pairs(declaration) if pair.name == arg.name)
            yield self.report(
                (dockerfile.source, span),
                f"A new `{arg.name}` re-runs nothing: {_reason(stages, inside, arg.name)}. "
                "Declare it above the first RUN that works on the source.",
                related=(Related(locate(arg.source, arg.entry.span), "passed here"),),
                fix=_fix(dockerfile, stages, inside, arg.name),
            )


def _is_inert(build: Build, stages: tuple[Stage, ...], name: str) -> bool:
    """Whether a new value re-runs nothing and no instruction uses it."""
    assert build.model
    assert build.dockerfile
    if any(step.outcome is not Outcome.CACHED for step in build.model.predict(Change(args=frozenset((name,))))):
        return False
    used = [one for stage in stages for one in stage.instructions if one.keyword != "ARG"]
    return not any(reads(one, name) for one in used)


def _reason(stages: tuple[Stage, ...], inside: tuple[Instruction, ...], name: str) -> str:
    if not inside:
        return "it is declared before FROM only, where no stage sees it"
    if _overriding(stages, name):
        return "an ENV of the same name overrides it"
    return "no RUN stands below its ARG, and nothing uses it"


def _overriding(stages: tuple[Stage, ...], name: str) -> bool:
    instructions = (one for stage in stages for one in stage.instructions if one.keyword == "ENV")
    return any(pair.name == name for one in instructions for pair in pairs(one))


def _fix(dockerfile: Dockerfile, stages: tuple[Stage, ...], inside: tuple[Instruction, ...], name: str) -> Fix:
    if not inside:
        return declare(dockerfile, stages, name)
    late = inside[0]
    if len(inside) > 1 or len(pairs(late)) > 1 or _overriding(stages, name):
        return display_only("declare it by hand: it is declared or overridden in several places")
    stage = next(one for one in stages if late in one.instructions)
    step = first_step_on_source(stage)
    if step and step.line < late.line:
        edits, statements = move_above(dockerfile, late, step)
        return Fix(f"move {name} above line {step.line}", Applicability.SAFE, edits, statements)
    edit, statement = insert_after(dockerfile, late, revision_label(name))
    return Fix(f"record {name} as the image's revision", Applicability.SAFE, (edit,), (statement,))
