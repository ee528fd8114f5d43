"""The environment of commands, held against bash: a stand-in for docker writes down what it is given."""

from __future__ import annotations

import os
import subprocess

import pytest

from cachelint.deployment.environment import Environment
from tests.deployment_support import Surveyed
from tests.support import workspace_of, write_files

DOCKER = '#!/bin/sh\nprintf "%s\\n" "${V-unset}" >> "$LOG"\n'
KNOWN = {
    "nothing": ("docker info", ["unset"]),
    "exported": ("export V=1\ndocker info", ["1"]),
    "exported later": ("V=1\nexport V\ndocker info", ["1"]),
    "exported before": ("export V\nV=1\ndocker info", ["1"]),
    "set -a": ("set -a\nV=1\nset +a\ndocker info", ["1"]),
    "in front": ("V=1 docker info\ndocker info", ["1", "unset"]),
    "in front of it, over the exported one": ("export V=1\nV=2 docker info\ndocker info", ["2", "1"]),
    "env": ("env V=1 docker info", ["1"]),
    "quoted": ("export V='a b' W=\"c\"\ndocker info", ["a b"]),
    "of another variable": ("A=x\nexport V=$A-y\ndocker info", ["x-y"]),
    "replaced": ("export V=1\ndocker info\nexport V=2\ndocker info", ["1", "2"]),
    "unset": ("export V=1\nunset V\ndocker info", ["unset"]),
    "empty": ("export V=\ndocker info", [""]),
    "the same in both branches": ("if [ -f x ]; then export V=1; else export V=1; fi\ndocker info", ["1"]),
    "a subshell": ("(export V=1; docker info)\ndocker info", ["1", "unset"]),
    "a function": ("f() { export V=$1; }\ng() { export V=2; docker info; }\ng\ndocker info", ["2", "2"]),
    "a group": ("{ export V=1; }\ndocker info", ["1"]),
    "before an exit": ("if [ -f x ]; then V=2; exit; fi\nexport V=1\ndocker info", ["1"]),
    "another shell": ("export V=1\nbash -c 'docker info'", ["1"]),
    "timeout": ("export V=1\ntimeout 9 docker info", ["1"]),
}
UNKNOWN = {
    "not exported": "V=1\ndocker info",
    "by the caller": "export V=${V:-1}\ndocker info",
    "an argument": "export V=$1\ndocker info",
    "of a command": "export V=$(cat x)\ndocker info",
    "in one branch": "if [ -f x ]; then export V=1; fi\ndocker info",
    "different branches": "if [ -f x ]; then export V=1; else export V=2; fi\ndocker info",
    "case": "case $1 in a) export V=1;; esac\ndocker info",
    "behind a test": "[ -f x ] && export V=1\ndocker info",
    "appended": "export V=1\nV+=2\ndocker info",
    "read": "read -r V < x\ndocker info",
    "a loop": "export V\nfor V in a b; do docker info; done",
    "an array": "export V=(1 2)\ndocker info",
    "sourced": ". ./vars.sh\ndocker info",
    "sudo": "export V=1\nsudo docker info",
    "without an environment": "export V=1\nenv -i docker info",
    "too many": "".join(f"A{one}=1\n" for one in range(80)) + "export V=1\ndocker info",
}


def environments(files):
    """The environment of each docker command of each unit, in order."""
    found = Surveyed(files)
    workspace = workspace_of(found.root)
    units = [unit for one in found.deployments for unit in one.units]
    return [
        Environment(workspace, unit).of(one) for unit in units for one in unit.script.commands if one.name == "docker"
    ]


def values(script):
    """What is known of V in front of each docker, in the order of the file: "unset" for nothing, None for unknown."""
    found = environments({"deploy.sh": script + "\n", "vars.sh": "V=7\n"})
    return [one.get("V", "unset") for one in found]


@pytest.mark.parametrize("name", KNOWN)
def test_what_bash_hands_on(tmp_path, name):
    script, wanted = KNOWN[name]
    assert bash(tmp_path, script) == wanted
    assert values(script) == wanted


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown(name):
    assert set(values(UNKNOWN[name])) == {None}


def bash(directory, script):
    write_files(directory, {"bin/docker": DOCKER, "log": "", "deploy.sh": script})
    (directory / "bin/docker").chmod(0o755)
    path = f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "LOG": str(directory / "log")}
    subprocess.run(["bash", "deploy.sh"], cwd=directory, env=environment, check=True)
    return (directory / "log").read_text().splitlines()


def test_another_machine_has_its_own():
    assert values("export V=1\nssh host <<'EOF'\ndocker info\nV=2 docker info\nEOF") == ["unset", "2"]


def test_what_the_file_around_a_script_sets():
    steps = "    - run: V=2 docker info\n    - run: docker info\n"
    job = "  a:\n    runs-on: x\n    env: {V: '1', W: '${{ x }}', X: $Y}\n    steps:\n"
    assert environments({".github/workflows/x.yml": f"on: push\njobs:\n{job}{steps}"}) == [
        {"V": "2", "W": None, "X": None},
        {"V": "1", "W": None, "X": None},
    ]


def test_what_make_exports():
    text = "export A := 1\nB = 2\nC = $(shell x)\nD ?= 4\nE = 5\nexport B C D\nx: export F = 6\nx:\n\tdocker info\n"
    assert environments({"Makefile": text}) == [{"A": "1", "B": "2", "C": None, "D": None, "F": None}]
    assert environments({"Makefile": "export\nA = 1\n\nx:\n\tdocker info\n"}) == [{"A": "1"}]
