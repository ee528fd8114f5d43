"""The project that the logs in ``tests/logs`` were recorded with, as a git repository."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.support import write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BUILD = "    build:\n      context: {}\n      network: none\n"
COMPOSE = (
    "name: shop\nservices:\n  web:\n" + BUILD.format("web") + "      args:\n        GIT_SHA: ${GIT_SHA:-none}\n"
    "  api:\n" + BUILD.format("api") + "  worker:\n" + BUILD.format("api") + "    command: work\n"
)
WEB = """\
FROM base:1 AS build
WORKDIR /app
COPY package.json .
RUN cat package.json > installed
COPY src src
ARG GIT_SHA
RUN cat src/* > bundle && echo "$GIT_SHA" > revision

FROM base:1
WORKDIR /srv
COPY --from=build /app/bundle .
"""
API = """\
FROM base:1
WORKDIR /api
COPY requirements.txt .
RUN cat requirements.txt > installed
COPY main.py .
RUN cat main.py > main.pyc
"""
SHOP = {
    "compose.yaml": COMPOSE,
    "web/Dockerfile": WEB,
    "web/package.json": "{}\n",
    "web/src/a.js": "one\n",
    "api/Dockerfile": API,
    "api/requirements.txt": "dep\n",
    "api/main.py": "print(1)\n",
}


def git(directory: Path, *args: str) -> str:
    """What git prints; nobody's settings matter."""
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(directory), *settings, *args]
    return subprocess.run(command, check=True, capture_output=True, env=environment, text=True).stdout.strip()


def commit(directory: Path, files: Mapping[str, str] | None = None, tag: str | None = None) -> None:
    """Write files and commit all there is."""
    write_files(directory, files or {})
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "--allow-empty", "-m", "m")
    if tag:
        git(directory, "tag", tag)


def make_shop(directory: Path, tag: str) -> Path:
    """The project, committed and tagged."""
    write_files(directory, SHOP)
    git(directory, "init", "-q")
    commit(directory, tag=tag)
    return directory
