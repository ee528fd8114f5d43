"""The words of the steps: whatever traps, options and helpers a script has, its deploy ends as it did."""

from __future__ import annotations

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.script_parser import read_script
from cachelint.fix import apply_edits
from cachelint.prune.commit_step import reads_itself
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Wish
from cachelint.source import SourceFile
from tests.prune.stage import Stage
from tests.prune.steps import calls_of, steps_for
from tests.support import run, write_files


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def written(text: str) -> str:
    steps = steps_for(
        calls_of(read_script(SourceFile("deploy.sh", text))),
        Wish(chosen(Scope.CONTEXT), "GIT_COMMIT_HASH"),
        CommitArg(),
    )
    assert [one.reason for one in steps.refused] == []
    return apply_edits(text, steps.edits)


ROLLBACK = "rollback() { echo back; docker compose up -d --no-build old; exit 9; }\n"


@pytest.mark.parametrize(
    "head",
    [
        f"#!/bin/bash\nset -Eeuo pipefail\n{ROLLBACK}trap rollback ERR\n",
        f"#!/bin/bash\nset -E\n{ROLLBACK}trap rollback ERR\n",
        f"#!/bin/bash\nset -eo errtrace\n{ROLLBACK}trap rollback ERR\n",
        "#!/bin/sh\nset -eu\n",
    ],
)
def test_without_git_no_trap_runs_and_the_build_goes_on(head, stage):
    text = f"{head}docker compose build\ndocker compose up -d\n"
    before, after = stage.play(text, GIT_EXIT="1"), stage.play(written(text), GIT_EXIT="1")
    assert (after.code, after.without_prune) == (before.code, before.without_prune), after.output
    assert "back" not in after.output


BUILD = "docker compose build\ndocker compose up -d\n"
GOOD = 'log_info() { echo "[INFO] $*"; }\n'

MORE_THAN_PRINT = {
    "sets what its trap reads": (
        '#!/bin/bash\nset -e\nsuccess() { echo "$1"; DONE=1; }\n'
        "trap '[ \"${DONE:-}\" = 1 ] || docker compose up -d --no-build old' EXIT\n"
        "docker compose build\ndocker compose up -d\nsuccess deployed\n"
    ),
    "a condition": f'#!/bin/bash\nset -e\nlog_info() {{ [ -n "$VERBOSE" ] && echo "$1"; }}\n{BUILD}',
    "an if": f'#!/bin/bash\nlog_info() {{ if true; then echo "$1"; fi; }}\n{BUILD}',
    "a variable that is set later": (
        f'#!/bin/bash\nset -eu\nlog_info() {{ echo "[$STAGE] $1"; }}\n{BUILD}STAGE=2\nlog_info done\n'
    ),
    "a variable that is set sometimes": (
        f'#!/bin/bash\nset -eu\n[ -z "${{1:-}}" ] || STAGE=1\nlog_info() {{ echo "[$STAGE] $1"; }}\n{BUILD}'
    ),
    "a variable of a function": (
        f'#!/bin/bash\nset -eu\nf() {{ STAGE=1; }}\nlog_info() {{ echo "[${{STAGE}}] $1"; }}\n{BUILD}'
    ),
    "a local variable without a value": f'#!/bin/bash\nset -eu\nlog_info() {{ local t; echo "$t $1"; }}\n{BUILD}',
    "another file descriptor": f'#!/bin/bash\nset -e\nlog_info() {{ echo "$1" >&9; }}\n{BUILD}',
    "another file descriptor of its own": f'#!/bin/bash\nset -e\nlog_info() {{ echo "$1"; }} >&9\n{BUILD}',
    "a file": f'#!/bin/bash\nlog_info() {{ echo "$1" > state.txt; }}\n{BUILD}cat state.txt 2>/dev/null\n',
    "tee": f'#!/bin/bash\nset -eo pipefail\nlog_info() {{ echo "$1" | tee -a /no/where/log; }}\n{BUILD}',
    "a counter": f'#!/bin/bash\nlog_info() {{ echo "$1"; : $((E++)); }}\n{BUILD}exit "${{E:-0}}"\n',
    "a counter in a word": f'#!/bin/bash\nlog_info() {{ echo "$((E+=1)) $1"; }}\n{BUILD}exit "${{E:-0}}"\n',
    "a counter of its own": f'#!/bin/bash\nset -e\nE=0\nlog_info() {{ ((E++)); echo "$1"; }}\n{BUILD}',
    "a default that is kept": (f'#!/bin/bash\nlog_info() {{ echo "${{E:=1}} $1"; }}\n{BUILD}exit "${{E:-0}}"\n'),
    "printf into a variable": f'#!/bin/bash\nlog_info() {{ printf -v E %s "$1"; }}\n{BUILD}echo "${{E:-none}}"\n',
    "a number": f'#!/bin/bash\nset -e\nlog_info() {{ printf "%d\\n" "$1"; }}\n{BUILD}',
    "input": f'#!/bin/bash\nlog_info() {{ echo "$1"; cat; }}\nlog_info hi </dev/null\n{BUILD}',
    "two arguments": f'#!/bin/bash\nset -u\nlog_info() {{ echo "$1 $2"; }}\n{BUILD}',
    "a status": f'#!/bin/bash\nset -e\nlog_info() {{ echo "$1"; return 3; }}\n{BUILD}',
    "exit": f'#!/bin/bash\nlog_info() {{ echo "$1"; exit 3; }}\n{BUILD}',
    "the end of the machine's words": f'#!/bin/bash\nlog_info() {{ echo "$(docker ps) $1"; }}\n{BUILD}',
    "a subshell": f'#!/bin/bash\nset -e\nlog_info() ( echo "$1"; exit 1 )\n{BUILD}',
}
NOT_SURELY_THERE = {
    "only in an if": f'#!/bin/bash\nset -e\nif [ -n "${{1:-}}" ]; then\n  {GOOD}fi\n{BUILD}',
    "only behind a test": f'#!/bin/bash\n[ -n "${{1:-}}" ] && {GOOD}{BUILD}',
    "only in a function": f"#!/bin/bash\nset -e\nsetup() {{\n  {GOOD}}}\n{BUILD}",
    "only in a subshell": f"#!/bin/bash\nset -e\n(\n  {GOOD})\n{BUILD}",
    "taken away": f"#!/bin/bash\nset -e\n{GOOD}unset -f log_info\n{BUILD}",
    "defined again": f"#!/bin/bash\nset -e\n{GOOD}log_info() {{ exit 3; }}\n{BUILD}",
    "defined again by words": f"#!/bin/bash\nset -e\n{GOOD}eval 'log_info() {{ exit 3; }}'\n{BUILD}",
    "defined again by a file": (
        f"#!/bin/bash\nset -e\necho 'log_info() {{ exit 3; }}' > lib.sh\n{GOOD}. ./lib.sh\n{BUILD}"
    ),
    "of an echo of its own": f"#!/bin/bash\nset -e\necho() {{ E=1; }}\n{GOOD}{BUILD}",
    "another shell": f"#!/bin/bash\nset -e\n{GOOD}bash -s <<'EOF'\nset -e\n{BUILD}EOF\n",
    "from a file, used in a condition": (
        f'#!/bin/bash\nset -e\n[ -z "${{1:-}}" ] || . ./lib.sh\nif [ -n "${{1:-}}" ]; then\n  log_info hi\nfi\n{BUILD}'
    ),
    "from a file, used in another function": (
        f"#!/bin/bash\nset -e\n: > lib.sh\n. ./lib.sh\nf() {{\n  log_info hi\n}}\n{BUILD}"
    ),
}
KNOWN = {
    "plain": f"#!/bin/bash\nset -e\n{GOOD}{BUILD}",
    "colours": (
        "#!/bin/bash\nset -euo pipefail\nGREEN='\\033[32m'\nreadonly NC='\\033[0m'\n"
        f'log_info() {{\n  echo -e "${{GREEN}}[INFO]${{NC}} $1" >&2\n}}\n{BUILD}'
    ),
    "time": f'#!/bin/bash\nset -eu\nlog_info() {{ echo "[$(date +%H:%M)] ${{1:-}}"; }}\n{BUILD}',
    "local": (
        f'#!/bin/bash\nset -eu\nlog_info() {{\n  local message="$1"\n  printf \'[INFO] %s\\n\' "$message"\n}}\n{BUILD}'
    ),
    "function": f'#!/bin/bash\nset -eu\nfunction log_info {{ echo "$@"; }}  # speaks\nf() {{\n{BUILD}}}\nf\n',
    "a file of variables": f"#!/bin/bash\nset -e\n{GOOD}: > .env\n. ./.env\n{BUILD}",
    "from a file": (
        f"#!/bin/bash\nset -e\necho 'log_info() {{ echo \"$1\"; }}' > lib.sh\n. ./lib.sh\nlog_info hi\n{BUILD}"
    ),
    "from a file, used in the function": (
        "#!/bin/bash\nset -e\necho 'log_info() { echo \"$1\"; }' > lib.sh\n. ./lib.sh\n"
        f"f() {{\nlog_info hi\n{BUILD}}}\nf\n"
    ),
}
SENT = {
    "declare": f'#!/bin/bash\nset -e\n{GOOD}deploy() {{\n{BUILD}}}\nssh web "$(declare -pf deploy); deploy"\n',
    "typeset": f'#!/bin/bash\nset -e\n{GOOD}deploy() {{\n{BUILD}}}\nssh web "$(typeset -f deploy); deploy"\n',
    "all": f'#!/bin/bash\nset -e\n{GOOD}deploy() {{\n{BUILD}}}\nssh web "$(declare -f); deploy"\n',
}


def of(table: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in table.items()])


def plays_alike(stage: Stage, text: str) -> bool:
    before, after = stage.play(text), stage.play(written(text))
    same = (after.code, after.without_prune) == (before.code, before.without_prune)
    return same and sum(one.is_prune for one in after.calls) == 1 and after.calls[0].is_prune


@of({**MORE_THAN_PRINT, **NOT_SURELY_THERE, **SENT})
def test_a_helper_that_may_do_more_or_be_missing_is_not_called(text, stage):
    assert 'echo "Dropping' in written(text)
    assert 'echo "Docker will' in written(text)
    assert plays_alike(stage, text)


@of(MORE_THAN_PRINT)
def test_a_failing_build_ends_as_it_did(text, stage):
    before, after = stage.play(text, FAILS="build"), stage.play(written(text), FAILS="build")
    assert (after.code, after.without_prune) == (before.code, before.without_prune)


@of(KNOWN)
def test_a_helper_that_only_prints_speaks(text, stage):
    assert 'log_info "Dropping' in written(text)
    assert plays_alike(stage, text)


@of(SENT)
def test_a_function_that_is_sent_elsewhere_ends_by_itself(text, stage):
    assert "type=source.local || exit 1\n" in written(text)
    played = stage.play(written(text), PRUNE_EXIT="3")
    assert played.without_prune == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('docker build --build-arg GIT_SHA="$GIT_SHA" .', False),
        ("docker build --build-arg=GIT_SHA=${GIT_SHA:-dev} .", False),
        ("docker build --build-arg GIT_SHA .", False),
        ("docker build -t app:$GIT_SHA --build-arg GIT_SHA=$GIT_SHA .", True),
        ("echo $GIT_SHA_SHORT", False),
        ("test -z ${GIT_SHA+x}", True),
        ("echo ${#GIT_SHA}", True),
    ],
)
def test_who_looks_at_the_commit_may_be_handed_it(line, expected):
    assert reads_itself(read_script(f"#!/bin/sh\n{line}\n"), "GIT_SHA") is expected


PROJECT = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n",
    "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN ./build\n",
    "deploy.sh": f"#!/bin/bash\nset -e\n{BUILD}",
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({".env": "GIT_SHA=1\n"}, False),
        ({"release.sh": "export GIT_SHA=$1\n./deploy.sh\n"}, False),
        ({"deploy.sh": f"#!/bin/bash\nset -e\n. ./lib.sh\n{BUILD}"}, False),
    ],
)
def test_a_commit_that_others_may_give_is_not_replaced_beside_the_step(more, expected, tmp_path):
    write_files(tmp_path, {**PROJECT, **more})
    run("prune-step", "--scope", "context", "--write", "deploy.sh", cwd=tmp_path)
    text = (tmp_path / "deploy.sh").read_text()
    assert "builder prune" in text
    assert ("export GIT_SHA=" in text) is expected
