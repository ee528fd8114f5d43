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
    "one line for another machine": (
        f"ssh prod '{CLEAR}'\n",
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


def test_a_function_whose_failure_is_looked_at_returns(tmp_path):
    text = f"#!/bin/bash\nset -e\nmain() {{\n  if [ $1 = all ]; then\n    {CLEAR}\n  fi\n}}\nmain $1 || echo failed\n"
    new = apply_edits(text, steps(text).edits)
    assert "source.local || return 1\n" in new
    assert "failed" in Stage(tmp_path).play(new, "all", PRUNE_EXIT="3").output
