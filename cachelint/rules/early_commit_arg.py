"""early-commit-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.argument import declarations, users
from cachelint.buildcache.declaration import first_step_on_source, rerun_install
from cachelint.buildcache.installs import installs
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import move_above
from cachelint.fix import Applicability, Fix, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.steps import Graph
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.dockerfile import Dockerfile, Instruction
    from cachelint.project import Build, Project

_COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"
_TOP = "FROM node\nWORKDIR /app\n"


class EarlyCommitArg(Rule):
    """The commit argument stands above an install, so every commit installs all dependencies again.

    ## What it does
    Asks the cache model what a new value of the commit argument re-runs, and reports an install among those steps.

    ## Why it matters
    An `ARG` is part of the environment of every `RUN` below it, whether the command uses it or not. Above the install,
    each new commit downloads all dependencies again. That is slow, not stale.

    ## Example
    See the examples: the `ARG` moves below the install.

    ## Fix safety
    Safe: the declaration moves down, and only past instructions that do not read it. There is no fix where one does.
    """

    id = "early-commit-arg"
    summary = "the commit argument stands above an install, so every commit reinstalls the dependencies"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={
                "compose.yaml": _COMPOSE,
                "Dockerfile": (
                    f"{_TOP}ARG GIT_COMMIT_HASH\nCOPY package.json ./\nRUN npm install\nCOPY . .\nRUN npm run build\n"
                ),
            },
            good={
                "compose.yaml": _COMPOSE,
                "Dockerfile": (
                    f"{_TOP}COPY package.json ./\nRUN npm install\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN npm run build\n"
                ),
            },
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not (build.dockerfile and build.model and build.reuses) or build.is_inline:
            return
        for arg in build.args:
            if self.settings.commit_arg.is_one(arg.name):
                try:
                    install = rerun_install(build.model, arg.name)
                except GraphError:
                    return
                if install:
                    yield from self._early(build.dockerfile, build.model.graph, arg.name, install)

    def _early(self, dockerfile: Dockerfile, graph: Graph, name: str, install: Instruction) -> Iterator[Diagnostic]:
        for declaration in declarations(graph, name)[:1]:
            tool = next(installs(install)).tool
            span = next(pair.span for pair in pairs(declaration) if pair.name == name)
            yield self.report(
                (dockerfile.source, span),
                f"Every new `{name}` re-runs `{tool}` (line {install.line}) and all below it, because a RUN depends on "
                "every ARG above it. Move the ARG below the install.",
                related=(Related(locate(dockerfile.source, install.span), "installed again for every commit"),),
                fix=_fix(dockerfile, graph, install, name),
            )


def _fix(dockerfile: Dockerfile, graph: Graph, install: Instruction, name: str) -> Fix:
    found = declarations(graph, name)
    early, step = found[0], first_step_on_source(graph)
    stage = next((one.stage for one in graph.stages.values() if early in one.stage.instructions), None)
    together = stage and step in stage.instructions and install in stage.instructions
    if not stage or not step or not together or len(found) > 1 or len(pairs(early)) > 1:
        return display_only("move the ARG", "the stage has no step on the source below its installs")
    between = stage.instructions[stage.instructions.index(early) + 1 : stage.instructions.index(step)]
    if set(between) & set(users(graph, name)):
        return display_only("move the ARG", f"{name} is read above line {step.line}")
    edits, statements = move_above(dockerfile, early, step)
    return Fix(f"move {name} above line {step.line}, below the install", Applicability.SAFE, edits, statements)
