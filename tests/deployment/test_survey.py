"""What scripts and workflows ask Docker for, and the builds that come of it."""

from __future__ import annotations

from collections import Counter

import pytest

from cachelint.documents import script_parser
from tests.deployment_support import Surveyed
from tests.support import fix_files, lint_files

DOCKERFILE = {"Dockerfile": "FROM alpine\nARG A\nCOPY . .\nRUN ./build\n"}
APP = {"app/Dockerfile": "FROM alpine AS base\nCOPY . .\nFROM base\n"}
COMPOSE = {"compose.yaml": "services:\n  web:\n    build: .\n  db:\n    image: postgres\n  app:\n    build: app\n"}
ROOT = (".", "Dockerfile", None, {})
IN_APP = ("app", "app/Dockerfile", None, {})


def builds(files):
    return Surveyed({**DOCKERFILE, **APP, **files}).builds()


def script(text):
    return builds({"deploy.sh": text})


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("docker build .", ROOT),
        ("docker buildx build --push -t x .", ROOT),
        ("sudo docker build -t x $PWD/.", (None, None, None, {})),
        ("docker build app", IN_APP),
        ("docker build ./app/ --target base", ("app", "app/Dockerfile", "base", {})),
        ("docker build -f app/Dockerfile .", (".", "app/Dockerfile", None, {})),
        ("docker build -f app/Dockerfile app", IN_APP),
        ("docker build -f Missing .", (".", None, None, {})),
        ("docker build - < Dockerfile", (None, None, None, {})),
        ("docker build -f - . < Dockerfile", (".", None, None, {})),
        ("docker build https://github.com/x/y.git", (None, None, None, {})),
        ("docker build ..", (None, None, None, {})),
        ("cd app && docker build .", IN_APP),
        ("(cd app && docker build .)", IN_APP),
        ('cd "$(dirname "$0")/app"\ndocker build .', IN_APP),
        ("cd /srv/app\ndocker build .", (None, None, None, {})),
        ("cd $X\ndocker build .", (None, None, None, {})),
        ("D=app\ndocker build $D", IN_APP),
        ("docker build ${D:-app}", (None, None, None, {})),
        ("docker build --build-arg A=1 .", (".", "Dockerfile", None, {"A": "1"})),
        ("docker build --build-arg=A=1 --build-arg B .", (".", "Dockerfile", None, {"A": "1", "B": None})),
        ('docker build --build-arg "A=$(git log)" .', (".", "Dockerfile", None, {"A": "$(git log)"})),
        ("docker build --build-arg A=${A:-x} .", (".", "Dockerfile", None, {"A": "${A}"})),
        ("docker build --target $T .", (".", "Dockerfile", None, {})),
    ],
)
def test_docker_build_in_a_script(text, build):
    assert script(f"{text}\n") == [build]


@pytest.mark.parametrize(
    "text",
    ["docker build --help", "echo docker build .", "podman build .", "# docker build .", "docker ps", "npm run build"],
)
def test_what_builds_nothing(text):
    found = Surveyed({**DOCKERFILE, "deploy.sh": f"{text}\ndocker info\n"})
    assert found.builds() == []


def test_a_script_that_never_says_docker_is_not_read():
    assert Surveyed({**DOCKERFILE, "deploy.sh": "npm run build\n"}).deployments == []


def test_a_directory_below_the_root_is_where_the_names_lead_to_files():
    files = {"scripts/deploy.sh": "docker build .\n"}
    assert builds(files) == [ROOT]
    assert builds({**files, "scripts/Dockerfile": "FROM alpine\n"}) == [(None, None, None, {})]
    assert builds({"app/x/deploy.sh": "docker build .\n"}) == [(None, None, None, {})]
    up = 'cd "$(dirname "$0")/.."\ndocker build .\n'
    assert builds({"scripts/deploy.sh": up, "scripts/Dockerfile": "FROM x\n"}) == [ROOT]


def test_on_another_machine_no_file_is_known():
    found = Surveyed({**DOCKERFILE, "deploy.sh": "ssh web <<'EOF'\ndocker build .\nEOF\n"})
    [call] = found.only.calls
    assert call.host == (("remote", "web"),)
    assert found.builds() == [(None, None, None, {})]
    assert found.only.is_ephemeral(call) is False


def services(files):
    found = Surveyed({**DOCKERFILE, **APP, **COMPOSE, **files})
    return [[one.service.name for one in call.services] for call in found.only.calls]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("docker compose build", ["web", "app"]),
        ("docker-compose build app", ["app"]),
        ("docker compose build db", []),
        ("docker compose up -d --build", ["web", "app"]),
        ("docker compose up -d web", ["web"]),
        ("docker compose -f compose.yaml build", ["web", "app"]),
        ("docker compose -f compose.yaml -f missing.yaml build", []),
        ("docker compose -f $FILE build", []),
        ("docker compose build $SERVICE", []),
        ("cd app && docker compose build", ["web", "app"]),
        ("DC='docker compose'\n$DC build", ["web", "app"]),
        ("docker compose ps", ["web", "app"]),
    ],
)
def test_services_of_a_compose_command(text, names):
    assert services({"deploy.sh": f"{text}\n"}) == [names]


def test_an_override_belongs_to_its_file_and_env_may_choose_others():
    override = {"compose.override.yaml": "services:\n  more:\n    build: app\n", "deploy.sh": "docker compose build\n"}
    assert services(override) == [["web", "app", "more"]]
    assert services({**override, ".env": "COMPOSE_FILE=other.yaml\n"}) == [[]]


WORKFLOW = """\
on: push
env: {TOP: 1}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""


def workflow(steps):
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return Surveyed({**DOCKERFILE, **APP, **COMPOSE, ".github/workflows/ci.yml": WORKFLOW + indented})


def test_a_step_of_a_workflow():
    run = "docker build \\\n      --build-arg A=${{ github.sha }} app\n"
    found = workflow(f"- run: |\n    {run}  working-directory: ./\n")
    assert found.builds() == [("app", "app/Dockerfile", None, {"A": found.builds()[0][3]["A"]})]
    assert "$" in found.builds()[0][3]["A"]
    [call] = found.only.calls
    assert found.only.source.text[slice(*call.span)].startswith("docker build \\\n")
    assert found.only.source.text[slice(*call.span)].endswith("${{ github.sha }} app")
    assert found.only.is_ephemeral(call) is True
    assert found.only.job.name == "build"


def test_the_working_directory_of_a_step():
    step = "- run: docker build .\n  working-directory: "
    assert workflow(f"{step}app\n").builds() == [IN_APP]
    assert workflow(f"{step}${{{{ github.workspace }}}}/app\n").builds() == [IN_APP]
    assert workflow(f"{step}${{{{ matrix.d }}}}\n").builds() == [(None, None, None, {})]


def test_another_checkout_hides_the_repository():
    nothing = [(None, None, None, {})]
    assert (
        workflow("- uses: actions/checkout@v4\n  with: {repository: x/y}\n- run: docker build .\n").builds() == nothing
    )
    elsewhere = "- uses: actions/checkout@v4\n  with: {repository: x/y, path: z}\n- run: docker build .\n"
    assert workflow(elsewhere).builds() == [ROOT]


def test_the_action_that_builds():
    found = workflow("""\
- uses: docker/build-push-action@v6
  with:
    context: .
    file: app/Dockerfile
    target: base
    build-args: |
      A=1
      # no comment: this is passed on
      B=${{ github.sha }}
      C
""")
    [(context, dockerfile, target, args)] = found.builds()
    assert (context, dockerfile, target) == (".", "app/Dockerfile", "base")
    assert args == {"A": "1", "B": "${{ github.sha }}", "C": None}
    [build] = found.only.calls[0].builds
    text = found.only.source.text
    assert [text[slice(*arg.entry.span)] for arg in build.args] == ["A=1", "B=${{ github.sha }}", "C"]
    assert [text[slice(*arg.entry.name_span)] for arg in build.args] == ["A", "B", "C"]
    assert not build.resolved


def test_the_default_context_of_the_action_is_fetched_by_the_builder():
    assert workflow("- uses: docker/build-push-action@v6\n").builds() == [(None, "Dockerfile", None, {})]
    below = '- uses: docker/build-push-action@v6\n  with: {context: "{{defaultContext}}:app"}\n'
    assert workflow(below).builds() == [(None, "app/Dockerfile", None, {})]
    unknown = '- uses: docker/build-push-action@v6\n  with: {context: "${{ matrix.dir }}"}\n'
    assert workflow(unknown).builds() == [(None, None, None, {})]


def test_a_script_on_another_machine():
    found = workflow("- uses: appleboy/ssh-action@v1\n  with:\n    script: |\n      docker compose up -d --build\n")
    [call] = found.only.calls
    assert call.host == (("remote", ""),)
    assert call.docker.builds
    assert found.only.is_ephemeral(call) is False
    assert call.services == ()


def test_variables_of_a_workflow():
    found = workflow("""\
- run: |
    echo "FROM_ENV=1" >> $GITHUB_ENV
- run: |
    HERE=1
    export THERE
    docker build --build-arg A=$HERE .
  env: {STEP: 1}
""").only
    assert {"TOP", "FROM_ENV", "HERE", "THERE", "STEP"} <= found.sets
    assert found.may_set("STEP")
    assert not found.may_set("OTHER")


def test_variables_of_sourced_files():
    files = {"deploy.sh": ". ./env.sh\ndocker build .\n", "env.sh": "export A=1\nB=2\n", "Dockerfile": "FROM x\n"}
    assert Surveyed(files).only.sets == {"A", "B"}
    assert Surveyed({"deploy.sh": "source missing.sh\ndocker build .\n"}).only.may_set("ANY")


def test_recipes_package_scripts_and_gitlab():
    files = {"app/Makefile": "IMAGE = x\nbuild:\n\t@docker build -t $(IMAGE) .\n\tdocker push $(IMAGE)\n"}
    found = Surveyed({**APP, **files})
    assert found.builds() == [IN_APP]
    assert found.only.job.name == "build"
    assert [call.docker.verb for call in found.only.calls] == ["build", "push"]
    assert builds({"app/package.json": '{"scripts": {"docker": "docker build -t \\"x\\" ."}}'}) == [IN_APP]
    gitlab = {".gitlab-ci.yml": "variables: {X: 1}\nbuild:\n  script:\n    - cd app\n    - docker build .\n"}
    assert builds(gitlab) == [IN_APP]
    assert Surveyed({**APP, **gitlab}).only.sets == {"X"}


def test_places_in_json_end_behind_escapes():
    found = Surveyed({"package.json": '{"scripts": {"d": "docker build --build-arg \\"A=1\\""}}'})
    [call] = found.only.calls
    assert found.only.source.text[slice(*call.span)] == 'docker build --build-arg \\"A=1\\"'


def test_a_loop_over_known_names_builds_each():
    assert builds({"deploy.sh": 'for d in . app; do docker build "$d"; done\n'}) == [ROOT, IN_APP]


@pytest.mark.parametrize("text", ["", "docker build", "docker build $(", "docker: [", "\x00docker", "docker\n" * 2000])
@pytest.mark.parametrize(
    "name", ["x.sh", ".github/workflows/x.yml", "Makefile", "package.json", ".gitlab-ci.yml", "action.yml"]
)
def test_nothing_breaks_it(name, text):
    for deployment in Surveyed({name: text}).deployments:
        assert deployment.calls


BAKE = """\
{
  "group": {"default": {"targets": ["web", "more"]}, "more": {"targets": ["app"]}},
  "target": {
    "base": {"args": {"A": "1", "B": "x"}, "context": "."},
    "web": {"inherits": ["base"], "args": {"A": "${A}"}},
    "app": {"context": "app", "target": "base", "cache-to": ["type=inline"]}
  }
}
"""


def bake(command, **files):
    return builds({"docker-bake.json": BAKE, "deploy.sh": f"docker buildx bake {command}\n", **files})


def test_targets_of_a_bake_file():
    web, app = (".", "Dockerfile", None, {"A": "${A}", "B": "x"}), ("app", "app/Dockerfile", "base", {})
    assert bake("") == [web, app]
    assert bake("--push web") == [web]
    assert bake("-f docker-bake.json more") == [app]
    assert bake("--print") == bake("$TARGET") == bake("-f other.json") == bake("nothing") == []
    assert bake("", **{"docker-bake.hcl": 'target "web" {}'}) == []
    assert bake("", **{"docker-bake.json": "{"}) == bake("", **{"docker-bake.json": '{"target": {"default": 1}}'}) == []
    assert bake("x", **{"docker-bake.json": '{"target": {"x": {"inherits": ["x"], "matrix": {}}}}'}) == []
    assert bake("x", **{"docker-bake.json": '{"target": {"x": {"inherits": ["x"]}}}'}) == [ROOT]


def test_bake_reads_compose_files():
    assert services({"deploy.sh": "docker buildx bake\n"}) == [["web", "app"]]
    assert services({"deploy.sh": "docker buildx bake -f compose.yaml app\n"}) == [["app"]]
    assert services({"deploy.sh": "docker buildx bake\n", "docker-bake.hcl": ""}) == [[]]


DEPLOY = "docker compose build\ndocker compose up -d\n"
SCRIPTS = {
    "deploy.sh": f"./lib.sh\n{DEPLOY}",
    "lib.sh": "docker pull alpine\n",
    ".github/workflows/x.yml": "jobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - run: ./deploy.sh\n",
}


@pytest.fixture
def readings(monkeypatch):
    """How often each text has been read as a script."""
    seen = Counter()
    read = script_parser.read_script

    def count(source, text=None, pairs=()):
        seen[text or getattr(source, "text", source)] += 1
        return read(source, text, pairs)

    monkeypatch.setattr("cachelint.documents.script_parser.read_script", count)
    return seen


def test_a_script_is_read_once_whoever_asks(readings):
    assert lint_files({**DOCKERFILE, **APP, **COMPOSE, **SCRIPTS})
    assert readings == dict.fromkeys((SCRIPTS["deploy.sh"], SCRIPTS["lib.sh"], "./deploy.sh"), 1)


def test_the_rounds_of_fixing_read_anew_what_they_edit(readings):
    fixed = fix_files({**DOCKERFILE, **APP, **COMPOSE, **SCRIPTS})
    assert "prune" in fixed.files["deploy.sh"]
    assert readings[SCRIPTS["lib.sh"]] == readings["./deploy.sh"] == 1
