"""Recipes, scripts of package.json and jobs of GitLab that deploy: they are reported, and not edited."""

from __future__ import annotations

import json

import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files, run, write_files

PRUNE, COMMIT = "build-without-prune", "unset-commit-arg"
PROJECT = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args:\n"
    "        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n",
    "Dockerfile": "FROM python:3.12-slim\nARG GIT_COMMIT_HASH\nCOPY app app\nRUN make\n",
}
RECIPE = "\tgit pull\n\tdocker compose build\n\tdocker compose up -d\n"
MAKEFILE = f".PHONY: deploy\ndeploy:\n{RECIPE}"
GITLAB = "deploy:\n  tags: [shell]\n  script:\n    - docker compose build\n    - docker compose up -d\n"


def package(name, script="docker compose build && docker compose up -d"):
    return json.dumps({"scripts": {name: script}}, indent=2) + "\n"


def found(name, text):
    return [(one.rule, one.location.start.line) for one in lint_files({**PROJECT, name: text}, [PRUNE, COMMIT])]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("Makefile", MAKEFILE, 4),
        ("Makefile", MAKEFILE.replace("\n", "\r\n"), 4),
        ("Makefile", f"release-prod: lint\n{RECIPE}", 3),
        ("Makefile", f"all redeploy:\n{RECIPE}".rstrip(), 3),
        ("package.json", package("deploy"), 3),
        ("package.json", package("deploy:production"), 3),
        (".gitlab-ci.yml", GITLAB, 4),
        (".gitlab-ci.yml", GITLAB.replace("deploy:", "ship to production:").replace("[shell]", "[prod-shell]"), 4),
        (".gitlab-ci.yml", "default: {tags: [shell]}\n" + GITLAB.replace("  tags: [shell]\n", ""), 4),
    ],
)
def test_reported(name, text, line):
    reported = found(name, text)
    assert sorted(rule for rule, _ in reported) == [PRUNE, COMMIT]
    assert fix_files({**PROJECT, name: text}, [PRUNE, COMMIT]).files[name] == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", MAKEFILE.replace("deploy", "up")),
        ("Makefile", MAKEFILE.replace("deploy", "deploy-dev")),
        ("Makefile", MAKEFILE.replace("deploy", "test-release")),
        ("Makefile", MAKEFILE.replace("deploy", "products")),
        ("Makefile", "deploy:\n\techo make build first\n"),
        ("package.json", package("dev")),
        ("package.json", package("test:deploy")),
        ("package.json", package("deploy", "docker compose up -d")),
        (".gitlab-ci.yml", GITLAB.replace("deploy:", "lint:")),
    ],
)
def test_silent(name, text):
    assert found(name, text) == []


@pytest.mark.parametrize(
    ("name", "text", "silent"),
    [
        (".gitlab-ci.yml", GITLAB.replace("[shell]", "[docker]"), PRUNE),  # its machine may be a new one
        ("Makefile", MAKEFILE.replace("\tgit", "\tdocker builder prune --force\n\tgit"), PRUNE),
        ("Makefile", "export GIT_COMMIT_HASH := $(shell git rev-parse HEAD)\n" + MAKEFILE, COMMIT),
        ("Makefile", "include .env\nexport\n" + MAKEFILE, COMMIT),
        (
            "Makefile",
            MAKEFILE.replace("docker compose b", "GIT_COMMIT_HASH=$$(git rev-parse HEAD) docker compose b"),
            COMMIT,
        ),
        (
            "package.json",
            package("deploy", "export GIT_COMMIT_HASH=1 && docker compose build && docker compose up -d"),
            COMMIT,
        ),
        (".gitlab-ci.yml", "variables: {GIT_COMMIT_HASH: $CI_COMMIT_SHA}\n" + GITLAB, COMMIT),
        (".gitlab-ci.yml", "include: [other.yml]\n" + GITLAB, COMMIT),
        (".gitlab-ci.yml", GITLAB.replace("  tags", "  extends: .base\n  tags"), COMMIT),
    ],
)
def test_one_of_both(name, text, silent):
    assert {rule for rule, _ in found(name, text)} == {PRUNE, COMMIT} - {silent}


@pytest.mark.parametrize(
    ("name", "text", "words", "lines"),
    [
        (
            "Makefile",
            MAKEFILE,
            "Write `GIT_COMMIT_HASH=$$(git rev-parse HEAD)` in front of the command, on its line.",
            ["export GIT_COMMIT_HASH := $(shell git rev-parse HEAD)", "prune-build-cache:"],
        ),
        (
            "package.json",
            package("deploy"),
            "Write `export GIT_COMMIT_HASH=$(git rev-parse HEAD) &&` in front of it.",
            [
                "docker builder prune --force --filter type=source.local && "
                "export GIT_COMMIT_HASH=$(git rev-parse HEAD) &&"
            ],
        ),
        (
            ".gitlab-ci.yml",
            GITLAB,
            'Write `GIT_COMMIT_HASH: "$CI_COMMIT_SHA"` into the `variables` of this job.',
            [
                "- docker builder prune --force --filter type=source.local",
                '- export GIT_COMMIT_HASH="$CI_COMMIT_SHA"',
            ],
        ),
    ],
)
def test_text_is_in_the_language_of_the_file(tmp_path, name, text, words, lines):
    prune, commit = sorted(lint_files({**PROJECT, name: text}, [PRUNE, COMMIT]), key=lambda one: one.rule)
    assert f"`cachelint prune-step --write {name}` says what" in prune.message
    assert commit.message.endswith(words)
    for one in (prune, commit):
        assert one.fix
        assert one.fix.applicability is Applicability.DISPLAY_ONLY
        assert "edited" in one.fix.title
    write_files(tmp_path, {**PROJECT, name: text})
    ran = run("prune-step", "--scope", "context", "--write", name, cwd=tmp_path)
    assert ran.code == 1
    printed = [line.strip() for line in ran.out.splitlines()]
    assert set(lines) <= set(printed), ran.out
    assert ":0:7}" not in ran.out
    assert (tmp_path / name).read_text() == text


BUILD = "build:\n\tdocker compose build\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{BUILD}deploy: build\n\tdocker compose up -d\n",
        f"{BUILD}deploy: | build  # first\n\tdocker compose up -d\n",
        f"{BUILD}up: build\n\tdocker compose up -d\ndeploy: up\n",
        f"{BUILD}deploy:\n\tgit pull\n\tmake build\n\tmake up\n",
        f"{BUILD}deploy:\n\t@$(MAKE) --no-print-directory build up\n",
        f"{BUILD}deploy: ; ${{MAKE}} build\n",
        f"{BUILD}deploy: build\nrelease: deploy\n\tmake build\n",
        f"{BUILD}deploy: deploy build\n\tmake deploy\n",
    ],
)
def test_a_recipe_that_deploys_builds_what_it_needs(text):
    [reported] = lint_files({**PROJECT, "Makefile": text}, [PRUNE])
    assert reported.location.start.line == 2
    assert reported.related[0].message == "`deploy` runs it"


@pytest.mark.parametrize(
    "text",
    [
        f"{BUILD}up: build\n\tdocker compose up -d\n",
        f"{BUILD}.PHONY: deploy build\ndeploy:\n\tdocker compose up -d\n",
        f"{BUILD}deploy:\n\tmake -C other build\n",
        f"{BUILD}deploy: build-all $(TARGETS)\n\techo build\n",
        f"{BUILD}prune:\n\tdocker builder prune -f\ndeploy: prune build\n\tdocker compose up -d\n",
        f"{BUILD}deploy:\n\tdocker builder prune -f\n\tmake build\n",
        f"{BUILD}build = 1\ndeploy: build = 2\n",
    ],
)
def test_a_recipe_that_deploys_needs_no_build_without_a_prune(text):
    assert lint_files({**PROJECT, "Makefile": text}, [PRUNE]) == ()


def test_recipes_that_call_each_other_without_end_take_no_time():
    rules = "".join(f"t{one}:\n" + f"\tmake t{one + 1}\n" * 3 for one in range(60))
    found = lint_files({**PROJECT, "Makefile": f"{rules}t60: t0\n{BUILD}deploy: build t0\n"}, [PRUNE])
    assert len(found) == 1
