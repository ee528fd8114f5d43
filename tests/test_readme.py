"""What the README shows is what happens."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from cachelint import __version__
from cachelint.config import Config, load_config
from cachelint.options import parse
from tests.regenerate import EXAMPLE, README, ROOT, readme
from tests.support import read_files, run, write_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TEXT = README.read_text(encoding="utf-8")


def blocks(language: str, mark: str = "") -> list[str]:
    """The fenced blocks of a language that contain `mark`."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [block for block in found if mark in block]


def block(language: str, mark: str) -> str:
    """The only such block."""
    (only,) = blocks(language, mark)
    return only


def commands() -> list[str]:
    """Every call of cachelint that a reader could type: in blocks of commands, and between backticks."""
    lines = [line for one in blocks("bash") for line in one.splitlines()]
    typed = [re.sub(r"^.*&& \.venv/bin/|^uvx --from \S+ |\s+>.*", "", line) for line in lines]
    return [one for one in [*typed, *re.findall(r"`(.*?)`", TEXT)] if one.startswith("cachelint ")]


def arguments(command: str) -> Sequence[str]:
    """The words of a command behind the program's name."""
    return shlex.split(command, comments=True)[1:]


def workflow_commands() -> list[str]:
    """What the workflow runs of cachelint."""
    workflow = YAML(typ="safe").load(block("yaml", ".github/workflows/cachelint.yml"))
    runs = [step["run"] for step in workflow["jobs"]["cachelint"]["steps"] if "run" in step]
    return [one for one in runs if one.startswith("cachelint ")]


def test_generated_blocks_are_current() -> None:
    changes = difflib.unified_diff(TEXT.splitlines(), readme().splitlines(), "README.md", "generated", n=0, lineterm="")
    assert list(changes) == [], "run: python -m tests.regenerate"


@pytest.mark.parametrize("command", commands())
def test_command_is_understood(command: str) -> None:
    parse(arguments(command))


def test_commands_are_found() -> None:
    assert {"cachelint --diff   # what would be written", "cachelint rule inline-cache"} < set(commands())


def test_first_command_shows_what_the_readme_shows() -> None:
    (line,) = block("bash", "-m venv .venv && .venv/bin/pip install -q . ").splitlines()
    words = arguments(line.split("&& .venv/bin/")[-1])
    done = run(*words, cwd=ROOT)
    assert done.code == 1
    assert done.out.replace("examples/stale-deploy/before/", "") in TEXT


def test_migration(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(EXAMPLE / "before", site)
    before = read_files(site)
    look, show, write = (arguments(line) for line in block("bash", "cachelint --diff ").splitlines())
    assert run(*look, cwd=site).code == 1
    assert run(*show, cwd=site).out.startswith("--- a/")
    assert read_files(site) == before
    assert run(*write, cwd=site).out.splitlines()[-1].startswith("Fixed ")
    assert run("--fix", "--unsafe-fixes", cwd=site).code == 0
    assert read_files(site) == read_files(EXAMPLE / "after")


def test_pre_commit_snippet_names_hooks_that_exist() -> None:
    snippet = block("yaml", ".pre-commit-config.yaml")
    (repository,) = YAML(typ="safe").load(snippet.replace("# - id", "- id"))["repos"]
    offered = {hook["id"] for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in repository["hooks"]} == offered
    assert repository["rev"] == f"v{__version__}"


def test_workflow(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "before", tmp_path, dirs_exist_ok=True)
    annotate, upload = (run(*arguments(command), cwd=tmp_path) for command in workflow_commands())
    assert annotate.code == 1
    assert annotate.out.startswith("::")
    assert upload.code == 0
    assert "sarif_file: cachelint.sarif" in block("yaml", "upload-sarif")
    assert '"2.1.0"' in (tmp_path / "cachelint.sarif").read_text()


def test_configuration_is_valid_and_complete(tmp_path: Path) -> None:
    text = block("yaml", "# .cachelint.yaml")
    write_files(tmp_path, {".cachelint.yaml": text})
    config = load_config(str(tmp_path))
    default = Config(str(tmp_path))
    assert [key for key in Config._fields if getattr(config, key) == getattr(default, key)] == ["directory"]
    schema = json.loads((ROOT / "cachelint" / "config.schema.json").read_text())
    assert set(YAML(typ="safe").load(text)) == set(schema["properties"])


def test_suppressions_silence(tmp_path: Path) -> None:
    line = block("yaml", "ignore[inline-cache]")
    comment = block("dockerfile", "ignore-file")
    compose = f"services:\n  web:\n    build:\n      context: .\n      args:\n{line}        GIT_SHA: $GIT_SHA\n"
    dockerfile = "FROM node:20\nARG GIT_SHA\nCOPY . .\nRUN npm ci\n"
    files = {"compose.yaml": compose, "Dockerfile": comment + dockerfile, "package.json": "{}"}
    done = run("--select", "inline-cache,copy-before-install,unused-suppression", cwd=write_files(tmp_path, files))
    assert (done.code, done.out) == (0, "Nothing to report in 2 files (2 suppressed).\n")


def test_exit_codes_are_those_of_the_help() -> None:
    stated = re.findall(r"^\| (\d) \| (.*) \|$", TEXT, re.MULTILINE)
    assert stated == re.findall(r"^  (\d)  (.*)$", run("--help").out, re.MULTILINE)


@pytest.mark.parametrize("shell", re.findall(r"--print-completion (\w+)", TEXT))
def test_completion(shell: str) -> None:
    assert "unsafe-fixes" in run("--print-completion", shell).out


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/stale-deploy/README.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_test_command_is_the_one_that_ci_runs() -> None:
    pattern = re.search(r"grep --max-count=1 '(.*)' README.md", (ROOT / ".ci" / "run").read_text())
    assert pattern
    (line,) = re.findall(f"^.*{pattern[1]}", TEXT, re.MULTILINE)
    assert line in block("bash", "[test]")
    assert "\ntest = [" in (ROOT / "pyproject.toml").read_text()
