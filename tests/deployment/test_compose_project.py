"""The project that a Compose command works on: its options and its environment, as Compose itself takes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.compose.oracle import compose_or_skip
from tests.deployment_support import Surveyed
from tests.support import run, write_files

STAND_IN = """\
#!{python}
import os, subprocess, sys
words = sys.argv[1:]
if words[0] == "compose":
    verb = next(at for at, word in enumerate(words) if word in ("build", "up"))
    asked = [*{compose!r}, "-p", "p", *words[1:verb], "config", "--format", "json"]
    found = subprocess.run(asked, capture_output=True, text=True)
    open({log!r}, "a").write(found.stdout.replace("\\n", "") + "\\n")
"""
FILES = {
    "Dockerfile": "FROM alpine\n",
    "compose.yaml": "services:\n  web:\n    build: {context: ., args: {V: '${V:-none}'}}\n"
    "  debug:\n    build: .\n    profiles: [debug, tools]\n",
    "compose.override.yaml": "services: {web: {build: {target: dev}}}\n",
    "prod.yml": "services: {web: {build: {target: prod}}}\n",
    "below/compose.yaml": "services: {low: {build: {context: ., args: {V: '${V:-none}'}}}}\n",
    "below/.env": "V=below\n",
    ".env": "V=dotenv\n",
    "named.yaml": "services: {web: {build: {context: ., args: {N: '${COMPOSE_PROJECT_NAME}'}}}}\n",
    "a.env": "V=a\n",
    "b.env": "V=b\nCOMPOSE_PROFILES=tools\n",
    "files.env": "COMPOSE_FILE=below/compose.yaml\n",
}
SCRIPTS = {
    "nothing": "docker compose build",
    "a file": "docker compose -f compose.yaml build",
    "two files": "docker compose -f compose.yaml -f prod.yml build",
    "a file elsewhere": "docker compose -f below/compose.yaml build",
    "in a directory": "cd below && docker compose build",
    "in a directory without files": "mkdir -p empty; cd empty; docker compose build",
    "the project's directory": "docker compose --project-directory below build",
    "the project's directory and a file": "docker compose --project-directory below -f compose.yaml build",
    "the script's directory": 'D="$(cd "$(dirname "$0")" && pwd)"\n'
    'docker compose -f "$D/compose.yaml" -f "$D/prod.yml" build',
    "a variable for the file": "F=prod.yml\ndocker compose -f compose.yaml -f $F build",
    "an environment file": "docker compose --env-file a.env build",
    "two environment files": "docker compose --env-file a.env --env-file=b.env build",
    "an environment file that names files": "docker compose --env-file files.env build",
    "COMPOSE_FILE in front": "COMPOSE_FILE=compose.yaml:prod.yml docker compose build",
    "COMPOSE_FILE exported": "export COMPOSE_FILE=prod.yml:compose.yaml\ndocker compose build",
    "COMPOSE_FILE exported, and -f": "export COMPOSE_FILE=prod.yml\ndocker compose -f below/compose.yaml build",
    "COMPOSE_PATH_SEPARATOR": "COMPOSE_PATH_SEPARATOR=, COMPOSE_FILE=compose.yaml,prod.yml docker compose build",
    "COMPOSE_ENV_FILES": "export COMPOSE_ENV_FILES=b.env,a.env\ndocker compose build",
    "no .env": "COMPOSE_DISABLE_ENV_FILE=1 docker compose build",
    "no .env, and -f": "export COMPOSE_DISABLE_ENV_FILE=true\ndocker compose -f below/compose.yaml build",
    "no .env, but another file": "COMPOSE_DISABLE_ENV_FILE=1 docker compose --env-file a.env build",
    "an .env that is wanted": "COMPOSE_DISABLE_ENV_FILE=0 docker compose build",
    "a name": "V=$X docker compose -p shop -f named.yaml build",
    "a profile": "docker compose --profile debug build",
    "another profile": "docker compose --profile other build",
    "all profiles": "docker compose --profile '*' build",
    "COMPOSE_PROFILES": "COMPOSE_PROFILES=other,tools docker compose build",
    "COMPOSE_PROFILES and a profile": "COMPOSE_PROFILES=tools docker compose --profile other build",
    "COMPOSE_PROFILES of an environment file": "docker compose --env-file b.env up -d --build",
    "a variable": "V=shell docker compose build",
    "a variable exported": "export V=shell\ndocker compose build",
    "a variable that is not exported": "X=shell\ndocker compose build",
    "an empty variable": "V= docker compose build",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_as_compose_has_it(tmp_path, name):
    compose = compose_or_skip()
    write_files(tmp_path / "p", {**FILES, "deploy.sh": SCRIPTS[name] + "\n"})
    log = tmp_path / "log"
    stand_in = STAND_IN.format(python=sys.executable, compose=compose.command, log=str(log))
    write_files(tmp_path, {"bin/docker": stand_in})
    (tmp_path / "bin/docker").chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path)}
    subprocess.run(["bash", str(tmp_path / "p/deploy.sh")], cwd=tmp_path / "p", env=environment, check=True)
    wanted = [of_compose(json.loads(line), tmp_path / "p") for line in log.read_text().splitlines()]
    assert ours(SCRIPTS[name], known_variables=True) == wanted


def of_compose(project, root):
    builds = {name: one["build"] for name, one in project["services"].items() if "build" in one}
    return {
        name: (os.path.relpath(one["context"], root), one.get("target"), one.get("args") or {})
        for name, one in builds.items()
    }


def ours(script, *, known_variables=False, **more):
    """The builds of each command by service: context, target and arguments."""
    found = Surveyed({**FILES, "deploy.sh": script + "\n", **more})
    calls = [call for one in found.deployments for call in one.calls]
    return [
        {
            build.service.name: (
                os.path.relpath(build.fields.entries["context"].text, found.root),
                build.target,
                {arg.name: closed(arg.value) if known_variables else arg.value for arg in build.args},
            )
            for build in call.services
        }
        for call in calls
    ]


def closed(value):
    """Where nobody sets the variable."""
    return "none" if value == "${V:-none}" else value


UNKNOWN = {
    "a file": "docker compose -f $1 build",
    "one of two files": "docker compose -f compose.yaml -f $1 build",
    "a file that is not here": "docker compose -f nothing.yml build",
    "standard input": "docker compose -f - build < compose.yaml",
    "the project's directory": "docker compose --project-directory $1 build",
    "COMPOSE_FILE": "export COMPOSE_FILE=$1\ndocker compose build",
    "COMPOSE_FILE of somebody else": "COMPOSE_FILE=${COMPOSE_FILE:-prod.yml} docker compose build",
    "COMPOSE_FILE sometimes": 'if [ "$1" ]; then export COMPOSE_FILE=prod.yml; fi\ndocker compose build',
    "COMPOSE_FILE that may not be exported": "COMPOSE_FILE=prod.yml\ndocker compose build",
    "COMPOSE_FILE for another user": "export COMPOSE_FILE=prod.yml\nsudo docker compose build",
    "COMPOSE_PROFILES": "COMPOSE_PROFILES=$1 docker compose build",
    "whether .env is read": "COMPOSE_DISABLE_ENV_FILE=$1 docker compose build",
    "a profile": "docker compose --profile $1 build",
    "the directory": 'cd "$1"\ndocker compose build',
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_nothing_is_guessed(name):
    assert ours(UNKNOWN[name]) == [{}]


def test_what_the_deploying_machine_knows_stays_open():
    open_value = {"web": (".", "dev", {"V": "${V:-none}"})}
    assert ours("docker compose --env-file $1 build") == [open_value]
    assert ours("docker compose --env-file of-the-host.env build") == [open_value]
    assert ours("export V=$(cat x)\ndocker compose build") == [open_value]
    assert ours("docker compose --env-file $1 --profile tools build debug") == [{"debug": (".", None, {})}]


def test_a_service_that_is_named_needs_no_profile():
    assert ours("docker compose build debug") == [{"debug": (".", None, {})}]
    assert ours("docker compose --profile $1 build debug") == [{"debug": (".", None, {})}]


STEPS = """\
on: push
jobs:
  a:
    runs-on: x
    env: {COMPOSE_FILE: compose.yaml}
    steps:
    - uses: actions/checkout@v4
"""


def test_in_workflows_and_makefiles():
    plain = {"web": (".", None, {"V": "dotenv"})}
    steps = "    - run: docker compose build\n    - run: docker compose build\n      env: {COMPOSE_FILE: '${{ x }}'}\n"
    assert ours("", **{".github/workflows/x.yml": STEPS + steps}) == [plain, {}]
    assert ours("", Makefile="export COMPOSE_FILE := compose.yaml\nx:\n\tdocker compose build\n") == [plain]
    assert ours("", Makefile="F = compose.yaml\nx:\n\tdocker compose -f $(F) build\n") == [plain]
    assert ours("", Makefile="F ?= compose.yaml\nx:\n\tdocker compose -f $(F) build\n") == [{}]


def test_who_starts_a_script_may_choose_the_files():
    text = "docker compose build"
    assert ours(text, **{"ci.sh": "export COMPOSE_FILE=prod.yml\n./deploy.sh\n"}) == [{}]
    assert ours(text, **{"ci.sh": "export COMPOSE_FILE=prod.yml\n./other.sh\n"}) != [{}]
    named = "docker compose -f compose.yaml build"
    assert ours(named, **{"ci.sh": "export COMPOSE_FILE=prod.yml\n./deploy.sh\n"}) != [{}]


DEPLOY = "#!/bin/bash\nset -e\ngit pull\ndocker builder prune -f --filter type=source.local\n{}\ndocker compose up -d\n"
BARE = "services:\n  web:\n    build:\n      context: .\n"
WITH = BARE + "      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"
SOURCE = "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN make\n"


def unset(directory, build, **files):
    write_files(directory, {"Dockerfile": SOURCE, **files, "deploy.sh": DEPLOY.format(build)})
    ran = run("--isolated", "--output-format", "concise", "--select", "unset-commit-arg", cwd=directory)
    return [line for line in ran.out.splitlines() if "[unset-commit-arg]" in line]


def test_rules_judge_the_project_of_the_command(tmp_path):
    prod = "services: {web: {build: {args: [GIT_COMMIT_HASH]}}}\n"
    files = {"compose.yaml": BARE, "prod.yml": prod, "p.env": "GIT_COMMIT_HASH=x\n"}
    assert len(unset(tmp_path, "docker compose -f compose.yaml -f prod.yml build", **files)) == 1
    assert unset(tmp_path, "docker compose -f compose.yaml build", **files) == []
    assert len(unset(tmp_path, "COMPOSE_FILE=compose.yaml:prod.yml docker compose build", **files)) == 1
    assert unset(tmp_path, "COMPOSE_FILE=$F docker compose build", **files) == []


def test_an_environment_file_may_set_what_nobody_else_does(tmp_path):
    files = {"compose.yaml": WITH, "p.env": "GIT_COMMIT_HASH=x\n", "other.env": "X=1\n"}
    assert len(unset(tmp_path, "docker compose build", **files)) == 1
    assert len(unset(tmp_path, "docker compose --env-file other.env build", **files)) == 1
    assert unset(tmp_path, "docker compose --env-file p.env build", **files) == []
    assert unset(tmp_path, "docker compose --env-file of-the-host.env build", **files) == []
    assert unset(tmp_path, 'docker compose --env-file "$1" build', **files) == []


def test_an_environment_file_may_set_an_argument_without_a_value(tmp_path):
    bare = {"compose.yaml": BARE + "      args: [GIT_COMMIT_HASH]\n", "p.env": "GIT_COMMIT_HASH=x\n"}
    assert len(unset(tmp_path, "docker compose build", **bare)) == 1
    assert unset(tmp_path, "docker compose --env-file p.env build", **bare) == []
