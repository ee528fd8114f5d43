"""Builds that run as another user, through a function or a variable: the step runs the same way, or there is none."""

from __future__ import annotations

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

MAYBE_SUDO = 'SUDO=""\nif [ -n "$NO_GROUP" ]; then SUDO=sudo; fi\n'
AS_ROOT = 'as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }\n'
DRY = 'run() { if [ "$1" = x ] || [ -n "$DRY" ]; then echo "+ $*"; else "$@"; fi; }\n'
SURE = 'run() { echo "+ $*"; "$@"; }\n'
RETRY = 'retry() { for i in 1 2 3; do "$@" && return 0; sleep 1; done; return 1; }\n'
RETURNS = 'run() { [ -n "$DRY" ] && { echo "+ $*"; return; }; "$@"; }\n'
TWICE = 'if [ -n "$DRY" ]; then run() { echo "$@"; }; else run() { "$@"; }; fi\n'
TITLED = 'step() { local t=$1; shift; echo "== $t"; if [ -z "$DRY" ]; then "$@"; fi; }\n'
EITHER = 'dc() { if docker compose version; then docker compose "$@"; else docker-compose "$@"; fi; }\n'
FALLBACK = 'dc() { command -v docker >/dev/null && docker compose "$@" || docker-compose "$@"; }\n'
GUARDED = 'dc() { [ -f compose.yaml ] || exit 1; docker compose "$@"; }\n'
TRACED = 'docker() { echo "docker $*" >>trace.log; command docker "$@"; }\n'


def steps(text: str, variable: str | None = None) -> Steps:
    wish = Wish(chosen(Scope.CONTEXT), variable)
    return steps_for(calls_of(read_script(SourceFile("deploy.sh", f"#!/bin/bash\n{text}"))), wish, CommitArg())


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("sudo docker build .\n", "sudo docker"),
        ("sudo sh -c 'cd app && docker build .'\n", "sudo docker"),
        ("sudo -u app bash -c 'docker compose build'\n", "sudo -u app docker"),
        ("gosu app docker compose build\n", "gosu app docker"),
        ("sudo -u a bash -c 'sudo docker build .'\n", "sudo -u a sudo docker"),
        ("SUDO=sudo\n$SUDO docker build .\n", "$SUDO docker"),
        ("SUDO=sudo\nsudo $SUDO docker build .\n", "sudo $SUDO docker"),
        ("SUDO=sudo\n$SUDO bash -c 'docker build .'\n", "$SUDO docker"),
        ("SUDO=${SUDO-sudo}\n$SUDO docker build .\n", "$SUDO docker"),
        (f"{MAYBE_SUDO}$SUDO docker build .\n", "$SUDO docker"),
        (f"{MAYBE_SUDO}DOCKER=docker\n[ -n \"$SUDO\" ] && DOCKER='sudo docker'\n$DOCKER build .\n", "$DOCKER"),
        ('dc() { sudo docker compose "$@"; }\ndc build\n', "sudo docker"),
        ('DC="sudo docker compose"\n$DC build\n', "sudo docker"),
        (f"{AS_ROOT}as_root docker build .\n", "as_root docker"),
        ('as_root() { sudo "$@"; }\nas_root docker build .\n', "as_root docker"),
        ("sudo DOCKER_HOST=ssh://a docker build .\n", "sudo DOCKER_HOST=ssh://a docker"),
        ("DOCKER_HOST=ssh://a bash -c 'docker build .'\n", "DOCKER_HOST=ssh://a docker"),
        ("sudo env DOCKER_BUILDKIT=1 docker build .\n", "sudo docker"),
        ("timeout 300 docker build .\n", "docker"),
        ('timeout "$LIMIT" docker build .\n', "docker"),
        ('timeout $LIMIT nice -n $N sudo -u "$APP" docker build .\n', 'sudo -u "$APP" docker'),
        (f'{MAYBE_SUDO}timeout "$LIMIT" $SUDO docker build .\n', "$SUDO docker"),
        ("sudo -iu app docker compose build\n", "sudo -iu app docker"),
        ("sudo -uapp docker compose build\n", "sudo -uapp docker"),
        ("runuser -u app -- docker compose build\n", "runuser -u app -- docker"),
        ("runuser -g docker --user=app docker compose build\n", "runuser -g docker --user=app docker"),
        ('as_app() { runuser -u app -- "$@"; }\nas_app docker compose build\n', "as_app docker"),
        ("pkexec docker build .\n", "pkexec docker"),
        ("setpriv --reuid 1000 --clear-groups docker build .\n", "setpriv --reuid 1000 --clear-groups docker"),
        ("doas -u app docker build .\n", "doas -u app docker"),
        ('flock -w 9 "$LOCK" docker compose build\n', "docker"),
        ("flock -n /tmp/lock -c 'docker compose build'\n", "docker"),
        ("sudo flock -n /tmp/lock -c 'docker compose build'\n", "sudo docker"),
        ("flock /tmp/lock docker -c prod build .\n", "docker --context prod"),
        ("systemd-run --scope -p MemoryMax=1G docker build .\n", "docker"),
        ("taskset -c 0 chrt -b 0 gtimeout 9 docker build .\n", "docker"),
        ('env -i PATH="$PATH" docker build .\n', 'env -i "PATH=$PATH" docker'),
        ("env -u DOCKER_HOST docker build .\n", "env -u DOCKER_HOST docker"),
        ("env $(cat .env | xargs) docker build .\n", "docker"),
        ("sudo env $SETTINGS A=1 $MORE docker build .\n", "sudo docker"),
        ("$SUDO docker build .\n", "$SUDO docker"),
        ("$SUDO -E docker build .\n", "$SUDO -E docker"),
        ("${SUDO:+sudo} docker build .\n", "${SUDO:+sudo} docker"),
        ('SUDO=$([ "$(id -u)" = 0 ] || echo sudo)\n$SUDO docker compose up --build\n', "$SUDO docker"),
        ("$SUDO bash -c 'docker compose build'\n", "$SUDO docker"),
        ('DC="${SUDO} docker-compose"\n${DC} up -d --build\n', "${SUDO} docker"),
        ('DOCKER="sudo docker"\n$DOCKER build .\n', "sudo docker"),
        ('DOCKER="sudo docker"\nDC="$DOCKER compose -f a.yml"\n$DC up --build\n', "sudo docker"),
        ('DC="sudo docker-compose -f prod.yml"\n$DC build\n', "sudo docker"),
        ('DC=(sudo -E docker compose)\n"${DC[@]}" up -d --build\n', "sudo -E docker"),
        ("DOCKER=${DOCKER:-sudo docker}\n$DOCKER build .\n", "$DOCKER"),
        ("DOCKER=${DOCKER:-docker}\nsudo $DOCKER build .\n", "sudo $DOCKER"),
        ("COMPOSE=${COMPOSE:-docker compose}\n$COMPOSE build\n", "docker"),
        ('COMPOSE="${COMPOSE:-sudo docker compose}"\n$COMPOSE up -d --build\n', "sudo docker"),
        ("${SUDO:-} docker compose build\n", "${SUDO:-} docker"),
        ("SUDO=${SUDO:-}\n$SUDO docker compose build\n", "$SUDO docker"),
        ('as_app() { sudo -u app "$@"; }\nas_app docker compose build\n', "as_app docker"),
        ('as_app() { sudo -H -u "$APP" -- "$@"; }\nas_app docker compose build\n', "as_app docker"),
        ('as_root() { $SUDO "$@"; }\nas_root docker compose build\n', "as_root docker"),
        ('slow() { timeout "$LIMIT" nice -n 10 "$@"; }\nslow docker compose build\n', "docker"),
        (f"{DRY}run docker build .\n", "run docker"),
        (f"{RETURNS}run docker build .\n", "run docker"),
        (f"{TWICE}run docker build .\n", "run docker"),
        (f"{TITLED}step 'Build it' docker build .\n", "step 'Build it' docker"),
        (f"{DRY}run sudo docker build .\n", "run sudo docker"),
        (f"{DRY}run bash -c 'docker build .'\n", "run docker"),
        (f"{SURE}run docker build .\n", "docker"),
        (f"{RETRY}retry docker build .\n", "docker"),
        ("retry 3 docker build .\n", "docker"),
        (f"{EITHER}dc build\n", "docker"),
        (f"{FALLBACK}dc build\n", "docker"),
        (f"{GUARDED}dc build\n", "docker"),
        (f"{TRACED}docker build .\n", "docker"),
    ],
)
def test_a_step_runs_as_the_build_does(text, client):
    found = steps(text)
    assert [one.reason for one in found.refused] == []
    [step] = found.written
    assert step.lines[2] == f"{client} builder prune --force --filter type=source.local || exit 1"
    assert steps(apply_edits(f"#!/bin/bash\n{text}", found.edits).removeprefix("#!/bin/bash\n")).written == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('su deploy -c "docker build ."\n', "it builds as whom `su` says, which a step in front would not"),
        ("sudo su - app -c 'docker build .'\n", "it builds as whom `su` says, which a step in front would not"),
        ('sg docker "docker build ."\n', "it builds as whom `sg` says, which a step in front would not"),
        ('runuser -l app -c "docker build ."\n', "it builds as whom `runuser` says, which a step in front would not"),
        ('runuser -c "docker build ." app\n', "it builds as whom `runuser` says, which a step in front would not"),
        ('sg docker -c "docker build ."\n', "it builds as whom `sg` says, which a step in front would not"),
        (
            'if [ -n "$A" ]; then DC="docker compose"; else DC="sudo docker compose"; fi\n$DC build\n',
            "`$DC` decides as whom it runs, and is not docker alone",
        ),
        (
            'if [ -n "$A" ]; then DC=docker-compose; else DC="sudo docker-compose"; fi\n$DC build\n',
            "`$DC` decides as whom it runs, and is not docker alone",
        ),
        (
            "if [ -n \"$A\" ]; then R='bash -c'; else R='sudo bash -c'; fi\n$R 'docker build .'\n",
            "`$R` decides as whom it runs, and is not docker alone",
        ),
        (
            'dc() { if [ -n "$DRY" ]; then echo docker compose "$@"; else docker compose "$@"; fi; }\ndc build\n',
            "`dc` decides whether it is run or only shown",
        ),
        (
            'docker() { case "$1" in build) command docker "$@" ;; *) echo no ;; esac; }\ndocker build .\n',
            "the script has a function `docker`, which may do something else with a prune",
        ),
        (
            'ask() { read -r a; if [ "$a" = y ]; then "$@"; fi; }\nask docker build .\n',
            "`ask` asks before it runs something",
        ),
        (
            'run() { if [ -n "$DRY" ]; then echo "$@"; else exec "$@"; fi; }\nrun docker compose up --build\n',
            "`run` ends the script with what it runs",
        ),
        (f"bash <<'EOF'\n{DRY}bash -c 'run docker build .'\nEOF\n", "a function of another shell runs it"),
    ],
)
def test_where_it_cannot_there_is_none(text, reason):
    found = steps(text)
    assert [one.reason for one in found.refused] == [reason]
    assert found.written == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{AS_ROOT}as_root docker compose build\n",
        f"{MAYBE_SUDO}$SUDO docker compose build\n",
        "sudo sh -c 'docker compose build'\n",
        "$SUDO docker compose build\n",
        "pkexec docker compose build\n",
        'env -i PATH="$PATH" docker compose build\n',
    ],
)
def test_no_line_sets_a_commit_that_does_not_arrive(text):
    [step] = steps(text, "GIT_COMMIT_HASH").written
    assert not any("rev-parse" in line for line in step.lines)


@pytest.mark.parametrize("program", ["runuser -l app -c", "sg docker -c", "su - app -c", "flock /tmp/lock -c"])
def test_lines_for_another_shell_get_the_step_among_them(program):
    [step] = steps(f"{program} '\n  docker compose build\n  docker compose up -d\n'\n").written
    assert step.edit.replacement.startswith("  # ")
    assert step.lines[2] == "docker builder prune --force --filter type=source.local || exit 1"


@pytest.mark.parametrize("function", [DRY, RETURNS, TWICE])
def test_a_dry_run_drops_nothing(function, tmp_path):
    stage = Stage(tmp_path)
    text = f"{function}run docker build .\n"
    new = apply_edits(f"#!/bin/bash\n{text}", steps(text).edits)
    assert stage.play(new, DRY="1").calls == ()
    assert [one.is_prune for one in stage.play(new).calls] == [True, False]


def test_functions_of_the_script_are_not_called_for_programs(tmp_path):
    own = 'echo() { exit 5; }\ngit() { printf "+ git %s\\n" "$*"; command git "$@"; }\n'
    new = apply_edits(f"#!/bin/bash\n{own}docker build .\n", steps(f"{own}docker build .\n", "GIT_COMMIT_HASH").edits)
    played = Stage(tmp_path).play(new)
    assert (played.code, [one.commit[:3] for one in played.calls]) == (0, ["", "012"])
