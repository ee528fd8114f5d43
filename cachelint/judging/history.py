"""What git knows of the commits around a deploy: what was committed since, and when files were what they are now."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from cachelint.discovery import git_environment
from cachelint.messages import InputError
from cachelint.submodules import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAX_COMMITS = 300
"""How many earlier commits that touched the files are looked at."""

_MAX_FILES = 100
_MAX_CANDIDATES = 3
_SECONDS = 60


class History:
    """The repository at `root`, seen from the revision `since` and from HEAD. Raises `InputError` without git."""

    def __init__(self, root: str, since: str) -> None:
        self._root = root
        self._since = self._line("rev-parse", "--verify", "--quiet", f"{since}^{{commit}}")
        self.head = self._line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    @property
    def moved(self) -> bool:
        """Whether HEAD is another commit."""
        return self.head != self._since

    def committed(self) -> frozenset[str]:
        """The files (absolute) that HEAD has otherwise than the revision."""
        listed = self._git("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", self._since, self.head, "--")
        names = expanded(self._root, filter(None, listed.split("\0")), self._since, self.head)
        return frozenset(os.path.join(self._root, name) for name in names)

    def earlier_commits(self, paths: Sequence[str]) -> list[str]:
        """Commits before the revision in which all these files (absolute) were what they are at HEAD; a few of them.

        A build of such a commit may have left results that the cache now rightly hands out.
        """
        shown = (os.path.relpath(path, self._root).replace(os.sep, "/") for path in paths[:_MAX_FILES])
        names = [name for name in shown if "\n" not in name]  # git reads a question to the end of its line
        if not names:
            return []
        now = self._objects([self.head], names)[self.head]
        # a state ends with the next commit that touches one of the files: what stood before that one
        # on the way that was deployed, merges in one piece, and on the ways that led into it
        asked = ("log", "--format=%H", f"--max-count={_MAX_COMMITS}")
        merged = self._git(*asked, "--first-parent", self._since, "--", *names).split()
        touched = dict.fromkeys((*merged, *self._git(*asked, self._since, "--", *names).split()))
        before = self._objects([f"{commit}^" for commit in touched], names)
        return [commit for commit, objects in before.items() if objects == now and any(objects)][:_MAX_CANDIDATES]

    def knows(self, commit: str) -> bool:
        """Whether a commit, perhaps abbreviated, is one of this repository."""
        try:
            return bool(self._line("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"))
        except InputError:
            return False

    def short(self, commit: str) -> str:
        """The abbreviated name of a commit."""
        return self._line("rev-parse", "--short", commit)

    def committed_at(self) -> float:
        """When the revision was committed, in seconds since 1970."""
        return float(self._line("show", "--no-patch", "--format=%ct", self._since))

    def size(self, path: str) -> int | None:
        """How many bytes a file (absolute) had at the revision; None when it was not there."""
        name = os.path.relpath(path, self._root).replace(os.sep, "/")
        try:
            return int(self._git("cat-file", "-s", f"{self._since}:{name}"))
        except InputError:
            return None

    def _objects(self, commits: Sequence[str], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each commit the files' objects; an empty text for a file that is not there."""
        wanted = [(commit, name) for commit in commits for name in names]
        lines = self._git("cat-file", "--batch-check=%(objectname)", given="".join(f"{c}:{n}\n" for c, n in wanted))
        found: dict[str, list[str]] = {commit: [] for commit in commits}
        for (commit, _), line in zip(wanted, lines.splitlines(), strict=True):
            found[commit].append("" if line.endswith((" missing", " ambiguous")) else line)
        return {commit: tuple(objects) for commit, objects in found.items()}

    def _line(self, *words: str) -> str:
        return self._git(*words).strip()

    def _git(self, *words: str, given: str | None = None) -> str:
        command = ["git", "-C", self._root, "-c", "core.fsmonitor=false", "--literal-pathspecs", *words]
        try:
            run = subprocess.run(
                command,
                input=None if given is None else os.fsencode(given),
                stdin=subprocess.DEVNULL if given is None else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
                env=git_environment(),
                timeout=_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"--since: git {words[0]} does not answer") from error
        if run.returncode:
            raise InputError(f"--since: git {words[0]} fails")
        return os.fsdecode(run.stdout)
