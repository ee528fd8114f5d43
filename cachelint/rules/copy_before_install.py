"""copy-before-install."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.copies import context_sources, is_everything
from cachelint.buildcache.installs import Install, installs
from cachelint.buildcache.local_needs import local_need
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.dockerfile_edit import move_below
from cachelint.documents.run import commands
from cachelint.fix import Applicability, Fix, display_only
from cachelint.record import NamedTuple
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.model import Model
    from cachelint.buildcache.steps import Step
    from cachelint.context import Context
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage
    from cachelint.project import Build, Project

_HARMLESS = ("ARG", "ENV", "LABEL", "EXPOSE", "USER")


class CopyBeforeInstall(Rule):
    """The whole source is copied before the dependencies are installed.

    ## What it does
    Finds a `COPY` of the whole source above a command that installs the project's dependencies from its manifests
    (`npm ci`, `pip install -r requirements.txt`, `bundle install`, …).

    ## Why it matters
    BuildKit re-runs a step when the step above it re-ran. With all source above the install, every change of any file
    installs all dependencies again. That is slow, not stale: what is copied is always compared by content.

    ## Example
    See the examples: manifests first, then the install, then everything else.

    ## Fix safety
    Unsafe: an install may read files that no manifest mentions. The fix is not offered where that is known: install
    scripts, local path dependencies, workspaces, other commands in the same `RUN`.
    """

    id = "copy-before-install"
    summary = "source is copied before the install, so every source change reinstalls the dependencies"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={
                "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: [GIT_SHA]\n",
                ".dockerignore": "node_modules\n",
                "package.json": "{}\n",
                "Dockerfile": "FROM node\nWORKDIR /app\nCOPY . .\nRUN npm install\nARG GIT_SHA\nRUN npm run build\n",
            },
            good={
                "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: [GIT_SHA]\n",
                ".dockerignore": "node_modules\n",
                "package.json": "{}\n",
                "Dockerfile": (
                    "FROM node\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
                    "ARG GIT_SHA\nRUN npm run build\n"
                ),
            },
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if build.dockerfile and build.model and not build.is_inline:
            try:
                found = tuple(_find(build, build.model, build.dockerfile))
            except GraphError:
                return
            copies = {one.copy.span: [other for other in found if other.copy is one.copy] for one in found}
            yield from (self._report(first, others) for first, *others in copies.values())

    def _report(self, found: Misorder, others: list[Misorder]) -> Diagnostic:
        """A copy, with the first install below it and those of `others`, in other stages that are built on it."""
        tool, source = found.install.tool, found.dockerfile.source
        names = found.present
        first = f"Copy {', '.join(names)} first" if found.present else "Copy the manifests first"
        return self.report(
            (source, found.copy.span),
            f"This brings all source before `{tool}` (line {found.run.line}), so every changed file reinstalls all "
            f"dependencies: slow, not stale. {first}, install, then copy the rest.",
            related=tuple(
                Related(locate(source, one.run.span), f"`{one.install.tool}` runs again after every change")
                for one in (found, *others)
            ),
            fix=_fix(found),
        )


class Misorder(NamedTuple):
    """A broad copy, and the install below it that did not need it; `present` are the manifests in the context."""

    context: Context | None
    dockerfile: Dockerfile
    stage: Stage
    copy: Instruction
    run: Instruction
    install: Install
    present: list[str]


def _find(build: Build, model: Model, dockerfile: Dockerfile) -> Iterator[Misorder]:
    """The first install of each stage that a change of source re-runs because of a broad copy above it."""
    steps = model.graph.steps
    done: set[int] = set()
    for outcome in model.predict(Change(source=True)):
        step = outcome.step
        if step.stage in done or step.keyword != "RUN" or outcome.outcome is Outcome.CACHED or step.onbuild:
            continue
        for install in installs(step.instruction):
            above = [one.instruction for one in _above(steps, step)]
            if install.tool in (earlier.tool for one in above for earlier in installs(one)):
                continue
            broad = next((one for one in above if _is_broad(build.context, one, install, above)), None)
            if broad:
                done.add(step.stage)
                stage = model.graph.stages[step.stage].stage
                present = [name for name in install.manifests if build.context and build.context.has(name)]
                yield Misorder(build.context, dockerfile, stage, broad, step.instruction, install, present)
                break


def _above(steps: tuple[Step, ...], step: Step) -> list[Step]:
    """The steps that a step builds on, the earliest first."""
    chain: list[Step] = []
    while step.above is not None:
        step = steps[step.above]
        chain.append(step)
    return chain[::-1]


def _is_broad(context: Context | None, copy: Instruction, install: Install, copies: list[Instruction]) -> bool:
    """Whether a copy brings the manifests together with everything else."""
    sources = context_sources(copy)
    if any(map(is_everything, sources)):
        return context is None or context.has_source()
    if context is None:
        return False
    named = _brought_by_name(copies, install)
    own = [source for source in sources if not named or os.path.normpath(source) in named]
    return any(context.has(os.path.join(source, name)) for source in own for name in install.required)


def _brought_by_name(copies: list[Instruction], install: Install) -> set[str]:
    """The directories of which a copy brings the manifests by their names, perhaps among others that are needed."""
    named = (os.path.split(source) for one in copies for source in context_sources(one))
    return {
        os.path.normpath(directory)
        for directory, name in named
        if name.strip("*") and any(fnmatchcase(required, name) for required in install.required)
    }


def _fix(found: Misorder) -> Fix:
    reason = next(_obstacles(found), None)
    if reason:
        return display_only("reorder", reason)
    copy, names = found.copy, " ".join(found.present)
    text = found.dockerfile.source.text
    keyword = text[copy.span.start : copy.span.start + len(copy.keyword)]
    flags = (text[slice(*flag.span)] for flag in copy.flags)
    first = " ".join((keyword, *flags, names, copy.words[-1].text.rstrip("/") + "/"))
    edits, statements = move_below(found.dockerfile, copy, found.run, first)
    title = f"copy {', '.join(found.present)} before `{found.install.tool}` and the rest after it"
    return Fix(title, Applicability.UNSAFE, edits, statements)


def _lost(found: Misorder) -> Iterator[str]:
    """What is not known of the manifests."""
    if not found.install.manifests:
        yield "which files the install reads is not known"
    elif not found.present or found.install.directory != "." or not set(found.install.required) <= set(found.present):
        yield "the manifests are not where the install looks for them"


def _obstacles(found: Misorder) -> Iterator[str]:
    """Why the order cannot be mended with certainty, the plainest reason first."""
    copy, instructions = found.copy, found.stage.instructions
    if found.context is None:
        yield "the build context is not known"
        return
    if copy not in instructions:
        yield "the copy stands in a stage that others build on"
        return
    if copy.exec_form or copy.heredocs or len(copy.words) != 2 or not is_everything(copy.words[0].text):
        yield "the copy is written in an unusual way"
    if "$" in copy.value:
        yield "the copy depends on variables"
    yield from _lost(found)
    between = instructions[instructions.index(copy) + 1 : instructions.index(found.run)]
    if any(one.keyword not in _HARMLESS for one in between):
        yield "other steps stand between the copy and the install"
    if len(tuple(installs(found.run))) != len(commands(found.run)):
        yield "the same RUN executes other commands, which may need the source"
    for name in found.present:
        text = found.context.read(name)
        need = "it cannot be read" if text is None else local_need(name, text)
        if need:
            yield f"{name}: {need}"
