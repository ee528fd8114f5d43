"""Why an install may need more of the project than its manifests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOOKS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish")
_LOCAL = ("file:", "link:", "portal:", "workspace:", "patch:", "./", "../", "/", "~/")
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "resolutions", "overrides")
_PATTERNS = {
    ".yarnrc": (r"^\s*yarn-path", "it names a yarn inside the project"),
    ".yarnrc.yml": (r"^\s*(?:yarnPath|plugins)\s*:", "it names files inside the project"),
    "pnpm-workspace.yaml": (r"^\s*packages\s*:", "it lists workspaces"),
    "pyproject.toml": (r"\bpath\s*=|file:|^\s*\[tool\.uv\.(?:workspace|sources)", "it depends on local paths"),
    "Pipfile": (r"\bpath\s*=|file:", "it depends on local paths"),
    "Gemfile": (r"\bpath\b|\bgemspec\b|eval_gemfile|File\.|\bfile:", "it reads other files of the project"),
    "composer.json": (r'"type"\s*:\s*"path"', "it depends on local paths"),
    "go.mod": (r"=>\s*\.{1,2}/", "it replaces modules by local paths"),
    "mix.exs": (r"\bpath:|File\.|Code\.", "it reads other files of the project"),
    "pom.xml": (r"<module>|<parent>|systemPath", "it belongs to a project of several modules"),
    "build.gradle": (r".", "a Gradle build may read any file"),
    "build.gradle.kts": (r".", "a Gradle build may read any file"),
}
_REQUIREMENT = (
    r"^\s*(?:-|\.|/|file:)|@\s*file:|^\s*[\w./-]+\.(?:whl|tar\.gz|zip)\s*$",
    "it names local files or other requirement files",
)


def local_need(name: str, text: str) -> str | None:
    """Why the install that reads this manifest may need other files, as words for a message; None when it does not."""
    if name.rpartition("/")[2] == "package.json":
        return next(_package_needs(text), None)
    fallback = _REQUIREMENT if name.endswith((".txt", ".in")) else None
    known = _PATTERNS.get(name.rpartition("/")[2], fallback)
    if known and any(re.search(known[0], line) for line in text.splitlines()):
        return known[1]
    return None


def _package_needs(text: str) -> Iterator[str]:
    try:
        package: Any = json.loads(text)
    except (ValueError, RecursionError):
        yield "it is no JSON"
        return
    if not isinstance(package, dict):
        yield "it is no JSON object"
        return
    scripts = package.get("scripts")
    if isinstance(scripts, dict):
        yield from (f"its `{hook}` script runs during the install" for hook in _HOOKS if hook in scripts)
    if package.get("workspaces"):
        yield "it lists workspaces"
    if package.get("pnpm") or package.get("patchedDependencies"):
        yield "it may patch its dependencies"
    for group in _DEPENDENCIES:
        versions = package.get(group)
        if isinstance(versions, dict):
            yield from (f"`{name}` is a local path" for name, one in versions.items() if str(one).startswith(_LOCAL))
