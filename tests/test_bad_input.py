"""Whatever is in the files: a message, an exit code of the contract, nothing lost, and the other files still done."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachelint import source as source_module
from cachelint import workspace as workspace_module
from cachelint.documents.compose import ComposeFile, parse_compose
from tests.support import Ran, read_files, run, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cachelint.source import SourceFile

STALE = "services:\n  web:\n    build:\n      context: .\n      args: {BUILDKIT_INLINE_CACHE: 1, GIT_SHA: $GIT_SHA}\n"
FIXED = STALE.replace("BUILDKIT_INLINE_CACHE: 1, ", "")
GOOD = "zzz/compose.yaml"  # is done after the bad one, whatever that is called


def bomb(levels: int = 60, width: int = 10) -> str:
    """Aliases of aliases."""
    lines = ["x0: &x0 [x]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\nservices: {web: {build: {context: ., args: *x59}}}\n"


def merge_bomb(levels: int = 60, width: int = 10) -> str:
    """Merge keys of merge keys."""
    lines = ["x0: &x0 {" + ", ".join(f"k{n}: {n}" for n in range(100)) + "}"]
    lines += [f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * width)}], own{n}: 1}}" for n in range(1, levels)]
    return "\n".join(lines) + "\nservices: {web: {build: {context: ., args: *x59}}}\n"


UNPARSABLE = {
    "binary": (bytes(range(256)) * 8, "not UTF-8 text"),
    "elf": (b"\x7fELF\x02\x01\x01" + b"\0" * 100, "a NUL character on line 1"),
    "nul": (b"services:\n  a\0b: {}\n", "a NUL character on line 2"),
    "latin-1": ("services: {caf\xe9: {image: x}}\n".encode("latin-1"), "not UTF-8 text (byte 0xe9 on line 1)"),
    "utf-16": (STALE.encode("utf-16"), "not UTF-8 text"),
    "utf-16 without a mark": (STALE.encode("utf-16-le"), "a NUL character"),
    "utf-8 of a surrogate": (b"services: {a\xed\xa0\x80: {image: x}}\n", "not UTF-8 text"),
    "50 MB of text": (b"# a comment\n" * 4_500_000, "larger than 10 MiB"),
    "deep flow": (b"services: " + b"[" * 10_000 + b"]" * 10_000, "nested deeper than 200 levels"),
    "deep flow mapping": (b"services: " + b"{a: " * 10_000, "nested deeper than 200 levels"),
    "deep block": (
        "services:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 2000)),
        "nested deeper than 200 levels",
    ),
    "deep block list": ("services:\n " + "- " * 10_000, "nested deeper than 200 levels"),
    "duplicate key": (STALE + "  web: {image: x}\n", "is already defined"),
    "undefined alias": ("services: {web: *common}\n", "alias *common has no anchor"),
    "anchor of many services": (
        "x: &x {build: {args: [" + "a, " * 1000 + "]}}\nservices:\n" + "".join(f"  s{n}: *x\n" for n in range(1000)),
        "more than 5,000 build arguments",
    ),
    "redacted": ("services:\n  web:\n    environment:\n      PASSWORD: ******\n", "alias"),
    "alias to itself": ("services: &a {web: *a}\n", "refers to itself"),
    "jinja": ("services:\n{% for s in all %}\n  {{ s }}:\n    image: x\n{% endfor %}\n", "a template is no YAML"),
    "jinja value": ("services:\n  web:\n    image: {{ image }}:{{ tag }}\n", "a template is no YAML"),
    "go template": (
        "services:\n  {{- range .S }}\n  {{ .Name }}:\n    image: x\n  {{- end }}\n",
        "a template is no YAML",
    ),
    "tab": ("services:\n\tweb:\n\t\timage: x\n", ""),
    "control character": ("services: {web: {image: a\x01b}}\n", ""),
    "conflict markers": ("<<<<<<< HEAD\n" + STALE + "=======\n" + STALE + ">>>>>>> b\n", ""),
    "unfinished": ('services: {web: {image: "x', ""),
}


def with_good(directory: Path, name: str, content: str | bytes) -> Path:
    """A directory with one bad file and one good."""
    return write_files(directory, {name: content, GOOD: STALE})


@pytest.mark.parametrize("what", UNPARSABLE)
def test_compose_file_that_is_none(tmp_path: Path, what: str) -> None:
    content, message = UNPARSABLE[what]
    with_good(tmp_path, "compose.yaml", content)
    before = (tmp_path / "compose.yaml").read_bytes()
    start = time.process_time()
    ran = run("--output-format", "concise", cwd=tmp_path)
    assert time.process_time() - start < 5
    assert ran.out.startswith("compose.yaml:")
    assert ran.out.count("error[unparsable-file]") == 1
    assert message.lower() in ran.out.lower()
    assert ran.err == ""
    assert f"{GOOD}:5:14: warning[inline-cache]" in ran.out
    assert ran.code == (2 if "Cannot read the file" in ran.out else 1)
    assert run("--fix", "--unsafe-fixes", cwd=tmp_path).code == ran.code
    assert (tmp_path / "compose.yaml").read_bytes() == before
    assert (tmp_path / GOOD).read_text() == FIXED


BOMBS = {
    "aliases": bomb(),
    "merge keys": merge_bomb(),
    "services of one anchor": "x: &x\n  build:\n    args:\n"
    + "".join(f"      - A{n}\n" for n in range(50))
    + "services:\n"
    + "".join(f"  s{n}: *x\n" for n in range(90)),
    "arguments": "services:\n  w:\n    build:\n      args:\n" + "".join(f"      - A{n}\n" for n in range(4000)),
    "continuation": "FROM x\nRUN a " + "\\\n" * 100_000,
}


@pytest.mark.parametrize("what", BOMBS)
def test_what_grows_when_it_is_read_is_done_quickly(tmp_path: Path, what: str) -> None:
    with_good(tmp_path, "Dockerfile" if what == "continuation" else "compose.yaml", BOMBS[what])
    start = time.process_time()
    ran = run("--fix", cwd=tmp_path)
    assert time.process_time() - start < 5
    assert ran.code in (0, 1)
    assert ran.err == ""
    assert (tmp_path / GOOD).read_text() == FIXED


MANY = 2000
LARGE = {
    "images": "".join(f"  s{n}: {{image: x}}\n" for n in range(10_000)),
    "builds": "".join(f"  s{n}: {{build: .}}\n" for n in range(MANY)),
    "shared arguments": "".join(f"  s{n}: {{build: {{context: ., args: *a}}}}\n" for n in range(MANY)),
    "merged builds": "".join(f"  s{n}: {{<<: *b}}\n" for n in range(MANY)),
    "extends": "  b: {build: .}\n" + "".join(f"  s{n}: {{extends: b}}\n" for n in range(MANY)),
    "extends of a file": "".join(f"  s{n}: {{extends: {{file: c.yml, service: b}}}}\n" for n in range(MANY)),
}


@pytest.mark.parametrize("what", LARGE)
def test_many_services_are_done_in_linear_time(tmp_path: Path, what: str) -> None:
    text = f"x-a: &a {{A: 1}}\nx-b: &b {{build: .}}\nservices:\n{LARGE[what]}"
    files = {"Dockerfile": "FROM x\nCOPY . .\nRUN make\n", "c.yml": "services: {b: {build: .}}\n"}
    write_files(tmp_path, {**files, "compose.yaml": text})
    start = time.process_time()
    ran = run("--output-format", "concise", cwd=tmp_path)
    assert time.process_time() - start < 15  # every service against every other one takes minutes
    assert ran.code == (0 if what == "images" else 1)
    assert ran.err == ""


def test_a_file_of_twenty_projects_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extending = "services: {{s{n}: {{extends: {{file: ../common.yml, service: b}}}}}}\ninclude: [../other.yml]\n"
    files = {f"p{n}/compose.yaml": extending.format(n=n) for n in range(20)}
    files |= {"common.yml": "services: {b: {build: .}}\n", "other.yml": "services: {o: {image: x}}\n"}
    write_files(tmp_path, {**files, "Dockerfile": "FROM x\nCOPY . .\nRUN make\n"})
    parsed: list[str] = []

    def counting(source: SourceFile) -> ComposeFile:
        parsed.append(os.path.relpath(source.path, tmp_path))
        return parse_compose(source)

    monkeypatch.setattr(workspace_module, "parse_compose", counting)
    assert run("--output-format", "concise", cwd=tmp_path).code == 1
    assert sorted(parsed) == sorted([*(f"p{n}/compose.yaml" for n in range(20)), "common.yml", "other.yml"])


CIRCLES = {
    "extends": (
        {"compose.yaml": "services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n"},
        "`extends` goes round in a circle",
        ["`a` extends `b`", "`b` extends `c`"],
    ),
    "extends over files": (
        {
            "compose.yaml": "services:\n  a: {extends: {file: b.yml, service: b}}\n",
            "b.yml": "services:\n  b: {extends: {file: compose.yaml, service: a}}\n",
        },
        "`extends` goes round in a circle",
        ["`a` extends `b`"],
    ),
    "include": (
        {
            "compose.yaml": "include: [b.yml]\nservices: {a: {image: x}}\n",
            "b.yml": "include: [c.yml]\nservices: {}\n",
            "c.yml": "include: [compose.yaml]\nservices: {}\n",
        },
        "`include` goes round in a circle",
        ["included here"],
    ),
}


@pytest.mark.parametrize("what", CIRCLES)
def test_circles_are_named_with_the_way(tmp_path: Path, what: str) -> None:
    files, message, way = CIRCLES[what]
    write_files(tmp_path, files)
    ran = run("--select", "invalid-compose", cwd=tmp_path)
    assert ran.code == 1
    assert message in ran.out
    assert [one for one in way if one not in ran.out] == []
    assert ran.err == ""


def test_what_is_remote_is_named_as_not_followed(tmp_path: Path) -> None:
    asked = ["oci://x/y", "https://github.com/a/b.git", "git@github.com:a/b.git"]
    write_files(tmp_path, {"compose.yaml": f"include: {asked}\nservices: {{a: {{image: x}}}}\n".replace("'", '"')})
    ran = run("config", cwd=tmp_path)
    assert ran.code == 0
    assert [one for one in asked if f"not followed: {one} is remote" not in ran.out] == []


HARMLESS = {
    "empty": "",
    "blank": "\n\n  \n",
    "comments": "# nothing\n# here\n",
    "only a BOM": "\ufeff",
    "document marks": "---\n---\n...\n",
    "null": "~\n",
    "text": "hello\n",
    "list": "- a\n",
    "other yaml": "on: push\njobs: {a: {runs-on: x}}\n",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_files_without_services_are_passed_over_unless_named(tmp_path: Path, what: str) -> None:
    with_good(tmp_path, "compose.yaml", HARMLESS[what])
    assert run("--fix", cwd=tmp_path) == Ran(0, "Fixed 1 problem. Nothing left to report in 1 file.\n", "")
    ran = run("compose.yaml", GOOD, cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("cachelint: compose.yaml: not a Compose file: no services in it")
    assert (tmp_path / "compose.yaml").read_text() == HARMLESS[what]


DOCKERFILES = {
    "empty": "",
    "comments": "# nothing\n",
    "no FROM": "RUN true\n",
    "unknown instruction": "FROM x\n// comment\n",
    "jinja": "FROM x\n{% if a %}\nRUN y\n{% endif %}\n",
    "open heredoc": "FROM x\nRUN <<EOF\n",
    "binary": bytes(range(256)),
    "nul": "FROM x\0\n",
    "latin-1": "FROM x\n# caf\xe9\n".encode("latin-1"),
    "long line": "FROM x\nRUN " + "a" * 1_000_000 + "\n",
    "braces": "FROM ${" * 5000,
    "50 MB": b"FROM x\n" + b"RUN true\n" * 5_600_000,
}


@pytest.mark.parametrize("what", DOCKERFILES)
def test_dockerfile_that_is_none(tmp_path: Path, what: str) -> None:
    with_good(tmp_path, "Dockerfile", DOCKERFILES[what])
    before = (tmp_path / "Dockerfile").read_bytes()
    start = time.process_time()
    ran = run("--fix", "--unsafe-fixes", "--output-format", "concise", cwd=tmp_path)
    assert time.process_time() - start < 5
    assert ran.out.startswith("Dockerfile:")
    assert ran.out.count("\n") == ran.out.count("error[unparsable-file]") == 1
    assert ran.code == (2 if "Cannot read the file" in ran.out else 1)
    assert (tmp_path / "Dockerfile").read_bytes() == before
    assert (tmp_path / GOOD).read_text() == FIXED


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "deploy.sh", "Makefile"])
def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with_good(tmp_path, name, FIXED)
    deny(monkeypatch, str(tmp_path / name), errno.EACCES)
    ran = run("--fix", cwd=tmp_path)
    assert ran.code == 2
    assert ran.out.startswith(f"{name}:1:1: error[unparsable-file] Cannot read the file: permission denied. ")
    assert ran.err == ""
    assert (tmp_path / GOOD).read_text() == FIXED
    assert run(name, cwd=tmp_path).code == run("--exit-zero", name, cwd=tmp_path).code == 2


DEPLOY = "#!/bin/bash\nset -e\ndocker build -t x .\ndocker push x\n"
POWERSHELL = """\
param([string]$Tag = "latest")
$ErrorActionPreference = "Stop"
function Build-Image {
    param($Name)
    Write-Host "Building $Name"
    docker build -t "$Name`:$Tag" .
    if ($LASTEXITCODE -ne 0) { throw "failed" }
}
Build-Image -Name shop
"""
JOBS = "on: push\njobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - run: docker build -t x .\n"
LATIN_1 = "not UTF-8 text (byte 0xe9 on line"
SCRIPTS = {
    "script in Latin-1": ("deploy.sh", f"{DEPLOY}# caf\xe9\n".encode("latin-1"), LATIN_1, 2),
    "script in UTF-16": ("deploy.sh", DEPLOY.encode("utf-16"), None, 0),
    "script with a NUL": ("deploy.bash", f"{DEPLOY}\0\n", "a NUL character on line 5", 2),
    "script of 50 MB": ("deploy.sh", DEPLOY + "# a comment\n" * 4_500_000, "larger than 10 MiB", 2),
    "script in PowerShell": ("deploy.sh", POWERSHELL, "This is PowerShell, which no shell runs", 1),
    "script in PowerShell of other things": ("tidy.sh", POWERSHELL.replace("docker", "dotnet"), None, 0),
    "script that writes PowerShell": ("x.sh", f"cat > docker.ps1 <<'E'\n{POWERSHELL}E\n", None, 0),
    "script that is binary": ("deploy.sh", bytes(range(256)), None, 0),
    "script in Latin-1 of other things": ("tidy.sh", b"#!/bin/sh\nrm -rf caf\xe9\n", None, 0),
    "workflow in Latin-1": (".github/workflows/x.yml", f"{JOBS}# caf\xe9\n".encode("latin-1"), LATIN_1, 2),
    "workflow that is no YAML": (".github/workflows/x.yml", f"{JOBS}     - run: x\n", "", 1),
    "workflow with a key twice": (".github/workflows/x.yml", f"{JOBS}on: push\n", "is already defined", 1),
    "workflow that is a template": (".github/workflows/x.yml", f"{{% if a %}}\n{JOBS}{{% endif %}}\n", "a template", 1),
    "workflow of other things": (".github/workflows/x.yml", "on: push\non: pull\njobs: {}\n", None, 0),
    "action that is no YAML": ("build/action.yml", "runs: {using: composite\n# docker build\n", "", 1),
    "action of another program": ("action.yml", "- docker: [\n", "", 1),
    "GitLab's file": (".gitlab-ci.yml", "deploy:\n  script:\n   - docker build .\n  - x\n", "", 1),
    "Makefile in Latin-1": ("Makefile", b"all:\n\tdocker build .  # caf\xe9\n", LATIN_1, 2),
    "package.json in Latin-1": ("package.json", b'{"scripts": {"deploy": "docker build . # caf\xe9"}}', LATIN_1, 2),
    "package.json with a key twice": ("package.json", '{"a": "docker", "a": 2}', None, 0),
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_file_of_commands_that_cannot_be_read(tmp_path: Path, what: str) -> None:
    """Only one that speaks of Docker is missed: a repository may have any other files."""
    name, content, message, code = SCRIPTS[what]
    with_good(tmp_path, name, content)
    before = (tmp_path / name).read_bytes()
    ran = run("--fix", "--unsafe-fixes", "--output-format", "concise", cwd=tmp_path)
    assert (tmp_path / name).read_bytes() == before
    assert (tmp_path / GOOD).read_text() == FIXED
    assert ran.err == ""
    if message is None:
        assert ran == Ran(code, "", "")
        return
    assert ran.code == code
    assert ran.out.startswith(f"{name}:")
    assert ran.out.count("\n") == ran.out.count("error[unparsable-file]") == 1
    assert message in ran.out
    assert run(name, "--exit-zero", cwd=tmp_path).code == (2 if code == 2 else 0)


@pytest.mark.parametrize("name", ["tidy.sh", "Makefile", ".github/workflows/x.yml"])
def test_file_of_commands_that_is_named_and_cannot_be_read(tmp_path: Path, name: str) -> None:
    with_good(tmp_path, name, b"# caf\xe9\n")
    assert run(name, cwd=tmp_path) == Ran(
        2, "Nothing to report in 0 files.\n", f"cachelint: {name}: not UTF-8 text (byte 0xe9 on line 1)\n"
    )
    assert run("--ignore-unknown", name, cwd=tmp_path).code == 0


def test_script_that_leads_outside(tmp_path: Path) -> None:
    write_files(tmp_path, {"deploy.sh": DEPLOY, f"inside/{GOOD}": FIXED})
    (tmp_path / "inside/deploy.sh").symlink_to("../deploy.sh")
    assert run(cwd=tmp_path / "inside").code == 0
    assert run("deploy.sh", cwd=tmp_path / "inside") == Ran(
        2, "Nothing to report in 0 files.\n", "cachelint: deploy.sh: outside the repository\n"
    )


def deny(monkeypatch: pytest.MonkeyPatch, path: str, number: int, mode: int = os.O_RDONLY) -> None:
    """Let opening a path fail: root reads and writes every file, whatever its mode."""
    original = os.open

    def refuse(name: str, flags: int, *args: int, **kwargs: int) -> int:
        if name == path and flags & os.O_ACCMODE == mode:
            raise OSError(number, os.strerror(number), name)
        return original(name, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)


def test_unreadable_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"shut/compose.yaml": STALE, GOOD: STALE})
    original = os.scandir

    def refuse(name: str) -> Iterator[os.DirEntry[str]]:
        if name == str(tmp_path / "shut"):
            raise PermissionError(errno.EACCES, "x", name)
        return original(name)

    monkeypatch.setattr(os, "scandir", refuse)
    ran = run(cwd=tmp_path)
    assert ran.out.startswith(GOOD)


def test_directories_named_like_files(tmp_path: Path) -> None:
    write_files(tmp_path, {"docker-compose.yml/compose.yaml": STALE, "Dockerfile/x": "", "x.sh/y": "", GOOD: STALE})
    compose = "services:\n  web:\n    build: {context: ., args: [GIT_SHA]}\n"
    write_files(
        tmp_path, {"compose.yaml": compose, ".dockerignore/x": "", ".cachelint.yaml/x": "", "pyproject.toml/x": ""}
    )
    assert run("--fix", cwd=tmp_path).code == 0
    assert (tmp_path / "docker-compose.yml/compose.yaml").read_text() == FIXED
    assert run("docker-compose.yml", "Dockerfile", cwd=tmp_path).code == 0


def fifo(path: str) -> None:
    """A FIFO nobody writes to."""
    os.mkfifo(path)


def unix_socket(path: str) -> None:
    """A socket nobody answers at; its own name may only be short."""
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(os.path.basename(path))
    finally:
        os.chdir(before)


def zero(path: str) -> None:
    """A link to a device that never ends."""
    os.symlink("/dev/zero", path)


@pytest.mark.parametrize("make", [fifo, unix_socket, zero])
@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "Dockerfile.dockerignore", "odd"])
def test_what_is_no_file_does_not_hang(tmp_path: Path, make: Callable[[str], None], name: str) -> None:
    write_files(tmp_path, {GOOD: STALE})
    make(str(tmp_path / name))
    assert run("--output-format", "concise", cwd=tmp_path).out.startswith(GOOD)
    ran = run(name, cwd=tmp_path)
    if name == "Dockerfile.dockerignore":
        assert ran.code == 0
    else:
        assert ran.code == 2
        reasons = ("not a regular file", "no such device or address", "outside the repository")
        assert any(reason in ran.out + ran.err for reason in reasons)


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore", "package.json"])
def test_fifo_in_a_build_context_does_not_hang(tmp_path: Path, name: str) -> None:
    dockerfile = "FROM x\nCOPY . .\nRUN npm install\nRUN npm run build\n"
    write_files(tmp_path, {"compose.yaml": FIXED, "Dockerfile": dockerfile, "a.js": ""})
    with contextlib.suppress(FileNotFoundError):
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    assert run("--fix", "--unsafe-fixes", cwd=tmp_path).code in (0, 1)


OUTSIDE = [
    "/etc/passwd",
    "../secret",
    "../../../../../../../../etc/passwd",
    "sub/../../secret",
    "link",
    "linked/passwd",
]


@pytest.mark.parametrize("git", [True, False])
@pytest.mark.parametrize("target", OUTSIDE)
def test_build_that_points_outside(tmp_path: Path, target: str, git: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"secret": "FROM x\nroot:secret\n"})
    inside = tmp_path / "inside"
    texts = {
        "a/compose.yaml": f"services:\n  web:\n    build:\n      context: ..\n      dockerfile: {target}\n",
        "b/compose.yaml": f"services:\n  web:\n    build:\n      context: {target}\n",
        "c/compose.yaml": f"services:\n  web:\n    build: {target}\n",
        "d/compose.yaml": f"services:\n  web:\n    extends: {{file: {target}, service: x}}\n    build: .\n",
        "e/compose.yaml": f"include: [{target}]\nservices:\n  web:\n    env_file: {target}\n    build: .\n",
        "f/Dockerfile": f"FROM x\nCOPY {target} .\nRUN npm ci\n",
    }
    write_files(inside, texts)
    (inside / "link").symlink_to("/etc/passwd")
    (inside / "linked").symlink_to("/etc")
    if git:
        subprocess.run(["git", "init", "-q", str(inside)], check=True)
    opened: list[str] = []
    original = source_module.read_source
    monkeypatch.setattr(
        "cachelint.workspace.read_source", lambda path: opened.append(os.path.realpath(path)) or original(path)
    )
    ran = run("--fix", "--unsafe-fixes", cwd=inside)
    assert ran.code in (0, 1)
    assert "root:" not in ran.out + ran.err
    assert [path for path in opened if not path.startswith(f"{inside}{os.sep}")] == []
    assert (tmp_path / "secret").read_text() == "FROM x\nroot:secret\n"


class TestWriting:
    """A file that cannot be written stays as it was; the others are still done; nothing is left lying about."""

    def failing(self, directory: Path, reason: str) -> None:
        before = read_files(directory)
        ran = run("--fix", cwd=directory)
        assert ran.code == 2
        assert ran.out.startswith("a/compose.yaml:5:14: warning[inline-cache]")
        assert f"a/compose.yaml: not fixed [*]: not written: {reason}\n" in ran.out
        assert ran.out.endswith("Fixed 1 problem. Found 1 warning in 2 files (1 fixable with --fix).\n")
        assert ran.err == ""
        assert read_files(directory) == {**before, GOOD: FIXED}

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        """Two files to fix."""
        return write_files(tmp_path, {"a/compose.yaml": STALE, GOOD: STALE})

    @pytest.mark.parametrize("function", ["write", "fsync", "fchmod", "replace"])
    def test_disk_that_is_full(self, directory: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
        calls = iter(range(100))
        original = getattr(os, function)

        def fail_once(*args: object) -> object:
            if next(calls) == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(*args)

        if function == "write":
            self._on_a_small_disk(directory)
        else:
            monkeypatch.setattr(os, function, fail_once)
            self.failing(directory, "no space left on device")

    def _on_a_small_disk(self, directory: Path) -> None:
        with mounted(directory / "a", "size=8k"):
            write_files(directory / "a", {"compose.yaml": STALE, "filler": b"x" * 4096})
            self.failing(directory, "no space left on device")

    def test_file_system_that_is_read_only(self, directory: Path) -> None:
        with mounted(directory / "a", "size=64k"):
            write_files(directory / "a", {"compose.yaml": STALE})
            subprocess.run(["mount", "-o", "remount,ro", str(directory / "a")], check=True)
            self.failing(directory, "read-only file system")
            assert run("--diff", cwd=directory).out.startswith("--- a/a/compose.yaml")

    def test_file_that_is_write_protected(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        deny(monkeypatch, str(directory / "a/compose.yaml"), errno.EACCES, os.O_WRONLY)
        self.failing(directory, "permission denied")

    def test_file_that_changes_meanwhile(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        changed = STALE + "# somebody was here\n"
        on_first_write(monkeypatch, lambda: write_files(directory, {"a/compose.yaml": changed}))
        ran = run("--fix", cwd=directory)
        assert ran.code == 2
        assert "a/compose.yaml: not fixed [*]: not written: changed on disk while it was being checked\n" in ran.out
        assert read_files(directory) == {"a/compose.yaml": changed, GOOD: FIXED}

    def test_file_that_vanishes_meanwhile(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        on_first_write(monkeypatch, (directory / "a/compose.yaml").unlink)
        ran = run("--fix", cwd=directory)
        assert ran.code == 2
        assert "not written: no such file or directory\n" in ran.out
        assert read_files(directory) == {GOOD: FIXED}

    def test_interrupted_write_leaves_nothing(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*args: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        assert run("--fix", cwd=directory) == Ran(2, "", "cachelint: interrupted\n")
        assert read_files(directory) == {"a/compose.yaml": STALE, GOOD: STALE}

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
    def test_owner_and_mode_stay(self, directory: Path) -> None:
        path = directory / "a/compose.yaml"
        path.chmod(0o640)
        os.chown(path, 1234, 2345)
        assert run("--fix", cwd=directory).code == 0
        state = path.stat()
        assert (state.st_uid, state.st_gid, state.st_mode & 0o7777) == (1234, 2345, 0o640)


def on_first_write(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Do something behind cachelint's back, when it has made up its mind and is about to write."""
    from cachelint import lint_command

    original = lint_command.write_source
    pending = [action]

    def write(source: source_module.SourceFile, text: str) -> None:
        if pending:
            pending.pop()()
        original(source, text)

    monkeypatch.setattr(lint_command, "write_source", write)


@contextlib.contextmanager
def mounted(directory: Path, options: str) -> Iterator[None]:
    """A small file system of its own at a directory; skips the test where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "cachelint-test", str(directory)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(directory)], check=True)


X_ARGS = "x-a: &a\n  BUILDKIT_INLINE_CACHE: '1'\nservices:\n  w:\n    build:\n      args:\n        <<: *a\n"
HEREDOC = '# syntax=docker/dockerfile:1\n# escape=`\nFROM x\nRUN <<EOF cat `\n a\nEOF\nEOF\nCOPY --from=0 ["a", "b"]\n'
SAMPLES = [
    X_ARGS,
    HEREDOC,
    STALE,
    FIXED.replace("\n", "\r\n"),
    "services:\n  w:\n    # cachelint: ignore[inline-cache] why\n    build:\n      args:\n      - A=1\n      - B\n",
    "services:\n  w:\n    build:\n      args:\n      # off?\n      - BUILDKIT_INLINE_CACHE=1\n    image: x\n",
    "version: '3'\nservices: {w: {build: ., image: !reset a, extends: {service: v}}, v: {build: {args: null}}}\n",
    "FROM node AS a\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nFROM a\nARG GIT_SHA\nRUN y\n",
    "FROM node\nCOPY . .\nRUN npm ci\n# cachelint: ignore[x]\nENTRYPOINT x\n",
]
GLUE = [
    "\n",
    " ",
    "\t",
    ":",
    "- ",
    "&a",
    "*a",
    "<<: ",
    "'",
    '"',
    "[",
    "{",
    "}",
    "#",
    "\\",
    "${",
    "\r",
    "\ufeff",
    "!t ",
    "| ",
    "? ",
]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sample with pieces cut out, doubled, and put in."""
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(0, 4))):
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        piece = draw(st.sampled_from([text[start:end], "", *GLUE]) | st.text(max_size=5))
        text = text[:start] + piece + text[draw(st.sampled_from([start, end])) :]
    return text.encode("utf-8", "surrogatepass")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compose=mangled() | st.binary(max_size=60),
    dockerfile=mangled() | st.binary(max_size=60),
    ignore=st.binary(max_size=20),
    options=st.sampled_from(
        [
            ("--output-format", "text"),
            ("--output-format", "json"),
            ("--output-format", "sarif"),
            ("--output-format", "github"),
            ("--diff", "--unsafe-fixes"),
            ("--fix", "--unsafe-fixes", "--output-format", "concise"),
        ]
    ),
)
def test_anything_at_all(
    tmp_path: Path, compose: bytes, dockerfile: bytes, ignore: bytes, options: tuple[str, ...]
) -> None:
    files = {
        "compose.yaml": compose,
        "Dockerfile": dockerfile,
        ".dockerignore": ignore,
        "package.json": "{}",
        "a.js": "",
    }
    write_files(tmp_path, files)
    ran = run(*options, cwd=tmp_path)
    assert ran.code in (0, 1, 2)
    assert "internal error" not in ran.err
    assert "Traceback" not in ran.err
    if "--fix" in options:
        again = run(*options, cwd=tmp_path)
        assert again.out == ran.out


@pytest.mark.parametrize("number", ["9" * 5000, "²", "٣"], ids=["too long", "raised", "arabic"])
def test_numbers_that_python_reads_otherwise(tmp_path: Path, number: str) -> None:
    functions = [f'{{ shift {number}; "$@"; }}', f'{{ shift {number}; eval "$1"; }}', f'{{ eval "${number}"; }}']
    script = "".join(f"f{at}() {body}\nf{at} a docker build .\n" for at, body in enumerate(functions))
    files = {
        "Dockerfile": f"FROM alpine AS a\nFROM alpine\nCOPY --from={number} /x /y\nCOPY . .\nRUN make\n",
        "compose.yaml": f"services:\n  web:\n    build: .\n    shm_size: {number}\n",
        "deploy.sh": script,
        "bake.json": f'{{"target": {{"a": {{"context": ".", "x": {number}}}}}}}',
        "build.log": f"#{number} [1/2] RUN x\n#1 [a {number}/{number}] RUN x\n[+] Building 1.0s ({number}/{number})\n",
    }
    write_files(tmp_path, files)
    for command in ((), ("plan",), ("config",), ("log", "build.log")):
        ran = run(*command, cwd=tmp_path)
        assert ran.code in (0, 1, 2)
        assert "internal error" not in ran.err
        assert "digits" not in ran.err


HOSTILE = ["${x:-(" + "$aaaa" * 40, "x=$(cd" + " " * 20_000 + ")", "x=$(readlink -" + "f" * 50_000 + ")"]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda one: one[:8])
def test_a_script_that_would_be_searched_again_and_again(tmp_path: Path, text: str) -> None:
    write_files(tmp_path, {"deploy.sh": f"cd app\n{text}\ndocker build .\n", "Dockerfile": "FROM alpine\n"})
    start = time.process_time()
    run(cwd=tmp_path)
    assert time.process_time() - start < 5


LONG = 30_000
SEARCHED = {
    "deploy.sh": [
        f"cp -{'a' * LONG}1 -x one two\ndocker build .\n",
        f"${'sudo' * LONG}! docker build .\n",
        f"echo {'{,' * LONG}\ndocker build .\n",
        f"echo {'[x' * LONG}\ndocker build .\n",
        f"""X="$(echo '(' '{"${" * 3 * LONG}')"\n$X build .\n""",
        f"A='{' ' * LONG}' docker build --build-arg BUILDKIT_INLINE_CACHE=1 .\n",
        f"{'clean' * LONG} x\ndocker build .\n",
        f"git reset --hard {'a' * LONG}+\ndocker build .\n",
        f"echo {'$a ' * LONG}\ndocker build .\n",
    ],
    ".github/workflows/deploy.yml": [
        f"jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: docker build{' ' * LONG}.\n",
        f'jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: "docker build{" " * LONG}."\n',
        f"jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: rm -rf .next\n      if: {'a' * LONG}\n",
        f"jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: docker build {'${{' * LONG} .\n",
    ],
    "compose.yaml": [
        f"services:\n  a: {{build: {{context: ., args: {{BUILDKIT_INLINE_CACHE: 1{' ' * LONG}}}}}}}\n",
        f"services:\n  a:\n    build: {{context: . {' ' * LONG}, args: [BUILDKIT_INLINE_CACHE=1 {' ' * LONG} ]}}\n",
    ],
    "Makefile": [
        f"{' ' * LONG}x\na:\n\tdocker build .\n",
        f"A = x{' ' * LONG}y\na:\n\tdocker build $(A)\n",
        f"a:\n\tdocker build {'$(' * LONG}\n",
        f"A = {'$(B) ' * LONG}\nB = x\na:\n\tdocker build $(A)\n",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in SEARCHED.items() for text in texts])
def test_a_line_that_would_be_searched_again_and_again(tmp_path: Path, name: str, text: str) -> None:
    service = "build: .\n    volumes: ['.:/app', '/app/venv', '/app/dist']"
    files = {"Dockerfile": "FROM alpine\nCOPY . .\n", "compose.yaml": f"services:\n  a:\n    {service}\n", name: text}
    write_files(tmp_path, files)
    start = time.process_time()
    ran = run("--unsafe-fixes", "--diff", cwd=tmp_path)
    assert ran.code in (0, 1, 2)
    assert "internal error" not in ran.err
    assert time.process_time() - start < 5


LONG_MAKEFILES = {
    "many rules": "".join(f"t{n}:\n\techo docker {n}\n" for n in range(10_000)),
    "a row of needs": "".join(f"deploy{n}: deploy{n + 1}\n\tdocker build {n}\n" for n in range(1_500)),
    "a row of calls": "".join(
        f"deploy{n}:\n\tmake deploy{n + 1}\n\tmake deploy{n + 1}\n\tdocker build {n}\n" for n in range(1_500)
    ),
}


@pytest.mark.parametrize("name", LONG_MAKEFILES)
def test_rules_of_make_in_a_long_row(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, {"Makefile": LONG_MAKEFILES[name], "Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n"})
    start = time.process_time()
    ran = run(cwd=tmp_path)
    assert ran.code in (0, 1)
    assert ran.err == ""
    assert time.process_time() - start < 10


@pytest.mark.parametrize("line", ["#1 [{}x", "[+] Building 1.0s (1/2)\n => CACHED x{}y"])
def test_a_log_line_that_would_be_searched_again_and_again(tmp_path: Path, line: str) -> None:
    files = {"build.log": f"{line.format(' ' * LONG)}\n", "compose.yaml": "services: {a: {build: .}}\n"}
    write_files(tmp_path, files)
    start = time.process_time()
    run("log", "build.log", cwd=tmp_path)
    assert time.process_time() - start < 5


def test_includes_that_double_at_each_step_end(tmp_path: Path) -> None:
    depth = 30
    for number in range(depth):
        following = f"part{number + 1}.yml"
        text = f"include: [{following}, ./{following}]\nservices:\n  s{number}:\n    image: x\n"
        (tmp_path / f"part{number}.yml").write_text(text)
    (tmp_path / f"part{depth}.yml").write_text("services:\n  last:\n    image: x\n")
    (tmp_path / "compose.yaml").write_text("include: [part0.yml]\nservices:\n  web:\n    image: x\n")
    ran = run("--isolated", cwd=tmp_path)
    assert "more than 1,000 files are included" in ran.out
    assert ran.out.count("more than 1,000 files") == 1
