"""Nothing is lost: ``--fix`` on generated Compose files changes what it states and not one character more.

The judge of meaning is ruamel.yaml's own safe loader, and Docker Compose where it is installed. More examples than
usual: ``CACHELINT_EXAMPLES=20000 pytest tests/test_fix_properties.py``.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cachelint.commit_arg import CommitArg
from cachelint.fix import Applicability
from tests.compose_files import DOCKERFILES, SETTING, Written, compose_files
from tests.support import FixedFiles, fix_files, write_files

RULES = ("missing-commit-arg", "inline-cache")
EXAMPLES = int(os.environ.get("CACHELINT_EXAMPLES", "200"))
LOADER = YAML(typ="safe")
HAS_COMPOSE = (
    shutil.which("docker") is not None
    and subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
)
is_commit_arg = CommitArg().is_one

thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@thorough
@given(compose_files(), st.sampled_from((Applicability.SAFE, Applicability.UNSAFE)))
def test_fixes_change_what_they_state(written: Written, least: Applicability):
    files = {**DOCKERFILES, "compose.yaml": written.text}
    fixed = fix_files(files, RULES, least)
    note(fixed.files["compose.yaml"])
    assert fixed.report.refused == ()
    assert_lines_survive(written, fixed.files["compose.yaml"])
    assert_meaning(written.text, fixed)
    again = fix_files(fixed.files, RULES, least)
    assert again.files == fixed.files
    assert again.report.fixed == 0


@pytest.mark.skipif(not HAS_COMPOSE, reason="needs the docker compose command")
@settings(thorough, max_examples=max(EXAMPLES // 20, 5))
@given(compose_files())
def test_docker_compose_sees_the_same_change(written: Written):
    before, after = written.text, fix_files({**DOCKERFILES, "compose.yaml": written.text}, RULES).files["compose.yaml"]
    old, new = docker_compose_config(before), docker_compose_config(after)
    if old is None:  # not what Compose takes: nothing to compare
        return
    assert new is not None
    assert without(old, "services") == without(new, "services")
    assert set(old["services"]) == set(new["services"])
    for name, service in old["services"].items():
        assert_service(service, new["services"][name], {"inline-cache", "missing-commit-arg"})


def docker_compose_config(text: str) -> dict | None:
    """What Docker Compose makes of a file, version 2's extension keys left out; None when it refuses the file."""
    with tempfile.TemporaryDirectory() as directory:
        write_files(directory, {**DOCKERFILES, "compose.yaml": text})
        command = ["docker", "compose", "-p", "project", "config", "--no-interpolate", "--format", "json"]
        ran = subprocess.run(command, cwd=directory, capture_output=True, check=False)
        if ran.returncode:
            return None
        config = json.loads(ran.stdout.decode().replace(os.path.realpath(directory), "/dir"))
    return {key: value for key, value in config.items() if not key.startswith("x-")}


def assert_lines_survive(written: Written, after: str) -> None:
    """The lines that no fix may touch are all there, in order; so is every comment; what is new looks like the rest."""
    rest = iter(after.removeprefix("\ufeff").splitlines(keepends=True))
    for line in written.kept:
        assert any(is_same_line(line, one) for one in rest), f"lost: {line!r}"
    for text in written.notes:
        assert text in after
    before = written.text
    assert before.startswith("\ufeff") == after.startswith("\ufeff")
    assert before.endswith("\n") == after.endswith("\n")
    if "\r\n" not in before:
        assert "\r" not in after
    if "\n" not in before.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", "")


def is_same_line(before: str, after: str) -> bool:
    """Whether a line is the same, end included; the last line of a file has none, and may be another one afterwards."""
    if before.endswith("\n") and after.endswith("\n"):
        return before == after
    return before.rstrip("\r\n") == after.rstrip("\r\n")


def assert_meaning(before: str, fixed: FixedFiles) -> None:
    """The documents differ in the build arguments of services that have a finding, and in nothing else."""
    remaining = {one.rule for one in fixed.report.diagnostics}
    old, new = load(before), load(fixed.files["compose.yaml"])
    assert len(old) == len(new)
    for was, now in zip(old, new, strict=True):
        assert set(was) == set(now)
        for key in was:
            if key != "services" and not key.startswith("x-"):
                assert was[key] == now[key]
        for name, service in was["services"].items():
            assert_service(service, now["services"][name], remaining)


def assert_service(before: dict, after: dict, remaining: set[str]) -> None:
    assert without(before, "build") == without(after, "build")
    assert ("build" in before) == ("build" in after)
    if "build" not in before:
        return
    old, new = long_form(before["build"]), long_form(after["build"])
    assert without(old, "args") == without(new, "args")
    old_args, new_args = arguments(old), arguments(new)
    if "inline-cache" not in remaining:
        assert not [one for one in new_args if one[0] == SETTING]
    added = [one for one in new_args if one not in old_args]
    assert [one for one in old_args if one[0] != SETTING] == [
        one for one in new_args if one[0] != SETTING and one not in added
    ]
    if is_missing(old) and "missing-commit-arg" not in remaining:
        assert len(added) == 1
    for name, value in added:
        assert is_missing(old)
        assert is_commit_arg(name)
        assert value in ("${GIT_COMMIT_HASH}", "${GIT_SHA}")


def is_missing(build: dict) -> bool:
    """Whether a build copies source and passes no commit argument."""
    context = build.get("context", ".").removeprefix("/dir").strip("/")
    path = PurePosixPath(context, build.get("dockerfile", "Dockerfile")).as_posix()
    text = build.get("dockerfile_inline") or DOCKERFILES[path]
    return "COPY" in text.replace("# COPY", "") and not any(is_commit_arg(name) for name, _ in arguments(build))


def load(text: str) -> list[dict]:
    return [copy.deepcopy(document) for document in LOADER.load_all(text.removeprefix("\ufeff"))]


def without(data: dict, key: str) -> dict:
    return {name: value for name, value in data.items() if name != key}


def long_form(build: object) -> dict:
    return build if isinstance(build, dict) else {"context": build}


def arguments(build: dict) -> list[tuple[str, object]]:
    args = build.get("args") or []
    if isinstance(args, dict):
        return list(args.items())
    return [(name, value if equals else None) for name, equals, value in (item.partition("=") for item in args)]
