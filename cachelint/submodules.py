"""What changed inside submodules: git names a submodule as one path, whatever differs in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.discovery import git_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SUBMODULE = "160000 commit "
_SECONDS = 60


def expanded(root: str, names: Iterable[str], old: str, new: str | None) -> Iterator[str]:
    """Changed paths of the repository at `root`, with the changed files of a submodule in its place.

    `old` and `new` are the compared commits, `new` is None for the working tree. A submodule stays one path where it is
    not checked out, or does not have both states.
    """
    for name in names:
        # no repository can hold a file of that name, so that this is none that a stranger made up
        found = _inside(root, name, old, new) if os.path.isfile(os.path.join(root, name, ".git")) else None
        yield from (f"{name}/{one}" for one in found) if found else (name,)


def _inside(root: str, name: str, old: str, new: str | None) -> list[str] | None:
    directory = os.path.join(root, name)
    before, after = _commit(root, name, old), new and _commit(root, name, new)
    if before is None or (new and after is None):
        return None
    commits = [one for one in (before, after) if one]
    found = _git(directory, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", *commits, "--")
    others = "" if new else _git(directory, "ls-files", "-z", "--others", "--exclude-standard")
    if found is None or others is None:
        return None
    return list(expanded(directory, filter(None, (found + others).split("\0")), before, after))


def _commit(root: str, name: str, commit: str) -> str | None:
    """The commit at which a submodule stands in one of the repository's."""
    found = _git(root, "--literal-pathspecs", "ls-tree", "-z", commit, "--", name)
    return found[len(_SUBMODULE) :].split("\t")[0] if found and found.startswith(_SUBMODULE) else None


def _git(directory: str, *words: str) -> str | None:
    import subprocess

    command = ["git", "-C", directory, "-c", "core.fsmonitor=false", *words]
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=git_environment(),
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if run.returncode else os.fsdecode(run.stdout)
