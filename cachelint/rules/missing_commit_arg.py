"""missing-commit-arg."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from cachelint.buildcache.declaration import declared_names, first_copy, has_step_on_source, rerun_install
from cachelint.buildcache.values import GraphError
from cachelint.commit_arg import BUSTS
from cachelint.deployment.commit_words import commit_words
from cachelint.deployment.shipping import deploys
from cachelint.diagnostic import Diagnostic, Severity, locate
from cachelint.documents.compose_edit import add_arg, args_home, sources_of
from cachelint.documents.dockerfile import pairs
from cachelint.documents.yaml_edit import CannotEditError
from cachelint.fix import Applicability, Fix, display_only
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.rules.base import Example, FixAvailability, Rule, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.composed import Part
    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Location
    from cachelint.documents.dockerfile import Instruction
    from cachelint.documents.yaml import Node
    from cachelint.project import Build, Project

_DOCKERFILE = "FROM alpine\nARG GIT_COMMIT_HASH\nCOPY src src\nRUN ./src/build\n"


class MissingCommitArg(Rule):
    """A build that copies source is not told which commit it is building.

    ## What it does
    Finds Compose services that build an image from local source without passing the commit as a build argument
    (`GIT_COMMIT_HASH`, or any of its usual names such as `GIT_SHA`, `VCS_REF` and `CACHEBUST`). Also `docker build` in
    a script or workflow that deploys, where a cache from the last build may count: not on GitHub's own machines, which
    are new for each job, unless `cache-from` brings one. A service counts as told that some command of the tree builds
    with `--build-arg`.

    Nothing is said where the argument could do nothing: the Dockerfile does not declare it, and below the source there
    is no `RUN`, or only some that arrange files or install packages of the system. A `COPY` compares files, and needs
    no commit for that.

    ## Why it matters
    BuildKit re-runs a step when its inputs change: files that are copied, the step above, build arguments. A step that
    depends on anything else (a fetched file, a generated version) stays cached for ever. A new commit that is passed
    in re-runs the first `RUN` below its `ARG`, and the image can say which commit it was made of.

    ## Example
    See the examples: the argument is added in the notation that the file uses.

    ## Fix safety
    Safe: one argument is added and nothing else. Where an anchor is shared by several services, it is added once, if
    all of them need it. Docker ignores the argument until the Dockerfile declares it; `undeclared-build-arg` does that.
    Commands are only reported: where the commit comes from is for the script to say.
    """

    id = "missing-commit-arg"
    summary = "a build that copies source is not told which commit it builds"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={"compose.yaml": "services:\n  web:\n    build: .\n", "Dockerfile": _DOCKERFILE},
            good={
                "compose.yaml": """\
services:
  web:
    build:
      context: .
      args:
        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}
""",
                "Dockerfile": _DOCKERFILE,
            },
        ),
    )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._surveyed: tuple[Project, _Survey] | None = None

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not self._is_missing(build) or self._is_told_by_command(build, project):
            return
        assert build.service
        home = self._home(build, project)
        location = _written_at(home.part if home else build.parts[-1])
        first, *others = self._survey(project).speakers.get(location, [build.service.name])
        if first != build.service.name:
            return  # it takes its build from a service that says it all
        name = self._name(build, project)
        copy = _copy(build)
        assert copy
        more = f"and {len(others)} more {'services' if len(others) > 1 else 'service'} copy" if others else "copies"
        told = "are not told the commit they build" if others else "is not told the commit it builds"
        yield self.report(
            location,
            f"`{first}` {more} source (Dockerfile line {copy.line}) but {told}: "
            f"{_effect(build, name)}. Pass `{name}` in `build.args`.",
            fix=self._fix(build, project, name, home),
            related=build.way,
        )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about the builds that commands and steps of a deployment ask for."""
        asked = [(call, one) for call in deployment.calls for one in call.builds_itself]
        builds = [(call, one) for call, one in asked if one.context and not _tells_more(one) and self._lacks_it(one)]
        is_named = self.settings.is_deploy_script(deployment.source.path)
        if not builds or not deploys(deployment, is_named=is_named):
            return
        for call, build in builds:
            name = _declared(build, self.settings.commit_arg.is_one) or self.settings.commit_arg.name
            copy = _copy(build)
            assert build.dockerfile
            assert copy
            yield self.report(
                build.location,
                f"This build copies source ({os.path.basename(build.dockerfile.source.path)} line {copy.line}) but is "
                f"not told the commit it builds: {_effect(build, name)}. Pass `{name}` as a build argument.",
                fix=display_only(f"pass {commit_words(deployment.job, call, name)}"),
            )

    def _lacks_it(self, build: Build) -> bool:
        """Whether a build may reuse an earlier one, copies source, and nothing tells it the commit."""
        if not (build.resolved and build.reuses and build.dockerfile):
            return False
        if any(
            self.settings.commit_arg.is_one(name) for name in (*(arg.name for arg in build.args), *build.added_args)
        ):
            return False
        if _copy(build) is None:
            return False
        name = _declared(build, self.settings.commit_arg.is_one)
        return _works_on_source(build) or (name is not None and _is_reached(build, name))

    def _is_missing(self, build: Build) -> bool:
        return build.service is not None and bool(build.context or build.is_inline) and self._lacks_it(build)

    def _is_told_by_command(self, build: Build, project: Project) -> bool:
        """Whether a script or workflow passes the commit when it builds the service: ``compose build --build-arg``."""
        assert build.service
        files = build.combination or tuple(build.paths)
        return any(map(self.settings.commit_arg.is_one, project.scripts.pass_to(build.service.name, files)))

    def _name(self, build: Build, project: Project) -> str:
        """The name that the Dockerfile declares, else the one that other services pass, else the configured one."""
        return _declared(build, self.settings.commit_arg.is_one) or self._survey(project).habit[0]

    def _survey(self, project: Project) -> _Survey:
        """What the project's builds have in common; looked up once for each project, since they come one by one."""
        if self._surveyed is None or self._surveyed[0] is not project:
            default = (self.settings.commit_arg.name, self.settings.commit_arg.value)
            habit = _habit(project, self.settings.commit_arg.is_one, default)
            self._surveyed = project, _Survey(habit, _sharers(project), self._speakers(project), {})
        return self._surveyed[1]

    def _speakers(self, project: Project) -> dict[Location, list[str]]:
        """The services that are written with the build at a place, itself or merged in, and are built themselves."""
        found: dict[Location, dict[str, None]] = {}
        for build in filter(self._is_missing, project.builds):
            part = build.parts[0]
            is_own = build.service is not None and part.service.name == build.service.name
            if is_own and not self._is_told_by_command(build, project):
                found.setdefault(_written_at(part), {})[part.service.name] = None
        return {place: list(names) for place, names in found.items()}

    def _home(self, build: Build, project: Project) -> _Home | None:
        """Where its arguments belong: at the farthest place that all who share it need; None when there is none."""
        found = None
        for node, part in _homes(build):
            owner = self._owner(node, project) if _may_edit(part, project) else None
            if owner:
                found = _Home(owner, part)
            if part.file.takes_away:
                break
        return found

    def _owner(self, node: Node, project: Project) -> Part | None:
        """The part that is written at a node which all who take arguments from it need; looked up once for them all."""
        survey = self._survey(project)
        if id(node) not in survey.owners:
            sharers = survey.sharers.get(id(node), [])
            owners = [one for _, one in sharers if args_home(one.request) is node]
            is_needed = bool(owners) and all(self._is_missing(one) for one, _ in sharers)
            survey.owners[id(node)] = owners[-1] if is_needed else None
        return survey.owners[id(node)]

    def _fix(self, build: Build, project: Project, name: str, home: _Home | None) -> Fix:
        """Written where the build's arguments are, or once at the anchor that they share with others that need it."""
        value = self._survey(project).habit[1]
        if home is None:
            node, _ = next(_homes(build))
            sharers = self._survey(project).sharers.get(id(node), [])
            other = next((one for one, _ in sharers if not self._is_missing(one)), build)
            assert other.service
            return display_only(f"write `{name}: {value}`", f"`{other.service.name}` shares these arguments")
        sharers = self._survey(project).sharers.get(id(args_home(home.owner.request)), [])
        if any(one.is_inline and not _declared(one, name.__eq__) for one, _ in sharers):
            why = f"its `dockerfile_inline`, which is not edited, has no `ARG {name}`: Docker would drop it"
            return display_only(f"write `{name}: {value}`, and the ARG", why)
        try:
            change = add_arg(home.owner.file, home.owner.request, name, value)
        except CannotEditError as error:
            return display_only(f"write `{name}: {value}`", error)
        return Fix(f"pass {name}={value}", Applicability.SAFE, change.edits, change.statements)


_CHANGES = regex(r"commit|sha|hash|rev|version|release|tag|time|date|stamp|bust|build_?(?:id|num)", re.IGNORECASE)


def _tells_more(build: Build) -> bool:
    """Whether a command passes something, under any name, that differs from build to build."""
    return any("$" in (arg.value or "") and _CHANGES.search(f"{arg.name}={arg.value}") for arg in build.args)


def _works_on_source(build: Build) -> bool:
    return build.model is not None and build.model.tells(has_step_on_source)


def _effect(build: Build, name: str) -> str:
    """What comes of the missing argument."""
    if _works_on_source(build):
        return "a step whose inputs are not files stays cached from commit to commit"
    return f"`{name}`, which the Dockerfile declares, says nothing of it"


def _declared(build: Build, is_commit_arg: Callable[[str], bool]) -> str | None:
    """The commit argument that the Dockerfile declares, but for one that is there to re-run the installs."""
    assert build.dockerfile
    declared = (pair.name for one in build.dockerfile.instructions if one.keyword == "ARG" for pair in pairs(one))
    return next((name for name in declared if is_commit_arg(name) and not _is_for_installs(build, name)), None)


def _is_reached(build: Build, name: str) -> bool:
    """Whether a stage that the build runs, or what stands above all of them, declares an argument."""
    assert build.dockerfile
    stages = build.model.stages if build.model else ()
    reached = (*build.dockerfile.preamble, *(one for stage in stages for one in stage.instructions))
    return name in declared_names(reached)


def _is_for_installs(build: Build, name: str) -> bool:
    if name not in BUSTS or build.model is None:
        return False
    try:
        return rerun_install(build.model, name) is not None
    except GraphError:
        return False


class _Home(NamedTuple):
    """Where an argument is written: the part of a service to edit, and the part of the build that takes from there."""

    owner: Part
    part: Part


class _Survey(NamedTuple):
    """`habit` is the commit argument, as (name, value), that most builds pass; `sharers` are the builds, with the part
    of them, that a node (by its identity) gives arguments to; `speakers` the services that each ``build`` is written
    in, by its location; `owners` fills with the part at a node that an argument may be written into."""

    habit: tuple[str, str]
    sharers: dict[int, list[tuple[Build, Part]]]
    speakers: dict[Location, list[str]]
    owners: dict[int, Part | None]


def _homes(build: Build) -> Iterator[tuple[Node, Part]]:
    """The nodes that give a build arguments, the nearest first."""
    for part in reversed(build.parts):
        for node in sources_of(args_home(part.request)):
            yield node, part


def _may_edit(part: Part, project: Project) -> bool:
    """A file that is shared with other projects may be needed there as it is."""
    return any(part.file is one for one in project.compose_files)


def _habit(project: Project, is_commit_arg: Callable[[str], bool], default: tuple[str, str]) -> tuple[str, str]:
    passed = Counter(
        (arg.name, arg.value)
        for build in project.builds
        for arg in build.args
        if arg.value and "$" in arg.value and is_commit_arg(arg.name)
    )
    return max(passed, key=lambda one: (passed[one], one), default=default)


def _sharers(project: Project) -> dict[int, list[tuple[Build, Part]]]:
    found: dict[int, list[tuple[Build, Part]]] = {}
    for build in project.builds:
        for node, part in _homes(build):
            found.setdefault(id(node), []).append((build, part))
    return found


def _written_at(part: Part) -> Location:
    """The ``build`` key of a part of a service, wherever that was merged from."""
    return locate(part.file.source, part.service.node.merged["build"].key.span)


def _copy(build: Build) -> Instruction | None:
    """Where the build copies source; None too where Docker refuses it or its target is not known."""
    try:
        return build.model.tells(first_copy) if build.model else None
    except GraphError:
        return None
