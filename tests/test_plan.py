"""``cachelint plan``: what it says about good builds, about builds that cannot be planned, and about bad arguments."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support import run, write_files

BEFORE = Path(__file__).parent.parent / "examples" / "stale-deploy" / "before"
COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n"
DOCKERFILE = (
    "FROM node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY src src\nARG GIT_SHA\nRUN npm run build\n"
)
PROJECT = {
    "compose.yaml": COMPOSE,
    "Dockerfile": DOCKERFILE,
    "package.json": "{}\n",
    "src/app.js": "one\n",
    "src/old.js": "old\n",
}
MARKS = {"RUN": "R", "CACHED": "-", "MAYBE": "?"}


@pytest.fixture
def project(tmp_path):
    return write_files(tmp_path, PROJECT)


def plan(directory, *args):
    """The JSON of a plan that must succeed."""
    ran = run("plan", "--output-format", "json", *args, cwd=directory)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def marks(build, column):
    """One character a step: R, - or ?."""
    return "".join(MARKS[step["outcomes"][column]["outcome"]] for step in build["steps"])


def only(directory, *args):
    [build] = plan(directory, *args)["builds"]
    return build


def git(directory, *args):
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", directory, *settings, *args]
    subprocess.run(command, check=True, capture_output=True, env=environment)


@pytest.fixture
def repository(project):
    git(project, "init", "-q")
    commit(project)
    return project


def commit(directory):
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "m")


# The JSON contract


def test_shape_is_the_documented_one(project):
    answer = plan(project)
    assert answer["version"] == 1
    [build] = answer["builds"]
    assert build["service"] == "web"
    assert build["origin"] == {"path": "compose.yaml", "line": 3}
    assert build["dockerfile"] == "Dockerfile"
    assert build["target"] is None
    step = build["steps"][4]
    assert {key: step[key] for key in ("step", "stage", "line", "instruction")} == {
        "step": "[5/6]",
        "stage": "stage-0",
        "line": 5,
        "instruction": "COPY src src",
    }
    assert step["outcomes"]["commit"] == {"outcome": "CACHED", "cause": None}
    assert step["outcomes"]["source"]["outcome"] == "RUN"
    assert "`COPY src src` (line 5)" in step["outcomes"]["source"]["cause"]


def test_columns_without_change_are_commit_source_and_dependencies(project):
    build = only(project)
    assert list(build["steps"][0]["outcomes"]) == ["commit", "source", "dependencies"]
    assert [marks(build, one) for one in ("commit", "source", "dependencies")] == ["-----R", "----RR", "--RRRR"]


def test_change_may_be_repeated_and_paths_share_a_column(project):
    build = only(project, "--change", "src/app.js", "--change", "commit", "--change", "package.json")
    assert list(build["steps"][0]["outcomes"]) == ["commit", "paths"]
    assert marks(build, "paths") == "--RRRR"


def test_a_path_is_taken_from_here_else_from_what_is_planned(project, tmp_path_factory):
    assert marks(only(project / "src", "..", "--change", "app.js"), "paths") == "----RR"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert marks(only(elsewhere, str(project), "--change", "src/app.js"), "paths") == "----RR"


@pytest.mark.parametrize("name", ["src", ".", "src/"])
def test_a_directory_stands_for_what_is_in_it(tmp_path, name):
    dockerfile = "FROM a\nCOPY src/app.js .\nRUN x\n"
    write_files(tmp_path, {"Dockerfile": dockerfile, "src/app.js": "", "src/b.js": ""})
    assert marks(only(tmp_path, "--change", name), "paths") == "-RR"


def test_a_directory_around_the_context_stands_for_all_of_it(tmp_path):
    compose = "services:\n  web:\n    build: ./web\n"
    write_files(tmp_path, {"compose.yaml": compose, "web/Dockerfile": "FROM a\nCOPY x .\n", "web/x": ""})
    assert marks(only(tmp_path, "--change", "."), "paths") == "-R"


def test_a_path_that_is_ignored_re_runs_nothing(project):
    write_files(project, {".dockerignore": "src/old.js\n"})
    build = only(project, "--change", "src/old.js")
    assert marks(build, "paths") == "------"
    assert build["summary"]["paths"] == "a change of src/old.js re-runs nothing"


def test_a_path_outside_of_every_context_is_said(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    ran = run("plan", "--change", str(other), cwd=project)
    assert ran.code == 0
    assert "in no planned build's context" in ran.err


def test_the_dockerfile_as_a_path_asks_for_since(project):
    [note] = only(project, "--change", "Dockerfile")["notes"]
    assert "--since" in note


def test_same_input_gives_same_bytes(project):
    first = [run("plan", "--output-format", name, cwd=project).out for name in ("json", "html", "mermaid", "markdown")]
    again = [run("plan", "--output-format", name, cwd=project).out for name in ("json", "html", "mermaid", "markdown")]
    assert first == again


# The commit argument


def test_a_commit_argument_that_nobody_passes_is_said(project):
    write_files(project, {"compose.yaml": "services:\n  web:\n    build: .\n"})
    build = only(project)
    assert build["summary"]["commit"] == "no commit argument is passed: a new commit by itself re-runs nothing"
    assert marks(build, "commit") == "------"


def test_a_constant_is_no_new_commit(project):
    write_files(project, {"compose.yaml": COMPOSE.replace("${GIT_SHA}", "abc")})
    assert only(project)["summary"]["commit"].startswith("GIT_SHA is passed as a constant: ")


def test_an_argument_from_the_environment_is_passed(project):
    write_files(project, {"compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: [GIT_SHA]\n"})
    assert marks(only(project), "commit") == "-----R"


def test_an_argument_that_another_file_adds_is_passed(project):
    base = "services:\n  web:\n    build: {context: .}\n"
    override = "services:\n  web:\n    build:\n      args: {GIT_SHA: $GIT_SHA}\n"
    write_files(project, {"compose.yaml": base, "compose.override.yaml": override})
    assert marks(only(project), "commit") == "-----R"


def test_the_configured_argument_counts(project):
    write_files(
        project,
        {
            ".cachelint.yaml": "commit-arg: {name: OUR_REV}\n",
            "compose.yaml": COMPOSE.replace("GIT_SHA", "OUR_REV"),
            "Dockerfile": DOCKERFILE.replace("GIT_SHA", "OUR_REV"),
        },
    )
    assert marks(only(project), "commit") == "-----R"
    isolated = only(project, "--isolated")
    assert isolated["summary"]["commit"].startswith("no commit argument is passed")


@pytest.mark.parametrize(
    ("dockerfile", "reason"),
    [
        ("FROM a\nRUN x\nARG GIT_SHA\n", "no RUN below ARG GIT_SHA sees it"),
        ("ARG GIT_SHA\nFROM a\nRUN x\n", "GIT_SHA is declared before FROM only, where no step sees it"),
        ("FROM a\nRUN x\n", "the Dockerfile does not declare GIT_SHA"),
    ],
)
def test_why_a_commit_re_runs_nothing(project, dockerfile, reason):
    write_files(project, {"Dockerfile": dockerfile})
    assert only(project)["summary"]["commit"] == f"a new commit re-runs nothing: {reason}"


def test_a_repository_in_the_context_is_said(repository):
    write_files(repository, {"Dockerfile": DOCKERFILE.replace("COPY src src", "COPY . .")})
    [note] = only(repository)["notes"]
    assert note == "`COPY . .` (line 5) brings .git, which each commit changes: .dockerignore can leave it out"
    write_files(repository, {".dockerignore": ".git\n"})
    assert only(repository)["notes"] == []


# The sentences


@pytest.mark.parametrize(
    ("dockerfile", "sentence"),
    [
        (DOCKERFILE, "changed source re-runs 2 of 6 steps; dependencies stay cached"),
        (
            "FROM a\nCOPY . .\nRUN npm install\n",
            "changed source re-runs 2 of 3 steps; dependencies are installed again",
        ),
        ("FROM scratch\nCOPY . .\n", "changed source re-runs all 1 step"),
        ("FROM a\nRUN git clone x\n", "changed source re-runs nothing: no step reads it from the context"),
        (
            "FROM a AS b\nCOPY . .\nRUN x\nFROM a\nCOPY --from=b /x /x\n",
            "changed source re-runs 2 of 5 steps and may re-run 1 more",
        ),
    ],
)
def test_what_changed_source_costs(project, dockerfile, sentence):
    write_files(project, {"Dockerfile": dockerfile})
    assert only(project)["summary"]["source"] == sentence


# Which builds


def test_a_lone_dockerfile_is_planned_with_its_directory(tmp_path):
    write_files(tmp_path, {"app/Dockerfile": "FROM a\nCOPY x .\nARG GIT_SHA\nRUN y\n", "app/x": ""})
    for path in ("app/Dockerfile", "app", "."):
        build = only(tmp_path, path)
        assert build["service"] is None
        assert build["origin"] == {"path": "app/Dockerfile", "line": 1}
        assert build["context"] == "app"
        assert [marks(build, one) for one in ("commit", "source")] == ["--R", "-RR"]
        assert any("its own directory" in note for note in build["notes"])
        assert any("--build-arg GIT_SHA" in note for note in build["notes"])


def test_a_dockerfile_is_planned_as_its_service_builds_it(project):
    assert only(project, "Dockerfile")["service"] == "web"
    assert only(project, "compose.yaml")["service"] == "web"


def test_one_service(project):
    write_files(project, {"compose.yaml": f"{COMPOSE}  db:\n    image: x\n  api:\n    build: .\n"})
    assert [one["service"] for one in plan(project)["builds"]] == ["web", "api"]
    assert only(project, "--service", "api")["service"] == "api"
    assert "did you mean 'web'?" in run("plan", "--service", "wep", cwd=project).err
    assert "there are api, web" in run("plan", "--service", "x", cwd=project).err
    refused = run("plan", "--service", "db", cwd=project)
    assert (refused.code, "takes an image" in refused.err) == (2, True)


def test_an_override_is_no_build_of_its_own(project):
    write_files(project, {"compose.override.yaml": "services:\n  web:\n    build:\n      args: {MORE: x}\n"})
    assert only(project)["origin"]["path"] == "compose.yaml"


def test_no_cache_runs_everything(project):
    write_files(project, {"compose.yaml": f"{COMPOSE}      no_cache: true\n"})
    build = only(project)
    assert marks(build, "commit") == "--RRRR"
    assert any("no_cache" in note for note in build["notes"])


def test_the_legacy_builder_has_its_own_steps(project):
    build = only(project, "--builder", "legacy")
    assert [step["step"] for step in build["steps"]][-2:] == ["Step 6/7", "Step 7/7"]
    assert marks(build, "commit")[-1] == "R"


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        ("{context: 'https://example.com/a.git'}", "its context https://example.com/a.git is not on this machine"),
        ("{context: ./gone}", "its context ./gone does not exist"),
        ("{context: package.json}", "its context package.json is no directory"),
        ("{context: ../..}", "its context ../.. is outside the repository"),
        ("{context: '${WHERE}'}", "its context ${WHERE} is known only where it is built"),
        ("{context: ~/app}", "its context ~/app is in somebody's home directory"),
        ("{context: ., dockerfile: Gone}", "its Dockerfile Gone does not exist"),
        ("{context: ., dockerfile: '${NAME}'}", "its Dockerfile ${NAME} is known only where it is built"),
        ("{context: ., target: '${NAME}'}", "its target ${NAME} is known only where it is built"),
        ("{context: ., target: tset}", 'Docker refuses the Dockerfile: target stage "tset" could not be found'),
        ("{context: ., dockerfile_inline: 'FORM x'}", "Docker refuses its dockerfile_inline"),
        ("{context: ., additional_contexts: {'node:20': ./x}}", "it reads node:20 from additional_contexts"),
    ],
)
def test_a_build_that_cannot_be_planned_is_named_and_the_others_are_done(project, build, reason):
    write_files(project, {"compose.yaml": f"{COMPOSE}  odd:\n    build: {build}\n"})
    answer = plan(project)
    assert [one["service"] for one in answer["builds"]] == ["web"]
    [skipped] = answer["skipped"]
    assert skipped["service"] == "odd"
    assert skipped["origin"] == {"path": "compose.yaml", "line": 8}
    assert skipped["reason"].startswith(reason)
    text = run("plan", cwd=project).out
    assert f"odd (compose.yaml:8): {reason}" in text
    alone = run("plan", "--service", "odd", cwd=project)
    assert alone.code == 2
    assert f"nothing can be planned: odd: {reason}" in alone.err


def test_an_ignore_file_that_docker_refuses(project):
    write_files(project, {".dockerignore": "[\n"})
    ran = run("plan", cwd=project)
    assert ran.code == 2
    assert "web: .dockerignore: Docker refuses the pattern" in ran.err


@pytest.mark.parametrize(
    ("dockerfile", "where", "reason"),
    [
        ("FROM a\nFORM b\n", ":2:", "FORM"),
        ("RUN x\n", ":1:", "FROM"),
        ("", ":1:", "nothing to build"),
        ("FROM a\nRUN <<EOF\nx\n", ":2:", ""),
        ("FROM ${UNDEFINED}\n", "line 1", "is empty here"),
        ("FROM a AS b\nCOPY --from=c x y\nFROM a AS c\nCOPY --from=b x y\n", "line 2", "must be defined before"),
        ("FROM a\nCOPY --from=7 x y\n", "line 2", "there is no stage 7"),
    ],
)
@pytest.mark.parametrize("compose", [True, False])
def test_a_dockerfile_that_docker_rejects(tmp_path, dockerfile, where, reason, compose):
    write_files(tmp_path, {"Dockerfile": dockerfile} | ({"compose.yaml": COMPOSE} if compose else {}))
    ran = run("plan", cwd=tmp_path)
    assert ran.code == 2
    assert reason in ran.err
    if compose or where.startswith("line"):
        assert where in ran.err
    assert ran.out == ""


def test_a_compose_file_that_cannot_be_read_is_named(project):
    write_files(project, {"other/compose.yaml": "services: [\n"})
    answer = plan(project)
    assert len(answer["builds"]) == 1
    [skipped] = answer["skipped"]
    assert skipped["origin"]["path"] == "other/compose.yaml"


def test_nothing_to_plan(tmp_path):
    ran = run("plan", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("cachelint: nothing to plan in .")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["gone"], "gone: no such file or directory"),
        (["-"], "a plan needs the files of a build"),
        (["--change", "comit"], "did you mean 'commit'?"),
        (["--change", ""], "is no path"),
        (["--config", "x", "--isolated"], "exclude each other"),
        (["--output-format", "pdf"], "invalid choice"),
        (["--builder", "kaniko"], "invalid choice"),
        (["--since"], "expected one argument"),
        (["--output-file", "no/such/directory"], "no such file or directory"),
        (["--since", "HEAD"], "is in no git repository"),
    ],
)
def test_bad_arguments(project, args, message):
    ran = run("plan", *args, cwd=project)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_symlink_loops_and_many_files(tmp_path):
    write_files(tmp_path, {"Dockerfile": "FROM a\nCOPY loop/a .\nCOPY many many\nRUN x\n"})
    os.symlink(".", tmp_path / "loop")
    os.symlink("b", tmp_path / "a")
    os.symlink("a", tmp_path / "b")
    os.mkdir(tmp_path / "many")
    for number in range(3000):
        (tmp_path / "many" / f"{number}.js").touch()
    assert marks(only(tmp_path), "source")[-2:] == "RR"
    assert marks(only(tmp_path, "--change", "many/7.js"), "paths") == "--RR"


def test_a_path_named_like_a_command(project):
    os.rename(project / "src", project / "source")
    write_files(project, {"Dockerfile": "FROM a\nCOPY source source\n"})
    assert list(only(project, "--change", "./source")["steps"][0]["outcomes"]) == ["paths"]


# --since


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param({"src/app.js": "two\n"}, "----RR", id="edited"),
        pytest.param({"src/new.js": ""}, "----RR", id="untracked"),
        pytest.param({"package.json": "[]\n"}, "--RRRR", id="manifest"),
        pytest.param({"README.md": ""}, "------", id="not copied"),
        pytest.param({"src/app.js": "one\n"}, "------", id="same bytes"),
        pytest.param({"Dockerfile": DOCKERFILE.replace("npm run build", "npm run all")}, "-----R", id="recipe"),
        pytest.param({"Dockerfile": DOCKERFILE.replace("/app", "/srv")}, "-RRRRR", id="recipe, higher up"),
        pytest.param({".dockerignore": "src/old.js\n"}, "----RR", id="ignored from now on"),
        pytest.param({".dockerignore": "README.md\n"}, "------", id="ignored, but never copied"),
        pytest.param({"compose.yaml": COMPOSE.replace("${GIT_SHA}", "x")}, "-----R", id="argument"),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_since(repository, edit, expected, committed):
    git(repository, "tag", "old")
    write_files(repository, edit)
    if committed:
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "--allow-empty", "-m", "m")
    build = only(repository, "--since", "old")
    assert list(build["steps"][0]["outcomes"]) == ["paths"]
    assert marks(build, "paths") == expected


@pytest.mark.parametrize("staged", [True, False])
def test_since_sees_deleted_files(repository, staged):
    os.unlink(repository / "src" / "old.js")
    if staged:
        git(repository, "add", "-A")
    build = only(repository, "--since", "HEAD")
    assert marks(build, "paths") == "----RR"
    assert "src/old.js" in build["steps"][4]["outcomes"]["paths"]["cause"]


def test_since_sees_what_is_no_longer_ignored(project):
    write_files(project, {".dockerignore": "src/old.js\n"})
    git(project, "init", "-q")
    commit(project)
    os.unlink(project / ".dockerignore")
    assert marks(only(project, "--since", "HEAD"), "paths") == "----RR"


def test_since_maps_paths_into_each_context(tmp_path):
    compose = "services:\n  a: {build: ./a}\n  b: {build: ./b}\n"
    docker = "FROM x\nCOPY src src\n"
    write_files(tmp_path, {"compose.yaml": compose, "a/Dockerfile": docker, "b/Dockerfile": docker})
    write_files(tmp_path, {"a/src/one": "1", "b/src/one": "1"})
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    write_files(tmp_path, {"a/src/one": "2"})
    assert [marks(one, "paths") for one in plan(tmp_path, "--since", "HEAD")["builds"]] == ["-R", "--"]
    assert [marks(one, "paths") for one in plan(tmp_path / "a", "--since", "HEAD")["builds"]] == ["-R"]


def test_since_a_build_is_new(repository):
    write_files(repository, {"new/Dockerfile": "FROM a\nRUN x\n"})
    [old, new] = plan(repository, "--since", "HEAD")["builds"]
    assert marks(old, "paths") == "------"
    assert marks(new, "paths") == "RR"
    assert new["steps"][0]["outcomes"]["paths"]["cause"] == "HEAD has no build to compare this one with"


def test_since_goes_with_change(repository):
    build = only(repository, "--since", "HEAD", "--change", "commit", "--change", "package.json")
    assert list(build["steps"][0]["outcomes"]) == ["commit", "paths"]
    assert marks(build, "paths") == "--RRRR"


def test_since_survives_odd_names(repository):
    write_files(repository, {"src/a b\n\u00e9 'x'.js": ""})
    assert marks(only(repository, "--since", "HEAD"), "paths") == "----RR"


@pytest.mark.parametrize("name", ["gone", "-x", "--output=/tmp/x", "", "HEAD:src", "a\0b", "HEAD^{tree}"])
def test_bad_revisions(repository, name):
    ran = run("plan", f"--since={name}", cwd=repository)
    assert (ran.code, ran.out) == (2, "")
    assert "revision" in ran.err
    assert "Traceback" not in ran.err


def test_a_shallow_clone_says_so(repository, tmp_path_factory):
    write_files(repository, {"src/app.js": "two\n"})
    commit(repository)
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "-q", "--depth", "1", repository.as_uri(), ".")
    assert "shallow clone" in run("plan", "--since", "HEAD~1", cwd=clone).err


# The example, as the README shows it


def test_the_example_as_text():
    ran = run("plan", "--service", "backend", cwd=BEFORE)
    assert ran.code == 0
    assert ran.out == EXAMPLE


def test_colours_change_nothing_but_the_colours():
    painted = run("plan", "--service", "backend", "--color", "always", cwd=BEFORE).out
    assert "\x1b[1;33mRUN\x1b[0m" in painted
    assert "\x1b[32mCACHED\x1b[0m" in painted
    for code in ("1;33", "1;35", "32", "1", "2", "0"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == EXAMPLE


EXAMPLE = """\
backend (docker-compose.yml:21, backend/Dockerfile)
  a new commit re-runs nothing: no RUN below ARG GIT_COMMIT_HASH sees it
  changed source re-runs 2 of 6 steps; dependencies stay cached
  changed dependencies re-run 4 of 6 steps

  step   instruction                                         commit  source  dependencies
  [1/6]  FROM python:3.12-slim                               CACHED  CACHED  CACHED
  [2/6]  WORKDIR /app                                        CACHED  CACHED  CACHED
  [3/6]  COPY requirements.txt .                             CACHED  CACHED  RUN
  [4/6]  RUN pip install --no-cache-dir -r requirements.txt  CACHED  CACHED  RUN
  [5/6]  COPY . .                                            CACHED  RUN     RUN
  [6/6]  RUN python manage.py collectstatic --noinput        CACHED  RUN     RUN

  source        [5/6]  RUN  `COPY . .` (line 11) brings config/__init__.py: source changed
  dependencies  [3/6]  RUN  `COPY requirements.txt .` (line 8) brings requirements.txt: manifests
                            changed

RUN     the step is executed
CACHED  the result of the build before is taken
MAYBE   cannot be known before the build
"""
