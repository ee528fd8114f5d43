"""`cachelint prune-step --write`: scripts and workflows on disk."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from tests.prune.stage import Stage
from tests.support import read_files, run, write_files

EXAMPLE = Path(__file__).parents[2] / "examples" / "stale-deploy" / "before"
TWO = ("before", "after")

SCRIPT = "#!/bin/bash\nset -e\ndocker compose build\ndocker compose up -d\n"
REMOTE = "#!/bin/bash\nssh prod docker compose build\n"
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: [self-hosted]
    steps:
    - uses: actions/checkout@v4

    # Build it.
    - name: Build
      if: github.ref == 'refs/heads/main'
      run: docker compose build

    - run: docker compose up -d
"""
STEP = """\
    # BuildKit skips files of unchanged size and time, so have it read them all.
    - name: Drop the source files that Docker kept
      if: github.ref == 'refs/heads/main'
      run: docker builder prune --force --filter type=source.local

    # Build it.
"""


def test_script(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT})
    (tmp_path / "deploy.sh").chmod(0o755)
    done = run("prune-step", "--scope", "context", "--write", "deploy.sh", cwd=tmp_path)
    assert (done.code, done.out) == (0, "context: `context` was asked for\ndeploy.sh:3: wrote the step\n")
    text = read_files(tmp_path)["deploy.sh"]
    assert text.index("builder prune") < text.index("compose build")
    assert (tmp_path / "deploy.sh").stat().st_mode & 0o777 == 0o755

    again = run("prune-step", "--scope", "context", "--write", "deploy.sh", cwd=tmp_path)
    assert (again.code, again.out.splitlines()[1:]) == (0, ["deploy.sh: has it already"])
    assert read_files(tmp_path) == {"deploy.sh": text}


def test_diff_writes_nothing(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT})
    done = run("prune-step", "--write", "deploy.sh", "--diff", cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("--- a/deploy.sh\n+++ b/deploy.sh\n@@")
    assert read_files(tmp_path) == {"deploy.sh": SCRIPT}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "./update.sh && docker compose build && docker compose up -d\n",
            "what runs between its place and the build may bring another commit, or go to another directory",
        ),
        ("sudo docker compose build\n", "the build runs as another user, who may not get the variable"),
        (
            "docker compose build web\ngit pull\ndocker compose build api\n",
            "another commit is brought between the builds behind it",
        ),
    ],
)
def test_no_line_for_the_commit(script, reason, tmp_path):
    write_files(tmp_path, {"deploy.sh": f"#!/bin/bash\n{script}", "Dockerfile": "FROM a\nCOPY . .\nARG GIT_SHA\n"})
    shown = run("prune-step", "--write", "deploy.sh", "--diff", cwd=tmp_path)
    assert (shown.code, shown.err) == (1, f"cachelint: deploy.sh:2: no commit: {reason}\n")
    done = run("prune-step", "--scope", "context", "--write", "deploy.sh", cwd=tmp_path)
    assert done.code == 0
    assert f"deploy.sh:2: no line tells it its commit: {reason}. Write right before this build:\n" in done.out
    assert '    export GIT_COMMIT_HASH="$(git rev-parse HEAD || true)"\n' in done.out
    assert "rev-parse" not in read_files(tmp_path)["deploy.sh"]


def test_a_commit_from_elsewhere(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT, ".env": "GIT_COMMIT_HASH=1\n"})
    done = run("prune-step", "--scope", "context", "--write", "deploy.sh", cwd=tmp_path)
    assert done.code == 0
    assert "deploy.sh:3: no line tells it its commit: GIT_COMMIT_HASH may have its value from elsewhere\n" in done.out


def test_no_certain_place(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT, "remote.sh": REMOTE})
    done = run("prune-step", "--write", "deploy.sh", "remote.sh", cwd=tmp_path)
    assert done.code == 1
    assert "remote.sh:2: no step written: the build runs on another machine, in words of one line." in done.out
    assert "    docker builder prune --force --filter type=source.local || exit 1\n" in done.out
    assert read_files(tmp_path)["remote.sh"] == REMOTE
    assert read_files(tmp_path)["deploy.sh"] != SCRIPT


BUILD = "docker build -t x .\n"
MISTAKES = {
    "an open block": ("a.sh", f"if true; then\n{BUILD}", "a.sh:"),
    "an open quote": ("a.sh", f"{BUILD}echo 'x\n", "a.sh:2: "),
    "PowerShell": (
        "a.sh",
        f'param([string]$Tag = "x")\nfunction Build {{\n  param($Name)\n  {BUILD}  if ($X -ne 0) {{ throw "x" }}\n}}\n',
        "a.sh:1: ",
    ),
    "Latin-1": ("a.sh", f"# caf\xe9\n{BUILD}".encode("latin-1"), "a.sh: not UTF-8 text"),
    "binary": ("a.sh", bytes(range(256)), "a.sh: not UTF-8 text"),
    "a NUL": ("a.sh", f"{BUILD}\0", "a.sh: not text"),
    "no YAML": (".github/workflows/a.yml", f"{WORKFLOW}   - run: x\n", ".github/workflows/a.yml:"),
    "GitLab's file": (".gitlab-ci.yml", "a:\n  script: [docker build .\n", ".gitlab-ci.yml:"),
}


@pytest.mark.parametrize("what", MISTAKES)
@pytest.mark.parametrize("more", [[], ["--diff"]], ids=["write", "diff"])
def test_what_cannot_be_understood(tmp_path, what, more):
    name, content, complaint = MISTAKES[what]
    write_files(tmp_path, {name: content})
    before = (tmp_path / name).read_bytes()
    done = run("prune-step", "--write", name, *more, cwd=tmp_path)
    assert done.code == 2
    assert f"cachelint: {complaint}" in done.err
    assert "nothing is built there" not in done.out
    assert (tmp_path / name).read_bytes() == before


def test_what_is_to_be_pasted_into_a_makefile_has_its_tabs(tmp_path):
    makefile = "deploy:\n\tdocker compose build\n\tdocker compose up -d\n"
    write_files(tmp_path, {"Makefile": makefile})
    done = run("prune-step", "--scope", "layers", "--write", "Makefile", cwd=tmp_path)
    assert done.code == 1
    assert "    prune-build-cache:\n    \tdocker builder prune --force --filter type=source.local\n" in done.out
    pasted = "".join(f"{line[4:]}\n" for line in done.out.splitlines() if line.startswith("    "))
    write_files(tmp_path, {"Makefile": pasted + makefile.replace("deploy:", "deploy: prune-build-cache")})
    planned = subprocess.run(["make", "-n", "deploy"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert planned.stdout.splitlines()[1:3] == [
        "docker builder prune --all --force --filter type=regular",
        "docker compose build",
    ]


def test_json(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT, "remote.sh": REMOTE})
    done = run("prune-step", "--write", "deploy.sh", "remote.sh", "--output-format", "json", cwd=tmp_path)
    answer = json.loads(done.out)
    assert (done.code, answer["version"], answer["scope"]) == (1, 1, "context")
    assert answer["commands"] == ["docker builder prune --force --filter type=source.local"]
    (insertion,), (refused,) = answer["insertions"], answer["refused"]
    assert (insertion["path"], insertion["line"]) == ("deploy.sh", 3)
    assert insertion["text"] in read_files(tmp_path)["deploy.sh"]
    assert sorted(refused) == ["line", "path", "reason", "text"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_workflow(tmp_path, newline):
    write_files(tmp_path, {".github/workflows/deploy.yml": WORKFLOW.replace("\n", newline)})
    name = ".github/workflows/deploy.yml"
    assert run("prune-step", "--scope", "context", "--write", name, cwd=tmp_path).code == 0
    expected = WORKFLOW.replace("    # Build it.\n", STEP).replace("\n", newline)
    assert read_files(tmp_path)[name] == expected
    assert run("prune-step", "--scope", "context", "--write", name, cwd=tmp_path).code == 0
    assert read_files(tmp_path)[name] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SCRIPT, "--write deploy.sh --for make"),
        (SCRIPT, "--diff"),
        (SCRIPT, "--write deploy.sh --diff --output-format json"),
        (SCRIPT, "--write missing.sh"),
        (SCRIPT, "--write -"),
        (SCRIPT, "--write compose.yaml"),
    ],
)
def test_usage(tmp_path, text, words):
    write_files(tmp_path, {"deploy.sh": text, "compose.yaml": "services: {}\n"})
    done = run("prune-step", *words.split(), cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert read_files(tmp_path)["deploy.sh"] == text


def test_a_file_that_cannot_be_written(tmp_path):
    write_files(tmp_path, {"deploy.sh": SCRIPT})
    (tmp_path / "deploy.sh").chmod(0o444)
    tmp_path.chmod(0o555)
    done = run("prune-step", "--write", "deploy.sh", cwd=tmp_path)
    tmp_path.chmod(0o755)
    assert done.code in (0, 2)  # root may write everywhere


def test_the_example_is_migrated_and_a_second_run_changes_nothing(tmp_path):
    copytree(EXAMPLE, tmp_path / "site")
    names = ["scripts/deployment/build-docker-images.sh", "scripts/deployment/clear-app-cache.sh"]
    names.append(".github/workflows/clear-caches.yml")
    arguments = ["prune-step", "--scope", "context", "--write", *names]
    assert run(*arguments, cwd=tmp_path / "site").code == 0
    written = read_files(tmp_path / "site")
    assert [written[name].count("docker builder prune") for name in names] == [3, 1, 1]
    assert run(*arguments, cwd=tmp_path / "site").code == 0
    assert read_files(tmp_path / "site") == written


@pytest.mark.parametrize(
    ("script", "ways"),
    [
        ("build-docker-images.sh", {"frontend": 1, "backend": 1, "all": 1, "--help": 0, "nonsense": 0}),
        ("clear-app-cache.sh", {"frontend": 0, "backend": 0, "all": 1, "--help": 0, "nonsense": 0}),
    ],
)
def test_the_fixed_example_does_what_it_did(tmp_path, script, ways):
    (tmp_path / "backend").mkdir()
    (tmp_path / "scripts" / "deployment").mkdir(parents=True)
    stage = Stage(tmp_path / "scripts" / "deployment")
    before, after = ((EXAMPLE.with_name(name) / "scripts" / "deployment" / script).read_text() for name in TWO)
    for way, prunes in ways.items():
        old, new = stage.play(before, way), stage.play(after, way)
        assert (new.code, new.without_prune) == (old.code, old.without_prune)
        assert [one.is_prune for one in new.calls].count(True) == prunes
        assert not prunes or new.calls[0].is_prune
        failing = stage.play(after, way, PRUNE_EXIT="1")
        if prunes:
            assert failing.code != 0
            assert failing.without_prune == []
            assert not re.search("All caches cleared|are up|is up", failing.output)


def test_a_link_to_a_script_elsewhere_is_refused(tmp_path):
    (tmp_path / "elsewhere.sh").write_text("docker compose build\n")
    site = tmp_path / "site"
    write_files(site, {"compose.yaml": "services: {web: {build: .}}\n", "Dockerfile": "FROM alpine\nCOPY . .\n"})
    (site / "deploy.sh").symlink_to("../elsewhere.sh")
    ran = run("prune-step", "--write", "deploy.sh", cwd=site)
    assert (ran.code, ran.out, ran.err) == (2, "", "cachelint: deploy.sh: outside the repository\n")
    assert (tmp_path / "elsewhere.sh").read_text() == "docker compose build\n"


@pytest.mark.parametrize("command", [["--diff"], ["prune-step", "--write", "deploy.sh", "--diff"]])
def test_a_diff_on_a_terminal_has_no_escape_sequences_of_the_file(tmp_path, command):
    files = {"compose.yaml": "services: {web: {build: .}}\n", "Dockerfile": "FROM alpine\nCOPY . .\n"}
    write_files(tmp_path, {**files, "deploy.sh": "echo '\x1b]0;x\x07\t'\ndocker compose build\ndocker compose up -d\n"})
    ours, theirs = pty.openpty()
    try:
        words = [sys.executable, "-m", "cachelint", *command]
        environment = {**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[2])}
        subprocess.run(words, cwd=tmp_path, env=environment, stdout=theirs, stderr=subprocess.PIPE, check=False)
        shown = os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"builder prune" in shown
    assert rb"\x1b]0;x\x07" in shown
    assert b"\x1b" not in shown
    assert b"\t" in shown or b"        " in shown
