"""The example, deployed on a real engine: stale, migrated by one command, fresh, and judged by its own log.

What needs a registry is made here: `node` and `python` stand-ins of a static busybox that install, build and serve as
far as the story goes. Everything else is the example's own: its scripts, its Dockerfiles, its Compose file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engine.conftest import REQUIRED
from tests.support import Ran, run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "examples" / "stale-deploy" / "before"
DEPLOY = "scripts/deployment/build-docker-images.sh"
PASSWD = b"root:x:0:0:root:/:/bin/sh\nnode:x:1000:1000:node:/:/bin/sh\n"
GROUP = b"root:x:0:\nnode:x:1000:\n"
NPM = b"""\
#!/bin/sh
set -e
case "$1" in
ci)
    test -f package-lock.json
    mkdir -p node_modules
    sleep 1
    echo "added 21 packages in 2s"
    ;;
run)
    test -d node_modules
    mkdir -p .next/standalone .next/static
    cp app/page.js .next/standalone/server.js
    ;;
esac
"""
PIP = b'#!/bin/sh\ntest -f requirements.txt && sleep 1 && echo "Successfully installed Django-5.1.4"\n'
SERVE = b'#!/bin/sh\ncat "%s"\nexec sleep 600\n'
NODE = {"bin/npm": NPM, "bin/node": SERVE % b"$1", "etc/passwd": PASSWD, "etc/group": GROUP}
PYTHON = {"bin/pip": PIP, "bin/python": b"#!/bin/sh\ntest -f manage.py\n", "bin/gunicorn": SERVE % b"hours/views.py"}


class Server:
    """The example in a git repository on the machine that builds and runs it."""

    def __init__(self, engine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory / "library"
        self.name = f"cachelint-test-{engine.unique()[:12]}"
        self.images = {"node:20-alpine": NODE, "python:3.12-slim": PYTHON}
        programs = directory / "programs"
        programs.mkdir()
        (programs / "docker").symlink_to(engine.client)
        # The time of every file of a release. An engine that serves old files would serve those of an earlier run, too.
        self.released = time.time_ns() - 10**15
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        identity = {f"GIT_{who}_{what}": "cachelint" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = {**engine.environment, **identity, "PATH": path, "COMPOSE_PROJECT_NAME": self.name}

    def release(self, version: str) -> str:
        """Commit and tag everything; every file gets the release's time. Returns the commit."""
        self._call("git", "add", "--all")
        self._call("git", "commit", "--quiet", "--message=release")
        self._call("git", "tag", version)
        for path in self.directory.rglob("*"):
            if ".git" not in path.parts and path.is_file():
                os.utime(path, ns=(self.released, self.released))
        return self._call("git", "rev-parse", "HEAD").strip()

    def install(self) -> None:
        """The example, fit for a machine without registry and network: other base images, no database."""
        shutil.copytree(EXAMPLE, self.directory)
        for image, files in self.images.items():
            salt = {
                "etc/salt": self.name.encode()
            }  # what an earlier run left in the engine's cache is not for this one
            self.engine.import_image(self._stand_in(image), {**files, **salt})
        for dockerfile in self.directory.glob("*/Dockerfile"):
            dockerfile.write_text(
                re.sub(r"(?m)^FROM (\S+)", lambda match: f"FROM {self._stand_in(match[1])}", dockerfile.read_text())
            )
        compose = self.directory / "docker-compose.yml"
        text = re.sub(r"(?ms)^  # No build here.*", "", compose.read_text())
        text = re.sub(r"(?m)^    (?:ports|depends_on):\n(?:      .*\n)+", "", text)
        text = text.replace("    build:\n", "    network_mode: none\n    build:\n      network: none\n")
        compose.write_text(text)
        self._call("git", "init", "--quiet", "--initial-branch=main")

    def _stand_in(self, image: str) -> str:
        return f"{self.name}-{image}"

    def move_closing_time(self, before: str, after: str) -> None:
        """Edit the source of both services; the files keep their sizes."""
        for name in ("frontend/app/page.js", "backend/hours/views.py"):
            path = self.directory / name
            path.write_text(path.read_text().replace(before, after))

    def deploy(self) -> str:
        """Run the deploy script as a user would: its log."""
        done = subprocess.run(
            [f"./{DEPLOY}", "all"],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def served(self) -> set[str]:
        """The closing times that the two running services show, once both show one."""
        deadline = time.monotonic() + 30
        while True:
            shown = [self._call("docker", "compose", "logs", "--no-log-prefix", one) for one in ("frontend", "backend")]
            times = [set(re.findall(r"(?:until |closes\": \")(1[89]:00|20:00)", text)) for text in shown]
            if all(times) or time.monotonic() > deadline:
                return set().union(*times)
            time.sleep(0.2)

    def cachelint(self, *args: str) -> Ran:
        return run(*args, cwd=self.directory)

    def judge(self, log: str, since: str, *args: str) -> Ran:
        """What `cachelint log` says about a deploy that took the place of an older commit."""
        file = self.directory.with_name("deploy.log")
        file.write_text(log)
        return self.cachelint("log", str(file), "--since", since, *args)

    def remove(self) -> None:
        self._call("docker", "compose", "down", "--rmi=local", "--volumes", "--timeout=0", check=False)
        for image in self.images:
            self.engine.run("image", "rm", "--force", self._stand_in(image))

    def _call(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout


@pytest.fixture
def server(engine, tmp_path) -> Iterator[Server]:
    if engine.run("compose", "version").returncode:
        reason = "the docker client has no compose plugin"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    one = Server(engine, tmp_path)
    one.install()
    yield one
    one.remove()


def test_from_stale_to_fresh(server):
    """Old code is served, the log shows it; after the migration new code is served, and dependencies are kept."""
    server.release("v1")
    server.deploy()
    assert server.served() == {"18:00"}

    server.move_closing_time("18:00", "19:00")
    server.release("v2")
    stale = server.deploy()
    assert server.served() == {"18:00"}
    judged_stale = server.judge(stale, "v1")
    assert judged_stale.code == 1, judged_stale.err
    assert judged_stale.out.startswith("Stale:")

    migrated = server.cachelint("--fix", "--unsafe-fixes")
    assert migrated.code == 0, migrated.err
    commit = server.release("v3")
    fresh = server.deploy()
    assert server.served() == {"19:00"}
    assert f"Building from commit: {commit[:7]}" in fresh
    judged = server.judge(fresh, "v2")
    assert judged.code == 0, judged.out

    server.move_closing_time("19:00", "20:00")
    server.release("v4")
    log = server.deploy()
    assert server.served() == {"20:00"}
    judged = server.judge(log, "v3")
    assert judged.code == 0, judged.out
    report = json.loads(server.judge(log, "v3", "--output-format=json").out)
    assert report["verdict"] == "fresh"
    assert report["prunes"]
    status = {step["instruction"]: step["status"] for build in report["builds"] for step in build["steps"]}
    assert status["COPY . ."] == status["RUN npm run build"] == "ran"
    assert status["RUN npm ci"] == status["RUN pip install --no-cache-dir -r requirements.txt"] == "cached"

    told = [judged_stale.out, migrated.out, log, judged.out]
    assert missing_in_readme("\n".join(told), server.name) == []


def missing_in_readme(told: str, name: str) -> list[str]:
    """The lines of the README's story that did not come out of this run, apart from what differs between runs."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    story = re.search(r"<!-- from stale to fresh -->\n```console\n(.*?)```", readme, re.DOTALL)
    assert story
    real = {_without_chance(line.replace(f"{name}-", "")) for line in told.splitlines()}
    shown = [line for line in story[1].splitlines() if not line.startswith(("$", "…")) and line]
    assert len(shown) > 10
    return [line for line in shown if _without_chance(line) not in real]


def _without_chance(line: str) -> str:
    return " ".join(re.sub(r"\b[0-9a-f]{7}\b|[\d.]+k?B\b|^\d(?=\. )", "?", line).split())
