"""What the rules say about projects of several Compose files, where they say it, and which file their fixes edit."""

from __future__ import annotations

import pytest

from tests.compose.oracle import asked
from tests.support import read_files, run, write_files

DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN make\n"
BASE = "services:\n  web:\n    build:\n      context: .\n"
WITH = BASE + "      args:\n        GIT_SHA: ${GIT_SHA}\n"


def lint(directory, files, *rules):
    write_files(directory, {"Dockerfile": DOCKERFILE, **files})
    ran = run("--isolated", "--output-format", "concise", "--select", ",".join(rules), cwd=directory)
    return [line for line in ran.out.splitlines() if ": " in line and not line.startswith("Found")]


def places(lines):
    return [line.split(" ")[0].rstrip(":") for line in lines]


MISSING = "missing-commit-arg"
SILENT = {
    "the override passes it": {
        "compose.yaml": BASE,
        "compose.override.yaml": "services: {web: {build: {args: [GIT_SHA]}}}\n",
    },
    "a file on top passes it": {
        "compose.yaml": BASE,
        "docker-compose.prod.yml": "services: {web: {build: {args: [GIT_SHA]}}}\n",
    },
    "the base passes it": {"compose.yaml": WITH, "docker-compose.prod.yml": "services: {web: {build: {target: ''}}}\n"},
    "what it extends passes it": {
        "compose.yaml": "services:\n  web:\n    extends: {file: common.yml, service: web}\n",
        "common.yml": WITH,
    },
    "no build is left": {
        "compose.yaml": BASE,
        "compose.override.yaml": "services: {web: {build: !reset null, image: x}}\n",
    },
    "a template for another file": {
        "compose.yaml": "services:\n  web:\n    extends: {file: docker-compose.base.yml, service: web}\n"
        "    build: {args: [GIT_SHA]}\n",
        "docker-compose.base.yml": BASE,
    },
    "what it extends is outside the repository": {
        ".git/HEAD": "",
        "compose.yaml": "services:\n  web:\n    extends: {file: ../../common.yml, service: web}\n    build: .\n",
    },
    "only the deploying machine knows the context": {"compose.yaml": "services: {web: {build: '${WHERE}'}}\n"},
    "nothing is known of a remote include": {"compose.yaml": "include: [oci://x/y]\nservices: {db: {image: x}}\n"},
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(tmp_path, name):
    assert lint(tmp_path, SILENT[name], MISSING, "invalid-compose") == []


REPORTS = {
    "base with an override": (
        {"compose.yaml": BASE, "compose.override.yaml": "services: {web: {ports: ['80:80']}}\n"},
        "compose.yaml:3:5",
    ),
    "build in the override": (
        {"compose.yaml": "services: {web: {image: x}}\n", "compose.override.yaml": BASE},
        "compose.override.yaml:3:5",
    ),
    "environment names the context": (
        {".env": "WHERE=.\n", "compose.yaml": "services:\n  web:\n    build: ${WHERE}\n"},
        "compose.yaml:3:5",
    ),
    "environment names the files": (
        {".env": "COMPOSE_FILE=a.yml\n", "a.yml": "services: {}\n", "compose.x.yml": BASE},
        "compose.x.yml:3:5",
    ),
    "included": (
        {"compose.yaml": "include: [docker/web.yml]\n", "docker/web.yml": BASE.replace("context: .", "context: ..")},
        "docker/web.yml:3:5",
    ),
    "extended": (
        {
            "compose.yaml": "services:\n  one:\n    extends: {file: common.yml, service: web}\n  two:\n    extends: one\n",
            "common.yml": BASE,
        },
        "common.yml:3:5",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_reports_where_the_build_is_written(tmp_path, name):
    files, place = REPORTS[name]
    assert set(places(lint(tmp_path, files, MISSING))) == {place}


def test_a_constant_on_top_names_the_files_and_is_fixed_there(tmp_path):
    prod = "services:\n  web:\n    build:\n      args:\n        GIT_SHA: unknown\n"
    [found] = lint(tmp_path, {"compose.yaml": WITH, "docker-compose.prod.yml": prod}, "constant-commit-arg")
    assert found.startswith("docker-compose.prod.yml:5:9: ")
    run("--isolated", "--fix", "--unsafe-fixes", "--select", "constant-commit-arg", cwd=tmp_path)
    after = read_files(tmp_path)
    assert after["compose.yaml"] == WITH
    assert after["docker-compose.prod.yml"] == prod.replace("unknown", "${GIT_SHA}")


def test_a_finding_of_one_combination_names_it(tmp_path):
    files = {
        "compose.yaml": WITH,
        "docker-compose.prod.yml": "services:\n  web:\n    build:\n      dockerfile: Prod\n",
        "Prod": "FROM alpine\nCOPY . .\nRUN make\n",
    }
    [found] = lint(tmp_path, files, "undeclared-build-arg")
    assert found.startswith("compose.yaml:6:9: ")
    assert "This is so where compose.yaml + docker-compose.prod.yml are used together." in found


def test_a_finding_of_a_file_alone_names_it(tmp_path):
    files = {"compose.yaml": WITH, "docker-compose.prod.yml": BASE}
    [found] = lint(tmp_path, files, MISSING)
    assert found.startswith("docker-compose.prod.yml:3:5: ")
    assert "This is so where docker-compose.prod.yml is used alone." in found


def test_a_finding_that_a_service_has_anyway_names_no_file(tmp_path):
    install = "FROM node\nWORKDIR /a\nCOPY package.json ./\nRUN npm ci\nCOPY . .\nRUN make\n"
    build = "    build: {{context: ., target: {}}}\n"
    files = {
        "compose.yaml": "services:\n  web:\n    build: .\n  test:\n" + build.format("other"),
        "docker-compose.ci.yml": "services:\n  web:\n    image: a\n  test:\n    build: .\n",
        "Dockerfile": f"FROM alpine AS other\n{install}",
        "package.json": "{}",
        "a.js": "",
    }
    [found] = lint(tmp_path, files, "host-output-in-context")
    assert "This is so where" not in found


TEMPLATE = "services:\n  web:\n    extends: {file: docker-compose.base.yml, service: web}\n"
ONCE = {
    "extended by two services": {
        "compose.yaml": TEMPLATE + TEMPLATE.replace("services:\n  web", "  api"),
        "docker-compose.base.yml": BASE,
    },
    "extended by two projects": {
        "a/compose.yaml": TEMPLATE.replace("docker-", "../docker-"),
        "b/compose.yaml": TEMPLATE.replace("docker-", "../docker-").replace("  web:", "  api:"),
        "docker-compose.base.yml": BASE,
    },
    "extended, and a project of its own by its name": {
        "a/compose.yaml": TEMPLATE.replace("docker-compose.base.yml", "../compose.yaml").replace("  web:", "  api:"),
        "compose.yaml": BASE,
    },
    "extended by one that passes it, and a project of its own by its name": {
        "a/compose.yaml": TEMPLATE.replace("docker-compose.base.yml", "../compose.yaml")
        + "    build: {args: [GIT_SHA]}\n",
        "compose.yaml": BASE,
    },
    "extended by one that passes it, and a project of its own in a script": {
        "compose.yaml": TEMPLATE + "    build: {args: [GIT_SHA]}\n",
        "docker-compose.base.yml": BASE,
        "deploy.sh": "docker compose -f docker-compose.base.yml up -d --build\n",
    },
}


@pytest.mark.parametrize("name", ONCE)
def test_what_several_extend_is_said_once_where_it_is_written(tmp_path, name):
    files = ONCE[name]
    base = "docker-compose.base.yml" if "docker-compose.base.yml" in files else "compose.yaml"
    assert places(lint(tmp_path, files, MISSING)) == [f"{base}:3:5"]


def test_a_template_that_a_script_puts_below_others_is_no_project_of_its_own(tmp_path):
    files = {
        "compose.yaml": TEMPLATE + "    build: {args: [GIT_SHA]}\n",
        "docker-compose.base.yml": BASE,
        "deploy.sh": "docker compose -f docker-compose.base.yml -f compose.yaml up -d --build\n",
    }
    assert lint(tmp_path, files, MISSING) == []


def test_a_constant_that_a_file_on_top_replaces_is_silent(tmp_path):
    constant = WITH.replace("${GIT_SHA}", "dev")
    files = {
        "compose.yaml": constant,
        "docker-compose.prod.yml": "services: {web: {build: {args: ['GIT_SHA=${SHA}']}}}\n",
    }
    assert lint(tmp_path, files, "constant-commit-arg") == []


def test_what_compose_refuses_is_said_once_with_its_way_and_the_rest_goes_on(tmp_path):
    files = {
        "compose.yaml": BASE + "  a:\n    extends: b\n  b:\n    extends: a\n",
        "docker-compose.x.yml": "services: {web: {ports: []}}\n",
    }
    found = lint(tmp_path, files, MISSING, "invalid-compose")
    assert places(found) == ["compose.yaml:3:5", "compose.yaml:6:5"]
    assert "`extends` goes round in a circle" in found[1]


FIXED = {
    "the base for two files": (
        {"compose.yaml": BASE, "docker-compose.a.yml": "services: {web: {build: {target: ''}}}\n"},
        "compose.yaml",
        {"web"},
    ),
    "the service that others extend": (
        {"compose.yaml": BASE + "  api:\n    extends: web\n  job:\n    extends: api\n"},
        "compose.yaml",
        {"web", "api", "job"},
    ),
    "the file that is extended": (
        {"compose.yaml": "services:\n  api:\n    extends: {file: common.yml, service: web}\n", "common.yml": BASE},
        "common.yml",
        {"api"},
    ),
    "the anchor": (
        {"compose.yaml": "x-b: &b\n  context: .\nservices:\n  web: {build: *b}\n  api: {build: {<<: *b}}\n"},
        "compose.yaml",
        {"web", "api"},
    ),
    "the override that alone builds": (
        {"compose.yaml": "services: {web: {image: x}}\n", "compose.override.yaml": BASE},
        "compose.override.yaml",
        {"web"},
    ),
}


@pytest.mark.parametrize("name", FIXED)
def test_compose_sees_exactly_the_stated_change(tmp_path, name):
    files, edited, services = FIXED[name]
    write_files(tmp_path, {"Dockerfile": DOCKERFILE, **files})
    before, text = asked(tmp_path), read_files(tmp_path)
    ran = run("--isolated", "--fix", "--select", MISSING, cwd=tmp_path)
    assert ran.code == 0, ran.out
    assert {path for path, one in read_files(tmp_path).items() if one != text[path]} == {edited}
    after = asked(tmp_path, environment={"HOME": "/somebody", "GIT_COMMIT_HASH": "abc"})
    assert isinstance(before, dict)
    for service in services:
        before[service]["build"].setdefault("args", {})["GIT_SHA"] = "abc"
    assert after == before
