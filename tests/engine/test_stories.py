"""From a stale deploy to a fresh one: an engine serves old code, cachelint names the cause, its advice is followed.

What Compose would do is done by the engine's client, because not every client has Compose: build with the commit, run.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.support import run, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

COMPOSE = """\
services:
  web:
    build:
      context: .
      args:
        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}
"""


class Deployment:
    """A project on disk, its image, and the volumes of its containers."""

    def __init__(self, engine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory / f"project-{engine.unique()}"
        self.image = f"cachelint-test:{engine.unique()}"
        self.label = f"cachelint-test={engine.unique()}"
        self.volume = f"cachelint-test-{engine.unique()}"

    def write(self, **files: str) -> None:
        """Write the Dockerfile, the Compose file, and the source (``main``)."""
        names = {"dockerfile": "Dockerfile", "compose": "compose.yaml", "main": "src/main.js", "make": "make"}
        write_files(self.directory, {names[name]: text for name, text in files.items()})

    def read(self, name: str) -> str:
        return (self.directory / name).read_text()

    def build(self, file: str, commit: str, *, network: str = "none") -> str:
        """Build with a commit: what the file of the result holds."""
        destination = self.directory.with_name("result")
        self._build(commit, f"--network={network}", f"--output=type=local,dest={destination}")
        text = (destination / file.lstrip("/")).read_text()
        shutil.rmtree(destination)
        return text

    def deploy(self, file: str, commit: str, *mounts: str) -> str:
        """Build with a commit and start a container: what the file in it holds."""
        self._build(commit, f"--tag={self.image}", f"--label={self.label}")
        done = self.engine.run("run", "--rm", "--network=none", *mounts, self.image, "cat", file)
        assert done.returncode == 0, done.stdout
        return done.stdout.decode()

    def _build(self, commit: str, *flags: str) -> None:
        self.engine.build(self.directory, args={"GIT_COMMIT_HASH": commit}, flags=flags)

    def lint(self) -> list[str]:
        """What cachelint finds: ``file:line rule``."""
        found = run("--output-format=concise", "--quiet", cwd=self.directory)
        heads = [line.split(" ", 2)[:2] for line in found.out.splitlines()]
        assert found.code == bool(heads), found.err
        return [f"{':'.join(place.split(':')[:2])} {rule}" for place, rule in heads]

    def remove(self) -> None:
        self.engine.run("image", "rm", "--force", self.image)
        self.engine.run("image", "prune", "--force", f"--filter=label={self.label}")  # those that lost their name
        self.engine.run("volume", "rm", "--force", self.volume)


@pytest.fixture
def deployment(engine, tmp_path) -> Iterator[Deployment]:
    one = Deployment(engine, tmp_path)
    yield one
    one.remove()


@contextmanager
def repository(refs: dict[str, str]) -> Iterator[str]:
    """A server of a repository's file at each of its refs: the file's address, with a place for the ref."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = refs[self.path.split("/")[-2]].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/shop/feed/-/raw/{{}}/feed.js"
        server.shutdown()


def with_commit_above(dockerfile: str, line: int) -> str:
    lines = dockerfile.splitlines(keepends=True)
    return "".join([*lines[: line - 1], "ARG GIT_COMMIT_HASH\n", *lines[line - 1 :]])


def test_fetch_that_stays_cached(deployment):
    """A branch moves, and the step that fetched it stays cached for every commit of the project."""
    old, new = "1" * 40, "2" * 40
    refs = {"main": "feed 1\n", old: "feed 1\n", new: "feed 2\n"}
    with repository(refs) as url:
        dockerfile = f"""\
FROM {deployment.engine.base}
RUN busybox ln -s busybox /bin/wget
WORKDIR /app
RUN wget -q -O feed.js {url.format("main")}
COPY src src
ARG GIT_COMMIT_HASH
RUN cat feed.js src/main.js > bundle.js
"""

        def build(commit: str) -> str:
            return deployment.build("/app/bundle.js", commit, network="host")

        deployment.write(compose=COMPOSE, dockerfile=dockerfile, main="code 1\n")
        assert build("a") == "feed 1\ncode 1\n"
        refs["main"] = refs[new]
        deployment.write(main="new code 2\n")
        assert build("b") == "feed 1\nnew code 2\n"
        assert deployment.lint() == ["Dockerfile:4 error[cached-fetch]"]

        deployment.write(dockerfile=dockerfile.replace("/main/", f"/{new}/"))
        assert deployment.lint() == []
        assert build("b") == "feed 2\nnew code 2\n"

        deployment.write(dockerfile=with_commit_above(dockerfile, 4))
        assert deployment.lint() == []
        assert build("c") == "feed 2\nnew code 2\n"
        refs["main"] = "feed 3\n"
        assert build("d") == "feed 3\nnew code 2\n"


@pytest.mark.parametrize(
    ("late", "finding"),
    [
        ("ARG GIT_COMMIT_HASH\n", "Dockerfile:5 error[inert-commit-arg]"),
        ("", "compose.yaml:6 error[undeclared-build-arg]"),
    ],
)
def test_commit_argument_that_does_nothing(deployment, late, finding):
    """What a RUN gets from elsewhere stays that of the first build, whatever commit is passed."""
    dockerfile = f"""\
FROM {deployment.engine.base}
WORKDIR /app
COPY src src
RUN cat /proc/sys/kernel/random/uuid > release
{late}"""
    deployment.write(compose=COMPOSE, dockerfile=dockerfile, main=deployment.engine.unique())
    first = deployment.build("/app/release", "a")
    assert deployment.build("/app/release", "b") == first

    assert deployment.lint() == [finding]
    assert run("--fix", cwd=deployment.directory).code == 0
    assert deployment.lint() == []
    fixed = [deployment.build("/app/release", commit) for commit in "cd"]
    assert len({first, *fixed}) == 3


def test_volume_over_built_files(deployment):
    """A named volume is filled once; from then on it hides what later images were built with."""
    dockerfile = f"""\
FROM {deployment.engine.base}
WORKDIR /app
COPY . .
ARG GIT_COMMIT_HASH
RUN sh make
"""
    volume = "    volumes:\n      - dist:/app/dist\nvolumes:\n  dist:\n"
    deployment.write(compose=COMPOSE + volume, dockerfile=dockerfile)
    deployment.write(make="busybox mkdir dist\ncp src/main.js dist/\n", main="code 1\n")
    mount = f"--volume={deployment.volume}:/app/dist"
    assert deployment.deploy("/app/dist/main.js", "a", mount) == "code 1\n"
    deployment.write(main="new code 2\n")
    assert deployment.deploy("/app/dist/main.js", "b", mount) == "code 1\n"

    assert deployment.lint() == ["compose.yaml:8 error[volume-over-build]"]
    deployment.write(compose=deployment.read("compose.yaml").replace(volume, ""))
    assert deployment.lint() == []
    assert deployment.deploy("/app/dist/main.js", "b") == "new code 2\n"
