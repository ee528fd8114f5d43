"""The tools that substitutions look for, as the reader says it and as bash does."""

from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING

import pytest

from cachelint.documents.script_parser import read_script

if TYPE_CHECKING:
    from pathlib import Path

DETECTS = """detect() {
  if docker compose version >/dev/null 2>&1; then
    echo "docker compose"
  elif command -v docker-compose &>/dev/null; then
    echo 'docker-compose'
  else
    echo "neither is installed" >&2
    exit 1
  fi
}
"""
KEEPS = """detect() {
  local tool="docker-compose"
  if docker compose version >/dev/null 2>&1; then
    tool="docker compose"
  fi
  printf '%s' "$tool"
}
"""
RETURNS = """detect() {
  # the new one first
  if ! docker compose version >/dev/null 2>&1; then
    printf "docker-compose\\n"
    return
  fi
  echo docker compose
}
"""
CALLS = """has() { command -v "$1" >/dev/null; }
new() { docker compose version >/dev/null 2>&1; }
detect() { new && { echo docker compose; return 0; }; echo docker-compose; }
"""
KNOWN = {
    "$(docker compose version >/dev/null 2>&1 && echo 'docker compose' || echo docker-compose)": "new old",
    '$(docker compose version &>/dev/null && echo "docker compose" || echo "docker-compose")': "new old",
    "$(docker compose version 2>/dev/null >/dev/null && echo docker compose || echo docker-compose)": "new old",
    "$(which docker-compose 2>/dev/null || echo docker compose)": "old new",
    "$(command -v docker-compose || echo docker compose)": "old new",
    "`command -v docker-compose || echo docker compose`": "old new",
    "$(if command -v docker-compose >/dev/null; then echo docker-compose; else echo docker compose; fi)": "old new",
    "$( (docker compose version >/dev/null 2>&1 && echo docker compose) || echo docker-compose)": "new old",
    "$(docker compose version | grep -q v2 && echo docker compose || echo docker-compose)": "new old",
    "$([ -x /nowhere ] && echo docker-compose && exit; echo docker compose)": "old new",
    "$([[ $(uname) == Plan9 ]] && echo docker-compose || echo docker compose)": "old new",
    "$(test -f /nowhere || { echo docker compose; })": "new",
    "$(case $(uname) in Plan9) echo docker-compose ;; *) echo docker compose ;; esac)": "old new",
    '$(echo -n "docker compose")': "new",
    "$(printf 'docker compose')": "new",
    "$(X=1; export X; true; echo docker compose)": "new",
    "$(! true || echo docker compose)": "new",
    DETECTS + "$(detect)": "new old",
    KEEPS + "$(detect)": "old new",
    RETURNS + '"$(detect)"': "old new",
    RETURNS + "`detect`": "old new",
    CALLS + "$(detect)": "new old",
}
UNKNOWN = [
    "$(date)",
    "$(docker compose version && echo docker compose || echo docker-compose)",
    "$(cat tool || echo docker compose)",
    '$(echo "$1")',
    "$(echo docker | tr a-z A-Z)",
    "$(for one in a b; do echo $one; done)",
    "$(printf '%s-%s' docker compose)",
    "$(printf 'docker\\tcompose')",
    "$(docker() { :; }; docker)",
    "detect() { $(detect); }\n$(detect)",
    "detect() { echo $(detect); }\n$(detect)",
    "a() { b; }\nb() { a; }\n$(a)",
    "$(echo docker compose",
    f"detect() {{ {'{ ' * 400} echo docker; {'}; ' * 400} }}\n$(detect)",
    "$(" + "{ " * 300 + "echo docker; " + "}; " * 300 + ")",
    "$(" + "true && " * 2_000 + "echo docker compose)",
    "$(" + " ".join(f"[ {n} ] && echo {n};" for n in range(9)) + ")",
]
NAMES = {"new": ["docker", "compose"], "old": ["docker-compose"]}


def _told(text: str) -> list[list[str]]:
    *before, last = text.rpartition("\n")
    command = read_script("".join(before) + f"TOOL={last}\n$TOOL build\n").commands[-1]
    readings = command.alternatives or (command.words,)
    return [[word.text for word in reading] for reading in readings]


@pytest.mark.parametrize("text", KNOWN)
def test_what_is_printed_is_known(text: str) -> None:
    assert _told(text) == [[*NAMES[name], "build"] for name in KNOWN[text].split()]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_written_is_not_known(text: str) -> None:
    assert _told(text)[0][0].startswith(("$TOOL", "${"))


@pytest.mark.parametrize(("new", "old"), [*itertools.product((True, False), repeat=2)])
def test_bash_prints_one_of_them(new: bool, old: bool, tmp_path: Path) -> None:
    parts = [text.rpartition("\n") for text in KNOWN]
    script = "".join(f'( {before}\n x={last}; printf "%s\\n" "$x" )\n' for before, _, last in parts)
    found = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"PATH": f"{_tools(tmp_path, new=new, old=old)}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    assert len(found) == len(KNOWN) + 1
    for text, printed in zip(KNOWN, found, strict=False):
        assert printed.rpartition("/")[2] in {"", *(" ".join(reading[:-1]) for reading in _told(text))}, text


def _tools(directory: Path, *, new: bool, old: bool) -> Path:
    """Fill a directory with a `docker` that has `compose` or has it not, and perhaps a `docker-compose`."""
    docker, compose = directory / "docker", directory / "docker-compose"
    docker.write_text(f"#!/bin/sh\n{'echo v2' if new else 'exit 1'}\n")
    docker.chmod(0o755)
    if old:
        compose.write_text("#!/bin/sh\n")
        compose.chmod(0o755)
    return directory


def test_it_is_known_in_the_command_itself_and_in_nested_shells() -> None:
    for text in (
        "$(which podman || echo docker) build .",
        'bash -c "$(which podman || echo docker) build ."',
        "bash -c '$(which podman || echo docker) build .'",
        "ssh host '$(which podman || echo docker) build .'",
    ):
        [*_, command] = [one for one in read_script(text).commands if one.texts[-1:] == (".",)]
        assert [[word.text for word in one] for one in command.alternatives] == [
            ["podman", "build", "."],
            ["docker", "build", "."],
        ]


@pytest.mark.parametrize(
    "text",
    [
        'SUDO=$([ "$(id -u)" = 0 ] || echo sudo)',
        "SUDO=$(test -x /usr/bin/sudo && echo sudo)",
        "SUDO=$(echo my docker)",
    ],
)
def test_other_words_are_left_as_they_are_written(text: str) -> None:
    command = read_script(f"{text}\n$SUDO docker build\n").commands[-1]
    words = (*(one.words[0] for one in command.wrappers), *command.words)
    assert words[0].text == "$SUDO"


def test_each_function_is_followed_once() -> None:
    calls = "".join(f"f{n}() {{ {f'f{n + 1}; ' * 40} }}\n" for n in range(4))
    assert _told(f"{calls}f4() {{ [ x ]; }}\nf() {{ f0; echo docker; }}\n$(f)") == [["docker", "build"]]


def test_it_points_at_the_substitution() -> None:
    text = "DC=$(which podman || echo docker)\n$DC build .\n"
    word = read_script(text).commands[-1].words[0]
    assert (text[slice(*word.span)], text[slice(*word.origin)]) == ("$DC", "$(which podman || echo docker)")
