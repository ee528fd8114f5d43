"""Which files there are: paths in, files by kind out."""

from __future__ import annotations

import enum
import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Kind(enum.Enum):
    """What a file's name says it is."""

    COMPOSE = "compose"
    DOCKERFILE = "dockerfile"
    DOCKERIGNORE = "dockerignore"
    SHELL = "shell"
    WORKFLOW = "workflow"


_YAML = r"\.ya?ml"
_NO_DOCKERFILE = r"dockerignore|md|rst|txt|j2|jinja2?|tmpl|tpl|template|erb|ejs|mustache|in|patch|diff|orig|rej|bak|swp"
_KINDS = (
    (Kind.COMPOSE, re.compile(rf"docker-compose.*{_YAML}|compose.*{_YAML}|.+\.compose{_YAML}")),
    (
        Kind.DOCKERFILE,
        re.compile(
            rf"(?:Docker|Container)file(?:[._-](?!(?:.*\.)?(?:{_NO_DOCKERFILE})\Z).+)?"
            r"|dockerfile|.+\.(?:Docker|docker|Container|container)file"
        ),
    ),
    (Kind.DOCKERIGNORE, re.compile(r"(?:.+)?\.dockerignore")),
    (Kind.SHELL, re.compile(r".+\.(?:sh|bash)")),
)
_WORKFLOW = re.compile(rf"(?:.*/)?\.github/workflows/[^/]+{_YAML}")

PRUNED = frozenset((".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache"))
"""Directories that are never searched: their contents are somebody else's or generated."""


class Tree(NamedTuple):
    """A directory and what is in it: `root` is absolute, `files` maps absolute paths to their kind, sorted."""

    root: str
    files: dict[str, Kind]


def kind_of(path: str) -> Kind | None:
    """The kind that a path's name says, None for a name that says nothing."""
    if _WORKFLOW.fullmatch(path.replace(os.sep, "/")):
        return Kind.WORKFLOW
    name = os.path.basename(path)
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), None)


def find_root(path: str) -> str:
    """The repository around an absolute path, else the nearest directory."""
    start = at = path if os.path.isdir(path) else os.path.dirname(path)
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return start
        at = above
    return at


def discover(root: str, *, excluded: Callable[[str], bool], extra: Iterable[str] = ()) -> Tree:
    """All files below `root` whose names cachelint knows, and those of `extra`, which are Compose files.

    Inside a repository git says which files there are (tracked, or new and not ignored); elsewhere, or where git does
    not work, the directories are walked. `excluded` is asked with absolute paths.
    """
    names = git_files(root)
    found: dict[str, Kind] = {}
    for name in _walk(root) if names is None else names:
        kind = kind_of(name)
        path = os.path.join(root, name)
        if kind and not excluded(path) and not PRUNED.intersection(name.split("/")) and os.path.isfile(path):
            found[path] = kind
    found.update((path, Kind.COMPOSE) for path in extra if os.path.isfile(path))
    return Tree(root, dict(sorted(found.items())))


def git_files(root: str) -> list[str] | None:
    """Files of the repository that `root` is the top of, relative to it; None without a repository or a working git.

    The repository's own configuration may name a program as its file system monitor; it is not run.
    """
    if not os.path.exists(os.path.join(root, ".git")):
        return None
    import subprocess

    command = ["git", "-C", root, "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others"]
    environment = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
    try:
        run = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=False, env=environment)
    except OSError:
        return None
    if run.returncode:
        return None
    return list(dict.fromkeys(os.fsdecode(run.stdout).split("\0")))[:-1]


def _walk(root: str) -> Iterator[str]:
    pending = [""]
    while pending:
        below = pending.pop()
        for entry in _scan(os.path.join(root, below)):
            name = f"{below}/{entry.name}" if below else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield name
            elif entry.name not in PRUNED and not _is_virtual_environment(entry.path):
                pending.append(name)


def _scan(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []


def _is_virtual_environment(directory: str) -> bool:
    return os.path.exists(os.path.join(directory, "pyvenv.cfg"))
