"""Docker Compose itself, which says what a project comes to: ``docker compose config``. It needs no daemon."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cachelint.compose.project_files import Options, ResolvedProject, request_for, resolve_project
from cachelint.compose.tree import Fields, Leaf
from cachelint.compose.variables import Variables
from cachelint.discovery import discover
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = os.environ.get("CACHELINT_TEST_COMPOSE") == "require"
HOME = "/somebody"
ENVIRONMENT = {"HOME": HOME, "SHELL_SET": "from shell", "BOTH": "shell wins"}
"""The whole environment of the machine that deploys, so to say."""

_KEYS = ("context", "dockerfile", "dockerfile_inline", "target", "args", "cache_from", "cache_to", "no_cache")
_MOUNT = ("type", "source", "target", "read_only")


class Compose(NamedTuple):
    """A program that can resolve projects."""

    command: tuple[str, ...]
    version: tuple[int, ...]


@functools.cache
def find_compose() -> Compose | None:
    """Compose 2 or newer, however it is installed; version 1 knows neither ``include`` nor ``!reset``."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]):
            run = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
            numbers = re.findall(r"\d+", run.stdout)[:3]
            if run.returncode == 0 and numbers and int(numbers[0]) >= 2:
                return Compose(_without_client(command), tuple(map(int, numbers)))
    return None


def _without_client(command: tuple[str, ...]) -> tuple[str, ...]:
    """The plugin can be called by itself, which takes half the time."""
    home = os.environ.get("DOCKER_CONFIG", os.path.expanduser("~/.docker"))
    places = (home, "/usr/libexec/docker", "/usr/lib/docker", "/usr/local/lib/docker", "/usr/local/libexec/docker")
    found = (os.path.join(place, "cli-plugins", "docker-compose") for place in places)
    return next(((path,) for path in found if os.access(path, os.X_OK)), command)


def compose_or_skip() -> Compose:
    found = find_compose()
    if found is None:
        if REQUIRED:
            pytest.fail("there is no Docker Compose 2 on this machine, and CACHELINT_TEST_COMPOSE=require asks for one")
        pytest.skip("there is no Docker Compose 2 on this machine")
    return found


def asked(directory: Path, *options: str, environment: dict[str, str] = ENVIRONMENT) -> dict[str, Any] | str:
    """The services of a project as Compose has them, profiles aside; its complaint when it refuses the project."""
    compose = compose_or_skip()
    run = subprocess.run(
        [*compose.command, "--project-name", "p", "--profile", "*", *options, "config", "--format", "json"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        return run.stderr.strip() or "refused"
    services = json.loads(run.stdout.replace("$$", "$"))["services"]
    return {name: _of_oracle(service) for name, service in services.items()}


def _of_oracle(service: dict[str, Any]) -> dict[str, Any]:
    build = service.get("build")
    return {
        "build": build and {key: build[key] for key in _KEYS if build.get(key)},
        "image": service.get("image"),
        "pull_policy": service.get("pull_policy"),
        "environment": service.get("environment") or {},
        "volumes": [{key: one[key] for key in _MOUNT if one.get(key)} for one in service.get("volumes") or ()],
    }


def resolved(
    directory: Path, *files: str, root: Path | None = None, variables: Variables | None = None, **options: Any
) -> ResolvedProject:
    """A project as cachelint has it, in the environment that Compose is given when no other is."""
    real = os.path.realpath(directory)
    workspace = Workspace(discover(os.path.realpath(root or directory), excluded=lambda path: False))
    outer = variables or Variables(ENVIRONMENT, complete=True)
    request = request_for(workspace, real, Options(files, **options), outer)
    assert request
    return resolve_project(workspace, request, outer, with_environment=True)


def view(project: ResolvedProject) -> dict[str, Any]:
    """The services in the words of Compose."""
    return {name: _of_ours(service) for name, service in project.services.items()}


def _of_ours(service: Any) -> dict[str, Any]:
    build = service.build
    return {
        "build": build and {key: value for key, value in _of_build(build).items() if value},
        "image": service.image and service.image.text,
        "pull_policy": service.pull_policy and service.pull_policy.text,
        "environment": {name: one.text for name, one in service.environment.items()},
        "volumes": [_of_mount(mount) for mount in service.mounts],
    }


def _of_build(build: Any) -> dict[str, Any]:
    has_file = build.dockerfile or build.inline
    return {
        "context": _path(build.context),
        "dockerfile": build.dockerfile.text if build.dockerfile else None if has_file else "Dockerfile",
        "dockerfile_inline": build.inline and build.inline.text,
        "target": build.target and build.target.text,
        "args": {name: leaf.text for name, leaf in build.args.items()},
        "cache_from": [leaf.text for leaf in build.cache_from],
        "cache_to": [leaf.text for leaf in build.cache_to],
        "no_cache": build.no_cache,
    }


def _of_mount(mount: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in _MOUNT:
        leaf = mount.entries.get(key)
        if isinstance(leaf, Leaf) and leaf.text:
            found[key] = leaf.text == "true" if key == "read_only" else _path(leaf)
    return {key: value for key, value in found.items() if value}


def _path(leaf: Leaf) -> str:
    text = leaf.text or ""
    return os.path.normpath(HOME + text[1:]) if text.startswith("~") else text
