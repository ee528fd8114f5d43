"""The work for a script grows as its length does: counted in the interpreter's own instructions, not in seconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.prune.decision import chosen
from cachelint.prune.job_step import job_steps, missing_prunes
from cachelint.prune.scope import NEEDED, Scope
from cachelint.prune.script_step import Wish
from tests.deployment_support import Surveyed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from cachelint.deployment.model import Deployment

WORKFLOW = "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n    - uses: actions/checkout@v4\n"
SCRIPTS: dict[str, Callable[[int], str]] = {
    "builds": lambda n: "docker build .\necho x\ndocker push a\n" * n,
    "selected builders": lambda n: "docker buildx use a\ndocker buildx build .\n" * n,
    "created builders": lambda n: "docker buildx create --name a --use\ndocker buildx build .\n" * n,
    "chosen hosts": lambda n: "export DOCKER_HOST=ssh://a\ndocker build .\n" * n,
    "functions": lambda n: (
        "".join(f"f{i}() {{\n  docker build {i}\n}}\n" for i in range(n)) + "".join(f"f{i}\n" for i in range(n))
    ),
    "functions that call each other": lambda n: (
        "".join(f"f{i}() {{\n  f{i + 1}\n  f{i + 2}\n}}\n" for i in range(n))
        + f"f{n}() {{\n  docker build .\n}}\n"
        + "".join(f"f{i}\n" for i in range(n, 0, -1))
    ),
    "arms": lambda n: "case $1 in\n" + "".join(f"a{i}) docker build . ;;\n" for i in range(n)) + "esac\n",
    "arms, and output that is read": lambda n: "x=$(a)\n" * n + SCRIPTS["arms"](n),
    "helpers": lambda n: 'log() { echo "$1"; }\n' * n + SCRIPTS["arms"](n),
    "loops": lambda n: "for i in a b; do\n  docker build $i\ndone\n" * n,
    "branches": lambda n: "if a; then\n  docker build .\nelse\n  docker build b\nfi\n" * n,
    "switches": lambda n: "set -e\nset -u\n" * n + SCRIPTS["arms"](n),
}


def work(of: Callable[[], object]) -> int:
    """The instructions of the interpreter that a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        of()
    finally:
        sys.settrace(before)
    return count


def asked(deployment: Deployment) -> None:
    missing_prunes(deployment, NEEDED[Scope.CONTEXT])
    job_steps(deployment, Wish(chosen(Scope.CONTEXT), "GIT_COMMIT_HASH"), CommitArg())


@pytest.mark.parametrize("shape", SCRIPTS)
def test_of_a_script(shape):
    first, small, large = (Surveyed({"deploy.sh": "#!/bin/bash\n" + SCRIPTS[shape](n)}).only for n in (29, 30, 90))
    asked(first)  # what is done once and kept does not count; nor may what is kept of a text
    assert work(lambda: asked(large)) < 3.6 * work(lambda: asked(small))


def test_of_a_workflow():
    steps = (WORKFLOW + "    - run: docker build .\n      if: always()\n" * n for n in (29, 30, 90))
    first, small, large = (Surveyed({".github/workflows/deploy.yml": one}).only for one in steps)
    asked(first)
    assert work(lambda: asked(large)) < 3.6 * work(lambda: asked(small))
