"""undeclared-build-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.copies import brings_source
from cachelint.buildcache.installs import installs
from cachelint.buildcache.stages import reached_stages
from cachelint.diagnostic import Diagnostic, Related, Severity, locate
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import insert_after, insert_before
from cachelint.fix import Applicability, Fix, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage
    from cachelint.project import Build, BuildArg, Project

# Arguments that Docker and BuildKit know without an ARG: "Predefined ARGs" and "BuildKit built-in build args" in
# Docker's Dockerfile reference.
_PREDEFINED = frozenset(
    """
    HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY SOURCE_DATE_EPOCH TARGETPLATFORM TARGETOS TARGETARCH
    TARGETVARIANT TARGETSTAGE BUILDPLATFORM BUILDOS BUILDARCH BUILDVARIANT
    """.split()
)
_COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"


class UndeclaredBuildArg(Rule):
    """A build argument is passed that no stage declares.

    ## What it does
    Finds arguments of a build for which no `ARG` stands in any stage that the build's target needs.

    ## Why it matters
    Docker drops such an argument without a word. For the commit argument that means: the protection looks as if it
    were there, and does nothing.

    ## Example
    See the examples: the `ARG` stands below the copied source and above the first step that works on it, so that a new
    commit re-runs that step and leaves the dependencies cached.

    ## Fix safety
    Safe for the commit argument: one `ARG` is inserted (where no step is left to re-run, with a `LABEL` that records
    the commit). There is no fix for others: they may be misspelt, or left over.
    """

    id = "undeclared-build-arg"
    summary = "a build argument is passed that no stage declares, so Docker drops it"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\n"},
            good={"compose.yaml": _COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN ./build\n"},
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        dockerfile = build.dockerfile
        if not dockerfile or not build.resolved or _has_own_frontend(dockerfile):
            return
        stages = reached_stages(dockerfile, build.target)
        if not stages:
            return
        declared = _declared(dockerfile.preamble) | _declared(one for stage in stages for one in stage.instructions)
        for arg in build.args:
            if arg.name in declared or arg.name.upper() in _PREDEFINED or arg.name.startswith("BUILDKIT_"):
                continue
            if self.settings.commit_arg.is_one(arg.name):
                yield self._undeclared(build, dockerfile, stages, arg)._replace(severity=Severity.ERROR)
            elif not _is_shared(project, arg):
                yield self._undeclared(build, dockerfile, stages, arg)

    def _undeclared(self, build: Build, dockerfile: Dockerfile, stages: tuple[Stage, ...], arg: BuildArg) -> Diagnostic:
        elsewhere = arg.name in _declared(dockerfile.instructions)
        where = "only a stage that this build does not use declares it" if elsewhere else "no stage declares it"
        is_commit = self.settings.commit_arg.is_one(arg.name)
        advice = (
            f"Add `ARG {arg.name}` to the Dockerfile" if is_commit else f"Declare it with `ARG {arg.name}` or remove it"
        )
        return self.report(
            (arg.source, arg.entry.name_span),
            f"`{arg.name}` is passed, but {where}: Docker drops it without a word. {advice}.",
            related=(Related(locate(dockerfile.source, stages[-1].start.span), "the stage that is built"),),
            fix=_fix(build, dockerfile, stages, arg.name) if is_commit else None,
        )


def _has_own_frontend(dockerfile: Dockerfile) -> bool:
    """Whether ``# syntax=`` names a frontend with rules of its own."""
    syntax = dockerfile.directives.get("syntax", "docker/dockerfile")
    return "docker/dockerfile" not in syntax


def _declared(instructions: Iterable[Instruction]) -> frozenset[str]:
    found = [one.trigger if one.keyword == "ONBUILD" and one.trigger else one for one in instructions]
    return frozenset(pair.name for one in found if one.keyword == "ARG" for pair in pairs(one))


def _is_shared(project: Project, arg: BuildArg) -> bool:
    """Whether another build passes the very same entry (an anchor), which may be there for that one."""
    users = [build for build in project.builds for one in build.args if one.entry.node is arg.entry.node]
    return len(users) > 1


def _fix(build: Build, dockerfile: Dockerfile, stages: tuple[Stage, ...], name: str) -> Fix:
    if build.is_inline:
        return display_only(f"add `ARG {name}` by hand: the Dockerfile is written inside the Compose file")
    with_source = [stage for stage in stages if any(map(brings_source, stage.instructions))]
    for stage in with_source:
        step = _first_step_on_source(stage)
        if step:
            edit, statement = insert_before(dockerfile, step, f"ARG {name}")
            title = f"declare {name} above line {step.line}, the first step that works on the source"
            return Fix(title, Applicability.SAFE, (edit,), (statement,), dockerfile.source.path)
    if not with_source:
        return display_only(f"add `ARG {name}` by hand: no stage copies source")
    last = [one for one in with_source[-1].instructions if brings_source(one)][-1]
    lines = f'ARG {name}\nLABEL org.opencontainers.image.revision="${{{name}}}"'
    edit, statement = insert_after(dockerfile, last, lines)
    title = f"declare {name} and record it as the image's revision"
    return Fix(title, Applicability.SAFE, (edit,), (statement,), dockerfile.source.path)


def _first_step_on_source(stage: Stage) -> Instruction | None:
    """The first RUN below the first source copy and below every install."""
    started = False
    step: Instruction | None = None
    for instruction in stage.instructions:
        started = started or brings_source(instruction)
        if instruction.keyword == "RUN" and started:
            step = None if any(installs(instruction)) else step or instruction
    return step
