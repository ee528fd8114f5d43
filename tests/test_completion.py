"""Shell completion, in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import run, write_files

if TYPE_CHECKING:
    from pathlib import Path

COMPLETED = [
    ("--se", "--select"),
    ("pl", "plan"),
    ("p", "plan prune-step"),
    ("some.f", "some.file"),
    ("--fix some.f", "some.file"),
    ("some.file s", "some.file"),
    ("--select inline-", "inline-cache"),
    ("plan --se", "--service"),
    ("plan some.f", "some.file"),
    ("prune-step --scope ", "all auto context layers"),
    ("prune-step --for g", "github"),
    ("config --env-file some.f", "some.file"),
    ("rule inline-", "inline-cache"),
    ("log s", "some.file"),
]


def completion(shell: str) -> str:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    return run("--print-completion", shell).out


def output(command: list[str], text: str, directory: Path) -> str:
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True, cwd=directory)
    assert done.stderr == b""
    return done.stdout.decode()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_knows_options_and_rules(shell: str) -> None:
    ran = run("--print-completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert "output-format" in ran.out
    assert "missing-commit-arg" in ran.out


@pytest.mark.parametrize(("words", "found"), COMPLETED)
def test_bash(tmp_path: Path, words: str, found: str) -> None:
    write_files(tmp_path, {"some.file": ""})
    script = completion("bash")
    typed = " ".join(f"'{word}'" for word in ["cachelint", *words.split(" ")])
    ask = f'COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _shtab_cachelint; echo "${{COMPREPLY[@]}}"'
    assert sorted(output(["bash"], f"{script}\n{ask}\n", tmp_path).split()) == found.split()


@pytest.mark.parametrize(("words", "found"), COMPLETED)
def test_fish(tmp_path: Path, words: str, found: str) -> None:
    write_files(tmp_path, {"some.file": ""})
    lines = output(["fish"], f"{completion('fish')}\ncomplete -C 'cachelint {words}'\n", tmp_path).splitlines()
    assert sorted(line.split("\t")[0] for line in lines) == found.split()


ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($PWD/functions \\$fpath); autoload -Uz compinit; compinit -u -D; cd $PWD/work
compadd() {
  local -a found; builtin compadd -O found \\"\\$@\\"; print -rl -- \\$found >> ../found; builtin compadd \\"\\$@\\"
}
print READ\\Y"
zpty -r shell ready "*READY*"
zpty -n -w shell "cachelint $1"$'\\t'
sleep 10
"""


@pytest.mark.parametrize(("words", "found"), COMPLETED)
def test_zsh(tmp_path: Path, words: str, found: str) -> None:
    """Zsh completes at a terminal only, so it gets one, and writes down what it would offer there."""
    write_files(tmp_path, {"work/some.file": "", "functions/_cachelint": completion("zsh"), "ask": ZSH})
    with subprocess.Popen(["zsh", "-f", "ask", words], cwd=tmp_path) as shell:
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline and offered(tmp_path) != found.split():
            time.sleep(0.02)
        shell.kill()
    assert offered(tmp_path) == found.split()


def offered(directory: Path) -> list[str]:
    found = directory / "found"
    return sorted(set(found.read_text().split())) if found.exists() else []


def test_tcsh(tmp_path: Path) -> None:
    assert output(["tcsh", "-f"], f"{completion('tcsh')}\necho read\n", tmp_path) == "read\n"


def test_unknown_shell() -> None:
    assert run("--print-completion", "ksh").code == 2
