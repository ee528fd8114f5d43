"""The step as text to paste: whole scripts, steps and Makefiles that other programs understand."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from cachelint.prune.decision import Cause, chosen, decide
from cachelint.prune.paste import PASTE
from cachelint.prune.scope import Scope
from tests.support import SHELLCHECK, run, write_files

STALE = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n",
    "Dockerfile": "FROM alpine\nRUN git clone https://example.com/shop/web.git /src\nARG GIT_SHA\nCOPY . .\nRUN make\n",
}
FRESH = {**STALE, "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN make\n"}

DEFAULTED = {**FRESH, "compose.yaml": FRESH["compose.yaml"].replace("${GIT_SHA}", "${GIT_SHA:-dev}")}
SCRIPT = "#!/bin/bash\nset -e\ndocker compose build\ndocker compose up -d\n"

each = pytest.mark.parametrize(("scope", "tolerant"), [(scope, tolerant) for scope in Scope for tolerant in (0, 1)])


def execute(*command: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def paste(language, scope, tolerant):
    return PASTE[language](chosen(scope), "GIT_COMMIT_HASH", bool(tolerant))


@each
@pytest.mark.parametrize("shebang", ["#!/bin/bash", "#!/bin/bash\nset -euo pipefail"])
def test_bash(scope, tolerant, shebang, tmp_path):
    script = tmp_path / "deploy.sh"
    script.write_text(f"{shebang}\n{paste('bash', scope, tolerant)}")
    assert execute("bash", "-n", script).stderr == ""
    assert execute(SHELLCHECK, script).stdout == ""


@each
def test_github(scope, tolerant):
    steps = YAML(typ="safe").load(paste("github", scope, tolerant))
    assert [sorted(step) for step in steps] == [["name", "run"], ["name", "run"]]
    assert steps[0]["run"].count("docker builder prune") == 1 + (scope is Scope.LAYERS)
    checked = execute(SHELLCHECK, "--shell=bash", "-", input=steps[0]["run"])
    assert checked.stdout == ""


@each
def test_make(scope, tolerant, tmp_path):
    makefile = write_files(tmp_path, {"Makefile": paste("make", scope, tolerant), "bin/docker": "#!/bin/sh\nexit 3\n"})
    (makefile / "bin" / "docker").chmod(0o755)
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    done = execute("make", "-C", tmp_path, "prune-build-cache", env={"PATH": path})
    assert (done.returncode == 0) == bool(tolerant)


def test_nothing_ends_where_there_is_no_commit(tmp_path):
    """Neither a missing git nor a directory that is no checkout."""
    write_files(tmp_path, {"Makefile": f"{paste('make', Scope.CONTEXT, 0)}\nbuild: prune-build-cache\n\techo built\n"})
    write_files(tmp_path, {"bin/docker": "#!/bin/sh\n"})
    (tmp_path / "bin" / "docker").chmod(0o755)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "GITHUB_ENV": str(tmp_path / "env"), "HOME": str(tmp_path)}
    options = {"cwd": tmp_path, "env": environment}
    github = "\n".join(step["run"] for step in YAML(typ="safe").load(paste("github", Scope.CONTEXT, 0)))
    assert execute("bash", "-eo", "pipefail", "-c", github, **options).returncode == 0
    assert execute("make", "build", **options).returncode == 0
    assert execute("bash", "-euo", "pipefail", "-c", paste("bash", Scope.CONTEXT, 0), **options).returncode == 0


@pytest.mark.parametrize("path", ["a\nrm -rf ~\n/Dockerfile", "a`id`/Dockerfile", "$(id)/Dockerfile", "a b'"])
def test_no_name_of_a_file_gets_out_of_the_comment(path):
    decision = decide([Cause("cached-fetch", path)])
    assert decision.comment == "All layers, because of cached-fetch; without that, type=source.local is enough."


def test_many_causes_are_counted():
    causes = [Cause("cached-fetch", f"{name}/Dockerfile") for name in "abcde"]
    assert (
        "a/Dockerfile, cached-fetch in b/Dockerfile, cached-fetch in c/Dockerfile and 2 more" in decide(causes).reason
    )


@pytest.mark.parametrize(
    ("files", "scope", "comment"),
    [
        (FRESH, "context", "# BuildKit skips files of unchanged size and time, so have it read them all."),
        (STALE, "layers", "# All layers, because of cached-fetch in Dockerfile; without that,"),
    ],
)
def test_auto(files, scope, comment, tmp_path):
    write_files(tmp_path, files)
    done = run("prune-step", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith(comment)
    assert f'"scope": "{scope}"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out


def test_what_is_silenced_or_switched_off_is_not_open(tmp_path):
    write_files(tmp_path, {**STALE, ".cachelint.yaml": "ignore: [cached-fetch]\n"})
    assert '"scope": "context"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out
    silenced = STALE["Dockerfile"].replace("RUN git", "# cachelint: ignore[cached-fetch] it is small\nRUN git")
    write_files(tmp_path, {"Dockerfile": silenced, ".cachelint.yaml": "ignore: []\n"})
    assert '"scope": "context"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out


@pytest.mark.parametrize("selected", ["select: [inline-cache]\n", "select: [copy-before-install]\n"])
def test_the_findings_count_whatever_is_selected(selected, tmp_path):
    write_files(tmp_path, {**STALE, ".cachelint.yaml": selected})
    assert '"scope": "layers"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out


def test_only_the_builds_of_the_path_count(tmp_path):
    write_files(tmp_path, {f"old/{name}": text for name, text in STALE.items()})
    write_files(tmp_path, {f"new/{name}": text for name, text in FRESH.items()})
    (tmp_path / ".git").mkdir()
    for name, scope in (("old", "layers"), ("new", "context"), (".", "layers")):
        assert f'"scope": "{scope}"' in run("prune-step", name, "--output-format=json", cwd=tmp_path).out


@pytest.mark.parametrize("words", ["--scope half", "nowhere", "-", "--isolated --config x", "--for fish"])
def test_usage(words, tmp_path):
    done = run("prune-step", *words.split(), cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err


FROM = "FROM alpine\nWORKDIR /app\n"
EARLY = f"{FROM}ARG GIT_COMMIT_HASH\nCOPY package.json .\nRUN npm ci\nCOPY src src\nRUN npm run build\n"
MOUNT = f"{FROM}COPY src src\nRUN --mount=type=cache,target=/app/.next npm run build\n"
WEB = "services:\n  web:\n    build:\n      context: .\n"
OPEN = [
    ("cached-fetch", STALE["Dockerfile"], "", "layers"),
    ("cached-fetch", f"{FROM}RUN apk upgrade\nCOPY src src\n", "", "context"),
    ("undeclared-build-arg", f"{FROM}COPY src src\nRUN ./build\n", "      args: [GIT_COMMIT_HASH]\n", "layers"),
    ("undeclared-build-arg", f"{FROM}COPY src src\nRUN ./build\n", "      args: [PORT]\n", "context"),
    ("early-commit-arg", EARLY, "      args: [GIT_COMMIT_HASH]\n", "context"),
    ("volume-over-build", f"{FROM}COPY . .\n", "    volumes: [app:/app]\nvolumes:\n  app:\n", "context"),
    ("host-output-in-context", f"{FROM}COPY package.json .\nRUN npm ci\nCOPY . .\n", "", "context"),
    ("cache-mount-over-output", MOUNT, "", "all"),
]


@pytest.mark.parametrize(("rule", "dockerfile", "compose", "scope"), OPEN)
def test_the_scope_is_the_cheapest_that_cures(rule, dockerfile, compose, scope, tmp_path):
    files = {"package.json": "{}", "src/a.js": "", "Dockerfile": dockerfile, "compose.yaml": WEB + compose}
    write_files(tmp_path, files)
    assert rule in run("--output-format=concise", ".", cwd=tmp_path).out
    assert f'"scope": "{scope}"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out
    (tmp_path / ".cachelint.yaml").write_text(f"severity: {{{rule}: note}}\n")
    assert f'"scope": "{scope}"' in run("prune-step", "--output-format", "json", cwd=tmp_path).out


def test_the_reason_names_what_asks_for_the_most_and_what_is_enough_without_it():
    mount, fetch = Cause("cache-mount-over-output", "Dockerfile"), Cause("cached-fetch", "api/Dockerfile")
    assert decide([mount]).comment == (
        "Everything, because of cache-mount-over-output in Dockerfile; without that, type=source.local is enough."
    )
    both = decide([fetch, mount])
    assert both.scope is Scope.ALL
    assert both.comment.endswith("in Dockerfile; without that, dropping all layers is enough.")
    assert both.reason.endswith("without, `layers` is enough and cheaper")


@pytest.mark.parametrize("language", ["bash", "github", "make"])
@pytest.mark.parametrize(
    ("files", "variable"),
    [
        (FRESH, "GIT_SHA"),
        (DEFAULTED, "GIT_SHA"),
        ({**FRESH, "compose.yaml": FRESH["compose.yaml"].replace("${GIT_SHA}", "$SOURCE")}, "SOURCE"),
        ({**FRESH, "compose.yaml": FRESH["compose.yaml"].replace("GIT_SHA: ${GIT_SHA}", "- GIT_SHA")}, "GIT_SHA"),
        ({**FRESH, "compose.yaml": "services:\n  web:\n    build: .\n"}, "GIT_SHA"),
        ({"Dockerfile": "FROM alpine\n"}, "GIT_COMMIT_HASH"),
        ({**FRESH, "b/compose.yaml": FRESH["compose.yaml"].replace("GIT_SHA", "VCS_REF")}, "GIT_COMMIT_HASH"),
    ],
)
def test_the_commit_is_called_as_the_builds_call_it(files, variable, language, tmp_path):
    done = run("prune-step", "--for", language, str(write_files(tmp_path, files)))
    assert f"{variable}=$(" in done.out or f'{variable}="$(' in done.out or f"{variable} := " in done.out
    assert variable == "GIT_COMMIT_HASH" or "GIT_COMMIT_HASH" not in done.out


def test_a_commit_line_that_is_written_with_the_step_makes_it_cheaper(tmp_path):
    write_files(tmp_path, {**DEFAULTED, "deploy.sh": SCRIPT})
    assert "because of constant-commit-arg" in run("prune-step", cwd=tmp_path).out
    done = run("prune-step", "--write", "deploy.sh", cwd=tmp_path)
    assert done.out.startswith("context: ")
    text = (tmp_path / "deploy.sh").read_text()
    assert "type=regular" not in text
    assert 'export GIT_SHA="$(git rev-parse HEAD || true)"' in text


def test_a_step_that_is_there_without_a_commit_line_stays_as_dear_as_the_finding(tmp_path):
    pruned = SCRIPT.replace(
        "docker compose b", "docker builder prune --force --filter type=source.local\ndocker compose b"
    )
    write_files(tmp_path, {**DEFAULTED, "deploy.sh": pruned})
    assert run("prune-step", "--write", "deploy.sh", cwd=tmp_path).out.startswith("layers: ")
