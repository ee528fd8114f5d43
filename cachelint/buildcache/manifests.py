"""Which files say what a project depends on, and which of them a COPY pattern can bring."""

from __future__ import annotations

import re
from enum import Enum
from posixpath import basename, dirname

_NAMES = frozenset(
    (
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        ".yarnrc",
        ".yarnrc.yml",
        ".npmrc",
        ".pnpmfile.cjs",
        "pnpm-lock.yaml",
        "pnpm-workspace.yaml",
        "bun.lock",
        "bun.lockb",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "poetry.lock",
        "poetry.toml",
        "Pipfile",
        "Pipfile.lock",
        "uv.lock",
        "pdm.lock",
        "Gemfile",
        "Gemfile.lock",
        "gems.rb",
        "gems.locked",
        "go.mod",
        "go.sum",
        "go.work",
        "go.work.sum",
        "Cargo.toml",
        "Cargo.lock",
        "composer.json",
        "composer.lock",
        "symfony.lock",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "gradle.lockfile",
        "gradle.properties",
        "packages.lock.json",
        "nuget.config",
        "NuGet.Config",
        "global.json",
        "mix.exs",
        "mix.lock",
        "pubspec.yaml",
        "pubspec.lock",
        "deno.json",
        "deno.jsonc",
        "deno.lock",
    )
)
_GLOBS = (
    "requirements*.txt",
    "constraints*.txt",
    "requirements*.in",
    "*.gemspec",
    "*.csproj",
    "*.fsproj",
    "*.vbproj",
    "*.sln",
    "*.slnx",
    "Directory.*.props",
)
_EXTENSIONS = (".gemspec", ".csproj", ".fsproj", ".vbproj", ".sln", ".slnx")
_ENDS = tuple((before, behind) for before, _, behind in (glob.partition("*") for glob in _GLOBS))
_BEHIND = tuple({behind for _, behind in _ENDS})
# What a pattern such as `require*.txt` is held against: one example of each glob above stands for all of its matches.
_EXAMPLES = (*sorted(_NAMES), *(glob.replace("*", "") for glob in _GLOBS), *(glob.replace("*", "a") for glob in _GLOBS))
_MIN_STEM = 2
_CODE = (".py", ".rb", ".kts", ".exs")  # where a manifest is a program, and most programs are no manifest


class Brings(Enum):
    """Whether a pattern selects files of one kind, as far as names can tell."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def is_manifest(path: str) -> bool:
    """Whether a file (its path, with ``/``) names dependencies: manifests, lock files, package manager settings.

    ``requirements/base.txt`` counts as well: the directory says what the name does not.
    """
    name = basename(path)
    if name in _NAMES or (name.endswith(_BEHIND) and any(_has_ends(name, *ends) for ends in _ENDS)):
        return True
    return basename(dirname(path)) == "requirements" and name.endswith((".txt", ".in"))


def _has_ends(name: str, before: str, behind: str) -> bool:
    return name.startswith(before) and name.endswith(behind) and len(name) >= len(before) + len(behind)


def kinds_by_name(pattern: str) -> tuple[Brings, Brings]:
    """What a COPY pattern brings when the files of the context are not known: (source, manifests).

    The whole context brings both; a name with an extension is taken for a file; a name without one for a directory,
    which surely holds source and perhaps manifests.
    """
    path = pattern.strip("/")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    if path in {"", ".", "*", "**", "**/*"}:
        return Brings.YES, Brings.YES
    if "*" in path or "?" in path or "[" in path:
        return _kinds_of_glob(basename(path))
    if is_manifest(path):
        return Brings.NO, Brings.YES
    if basename(path) == "requirements":
        return Brings.UNKNOWN, Brings.YES
    extension = "." in basename(path).lstrip(".")
    return Brings.YES, Brings.NO if extension and not pattern.endswith("/") else Brings.UNKNOWN


def _kinds_of_glob(glob: str) -> tuple[Brings, Brings]:
    from fnmatch import translate

    if glob.endswith(_EXTENSIONS):
        return Brings.NO, Brings.YES
    if not any(map(re.compile(translate(glob)).match, _EXAMPLES)):
        return Brings.YES, Brings.UNKNOWN if glob.endswith("*") else Brings.NO
    if _narrow(glob):
        return Brings.NO, Brings.YES
    return Brings.YES if glob.endswith(_CODE) else Brings.UNKNOWN, Brings.UNKNOWN


def _narrow(glob: str) -> bool:
    """Whether the literal part of a pattern (``package*.json``, ``go.*``) leaves room for manifests only."""
    stem = re.split(r"[*?\[]", glob, maxsplit=1)[0]
    if len(stem) < _MIN_STEM:
        return False
    return "." in glob or stem in _NAMES
