"""Which files there are: paths in, files by kind out."""

from __future__ import annotations

import enum
import os
import stat
from functools import lru_cache
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Kind(enum.Enum):
    """What a file's name says it is."""

    COMPOSE = "compose"
    DOCKERFILE = "dockerfile"
    DOCKERIGNORE = "dockerignore"
    SHELL = "shell"
    WORKFLOW = "workflow"
    MAKEFILE = "makefile"
    PACKAGE = "package.json"
    GITLAB = "gitlab"


_YAML = r"\.ya?ml"
_NO_DOCKERFILE = r"dockerignore|md|rst|txt|j2|jinja2?|tmpl|tpl|template|erb|ejs|mustache|in|patch|diff|orig|rej|bak|swp"
_KINDS = (
    (Kind.COMPOSE, regex(rf"docker-compose.*{_YAML}|compose.*{_YAML}|.+\.compose{_YAML}")),
    (
        Kind.DOCKERFILE,
        regex(
            rf"(?:Docker|Container)file(?:[._-](?!(?:.*\.)?(?:{_NO_DOCKERFILE})\Z).+)?"
            r"|dockerfile|.+\.(?:Docker|docker|Container|container)file"
        ),
    ),
    (Kind.DOCKERIGNORE, regex(r"(?:.+)?\.dockerignore")),
    (Kind.SHELL, regex(r".+\.(?:sh|bash)")),
    (Kind.WORKFLOW, regex(rf"action{_YAML}")),
    (Kind.MAKEFILE, regex(r"(?:GNU)?[Mm]akefile|.+\.mk")),
    (Kind.PACKAGE, regex(r"package\.json")),
    (Kind.GITLAB, regex(rf"(?:.+)?\.gitlab-ci{_YAML}")),
)
SCRIPTS = frozenset((Kind.SHELL, Kind.WORKFLOW, Kind.MAKEFILE, Kind.PACKAGE, Kind.GITLAB))
"""The kinds of files that run commands."""

# What every name above has in it: most files of a repository are told apart by this one search.
_TELLING = regex(r"[Dd]ocker|[Cc]ontainer|compose|\.(?:sh|bash|mk)\Z|action\.y|[Mm]akefile|package\.json|-ci\.y")
_WORKFLOW = regex(rf"(?:.*/)?\.github/workflows/[^/]+{_YAML}")

_SHEBANG = regex(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?(?:\S*/)?(?:ba|da|a|k|z)?sh(?=\s)")
_LONGEST_SHEBANG = 128

PRUNED = frozenset((".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache"))
"""Directories that are never searched: their contents are somebody else's or generated."""

_GIT_LOCAL = frozenset(
    """
    GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
    GIT_PREFIX GIT_GRAFT_FILE GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_IMPLICIT_WORK_TREE
    GIT_INTERNAL_SUPER_PREFIX GIT_LITERAL_PATHSPECS GIT_NAMESPACE
    """.split()
)


class Tree(NamedTuple):
    """A directory and what is in it.

    `root` is absolute and free of links, `files` maps absolute paths to their kind, directory by directory. `links` are
    the names of those files that are links, by what they lead to; `skipped` says of others why they are left out.
    """

    root: str
    files: dict[str, Kind]
    links: dict[str, str]
    skipped: dict[str, str]

    def name_of(self, path: str) -> str:
        """The one name under which a file is known here: its own, unless only a link to it is known."""
        return self.name_of_real(os.path.realpath(path), path)

    def name_of_real(self, real: str, path: str) -> str:
        """The same for a path that is also known with links followed."""
        return self.links.get(real) or (real if is_below(real, self.root) else path)

    def including(self, more: dict[str, Kind]) -> Tree:
        """The same tree with more files in it."""
        return self._replace(files=_by_directory({**self.files, **more})) if more else self


def kind_of(path: str) -> Kind | None:
    """The kind that a path's name says, None for a name that says nothing."""
    if ".github" in path and _WORKFLOW.fullmatch(path.replace(os.sep, "/")):
        return Kind.WORKFLOW
    return _kind_of_name(os.path.basename(path))


@lru_cache(maxsize=1024)  # a repository has the same names in many directories
def _kind_of_name(name: str) -> Kind | None:
    if not _TELLING.search(name):
        return None
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), None)


def is_shell_text(text: str) -> bool:
    """Whether a text begins with the ``#!`` of a shell."""
    return _SHEBANG.match(text[:_LONGEST_SHEBANG].encode()) is not None


def _is_shell_program(path: str) -> bool:
    """Whether a file may be executed and is a shell's; only what may be executed is opened."""
    try:
        mode = os.stat(path).st_mode
        if not (stat.S_ISREG(mode) and mode & stat.S_IXUSR):
            return False
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return _SHEBANG.match(file.read(_LONGEST_SHEBANG)) is not None
    except OSError:
        return False


def find_root(path: str) -> str:
    """The repository around an absolute path, else the nearest directory."""
    start = at = path if os.path.isdir(path) else os.path.dirname(path)
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return start
        at = above
    return at


def discover(
    root: str,
    *,
    excluded: Callable[[str], bool],
    extra: Iterable[str] = (),
    scripts: Callable[[str], bool] = lambda path: False,
) -> Tree:
    """All files below `root` whose names cachelint knows, and those of `extra`, which are Compose files.

    A file without a suffix is a script when it may be executed and begins with a shell's ``#!``; any file is one when
    `scripts` says so of its absolute path.

    Inside a repository git says which files there are (tracked, or new and not ignored); elsewhere, or where git does
    not work, the directories are walked. `excluded` is asked with absolute paths. A link beside the file it leads to
    is left out: no file is read, or edited, under two names.
    """
    names = git_files(root)
    found: dict[str, Kind] = {}
    for name, path in _walk(root) if names is None else ((name, os.path.join(root, name)) for name in names):
        kind = kind_of(name) or (Kind.SHELL if scripts(path) else None)
        if kind is None and "." not in os.path.basename(name):
            kind = Kind.SHELL if not PRUNED.intersection(name.split("/")) and _is_shell_program(path) else None
        if kind and not PRUNED.intersection(name.split("/")) and os.path.isfile(path):
            found[path] = kind
    found.update((path, Kind.COMPOSE) for path in extra if os.path.isfile(path))
    skipped = {path: "excluded by the configuration" for path in found if excluded(path)}
    return _without_twins(root, _by_directory({path: found[path] for path in found if path not in skipped}), skipped)


def _by_directory(files: dict[str, Kind]) -> dict[str, Kind]:
    return dict(sorted(files.items(), key=lambda item: os.path.split(item[0])))


def _without_twins(root: str, files: dict[str, Kind], skipped: dict[str, str]) -> Tree:
    links: dict[str, str] = {}
    for path in [path for path in files if os.path.islink(path)]:
        real = os.path.realpath(path)
        if real in files or real in links:
            del files[path]
            skipped[path] = f"a link to {os.path.relpath(links.get(real, real), os.path.dirname(path))}"
        else:
            links[real] = path
    return Tree(root, files, links, skipped)


def is_below(path: str, directory: str) -> bool:
    """Whether an absolute path is a directory or lies in it."""
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def git_files(root: str) -> list[str] | None:
    """Files of the repository that `root` is the top of, relative to it; None without a repository or a working git."""
    if not os.path.exists(os.path.join(root, ".git")):
        return None
    import subprocess

    command = ["git", "-C", root, "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others"]
    try:
        run = subprocess.run(
            [*command, "--exclude-standard"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            env=git_environment(),
        )
    except OSError:
        return None
    if run.returncode:
        return None
    return list(dict.fromkeys(os.fsdecode(run.stdout).split("\0")))[:-1]


def git_environment() -> dict[str, str]:
    """The environment for git, without what a hook says about its own repository (git rev-parse --local-env-vars).

    The repository is a stranger's: its configuration may name a program as its file system monitor, and a partial clone
    may fetch what it lacks from wherever it says. Neither is done.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _GIT_LOCAL}
    return kept | {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_OPTIONAL_LOCKS": "0"}


def _walk(root: str) -> Iterator[tuple[str, str]]:
    """The files below a directory: their names relative to it, and their paths."""
    pending = [("", root)]
    while pending:
        below, directory = pending.pop()
        entries = _scan(directory)
        if below and _is_virtual_environment(entries):
            continue
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield name, entry.path
            elif entry.name not in PRUNED:
                pending.append((name, entry.path))


def _scan(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []


def _is_virtual_environment(entries: Iterable[os.DirEntry[str]]) -> bool:
    return any(entry.name == "pyvenv.cfg" and os.path.exists(entry.path) for entry in entries)
