"""unparsable-file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Diagnostic, Severity
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.project import Build, Problem, Project


class UnparsableFile(Rule):
    """A file cannot be read, or is not what its name says.

    ## What it does
    Reports a Compose file that is no valid YAML, a Dockerfile that Docker refuses to read or to build (an unknown
    stage, a stage that reads itself), and a file that cannot be read (permissions, no UTF-8, larger than 10 MiB). Of
    scripts, Makefiles, workflows and the like it reports those that name Docker: one that cannot be read, PowerShell
    under the name of a shell script, and a workflow, an action or a `.gitlab-ci.yml` that is no valid YAML. No other
    rule looks at such a file, and no fix touches it.

    ## Why it matters
    What cannot be read is not checked. Templates (Jinja, Go) and redacted files are the usual cause; exclude them with
    `exclude` in the configuration, and check what they are rendered to.

    ## Example
    See the examples: a duplicate key, which Compose refuses too.

    ## Fix safety
    There is no fix.
    """

    id = "unparsable-file"
    summary = "the file cannot be read or parsed, so nothing in it is checked"
    severity = Severity.ERROR
    examples = (
        Example(
            bad={"compose.yaml": "services:\n  web:\n    image: nginx\n    image: httpd\n"},
            good={"compose.yaml": "services:\n  web:\n    image: nginx\n"},
            fixable=False,
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """A Dockerfile that Docker reads, but refuses to build in this way."""
        if not (build.dockerfile and build.model and build.resolved and build.is_certain) or build.is_lone:
            return
        if build.is_inline:
            return
        try:
            _ = build.model.graph
        except GraphError as error:
            place = (build.dockerfile.source, error.span) if error.span else build.location
            what = f"to build `{build.service.name}`" if build.service else "this build"
            yield self.report(place, f"Docker refuses {what}: {error}.")

    def check_problem(self, problem: Problem) -> Iterator[Diagnostic]:
        """The problem itself."""
        yield self.report(
            problem.location, f"{problem.message[:1].upper()}{problem.message[1:]}. Nothing in this file is checked."
        )
