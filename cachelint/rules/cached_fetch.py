"""cached-fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.fetch import Kind
from cachelint.cached_fetches import cached_fetches
from cachelint.commit_names import commit_name
from cachelint.diagnostic import Severity
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.fetch import Fetch
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build, Project

_BAD = """\
FROM alpine/git AS source
RUN git clone --depth 1 https://example.com/shop/web.git /src

FROM nginx
COPY --from=source /src/public /usr/share/nginx/html
"""
_GOOD = """\
FROM alpine/git AS source
ARG GIT_COMMIT_HASH
RUN git clone --depth 1 https://example.com/shop/web.git /src

FROM nginx
COPY --from=source /src/public /usr/share/nginx/html
"""
_SEVERITY = {Kind.BRANCH: Severity.ERROR, Kind.RELEASE: Severity.WARNING, Kind.UPGRADE: Severity.NOTE}


class CachedFetch(Rule):
    """A step fetches something that moves, and nothing makes it run again.

    ## What it does
    Finds `RUN` steps that fetch what a branch, a newest release or a package mirror holds (`git clone`, `curl` of a
    branch's file or of `releases/latest`, `pip install git+…`, `npm install name@latest`, `apt-get upgrade`) and that
    stay cached when everything changes that a commit or a new version can change: source, manifests, the commit
    argument and other arguments that are passed anew.

    ## Why it matters
    BuildKit compares a step's text and what stands above it, never what the network would answer today. The first
    build fetches; every later build takes that old result and says `CACHED`. What was pushed since is not deployed.

    ## Example
    See the examples. Naming a commit, a tag or a version is as good: then there is nothing to miss.

    ## Fix safety
    There is no fix: whether to pin or to fetch anew is a decision. What follows a branch is an error, the newest of
    somebody's releases a warning, upgraded packages a note. Installers that are piped into a shell, version managers,
    keys, downloads with a checksum and the images of development containers are not reported.
    """

    id = "cached-fetch"
    summary = "a step fetches what moves, and stays cached although it moved"
    severity = Severity.ERROR
    examples = (Example(bad={"Dockerfile": _BAD}, good={"Dockerfile": _GOOD}, fixable=False),)

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not build.dockerfile or ".devcontainer" in build.dockerfile.source.path:
            return
        for _, fetch in cached_fetches(build, self.settings.commit_arg.is_one):
            yield self._report(build, fetch, project)

    def _report(self, build: Build, fetch: Fetch, project: Project) -> Diagnostic:
        assert build.dockerfile
        name = commit_name(project.builds, self.settings.commit_arg)
        place = build.location if build.is_inline else (build.dockerfile.source, fetch.command.span)
        diagnostic = self.report(
            place,
            f"This {fetch.does} at the first build, and stays CACHED for ever after: nothing above it changes from "
            f"commit to commit. {fetch.remedy}, or put `ARG {name}` above it.",
        )
        return diagnostic._replace(severity=_SEVERITY[fetch.kind])
