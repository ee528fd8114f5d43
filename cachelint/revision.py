"""What git says about an earlier revision: which files are others now, and what stood in them."""

from __future__ import annotations

import os

from cachelint.discovery import git_environment
from cachelint.messages import InputError
from cachelint.submodules import expanded


class Revision:
    """A commit of the repository whose top is `root`. Raises `InputError` for one that does not exist."""

    def __init__(self, root: str, name: str) -> None:
        self.root = root
        self.name = name
        if not os.path.exists(os.path.join(root, ".git")):
            raise InputError(f"--since {name}: {root} is in no git repository")
        if not name or name.startswith("-") or "\0" in name:
            raise InputError(f"--since: {name!r} is no revision")
        found = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found is None:
            raise InputError(self._missing())
        self._commit = found.strip()

    def changed_paths(self) -> list[str]:
        """Absolute paths of the files that differ from the revision: committed or not, new and untracked, deleted.

        A submodule that is not checked out is one path.
        """
        tracked = self._git("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", self._commit, "--")
        untracked = self._git("ls-files", "-z", "--others", "--exclude-standard")
        if tracked is None or untracked is None:
            raise InputError(f"--since {self.name}: git cannot compare the working tree with it")
        names = dict.fromkeys(filter(None, (tracked + untracked).split("\0")))
        return [os.path.join(self.root, name) for name in expanded(self.root, names, self._commit, None)]

    def text(self, path: str) -> str | None:
        """What stood in a file (its absolute path); None when it was not there, or is no text."""
        name = os.path.relpath(path, self.root).replace(os.sep, "/")
        return None if name.startswith("../") else self._git("cat-file", "blob", f"{self._commit}:{name}", exact=True)

    def _missing(self) -> str:
        shallow = self._git("rev-parse", "--is-shallow-repository")
        if shallow is None:
            return f"--since {self.name}: git cannot read the repository {self.root}"
        hint = " (this is a shallow clone: fetch it first)" if shallow.strip() == "true" else ""
        return f"--since: unknown revision {self.name!r}{hint}"

    def _git(self, *words: str, exact: bool = False) -> str | None:
        """What a git command prints, None when it fails; `exact`: as text of a file."""
        import subprocess

        from cachelint.source import SourceError, decode

        command = ["git", "-C", self.root, "-c", "core.fsmonitor=false", *words]
        try:
            run = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
                env=git_environment(),
            )
        except OSError as error:
            raise InputError(f"--since needs git: {(error.strerror or str(error)).lower()}") from error
        if run.returncode:
            return None
        try:
            return decode(run.stdout) if exact else os.fsdecode(run.stdout)
        except SourceError:
            return None
