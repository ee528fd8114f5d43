"""cache-from-fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.fetch import Kind
from cachelint.cached_fetches import cached_fetches
from cachelint.commit_names import commit_name
from cachelint.diagnostic import Related, Severity, locate
from cachelint.regex import regex
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build, Project

_COMPOSE = """\
services:
  web:
    build:
      context: .
      cache_from:
        - registry.example.com/web:cache
"""
_BAD = """\
FROM debian
# cachelint: ignore[cached-fetch] new machines fetch anew
RUN git clone https://example.com/shop/assets.git /assets
"""
_GOOD = "FROM debian\nRUN git clone -b v1.4 https://example.com/shop/assets.git /assets\n"
_ONLY_A_VARIABLE = regex(r"\$(?:\w+|\{[^}]*\})")


class CacheFromFetch(Rule):
    """An imported cache hands an old fetch to new machines.

    ## What it does
    Finds services with `cache_from` whose build has a step that fetches what moves and that nothing makes run again
    (see `cached-fetch`).

    ## Why it matters
    A machine that has never built the image, or whose cache was pruned, would fetch anew. With `cache_from` it takes
    the step from the imported cache instead: the result of the first build, on every machine.

    ## Example
    See the examples. Pinning the fetch, or an `ARG` above it that changes with each commit, settles both findings.

    ## Fix safety
    There is no fix: removing the imported cache makes every other step slow as well.
    """

    id = "cache-from-fetch"
    summary = "an imported cache carries the result of an old fetch to every machine"
    severity = Severity.WARNING
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE, "Dockerfile": _BAD},
            good={"compose.yaml": _COMPOSE, "Dockerfile": _GOOD},
            fixable=False,
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not build.service or not build.dockerfile:
            return
        imports = [one for one in build.cache_from if not _ONLY_A_VARIABLE.fullmatch(one.value)]
        if not imports:
            return
        found = (fetch for _, fetch in cached_fetches(build, self.settings.commit_arg.is_one))
        fetch = next((one for one in found if one.kind is not Kind.UPGRADE), None)
        if fetch:
            source = build.dockerfile.source
            line = source.position(fetch.command.span.start).line
            related = () if build.is_inline else (Related(locate(source, fetch.command.span), "the fetch"),)
            yield self.report(
                (imports[0].file.source, imports[0].span),
                f"With this, a new machine or a pruned cache gets what line {line} of the Dockerfile fetched at some "
                "first build, and never fetches anew. Pin the fetch, or put "
                f"`ARG {commit_name(project.builds, self.settings.commit_arg)}` above it.",
                related=related,
            )
