"""In which directory the commands of a script run; the measure is bash itself."""

from __future__ import annotations

import os
import subprocess

import pytest

from cachelint.documents.script_parser import read_script

SCRIPTS = [
    "HERE 1",
    "cd a\nHERE 1\ncd b\nHERE 2\ncd ..\nHERE 3",
    "(cd a && HERE 1)\nHERE 2",
    "cd a && HERE 1; HERE 2",
    "cd a || exit 1\nHERE 1",
    "cd a || { echo no; exit 1; }\nHERE 1",
    'cd "$(dirname "$0")"\nHERE 1\ncd ..\nHERE 2',
    'cd "$(dirname "${BASH_SOURCE[0]}")/a"\nHERE 1',
    'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\ncd "$DIR/a"\nHERE 1\ncd "${DIR}"\nHERE 2',
    "DIR=$(cd $(dirname $0)/.. && pwd)\nHERE 1\ncd $DIR\nHERE 2",
    'cd "${0%/*}/a"\nHERE 1',
    'cd "$PWD/a"\nHERE 1',
    "pushd a > /dev/null\nHERE 1\npopd > /dev/null\nHERE 2",
    "f() {\n  HERE 1\n}\ncd a\nf\nHERE 2",
    "f() { ( cd a && HERE 1 ); }\nf\nHERE 2",
    "if true; then\n  cd a\nelse\n  cd a\nfi\nHERE 1",
    "if ! cd a; then exit 1; fi\nHERE 1",
    "for x in 1; do ( cd a; HERE 1 ); done\nHERE 2",
    "for x in 1; do cd a; HERE 1; cd ..; done\nHERE 2",
    "cd a | true\nHERE 1",
    "{ cd a; HERE 1; }\nHERE 2",
    "x=$(cd a && HERE 1 >&2)\nHERE 2",
    'bash -c "cd a && HERE 1"\nHERE 2',
    "case x in x) cd a ;; *) cd a ;; esac\nHERE 1",
    "cd a &\nHERE 1",
    "cd /\nHERE 1",
    "X=b\nX=a\ncd $X\nHERE 1",
    "f() { cd a; }\nf\nHERE 1",
    "cd `pwd`\nHERE 1",
    "cd a && cd `pwd`/b && HERE 1",
    "f() { g; HERE 1; }\ng() { (cd a); }\nf\nHERE 2",
]
UNCERTAIN = [
    'cd "$1"\nHERE 1',
    "cd -\nHERE 1",
    "cd\nHERE 1",
    "cd ~/x\nHERE 1",
    "if x; then cd a; fi\nHERE 1",
    "for x in 1 2; do cd a; HERE 1; done\nHERE 2",
    "f() { HERE 1; }\nf\ncd a\nf",
    "cd ${X:-a}\nHERE 1",
    "cd a b\nHERE 1",
    "popd\ncd a; cd -\nHERE 1",
    "cd a*\nHERE 1",
]


def told(text: str, file: str) -> dict[str, str | None]:
    """Where each ``HERE n`` runs: base and path, with those of a known base made absolute."""
    script = read_script(text)
    found = {}
    for command in script.commands:
        if command.name == "HERE":
            place = command.directory
            bases = {"start": os.path.dirname(os.path.dirname(file)), "script": os.path.dirname(file), "/": "/"}
            base = bases.get(place.base)
            found[command.texts[1]] = os.path.normpath(os.path.join(base, place.path)) if base else None
    return found


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_certain_directory_is_that_of_bash(text, tmp_path):
    for directory in ("a/b", "scripts/a/b"):
        (tmp_path / directory).mkdir(parents=True)
    file = tmp_path / "scripts" / "x.sh"
    file.write_text(f'HERE() {{ echo "$1 $(pwd -P)" >&2; }}\nexport -f HERE\n{text}\n')
    ran = subprocess.run(["bash", str(file)], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    real = dict(line.split(" ", 1) for line in ran.stderr.splitlines())
    expected = told(text, os.path.realpath(file))
    assert expected == {**expected, **real}
    assert real


@pytest.mark.parametrize("text", UNCERTAIN)
def test_an_uncertain_directory_is_not_guessed(text):
    assert None in told(text, "/root/scripts/x.sh").values()
