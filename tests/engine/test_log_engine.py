"""What ``cachelint log`` says of builds that were just made: fresh when they were, and the stale step by its name.

Each test builds a commit, changes a file and commits again, and builds either that or the old files.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st

from cachelint.buildcache.steps import Builder
from tests.engine.test_predict_engine import Dialect, cases
from tests.shop import commit, git
from tests.support import run, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n"
SINGLE = """\
FROM {base}
WORKDIR /app
COPY package.json .
RUN cat package.json > deps
COPY src src
ARG GIT_SHA
RUN cat src/* > bundle
"""
STAGES = """\
FROM {base} AS deps
COPY package.json .
RUN cat package.json > deps
FROM deps AS build
COPY src src
ARG GIT_SHA
RUN cat src/* > bundle
FROM {base}
COPY --from=build /bundle .
RUN cat bundle
"""
IMITATION = """\
FROM {base}
COPY src src
RUN echo 'Step 4/4 : RUN cat src/*'; echo ' ---> Using cache'; echo ' ---> 0123456789ab'; \\
    echo '#6 CACHED'; echo ' => CACHED [2/4] COPY src src  0.0s'; echo "Removing intermediate container $HOSTNAME"
RUN cat src/*
"""
EXAMPLES = int(os.environ.get("CACHELINT_ENGINE_LOG_EXAMPLES", "3"))
PROJECTS = {"single": SINGLE, "stages": STAGES, "imitation": IMITATION}


class Deploys:
    """A repository, and the logs of its builds with one builder."""

    def __init__(self, engine, directory: Path, dockerfile: str, *, legacy: bool) -> None:
        self.engine = engine
        self.legacy = legacy
        self.now, self.old = directory / "now", directory / "old"
        files = {
            "compose.yaml": COMPOSE,
            "Dockerfile": dockerfile.replace("{base}", engine.base),
            "package.json": f'{{"name": "{engine.unique()}"}}\n',
            "src/main.js": f"code of {engine.unique()}\n",
        }
        git(write_files(self.now, files), "init", "-q")
        commit(self.now, tag="deployed")

    def build(self, directory: Path, *flags: str) -> bytes:
        """The log of a build with the commit of the repository."""
        self.engine.environment["DOCKER_BUILDKIT"] = "0" if self.legacy else "1"
        progress = [] if self.legacy else ["--progress=plain"]
        sha = git(self.now, "rev-parse", "HEAD")
        done = self.engine.run(
            "build", "--network=none", *progress, f"--build-arg=GIT_SHA={sha}", *flags, str(directory)
        )
        return done.stdout

    def change(self, name: str) -> None:
        """Keep the old checkout, and commit another content of a file."""
        shutil.copytree(self.now, self.old)
        commit(self.now, {name: f"changed {self.engine.unique()}\n"})

    def read(self, log: bytes, *args: str) -> dict:
        ran = run("log", "-", *args, "--output-format", "json", cwd=self.now, stdin=log)
        assert not ran.err, (ran.err, log.decode())
        return json.loads(ran.out)

    def judge(self, log: bytes, code: int) -> dict:
        ran = run("log", "-", "--since", "deployed", "--output-format", "json", cwd=self.now, stdin=log)
        assert ran.code == code, (ran.out, ran.err, log.decode())
        return json.loads(ran.out)


@pytest.fixture(params=["buildkit", "legacy"])
def legacy(request, engine) -> Iterator[bool]:
    yield request.param == "legacy"
    engine.environment["DOCKER_BUILDKIT"] = "1"


@pytest.mark.parametrize("name", PROJECTS)
def test_fresh_and_stale(engine, tmp_path, name, legacy):
    deploys = Deploys(engine, tmp_path, PROJECTS[name], legacy=legacy)
    deploys.build(deploys.now)
    deploys.change("src/main.js")

    stale = deploys.judge(deploys.build(deploys.old), code=1)
    assert stale["verdict"] == "stale"
    steps = [step for build in stale["builds"] for step in build["steps"] if step["stale"]]
    assert steps[0]["instruction"] == "COPY src src"
    assert {tuple(step["files"]) for step in steps} == {("src/main.js",)}

    fresh = deploys.judge(deploys.build(deploys.now), code=0)
    assert (fresh["verdict"], fresh["reasons"]) == ("fresh", [])
    ran = {step["instruction"] for step in fresh["builds"][0]["steps"] if step["status"] == "ran"}
    assert {"COPY src src", PROJECTS[name].splitlines()[-1]} <= ran


def test_changed_dependencies(engine, tmp_path):
    deploys = Deploys(engine, tmp_path, STAGES, legacy=False)
    deploys.build(deploys.now)
    deploys.change("package.json")
    stale = deploys.judge(deploys.build(deploys.old), code=1)
    steps = [step["instruction"] for step in stale["builds"][0]["steps"] if step["stale"]]
    assert steps[:2] == ["COPY package.json .", "RUN cat package.json > deps"]
    assert deploys.judge(deploys.build(deploys.now), code=0)["verdict"] == "fresh"


def test_both_builds_in_one_log(engine, tmp_path):
    """The second is all CACHED, and rightly so: the first one ran."""
    deploys = Deploys(engine, tmp_path, SINGLE, legacy=False)
    deploys.build(deploys.now)
    deploys.change("src/main.js")
    log = deploys.build(deploys.now) + deploys.build(deploys.now)
    answer = deploys.judge(log, code=0)
    assert [build["steps"][4]["status"] for build in answer["builds"]] == ["ran", "cached"]


def test_without_cache(engine, tmp_path):
    deploys = Deploys(engine, tmp_path, SINGLE, legacy=False)
    deploys.change("src/main.js")
    assert deploys.judge(deploys.build(deploys.now, "--no-cache"), code=0)["verdict"] == "fresh"


def test_a_failed_build_proves_nothing(engine, tmp_path, legacy):
    deploys = Deploys(engine, tmp_path, SINGLE + "RUN false\n", legacy=legacy)
    deploys.change("src/main.js")
    answer = deploys.judge(deploys.build(deploys.now), code=2)
    assert answer["reasons"] == ["web: its last build failed"]
    assert answer["builds"][0]["failed"]


def test_prune_is_seen(engine, tmp_path):
    deploys = Deploys(engine, tmp_path, SINGLE, legacy=False)
    deploys.build(deploys.now)
    prune = engine.run("builder", "prune", "--force", "--filter=type=source.local").stdout
    answer = deploys.judge(prune + deploys.build(deploys.now), code=0)
    assert [one["before_build"] for one in answer["prunes"]] == [1]


def test_generated_projects(engine, tmp_path, legacy):
    """Whatever the Dockerfile: old files are stale where a step reads what changed, and new ones are not."""
    dialect = Dialect(Builder.LEGACY if legacy else Builder.BUILDKIT, modern=False)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis_seed(1)
    @given(cases(dialect), st.data())
    def check(case, data):
        directory = tmp_path / engine.unique()
        deploys = Deploys(engine, directory, case.dockerfile(engine.base, engine.unique()), legacy=legacy)
        files = {name: f"{name} {engine.unique()}\n" for name in case.files}
        ignore = {".dockerignore": "\n".join((*case.ignore, ".dockerignore", ".git", ""))}
        commit(deploys.now, {**files, **ignore}, tag="start")
        git(deploys.now, "tag", "--force", "deployed")
        if any(build["failed"] for build in deploys.read(deploys.build(deploys.now))["builds"]):
            reject()
        deploys.change(data.draw(st.sampled_from(sorted(case.files))))
        old = deploys.read(deploys.build(deploys.old), "--since", "deployed")
        had_to_run = any(
            step["expected"] == "RUN" and not step["instruction"].startswith("FROM")
            for build in old["builds"]
            for step in build["steps"]
        )
        assert (old["verdict"] == "stale") == had_to_run, old
        new = deploys.read(deploys.build(deploys.now), "--since", "deployed")
        assert (new["verdict"], new["reasons"]) == ("fresh", []), new

    check()
