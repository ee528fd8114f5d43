"""The rules about the commit argument on builds of scripts and workflows."""

import pytest

from tests.support import lint_files

PLAIN = "FROM node\nCOPY package.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
WITH_ARG = PLAIN.replace("COPY . .\n", "COPY . .\nARG GIT_SHA\n")
EARLY = PLAIN.replace("FROM node\n", "FROM node\nARG GIT_SHA\n")
LATE = f"{PLAIN}ARG GIT_SHA\n"


def found(rule, dockerfile, name, text):
    return [one.path.rpartition("/")[2] for one in lint_files({name: text, "Dockerfile": dockerfile}, [rule])]


def workflow(body, runner="self-hosted"):
    indented = "".join(f"      {line}\n" for line in body.splitlines())
    return f"jobs:\n  ship:\n    runs-on: {runner}\n    steps:\n      - uses: actions/checkout@v4\n{indented}"


CI = ".github/workflows/main.yml"
PUSH = "- uses: docker/build-push-action@v6\n  with:\n    context: .\n    push: true\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", "docker build -t x .\n"),
        ("build-docker-images.sh", "docker build -t x .\n"),
        ("run.sh", "docker build -t x .\ndocker push x\n"),
        ("run.sh", "docker build -t x .\ndocker run -d x\n"),
        ("run.sh", "docker build -t x .\nssh web docker pull x\n"),
        ("run.sh", "docker buildx build --push -t x .\n"),
        ("Makefile", "release:\n\tdocker build -t x .\n"),
        ("deploy.sh", "docker build --build-arg NODE_ENV=$X .\n"),
        (CI, workflow(PUSH)),
        (CI, workflow(f"{PUSH}    cache-from: type=gha\n", "ubuntu-latest")),
        (".gitlab-ci.yml", "deploy:\n  script:\n    - docker build --cache-from x -t x .\n"),
    ],
)
def test_a_build_that_deploys_is_not_told_its_commit(name, text):
    assert found("missing-commit-arg", PLAIN, name, text) == [name.rpartition("/")[2]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.sh", "docker build -t x .\n"),
        ("test-deploy.sh", "docker build -t x .\n"),
        ("deploy.sh", "docker build --build-arg GIT_SHA=$(git rev-parse HEAD) .\n"),
        ("deploy.sh", "docker build --build-arg VERSION=$VERSION .\n"),
        ("deploy.sh", "docker build --build-arg X=$(date +%s) .\n"),
        ("deploy.sh", "docker build $ARGS .\n"),
        ("deploy.sh", "docker build $DIR\n"),
        ("deploy.sh", "cd $DIR && docker build .\n"),
        ("deploy.sh", "docker build https://github.com/x/y.git\n"),
        ("deploy.sh", "podman build .\n"),
        ("deploy.sh", "docker build --help\n"),
        ("deploy.sh", "ssh web 'docker build .'\n"),
        (CI, workflow(PUSH, "ubuntu-latest")),
        (CI, workflow(PUSH, "${{ matrix.os }}")),
        (CI, workflow("- run: docker build .\n")),
        (CI, workflow(PUSH.replace("true", "false"))),
        (CI, workflow(f"{PUSH}    build-args: SHA=${{{{ github.sha }}}}\n")),
        ("ci/Makefile", "build:\n\tdocker build ..\n"),
    ],
)
def test_a_build_that_does_not_deploy_or_is_told_enough(name, text):
    assert found("missing-commit-arg", PLAIN, name, text) == []


def test_a_deploy_script_by_configuration(tmp_path):
    from tests.support import run, write_files

    write_files(tmp_path, {"ops/go.sh": "docker build ..\n", "Dockerfile": PLAIN})
    write_files(tmp_path, {".cachelint.yaml": "deploy-scripts: ['ops/*']\n"})
    assert "missing-commit-arg" in run("--select", "missing-commit-arg", cwd=tmp_path).out
    assert run("--isolated", "--select", "missing-commit-arg", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("docker build --build-arg GIT_SHA=dev .\n", ["deploy.sh"]),
        ("docker build --build-arg GIT_SHA= .\n", ["deploy.sh"]),
        ("SHA=v1\ndocker build --build-arg GIT_SHA=$SHA .\n", ["deploy.sh"]),
        ("docker build --build-arg GIT_SHA=$SHA .\n", []),
        ("docker build --build-arg GIT_SHA=${SHA:-dev} .\n", []),
        ("docker build --build-arg GIT_SHA=`git rev-parse HEAD` .\n", []),
        ('docker build --build-arg GIT_SHA="$(git rev-parse HEAD)" .\n', []),
        ("docker build --build-arg GIT_SHA .\n", []),
        ("docker build --build-arg OTHER=1 .\n", []),
    ],
)
def test_a_commit_that_is_written_out(text, files):
    assert found("constant-commit-arg", WITH_ARG, "deploy.sh", text) == files
    assert found("constant-commit-arg", WITH_ARG, "dev.sh", text) == []


def test_a_new_machine_has_nothing_to_reuse():
    arg = "    build-args: GIT_SHA=dev\n"
    assert found("constant-commit-arg", WITH_ARG, CI, workflow(PUSH + arg)) == ["main.yml"]
    assert found("constant-commit-arg", WITH_ARG, CI, workflow(PUSH + arg, "ubuntu-latest")) == []


@pytest.mark.parametrize(
    ("rule", "dockerfile", "place"),
    [
        ("undeclared-build-arg", PLAIN, "run.sh"),
        ("early-commit-arg", EARLY, "Dockerfile"),
        ("inert-commit-arg", LATE, "Dockerfile"),
    ],
)
def test_where_the_argument_is_declared(rule, dockerfile, place):
    text = "docker build --build-arg GIT_SHA=$SHA .\n"
    assert found(rule, dockerfile, "run.sh", text) == [place]
    assert found(rule, WITH_ARG, "run.sh", text) == []
    hosted = workflow(f"{PUSH}    build-args: GIT_SHA=${{{{ github.sha }}}}\n", "ubuntu-latest")
    expected = ["main.yml"] if rule == "undeclared-build-arg" else []
    assert found(rule, dockerfile, CI, hosted) == expected


def test_arguments_of_a_target_that_is_not_known():
    assert found("undeclared-build-arg", PLAIN, "run.sh", "docker build --build-arg X=1 --target $T .\n") == []
    assert found("undeclared-build-arg", PLAIN, "run.sh", "docker build --build-arg X=1 $MORE .\n") == []
    assert found("undeclared-build-arg", PLAIN, "run.sh", "docker build --build-arg X=1 .\n") == ["run.sh"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("deploy.sh", "docker build -t a .\ndocker push a\n", '`--build-arg GIT_SHA="$(git rev-parse HEAD)"`'),
        ("Makefile", "x:\n\tdocker build -t a .\n\tdocker push a\n", '`--build-arg GIT_SHA="$$(git rev-parse HEAD)"`'),
        (CI, workflow(PUSH), "`GIT_SHA=${{ github.sha }}` in `build-args`"),
    ],
)
@pytest.mark.parametrize("rule", ["missing-commit-arg", "constant-commit-arg"])
def test_what_to_write_is_said_in_the_words_of_the_file(rule, name, text, words):
    if rule == "constant-commit-arg":
        text = text.replace("build -t", "build --build-arg GIT_SHA=x -t").replace(
            "push: t", "build-args: GIT_SHA=x\n          push: t"
        )
    files = {name: text, "Dockerfile": "FROM alpine\nARG GIT_SHA\nCOPY . .\nRUN ./build\n"}
    [reported] = lint_files(files, [rule])
    assert reported.fix
    assert reported.fix.title == f"pass {words}"
