"""Builders that a script makes: one that is surely new has nothing to prune."""

from __future__ import annotations

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.script_parser import read_script
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Wish
from cachelint.source import SourceFile
from tests.prune.steps import calls_of, steps_for

CREATE = "docker buildx create --name ci --use"
BUILD = "docker buildx build --builder ci --push -t web ."


def has_step(text: str) -> bool:
    script = read_script(SourceFile("deploy.sh", f"#!/bin/bash\n{text}\n"))
    steps = steps_for(calls_of(script), Wish(chosen(Scope.CONTEXT)), CommitArg())
    return bool(steps.written or steps.refused)


@pytest.mark.parametrize(
    "text",
    [
        f"set -e\n{CREATE}\n{BUILD}",
        f"set -euo pipefail\n{CREATE} --driver docker-container\n{BUILD}\n{BUILD}",
        f"set -e\n{CREATE}\ndocker buildx build .",
        f"set -e\nsetup() {{\n  {CREATE}\n}}\nsetup\n{BUILD}",
        f"{CREATE} && {BUILD}",
        f"{CREATE} && {BUILD} && docker buildx rm ci",
        f"{CREATE} || exit 1\n{BUILD}",
        "docker buildx create --use\ndocker buildx build .",
        f"set -e\nif [ -n x ]; then\n  {CREATE}\n  {BUILD}\nfi",
    ],
)
def test_new(text):
    assert not has_step(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{CREATE}\n{BUILD}",
        f"set -e\n{CREATE} || true\n{BUILD}",
        f"set -e\n{CREATE} || exit 0\n{BUILD}",
        f"set -e\n{CREATE} || docker buildx use ci\n{BUILD}",
        f"set -e\ndocker buildx inspect ci || {CREATE}\n{BUILD}",
        f"set -e\nif ! docker buildx inspect ci; then\n  {CREATE}\nfi\n{BUILD}",
        f"set -e\nif {CREATE}; then echo made; fi\n{BUILD}",
        f"set -e\nset +e\n{CREATE}\n{BUILD}",
        f"set -e\nsetup() {{\n  {CREATE}\n}}\nsetup || true\n{BUILD}",
        f"{CREATE} && echo made\n{BUILD}",
        f"{CREATE} && {BUILD}\n{BUILD}",
        f"set -e\n{CREATE} &\n{BUILD}",
        f"set -e\n{CREATE} --append\n{BUILD}",
        f"set -e\n{CREATE} --driver remote tcp://build:1234\n{BUILD}",
        f"set -e\ndocker buildx create --name other\n{BUILD}",
        f"set -e\nDOCKER_CONTEXT=a {CREATE}\n{BUILD}",
        f"set -e\n{BUILD}\n{CREATE}",
    ],
)
def test_perhaps_not(text):
    assert has_step(text)
