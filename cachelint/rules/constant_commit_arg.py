"""constant-commit-arg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.commit_words import commit_words
from cachelint.deployment.shipping import deploys
from cachelint.diagnostic import Severity
from cachelint.documents.yaml import Scalar
from cachelint.documents.yaml_edit import CannotEditError, replace_value
from cachelint.fix import Applicability, Fix, display_only
from cachelint.regex import regex
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build, BuildArg, Project

_WITH_DEFAULT = regex(r"\$\{(\w+):?-[^${}]*\}")
_COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_COMMIT_HASH: {}\n"
_DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN ./build\n"


class ConstantCommitArg(Rule):
    """The commit argument always has the same value.

    ## What it does
    Reports a commit argument whose value is a fixed word, and one like `${GIT_COMMIT_HASH:-unknown}` where a script or
    workflow builds this very Compose file, and neither it nor any other script, workflow or `.env` sets the variable.
    A fixed word in `--build-arg` or `build-args` is reported where it is a deploy that may reuse an earlier build.

    ## Why it matters
    A value that never changes re-runs nothing: the build takes the steps below the `ARG` from the cache for every
    commit, and the log looks as if the commit were passed.

    ## Example
    See the examples: the value comes from the environment of the deploy.

    ## Fix safety
    Unsafe: the value may be fixed on purpose, to keep steps cached until somebody counts it up. In a command there is
    no fix.
    """

    id = "constant-commit-arg"
    summary = "the commit argument always has the same value, so it re-runs nothing"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE.format("unknown"), "Dockerfile": _DOCKERFILE},
            good={"compose.yaml": _COMPOSE.format("${GIT_COMMIT_HASH}"), "Dockerfile": _DOCKERFILE},
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not build.resolved or build.is_lone or build.command:
            return
        for arg in build.args:
            if self.settings.commit_arg.is_one(arg.name) and arg.name not in build.added_args:
                reason = _constant(arg, project)
                if reason:
                    value = self.settings.commit_arg.value_for(arg.name)
                    yield self.report(
                        (arg.source, arg.entry.span),
                        f"`{arg.name}` is the same for every commit: {reason}. The steps below its ARG stay cached. "
                        f"Pass `{value}` and set it before the build.",
                        fix=_fix(arg, value),
                        related=arg.way,
                    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about the arguments that commands and steps of a deployment pass."""
        is_named = self.settings.is_deploy_script(deployment.source.path)
        found = list(self._literal(deployment))
        if found and deploys(deployment, is_named=is_named):
            for call, arg in found:
                yield self.report(
                    (arg.source, arg.entry.span),
                    f"`{arg.name}` is the same for every commit: {_constant(arg, project)}. The steps below its ARG "
                    "stay cached. Pass the commit.",
                    fix=display_only(f"pass {commit_words(deployment.job, call, arg.name)}"),
                )

    def _literal(self, deployment: Deployment) -> Iterator[tuple[DockerCall, BuildArg]]:
        """The commit arguments that are written out, of builds that may reuse an earlier one."""
        for call in deployment.calls:
            for build in call.builds_itself:
                for arg in build.args if build.resolved and build.reuses else ():
                    if self.settings.commit_arg.is_one(arg.name) and arg.value is not None and "$" not in arg.value:
                        yield call, arg


def _constant(arg: BuildArg, project: Project) -> str | None:
    """Why the value cannot change, None when it may."""
    value = arg.value if arg.written is None else arg.written
    if arg.value is None or value is None:
        return None
    if "$" not in value:
        return "its value is written out" if value else "its value is empty"
    match = _WITH_DEFAULT.fullmatch(value)
    if not match or not project.scripts.leave_unset(arg.source.path, match.group(1)):
        return None
    return f"nothing that builds this project sets {match.group(1)}, so the default is used"


def _fix(arg: BuildArg, value: str) -> Fix:
    assert arg.file
    node = arg.entry.node
    text = value if arg.entry.name_span != arg.entry.span else f"{arg.name}={value}"
    if not isinstance(node, Scalar):
        return display_only(f"write `{arg.name}: {value}`", "the value stands behind an alias")
    try:
        change = replace_value(arg.file.yaml, node, text)
    except CannotEditError as error:
        return display_only(f"write `{arg.name}: {value}`", error)
    return Fix(f"pass {arg.name}={value}", Applicability.UNSAFE, change.edits, change.statements)
