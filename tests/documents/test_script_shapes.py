"""Every shape of script: what builds in it, where a line goes, and that the script still does what it did."""

import os
import subprocess
from pathlib import Path

import pytest

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script import Script, read_script
from cachelint.documents.script_place import NoPlace, Place, place_before
from cachelint.source import SourceFile
from tests.shapes.scripts import SHAPES, Shape

_RECORD = 'echo "{name} $*" >> "$CALLS"\n'
_STUBS = {
    **dict.fromkeys(("git", "npm", "make", "podman", "buildah", "docker-compose"), _RECORD),
    "docker": _RECORD + 'case "$*" in *build*) exit "${FAILS:-0}" ;; esac\n',
    "mark": 'echo mark >> "$CALLS"\n',
    "sudo": 'while [ "${1#-}" != "$1" ]; do [ "$1" = -u ] && shift; shift; done\nexec "$@"\n',
    "su": 'exec bash -c "${@: -1}"\n',
    "ssh": 'echo "ssh $1" >> "$CALLS"\nshift\nif [ $# -gt 0 ]; then exec bash -c "$*"; else exec bash -s; fi\n',
    "sleep": "exit 0\n",
}


def read(shape: Shape) -> Script:
    return read_script(SourceFile("deploy.sh", shape.text))


def marked(script: Script) -> str:
    """The script with a mark above each build that has a place."""
    builds = [one for one in docker_calls(script) if one.builds]
    places = {place for one in builds if isinstance(place := place_before(script, one.command), Place)}
    text = script.source.text
    for place in sorted(places, key=lambda place: -place.offset):
        line = f"{place.indent}mark{place.line_break}"
        if text[place.offset : place.offset + len(line)] != line:
            text = text[: place.offset] + line + text[place.offset :]
    return text


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_builds(shape):
    builds = [one for one in docker_calls(read(shape)) if one.builds]
    found = ["".join(f"{machine} {name}: " for machine, name in one.daemon.machine) + one.verb for one in builds]
    assert "; ".join(found) == shape.builds


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_places(shape):
    script = read(shape)
    first = next((one.command for one in docker_calls(script) if one.builds), None)
    place = place_before(script, first) if first else None
    assert (place.reason if isinstance(place, NoPlace) else None) == shape.refused
    assert marked(script) == shape.marked


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("stubs")
    for name, body in _STUBS.items():
        (directory / name).write_text("#!/bin/bash\n" + body.replace("{name}", name))
        (directory / name).chmod(0o755)
    return directory


def calls(text: str, arguments: str, stubs: Path, where: Path, fails: str) -> list[str]:
    """What a script calls."""
    script, log = where / "deploy.sh", where / "calls"
    script.write_text(text, newline="")
    log.write_text("")
    environment = {"PATH": f"{stubs}{os.pathsep}{os.environ['PATH']}", "CALLS": str(log), "FAILS": fails}
    command = ["bash", str(script), *arguments.split()]
    subprocess.run(command, cwd=where, env=environment, capture_output=True, timeout=20, check=False)
    return log.read_text().splitlines()


@pytest.mark.parametrize(
    "shape", [one for one in SHAPES if "mark" in one.marked and "\r" not in one.marked], ids=lambda shape: shape.name
)
def test_the_script_does_what_it_did(shape, stubs, tmp_path):
    text = marked(read(shape))
    path = tmp_path / "new.sh"
    path.write_text(text, newline="")
    assert subprocess.run(["bash", "-n", path], capture_output=True, check=False).stderr == b""
    for arguments in shape.arguments:
        for fails in "01":
            before = calls(shape.text, arguments, stubs, tmp_path, fails)
            after = calls(text, arguments, stubs, tmp_path, fails)
            assert [call for call in after if call != "mark"] == before
            builds = [index for index, call in enumerate(after) if "build" in call or " bud " in call]
            assert not builds or "mark" in after[: builds[0]]
