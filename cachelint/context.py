"""The files of a build context, as far as a rule may look."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from cachelint.buildcache.context import read_context
from cachelint.buildcache.files import ContextFiles
from cachelint.buildcache.manifests import is_manifest
from cachelint.documents.dockerignore import DockerIgnoreError, find_ignore_file, parse_dockerignore
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.dockerignore import DockerIgnore
    from cachelint.workspace import Workspace


class Context:
    """A directory that is sent to the builder, without what its ``.dockerignore`` holds back.

    `directory` is absolute; paths inside it are relative to it, with ``/``.
    """

    def __init__(self, workspace: Workspace, directory: str, dockerfile: str) -> None:
        self.directory = directory
        self._workspace = workspace
        self._dockerfile = dockerfile
        self._ignore: DockerIgnore | None = None
        self._looked = False
        self._names: dict[str, frozenset[str] | None] = {}

    @property
    def ignore_file(self) -> str | None:
        """Absolute path of the ``.dockerignore`` that counts, None without one."""
        return find_ignore_file(self._dockerfile, self.directory)

    def has(self, path: str) -> bool:
        """Whether the builder receives a file of that path."""
        full = os.path.join(self.directory, path)
        return os.path.isfile(full) and self._workspace.contains(full) and not self._ignores(path)

    def read(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read."""
        try:
            return self._workspace.source(os.path.join(self.directory, path)).text
        except SourceError:
            return None

    def files(self) -> ContextFiles | None:
        """Every file that is sent, listed anew; None where the directory cannot be read."""
        ignore = self._ignore_rules()
        try:
            return ContextFiles(read_context(self.directory, ignore), ignore)
        except OSError:
            return None

    def sends_directory(self, path: str) -> bool:
        """Whether files in a directory of that path are sent; where there is none, whether they would be."""
        return not self._ignores(path) and not self._ignores(f"{path}/x/x")

    def directories(self, above: str, names: Iterable[str]) -> list[str]:
        """The paths of those directories of these names that are in a directory of the context, ignored or not."""
        listed = self._names_in(above)
        paths = [posixpath.join(above, name) for name in names if listed is None or name in listed]
        return [path for path in paths if self._has_directory(os.path.join(self.directory, path))]

    def _has_directory(self, path: str) -> bool:
        return os.path.isdir(path) and self._workspace.contains(path)

    def has_source(self) -> bool:
        """Whether anything at the top of the context, manifests aside, is sent."""
        names = self._names_in("")
        return names is None or any(not is_manifest(name) and not self._ignores(name) for name in names)

    def _names_in(self, directory: str) -> frozenset[str] | None:
        """What is in a directory of the context, listed once; None where that may not or cannot be listed."""
        if directory not in self._names:
            self._names[directory] = self._listed(
                os.path.join(self.directory, directory) if directory else self.directory
            )
        return self._names[directory]

    def _listed(self, directory: str) -> frozenset[str] | None:
        try:
            return frozenset(os.listdir(directory)) if self._workspace.contains(directory) else None
        except OSError:
            return None

    def _ignores(self, path: str) -> bool:
        rules = self._ignore_rules()
        return rules is not None and rules.ignores(path)

    def _ignore_rules(self) -> DockerIgnore | None:
        if not self._looked:
            self._looked = True
            self._ignore = self._read_ignore()
        return self._ignore

    def _read_ignore(self) -> DockerIgnore | None:
        path = self.ignore_file
        try:
            return parse_dockerignore(self._workspace.source(path)) if path else None
        except (SourceError, DockerIgnoreError):
            return None
