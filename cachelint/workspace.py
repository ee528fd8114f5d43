"""The files of a tree, read and parsed on demand."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

from cachelint.discovery import Kind, is_below
from cachelint.documents.compose import ComposeFile, parse_compose
from cachelint.documents.dockerfile import Dockerfile, parse_dockerfile
from cachelint.source import SourceError, SourceFile, read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachelint.discovery import Tree

_Document = TypeVar("_Document")
_KEPT = 256
_HELD = 4_000_000
_SMALL = 100_000
"""Most texts are read several times, by who looks for words in them and who parses them: so many characters of those
that are not too long are kept."""

_JOBS = "\0jobs"


class Workspace:
    """Reads and parses the files of a tree, each once while it is in use, with edited texts in front of the disk's.

    Only the last few documents are kept, so that memory does not grow with the number of files. Nothing outside the
    tree's root is read: a path in a pull request may point anywhere. Nor is what the configuration excludes.
    `unreadable` are the paths of the files that could not be read. `edits` counts the changes of texts so far.
    """

    def __init__(self, tree: Tree, excluded: Callable[[str], bool] = lambda path: False) -> None:
        self.tree = tree
        self.unreadable: set[str] = set()
        self.edits = 0
        self._root = os.path.realpath(tree.root)
        self._excluded = excluded
        self._building: set[str] | None = None
        self._edited: dict[str, str] = {}
        self._directories: dict[str, str] = {}
        self._texts: dict[str, SourceFile] = {}
        self._held = 0
        self._parsed: OrderedDict[str, tuple[object, Exception | None]] = OrderedDict()

    def builds_below(self, directory: str) -> bool:
        """Whether a Compose file or a Dockerfile lies in a directory (absolute) or below it."""
        if self._building is None:
            self._building = set()
            for path, kind in self.tree.files.items():
                above = os.path.dirname(path) if kind in (Kind.COMPOSE, Kind.DOCKERFILE) else ""
                while above and above not in self._building:
                    self._building.add(above)
                    above = os.path.dirname(above) if above != os.path.dirname(above) else ""
        return directory in self._building

    def edit(self, path: str, text: str) -> None:
        """From now on the file has this text, for every reader of the workspace."""
        self._edited[path] = text
        self._forget(path)

    def revert(self, path: str) -> None:
        """From now on the file has the disk's text again."""
        self._edited.pop(path, None)
        self._forget(path)

    def _forget(self, path: str) -> None:
        self.edits += 1
        self._drop_text(path)
        self._parsed.pop(path, None)
        self._parsed.pop(f"{path}{_JOBS}", None)

    def contains(self, path: str) -> bool:
        """Whether a path may be read: it lies, with links followed, inside the root, and is not excluded."""
        return self._may_read(self._real(path), path)

    def _may_read(self, real: str, path: str) -> bool:
        return is_below(real, self._root) and not self._excluded(path)

    def file_at(self, path: str) -> str | None:
        """The one name under which the tree knows a file that may be read; None where there is none."""
        real = self._real(path)
        name = self.tree.name_of_real(real, path)
        return name if os.path.isfile(real) and self._may_read(real, name) else None

    def _real(self, path: str) -> str:
        """The path with links followed; the way to a directory is walked once for all that lies in it."""
        missing: list[str] = []
        at = os.path.dirname(path)
        while at not in self._directories and (above := os.path.dirname(at)) != at:
            missing.append(at)
            at = above
        real = self._directories.get(at) or os.path.realpath(at)
        if len(self._directories) >= _KEPT:
            self._directories.clear()
        for directory in reversed(missing):
            real = self._directories[directory] = _in_real(real, directory)
        return _in_real(real, path)

    def source(self, path: str) -> SourceFile:
        """The text of a file. Raises `SourceError`, also for a file outside the root."""
        if path in self._edited:
            return SourceFile(path, self._edited[path])
        try:
            return self._read(path)
        except SourceError:
            self.unreadable.add(path)
            raise

    def _read(self, path: str) -> SourceFile:
        source = self._texts.get(path)
        if source is None:
            if not self.contains(path):
                raise SourceError("outside the repository")
            source = read_source(path)
            if len(source.text) <= _SMALL:
                self._keep_text(source)
        return source

    def _keep_text(self, source: SourceFile) -> None:
        self._texts[source.path] = source
        self._held += len(source.text)
        while self._held > _HELD:
            self._drop_text(next(iter(self._texts)))

    def _drop_text(self, path: str) -> None:
        source = self._texts.pop(path, None)
        if source:
            self._held -= len(source.text)

    def compose(self, path: str) -> ComposeFile:
        """A parsed Compose file. Raises `SourceError`, `YamlError` or `NotComposeError`."""
        return self._document(path, parse_compose)

    def dockerfile(self, path: str) -> Dockerfile:
        """A parsed Dockerfile. Raises `SourceError` or `DockerfileError`."""
        return self._document(path, parse_dockerfile)

    def jobs(self, path: str, parse: Callable[[SourceFile], _Document]) -> _Document:
        """What `parse` makes of a script, a workflow or the like: with the commands in it, once they are asked for.

        Raises `SourceError`. A workflow may be a Compose file, too, so that it is kept under another name.
        """
        return self._document(path, parse, _JOBS)

    def _document(self, path: str, parse: Callable[[SourceFile], _Document], what: str = "") -> _Document:
        key = f"{path}{what}"
        if key not in self._parsed:
            self._parsed[key] = self._parse(path, parse)
            if len(self._parsed) > _KEPT:
                self._parsed.popitem(last=False)
        self._parsed.move_to_end(key)
        document, error = self._parsed[key]
        if error:
            raise error
        return document  # type: ignore[return-value]  # what this very parser returned: a path has one kind

    def _parse(self, path: str, parse: Callable[[SourceFile], object]) -> tuple[object, Exception | None]:
        try:
            return parse(self.source(path)), None
        except Exception as error:  # noqa: BLE001  # kept for every later reader of the same file
            return None, error.with_traceback(None)


def _in_real(directory: str, path: str) -> str:
    """A path with links followed, given the directory that it lies in with links followed."""
    name = os.path.basename(path)
    return os.path.realpath(path) if name in ("", ".", "..") or os.path.islink(path) else os.path.join(directory, name)
