"""The hooks, with real pre-commit and prek, in a repository that is not this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cachelint.discovery import kind_of
from tests.support import write_files

CHECKOUT = Path(__file__).parents[1]
PACKAGE = ("cachelint", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")

COMPOSE = """\
services:
  web:
    build:
      context: .  # the site
      args:
        BUILDKIT_INLINE_CACHE: 1
        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}
"""
FIXED = COMPOSE.replace("        BUILDKIT_INLINE_CACHE: 1\n", "")
DOCKERFILE = "FROM python:3.12-slim\nARG GIT_COMMIT_HASH\nCOPY app app\nRUN python -m compileall app\n"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit and prek keep the hook's environment, which is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Repository:
    """A repository with this checkout's package as it is now, committed or not."""
    path = tmp_path_factory.mktemp("hooks")
    for name in PACKAGE:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, path)
    repository = Repository(path, home)
    repository.commit("The package")
    return repository


class Repository:
    """A new git repository, cut off from the user's git configuration."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.environment = os.environ | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": f"{who}@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "PRE_COMMIT_HOME": str(home / "pre-commit"),
            "PREK_HOME": str(home / "prek"),
        }
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            self.environment.pop(name, None)
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> str:
        """The output of a command that must succeed."""
        code, output = self.try_to_run(*command)
        assert code == 0, output
        return output

    def try_to_run(self, *command: str) -> tuple[int, str]:
        """Exit code and output of a command."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def commit(self, message: str, *paths: str) -> str:
        """Commit these paths (default: all) and return the output; git must accept it."""
        self.run("git", "add", "--", *(paths or ["."]))
        return self.run("git", "commit", "--quiet", "--message", message)

    def refuse_commit(self, *paths: str) -> str:
        """Try to commit these paths and return the output; the hook must refuse."""
        self.run("git", "add", "--", *paths)
        code, output = self.try_to_run("git", "commit", "--quiet", "--message", "never")
        assert code == 1, output
        return output


def use_hook(repository: Repository, hooks: Repository, hook: str) -> None:
    """Commit a configuration that names the hook at the checkout's only commit."""
    revision = hooks.run("git", "rev-parse", "HEAD").strip()
    text = f"repos:\n  - repo: {hooks.path}\n    rev: {revision}\n    hooks:\n      - id: {hook}\n"
    write_files(repository.path, {".pre-commit-config.yaml": text})
    repository.commit("Configure hooks", ".pre-commit-config.yaml")


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Repository:
    """A repository in which nobody has heard of cachelint yet."""
    repository = Repository(tmp_path, home)
    write_files(tmp_path, {"README.md": "# Site\n", "app/main.py": "print('hello')\n"})
    repository.commit("First")
    return repository


INSTALL = {
    "pre-commit": (sys.executable, "-m", "pre_commit", "install"),
    "prek": (shutil.which("prek", path=os.path.dirname(sys.executable)) or "prek", "install"),
}


@pytest.mark.parametrize("tool", INSTALL)
def test_stale_compose_file_is_refused_then_fixed_then_accepted(
    tool: str, repository: Repository, hooks: Repository
) -> None:
    use_hook(repository, hooks, "cachelint")
    repository.run(*INSTALL[tool])
    write_files(repository.path, {"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE})

    output = repository.refuse_commit("compose.yaml", "Dockerfile")
    assert "compose.yaml:6:9: warning[inline-cache]" in output
    assert (repository.path / "compose.yaml").read_text() == COMPOSE

    configuration = repository.path / ".pre-commit-config.yaml"
    configuration.write_text(configuration.read_text().replace("id: cachelint", "id: cachelint-fix"))
    output = repository.refuse_commit(".")
    assert "files were modified by this hook" in output.lower()
    assert "Fixed 1 problem." in output
    assert (repository.path / "compose.yaml").read_text() == FIXED

    repository.commit("Site", ".")
    assert repository.run("git", "status", "--porcelain") == ""


def test_dockerfile_alone_meets_its_compose_file(repository: Repository, hooks: Repository) -> None:
    write_files(repository.path, {"compose.yaml": FIXED, "Dockerfile": DOCKERFILE})
    repository.commit("Site")
    use_hook(repository, hooks, "cachelint")
    repository.run(*INSTALL["pre-commit"])

    write_files(repository.path, {"Dockerfile": DOCKERFILE.replace("ARG GIT_COMMIT_HASH\n", "")})
    output = repository.refuse_commit("Dockerfile")
    assert "compose.yaml:6:9: error[undeclared-build-arg]" in output


def test_commit_of_other_files_does_not_run_the_hook(repository: Repository, hooks: Repository) -> None:
    write_files(repository.path, {"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE})
    repository.commit("Site")
    use_hook(repository, hooks, "cachelint")
    repository.run(*INSTALL["pre-commit"])

    write_files(repository.path, {"app/main.py": "print('bye')\n"})
    assert "Skipped" in repository.commit("Say bye")


def test_fixing_hook_leaves_what_is_not_safe_and_says_so(repository: Repository, hooks: Repository) -> None:
    read_back = COMPOSE.replace("      args:\n", "      cache_from: [example.org/site]\n      args:\n")
    use_hook(repository, hooks, "cachelint-fix")
    repository.run(*INSTALL["pre-commit"])
    write_files(repository.path, {"compose.yaml": read_back, "Dockerfile": DOCKERFILE})

    output = repository.refuse_commit("compose.yaml", "Dockerfile")
    assert "fix (unsafe):" in output
    assert (repository.path / "compose.yaml").read_text() == read_back


SCRIPT = "#!/bin/sh\ngit pull\ndocker compose up -d\n"
OTHERS = {
    "LICENSE": "text\n",
    "CODEOWNERS": "* @x\n",
    "manage": "#!/usr/bin/env python3\n",
    "app/main.py": "print('bye')\n",
}


@pytest.mark.parametrize("tool", INSTALL)
def test_shell_program_without_a_suffix_is_given(tool: str, repository: Repository, hooks: Repository) -> None:
    write_files(repository.path, {"compose.yaml": FIXED, "Dockerfile": DOCKERFILE})
    repository.commit("Site")
    use_hook(repository, hooks, "cachelint")
    repository.run(*INSTALL[tool])

    write_files(repository.path, {**OTHERS, "deploy": SCRIPT})
    for name in ("manage", "deploy"):
        (repository.path / name).chmod(0o755)
    assert "Skipped" in repository.commit("Others", *OTHERS)
    assert "deploy:3:1: error[up-without-build]" in repository.refuse_commit("deploy")


def test_what_only_looks_like_a_file_to_check_stops_no_commit(repository: Repository, hooks: Repository) -> None:
    use_hook(repository, hooks, "cachelint")
    repository.run(*INSTALL["pre-commit"])
    tasks = {"tasks/docker-compose.yml": "- name: Install Compose\n", "compose-notes.yaml": "# nothing yet\n"}
    write_files(repository.path, {**tasks, "crontab": "0 3 * * * root backup\n", "compose.yaml": COMPOSE})
    assert "compose.yaml:6:9" in repository.refuse_commit(".")
    write_files(repository.path, {"compose.yaml": FIXED, "Dockerfile": DOCKERFILE})
    assert "Passed" in repository.commit("Site")


NAMES = """
    Dockerfile Dockerfile.dev Dockerfile-dev Dockerfile_dev dev.Dockerfile dev.dockerfile dockerfile dockerfile.dev
    Containerfile Containerfile.dev dev.Containerfile dev.containerfile containerfile
    .dockerfile Dockerfile. Dockerfile2
    Dockerfile.md Dockerfile.prod.md Dockerfile.j2 Dockerfile-x.txt Dockerfile.mdx Dockerfile.in Dockerfile.bin
    Dockerfile.orig Dockerfile.dockerignore .dockerignore web.dockerignore dockerignore .dockerignore.txt
    docker-compose.yml docker-compose.yaml docker-compose.prod.yml docker-compose-dev.yml docker-compose.yml.bak
    compose.yml compose.yaml compose.dev.yml compose-dev.yaml dev.compose.yml dev.compose.yaml .compose.yml
    composer.json my-docker-compose.yml compose.json Compose.yaml
    deploy.sh deploy.bash deploy .sh deploy.zsh deploy.sh.txt
    .github/workflows/ci.yml .github/workflows/ci.yaml .github/workflows/ci.json .github/workflows/deep/ci.yml
    .github/ci.yml x.github/workflows/ci.yml .github/workflows/compose.yml main.py README.md
""".split()


@pytest.mark.parametrize("hook", [0, 1])
@pytest.mark.parametrize("directory", ["", "web/", "a b/ü/", "docker-compose.d/"])
def test_hook_is_given_exactly_the_files_that_cachelint_knows(hook: int, directory: str) -> None:
    hooks = YAML(typ="safe").load(CHECKOUT / ".pre-commit-hooks.yaml")
    paths = [directory + name for name in NAMES]
    assert "--ignore-unknown" in hooks[hook]["entry"].split()
    given = [path for path in paths if re.search(hooks[hook]["files"], path)]
    assert given == [path for path in paths if kind_of(path) or path.removeprefix(directory) in SUFFIXLESS]


SUFFIXLESS = ("containerfile", "dockerignore", "deploy")
"""What a hook is given as it may be a script, and passes over unless it is."""
