"""Which files are found, and which must never be."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cachelint.discovery import Kind, discover, find_root, git_files, kind_of
from tests.support import Ran, read_files, run, write_files

if TYPE_CHECKING:
    from pathlib import Path

STALE = "services:\n  web:\n    build:\n      context: .\n      args: {BUILDKIT_INLINE_CACHE: 1, GIT_SHA: $GIT_SHA}\n"
FIXED = STALE.replace("BUILDKIT_INLINE_CACHE: 1, ", "")

COMPOSE = """
    docker-compose.yml docker-compose.yaml docker-compose.prod.yml docker-compose-dev.yml docker-compose_x.yaml
    docker-compose.override.yml compose.yml compose.yaml compose.dev.yml compose-dev.yaml dev.compose.yml
    x.y.compose.yaml
"""
DOCKERFILES = """
    Dockerfile Dockerfile.dev Dockerfile-dev Dockerfile_dev dev.Dockerfile dev.dockerfile dockerfile Containerfile
    Containerfile.dev dev.Containerfile dev.containerfile Dockerfile.py3.12 Dockerfile.dev.arm64
"""
NEITHER = """
    Dockerfile.md Dockerfile.j2 Dockerfile.tmpl Dockerfile.dev.j2 Dockerfile.orig Dockerfile-x.txt Dockerfiles
    MyDockerfile docker-compose.yml.j2 docker-compose.yml.bak docker-compose.json Docker-compose.yml
    my-docker-compose.yml compose.json x.yml compose README.md Dockerfile.bak dockerignore
"""


def words(text: str, kind: Kind | None) -> list[tuple[str, Kind | None]]:
    """(name, kind) of every word."""
    return [(word, kind) for word in text.split()]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *words(COMPOSE, Kind.COMPOSE),
        *words(DOCKERFILES, Kind.DOCKERFILE),
        *words(".dockerignore web.dockerignore Dockerfile.dockerignore", Kind.DOCKERIGNORE),
        *words("deploy.sh x.bash", Kind.SHELL),
        *words(".github/workflows/ci.yml .github/workflows/compose-spec.yaml a/.github/workflows/x.yml", Kind.WORKFLOW),
        *words("action.yml action.yaml", Kind.WORKFLOW),
        *words("Makefile makefile GNUmakefile docker.mk", Kind.MAKEFILE),
        *words("package.json", Kind.PACKAGE),
        *words(".gitlab-ci.yml .gitlab-ci.yaml build.gitlab-ci.yml", Kind.GITLAB),
        *words("transaction.yml Makefile.in mk package-lock.json gitlab-ci.yml deploy", None),
        *words(NEITHER, None),
        *words(".github/ci.yml github/workflows/ci.yml .github/workflows/a/ci.yml", None),
    ],
)
def test_names(name: str, kind: Kind | None) -> None:
    assert kind_of(name) is kind
    if "/" not in name:
        assert kind_of(f"some/directory/{name}") is kind_of(name)


def git(directory: Path, *args: str) -> None:
    """Run git in a directory."""
    identity = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@y",
        "-c",
        "protocol.file.allow=always",
        "-c",
        "init.defaultBranch=main",
    ]
    subprocess.run(["git", *identity, "-C", str(directory), *args], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository."""
    git(tmp_path, "init", "--quiet")
    return tmp_path


def names(directory: Path) -> list[str]:
    """What is found below a directory."""
    tree = discover(os.path.realpath(directory), excluded=lambda path: False)
    return sorted(os.path.relpath(path, tree.root) for path in tree.files)


class TestScriptsWithoutSuffix:
    SHELL = (
        "#!/bin/sh\n",
        "#!/usr/bin/env bash\n",
        "#! /bin/bash -e\n",
        "#!/usr/bin/env -S bash -e\n",
        "#!/bin/dash\r\n",
    )
    OTHER = ("#!/usr/bin/python3\n", "#!/bin/shell\n", "echo\n", "", "\x7fELF", "#!/usr/bin/env fish\n", "# /bin/sh\n")

    @pytest.mark.parametrize("text", SHELL)
    def test_a_program_of_a_shell(self, tmp_path: Path, text: str) -> None:
        (write_files(tmp_path, {"bin/deploy": f"{text}\n"}) / "bin/deploy").chmod(0o755)
        assert names(tmp_path) == ["bin/deploy"]

    @pytest.mark.parametrize("text", OTHER)
    def test_other_programs(self, tmp_path: Path, text: str) -> None:
        (write_files(tmp_path, {"deploy": f"{text}\n"}) / "deploy").chmod(0o755)
        assert names(tmp_path) == []

    def test_only_what_may_be_executed_and_has_no_suffix_is_opened(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"deploy": "#!/bin/sh\n", "x.py": "#!/bin/sh\n", "node_modules/x": "#!/bin/sh\n"})
        for name in ("x.py", "node_modules/x"):
            (tmp_path / name).chmod(0o755)
        os.mkfifo(tmp_path / "pipe", 0o755)
        assert names(tmp_path) == []

    def test_scripts_that_the_configuration_names(self, tmp_path: Path) -> None:
        write_files(
            tmp_path, {"ops/ship.txt": "x", "ops/Dockerfile": "", ".cachelint.yaml": "deploy-scripts: ['ops/**']\n"}
        )
        shown = run("--show-files", cwd=tmp_path).out
        assert shown == "ops/Dockerfile: dockerfile\nops/ship.txt: shell\n"


class TestGit:
    def test_tracked_and_new_files_but_not_ignored_ones(self, repository: Path) -> None:
        write_files(
            repository, {"Dockerfile": "", "new/Dockerfile": "", "old/Dockerfile": "", ".gitignore": "old/\n*.dev\n"}
        )
        write_files(repository, {"Dockerfile.dev": "", "forced/Dockerfile.dev": ""})
        git(repository, "add", "Dockerfile")
        git(repository, "add", "--force", "forced")
        assert names(repository) == ["Dockerfile", "forced/Dockerfile.dev", "new/Dockerfile"]

    def test_what_a_hook_says_about_another_repository(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        other = tmp_path_factory.mktemp("other")
        git(other, "init")
        write_files(repository, {"Dockerfile": "", "old/Dockerfile": "", ".gitignore": "old\n"})
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(other))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
        assert names(repository) == ["Dockerfile"]

    def test_deleted_but_tracked(self, repository: Path) -> None:
        write_files(repository, {"Dockerfile": "", "gone/Dockerfile": ""})
        git(repository, "add", ".")
        shutil.rmtree(repository / "gone")
        assert names(repository) == ["Dockerfile"]

    def test_unmerged_file_is_found_once(self, repository: Path) -> None:
        write_files(repository, {"compose.yaml": STALE})
        git(repository, "add", ".")
        git(repository, "commit", "-m", "1")
        git(repository, "checkout", "-b", "b")
        for text in ("services: {a: {image: b}}\n", "services: {a: {image: c}}\n"):
            write_files(repository, {"compose.yaml": text})
            git(repository, "commit", "-am", "2")
            git(repository, "checkout", "main") if text.endswith("b}}\n") else None
        subprocess.run(["git", "-C", str(repository), "merge", "b"], capture_output=True, check=False)
        assert git_files(str(repository)) == ["compose.yaml"]

    def test_submodule_is_another_repository(self, tmp_path: Path) -> None:
        outer, inner = tmp_path / "outer", tmp_path / "inner"
        for directory in (outer, inner):
            write_files(directory, {"compose.yaml": STALE})
            git(directory, "init")
            git(directory, "add", ".")
            git(directory, "commit", "-m", "x")
        git(outer, "submodule", "add", str(inner), "sub")
        assert names(outer) == ["compose.yaml"]
        assert find_root(str(outer / "sub")) == str(outer / "sub")
        assert run("sub", cwd=outer).out.startswith("sub/compose.yaml:5:14:")
        assert run(".", "sub", cwd=outer).out.count("BUILDKIT_INLINE_CACHE: 1") == 2
        assert run("--fix", ".", "sub", cwd=outer).code == 0

    def test_odd_names(self, repository: Path) -> None:
        directories = [
            "a b",
            "a\nb",
            "\x1b[31mred",
            "ü",
            "-rf",
            'q"q',
            "back\\slash",
            "tab\t",
            os.fsdecode(b"\xff\xfe"),
        ]
        write_files(repository, {f"{directory}/Dockerfile": "FROM x\nRUNN y\n" for directory in directories})
        assert names(repository) == sorted(f"{directory}/Dockerfile" for directory in directories)
        ran = run(cwd=repository)
        assert ran.code == 1
        assert ran.out.count("unparsable-file") == len(directories)
        for shown in ("a b/", "a\\nb/", "\\x1b[31mred/", "ü/", "-rf/", "tab\\t/", "\\udcff\\udcfe/"):
            assert f"\n{shown}Dockerfile:2:1: error" in f"\n{ran.out}"

    @pytest.mark.parametrize("path", ["", "/nowhere"])
    def test_without_git(self, repository: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        write_files(repository, {"Dockerfile": "", "old/Dockerfile": "", ".gitignore": "old\n"})
        monkeypatch.setenv("PATH", path)
        assert git_files(str(repository)) is None
        assert names(repository) == ["Dockerfile", "old/Dockerfile"]

    @pytest.mark.parametrize("damage", ["HEAD", "config", "index"])
    def test_damaged_repository(self, repository: Path, damage: str) -> None:
        write_files(repository, {"Dockerfile": ""})
        git(repository, "add", ".")
        (repository / ".git" / damage).write_text("[nonsense")
        assert names(repository) == ["Dockerfile"]

    @pytest.mark.parametrize("content", [None, "gitdir: /nowhere\n", "nonsense"])
    def test_something_called_git(self, tmp_path: Path, content: str | None) -> None:
        write_files(tmp_path, {"Dockerfile": ""})
        (tmp_path / ".git").mkdir() if content is None else (tmp_path / ".git").write_text(content)
        assert names(tmp_path) == ["Dockerfile"]

    def test_hostile_configuration_runs_nothing(self, repository: Path) -> None:
        trap = repository / "trap.sh"
        write_files(repository, {"Dockerfile": "", "trap.sh": f"#!/bin/sh\ntouch {repository}/owned\n"})
        trap.chmod(0o755)
        for key in (
            *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.gitProxy", "core.askPass"),
            *("filter.x.clean", "filter.x.process", "diff.external", "uploadpack.packObjectsHook", "alias.ls-files"),
        ):
            git(repository, "config", key, str(trap) if key != "alias.ls-files" else f"!{trap}")
        git(repository, "config", "core.hooksPath", str(repository / "hooks"))
        (repository / "hooks").mkdir()
        for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
            shutil.copy(trap, repository / "hooks" / hook)
        write_files(repository, {".gitattributes": "* filter=x\n"})
        assert "Dockerfile" in names(repository)
        assert run(cwd=repository).code in (0, 1)
        assert not (repository / "owned").exists()


class TestWalk:
    def test_prunes_what_is_not_ours(self, tmp_path: Path) -> None:
        pruned = [".git", "node_modules", ".venv", "venv", "__pycache__", "a/node_modules/b", ".tox", ".nox"]
        write_files(tmp_path, {f"{directory}/Dockerfile": "" for directory in [*pruned, "env", "src", ".hidden"]})
        write_files(tmp_path, {"env/pyvenv.cfg": ""})
        shutil.rmtree(tmp_path / ".git")
        assert names(tmp_path) == [".hidden/Dockerfile", "src/Dockerfile"]

    def test_prunes_tracked_ones_too(self, repository: Path) -> None:
        write_files(repository, {"node_modules/x/Dockerfile": "", "Dockerfile": ""})
        git(repository, "add", "--force", ".")
        assert names(repository) == ["Dockerfile"]

    def test_files_of_one_directory_stand_together(self, tmp_path: Path) -> None:
        override = "services:\n  web:\n    build:\n      args: {GIT_SHA: $GIT_SHA}\n"
        files = {
            "compose.yaml": "services:\n  web:\n    build: .\n",
            "d/compose.yaml": "services: {a: {image: b}}\n",
            "d/Dockerfile": "FROM x\n",
        }
        write_files(tmp_path, {**files, "compose.override.yaml": override, "docker-compose.override.yml": override})
        write_files(tmp_path, {"Dockerfile": "FROM x\nCOPY src src\nARG GIT_SHA\nRUN y\n", "src/x": ""})
        tree = discover(os.path.realpath(tmp_path), excluded=lambda path: False)
        directories = [os.path.dirname(path) for path in tree.files]
        assert directories == sorted(directories)
        assert run(cwd=tmp_path) == Ran(0, "Nothing to report in 6 files.\n", "")


@pytest.fixture(params=["git", "walk"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory inside and outside of a repository; beside it lie things that are not its own."""
    inside = tmp_path / "inside"
    inside.mkdir()
    if request.param == "git":
        git(inside, "init")
    return inside


class TestLinks:
    def test_link_beside_its_target_is_not_edited_twice(self, place: Path) -> None:
        write_files(place, {"compose.yaml": STALE})
        (place / "docker-compose.yml").symlink_to("compose.yaml")
        (place / "sub").mkdir()
        (place / "sub/compose.yaml").symlink_to("../compose.yaml")
        assert names(place) == ["compose.yaml"]
        assert run("--fix", cwd=place) == Ran(0, "Fixed 1 problem. Nothing left to report in 1 file.\n", "")
        assert (place / "compose.yaml").read_text() == FIXED
        assert (place / "docker-compose.yml").is_symlink()

    @pytest.mark.parametrize("arguments", [["docker-compose.yml"], ["docker-compose.yml", "compose.yaml"], ["linked"]])
    def test_link_that_is_named_stands_for_its_target(self, place: Path, arguments: list[str]) -> None:
        write_files(place, {"real/compose.yaml": STALE})
        (place / "docker-compose.yml").symlink_to("real/compose.yaml")
        (place / "compose.yaml").symlink_to("real/compose.yaml")
        (place / "linked").symlink_to("real")
        ran = run(*arguments, cwd=place)
        assert ran.out.startswith("real/compose.yaml:5:14: warning[inline-cache]")
        assert ran.out.count("warning[") == 1

    def test_only_a_link_is_known(self, place: Path) -> None:
        write_files(place, {"shared/base.txt": STALE})
        (place / "compose.yaml").symlink_to("shared/base.txt")
        (place / "docker-compose.yml").symlink_to("shared/base.txt")
        assert run("--fix", cwd=place).out == "Fixed 1 problem. Nothing left to report in 1 file.\n"
        assert (place / "compose.yaml").is_symlink()
        assert (place / "shared/base.txt").read_text() == FIXED

    def test_dockerfile_behind_a_linked_directory(self, place: Path) -> None:
        compose = "services:\n" + "".join(
            f"  {name}:\n    build:\n      context: {name}\n      args: {{GIT_SHA: $GIT_SHA}}\n"
            for name in ("real", "link")
        )
        write_files(
            place, {"compose.yaml": compose, "real/Dockerfile": "FROM x\nCOPY src src\nRUN y\n", "real/src/z": ""}
        )
        (place / "link").symlink_to("real")
        ran = run("--fix", cwd=place)
        assert (ran.code, ran.err) == (0, "")
        assert (place / "real/Dockerfile").read_text().count("ARG GIT_SHA") == 1

    def test_loops_and_links_to_nothing(self, place: Path) -> None:
        write_files(place, {"Dockerfile": "FROM x\n"})
        (place / "Dockerfile.loop").symlink_to("Dockerfile.loop")
        (place / "Dockerfile.gone").symlink_to("nowhere")
        (place / "loop").symlink_to(".")
        (place / "up").symlink_to("..")
        assert names(place) == ["Dockerfile"]
        assert run("Dockerfile.gone", cwd=place).err == "cachelint: Dockerfile.gone: a link to nothing\n"
        assert run("Dockerfile.loop", cwd=place).err == "cachelint: Dockerfile.loop: a link to nothing\n"

    @pytest.mark.parametrize("arguments", [[], ["Dockerfile"], ["--fix", "compose.yaml"]])
    def test_links_out_of_the_place_are_not_read(self, place: Path, arguments: list[str]) -> None:
        secret = "FROM x\nsecret-password\n"
        write_files(
            place.parent, {"outside/Dockerfile": secret, "outside/compose.yaml": STALE.replace("web", "secret")}
        )
        before = read_files(place.parent / "outside")
        for name in ("Dockerfile", "compose.yaml"):
            (place / name).symlink_to(f"../outside/{name}")
        (place / "directory").symlink_to("../outside")
        ran = run(*arguments, cwd=place)
        assert ran.code == 2
        assert "Cannot read the file: outside the repository" in ran.out
        assert "secret" not in ran.out + ran.err
        assert read_files(place.parent / "outside") == before


class TestWhatAPathMeans:
    """Files given as pre-commit gives them, directories, and what lies elsewhere."""

    FILES = {  # noqa: RUF012  # never written to
        "compose.yaml": "services:\n  a:\n    build: a\n  b:\n    build: b\n",
        **{f"{name}/Dockerfile": "FROM x\nCOPY src src\nRUN y\n" for name in "ab"},
        **{f"{name}/src/x": "" for name in "ab"},
        "a/.dockerignore": "*.md\n",
        "lone/Dockerfile": "FROM x\nRUNN y\n",
        "deploy.sh": "true\n",
        ".github/workflows/ci.yml": "on: push\n",
    }

    @pytest.mark.parametrize(
        ("given", "lines"),
        [
            (["compose.yaml"], [3, 5]),
            (["a/Dockerfile"], [3]),
            (["b/Dockerfile"], [5]),
            (["a/.dockerignore"], [3]),
            (["a"], [3]),
            (["a", "b/Dockerfile"], [3, 5]),
            (["a/Dockerfile", "compose.yaml", "deploy.sh"], [3, 5]),
            (["deploy.sh", ".github/workflows/ci.yml"], []),
            (["a/src"], []),
        ],
        ids=str,
    )
    def test_every_finding_of_every_build_of_a_given_file(
        self, repository: Path, given: list[str], lines: list[int]
    ) -> None:
        write_files(repository, self.FILES)
        ran = run("--output-format", "concise", *given, cwd=repository)
        assert [line.split(" ")[0] for line in ran.out.splitlines()] == [f"compose.yaml:{line}:5:" for line in lines]
        assert ran.err == ""

    def test_from_inside_a_directory(self, repository: Path) -> None:
        write_files(repository, self.FILES)
        ran = run("--output-format", "concise", "Dockerfile", cwd=repository / "a")
        assert ran.out.startswith("../compose.yaml:3:5: ")

    def test_two_repositories(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            write_files(tmp_path / name, {"compose.yaml": STALE})
            git(tmp_path / name, "init")
        ran = run("two", "one/compose.yaml", cwd=tmp_path)
        assert [line.split(":")[0] for line in ran.out.splitlines() if "warning[" in line] == [
            "one/compose.yaml",
            "two/compose.yaml",
        ]
        assert ran.out.endswith("Found 2 warnings in 2 files (2 fixable with --fix).\n")

    def test_directories_outside_of_a_repository(self, tmp_path: Path) -> None:
        write_files(tmp_path, self.FILES)
        assert "compose.yaml:3:5" in run("a/Dockerfile", "compose.yaml", cwd=tmp_path).out
        assert "compose.yaml:3:5" in run("compose.yaml", "a/Dockerfile", cwd=tmp_path).out
        assert run("a", "b", cwd=tmp_path) == Ran(0, "Nothing to report in 2 files.\n", "")

    def test_yaml_without_services(self, repository: Path) -> None:
        write_files(
            repository, {"docker-compose.tasks.yml": "- hosts: all\n", "x.yml": "a: 1\n", "compose.yaml": STALE}
        )
        assert run(cwd=repository).err == ""
        ran = run("docker-compose.tasks.yml", "x.yml", "compose.yaml", cwd=repository)
        assert ran.code == 2
        assert "inline-cache" in ran.out
        assert [line.split(": ")[:3] for line in ran.err.splitlines()] == [
            ["cachelint", "docker-compose.tasks.yml", "not a Compose file"],
            ["cachelint", "x.yml", "not a Compose file"],
        ]

    @pytest.mark.parametrize("name", ["stack.yml", "docker/app.docker", "images/web", "Dockerfile.txt"])
    def test_odd_names_that_are_named(self, repository: Path, name: str) -> None:
        text = STALE if name.endswith("yml") else "FROM x\nCOPY . .\nRUN npm ci\nRUN npm run build\n"
        write_files(repository, {name: text, "docker/src.js": ""})
        assert run(cwd=repository).code == 0
        assert run(name, cwd=repository).out.startswith(f"{name}:")

    def test_odd_name_of_a_build(self, repository: Path) -> None:
        compose = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/app.docker\n"
        write_files(
            repository, {"compose.yaml": compose, "docker/app.docker": "FROM x\nCOPY src src\nRUN y\n", "src/x": ""}
        )
        assert run("docker/app.docker", cwd=repository).out.startswith("compose.yaml:3:5: warning[missing-commit-arg]")

    @pytest.mark.parametrize(("name", "text"), [("notes.txt", "hello\n"), ("x.json", "{}\n"), ("LICENSE", "")])
    def test_what_is_neither(self, repository: Path, name: str, text: str) -> None:
        write_files(repository, {name: text, "compose.yaml": STALE})
        ran = run(name, "compose.yaml", cwd=repository)
        assert ran.code == 2
        assert (
            ran.err
            == f"cachelint: {name}: no Compose file, Dockerfile or shell script, by its name and by its contents\n"
        )
        assert "inline-cache" in ran.out

    def test_program_of_another_language(self, repository: Path) -> None:
        write_files(repository, {"tool": "#!/usr/bin/env python3\nprint('docker compose up')\n"})
        assert run("tool", cwd=repository).err.startswith(
            "cachelint: tool: no Compose file, Dockerfile or shell script"
        )

    def test_what_is_neither_is_passed_over(self, repository: Path) -> None:
        names = ("notes.txt", "LICENSE", "deploy", "compose.yaml", "docker-compose.yml", "tasks.yml")
        write_files(repository, dict.fromkeys(names, "- hosts: all\n") | {"compose.yaml": STALE})
        write_files(repository, {"deploy": "#!/bin/sh\ndocker build --build-arg BUILDKIT_INLINE_CACHE=1 .\n"})
        ran = run("--ignore-unknown", *names, cwd=repository)
        assert (ran.code, ran.err) == (1, "")
        assert ran.out.startswith("compose.yaml:")
        assert "in 1 file" in ran.out
        (repository / "deploy").chmod(0o755)
        assert "deploy:2:1" in run("--ignore-unknown", "deploy", cwd=repository).out
        assert run("--ignore-unknown", "notes.txt", cwd=repository) == Ran(0, "Nothing to report in 0 files.\n", "")
        assert run("--ignore-unknown", "gone", cwd=repository).code == 2

    def test_script_without_an_extension(self, repository: Path) -> None:
        write_files(repository, {"deploy": "#!/bin/sh\ntrue\n"})
        assert run("deploy", cwd=repository).code == 0

    def test_ignored_file_that_is_named(self, repository: Path) -> None:
        write_files(repository, {".gitignore": "old\n", "old/compose.yaml": STALE})
        assert run(cwd=repository).code == 0
        assert run("old/compose.yaml", cwd=repository).code == 1
