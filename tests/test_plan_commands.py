"""The plan of Dockerfiles that scripts and workflows build."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import lint_files, run, write_files

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = "FROM alpine AS base\nARG GIT_SHA\nCOPY . .\nRUN ./build\nFROM base AS last\nRUN ./more\n"


def plan(directory: Path, files: dict[str, str], *args: str) -> list[dict]:
    """The builds of the JSON."""
    write_files(directory, {"docker/Dockerfile": DOCKERFILE, **files})
    answer = run("plan", "--output-format", "json", *args, cwd=directory)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)["builds"]


def test_a_command_is_the_origin_and_gives_context_target_and_arguments(tmp_path: Path) -> None:
    text = "set -e\ndocker build -f docker/Dockerfile --target base --build-arg GIT_SHA=$SHA .\n"
    [build] = plan(tmp_path, {"deploy.sh": text})
    assert (build["service"], build["origin"]) == (None, {"path": "deploy.sh", "line": 2})
    assert (build["dockerfile"], build["context"], build["target"]) == ("docker/Dockerfile", ".", "base")
    assert [step["outcomes"]["commit"]["outcome"] for step in build["steps"]] == ["CACHED", "CACHED", "RUN"]
    assert build["notes"] == []
    assert run("plan", cwd=tmp_path).out.startswith("deploy.sh:2 (docker/Dockerfile")


def test_a_commit_that_is_not_passed(tmp_path: Path) -> None:
    [build] = plan(tmp_path, {"deploy.sh": "docker build -f docker/Dockerfile .\n"})
    assert {step["outcomes"]["commit"]["outcome"] for step in build["steps"]} == {"CACHED"}
    assert build["summary"]["commit"] == "no commit argument is passed: a new commit by itself re-runs nothing"


def test_each_target_once(tmp_path: Path) -> None:
    build = "docker build -f docker/Dockerfile"
    found = plan(tmp_path, {"a.sh": f"{build} .\n{build} --target base .\n", "b.sh": f"{build} -t x .\n"})
    assert [(one["origin"]["path"], one["origin"]["line"], one["target"]) for one in found] == [
        ("a.sh", 1, None),
        ("a.sh", 2, "base"),
    ]


@pytest.mark.parametrize(
    "text",
    ["docker build -f docker/Dockerfile $DIR\n", "docker build -f docker/Dockerfile $ARGS .\n", "docker ps\n"],
)
def test_what_is_not_certain_is_planned_as_nobody_asks_for_it(tmp_path: Path, text: str) -> None:
    [build] = plan(tmp_path, {"deploy.sh": text})
    assert build["origin"] == {"path": "docker/Dockerfile", "line": 1}
    assert "no Compose file builds this Dockerfile" in build["notes"][0]


def test_a_service_comes_first(tmp_path: Path) -> None:
    compose = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"
    [build] = plan(tmp_path, {"compose.yaml": compose, "a.sh": "docker build -f docker/Dockerfile .\n"})
    assert build["service"] == "web"


def test_no_cache(tmp_path: Path) -> None:
    [build] = plan(tmp_path, {"deploy.sh": "docker build --no-cache -f docker/Dockerfile .\n"})
    assert build["notes"] == ["--no-cache is given: RUN, COPY and ADD run in every build"]
    assert build["steps"][1]["outcomes"]["commit"]["outcome"] == "RUN"


def test_a_target_that_the_dockerfile_does_not_have() -> None:
    files = {"Dockerfile": "FROM alpine AS base\n", "x.sh": "docker build --target dist .\n"}
    [found] = lint_files(files, ["unparsable-file"])
    assert found.message.startswith("Docker refuses this build: target stage")
    assert found.path.endswith("x.sh")


def test_a_bake_file_of_hcl_is_named(tmp_path: Path) -> None:
    files = {
        "deploy.sh": "set -e\ndocker buildx bake\n",
        "docker-bake.hcl": 'target "x" {}\n',
        "Dockerfile": DOCKERFILE,
    }
    write_files(tmp_path, files)
    answer = json.loads(run("plan", "--output-format", "json", cwd=tmp_path).out)
    assert [one["origin"] for one in answer["skipped"]] == [{"path": "deploy.sh", "line": 2}]
    assert answer["skipped"][0]["reason"].startswith("docker-bake.hcl is HCL, which is not read")


def test_a_target_of_a_bake_file(tmp_path: Path) -> None:
    bake = '{"target": {"default": {"dockerfile": "docker/Dockerfile", "target": "base"}}}\n'
    [build] = plan(tmp_path, {"deploy.sh": "docker buildx bake\n", "docker-bake.json": bake})
    assert (build["origin"], build["target"]) == ({"path": "docker-bake.json", "line": 1}, "base")
