"""The step in a script that clears caches: in the branch for everything, on its machine, and never in what is read."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

import pytest

from cachelint.fix import apply_edits
from cachelint.prune.cache_clear import clearing_steps, find_clearing
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Steps, Wish
from tests.deployment_support import Surveyed
from tests.prune.stage import Stage


class Shape(NamedTuple):
    """A script with the arguments that ask for everything, those that do not, and the machine that clears.

    `early`: the step stands in front of what clears, since what follows asks how that ended.
    """

    name: str
    text: str
    everything: tuple[str, ...] = ("all",)
    others: tuple[str, ...] = ("web",)
    machine: str = "here"
    early: bool = False


CLEAR = "rm -rf web/.next"
ARMS = 'case "$1" in\n  web) docker logs web ;;\n  all) clear_all ;;\nesac\n'

SHAPES = (
    Shape("plain", f"{CLEAR}\ndocker logs cleared\necho cleared\n", ("",), ()),
    Shape("arm", f'case "$1" in\n  web) docker logs web ;;\n  all)\n    {CLEAR}\n    echo cleared\n    ;;\nesac\n'),
    Shape("arm on one line", f"clear_all() {{\n  {CLEAR}\n  echo cleared\n}}\n{ARMS}"),
    Shape(
        "function",
        f"clear_all() {{\n  {CLEAR}\n  return 0\n}}\ncase $1 in\n  web) docker logs web ;;\n  *) clear_all ;;\nesac\n",
    ),
    Shape("status at the end", f"{CLEAR}\nexit $?\n", ("",), (), early=True),
    Shape(
        "status that is handed on",
        f"clear_all() {{\n  {CLEAR}\n  return\n}}\nclear_all || exit 3\n",
        ("",),
        (),
        early=True,
    ),
    Shape(
        "status of a function",
        f"clear_all() {{\n  {CLEAR}\n  find nothere -name '*.pyc' -delete\n}}\n"
        "if clear_all; then\n  docker logs cleared\nelse\n  docker logs kept\n  exit 3\nfi\n",
        ("",),
        (),
    ),
    Shape("status of the script", f"{CLEAR}\nfind nothere -name '*.pyc' -delete\n", ("",), ()),
    Shape("status that is told", f'{CLEAR}\necho "ended with $?"\necho cleared\n', ("",), (), early=True),
    Shape("status behind a command", f'{CLEAR}\ndocker logs a\necho "ended with $?"\n', ("",), ()),
    Shape("status that is tested", f"{CLEAR}\n[ $? -eq 0 ] && echo cleared\n", ("",), (), early=True),
    Shape("another program in the end", f"{CLEAR}\nexec docker logs cleared\n", ("",), ()),
    Shape("output in a log", f"clear_all() {{\n  {CLEAR}\n  echo cleared\n}}\nclear_all | tee clear.log\n", ("",), ()),
    Shape("a list of what is cleared", f"ls web > before.txt\nfiles=$(ls web)\n{CLEAR}\necho cleared\n", ("",), ()),
    Shape("a heredoc in the end", f"{CLEAR}\ncat > cleared.txt <<EOF\nweb\nEOF\n", ("",), ()),
    Shape("a heredoc in a chain", f"{CLEAR}\ntrue &&\n  cat > cleared.txt <<EOF\nweb\nEOF\n", ("",), ()),
    Shape("another machine", f"ssh prod <<'EOF'\n{CLEAR}\necho cleared\nEOF\necho done\n", ("",), (), "prod"),
    Shape("another machine, quoted", f'ssh prod "\n  {CLEAR}\n  echo cleared\n"\n', ("",), (), "prod"),
    Shape("another machine, one line", f"ssh prod '{CLEAR}; echo cleared'\necho done\n", ("",), (), "prod"),
    Shape("another machine, one word", f'ssh prod "{CLEAR}"\necho done\n', ("",), (), "prod", early=True),
    Shape(
        "another machine in an arm",
        f"case $1 in\n  web) ls ;;\n  all)\n    ssh prod <<EOF\n{CLEAR}\necho cleared\nEOF\n    ;;\nesac\n",
        machine="prod",
    ),
    Shape(
        "a test on another machine",
        f"ssh prod <<'EOF'\nif [ all = all ]; then\n  {CLEAR}\n  echo cleared\nfi\nEOF\n",
        ("",),
        (),
        "prod",
    ),
    Shape("here and there", f"ssh prod '{CLEAR}'\n{CLEAR}\necho cleared\n", ("",), ()),
    Shape("as root", f"sudo {CLEAR}\necho cleared\n", ("",), ()),
    Shape("as root or not", f'SUDO=""\n[ "$EUID" = 0 ] || SUDO=sudo\n$SUDO {CLEAR}\necho cleared\n', ("",), ()),
    Shape("as root, there", f"ssh prod <<'EOF'\nsudo {CLEAR}\necho cleared\nEOF\n", ("",), (), "prod"),
    Shape("a container of this machine", f"docker exec web {CLEAR}\necho cleared\n", ("",), ()),
)
REFUSED = {
    "what a function prints": (
        f"clear_all() {{\n  {CLEAR}\n  echo cleared\n}}\nclear_all > cleared.txt\n",
        "what is printed there is read",
    ),
    "what a function's function prints": (
        f"clear_all() {{\n  {CLEAR}\n  echo cleared\n}}\nmain() {{\n  clear_all\n}}\nx=$(main)\n",
        "what is printed there is read",
    ),
    "an arm in a function that is read": (
        f"main() {{\n  case $1 in\n    all)\n      {CLEAR}\n      echo cleared\n      ;;\n  esac\n}}\nx=$(main all)\n",
        "what is printed there is read",
    ),
    "an arm that is read": (
        f"case $1 in\n  web) ls ;;\n  all)\n    {CLEAR}\n    echo cleared\n    ;;\nesac > cleared.txt\n",
        "what is printed there is read",
    ),
    "words for another machine": (
        f"ssh prod {CLEAR}\n",
        "the caches are cleared on another machine, where no line can be written",
    ),
    "another machine, in a function": (
        f"there() {{\n  ssh prod <<'EOF'\n{CLEAR}\nEOF\n}}\nclear_all() {{\n  there\n}}\n{ARMS}",
        "the caches are cleared on another machine, where no line can be written",
    ),
    "text that cannot be read": (
        f"ssh prod '\n{CLEAR}\nif x\n'\n",
        "the text that it stands in has a part that cannot be read",
    ),
    "another shell": (f"#!/usr/bin/fish\n{CLEAR}\n", "fish scripts are not edited"),
}

each = pytest.mark.parametrize("shape", [pytest.param(one, id=one.name) for one in SHAPES])


def steps(text: str) -> Steps:
    deployment = Surveyed({"clear-cache.sh": text}).only
    found = find_clearing(deployment)
    assert found
    return clearing_steps(deployment, found, Wish(chosen(Scope.CONTEXT)))


@each
def test_it_prunes_where_everything_is_cleared_and_nowhere_else(shape, tmp_path):
    stage = Stage(tmp_path)
    text = f"#!/bin/bash\n{shape.text}"
    found = steps(text)
    assert found.refused == ()
    new = apply_edits(text, found.edits)
    assert subprocess.run(["bash", "-n"], input=new.encode(), capture_output=True, check=False).stderr == b""
    for way in (*shape.everything, *shape.others):
        before, after = stage.play(text, way), stage.play(new, way)
        assert (after.code, after.without_prune) == (before.code, before.without_prune)
        assert [one.machine for one in after.calls if one.is_prune] == [shape.machine] * (way in shape.everything)
    assert (new.index("builder prune") < new.rindex(CLEAR)) is shape.early


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    text, reason = REFUSED[name]
    found = steps(text if text.startswith("#!") else f"#!/bin/bash\n{text}")
    assert ([one.reason for one in found.refused], found.edits) == ([reason], ())


AS_ROOT = 'as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }\n'
AS_APP = 'as_app() { sudo -u app "$@"; }\n'
DRY = 'run() { if [ -n "$DRY" ]; then echo "$@"; else "$@"; fi; }\n'
ASKS = 'ask() { read -r a; if [ "$a" = y ]; then "$@"; fi; }\n'
MAYBE_SUDO = 'SUDO=""\n[ "$EUID" = 0 ] || SUDO=sudo\n'
ALL = "echo cleared\n"


def in_all(text: str, before: str = "") -> str:
    """A script with a function for everything."""
    return f"{before}clear_all() {{\n{text}{ALL}}}\n{ARMS.replace('docker logs', 'ls')}"


@pytest.mark.parametrize(
    ("text", "client"),
    [
        (f"sudo {CLEAR}\n{ALL}", "sudo docker"),
        (f"sudo -n {CLEAR}\n{ALL}", "sudo -n docker"),
        (f"sudo -u root {CLEAR}\n{ALL}", "sudo -u root docker"),
        (f"doas {CLEAR}\n{ALL}", "doas docker"),
        (f"nice sudo {CLEAR}\n{ALL}", "sudo docker"),
        (f"sudo bash -c '{CLEAR}'\n{ALL}", "sudo docker"),
        (f"sudo bash <<'EOF'\n{CLEAR}\nEOF\n{ALL}", "sudo docker"),
        ("sudo find . -name __pycache__ -exec rm -rf {} +\n" + ALL, "sudo docker"),
        ("find . -name __pycache__ -exec sudo rm -rf {} +\n" + ALL, "sudo docker"),
        (f"ssh prod <<'EOF'\nsudo {CLEAR}\n{ALL}EOF\n", "sudo docker"),
        (f"ssh prod <<'EOF'\nsudo docker ps\n{CLEAR}\n{ALL}EOF\ndocker ps\n", "sudo docker"),
        (f"ssh prod <<'EOF'\n{CLEAR}\n{ALL}EOF\nsudo docker ps\n", "docker"),
        (f"{MAYBE_SUDO}$SUDO {CLEAR}\n{ALL}", "$SUDO docker"),
        (f"SUDO=$(command -v sudo)\n$SUDO {CLEAR}\n{ALL}", "$SUDO docker"),
        (in_all(f"as_root {CLEAR}\n", AS_ROOT), "as_root docker"),
        (in_all(f"run {CLEAR}\n", DRY), "run docker"),
        (in_all(f"run sudo {CLEAR}\n", DRY), "run sudo docker"),
        # docker is called here: that is as whom it can be
        (f"sudo {CLEAR}\ndocker restart web\n{ALL}", "docker"),
        (f"{CLEAR}\nsudo docker restart web\n{ALL}", "sudo docker"),
        (f'DOCKER="sudo docker"\n{CLEAR}\n$DOCKER restart web\n{ALL}', "sudo docker"),
        (f'DC="sudo docker compose -f a.yml"\n$DC stop\n{CLEAR}\n$DC start\n{ALL}', "sudo docker"),
        (f"sudo docker exec web {CLEAR}\n{ALL}", "sudo docker"),
        (f"sudo docker ps\ndocker ps\n{CLEAR}\n{ALL}", "docker"),
        (in_all(f"sudo docker ps\n{CLEAR}\n"), "sudo docker"),
        (f"docker --context prod ps\n{CLEAR}\n{ALL}", "docker --context prod"),
        (f"docker --version\nsudo {CLEAR}\n{ALL}", "sudo docker"),
        (f"docker info || exit 1\nsudo {CLEAR}\n{ALL}", "sudo docker"),
        (in_all(f"sudo {CLEAR}\n", 'logs() { local d="sudo -n docker"; $d logs; }\n'), "sudo -n docker"),
        (in_all(f"sudo {CLEAR}\n", 'logs() { local c=$1; docker --context "$c" ps; }\n'), "sudo docker"),
        # not all of it needs root, or it belongs to another user
        (f"sudo {CLEAR}\nrm -rf api/.turbo\n{ALL}", "docker"),
        (f"sudo -u app {CLEAR}\n{ALL}", "docker"),
        (f"sudo -uapp {CLEAR}\n{ALL}", "docker"),
        (f"gosu app {CLEAR}\n{ALL}", "docker"),
        (f"su app -c '{CLEAR}'\n{ALL}", "docker"),
        (in_all(f"as_app {CLEAR}\n", AS_APP), "docker"),
    ],
)
def test_the_step_calls_docker_as_the_script_does_or_as_it_removes(text, client):
    """A bare ``docker`` is denied to who is not in its group; more than the script asks for is nobody's wish."""
    text = f"#!/bin/bash\nset -e\n{text}"
    found = steps(text)
    assert [one.reason for one in found.refused] == []
    [step] = found.written
    assert f"{client} builder prune --force --filter type=source.local" in [
        line.removesuffix(" || exit 1").removesuffix(" || return 1") for line in step.lines
    ]
    new = apply_edits(text, found.edits)
    assert find_clearing(Surveyed({"clear-cache.sh": new}).only) is None
    assert subprocess.run(["bash", "-n"], input=new.encode(), capture_output=True, check=False).stderr == b""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"podman restart web\n{CLEAR}\n", "podman has other options: its `prune` knows none of Docker's record types"),
        (in_all(f"ask {CLEAR}\n", ASKS), "`ask` asks before it runs something"),
        (
            in_all(f"{CLEAR}\n", 'docker() { [ "$1" = ps ] && command docker "$@"; }\n'),
            "the script has a function `docker`, which may do something else with a prune",
        ),
    ],
)
def test_where_docker_cannot_be_called_alike_nothing_is_written(text, reason):
    found = steps(f"#!/bin/bash\n{text}")
    assert ([one.reason for one in found.refused], found.edits) == ([reason], ())


WORKFLOW = """\
on: workflow_dispatch
jobs:
  clear-caches:
    runs-on: self-hosted
    steps:
      - run: {}
      - run: echo done
"""


@pytest.mark.parametrize(
    ("commands", "client"),
    [
        (f"{CLEAR}", "docker"),
        (f"sudo {CLEAR}", "sudo docker"),
        (f"{CLEAR} && sudo docker restart web", "sudo docker"),
        (f"sudo {CLEAR} && docker restart web", "docker"),
        (f"sudo {CLEAR}\n      - run: {CLEAR}", "docker"),
        (f"sudo -u app {CLEAR}", "docker"),
        (f"$SUDO {CLEAR}", "docker"),
    ],
)
def test_a_step_of_a_workflow_calls_docker_as_the_others_do(commands, client):
    """It knows no variable of theirs."""
    deployment = Surveyed({".github/workflows/clear.yml": WORKFLOW.format(commands)}).only
    found = find_clearing(deployment)
    assert found
    [step] = clearing_steps(deployment, found, Wish(chosen(Scope.CONTEXT))).written
    assert dict(step.fields)["run"] == f"{client} builder prune --force --filter type=source.local"


def test_a_dry_run_of_the_removals_drops_nothing(tmp_path):
    text = "#!/bin/bash\n" + in_all(f"run {CLEAR}\n", DRY)
    stage, new = Stage(tmp_path), apply_edits(text, steps(text).edits)
    assert stage.play(new, "all", DRY="1").calls == ()
    assert [one.is_prune for one in stage.play(new, "all").calls] == [True]


def test_a_function_whose_failure_is_looked_at_returns(tmp_path):
    text = f"#!/bin/bash\nset -e\nmain() {{\n  if [ $1 = all ]; then\n    {CLEAR}\n  fi\n}}\nmain $1 || echo failed\n"
    new = apply_edits(text, steps(text).edits)
    assert "source.local || return 1\n" in new
    assert "failed" in Stage(tmp_path).play(new, "all", PRUNE_EXIT="3").output
