"""undeclared-build-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.declaration import declare, declared_names
from cachelint.buildcache.values import GraphError
from cachelint.deployment.passed_args import passes_args
from cachelint.diagnostic import Diagnostic, Related, Severity, locate
from cachelint.fix import display_only
from cachelint.rules.base import Example, FixAvailability, Rule
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.docker_command import BuildArg as PassedWord
    from cachelint.documents.dockerfile import Dockerfile, Stage
    from cachelint.fix import Fix
    from cachelint.project import Build, BuildArg, Project
    from cachelint.source import SourceFile

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
    Finds arguments of a build for which no `ARG` stands in any stage that the build's target needs; of those that
    `compose build --build-arg` passes to several services, the ones that none of them declares.

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
        dockerfile, stages = build.dockerfile, _stages(build)
        if not dockerfile or not stages:
            return
        declared = _declared(dockerfile, stages)
        for arg in build.args:
            if arg.name in declared or _is_predefined(arg.name):
                continue
            if arg.name in declared_names(dockerfile.instructions) and _is_for_another_target(build, arg):
                continue
            if self.settings.commit_arg.is_one(arg.name):
                yield self._undeclared(build, dockerfile, stages, arg)._replace(severity=Severity.ERROR)
            elif not _is_shared(project, arg):
                yield self._undeclared(build, dockerfile, stages, arg)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about what ``compose build`` passes to all services that it builds."""
        for call in filter(passes_args, deployment.calls):
            assert call.docker
            if call.docker.doubt:
                continue
            declared = [
                _declared(build.dockerfile, stages) if build.dockerfile and (stages := _stages(build)) else None
                for build in call.services
            ]
            if not declared or None in declared:
                continue
            for arg in call.docker.build_args:
                known = "$" in arg.name or _is_predefined(arg.name)
                if not known and not any(arg.name in (names or ()) for names in declared):
                    yield self._dropped(deployment, call, arg)

    def _dropped(self, deployment: Deployment, call: DockerCall, arg: PassedWord) -> Diagnostic:
        services = dict.fromkeys(build.service.name for build in call.services if build.service)
        who = f"`{next(iter(services))}`" if len(services) == 1 else "any of the services that are built"
        diagnostic = self.report(
            (deployment.source, _name_span(deployment.source, arg)),
            f"`{arg.name}` is passed, but no stage of {who} declares it: Docker drops it without a word. Declare it "
            f"with `ARG {arg.name}` or remove it.",
        )
        is_commit = self.settings.commit_arg.is_one(arg.name)
        return diagnostic._replace(severity=Severity.ERROR) if is_commit else diagnostic

    def _undeclared(self, build: Build, dockerfile: Dockerfile, stages: tuple[Stage, ...], arg: BuildArg) -> Diagnostic:
        elsewhere = arg.name in declared_names(dockerfile.instructions)
        where = "only a stage that this build does not use declares it" if elsewhere else "no stage declares it"
        is_commit = self.settings.commit_arg.is_one(arg.name)
        advice = (
            f"Add `ARG {arg.name}` to the Dockerfile" if is_commit else f"Declare it with `ARG {arg.name}` or remove it"
        )
        return self.report(
            (arg.source, arg.entry.name_span),
            f"`{arg.name}` is passed, but {where}: Docker drops it without a word. {advice}.",
            related=(Related(locate(dockerfile.source, stages[-1].start.span), "the stage that is built"), *arg.way),
            fix=_fix(build, arg.name) if is_commit else None,
        )


def _name_span(source: SourceFile, arg: PassedWord) -> Span:
    """The name of an argument of a command, or the word that holds it where that is written otherwise."""
    start = arg.word.origin.start
    end = start + len(arg.name)
    return Span(start, end) if source.text[start:end] == arg.name else arg.word.origin


def _stages(build: Build) -> tuple[Stage, ...]:
    """The stages that a build runs; none where that is not certain."""
    if not build.dockerfile or not build.model or not build.resolved or _has_own_frontend(build.dockerfile):
        return ()
    try:
        return build.model.stages
    except GraphError:
        return ()


def _declared(dockerfile: Dockerfile, stages: tuple[Stage, ...]) -> frozenset[str]:
    reached = (one for stage in stages for one in stage.instructions)
    return declared_names(dockerfile.preamble) | declared_names(reached)


def _is_predefined(name: str) -> bool:
    return name.upper() in _PREDEFINED or name.startswith("BUILDKIT_")


def _has_own_frontend(dockerfile: Dockerfile) -> bool:
    """Whether ``# syntax=`` names a frontend with rules of its own."""
    syntax = dockerfile.directives.get("syntax", "docker/dockerfile")
    return "docker/dockerfile" not in syntax


def _is_for_another_target(build: Build, arg: BuildArg) -> bool:
    """Whether a file above that of the argument chose the target: without that one, another stage gets it."""
    choosing = [part.file.source.path for part in build.parts if part.request.target]
    paths = [part.file.source.path for part in build.parts]
    own = arg.source.path
    return bool(choosing) and own in paths and own not in choosing and paths.index(choosing[-1]) > paths.index(own)


def _is_shared(project: Project, arg: BuildArg) -> bool:
    """Whether another build passes the very same entry (an anchor), which may be there for that one."""
    names: set[str] = set()
    for build in project.builds:
        if build.service and any(one.entry.node is arg.entry.node for one in build.args):
            names.add(build.service.name)
            if len(names) > 1:
                return True
    return False


def _fix(build: Build, name: str) -> Fix:
    assert build.dockerfile
    assert build.model
    if build.is_inline:
        return display_only(f"add `ARG {name}`", "the Dockerfile is written inside the Compose file")
    return declare(build.dockerfile, build.model.graph, name)
