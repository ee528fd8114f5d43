"""constant-commit-arg in Compose files: a default counts where what builds the project sets nothing."""

import pytest

from tests.support import lint_files

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: {}\n"
DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN ./build\n"
BUILD = "docker compose build\n"


def reported(value="${SHA:-unknown}", **files):
    more = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    everything = {"compose.yaml": COMPOSE.format(value), "Dockerfile": DOCKERFILE, **more}
    return bool(lint_files(everything, ["constant-commit-arg"]))


@pytest.mark.parametrize(
    "files",
    [
        {"deploy_dot_sh": BUILD},
        {"deploy_dot_sh": "docker-compose up -d --build\n"},
        {"scripts__deploy_dot_sh": 'cd "$(dirname "$0")/.."\n' + BUILD},
        {"deploy_dot_sh": "DC='docker compose'\n$DC build\necho $SHA ${SHA:-x}  # SHA is the commit\n"},
        {"Makefile": f"build:\n\t{BUILD}"},
        {"deploy_dot_sh": BUILD, "_dot_env": "OTHER=1\n", "other_dot_sh": "echo $SHA\n"},
        {"deploy_dot_sh": f". ./env.sh\n{BUILD}", "env_dot_sh": "A=1\n"},
    ],
)
def test_nothing_sets_it(files):
    assert reported(**files)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"deploy_dot_sh": "docker compose ps\n"},
        {"deploy_dot_sh": "docker compose -f other.yaml build\n"},
        {"deploy_dot_sh": f'cd "$1"\n{BUILD}'},
        {"deploy_dot_sh": f"export SHA=$(git rev-parse HEAD)\n{BUILD}"},
        {"deploy_dot_sh": f"SHA=$(git rev-parse HEAD) {BUILD}"},
        {"deploy_dot_sh": f"read SHA\n{BUILD}"},
        {"deploy_dot_sh": f"source ./missing.sh\n{BUILD}"},
        {"deploy_dot_sh": f'. "$ENV_FILE"\n{BUILD}'},
        {"deploy_dot_sh": f". ./env.sh\n{BUILD}", "env_dot_sh": "export SHA=1\n"},
        {"deploy_dot_sh": BUILD, "_dot_env": "SHA=abc\n"},
        {"deploy_dot_sh": BUILD, "Makefile": "export SHA := $(shell git rev-parse HEAD)\n"},
        {"deploy_dot_sh": BUILD, "Justfile": "SHA := `git rev-parse HEAD`\n"},
        {"deploy_dot_sh": BUILD, "_dot_github__workflows__ci_dot_yml": "jobs: {a: {env: {SHA: 1}, steps: []}}\n"},
        {"deploy_dot_sh": f"{BUILD}: ${{SHA:=1}}\nexport SHA\n"},
    ],
)
def test_something_may_set_it_or_nobody_is_known_to_build(files):
    assert not reported(**files)


@pytest.mark.parametrize(("value", "is_one"), [("unknown", True), ("''", True), ("${SHA}", False), ("", False)])
def test_values_alone(value, is_one):
    assert reported(value) is is_one


@pytest.mark.parametrize("name", ["GIT_COMMIT_HASH", "GIT_SHA", "SOURCE_COMMIT"])
def test_the_variable_is_called_as_the_argument(name):
    compose = f"services:\n  web:\n    build:\n      context: .\n      args:\n        {name}: dev\n"
    [found] = lint_files({"compose.yaml": compose, "Dockerfile": "FROM alpine\n"}, ["constant-commit-arg"])
    assert found.fix
    assert found.fix.title == f"pass {name}=${{{name}}}"
