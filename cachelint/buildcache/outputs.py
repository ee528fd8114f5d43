"""Directories that builds write: output, installed dependencies, and where data is kept instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.run import text_of_run
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.dockerfile import Instruction

OUTPUTS = frozenset((".next", ".nuxt", ".output", ".svelte-kit", "dist", "build", "out"))
"""Names of directories that a build fills anew each time, other than the working files of compilers (`target`)."""

DEPENDENCIES = {
    "node_modules": regex(r"\b(?:npm|yarn|pnpm|bun)\b"),
    ".venv": regex(
        r"\buv (?:sync|venv)\b|\bpdm (?:install|sync)\b|virtualenvs[._]in-project|\bvenv\s(?:(?!\bvenv\s).)*\.venv\b"
    ),
    "venv": regex(r"\bvenv\s(?:(?!\bvenv\s).)*\bvenv\b"),
    "vendor": regex(r"\b(?:composer|bundle|go mod vendor)\b"),
}
"""Names of directories that an install fills, each with the tools that do."""

# Directories that programs write to, or that are shared on purpose: what stands there at first is no more than a start.
DATA = frozenset(
    """
    data db database storage uploads upload media static staticfiles static_root assets files public_files content
    attachments avatars images logs log tmp temp cache .cache run sessions session backup backups config conf .config
    conf.d certs ssl secrets keys models downloads instance plugins themes extensions wp-content spool mail share state
    """.split()
)

_BUILDS = regex(
    r"\b(?:npm|pnpm|yarn|bun)\s+(?:-\S+\s+)*(?:run\s+)?(?:[\w:.-]*build[\w:.-]*|generate|export)\b"
    r"|\b(?:next|nuxt|vite|astro|gatsby|remix|turbo(?:\s+run)?|nx|ng|webpack|parcel|react-scripts|vue-cli-service)\s+build\b"
    r"|\bwebpack\b|\btsc\b|\besbuild\b|\brollup\b|\bhugo\b|\b(?:jekyll|zola|mdbook)\s+build\b"
    r"|\bcargo\s+build\b|\bgo\s+build\b|\bmake\b|\bcmake\b|\bdotnet\s+(?:publish|build)\b"
    r"|\bmvnw?\b(?:(?!\bmvn).)*\b(?:package|install|verify)\b"
    r"|\bgradlew?\b(?:(?!\bgradle).)*\b(?:build|assemble|\w*[jJ]ar)\b"
)


def builds(instruction: Instruction) -> bool:
    """Whether a RUN looks like a build of the project."""
    return instruction.keyword == "RUN" and bool(_BUILDS.search(text_of_run(instruction)))


def installs_into(name: str, instructions: Iterable[Instruction]) -> Instruction | None:
    """The first RUN that fills the dependency directory of that name."""
    tools = DEPENDENCIES[name]
    return next((one for one in instructions if one.keyword == "RUN" and tools.search(text_of_run(one))), None)
