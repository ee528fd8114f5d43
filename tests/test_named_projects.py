"""Build rules on the Compose files that only a command puts together."""

from __future__ import annotations

import json

import pytest

from cachelint.census import Census
from cachelint.deployment import named_projects
from tests.compose.oracle import asked
from tests.support import read_files, run, workspace_of, write_files

DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN make\n"
BASE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n"
INLINE = "services:\n  web:\n    build:\n      args:\n        BUILDKIT_INLINE_CACHE: 1\n"
FIXED = "services:\n  web:\n    build:\n      args:\n        GIT_SHA: fixed\n"
COMMAND = "docker compose -f compose.yml -f deploy/prod.yml -f deploy/ci.yml build"
PROJECT = {
    "Dockerfile": DOCKERFILE,
    "compose.yml": BASE,
    "deploy/prod.yml": INLINE,
    "deploy/ci.yml": FIXED,
}
RULES = "inline-cache,constant-commit-arg,missing-commit-arg,undeclared-build-arg,copy-before-install,invalid-compose"


def lint(directory, files, *paths, rules=RULES):
    write_files(directory, files)
    ran = run("--isolated", "--output-format", "json", "--select", rules, *paths, cwd=directory)
    return json.loads(ran.out)["diagnostics"]


def places(found):
    return [(one["rule"], one["path"], one["start"]["line"]) for one in found]


WORKFLOW = """\
on: push
jobs:
  a:
    runs-on: [self-hosted]
    steps:
      - uses: actions/checkout@v4
      - run: {}
"""
NAMING = {
    "a script": ({"run.sh": f"set -e\n{COMMAND}\n"}, ("run.sh", 2)),
    "a script elsewhere": (
        {"ops/run.sh": f'cd "$(dirname "$0")/.."\n{COMMAND}\n'},
        ("ops/run.sh", 2),
    ),
    "a script that starts in its own directory": (
        {"deploy/run.sh": "cd ..\ndocker compose -f compose.yml -f deploy/prod.yml -f deploy/ci.yml up -d --build\n"},
        ("deploy/run.sh", 2),
    ),
    "an array": (
        {"run.sh": f'C=({COMMAND.removesuffix(" build")})\n"${{C[@]}}" build\n'},
        ("run.sh", 2),
    ),
    "the environment": (
        {"run.sh": "export COMPOSE_FILE=compose.yml:deploy/prod.yml:deploy/ci.yml\ndocker compose build\n"},
        ("run.sh", 2),
    ),
    "a workflow": ({".github/workflows/ci.yml": WORKFLOW.format(COMMAND)}, (".github/workflows/ci.yml", 7)),
    "a Makefile": ({"Makefile": f"all:\n\t{COMMAND}\n"}, ("Makefile", 2)),
    "package.json": ({"package.json": json.dumps({"scripts": {"up": COMMAND}})}, ("package.json", 1)),
    "GitLab": ({".gitlab-ci.yml": f"a:\n  script:\n    - {COMMAND}\n"}, (".gitlab-ci.yml", 3)),
}


@pytest.mark.parametrize("name", NAMING)
def test_a_combination_that_a_command_names(tmp_path, name):
    naming, place = NAMING[name]
    found = lint(tmp_path, {**PROJECT, **naming})
    assert places(found) == [("constant-commit-arg", "deploy/ci.yml", 5), ("inline-cache", "deploy/prod.yml", 5)]
    so = "compose.yml + deploy/prod.yml + deploy/ci.yml are used together"
    for one in found:
        assert one["message"].endswith(f" This is so where {so}.")
        told = one["related"][-1]
        assert (told["path"], told["start"]["line"]) == place
        assert told["message"] == f"{so} here"


NOT_NAMING = {
    "nobody names them": {},
    "a command that uses none": {"run.sh": f"{COMMAND.removesuffix('build')} config -q\n"},
    "a command that only prints": {"run.sh": f"{COMMAND} --help\n"},
    "a file that is not here": {"run.sh": COMMAND.replace("ci.yml", "ci.$X.yml") + "\n"},
    "a directory that is not known": {"run.sh": f'cd "$1"\n{COMMAND}\n'},
    "another machine": {"run.sh": f"ssh host '{COMMAND}'\n"},
}


@pytest.mark.parametrize("name", NOT_NAMING)
def test_silent_where_no_command_is_known_to_use_them(tmp_path, name):
    assert lint(tmp_path, {**PROJECT, **NOT_NAMING[name]}) == []


def test_the_fix_lands_where_the_value_is_written(tmp_path):
    lint(tmp_path, {**PROJECT, "run.sh": f"{COMMAND}\n"})
    before = asked(tmp_path, "-f", "compose.yml", "-f", "deploy/prod.yml", "-f", "deploy/ci.yml")
    run("--isolated", "--fix", "--unsafe-fixes", "--select", "inline-cache,constant-commit-arg", cwd=tmp_path)
    after = read_files(tmp_path)
    assert after["compose.yml"] == BASE
    assert after["deploy/ci.yml"] == FIXED.replace("fixed", "${GIT_SHA}")
    assert "BUILDKIT_INLINE_CACHE" not in after["deploy/prod.yml"]
    now = asked(tmp_path, "-f", "compose.yml", "-f", "deploy/ci.yml", environment={"HOME": "/x", "GIT_SHA": "abc"})
    assert before["web"]["build"]["args"] == {"GIT_SHA": "fixed", "BUILDKIT_INLINE_CACHE": "1"}
    assert now["web"]["build"]["args"] == {"GIT_SHA": "abc"}


def test_what_the_combination_lacks_is_added_to_its_own_file(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.yml": "services:\n  web:\n    build:\n      context: .\n",
        "compose.override.yml": "services:\n  web:\n    build:\n      args:\n        GIT_SHA: ${GIT_SHA}\n",
        "deploy/prod.yml": "services:\n  web:\n    build:\n      target: ''\n",
        "run.sh": "docker compose -f compose.yml -f deploy/prod.yml build\n",
    }
    [found] = lint(tmp_path, files)
    assert found["rule"] == "missing-commit-arg"
    assert found["message"].endswith("This is so where compose.yml + deploy/prod.yml are used together.")
    run("--isolated", "--fix", "--select", "missing-commit-arg", cwd=tmp_path)
    after = read_files(tmp_path)
    assert {name for name in files if after[name] != files[name]} == {"deploy/prod.yml"}
    assert "GIT_SHA: ${GIT_SHA}" in after["deploy/prod.yml"]


def test_a_combination_is_named_for_what_it_alone_makes_so(tmp_path):
    prod = "services:\n  web:\n    build:\n      dockerfile: prod/Dockerfile\n"
    files = {
        **PROJECT,
        "deploy/prod.yml": prod,
        "prod/Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n",
        "run.sh": "docker compose -f compose.yml -f deploy/prod.yml build\n",
    }
    [found] = lint(tmp_path, files)
    assert (found["rule"], found["path"], found["start"]["line"]) == ("undeclared-build-arg", "compose.yml", 6)
    assert found["message"].endswith("This is so where compose.yml + deploy/prod.yml are used together.")


def test_nothing_is_said_twice(tmp_path):
    """The files are Compose files by their names, too; and two commands name two combinations."""
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.yml": BASE,
        "deploy/compose.prod.yml": INLINE.replace("build:\n", "build:\n      context: ..\n"),
        "deploy/compose.ci.yml": FIXED,
        "run.sh": "docker compose -f compose.yml -f deploy/compose.prod.yml -f deploy/compose.ci.yml build\n"
        "docker compose -f compose.yml -f deploy/compose.ci.yml build\n",
    }
    found = lint(tmp_path, files)
    assert [(one["rule"], one["path"]) for one in found] == [
        ("constant-commit-arg", "deploy/compose.ci.yml"),
        ("inline-cache", "deploy/compose.prod.yml"),
    ]


def test_a_base_that_a_command_takes_without_its_override(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.yml": FIXED.replace("build:\n", "build:\n      context: .\n"),
        "compose.override.yml": "services: {web: {build: {args: ['GIT_SHA=$GIT_SHA']}}}\n",
        "run.sh": "docker compose -f compose.yml build\n",
    }
    [found] = lint(tmp_path, files)
    assert (found["rule"], found["path"]) == ("constant-commit-arg", "compose.yml")
    assert found["message"].endswith("This is so where compose.yml is used alone.")
    (tmp_path / "run.sh").unlink()
    assert lint(tmp_path, {}) == []


def test_files_whose_names_say_nothing(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "stack/web.yml": "services:\n  web:\n    build: ..\n",
        "run.sh": "docker compose -f stack/web.yml up --build -d\n",
    }
    assert places(lint(tmp_path, files)) == [("missing-commit-arg", "stack/web.yml", 3)]
    assert lint(tmp_path, {"run.sh": "echo\n"}) == []


def test_one_that_does_not_parse_is_reported_once(tmp_path):
    files = {**PROJECT, "deploy/ci.yml": "services: [\n", "run.sh": f"{COMMAND}\n{COMMAND} web\n"}
    assert places(lint(tmp_path, files, rules="unparsable-file,inline-cache")) == [
        ("unparsable-file", "deploy/ci.yml", 2)
    ]


def test_a_suppression_in_such_a_file_counts(tmp_path):
    text = INLINE.replace(": 1\n", ": 1  # cachelint: ignore[inline-cache] wanted\n")
    files = {**PROJECT, "deploy/prod.yml": text, "run.sh": f"{COMMAND}\n"}
    assert places(lint(tmp_path, files, rules="inline-cache,unused-suppression")) == []


def test_a_file_that_is_given_meets_its_combination(tmp_path):
    write_files(tmp_path, {**PROJECT, "run.sh": f"{COMMAND}\n", ".git/HEAD": ""})
    assert places(lint(tmp_path, {}, "deploy/prod.yml")) == [
        ("constant-commit-arg", "deploy/ci.yml", 5),
        ("inline-cache", "deploy/prod.yml", 5),
    ]


def test_a_pair_that_is_read_anyway_becomes_certain(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.yml": BASE,
        "compose.prod.yml": "services:\n  web:\n    image: x\n    extends: {file: gone.yml, service: x}\n",
        "run.sh": "docker compose -f compose.yml -f compose.prod.yml build\n",
    }
    assert places(lint(tmp_path, files, rules="invalid-compose")) == [("invalid-compose", "compose.prod.yml", 4)]


def test_variables_that_the_commands_agree_on_count(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "a/Dockerfile": "FROM alpine\n",
        "compose.yml": "services:\n  web:\n    build:\n      context: ${WHERE}\n      args: [GIT_SHA]\n",
        "deploy/prod.yml": "services: {web: {ports: ['80']}}\n",
        "run.sh": "WHERE=a docker compose -f compose.yml -f deploy/prod.yml build\n",
    }
    assert places(lint(tmp_path, files)) == [("undeclared-build-arg", "compose.yml", 5)]
    assert lint(tmp_path, {"then.sh": files["run.sh"].replace("=a", "=b")}) == []


def test_one_way_of_excluding_a_file_excludes_what_is_made_of_it(tmp_path):
    config = "exclude: ['deploy/ci.yml']\n"
    write_files(tmp_path, {**PROJECT, "run.sh": f"{COMMAND}\n", ".cachelint.yaml": config})
    ran = run("--output-format", "json", "--select", f"{RULES},unparsable-file", cwd=tmp_path)
    assert json.loads(ran.out)["diagnostics"] == []


def test_groups(tmp_path):
    files = {
        **{f"{name}/compose.yml": BASE for name in "abcd"},
        "run.sh": "docker compose -f a/compose.yml -f c/compose.yml build\ndocker compose -f d/compose.yml build\n"
        "docker compose -f c/compose.yml -f d/compose.yml -f x/y.yml build\n",
        "x/y.yml": INLINE,
    }
    workspace = workspace_of(write_files(tmp_path, files))
    groups = Census(workspace).groups
    root = len(workspace.tree.root) + 1
    assert [[path[root:] for path in group.paths] for group in groups] == [
        ["a/compose.yml", "c/compose.yml", "d/compose.yml"],
        ["b/compose.yml"],
    ]
    assert [len(group.named) for group in groups] == [3, 0]
    assert [path[root:] for path in groups[0].files][-1] == "x/y.yml"


def test_combinations_without_end_are_not_read(tmp_path, monkeypatch):
    text = "".join(f"docker compose -f compose.yml -f deploy/{one}.yml build\n" for one in range(9))
    files = {**PROJECT, **{f"deploy/{one}.yml": INLINE for one in range(9)}, "run.sh": text}
    monkeypatch.setattr(named_projects, "MAX_READ", 3 * (len(BASE) + len(INLINE)))
    assert len(lint(tmp_path, files)) == 3


def test_config_shows_the_combination(tmp_path):
    write_files(tmp_path, {**PROJECT, "run.sh": f"WHERE=x {COMMAND}\n"})
    ran = run("config", "--output-format", "json", cwd=tmp_path)
    alone, together = json.loads(ran.out)["projects"]
    assert alone["files"] == ["compose.yml"]
    assert together["files"] == ["compose.yml", "deploy/prod.yml", "deploy/ci.yml"]
    assert together["services"]["web"]["build"]["args"] == {"GIT_SHA": "fixed", "BUILDKIT_INLINE_CACHE": "1"}


def test_plan_plans_the_combination(tmp_path):
    prod = "services:\n  web:\n    build:\n      dockerfile: prod/Dockerfile\n"
    more = {"deploy/prod.yml": prod, "prod/Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n"}
    write_files(
        tmp_path, {**PROJECT, **more, "run.sh": "docker compose -f compose.yml -f deploy/prod.yml up --build\n"}
    )
    ran = run("plan", "--change", "source", cwd=tmp_path)
    assert "planned as compose.yml + deploy/prod.yml builds it" in ran.out


def test_a_template_that_a_command_builds_is_a_build(tmp_path):
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.base.yml": "services:\n  web:\n    build:\n      context: .\n",
        "a/compose.yml": "services:\n  web:\n    extends: {file: ../compose.base.yml, service: web}\n"
        "    build: {args: [GIT_SHA]}\n",
        "prod.yml": "services: {web: {ports: ['80']}}\n",
    }
    assert lint(tmp_path, files) == []
    [found] = lint(tmp_path, {"run.sh": "docker compose -f compose.base.yml -f prod.yml build\n"})
    assert (found["rule"], found["path"]) == ("missing-commit-arg", "compose.base.yml")
    assert found["message"].endswith("This is so where compose.base.yml + prod.yml are used together.")


FRAGMENT = {
    "Dockerfile": DOCKERFILE + "ARG LEVEL\nRUN echo $LEVEL\n",
    "compose.yml": BASE,
    "deploy/Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n",
    "deploy/compose.prod.yml": "services: {web: {build: {args: {LEVEL: 1}}}}\n",
    "deploy/compose.ci.yml": "services: {web: {ports: ['80']}}\n",
}


def test_what_a_command_lays_over_others_is_no_project_by_itself(tmp_path):
    assert [one["path"] for one in lint(tmp_path, FRAGMENT, rules="undeclared-build-arg")] == [
        "deploy/compose.prod.yml"
    ]
    command = "docker compose -f compose.yml -f deploy/compose.prod.yml -f deploy/compose.ci.yml build\n"
    assert lint(tmp_path, {"run.sh": command}, rules="undeclared-build-arg") == []
    ran = run("config", "--output-format", "json", cwd=tmp_path)
    shown = [one["files"] for one in json.loads(ran.out)["projects"]]
    assert ["deploy/compose.ci.yml"] not in shown
    assert ["compose.yml", "deploy/compose.prod.yml", "deploy/compose.ci.yml"] in shown
