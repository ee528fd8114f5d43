"""restart-after-build: what was built does not run."""

import subprocess

import pytest

from tests.support import fix_files, lint_files

RULE = ["restart-after-build"]
COMPOSE = """\
services:
  web:
    build: .
    container_name: shop_web
  worker:
    image: shop/worker
  db:
    image: postgres
"""
FILES = {"compose.yaml": COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\n"}
CI = ".github/workflows/main.yml"


def found(name, text):
    return [one.location.line_text.strip() for one in lint_files({**FILES, name: text}, RULE)]


def workflow(steps, runner="self-hosted"):
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return f"jobs:\n  ship:\n    runs-on: {runner}\n    steps:\n{indented}"


@pytest.mark.parametrize(
    "text",
    [
        "docker compose build\ndocker compose restart\n",
        "docker compose build\ndocker compose restart web\n",
        "docker compose build web db\ndocker compose restart web\n",
        "docker compose build --pull && docker compose restart -t 5 web\n",
        "docker-compose -f compose.yaml build\ndocker-compose -f compose.yaml restart\n",
        "docker compose up -d\ndocker compose build\ndocker compose restart\n",
        'if [ "$X" ]; then docker compose build; fi\ndocker compose restart\n',
        "docker compose build || exit 1\nsleep 5\ncurl -f localhost\ndocker compose restart\n",
        "b() { docker compose build; }\nr() { docker compose restart; }\nb\nr\n",
        "ssh web 'cd /srv/app && docker compose build && docker compose restart'\n",
        "ssh web 'cd /srv/app && docker compose build'\nssh web 'cd /srv/app && docker compose restart'\n",
        "ssh web 'cd /srv/app && git pull && docker compose build && docker compose restart web'\n",
        "docker build -t web .\ndocker restart web\n",
        "docker build -t ghcr.io/shop/web:latest .\ndocker restart web\n",
        "docker compose build\ndocker restart shop_web\n",
        "docker build -t shop/worker .\ndocker compose restart worker\n",
        "docker compose build\ndocker compose stop\ndocker compose restart\n",
    ],
)
def test_the_old_image_keeps_running(text):
    assert len(found("update.sh", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "docker compose restart\n",
        "docker compose restart\ndocker compose build\n",
        "docker compose build\ndocker compose up -d\ndocker compose restart\n",
        "docker compose build\ndocker compose restart\ndocker compose up -d\n",
        "docker compose build\ndocker compose up -d web\ndocker compose restart proxy\n",
        "docker compose build\ndocker compose restart db\n",
        "docker compose build web\ndocker compose restart db\n",
        "docker compose build\ndocker compose restart $SERVICE\n",
        "docker compose build\ndocker compose restart $MORE web\n",
        "docker compose build --help\ndocker compose restart\n",
        "docker compose -f a.yaml build\ndocker compose -f b.yaml restart\n",
        "docker compose -p a build\ndocker compose -p b restart\n",
        "cd a && docker compose build\ncd ../b && docker compose restart\n",
        "docker compose build\ndocker compose down\ndocker compose restart\n",
        "docker compose build\ndocker stack deploy -c compose.yaml shop\ndocker compose restart\n",
        "docker compose build\ndocker compose run --rm web migrate\ndocker compose restart\n",
        "docker compose build\ndocker compose rm -sf web\ndocker compose restart\n",
        "docker compose build\n./start.sh\ndocker compose restart\n",
        "docker compose build\ndocker compose restart\nmake up\n",
        "docker compose build\n$UP\ndocker compose restart\n",
        "docker compose build\nssh prod docker compose restart\n",
        "ssh a docker compose build\nssh b docker compose restart\n",
        "docker compose build\ndocker --context prod compose restart\n",
        'case "$1" in\n  build) docker compose build ;;\n  restart) docker compose restart ;;\nesac\n',
        'if [ "$1" = build ]; then docker compose build; else docker compose restart; fi\n',
        'b() { docker compose build; }\nr() { docker compose restart; }\n"$@"\n',
        "docker compose build\ndocker restart proxy\n",
        "docker compose build\nsystemctl restart docker\n",
        "docker build -t web .\ndocker restart proxy\n",
        "docker build -t web .\ndocker compose restart web\n",
        "docker build -t shop/worker .\ndocker compose restart db\n",
        "docker build -t web .\ndocker push web\ndocker restart web\n",
        "docker build -t web:$TAG .\ndocker restart web\n",
        "podman build -t web .\npodman restart web\n",
        "echo docker compose build\ndocker compose restart\n",
        "docker compose build\necho docker compose restart\n",
        "npm run build\ndocker compose restart\n",
    ],
)
def test_silent(text):
    assert found("update.sh", text) == []


@pytest.mark.parametrize("name", ["test.sh", "ci/update.sh", "scripts/dev.sh"])
def test_silent_where_something_is_only_tried(name):
    assert found(name, "docker compose build\ndocker compose restart\n") == []


@pytest.mark.parametrize(
    ("steps", "runner", "count"),
    [
        ("- run: docker compose build\n- run: docker compose restart\n", "self-hosted", 1),
        ("- run: docker compose build\n- run: docker compose restart\n", "ubuntu-latest", 0),
        ("- run: docker compose build\n- run: docker compose up -d\n- run: docker compose restart\n", "self-hosted", 0),
        (
            "- uses: appleboy/ssh-action@v1\n  with:\n    script: |\n      cd /srv/app\n      docker compose build\n"
            "      docker compose restart\n",
            "ubuntu-latest",
            1,
        ),
    ],
)
def test_a_workflow(steps, runner, count):
    assert len(found(CI, workflow(steps, runner))) == count


def test_other_files_are_only_reported():
    makefile = "update:\n\tdocker compose build\n\tdocker compose restart\n"
    assert len(found("Makefile", makefile)) == 1
    assert fix_files({**FILES, "Makefile": makefile}, RULE).files["Makefile"] == makefile
    assert found("Makefile", "build:\n\tdocker compose build\nrestart:\n\tdocker compose restart\n") == []
    assert len(found("package.json", '{"scripts": {"x": "docker compose build && docker compose restart"}}')) == 1


BUILD = "docker compose build\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{BUILD}docker compose restart\n", f"{BUILD}docker compose up -d\n"),
        (f"{BUILD}docker compose restart -t 5 web # now", f"{BUILD}docker compose up -d -t 5 web # now"),
        (f"{BUILD}sudo docker compose \\\r\n restart web\r\n", f"{BUILD}sudo docker compose \\\r\n up -d web\r\n"),
        (f"ssh a '{BUILD}docker compose restart'\n", f"ssh a '{BUILD}docker compose up -d'\n"),
        (f"ssh a <<E\n{BUILD}docker compose restart\nE\n", f"ssh a <<E\n{BUILD}docker compose up -d\nE\n"),
        (f"{BUILD}docker compose restart -t $(x) web\n", f"{BUILD}docker compose up -d -t $(x) web\n"),
        (f"{BUILD}R=restart\ndocker compose $R\n", f"{BUILD}R=restart\ndocker compose $R\n"),
        ("docker build -t web .\ndocker restart web\n", "docker build -t web .\ndocker restart web\n"),
    ],
)
def test_the_fix(text, after):
    fixed = fix_files({**FILES, "update.sh": text}, RULE)
    assert fixed.report.refused == ()
    assert fixed.files["update.sh"] == after
    assert fix_files(fixed.files, RULE).files == fixed.files
    assert subprocess.run(["bash", "-n"], input=after.replace("\r", ""), text=True, check=False).returncode == 0
