"""Every shape of script: what builds in it, where the step goes, and that the script still does what it did."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script import Script
from cachelint.documents.script_parser import read_script
from cachelint.fix import apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Steps, Wish
from cachelint.source import SourceFile
from tests.prune.steps import calls_of, steps_for
from tests.shapes.scripts import SHAPES, Shape

_RECORD = 'echo "{name} $*" >> "$CALLS"\n'
_STUBS = {
    **dict.fromkeys(("git", "npm", "make", "podman", "buildah", "docker-compose"), _RECORD),
    "docker": 'echo "${DOCKER_HOST:+$DOCKER_HOST }docker $*" >> "$CALLS"\n'
    'case "$*" in *prune*) ;; *build*) exit "${FAILS:-0}" ;; esac\n',
    "sudo": 'while [ "${1#-}" != "$1" ]; do [ "$1" = -u ] && shift; shift; done\nexec "$@"\n',
    "su": 'exec bash -c "${@: -1}"\n',
    "ssh": 'echo "ssh $1" >> "$CALLS"\nshift\nif [ $# -gt 0 ]; then exec bash -c "$*"; else exec bash -s; fi\n',
    "sleep": "exit 0\n",
}
_STEP = re.compile(r'# BuildKit skips.*?read every source file again\\?"', re.DOTALL)


def read(shape: Shape) -> Script:
    return read_script(SourceFile("deploy.sh", shape.text))


def steps(script: Script) -> Steps:
    return steps_for(calls_of(script), Wish(chosen(Scope.CONTEXT)), CommitArg())


def written(script: Script) -> str:
    return apply_edits(script.source.text, steps(script).edits)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_builds(shape):
    builds = [one for one, *_ in docker_calls(read(shape)) if one.builds]
    found = ["".join(f"{machine} {name}: " for machine, name in one.daemon.machine) + one.verb for one in builds]
    assert "; ".join(found) == shape.builds


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_places(shape):
    script = read(shape)
    assert [one.reason for one in steps(script).refused] == ([shape.refused] if shape.refused else [])
    assert _STEP.sub("mark", written(script)) == shape.marked


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("stubs")
    for name, body in _STUBS.items():
        (directory / name).write_text("#!/bin/bash\n" + body.replace("{name}", name))
        (directory / name).chmod(0o755)
    return directory


def calls(text: str, arguments: str, stubs: Path, where: Path, fails: str) -> list[str]:
    """What a script calls."""
    script, log = where / "deploy.sh", where / "calls"
    script.write_text(text, newline="")
    log.write_text("")
    environment = {"PATH": f"{stubs}{os.pathsep}{os.environ['PATH']}", "CALLS": str(log), "FAILS": fails}
    command = ["bash", str(script), *arguments.split()]
    subprocess.run(command, cwd=where, env=environment, capture_output=True, timeout=20, check=False)
    return log.read_text().splitlines()


@pytest.mark.parametrize(
    "shape", [one for one in SHAPES if "mark" in one.marked and "\r" not in one.marked], ids=lambda shape: shape.name
)
def test_the_script_does_what_it_did(shape, stubs, tmp_path):
    text = written(read(shape))
    path = tmp_path / "new.sh"
    path.write_text(text, newline="")
    assert subprocess.run(["bash", "-n", path], capture_output=True, check=False).stderr == b""
    for arguments in shape.arguments:
        for fails in "01":
            before = calls(shape.text, arguments, stubs, tmp_path, fails)
            after = calls(text, arguments, stubs, tmp_path, fails)
            assert [call for call in after if "prune" not in call] == before
            builds = [index for index, call in enumerate(after) if "build " in call or " up " in call]
            hosts = {call.partition("docker ")[0] for call in before if "docker " in call and "build " in call}
            for host in hosts:
                first = next(index for index in builds if after[index].startswith(f"{host}docker "))
                assert any(call.startswith(f"{host}docker builder prune") for call in after[:first])
