"""What the scripts and workflows of a tree say about builds, read as plain text."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.discovery import Kind
from cachelint.source import SourceError

if TYPE_CHECKING:
    from cachelint.workspace import Workspace

_COMPOSE_BUILD = re.compile(r"compose\b[^\n]*\s(?:build\b|--build\b)|docker/bake-action")
_OTHERS = (
    ".env",
    ".envrc",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    "Justfile",
    "Makefile",
    "Taskfile.yml",
    "justfile",
    "makefile",
    "package.json",
)


class Scripts:
    """The shell scripts and workflows of a tree, and other files beside them that may set variables.

    A mention of a variable counts as setting it, so that nothing is claimed that a closer reading would take back.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._texts: list[str] | None = None
        self._others: list[str] | None = None

    def build_with_compose(self) -> bool:
        """Whether a script or workflow builds with Compose."""
        return any(_COMPOSE_BUILD.search(text) for text in self._scripts())

    def mention(self, name: str) -> bool:
        """Whether any of the files mentions a variable."""
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        return any(pattern.search(text) for text in (*self._scripts(), *self._beside()))

    def has_builds(self) -> bool:
        """Whether the tree has a Dockerfile."""
        return Kind.DOCKERFILE in self._workspace.tree.files.values()

    def may_give(self, name: str, path: str) -> bool:
        """Whether a variable may come to a script from elsewhere.

        From a file such as ``.env`` that mentions it, or from a script or workflow that mentions it and this script.
        """
        if any(re.search(rf"\b{re.escape(name)}\b", text) for text in self._beside()):
            return True
        script = re.escape(os.path.basename(path))
        own = self._workspace.source(path).text
        pattern = re.compile(rf"\b{re.escape(name)}\b")
        return any(text != own and pattern.search(text) and re.search(script, text) for text in self._scripts())

    def _scripts(self) -> list[str]:
        if self._texts is None:
            files = self._workspace.tree.files
            self._texts = self._read([path for path, kind in files.items() if kind in (Kind.SHELL, Kind.WORKFLOW)])
        return self._texts

    def _beside(self) -> list[str]:
        if self._others is None:
            directories = {self._workspace.tree.root, *map(os.path.dirname, self._workspace.tree.files)}
            paths = [os.path.join(directory, name) for directory in sorted(directories) for name in _OTHERS]
            self._others = self._read([path for path in paths if os.path.isfile(path)])
        return self._others

    def _read(self, paths: list[str]) -> list[str]:
        texts: list[str] = []
        for path in paths:
            try:
                texts.append(self._workspace.source(path).text)
            except SourceError:
                continue  # what cannot be read claims nothing
        return texts
