"""The words of the steps: whatever traps, options and helpers a script has, its deploy ends as it did."""

from __future__ import annotations

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.script import read_script
from cachelint.fix import apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Wish
from cachelint.source import SourceFile
from tests.prune.stage import Stage
from tests.prune.steps import calls_of, steps_for


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
