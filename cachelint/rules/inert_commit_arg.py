"""inert-commit-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.argument import declarations, overrides, users
from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.declaration import declare, first_step_on_source, revision_label
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import insert_after, move_above
from cachelint.documents.words import references
from cachelint.fix import Applicability, Fix, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.model import Model
    from cachelint.buildcache.steps import Graph
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.dockerfile import Dockerfile, Instruction
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
        if not (build.dockerfile and build.model and build.resolved and build.reuses) or build.is_inline:
            return
        try:
            graph = build.model.graph
            for arg in build.args:
                if self.settings.commit_arg.is_one(arg.name) and _is_inert(build.model, graph, arg.name):
                    yield from self._inert(build.dockerfile, graph, arg)
        except GraphError:
            return

    def _inert(self, dockerfile: Dockerfile, graph: Graph, arg: BuildArg) -> Iterator[Diagnostic]:
        inside = declarations(graph, arg.name)
        before = [one for one in dockerfile.preamble if any(pair.name == arg.name for pair in pairs(one))]
        for declaration in (*inside, *before)[:1]:
            span = next(pair.span for pair in pairs(declaration) if pair.name == arg.name)
            yield self.report(
                (dockerfile.source, span),
                f"A new `{arg.name}` re-runs nothing: {_reason(graph, inside, arg.name)}. "
                "Declare it above the first RUN that works on the source.",
                related=(Related(locate(arg.source, arg.entry.span), "passed here"),),
                fix=_fix(dockerfile, graph, inside, arg.name),
            )


def _is_inert(model: Model, graph: Graph, name: str) -> bool:
    """Whether a new value re-runs nothing and no instruction uses it."""
    if any(step.outcome is not Outcome.CACHED for step in model.predict(Change(args=frozenset((name,))))):
        return False
    bases = (one.name for stage in graph.stages.values() for one in references(stage.stage.base))
    return name not in bases and not users(graph, name)


def _reason(graph: Graph, inside: tuple[Instruction, ...], name: str) -> str:
    if not inside:
        return "it is declared before FROM only, where no stage sees it"
    if overrides(graph, name):
        return "an ENV of the same name overrides it"
    return "no RUN stands below its ARG, and nothing uses it"


def _fix(dockerfile: Dockerfile, graph: Graph, inside: tuple[Instruction, ...], name: str) -> Fix:
    if not inside:
        return declare(dockerfile, graph, name)
    late = inside[0]
    if len(inside) > 1 or len(pairs(late)) > 1 or overrides(graph, name):
        return display_only("declare it", "it is declared or overridden in several places")
    stage = next((one.stage for one in graph.stages.values() if late in one.stage.instructions), None)
    step = first_step_on_source(graph)
    if stage and step in stage.instructions and step.line < late.line:
        edits, statements = move_above(dockerfile, late, step)
        return Fix(f"move {name} above line {step.line}", Applicability.SAFE, edits, statements)
    if step:
        return declare(dockerfile, graph, name)
    edit, statement = insert_after(dockerfile, late, revision_label(name))
    return Fix(f"record {name} as the image's revision", Applicability.SAFE, (edit,), (statement,))
