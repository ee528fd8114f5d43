"""``cachelint config``: whole projects, where their values come from, and what Compose refuses."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.compose.oracle import compose_or_skip
from tests.support import run, write_files

BASE = """\
x-common: &common
  args:
    TAG: ${TAG}
    NAME: ${NAME}
services:
  base:
    build:
      context: ./app
      <<: *common
  web:
    extends: base
    volumes:
      - data:/d
      - ./x:/y:ro
volumes:
  data:
"""
PROD = """\
services:
  web:
    profiles: [live]
    build:
      args: {NAME: prod}
      cache_from: [img, 'type=registry,ref=${TAG}']
"""
FILES = {"compose.yaml": BASE, "docker-compose.prod.yml": PROD, ".env": "NAME=web\n"}


@pytest.fixture
def project(tmp_path):
    return write_files(tmp_path, FILES)


def shown(directory, *args, code=0):
    ran = run("config", "--output-format", "json", *args, cwd=directory)
    assert ran.code == code, ran.err
    return json.loads(ran.out)["projects"]


def test_values_are_those_of_compose(project):
    alone, _, on_top = shown(project, "--profile", "live")
    assert alone["files"] == ["compose.yaml"]
    assert on_top["files"] == ["compose.yaml", "docker-compose.prod.yml"]
    assert on_top["profiles"] == ["live"]
    root = os.path.realpath(project)
    assert on_top["services"]["web"] == {
        "image": None,
        "pull_policy": None,
        "environment": {},
        "volumes": [
            {"type": "volume", "source": "data", "target": "/d"},
            {"type": "bind", "source": f"{root}/x", "target": "/y", "read_only": True},
        ],
        "build": {
            "context": f"{root}/app",
            "dockerfile": "Dockerfile",
            "target": None,
            "args": {"TAG": {"unknown": "${TAG}"}, "NAME": "prod"},
            "cache_from": ["img", {"unknown": "type=registry,ref=${TAG}"}],
            "cache_to": [],
            "no_cache": False,
        },
    }


def test_provenance_names_place_and_way(project):
    on_top = shown(project, "--service", "web")[-1]
    places = on_top["provenance"]
    tag, name = places["services.web.build.args.TAG"], places["services.web.build.args.NAME"]
    assert (tag["path"], tag["line"], tag["column"]) == ("compose.yaml", 3, 5)
    way = [(one["message"], one["line"]) for one in tag["chain"]]
    assert way == [("merged in here", 9), ("`web` extends `base`", 11)]
    assert (name["path"], name["line"]) == ("docker-compose.prod.yml", 5)
    assert [(one["message"], one["path"], one["line"]) for one in name["chain"]] == [
        ("replaces this", "compose.yaml", 4)
    ]
    assert "services.web.build.dockerfile" not in places


def test_text(project):
    ran = run("config", "--service", "web", "compose.yaml", cwd=project)
    assert ran.code == 0
    assert "build.args.NAME       web" in ran.out
    assert "${TAG}  (unknown)" in ran.out
    assert "`web` extends `base` compose.yaml:11" in ran.out
    assert "by default" in ran.out


ENVIRONMENT = {
    "compose.yaml": "services:\n  web:\n    image: x\n    env_file:\n      - web.env\n"
    "    environment:\n      LEVEL: info\n      HOST:\n",
    "compose.override.yaml": "services: {web: {environment: [LEVEL=debug, 'KEY=${KEY}']}}\n",
    "web.env": "# secrets\nFROM_FILE=1\nMENTIONS=${LEVEL}/${KEY}\nLEVEL=file\n",
}


def test_environment(tmp_path):
    write_files(tmp_path, ENVIRONMENT)
    [found] = shown(tmp_path)
    assert found["services"]["web"]["environment"] == {
        "FROM_FILE": "1",
        "HOST": {"unknown": "${HOST}"},
        "KEY": {"unknown": "${KEY}"},
        "LEVEL": "debug",
        "MENTIONS": {"unknown": "${MENTIONS}"},
    }
    places = found["provenance"]
    level, from_file = places["services.web.environment.LEVEL"], places["services.web.environment.FROM_FILE"]
    assert (level["path"], level["line"], level["chain"][0]["message"]) == ("compose.override.yaml", 1, "replaces this")
    assert (from_file["path"], from_file["line"], from_file["column"]) == ("web.env", 2, 1)
    assert [(one["message"], one["line"]) for one in from_file["chain"]] == [("read here", 5)]
    text = run("config", cwd=tmp_path).out
    assert "environment.LEVEL      debug" in text
    assert "web.env:2, read here compose.yaml:5" in text
    assert "${HOST}  (unknown)" in text


def test_an_environment_file_that_is_not_here_leaves_open_what_others_say(tmp_path):
    write_files(tmp_path, ENVIRONMENT)
    text = ENVIRONMENT["compose.yaml"].replace("- web.env", "[web.env, secret.env]")
    write_files(tmp_path, {"compose.yaml": text})
    [found] = shown(tmp_path)
    environment = found["services"]["web"]["environment"]
    assert (environment["LEVEL"], environment["FROM_FILE"]) == ("debug", {"unknown": "1"})
    assert [one["message"] for one in found["notes"]] == [
        "the environment file secret.env cannot be read: no such file or directory"
    ]
    assert found["errors"] == []


def test_a_variable_that_nobody_sets(tmp_path):
    write_files(tmp_path, {"compose.yaml": "services: {web: {image: x, environment: {A: , B: ''}}}\n", ".env": "A\n"})
    [found] = shown(tmp_path)
    assert found["services"]["web"]["environment"] == {"A": {"unknown": "${A}"}, "B": ""}


def test_environment_files_outside_of_the_repository_are_not_read(tmp_path):
    text = "services: {web: {image: x, env_file: [../out.env, /etc/passwd]}}\n"
    write_files(tmp_path, {"p/.git/HEAD": "", "p/compose.yaml": text, "out.env": "SECRET=1\n"})
    [found] = shown(tmp_path / "p")
    assert found["services"]["web"]["environment"] == {}
    assert [one["message"].rpartition(": ")[2] for one in found["notes"]] == ["outside the repository"] * 2


def test_files_are_given(tmp_path):
    write_files(tmp_path, {"deploy/a.yml": "services: {web: {build: ./x, image: 'i:${V}'}}\n", "my.env": "V=1\n"})
    args = ("-f", "deploy/a.yml", "--project-directory", ".", "--env-file", "my.env")
    [found] = shown(tmp_path, *args)
    assert found["services"]["web"]["image"] == "i:1"
    assert found["services"]["web"]["build"]["context"] == os.path.join(os.path.realpath(tmp_path), "x")


@pytest.mark.parametrize(
    ("args", "env", "names", "inactive"),
    [
        ((), "", "a", "b c"),
        (("--profile", "p"), "", "a b", "c"),
        (("--profile", "*"), "", "a b c", ""),
        (("--profile", "p", "--profile", "q"), "", "a b c", ""),
        ((), "COMPOSE_PROFILES=q\n", "a c", "b"),
        (("--profile", "p"), "COMPOSE_PROFILES=q\n", "a b", "c"),
        ((), "COMPOSE_PROFILES=${WHERE}\n", "a b c", ""),
    ],
)
def test_profiles_choose_services(tmp_path, args, env, names, inactive):
    text = "services: {a: {image: a}, b: {image: b, profiles: [p]}, c: {image: c, profiles: [q]}}\n"
    write_files(tmp_path, {"compose.yaml": text, ".env": env})
    [found] = shown(tmp_path, *args)
    assert sorted(found["services"]) == names.split()
    assert sorted(found["inactive"]) == inactive.split()
    if "$" not in env:
        assert sorted(of_compose(tmp_path, *args)) == names.split()


def test_a_service_that_is_named_is_there_without_its_profile(tmp_path):
    text = "services: {a: {image: a}, b: {image: b, profiles: [p]}}\n"
    write_files(tmp_path, {"compose.yaml": text})
    [found] = shown(tmp_path, "--service", "b")
    assert list(found["services"]) == ["b"]
    assert "b: left out without --profile p" in run("config", cwd=tmp_path).out


def of_compose(directory, *args):
    """The services as Docker Compose has them: without its program the test is skipped."""
    compose = compose_or_skip()
    return subprocess.check_output([*compose.command, *args, "config", "--services"], cwd=directory, text=True).split()


@pytest.mark.parametrize(
    ("args", "image"),
    [
        (("--env-file", "other.env"), "i:other"),
        (("--env-file", "other.env", "--env-file", "more.env"), "i:more"),
        (("--project-directory", "deploy"), "j:deploy"),
        (("--project-directory", "deploy", "--env-file", "other.env"), "j:other"),
        (("deploy",), "j:deploy"),
        (("deploy", "--env-file", "other.env"), "j:other"),
        (("deploy/compose.yaml", "--env-file", "other.env"), "j:other"),
    ],
)
def test_options_without_files_mean_the_default_files(tmp_path, args, image):
    files = {
        ".git/HEAD": "",
        "compose.yaml": "services: {web: {image: 'i:${V}'}}\n",
        ".env": "V=own\n",
        "other.env": "V=other\n",
        "more.env": "V=more\n",
        "deploy/compose.yaml": "services: {web: {image: 'j:${V}'}}\n",
        "deploy/.env": "V=deploy\n",
    }
    write_files(tmp_path, files)
    [found] = shown(tmp_path, *args)
    assert found["services"]["web"]["image"] == image
    if args[0].startswith("--"):
        compose = compose_or_skip()
        command = [*compose.command, *args, "config", "--images"]
        assert subprocess.check_output(command, cwd=tmp_path, text=True).split() == [image]


REQUIRED = """\
services:
  web:
    image: x
    environment: {PG: "${PG:?need PG}"}
    ports: ["${PORT?}:80"]
  set:
    image: "${SET:?}"
"""


def test_a_variable_that_must_be_set_is_named_with_its_line(tmp_path):
    write_files(tmp_path, {"compose.yaml": REQUIRED, ".env": "SET=1\n"})
    [found] = shown(tmp_path)
    reason = "Compose refuses this where nothing sets it: required variable {} is missing a value{}"
    assert [(one["line"], one["message"]) for one in found["notes"]] == [
        (4, reason.format("PG", ": need PG")),
        (5, reason.format("PORT", "")),
    ]
    assert found["services"]["web"]["environment"] == {"PG": {"unknown": "${PG:?need PG}"}}
    assert (
        "compose.yaml:4: Compose refuses this where nothing sets it: required variable PG"
        in run("config", cwd=tmp_path).out
    )


def test_what_is_wrong_at_an_anchor_is_said_once(tmp_path):
    services = "services:\n  a: {image: a, <<: *env}\n  b: {image: b, <<: *env}\n"
    text = f"x-env: &env\n  env_file: [bad.env, gone.env]\n{services}"
    write_files(tmp_path, {"compose.yaml": text, "bad.env": "B C=2\n"})
    ran = run("config", cwd=tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err
    assert "bad.env:1: Compose refuses this" in ran.err
    assert "refuse" not in ran.out
    write_files(tmp_path, {"bad.env": ""})
    assert run("config", cwd=tmp_path).out.count("gone.env cannot be read") == 1


def test_what_compose_refuses_is_named_and_the_rest_shown(tmp_path):
    write_files(tmp_path, {"compose.yaml": "services:\n  good: {image: a}\n  bad:\n    extends: gone\n"})
    ran = run("config", cwd=tmp_path)
    assert ran.code == 2
    assert "good" in ran.out
    assert "compose.yaml:4: Compose refuses this: the service `gone` that it extends is not in this file" in ran.err


def test_what_is_remote_is_named_as_not_followed(tmp_path):
    asked = ("oci://x/y", "https://github.com/a/b.git", "../out.yml", "${WHERE}/a.yml")
    text = "include:\n" + "".join(f"  - {one}\n" for one in asked) + "services: {a: {image: a}}\n"
    write_files(tmp_path, {"p/.git/HEAD": "", "p/compose.yaml": text, "out.yml": "services: {}\n"})
    [found] = shown(tmp_path / "p")
    assert [one["message"] for one in found["notes"]] == [
        "not followed: oci://x/y is remote",
        "not followed: https://github.com/a/b.git is remote",
        "not followed: ../out.yml is outside the repository",
        "not followed: ${WHERE}/a.yml is known only where it is deployed",
    ]
    assert found["errors"] == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--service", "wep"), "unknown service 'wep', did you mean 'web'?"),
        (("-f", "gone.yml"), "gone.yml: no such file or directory"),
        (("--env-file", "gone.env"), "gone.env: no such file or directory"),
        (("--env-file", "../out.env"), "../out.env: no such file or directory"),
        (("--project-directory", "gone"), "gone: no such file or directory"),
        (("--project-directory", "/etc"), "/etc: outside the repository"),
        (("-f", "/etc/passwd"), "/etc/passwd: outside the repository"),
        (("-",), "name a directory or a Compose file"),
        (("Dockerfile",), "no Compose file in Dockerfile"),
    ],
)
def test_bad_arguments(project, args, message):
    write_files(project, {"Dockerfile": "FROM x\n"})
    ran = run("config", *args, cwd=project)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_control_characters_are_shown(tmp_path):
    write_files(tmp_path, {"compose.yaml": 'services:\n  web:\n    image: "a\\eb"\n'})
    assert "a\\x1bb" in run("config", cwd=tmp_path).out
