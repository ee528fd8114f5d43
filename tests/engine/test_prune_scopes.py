"""What each scope of the prune step drops and keeps, with the step written by cachelint into a deploy script."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

SCRIPT = """\
#!/bin/bash
set -euo pipefail
docker build --network=none --quiet --tag "$IMAGE" . >/dev/null
docker run --rm --network=none "$IMAGE" cat /app/hours /app/layer /app/installs
"""
# The name of a cache mount is no part of a step's key: without the salt an earlier run's step would be taken.
DOCKERFILE = """\
FROM {base}
ENV SALT={id}
WORKDIR /app
RUN --mount=type=cache,id={id},target=/cache echo install >> /cache/log && cat /cache/log > installs
RUN cat /proc/sys/kernel/random/uuid > layer
COPY hours hours
"""


class Served(NamedTuple):
    """What a deploy serves: the source, a mark of the layer below it, and what the cache mount has seen of installs."""

    hours: str
    layer: str
    installs: int


class Site:
    """A project whose files all carry the same time, and its deploy script."""

    def __init__(self, engine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory / f"site-{engine.unique()}"
        self.directory.mkdir()
        self.image = f"cachelint-test:{engine.unique()}"
        self.released = time.time_ns() - 10**15
        (self.directory / "Dockerfile").write_text(DOCKERFILE.format(base=engine.base, id=engine.unique()))
        programs = directory / "programs"
        programs.mkdir()
        (programs / "docker").symlink_to(engine.client)
        self.path = f"{programs}{os.pathsep}{os.environ['PATH']}"

    def edit(self, hours: str) -> None:
        """Change the source and neither its size nor its time."""
        path = self.directory / "hours"
        path.write_text(hours)
        os.utime(path, ns=(self.released, self.released))

    def write(self, scope: str) -> None:
        """A fresh deploy script, with the step of a scope."""
        (self.directory / "deploy.sh").write_text(SCRIPT)
        if scope:
            assert run("prune-step", "--scope", scope, "--write", "deploy.sh", cwd=self.directory).code == 0

    def deploy(self) -> Served:
        done = subprocess.run(
            ["bash", "deploy.sh"],
            cwd=self.directory,
            env={**self.engine.environment, "PATH": self.path, "IMAGE": self.image},
            capture_output=True,
            timeout=120,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        *_, hours, layer = [line for line in done.stdout.splitlines() if line != "install"]
        return Served(hours, layer, done.stdout.splitlines().count("install"))


@pytest.fixture
def site(engine, tmp_path) -> Iterator[Site]:
    if not engine.is_lent:
        pytest.skip("this test drops the whole build cache, so it needs an engine that is lent to tests")
    one = Site(engine, tmp_path)
    yield one
    engine.run("image", "rm", "--force", one.image)


def test_scopes(site):
    site.edit("18:00\n")
    site.write("")
    first = site.deploy()
    assert (first.hours, first.installs) == ("18:00", 1)
    site.edit("19:00\n")
    assert site.deploy() == first  # the old source, though the file has changed

    site.write("context")
    context = site.deploy()
    assert context.hours == "19:00"
    assert context.installs == first.installs + (context.layer != first.layer)

    site.edit("20:00\n")
    again = site.deploy()
    assert again.hours == "20:00"  # in every deploy, not only in the first

    site.write("layers")
    site.edit("21:00\n")
    layers = site.deploy()
    assert layers.hours == "21:00"
    assert layers.layer != again.layer
    assert layers.installs == again.installs + 1 >= 2  # what was installed is still there, after both scopes

    site.write("all")
    site.edit("22:00\n")
    everything = site.deploy()
    assert everything.hours == "22:00"
    assert everything.layer != layers.layer
    assert everything.installs == 1


def test_no_cache_is_no_substitute(site):
    """`--no-cache` builds the old source once more, and empties the cache mount."""
    site.edit("18:00\n")
    site.write("")
    assert site.deploy().hours == "18:00"
    site.edit("19:00\n")
    (site.directory / "deploy.sh").write_text(SCRIPT.replace("build ", "build --no-cache "))
    stale = site.deploy()
    assert (stale.hours, stale.installs) == ("18:00", 1)
    assert "note[no-cache-build]" in run("--output-format=concise", "--quiet", cwd=site.directory).out


def test_layers_stay_where_only_the_context_is_dropped(site):
    site.edit("18:00\n")
    site.write("")
    first = site.deploy()
    site.write("context")
    site.edit("19:00\n")
    second = site.deploy()
    if second.layer != first.layer:  # the containerd image store may run them again: slower, never stale
        assert b"containerd.snapshotter" in site.engine.run("info", "--format", "{{.DriverStatus}}").stdout
    assert second.hours == "19:00"
