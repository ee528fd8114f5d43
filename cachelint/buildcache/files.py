"""Which files of the context a source selects: exactly when they are listed, by their names when they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.change import CACHED, Verdict, maybe, run, strongest
from cachelint.buildcache.context import CopySources
from cachelint.buildcache.manifests import Brings, is_manifest, kinds_by_name
from cachelint.documents.globs import PatternError, clean_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.buildcache.change import Change
    from cachelint.buildcache.context import ContextListing
    from cachelint.buildcache.steps import Source
    from cachelint.documents.dockerignore import DockerIgnore


class ContextFiles:
    """The build context, as far as it is known, with what was found out about it.

    Without `listing` a pattern decides by its name; `ignore` keeps ignored paths of a `Change` from counting.
    """

    __slots__ = ("_brings", "_ignore", "_listing", "_paths", "_selectors")

    def __init__(self, listing: ContextListing | None = None, ignore: DockerIgnore | None = None) -> None:
        self._listing = listing
        self._ignore = ignore
        self._paths = frozenset(listing.paths) if listing else frozenset()
        self._brings: dict[Source, tuple[str | None, str | None]] = {}
        self._selectors: dict[Source, CopySources | None] = {}

    def verdict(self, source: Source, change: Change, reader: str) -> Verdict:
        """Whether the files that `source` selects change; `reader` is the instruction, for the cause."""
        if not change.touches_files:
            return CACHED
        return strongest(self._by_path(source, change, reader), *self._by_kind(source, change, reader))

    def is_directory(self, path: str) -> bool | None:
        """Whether a source path is a directory; None when that is not known."""
        name = clean_path("/" + path)[1:]
        if not name or path.endswith("/"):
            return True
        if self._listing is None or name in self._listing.links:
            return None
        if name + "/" in self._paths:
            return True
        return False if name in self._paths else None

    def _by_path(self, source: Source, change: Change, reader: str) -> Verdict:
        if not change.paths:
            return CACHED
        selector = self._selector(source)
        if selector is None:
            return maybe(f"{reader} selects its files by a pattern that cannot be read")
        hit = min((path for path in change.paths if self._counts(path, selector)), default=None)
        return CACHED if hit is None else run(f"{reader} brings {hit}, which changed")

    def _counts(self, path: str, selector: CopySources) -> bool:
        if self._ignore is not None and self._ignore.ignores(path) and path not in self._paths:
            return False
        return selector.selects(path)

    def _selector(self, source: Source) -> CopySources | None:
        if source not in self._selectors:
            links = self._listing.links if self._listing else None
            try:
                found = CopySources(
                    source.paths, source.exclude, parents=source.parents, wildcards=not source.literal, links=links
                )
            except PatternError:
                found = None
            self._selectors[source] = found
        return self._selectors[source]

    def _by_kind(self, source: Source, change: Change, reader: str) -> Iterable[Verdict]:
        if not (change.source or change.dependencies):
            return
        if self._listing is None:
            yield from self._by_name(source, change, reader)
            return
        code, manifest = self._brought(source)
        for wanted, example, kind in ((change.source, code, "source"), (change.dependencies, manifest, "manifests")):
            if wanted and example is not None:
                yield run(f"{reader} brings {example}: {kind} changed")

    def _brought(self, source: Source) -> tuple[str | None, str | None]:
        """An example of the source files and one of the manifests that `source` selects."""
        if source not in self._brings:
            selector = self._selector(source)
            files = [path for path in self._listing.paths if not path.endswith("/")] if self._listing else []
            chosen = selector.select(files) if selector else files
            code = next((path for path in chosen if not is_manifest(path)), None)
            self._brings[source] = code, next(filter(is_manifest, chosen), None)
        return self._brings[source]

    def _by_name(self, source: Source, change: Change, reader: str) -> Iterable[Verdict]:
        for pattern in source.paths:
            code, manifest = kinds_by_name(pattern)
            if change.source:
                yield _named(code, f"{reader} brings source, which changed", f"{reader}: {pattern} may hold source")
            if change.dependencies:
                yield _named(
                    manifest, f"{reader} brings manifests, which changed", f"{reader}: {pattern} may hold manifests"
                )


def _named(brings: Brings, sure: str, unsure: str) -> Verdict:
    if brings is Brings.NO:
        return CACHED
    return run(sure) if brings is Brings.YES else maybe(unsure)
