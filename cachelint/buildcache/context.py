"""What of a build context a step reads.

A change in the context re-runs a ``COPY``, an ``ADD`` or a ``RUN --mount=type=bind`` exactly when it changes a path
that its sources select. The rules are BuildKit's: frontend/dockerfile/dockerfile2llb/convert_copy.go (sources,
``--parents``), tonistiigi/fsutil ``copy/copy.go`` (wildcards, ``--exclude``), ``filter.go`` (what is sent).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.documents.globs import clean_path, glob_tokens, has_wildcard
from cachelint.documents.pattern_list import Automaton, PatternList, Place
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cachelint.documents.dockerignore import DockerIgnore

_MAX_LINKS = 255
_NO_PATTERNS = PatternList(())


class ContextListing(NamedTuple):
    """What Docker sends of a context, in its order: parents first, each directory sorted by name.

    `paths` are relative with ``/``; a directory ends in ``/``. `links` are the symbolic links among them, with their
    targets as written.
    """

    paths: list[str]
    links: dict[str, str]


def list_context(root: str, ignore: DockerIgnore | None = None) -> list[str]:
    """The `ContextListing.paths` of a directory. Raises `OSError` when `root` cannot be listed."""
    return read_context(root, ignore).paths


def read_context(root: str, ignore: DockerIgnore | None = None) -> ContextListing:
    """List a context as Docker's client walks it.

    Symbolic links are listed, never followed. An ignored directory is entered only where an exception can bring back
    something below it, and listed only when one did. A directory below `root` that cannot be read counts as empty:
    Docker would stop there. Raises `OSError` when `root` cannot be listed.
    """
    patterns = ignore.matcher if ignore else _NO_PATTERNS
    listing = ContextListing([], {})
    waiting = [_Directory(root, "", patterns.top, None)]
    waiting[0].entries = _entries(root)
    while waiting:
        directory = waiting[-1]
        inner = directory.list_next(patterns, listing)
        if inner is None:
            waiting.pop()
        else:
            waiting.append(inner)
    return listing


class _Directory:
    """A directory that is being listed. `unlisted` is true until it is in the listing itself."""

    __slots__ = ("entries", "parent", "path", "place", "prefix", "unlisted")

    def __init__(self, path: str, prefix: str, place: Place, parent: _Directory | None) -> None:
        self.path = path
        self.prefix = prefix
        self.place = place
        self.parent = parent
        self.unlisted = parent is not None
        self.entries: list[os.DirEntry[str]] | None = None

    def list_next(self, patterns: PatternList, listing: ContextListing) -> _Directory | None:
        """List entries up to the next directory to enter, which is returned; None when there is no other."""
        if self.entries is None:
            self.entries = _entries_or_none(self.path)
        while self.entries:
            entry = self.entries.pop()
            place = patterns.below(self.place, entry.name)
            if entry.is_dir(follow_symlinks=False):
                inside = patterns.enter(place)
                if place.matched and not patterns.may_except(inside):
                    continue
                inner = _Directory(entry.path, f"{self.prefix}{entry.name}/", inside, self)
                if not place.matched:
                    inner.list_itself(listing)
                return inner
            if not place.matched:
                self.list_itself(listing)
                listing.paths.append(self.prefix + entry.name)
                if entry.is_symlink():
                    listing.links[self.prefix + entry.name] = _read_link(entry.path)
        return None

    def list_itself(self, listing: ContextListing) -> None:
        """Put the directory, after those above it, into the listing; once."""
        missing: list[str] = []
        directory: _Directory | None = self
        while directory is not None and directory.unlisted:
            directory.unlisted = False
            missing.append(directory.prefix)
            directory = directory.parent
        listing.paths.extend(reversed(missing))


def _entries(path: str) -> list[os.DirEntry[str]]:
    """The entries of a directory, last name first."""
    with os.scandir(path) as entries:
        return sorted(entries, key=lambda entry: entry.name, reverse=True)


def _entries_or_none(path: str) -> list[os.DirEntry[str]]:
    try:
        return _entries(path)
    except OSError:
        return []


def _read_link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


class CopySources:
    """The sources of one ``COPY``, ``ADD`` or bind mount from the context, with variables already replaced.

    URLs, Git repositories and here-documents are no paths: leave them out. A bind mount's source has no `wildcards`.
    `links` are the symbolic links of the context: BuildKit follows those on the way to a source and a source that is
    one, but none inside a directory that it copies. Raises `PatternError` for a pattern that Docker refuses.

    The client only sends what a source also matches as an ignore pattern. That is the same or more, except for
    sources with an escaped letter, a bare ``^``, a ``!`` in front or ``**`` next to a letter: they copy less than is
    said here.
    """

    __slots__ = ("_excludes", "_followed", "_sources")

    def __init__(
        self,
        sources: Sequence[str],
        excludes: Sequence[str] = (),
        *,
        parents: bool = False,
        wildcards: bool = True,
        links: Mapping[str, str] | None = None,
    ) -> None:
        self._excludes = PatternList(excludes) if excludes else None
        self._followed: set[str] = set()
        self._sources: list[_Source] = []
        for source in sources:
            one = _parents_source(source) if parents else _source(source, wildcards)
            self._sources.append(one)
            if links:
                self._sources += one.behind(links, self._followed)

    def selects(self, path: str) -> bool:
        """Whether the step's result depends on this path (with ``/``, relative to the context)."""
        path = path.rstrip("/")
        return path in self._followed or any(source.selects(path, self._excludes) for source in self._sources)

    def select(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that the step's result depends on."""
        return [path for path in paths if self.selects(path)]

    def missing(self, paths: Sequence[str]) -> list[str]:
        """The sources that stop the build because a context of just these paths does not have them.

        A wildcard that matches nothing copies nothing, as long as the directory it starts from was sent for another
        source; here it is enough that the context has that directory.
        """
        real = [source for source in self._sources if source.text is not None]
        return [source.text for source in real if source.text is not None and not source.exists(paths)]


class _Source(NamedTuple):
    """One source: what is below `base`, or below what `glob` matches there, as far as `include` takes it.

    `needs` is the path without which the build fails. `text` is as written; None for what a link led to.
    """

    text: str | None
    base: str
    needs: str
    glob: Automaton | None = None
    include: PatternList | None = None

    def selects(self, path: str, excludes: PatternList | None) -> bool:
        inner = self.relative(path)
        if not inner:
            # neither `--exclude` nor `--parents` is asked about the source itself
            return inner is not None and self.include is None
        if self.include is not None and not self.include.matches(inner):
            return False
        return excludes is None or not excludes.matches(inner)

    def relative(self, path: str) -> str | None:
        """The path below what this source copies; empty for the source itself, None for a path elsewhere."""
        inner = _below(path, self.base)
        if inner is None or self.glob is None:
            return inner
        return _after_match(self.glob, inner)

    def exists(self, paths: Iterable[str]) -> bool:
        return not self.needs or any(_below(path.rstrip("/"), self.needs) is not None for path in paths)

    def behind(self, links: Mapping[str, str], followed: set[str]) -> list[_Source]:
        """The sources that links lead this one to; the links go to `followed`."""
        base = _follow(self.base, links, followed)
        found = [self._replace(text=None, base=base)] if base != self.base else []
        if self.glob is not None:
            matched = [link for link in links if self.relative(link) == "" or (found and found[0].relative(link) == "")]
            ends = [_follow(link, links, followed) for link in matched]
            found += [_Source(None, end, "") for end in ends]
        return found


def _source(text: str, wildcards: bool) -> _Source:
    path = clean_path("/" + text)[1:]
    names = path.split("/")
    first = next((at for at, name in enumerate(names) if wildcards and has_wildcard(name)), None)
    if first is None:
        return _Source(text, path, path)
    base = "/".join(names[:first])
    return _Source(text, base, base, Automaton([glob_tokens("/".join(names[first:]))]))


def _parents_source(text: str) -> _Source:
    """``--parents`` copies what a ``.dockerignore`` pattern matches below the root or below the part before ``/./``."""
    start, pivot, pattern = text.partition("/./")
    if not pivot:
        start, pattern = "/", text
    source = _source(start, wildcards=True)
    pattern = clean_path("/" + pattern)[1:]
    needs = source.needs
    if source.glob is None and not has_wildcard(pattern):
        needs = clean_path(f"/{source.base}/{pattern}")[1:]
    return source._replace(text=text, needs=needs, include=PatternList([pattern]))


def _below(path: str, base: str) -> str | None:
    if not base:
        return path
    if path == base:
        return ""
    return path[len(base) + 1 :] if path.startswith(base + "/") else None


def _after_match(glob: Automaton, path: str) -> str | None:
    """What follows the first directory or file on the way to `path` that the pattern matches."""
    node, at = glob.start, 0
    for name in path.split("/") if path else ():
        node = glob.run(node, name)
        at += len(name) + 1
        if node.hits:
            return path[at:]
        node = glob.run(node, "/")
    return None


def _follow(path: str, links: Mapping[str, str], followed: set[str]) -> str:
    """Where a path ends when links are followed; the context is the root of absolute ones, and nothing is above it."""
    waiting = path.split("/")[::-1]
    names: list[str] = []
    hops = 0
    while waiting:
        name = waiting.pop()
        if name == "..":
            del names[-1:]
        elif name not in ("", "."):
            names.append(name)
        link = "/".join(names)
        if link in links and hops < _MAX_LINKS:
            hops += 1
            followed.add(link)
            target = links[link]
            names = [] if target.startswith("/") else names[:-1]
            waiting += target.split("/")[::-1]
    return "/".join(names)
