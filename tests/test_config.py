"""The configuration: where it is found, what it may say, and what it may not do."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import cachelint
from cachelint.config import Config, ConfigError, load_config
from tests.support import Ran, run, write_files

STALE = "services:\n  web:\n    build:\n      context: .\n      args:\n        BUILDKIT_INLINE_CACHE: 1\n"
COPIES = "FROM alpine\nCOPY src src\nRUN ./src/build\n"
SCHEMA = json.loads(Path(cachelint.__file__).with_name("config.schema.json").read_text())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with two findings: missing-commit-arg and inline-cache."""
    write_files(tmp_path, {"compose.yaml": STALE, "Dockerfile": COPIES, "src/build": "", "deep/er/x": ""})
    (tmp_path / ".git").mkdir()
    return tmp_path


def found(project: Path, *args: str) -> list[str]:
    """The rules that report something, in the order of the report."""
    ran = run("--output-format", "json", *args, cwd=project)
    assert ran.err == ""
    return [one["rule"] for one in json.loads(ran.out)["diagnostics"]]


def refused(project: Path, text: str, name: str = ".cachelint.yaml") -> str:
    """What the run says when it refuses a configuration."""
    write_files(project, {name: text})
    ran = run(cwd=project)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("cachelint: ")
    assert ran.err.count("\n") == 1
    return ran.err.removeprefix("cachelint: ").strip()


def test_schema_is_valid_itself() -> None:
    Draft202012Validator.check_schema(SCHEMA)


class TestWhereItIsFound:
    YAML = "ignore: [inline-cache]\n"
    TOML = '[tool.cachelint]\nignore = ["inline-cache"]\n'

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (".cachelint.yaml", YAML),
            (".cachelint.yml", YAML),
            ("pyproject.toml", TOML),
            ("pyproject.toml", '[project]\nname = "x"\n[tool]\ncachelint.ignore = ["inline-cache"]\n'),
            ("pyproject.toml", '[ tool . "cachelint" ]\nignore = ["inline-cache"]\n'),
        ],
    )
    def test_names(self, project: Path, name: str, text: str) -> None:
        write_files(project, {name: text})
        assert found(project) == ["missing-commit-arg"]

    @pytest.mark.parametrize(
        "text",
        ["[project]\nname = 'x'\n", "[project]\ndependencies = ['docker-cachelint']\n", "tool = 'cachelint'\n", ""],
    )
    def test_pyproject_of_others(self, project: Path, text: str) -> None:
        write_files(project, {"pyproject.toml": text})
        assert len(found(project)) == 2

    def test_nearest_upward_wins_whole(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "ignore: [missing-commit-arg]\n", "deep/.cachelint.yaml": self.YAML})
        write_files(project, {"deep/er/compose.yaml": STALE, "deep/er/Dockerfile": COPIES, "deep/er/src/x": ""})
        assert found(project, "deep/er") == ["missing-commit-arg"]
        assert found(project, "deep/er/Dockerfile") == ["missing-commit-arg"]
        assert found(project) == ["inline-cache", "inline-cache"]

    def test_nearest_to_all_paths_whatever_their_order(self, project: Path) -> None:
        write_files(project, {"deep/.cachelint.yaml": self.YAML, "deep/compose.yaml": STALE})
        paths = ["deep/compose.yaml", "compose.yaml"]
        assert found(project, *paths) == found(project, *reversed(paths)) != found(project, paths[0])

    def test_own_file_wins_over_pyproject(self, project: Path) -> None:
        write_files(project, {"pyproject.toml": self.TOML, ".cachelint.yaml": "ignore: [missing-commit-arg]\n"})
        assert found(project) == ["inline-cache"]

    def test_not_above_the_repository(self, tmp_path: Path) -> None:
        write_files(tmp_path, {".cachelint.yaml": self.YAML, "repo/compose.yaml": STALE})
        assert found(tmp_path, "repo") == []
        (tmp_path / "repo/.git").mkdir()
        assert found(tmp_path, "repo") == ["inline-cache"]

    def test_each_repository_has_its_own(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"a/.cachelint.yaml": self.YAML, "a/compose.yaml": STALE, "b/compose.yaml": STALE})
        for name in "ab":
            (tmp_path / name / ".git").mkdir()
        ran = run("a", "b", cwd=tmp_path)
        assert "b/compose.yaml" in ran.out
        assert "a/compose.yaml" not in ran.out

    def test_option(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "ignore: [missing-commit-arg]\n", "deep/other.yaml": self.YAML})
        assert found(project, "--config", "deep/other.yaml") == ["missing-commit-arg"]
        write_files(project, {"deep/other.toml": self.TOML})
        assert found(project, "--config", "deep/other.toml") == ["missing-commit-arg"]

    def test_isolated(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "no: sense\n"})
        assert len(found(project, "--isolated")) == 2

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("gone.yaml", "no such file or directory"), ("src", "is a directory"), ("fifo", "not a regular file")],
    )
    def test_option_names_no_file(self, project: Path, name: str, reason: str) -> None:
        os.mkfifo(project / "fifo")
        assert run("--config", name, cwd=project) == Ran(2, "", f"cachelint: {name}: cannot be read: {reason}\n")


class TestKeys:
    def test_select_and_ignore(self, project: Path) -> None:
        write_files(
            project, {".cachelint.yaml": "select: [inline-cache, missing-commit-arg]\nignore: [inline-cache]\n"}
        )
        assert found(project) == ["missing-commit-arg"]

    def test_command_line_chooses_anew(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "select: [missing-commit-arg]\nignore: [inline-cache]\n"})
        assert found(project, "--select", "inline-cache") == ["inline-cache"]
        assert found(project, "--ignore", "missing-commit-arg") == []

    def test_severity(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "severity: {inline-cache: note, missing-commit-arg: error}\n"})
        out = run("--output-format", "concise", cwd=project).out
        assert "note[inline-cache]" in out
        assert "error[missing-commit-arg]" in out

    def test_commit_arg(self, project: Path) -> None:
        text = "commit-arg: {name: REL_SHA, value: '${CI_REL:-none}'}\nignore: [inline-cache]\n"
        write_files(project, {".cachelint.yaml": text, "compose.yaml": "services:\n  web:\n    build: .\n"})
        assert run("--fix", cwd=project).code == 0
        assert "REL_SHA: ${CI_REL:-none}\n" in (project / "compose.yaml").read_text()
        assert "ARG REL_SHA\n" in (project / "Dockerfile").read_text()

    def test_commit_arg_without_value(self, project: Path) -> None:
        write_files(project, {".cachelint.yaml": "commit-arg: {name: REL_SHA}\n"})
        run("--fix", cwd=project)
        assert "REL_SHA: ${REL_SHA}\n" in (project / "compose.yaml").read_text()

    def test_commit_arg_aliases(self, project: Path) -> None:
        compose = STALE.replace("BUILDKIT_INLINE_CACHE: 1", "OUR_SHA: ${OUR_SHA}")
        dockerfile = COPIES.replace("RUN", "ARG OUR_SHA\nRUN")
        write_files(project, {"compose.yaml": compose, "Dockerfile": dockerfile})
        assert found(project) == ["missing-commit-arg"]
        write_files(project, {".cachelint.yaml": "commit-arg: {aliases: [OUR_SHA]}\n"})
        assert found(project) == []

    def test_allowed_volumes(self, project: Path) -> None:
        volume = "services:\n  web:\n    build: .\n    volumes: ['code:/code']\n"
        write_files(project, {"compose.yaml": volume, "Dockerfile": "FROM alpine\nCOPY src/build /code/\n"})
        assert found(project, "--select", "volume-over-build") == ["volume-over-build"]
        write_files(project, {".cachelint.yaml": "volume-over-build: {allow: [/code]}\n"})
        assert found(project, "--select", "volume-over-build") == []

    def test_compose_files(self, project: Path) -> None:
        write_files(
            project, {"deploy/stack.yml": STALE, "conf/.cachelint.yaml": "compose-files: [../deploy/stack.yml]\n"}
        )
        assert run("deploy", cwd=project).code == 0
        assert found(project, "--config", "conf/.cachelint.yaml", "deploy") == ["inline-cache"]

    def test_compose_file_that_does_not_exist(self, project: Path) -> None:
        message = "deploy/stack.yml: named by compose-files in the configuration, but no file"
        assert refused(project, "compose-files: [deploy/stack.yml]\n") == message

    def test_compose_file_without_services(self, project: Path) -> None:
        write_files(project, {"stack.yml": "- hosts: all\n", ".cachelint.yaml": "compose-files: [stack.yml]\n"})
        ran = run(cwd=project)
        assert ran.code == 2
        assert ran.err.startswith("cachelint: stack.yml: not a Compose file: no services in it")
        assert "inline-cache" in ran.out

    def test_compose_file_outside_the_repository_is_not_read(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"secret.yml": STALE, "repo/.cachelint.yaml": "compose-files: [../secret.yml]\n"})
        (tmp_path / "repo/.git").mkdir()
        assert run("repo", cwd=tmp_path) == Ran(0, "Nothing to report in 0 files.\n", "")


EXCLUDED = {
    "legacy/**": ["legacy/compose.yaml", "legacy/deep/compose.yaml"],
    "legacy": ["legacy/compose.yaml", "legacy/deep/compose.yaml", "a/legacy/compose.yaml"],
    "legacy/": ["legacy/compose.yaml", "legacy/deep/compose.yaml", "a/legacy/compose.yaml"],
    "/legacy": ["legacy/compose.yaml", "legacy/deep/compose.yaml"],
    "a/*/compose.yaml": ["a/legacy/compose.yaml"],
    "**/deep": ["legacy/deep/compose.yaml"],
    "*.yaml": ["compose.yaml", "legacy/compose.yaml", "legacy/deep/compose.yaml", "a/legacy/compose.yaml"],
    "comp?se.y*": ["compose.yaml", "legacy/compose.yaml", "legacy/deep/compose.yaml", "a/legacy/compose.yaml"],
    "leg": [],
    "COMPOSE.YAML": [],
}


@pytest.mark.parametrize("pattern", EXCLUDED)
def test_exclude(tmp_path: Path, pattern: str) -> None:
    names = ["compose.yaml", "legacy/compose.yaml", "legacy/deep/compose.yaml", "a/legacy/compose.yaml"]
    config = Config(str(tmp_path), exclude=(pattern,))
    assert [name for name in names if config.is_excluded(str(tmp_path / name))] == EXCLUDED[pattern]


def test_exclude_with_exceptions(tmp_path: Path) -> None:
    config = Config(str(tmp_path), exclude=("old/**", "!old/kept.yaml", "*.gen.yaml", "!x.gen.yaml"))
    names = ["old/a.yaml", "old/kept.yaml", "d/a.gen.yaml", "d/x.gen.yaml"]
    assert [config.is_excluded(str(tmp_path / name)) for name in names] == [True, False, True, False]


OLD = {".cachelint.yaml": "exclude: [old]\n", "old/Dockerfile": COPIES, "old/src/x": ""}


class TestExcludedFiles:
    @pytest.mark.parametrize("path", [".", "old", "old/Dockerfile", "compose.yaml"])
    def test_are_not_reported_however_they_are_named(self, project: Path, path: str) -> None:
        write_files(project, {**OLD, "old/compose.yaml": STALE})
        ran = run("--output-format", "concise", path, cwd=project)
        assert "old/" not in ran.out + ran.err

    def test_are_not_read_for_a_build_either(self, project: Path) -> None:
        compose = STALE.replace("context: .", "context: old").replace("BUILDKIT_INLINE_CACHE: 1", "GIT_SHA: $GIT_SHA")
        write_files(project, {**OLD, "compose.yaml": compose})
        assert found(project) == []
        assert run("--fix", "--unsafe-fixes", cwd=project).code == 0
        assert (project / "old/Dockerfile").read_text() == COPIES


WRONG = {
    "selct: []": "unknown key selct, did you mean 'select'?",
    "Select: []": "unknown key Select, did you mean 'select'?",
    "colour: red": "unknown key colour",
    "commit-arg: {nam: X}": "unknown key commit-arg.nam, did you mean 'name'?",
    "select: inline-cache": "select must be a list",
    "select: [1]": "select.0 must be text",
    "select: ['']": "select.0 must not be empty",
    "exclude: {a: b}": "exclude must be a list",
    "severity: [x]": "severity must be a mapping",
    "severity: {x: warn}": "severity.x must be one of error, warning, note, did you mean 'warning'?",
    "severity: {inline-cache: 1}": "severity.inline-cache must be one of error, warning, note",
    "commit-arg: X": "commit-arg must be a mapping",
    "commit-arg: {name: A-B}": "commit-arg.name must be the name of a build argument",
    "commit-arg: {name: [a]}": "commit-arg.name must be text",
    "- select": "the configuration must be a mapping",
    "text": "the configuration must be a mapping",
    "ignore:": "ignore must be a list",
    "exclude: ['[a']": "exclude: an unfinished [ ] class",
}


class TestWhatIsRefused:
    @pytest.mark.parametrize("text", WRONG)
    def test_wrong_keys_and_types(self, project: Path, text: str) -> None:
        assert refused(project, text) == f".cachelint.yaml: {WRONG[text]}"

    def test_in_toml_too(self, project: Path) -> None:
        toml = '[tool.cachelint]\nselct = ["inline-cache"]\n'
        assert refused(project, toml, "pyproject.toml") == "pyproject.toml: unknown key selct, did you mean 'select'?"

    @pytest.mark.parametrize("text", ["[tool]\ncachelint = 1\n", "[[tool.cachelint]]\n"])
    def test_toml_that_is_no_table(self, project: Path, text: str) -> None:
        assert refused(project, text, "pyproject.toml") == "pyproject.toml: the configuration must be a mapping"

    @pytest.mark.parametrize("key", ["select: [inline-cash]", "ignore: [inline-cash]", "severity: {inline-cash: note}"])
    def test_unknown_rule(self, project: Path, key: str) -> None:
        message = "unknown rule in the configuration 'inline-cash', did you mean 'inline-cache'?"
        assert refused(project, key) == message

    @pytest.mark.parametrize("text", ["a: [", "a: b: c", "\tx", "a: 1\na: 2\n", "a: *x", "a: \x01"])
    def test_invalid_yaml(self, project: Path, text: str) -> None:
        assert refused(project, text).startswith(".cachelint.yaml:")

    def test_several_documents(self, project: Path) -> None:
        assert refused(project, "select: []\n---\nignore: []\n") == ".cachelint.yaml: more than one YAML document"

    @pytest.mark.parametrize("text", ["[tool.cachelint\n", "[tool.cachelint]\nselect = [", "x = '\x00cachelint'"])
    def test_invalid_toml(self, project: Path, text: str) -> None:
        if "\0" in text:
            return  # no text: not a pyproject.toml that mentions anything
        assert refused(project, text, "pyproject.toml").startswith("pyproject.toml: no valid TOML: ")

    def test_not_text(self, project: Path) -> None:
        (project / ".cachelint.yaml").write_bytes(b"\xff\xfe")
        assert (
            run(cwd=project).err == "cachelint: .cachelint.yaml: cannot be read: not UTF-8 text (byte 0xff on line 1)\n"
        )

    def test_message_cannot_steer_the_terminal(self, project: Path) -> None:
        message = refused(project, '"\\e[31mred\\n::error": 1\n')
        assert message == ".cachelint.yaml: unknown key \\x1b[31mred\\n::error"

    @pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "{}\n", "~\n"])
    def test_nothing_is_the_default(self, project: Path, text: str) -> None:
        write_files(project, {".cachelint.yaml": text})
        assert len(found(project)) == 2


def bomb(levels: int, width: int) -> str:
    """Aliases of aliases, `width` at each level."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + f"\nselect: *a{levels - 1}\n"


HOSTILE = {
    "alias bomb": (bomb(40, 10), "more than 10,000 values"),
    "wide aliases": (f"select: &a [{'x, ' * 9000}]\nignore: [*a, *a]\n", "more than 10,000 values"),
    "merge bomb": (
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{f'*a{n - 1}, ' * 9}]}}\n" for n in range(1, 60)),
        "",
    ),
    "deep flow": ("select: " + "[" * 10_000, "nested deeper than 200 levels"),
    "deep block": ("select:\n" + "".join(f"{' ' * n}-\n" for n in range(1, 1000)), "nested deeper than 200 levels"),
    "alias to itself": ("select: &a [*a]\n", "alias *a refers to itself"),
    "long number": ("select: " + "9" * 100_000, "must be a list"),
    "long key": ("x" * 100_000 + ": 1", ""),
    "huge": ("# " + "x" * 11_000_000, "larger than 10 MiB"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_bombs_are_refused_quickly(project: Path, what: str) -> None:
    text, message = HOSTILE[what]
    start = time.process_time()
    assert message in refused(project, text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 100_000, "x" + ".x" * 5000 + " = 1", "x = " + "{x=" * 5000, "x=" + "9" * 100_000]
)
def test_toml_bombs(project: Path, text: str) -> None:
    write_files(project, {"pyproject.toml": f"[tool.cachelint]\n{text}\n"})
    ran = run(cwd=project)
    assert ran.code == 2
    assert "internal error" not in ran.err


TAGS = ["!!python/object/apply:os.system ['touch owned']", "!!python/name:os.system", "!!timestamp nonsense", "!x []"]


@pytest.mark.parametrize("value", TAGS)
def test_tags_are_never_acted_on(project: Path, value: str) -> None:
    write_files(project, {".cachelint.yaml": f"select: {value}\n"})
    assert run(cwd=project).code in (0, 2)
    assert not (project / "owned").exists()


def test_patterns_cannot_backtrack(tmp_path: Path) -> None:
    config = Config(str(tmp_path), exclude=("**/" * 40 + "x", "*a" * 60 + "b"))
    start = time.process_time()
    assert not config.is_excluded(str(tmp_path / ("a/" * 60) / ("a" * 200)))
    assert time.process_time() - start < 2


def test_default_without_a_file(tmp_path: Path) -> None:
    assert load_config(str(tmp_path)) == Config(str(tmp_path))


def test_error_names_the_file(tmp_path: Path) -> None:
    write_files(tmp_path, {".cachelint.yaml": "x: 1\n"})
    with pytest.raises(ConfigError, match="unknown key x"):
        load_config(str(tmp_path))
