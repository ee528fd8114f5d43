"""The rules about deploy scripts: what they report, and the longer list of what they are silent on."""

from __future__ import annotations

import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files

COMPOSE = """\
services:
  web:
    build:
      context: .
      args:
        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}
  db:
    image: postgres:16
"""
FILES = {"compose.yaml": COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN ./build\n"}
HEAD = "#!/bin/bash\nset -e\n"
PRUNE = "docker builder prune --force --filter type=source.local\n"
DEPLOY = "docker compose build\ndocker compose up -d\n"
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: {}
    steps:
      - uses: actions/checkout@v4
      - run: docker compose build
      - run: docker compose up -d
"""


def found(rule: str, text: str, name: str = "deploy.sh", **more: str) -> list[str]:
    """The lines that a rule reports in a script."""
    files = {**FILES, **more, name: text}
    return [one.location.line_text.strip() for one in lint_files(files, [rule]) if one.path.endswith(f"/{name}")]


def found_in(rule: str, files: dict[str, str]) -> list[str]:
    return [one.location.line_text.strip() for one in lint_files({**FILES, **files}, [rule])]


# build-without-prune


@pytest.mark.parametrize(
    "text",
    [
        DEPLOY,
        "docker build -t shop/web .\ndocker push shop/web\n",
        "docker buildx build --push -t shop/web .\n",
        "docker compose up -d --build\n",
        f"{DEPLOY}if [ $FULL ]; then docker system prune -af; fi\n",
        'if [ "$1" ] || [ -z "$(docker images -q web)" ]; then docker build -t web .; fi\ndocker run -d web\n',
        "docker image inspect web && docker build -t web .\ndocker run -d web\n",
        "if docker image inspect web; then docker build -t web .; fi\ndocker run -d web\n",
        "docker-compose build\ndocker-compose up -d\n",
        f"docker image prune -f\n{DEPLOY}",
        f'[ -z "$CLEAN" ] || {PRUNE}{DEPLOY}',
        f"docker --context other builder prune -f\n{DEPLOY}",
        "sudo docker compose build\nsudo docker compose up -d\n",
        "ssh prod <<'EOF'\ncd /srv/shop\ndocker compose build\ndocker compose up -d\nEOF\n",
        "ssh prod 'cd /srv/shop && docker compose up -d --build'\n",
        f"docker compose build --no-cache\n{DEPLOY}",
        "docker compose build $SERVICES\ndocker compose up -d\n",
        'docker compose build "$@"\ndocker compose up -d\n',
        "docker build $FLAGS -t shop/web .\ndocker push shop/web\n",
        "docker compose --profile $P build $1\ndocker compose up -d $1\n",
    ],
)
def test_build_without_prune(text):
    assert len(found("build-without-prune", HEAD + text)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", PRUNE + DEPLOY),
        ("deploy.sh", f"docker system prune -f\n{DEPLOY}"),
        ("deploy.sh", f"docker builder prune -af || true\n{DEPLOY}"),
        ("deploy.sh", f"prune() {{ docker builder prune -f; }}\nprune\n{DEPLOY}"),
        ("deploy.sh", f"./scripts/clear-cache.sh all\n{DEPLOY}"),
        ("deploy.sh", f"make docker-clean\n{DEPLOY}"),
        ("deploy.sh", f"source lib.sh\nprune_build_cache\n{DEPLOY}"),
        ("deploy.sh", f"docker builder prune $HOW\n{DEPLOY}"),
        ("deploy.sh", "docker $WHERE build .\ndocker push web\n"),
        ("deploy.sh", "ls | xargs docker build\ndocker push web\n"),
        ("scripts/test.sh", DEPLOY),
        ("scripts/run-tests.sh", DEPLOY),
        ("scripts/dev.sh", DEPLOY),
        ("local/up.sh", DEPLOY),
        ("ci/build.sh", "docker build .\n"),
        ("vendor/x/build.sh", "docker build .\n"),
        ("smoke-test.sh", DEPLOY),
        ("docker-deployment-validator.sh", DEPLOY),
        (
            "start.sh",
            "if ! docker image inspect web &>/dev/null; then\n  docker compose build\nfi\ndocker compose up -d\n",
        ),
        ("start.sh", 'if [ -z "$(docker images -q web)" ]; then docker build -t web .; fi\ndocker run -d web\n'),
        ("start.sh", "docker image inspect web || docker build -t web .\ndocker run -d web\n"),
        ("build.sh", "docker build .\n"),
        ("start.sh", "docker compose up --build\n"),
        ("deploy.sh", "docker compose up -d\n"),
        ("deploy.sh", "docker compose pull\ndocker compose up -d\n"),
        ("deploy.sh", "podman build -t web .\npodman push web\n"),
        ("deploy.sh", "DOCKER_BUILDKIT=0 docker build -t web .\ndocker push web\n"),
        ("deploy.sh", "export DOCKER_BUILDKIT=0\ndocker build -t web .\ndocker push web\n"),
        ("deploy.sh", "docker build -t web https://example.com/shop.git\ndocker push web\n"),
        ("deploy.sh", "docker build -t web - < Dockerfile\ndocker push web\n"),
        ("deploy.sh", "docker build --help\ndocker push web\n"),
        ("deploy.sh", 'echo "now run: docker compose build"\ndocker compose up -d\n'),
        ("deploy.sh", "cat > next.sh <<'EOF'\ndocker compose build\nEOF\ndocker compose up -d\n"),
        ("deploy.sh", "docker compose run web npm run build\n"),
    ],
)
def test_build_without_prune_is_silent(name, text):
    assert found("build-without-prune", HEAD + text, name) == []


@pytest.mark.parametrize(("name", "up"), [("start.sh", "up --wait"), ("start.sh", "up -d"), ("prod.sh", "up")])
def test_what_runs_in_the_background_is_deployed(name, up):
    assert len(found("build-without-prune", f"{HEAD}docker compose {up} --build\n", name)) == 1


PREPARE = "./scripts/prepare.sh\n"
CLEARS = "#!/bin/bash\nrm -rf frontend/.next\n"


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "docker builder prune -f\n"}, 0),
        ("bash scripts/prepare.sh --all\n" + DEPLOY, {"scripts/prepare.sh": "docker builder prune -f\n"}, 0),
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "if [ -n $1 ]; then docker system prune -f; fi\n"}, 0),
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "docker pull nginx\n./other.sh\n"}, 1),
        (
            PREPARE + DEPLOY,
            {"scripts/prepare.sh": "docker pull nginx\nscripts/two.sh\n", "scripts/two.sh": "docker system prune -f\n"},
            0,
        ),
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "docker pull nginx\n./scripts/prepare.sh\n"}, 1),
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "ssh other docker builder prune -f\n"}, 1),
        (PREPARE + DEPLOY, {"scripts/prepare.sh": "docker image prune -f\n"}, 1),
        # what a name promises counts only where nobody can look inside
        ("./clear-cache.sh\n" + DEPLOY, {"clear-cache.sh": CLEARS}, 1),
        ("./clear-cache.sh\n" + DEPLOY, {}, 0),
        ("../clear-cache.sh\n" + DEPLOY, {}, 0),
        # behind the build it comes too late
        (DEPLOY + PREPARE, {"scripts/prepare.sh": "docker builder prune -f\n"}, 1),
        (DEPLOY + "make docker-clean\n", {}, 1),
        (
            "if [ -n $1 ]; then\n  ./scripts/prepare.sh\nfi\n" + DEPLOY,
            {"scripts/prepare.sh": "docker builder prune -f\n"},
            1,
        ),
        # a function that is read in prunes when it is called
        ("source lib.sh\n" + DEPLOY, {"lib.sh": "docker builder prune -f\n"}, 0),
        ("source lib.sh\n" + DEPLOY, {"lib.sh": "prune_all() { docker builder prune -f; }\n"}, 1),
        ("source lib.sh\nprune_all\n" + DEPLOY, {"lib.sh": "prune_all() { docker builder prune -f; }\n"}, 0),
    ],
)
def test_a_prune_in_a_script_that_is_called_counts(text, others, expected):
    assert len(found("build-without-prune", HEAD + text, **others)) == expected


def test_a_step_of_a_workflow_may_call_the_prune():
    name = ".github/workflows/deploy.yml"
    text = WORKFLOW.format("self-hosted").replace("    steps:\n", "    steps:\n      - run: ./prepare.sh\n")
    for script, expected in (("docker builder prune -f\n", 0), ("docker image prune -f\n", 1)):
        assert len(found_in("build-without-prune", {name: text, "prepare.sh": script})) == expected


@pytest.mark.parametrize(
    ("runner", "expected"),
    [("[self-hosted, prod]", 1), ("ubuntu-latest", 0), ("ubuntu-24.04", 0), ("${{ matrix.os }}", 0), ("big-one", 0)],
)
def test_only_machines_that_keep_a_cache_count(runner, expected):
    name = ".github/workflows/deploy.yml"
    assert len(found_in("build-without-prune", {name: WORKFLOW.format(runner)})) == expected


@pytest.mark.parametrize(
    ("compose", "dockerfile", "expected"),
    [
        ("services:\n  web:\n    image: postgres:16\n", "", 0),
        ("services:\n  web:\n    build: .\n", "FROM alpine\nRUN apk add curl\n", 0),
        (
            "services:\n  web:\n    build: .\n",
            "FROM alpine\nCOPY --from=nginx /etc /etc\nRUN --mount=type=cache,target=/c x\n",
            0,
        ),
        ("services:\n  web:\n    build: .\n", "FROM alpine\nCOPY a.conf /etc/\n", 1),
        ("services:\n  web:\n    build: .\n", "FROM alpine\nRUN --mount=target=/src make -C /src\n", 1),
        ("services:\n  web:\n    build: .\n", "FROM alpine:onbuild\nONBUILD COPY . .\n", 1),
        ("services:\n  web:\n    build: .\n  db:\n    build: ./missing\n", "FROM alpine\n", 1),
        ("services:\n  web: [\n", "FROM alpine\n", 1),
    ],
)
def test_a_build_that_reads_no_files_has_nothing_stale(compose, dockerfile, expected):
    files = {"compose.yaml": compose, **({"Dockerfile": dockerfile} if dockerfile else {})}
    text = f"{HEAD}docker compose build --no-cache\ndocker compose up -d\n"
    for rule in ("build-without-prune", "no-cache-build"):
        assert len(lint_files({**files, "deploy.sh": text}, [rule])) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker build -t x/web .\ndocker push x/web:$TRAVIS_TAG\n", 0),
        ("cd $GITHUB_WORKSPACE\ndocker build -t x/web .\ndocker push x/web\n", 0),
        ('docker build -t "x/web:${CI_COMMIT_SHA:0:8}" .\ndocker push x/web\n', 0),
        ("docker build -t x/web .\ndocker push x/web:${TRAVIS_TAG:-latest}\n", 1),
        ("TAG=${GITHUB_SHA-none}\ndocker build -t x/web .\ndocker push x/web\n", 1),
        ("ssh web <<EOF\ncd /srv\ngit checkout $GITHUB_SHA\ndocker compose up -d --build\nEOF\n", 1),
    ],
)
def test_a_script_for_a_service_keeps_no_cache(text, expected):
    assert len(found("build-without-prune", HEAD + text)) == expected


_RUNS = "on: push\njobs:\n  ship:\n    runs-on: {}\n    steps:\n      - uses: actions/checkout@v4\n      {}\n"


@pytest.mark.parametrize("step", ["{uses: JimCronqvist/action-ssh@master, with: {hosts: a@b, command: SAID}}"])
def test_a_workflow_hands_a_script_to_another_machine(step):
    text = _RUNS.format("ubuntu-latest", f"- {step.replace('SAID', 'cd /srv && docker compose up -d --build')}")
    assert len(found_in("build-without-prune", {".github/workflows/ship.yml": text})) == 1


@pytest.mark.parametrize(
    ("runner", "step", "expected"),
    [
        ("ubuntu-latest", "- run: ./ops/deploy.sh", 0),
        ("ubuntu-latest", "- run: bash deploy.sh\n        working-directory: ops", 0),
        ("self-hosted", "- run: ./ops/deploy.sh", 1),
        ("ubuntu-latest", "- run: ssh web ./ops/deploy.sh", 1),
        ("ubuntu-latest", "- run: ssh web 'cd /srv/shop && bash ops/deploy.sh'", 1),
        ("ubuntu-latest", "- run: bash -n ops/deploy.sh && shellcheck ops/deploy.sh", 1),
        ("ubuntu-latest", "- run: ./other/deploy.sh", 1),
        ("ubuntu-latest", "- {uses: appleboy/ssh-action@v1, with: {host: web, script: ./ops/deploy.sh}}", 1),
    ],
)
def test_a_script_that_a_workflow_runs_on_a_new_machine_keeps_no_cache(runner, step, expected):
    files = {".github/workflows/ship.yml": _RUNS.format(runner, step), "ops/deploy.sh": f"{HEAD}cd ..\n{DEPLOY}"}
    assert len(found_in("build-without-prune", files)) == expected


@pytest.mark.parametrize(("runner", "expected"), [("ubuntu-latest", 0), ("self-hosted", 1)])
def test_what_a_workflow_gives_says_nothing_of_a_machine_that_stays(runner, expected):
    files = {".github/workflows/ship.yml": _RUNS.format(runner, "- run: bash deploy.sh")}
    files["deploy.sh"] = f"{HEAD}echo $GITHUB_REPOSITORY\n{DEPLOY}"
    assert len(found_in("build-without-prune", files)) == expected


@pytest.mark.parametrize(
    ("line", "expected"), [("script: bash deploy.sh", 0), ("script: ssh web ./deploy.sh", 1), ("# bash deploy.sh", 1)]
)
def test_a_script_that_another_service_runs_keeps_no_cache(line, expected):
    assert len(found_in("build-without-prune", {".travis.yml": f"{line}\n", "deploy.sh": HEAD + DEPLOY})) == expected


@pytest.mark.parametrize(("services", "expected"), [("services: [docker:27-dind]\n", 0), ("", 1)])
def test_a_script_of_a_gitlab_job_may_find_a_new_docker(services, expected):
    files = {".gitlab-ci.yml": f"{services}ship:\n  script: [./deploy.sh]\n", "deploy.sh": HEAD + DEPLOY}
    assert len(found_in("build-without-prune", files)) == expected


def test_the_step_drops_what_is_right_when_the_other_fixes_are_done():
    """A commit argument that does nothing is repaired in the same run, so its layers need not go."""
    files = {
        **FILES,
        "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\nARG GIT_COMMIT_HASH\n",
        "deploy.sh": HEAD + DEPLOY,
    }
    fixed = fix_files(files, ["build-without-prune", "inert-commit-arg"], Applicability.SAFE).files
    assert "type=source.local" in fixed["deploy.sh"]
    assert "type=regular" not in fixed["deploy.sh"]
    alone = fix_files(files, ["build-without-prune"], Applicability.SAFE).files
    assert "because of inert-commit-arg in Dockerfile" in alone["deploy.sh"]
    assert "type=regular" in alone["deploy.sh"]


DEFAULTED = "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_COMMIT: ${GIT_COMMIT:-dev}\n"


def test_the_step_is_decided_as_if_the_commit_were_set_when_the_same_run_sets_it():
    """Nothing sets the variable, so the argument is constant; the line that sets it is written behind the step."""
    files = {
        "compose.yaml": DEFAULTED,
        "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_COMMIT\nRUN ./build\n",
        "deploy.sh": f"{HEAD}git pull\n{DEPLOY}",
    }
    fixed = fix_files(files, None, Applicability.SAFE).files["deploy.sh"]
    assert "type=regular" not in fixed
    assert fixed.index("type=source.local") < fixed.index("export GIT_COMMIT=") < fixed.index("docker compose build")
    without_git = fix_files({**files, "deploy.sh": HEAD + DEPLOY}, None, Applicability.SAFE).files["deploy.sh"]
    assert "because of constant-commit-arg in compose.yaml" in without_git  # to set it there is not safe


# ineffective-prune


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"docker builder prune -f --filter until=24h\n{DEPLOY}", 1),
        (f"docker builder prune -af --keep-storage 10GB\n{DEPLOY}", 1),
        (f"{DEPLOY}docker builder prune -f\n", 3),
        (f"{DEPLOY}docker system prune -af\n", 3),
        (f"# clear the cache\ndocker image prune -f\n{DEPLOY}", 2),
        ("docker builder prune -f\ndocker buildx build --builder slim --push -t web .\n", 1),
        (f'docker builder prune -f || true\necho "cache cleared"\n{DEPLOY}', 1),
    ],
)
def test_ineffective_prune(text, line):
    assert found("ineffective-prune", HEAD + text) == [text.splitlines()[line - 1]]
    if "|| true" not in text:
        assert found("build-without-prune", HEAD + text) == []  # said once


@pytest.mark.parametrize(
    "text",
    [
        PRUNE + DEPLOY,
        f"{PRUNE}{DEPLOY}docker builder prune -f --filter until=24h\n",
        f"{DEPLOY}docker image prune -f\n",
        f"{DEPLOY}if [ $FULL ]; then docker system prune -af; fi\n",
        f"{DEPLOY}docker system prune -f --filter until=24h\n",
        f"docker image prune -f\n{DEPLOY}",
        f"docker builder prune -f || true\n{DEPLOY}",
        f'docker builder prune -f || echo "could not prune"\n{DEPLOY}',
        f"docker builder prune -f\necho cleared\n{DEPLOY}",
        "docker builder prune -f\n",
    ],
)
def test_ineffective_prune_is_silent(text):
    assert found("ineffective-prune", HEAD + text) == []


def test_a_prune_under_a_condition_helps_no_deploy_for_sure():
    text = WORKFLOW.format("self-hosted") + "      - if: failure()\n        run: docker system prune -f\n"
    name = ".github/workflows/deploy.yml"
    assert found_in("ineffective-prune", {name: text}) == []
    assert len(found_in("build-without-prune", {name: text})) == 1


# partial-cache-clear

CLEAR = "rm -rf web/.next\n"


@pytest.mark.parametrize(
    "text",
    [
        CLEAR + "find . -name __pycache__ -exec rm -rf {} +\n",
        f'case "$1" in\n  web)\n    {CLEAR}    ;;\n  all)\n    {CLEAR}    echo done\n    ;;\nesac\n',
        f'case "$1" in\n  all | "")\n    {CLEAR}    ;;\nesac\n',
        f'if [ "$1" = all ]; then\n  {CLEAR}fi\n',
        f"{CLEAR}docker compose up -d --build\ncurl --silent http://localhost:3000\n",
        f'clear_all() {{\n  {CLEAR}}}\ncase "$1" in\n  x) clear_all ;;\nesac\n',
    ],
)
def test_partial_cache_clear(text):
    assert len(found("partial-cache-clear", HEAD + text, "clear-cache.sh")) == 1
    files = {**FILES, "clear-cache.sh": HEAD + text}
    fixed = fix_files(files, ["partial-cache-clear"], Applicability.SAFE)
    assert fixed.report.refused == ()
    assert fixed.files["clear-cache.sh"].count("docker builder prune") == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clean.sh", CLEAR),
        ("build.sh", CLEAR),
        ("clear-cache.sh", f'case "$1" in\n  web)\n    {CLEAR}    ;;\nesac\n'),
        ("clear-cache.sh", CLEAR + "docker builder prune -f\n"),
        ("clear-cache.sh", CLEAR + "docker compose build --no-cache\n"),
        ("clear-cache.sh", "rm -rf /tmp/x\necho .next\n"),
        ("clear-cache.sh", "curl -X PURGE https://cdn.example.com/.next\n"),
        ("warm-cache.sh", CLEAR),
        ("clear-cache.sh", f"{CLEAR}npm run dev\n"),
        ("clear-cache.sh", f'{CLEAR}echo "Now run pnpm dev"\n'),
        ("clear-cache.sh", f"# for the development server\n{CLEAR}"),
        ("clear-cache.sh", f"{CLEAR}open http://localhost:3000\n"),
    ],
)
def test_partial_cache_clear_is_silent(name, text):
    assert found("partial-cache-clear", HEAD + text, name) == []


def test_partial_cache_clear_needs_a_build():
    assert lint_files({"clear-cache.sh": HEAD + CLEAR}, ["partial-cache-clear"]) == ()


# unset-commit-arg


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (DEPLOY, Applicability.UNSAFE),
        (f"git pull\n{DEPLOY}", Applicability.SAFE),
        ("docker compose up -d --build\n", Applicability.UNSAFE),
        ("cd . && docker compose build && docker compose up -d\n", Applicability.DISPLAY_ONLY),
        ("sudo docker compose build\nsudo docker compose up -d\n", Applicability.DISPLAY_ONLY),
        (f'[ -n "${{GIT_COMMIT_HASH:-}}" ] || echo unknown\n{DEPLOY}', Applicability.DISPLAY_ONLY),
        (f"if [[ ! -v GIT_COMMIT_HASH ]]; then exit 1; fi\n{DEPLOY}", Applicability.DISPLAY_ONLY),
        (f"git checkout $GIT_COMMIT_HASH\n{DEPLOY}", Applicability.DISPLAY_ONLY),
        (f"# $GIT_COMMIT_HASH is of no use here\n{DEPLOY}", Applicability.UNSAFE),
        (f"# ${{GIT_COMMIT_HASH:?}} is of no use here\n{DEPLOY}", Applicability.UNSAFE),
    ],
)
def test_unset_commit_arg(text, level):
    (one,) = lint_files({**FILES, "deploy.sh": HEAD + text}, ["unset-commit-arg"])
    assert one.fix
    assert one.fix.applicability is level


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (f"export GIT_COMMIT_HASH=$(git rev-parse HEAD)\n{DEPLOY}", {}),
        (f"GIT_COMMIT_HASH=$(git rev-parse HEAD) {DEPLOY}", {}),
        (f"source env.sh\n{DEPLOY}", {}),
        (f': "${{GIT_COMMIT_HASH:?which commit}}"\n{DEPLOY}', {}),
        (DEPLOY, {".env": "GIT_COMMIT_HASH=1\n"}),
        (DEPLOY, {"release.sh": "export GIT_COMMIT_HASH=1\n./deploy.sh\n"}),
        ("docker compose build db\ndocker compose up -d\n", {}),
        ("docker compose up -d\n", {}),
        (DEPLOY, {"compose.yaml": COMPOSE.replace("${GIT_COMMIT_HASH}", "1")}),
        ("ssh prod <<'EOF'\ndocker compose up -d --build\nEOF\n", {}),
    ],
)
def test_unset_commit_arg_is_silent(text, more):
    assert found_in("unset-commit-arg", {**more, "deploy.sh": HEAD + text}) == []


# no-cache-build


@pytest.mark.parametrize(("value", "said"), [("${GIT_COMMIT:-dev}", "`dev`"), ("${GIT_COMMIT}", "empty")])
def test_unset_commit_arg_says_what_is_passed(value, said):
    files = {**FILES, "compose.yaml": DEFAULTED.replace("${GIT_COMMIT:-dev}", value), "deploy.sh": HEAD + DEPLOY}
    [found] = lint_files(files, ["unset-commit-arg"])
    assert f"the same, {said}, for every commit" in found.message


def test_no_cache_build():
    text = HEAD + "docker compose build --no-cache\ndocker compose up -d\n"
    assert found("no-cache-build", text) == ["docker compose build --no-cache"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", DEPLOY),
        ("test.sh", "docker compose build --no-cache\ndocker compose up -d\n"),
        ("deploy.sh", 'if [ "$1" = clean ]; then\n  docker compose build --no-cache\nfi\ndocker compose up -d\n'),
        ("deploy.sh", "podman build --no-cache .\npodman push web\n"),
    ],
)
def test_no_cache_build_is_silent(name, text):
    assert found("no-cache-build", HEAD + text, name) == []


# restart-after-build


@pytest.mark.parametrize(
    "text",
    [
        "docker compose build\ndocker compose restart\n",
        "docker compose build web\ndocker compose restart web\n",
        "docker build -t web .\ndocker restart web\n",
        "docker compose build && docker compose restart\n",
    ],
)
def test_restart_after_build(text):
    assert len(found("restart-after-build", HEAD + text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "docker compose build\ndocker compose up -d\ndocker compose restart proxy\n",
        "docker compose restart\ndocker compose build\n",
        "docker compose restart\n",
        "docker compose build web\ndocker compose restart db\n",
        'case "$1" in\n  build) docker compose build ;;\n  restart) docker compose restart ;;\nesac\n',
        "docker compose build\nssh prod docker compose restart\n",
        "docker compose build\ndocker compose down\ndocker compose restart\n",
        "docker build -t web .\ndocker push web\ndocker restart proxy\n",
    ],
)
def test_restart_after_build_is_silent(text):
    assert found("restart-after-build", HEAD + text) == []


# up-without-build


@pytest.mark.parametrize(
    "text",
    [
        "git pull\ndocker compose up -d\n",
        "git fetch && git reset --hard origin/main\ndocker compose up -d --force-recreate\n",
        "rsync -a build-host:/srv/shop/ ./\ndocker compose up -d web\n",
        "tar -xzf release.tar.gz\ndocker compose up -d\n",
    ],
)
def test_up_without_build(text):
    assert len(found("up-without-build", HEAD + text)) == 1


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("git pull\ndocker compose up -d --build\n", {}),
        ("git pull\ndocker compose build\ndocker compose up -d\n", {}),
        ("git pull\ndocker compose pull\ndocker compose up -d\n", {}),
        ("git pull\n./build.sh\ndocker compose up -d\n", {}),
        ("git pull\nmake images\ndocker compose up -d\n", {}),
        ("git pull\nsource lib.sh\nbuild_it\ndocker compose up -d\n", {}),
        ("docker compose up -d\n", {}),
        ("docker compose up -d\ngit pull\n", {}),
        ("git pull\ndocker compose up -d db\n", {}),
        (
            "git pull\ndocker compose up -d\n",
            {"compose.yaml": COMPOSE.replace("  web:\n", "  web:\n    image: shop/web:${TAG}\n")},
        ),
        (
            "git pull\ndocker compose up -d\n",
            {"compose.yaml": COMPOSE.replace("  web:\n", "  web:\n    pull_policy: build\n")},
        ),
        ("git status\ndocker compose up -d\n", {}),
        ("git checkout -- config.yml\ndocker compose up -d\n", {}),
    ],
)
def test_up_without_build_is_silent(text, more):
    assert found_in("up-without-build", {**more, "deploy.sh": HEAD + text}) == []


# preserved-mtime


@pytest.mark.parametrize(
    "line",
    [
        "find . -type f -exec touch -d @0 {} +",
        "find . -print0 -exec touch -h -t 198001010000 {} ';'",
        "git restore-mtime",
        "git-restore-mtime",
        "touch -r compose.yaml Dockerfile",
        "cp -p /etc/shop/app.conf ./app.conf",
        "cp -a ../config .",
        "rsync -a ../config/ ./config/",
    ],
)
def test_preserved_mtime(line):
    assert found("preserved-mtime", f"{HEAD}{line}\ndocker compose build\n") == [line]
    assert found("preserved-mtime", f"{HEAD}{line}\n{PRUNE}docker compose build\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "touch marker\ndocker compose build\n",
        "touch -d @0 /var/lib/shop/marker\ndocker compose build\n",
        "docker compose build\nfind . -exec touch -d @0 {} +\n",
        "rsync -a ./ prod:/srv/shop/\ndocker compose build\n",
        "rsync -a --no-times ../config/ ./config/\ndocker compose build\n",
        "cp -r ../config .\ndocker compose build\n",
        "cp -p a.conf /etc/shop/\ndocker compose build\n",
        "DOCKER_BUILDKIT=0 docker build .\n",
        "git restore-mtime\ngit log\n",
        "find /var/log -exec touch -d @0 {} +\ndocker compose build\n",
    ],
)
def test_preserved_mtime_is_silent(text):
    assert found("preserved-mtime", HEAD + text) == []


def test_findings_about_other_builds_make_no_deploy_dearer():
    stale = "FROM alpine\nRUN git clone https://example.com/shop/web.git /src\nCOPY . .\n"
    compose = "services:\n  web:\n    build: .\n"
    files = {
        "a/compose.yaml": compose,
        "a/Dockerfile": stale,
        "b/compose.yaml": compose,
        "b/Dockerfile": "FROM alpine\n",
    }
    scripts = {f"{name}/deploy.sh": HEAD + DEPLOY for name in "ab"}
    clear = {f"{name}/clear-cache.sh": HEAD + CLEAR for name in "ab"}
    fixed = fix_files({**files, **scripts, **clear}, ["build-without-prune", "partial-cache-clear"]).files
    assert [("type=regular" in fixed[name]) for name in sorted(scripts)] == [True, False]
    assert [("type=regular" in fixed[name]) for name in sorted(clear)] == [True, False]


# scripts of other languages


RULES = ["build-without-prune", "unset-commit-arg", "up-without-build", "restart-after-build"]
EXPECT = """\
#!/usr/bin/expect -f
spawn ssh deploy@shop
send "cd /srv/shop && git pull\\r"
docker compose up -d
spawn docker compose build
"""


@pytest.mark.parametrize("text", [EXPECT, "#!/usr/bin/env python3\ngit pull\ndocker compose build\n" + DEPLOY])
def test_silent_on_what_no_shell_runs(text: str):
    assert lint_files({**FILES, "deploy.sh": text}, RULES) == ()


def test_what_a_program_of_another_language_does_is_not_known():
    build = "#!/usr/bin/env python3\nos.system(f'{tool} build')\n"
    text = HEAD + "git pull\n./build.sh\ndocker compose up -d\n"
    assert found("up-without-build", text, **{"build.sh": build}) == []
    assert found("up-without-build", text, **{"build.sh": "#!/bin/sh\ntrue\n"}) == ["docker compose up -d"]
