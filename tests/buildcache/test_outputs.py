"""What fills the directories of an image, by the commands of its RUN."""

import time

import pytest

from cachelint.buildcache.outputs import builds, installs_into
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


def instructions(command):
    return parse_dockerfile(SourceFile("Dockerfile", f"FROM alpine\nRUN {command}\n")).instructions[1:]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("venv", "python -m venv venv"),
        ("venv", "python -m venv --copies ./venv && venv/bin/pip install x"),
        (".venv", "python -m venv /opt/app/.venv"),
        (".venv", "python -m venv tmp && python -m venv .venv"),
        (".venv", "uv sync"),
        ("node_modules", "npm ci"),
    ],
)
def test_an_install_is_seen(name, command):
    assert installs_into(name, instructions(command))


@pytest.mark.parametrize(("name", "command"), [("venv", "python -m venv /env"), (".venv", "echo .venv venv x")])
def test_other_commands_fill_something_else(name, command):
    assert not installs_into(name, instructions(command))


@pytest.mark.parametrize(
    "command", ["mvn -B package", "./mvnw -q clean\tverify", "gradle :app:bootJar", "gradlew build"]
)
def test_a_build_is_seen(command):
    assert builds(*instructions(command))


@pytest.mark.parametrize("word", ["venv", "mvn", "gradle"])
def test_a_long_command_is_searched_once(word):
    repeated = instructions((f"{word} " * 1_000 + "\\\n") * 50)
    start = time.process_time()
    assert not builds(*repeated)
    assert installs_into(".venv", repeated) is None
    assert time.process_time() - start < 3
