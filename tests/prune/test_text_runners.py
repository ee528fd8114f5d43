"""Builds in a text that a function of the script hands to a shell: here, as another user, or on another machine."""

from __future__ import annotations

import subprocess

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.script_parser import read_script
from cachelint.fix import apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Steps, Wish
from cachelint.source import SourceFile
from tests.prune.stage import Stage
from tests.prune.steps import calls_of, steps_for

EVAL = 'run() { eval "$1"; }\n'
EVAL_ALL = 'run() { eval "$@"; }\n'
LOCAL = 'run() {\n  local cmd="$1"\n  echo "+ $cmd"\n  eval "$cmd" || exit 1\n}\n'
JOINED = 'run() { local cmd="$*"; eval $cmd; }\n'
TITLED = (
    'step() { local title=$1 cmd=$2; echo "== $title"; if ! out=$(eval "$cmd" 2>&1); then echo "$out"; exit 1; fi; }\n'
)
SHIFTED = 'step() { local title=$1; shift; echo "== $title"; eval "$@"; }\n'
SHELL = 'run() { bash -euo pipefail -c "$1"; }\n'
ROOT = 'root() { sudo sh -c "$*"; }\n'
APP = 'app() { sudo -u app -H bash -c "$1"; }\n'
SU = 'app() { su - app -c "$1"; }\n'
DRY = 'run() { if [ -n "$DRY" ]; then echo "$1"; else eval "$1"; fi; }\n'
ASKS = 'run() { read -r -p "run $1?" a; [ "$a" = y ] && eval "$1"; }\n'
THERE = 'there() { ssh prod "$@"; }\n'
KEYS = 'there() { if [ -n "$KEY" ]; then ssh -i "$KEY" prod "$1"; else ssh prod "$1"; fi; }\n'
READS = 'there() { local out; out=$(ssh prod "$1"); echo "$out"; }\n'
HERE_OR_THERE = 'on() { if [ -n "$HERE" ]; then "$@"; else ssh prod "$@"; fi; }\n'
RETRY = 'retry() { local n=$1 cmd="${@:2}"; until $cmd; do n=$((n - 1)); [ "$n" -gt 0 ] || return 1; done; }\n'
ARRAY = 'retry() { local -a cmd=("${@:2}"); until "${cmd[@]}"; do sleep "$1"; done; }\n'
DC = 'dc() { docker compose "$@"; }\n'
EITHER = """dc() {
  if docker compose version; then
    docker compose "$@"
    return $?
  fi
  if command -v docker-compose; then
    docker-compose "$@"
    return
  fi
  return 127
}
"""
IN_ENV = 'in_env() { local env=$1; shift; dc -f "$env.yml" "$@"; }\n'
SAFE = 'run() { if [ -n "$DRY" ]; then echo "$@"; else "$@"; fi; }\nsafe() { run "$@" || exit 1; }\n'
DRY_DC = 'dc() { if [ -n "$DRY" ]; then echo "$@"; return 0; fi; docker compose "$@"; }\n'
LINES = "\n  cd .\n  docker compose build\n  docker compose up -d\n"


def steps(text: str) -> Steps:
    wish = Wish(chosen(Scope.CONTEXT))
    return steps_for(calls_of(read_script(SourceFile("deploy.sh", f"#!/bin/bash\n{text}"))), wish, CommitArg())


def builds(text: str) -> list[str]:
    calls = calls_of(read_script(SourceFile("deploy.sh", f"#!/bin/bash\n{text}")))
    return [one.verb for one in calls.by_number.values() if one.builds]


WRITTEN = {
    "eval": (f'{EVAL}run "docker compose build"\n', "docker"),
    "eval of all": (f'{EVAL_ALL}run "docker compose build && docker compose up -d"\n', "docker"),
    "eval of words": (f"{EVAL_ALL}run docker compose build\n", "docker"),
    "a local variable": (f'{LOCAL}run "docker compose build"\n', "docker"),
    "all in a variable": (f'{JOINED}run "docker build -t web ."\n', "docker"),
    "the second argument": (f'{TITLED}step "Build it" "docker compose build"\n', "docker"),
    "behind a shift": (f'{SHIFTED}step "Build it" "docker compose build"\n', "docker"),
    "a shell": (f"{SHELL}run 'docker compose build'\n", "docker"),
    "as root": (f'{ROOT}root "docker compose build"\n', "sudo docker"),
    "as a user": (f'{APP}app "cd . && docker compose build"\n', "sudo -u app -H docker"),
    "in a function": (f'{EVAL}build() {{\n  run "docker compose build"\n}}\nbuild\n', "docker"),
    "a condition": (f'{LOCAL}if run "docker compose build"; then\n  docker compose up -d\nfi\n', "docker"),
    "a variable": (f'{EVAL}cmd="docker compose build"\nrun "$cmd"\n', "docker"),
    "a value in the text": (f'{EVAL}tag=1\nrun "docker build -t web:$tag ."\n', "docker"),
    "retry": (f"{RETRY}retry 3 docker compose build\n", "retry 3 docker"),
    "retry of an array": (f"{ARRAY}retry 1 docker compose build\n", "retry 1 docker"),
    "a function in the text": (f'{DC}{EVAL}run "dc build"\n', "docker"),
    "a function for the text": (f'{DC}timeout 9 bash -c "$(declare -f dc); dc build"\n', "docker"),
    "either of two": (f"{EITHER}dc build\n", "docker"),
    "either of two, in a text": (f'{EITHER}timeout 9 bash -c "$(declare -f dc); dc build"\n', "docker"),
    "functions in a row": (f"{DC}{IN_ENV}in_env prod build\n", "docker"),
    "a dry run, in a row": (f"{SAFE}safe docker compose build\n", "safe docker"),
    "as root, in a row": ('a() { sudo "$@"; }\nb() { a "$@"; }\nb docker compose build\n', "b docker"),
    "an exported function": (f"{DC}export -f dc\nbash -c 'dc build'\n", "docker"),
    "literal text": ('cmd="docker compose build"\neval "$cmd"\n', "docker"),
    "text in parts": ('cmd="docker build"\ncmd+=" --no-cache"\ncmd="$cmd ."\neval "$cmd"\n', "docker"),
    "a local docker or one there": (f"{HERE_OR_THERE}on docker compose build\n", "on docker"),
}
LINES_OF = {
    "eval": f"{EVAL}run '{LINES}'\n",
    "there": f'{THERE}there "{LINES}"\n',
    "there on one line": f'{THERE}there "cd . && docker compose build"\n',
    "there with a key": f"{KEYS}there '{LINES}'\n",
    "there, in a row": f'{THERE}on() {{ there "$@"; }}\non "{LINES}"\n',
    "there in a heredoc": f"{THERE}there <<'EOF'{LINES}EOF\n",
    "there in a heredoc of a shell": f"{THERE}there bash -s <<'EOF'{LINES}EOF\n",
    "a dry run": f"{DRY}run '{LINES}'\n",
    "a function that is sent along": f'{DC}ssh prod "$(declare -f dc)\ncd .\ndc build\n"\n',
}
NOT_WRITTEN = {
    "a dry run": (f'{DRY}run "docker compose build"\n', "`run` decides whether it is run or only shown"),
    "a question": (f'{ASKS}run "docker compose build"\n', "`run` decides whether it is run or only shown"),
    "a dry run, in a row": (f'{DRY_DC}a() {{ dc "$@"; }}\na build\n', "`a` decides whether it is run or only shown"),
    "lines that are read, in a row": (
        f"{READS}on() {{ there \"$@\"; }}\non '{LINES}'\n",
        "the build runs elsewhere, and what is printed there is read here",
    ),
    "a dry run of a function": (f"{DRY_DC}dc build\n", "`dc` decides whether it is run or only shown"),
    "another user": (f'{SU}app "docker build ."\n', "it builds as whom `su` says, which a step in front would not"),
    "words there": (f"{THERE}there docker build .\n", "the build runs on another machine, in words of one line"),
    "lines that are read": (
        f"{READS}there '{LINES}'\n",
        "the build runs elsewhere, and what is printed there is read here",
    ),
}
NO_BUILDS = {
    "it is only shown": 'run() { echo "$1"; }\nrun "docker compose build"\n',
    "another argument": f'{EVAL}run true "docker compose build"\n',
    "here or there": (
        'on() { if [ -n "$HERE" ]; then bash -c "$1"; else ssh prod "$1"; fi; }\non "docker compose build"\n'
    ),
    "two texts": 'run() { eval "$2"; eval "$1"; }\nrun "docker compose build"\n',
    "it goes elsewhere first": 'run() { cd app; eval "$1"; }\nrun "docker compose build"\n',
    "a part of the text": 'run() { bash -c "echo $1"; }\nrun "docker compose build"\n',
    "a variable that is set again": 'run() { c=$1; c=true; eval "$c"; }\nrun "docker compose build"\n',
    "a function that is not sent along": f"{DC}ssh prod 'dc build'\n",
    "text that is not known": f'{EVAL}run "$(cat build.txt) build"\n',
}


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def plays_alike(stage: Stage, text: str, *, lines: bool) -> None:
    """The new script calls docker as the old one did, behind one prune on the machine of the build."""
    found = steps(text)
    assert [one.reason for one in found.refused] == []
    assert len(found.written) == 1
    old = f"#!/bin/bash\n{text}"
    new = apply_edits(old, found.edits)
    assert subprocess.run(["bash", "-n"], input=new.encode(), capture_output=True, check=False).stderr == b""
    assert steps(new.removeprefix("#!/bin/bash\n")) == Steps()
    before, after = stage.play(old), stage.play(new)
    assert (after.code, after.without_prune) == (before.code, before.without_prune), after.output
    assert [one.is_prune for one in after.calls][:2] == [True, False]
    assert {one.machine for one in after.calls} == {one.machine for one in before.calls}
    if lines:
        stopped = stage.play(new, PRUNE_EXIT="3")
        assert stopped.without_prune == []


@pytest.mark.parametrize("name", WRITTEN)
def test_the_step_stands_in_front(name, stage):
    text, client = WRITTEN[name]
    [step] = steps(text).written
    assert step.lines[2].startswith(f"{client} builder prune --force --filter type=source.local")
    plays_alike(stage, text, lines=False)


@pytest.mark.parametrize("name", LINES_OF)
def test_the_step_stands_among_the_lines(name, stage):
    plays_alike(stage, LINES_OF[name], lines=True)


@pytest.mark.parametrize("name", NOT_WRITTEN)
def test_where_it_cannot_stand_the_reason_is_told(name):
    text, reason = NOT_WRITTEN[name]
    found = steps(text)
    assert ([one.reason for one in found.refused], found.written) == ([reason], ())


@pytest.mark.parametrize("name", NO_BUILDS)
def test_what_may_not_run_is_no_build(name):
    assert builds(NO_BUILDS[name]) == []


def test_a_dry_run_of_the_lines_drops_nothing(stage):
    text = f"#!/bin/bash\n{LINES_OF['a dry run']}"
    assert stage.play(apply_edits(text, steps(LINES_OF["a dry run"]).edits), DRY="1").calls == ()


@pytest.mark.parametrize("call", ["eval 'cd app'", "run 'cd app'"])
def test_a_directory_that_a_text_goes_to_stays(call):
    text = f"{EVAL}{call}\ndocker compose build\nbash -c 'cd web'\ndocker compose build\n"
    script = read_script(SourceFile("deploy.sh", f"#!/bin/bash\n{text}"))
    assert [one.directory.path for one in script.commands if one.name == "docker"] == ["app", "app"]


@pytest.mark.parametrize("last", ["return 0", "return 1"])
def test_functions_that_are_nested_deeply_take_no_time(last):
    inner = f'"$@"; {last}'
    for _ in range(40):
        inner = f"if a; then b; {inner}; else c; {last}; fi"
    steps(f"run() {{ {inner}; }}\nrun docker compose build\n")


@pytest.mark.parametrize(
    "function",
    [
        'on() { ssh "$1" "$2"; }\n',
        'on() { local host=$1; shift; ssh "$host" "$@"; }\n',
        'on() { local host="$1" cmd="$2"; ssh -p 22 deploy@"$host" "$cmd"; }\n',
    ],
)
def test_each_machine_that_a_function_is_told_gets_a_step(function, stage):
    text = f"#!/bin/bash\n{function}on a 'docker compose build'\non b 'docker compose build'\non a 'docker build .'\n"
    found = steps(text.removeprefix("#!/bin/bash\n"))
    assert ([one.reason for one in found.refused], len(found.written)) == ([], 2)
    calls = stage.play(apply_edits(text, found.edits)).calls
    assert [(one.machine.rpartition("@")[2], one.is_prune) for one in calls] == [
        ("a", True),
        ("a", False),
        ("b", True),
        ("b", False),
        ("a", False),
    ]


@pytest.mark.parametrize("hosts", ["a b", "$HOSTS"])
def test_each_machine_of_a_loop_gets_the_step(hosts, stage):
    text = f'on() {{ ssh "$1" "$2"; }}\nHOSTS="a b"\nfor h in {hosts}; do\n  on "$h" "docker compose build"\ndone\n'
    new = apply_edits(f"#!/bin/bash\n{text}", steps(text).edits)
    calls = [(one.machine, one.is_prune) for one in stage.play(new).calls]
    assert calls == [("a", True), ("a", False), ("b", True), ("b", False)]


def test_a_long_function_is_no_runner():
    body = "  true\n" * 500
    assert builds(f'run() {{\n{body}  eval "$1"\n}}\nrun "docker compose build"\n') == []
