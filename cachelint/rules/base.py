"""What a rule is."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar

from cachelint.commit_arg import CommitArg
from cachelint.diagnostic import Diagnostic, Location, Related, Severity, locate
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cachelint.cache_readers import CacheReader
    from cachelint.deployment.model import Deployment
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.fix import Fix
    from cachelint.project import Build, Problem, Project
    from cachelint.prune.decision import Decision
    from cachelint.source import SourceFile, Span
    from cachelint.suppression import Suppression


class FixAvailability(enum.Enum):
    """How often a rule's findings come with a fix."""

    NONE = "none"
    SOMETIMES = "sometimes"
    ALWAYS = "always"


def _nothing_open(_deployment: Deployment) -> Decision:
    from cachelint.prune.decision import decide

    return decide(())


class Settings(NamedTuple):
    """The part of the configuration that rules see.

    `decide` says how much of the build cache a deployment has to drop, which hangs on what other rules find.
    `cache_readers` are all builds of the tree that read the cache of an image back; looking for them takes time.
    """

    commit_arg: CommitArg = CommitArg()
    allowed_volumes: tuple[str, ...] = ()
    is_deploy_script: Callable[[str], bool] = lambda path: False
    decide: Callable[[Deployment], Decision] = _nothing_open
    cache_readers: Callable[[], tuple[CacheReader, ...]] = tuple


class Example(NamedTuple):
    """Files (name to text) that the rule reports, and what they look like when it is content.

    `fixable` says that ``--fix --unsafe-fixes`` turns `bad` into `good`.
    """

    bad: dict[str, str]
    good: dict[str, str]
    fixable: bool = True


class Rule:
    """One rule: what it is called, what it reports, and its documentation, which is the docstring of its class.

    A rule implements the ``check_*`` methods of what it looks at. It reads nothing but what it is given, and never
    calls another rule.
    """

    id: ClassVar[str]
    summary: ClassVar[str]
    severity: ClassVar[Severity]
    fix_availability: ClassVar[FixAvailability] = FixAvailability.NONE
    examples: ClassVar[tuple[Example, ...]] = ()
    fixes_late: ClassVar[int] = 0
    """1 when its fixes hang on what is still found when all others are done; 2 when on those of 1 as well.

    Those of 2 are worked out as if those of 1 were done, and stand in front of them.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.checks_builds = type(self).check_build is not Rule.check_build

    def check_build(self, build: Build, project: Project) -> Iterable[Diagnostic]:
        """Findings about one build."""
        return ()

    def check_compose(self, compose: ComposeFile, project: Project) -> Iterable[Diagnostic]:
        """Findings about a Compose file that belong to no build."""
        return ()

    def check_dockerfile(self, dockerfile: Dockerfile, project: Project) -> Iterable[Diagnostic]:
        """Findings about a Dockerfile, whatever it is built for."""
        return ()

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterable[Diagnostic]:
        """Findings about a script, or a job of a workflow, and what it asks Docker for in its order."""
        return ()

    def check_problem(self, problem: Problem) -> Iterable[Diagnostic]:
        """Findings about a file that could not be parsed."""
        return ()

    def check_unused(self, source: SourceFile, unused: Suppression, names: tuple[str, ...]) -> Iterable[Diagnostic]:
        """Findings about a suppression some of whose `names` silenced nothing."""
        return ()

    def report(
        self,
        place: Location | tuple[SourceFile, Span],
        message: str,
        *,
        fix: Fix | None = None,
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        """A diagnostic of this rule at a place."""
        location = place if isinstance(place, Location) else locate(*place)
        return Diagnostic(self.id, self.severity, location, message, related, fix)
