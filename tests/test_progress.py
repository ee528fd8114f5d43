"""Progress: on a terminal, after a second, and gone when the work is done."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cachelint import progress
from cachelint.progress import Progress
from tests.support import write_files

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = """\
import sys, time
from cachelint import linter
from cachelint.cli import main
original = linter.Census.bind
def slow(census, paths):
    time.sleep({seconds})
    return original(census, paths)
linter.Census.bind = slow
sys.exit(main(sys.argv[1:]))
"""
WIPE = b"\r\x1b[K"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo terminal."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def shown(terminal: tuple[int, int], directory: Path, *args: str, seconds: float = 1.5, **environment: str) -> bytes:
    """What a run of that many seconds writes to standard error, when that is a terminal."""
    write_files(directory, {"compose.yaml": "services: {a: {image: b}}\n"})
    done = subprocess.run(
        [sys.executable, "-c", SLOW.format(seconds=seconds), *args],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TERM": "xterm", **environment},
        stdout=subprocess.PIPE,
        stderr=terminal[1],
        check=True,
    )
    assert done.stdout == (b"" if "-q" in args else b"Nothing to report in 1 file.\n")
    os.write(terminal[1], b"end")
    return os.read(terminal[0], 65536).removesuffix(b"end")


def test_appears_after_a_second_and_is_wiped(terminal: tuple[int, int], tmp_path: Path) -> None:
    text = shown(terminal, tmp_path)
    assert text.startswith(WIPE + b"cachelint: 0 projects checked")
    assert text.endswith(WIPE)


@pytest.mark.parametrize("args", [(), ("-q",)], ids=["loud", "quiet"])
def test_appears_while_a_log_is_read(terminal: tuple[int, int], tmp_path: Path, args: tuple[str, ...]) -> None:
    write_files(tmp_path, {"compose.yaml": "services: {a: {image: b}}\n"})
    log = (Path(__file__).parent / "logs" / "compose-bake-first.log").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "cachelint", "log", "-", *args],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TERM": "xterm"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=terminal[1],
    ) as reader:
        assert reader.stdin
        reader.stdin.write(log)
        reader.stdin.flush()
        select.select([terminal[0]], [], [], 2 if args else 30)  # the rest of the log is still to come
        out, _ = reader.communicate()
    os.write(terminal[1], b"end")
    text = os.read(terminal[0], 65536).removesuffix(b"end")
    assert b"builds in this log" in out
    if args:
        assert text == b""
    else:
        assert text.startswith(WIPE + b"cachelint: 0 MB read")
        assert text.endswith(WIPE)


def test_quick_work_shows_nothing(terminal: tuple[int, int], tmp_path: Path) -> None:
    assert shown(terminal, tmp_path, seconds=0) == b""


@pytest.mark.parametrize(("args", "environment"), [(("-q",), {}), ((), {"TERM": "dumb"})], ids=["quiet", "dumb"])
def test_not_when_unwanted(
    terminal: tuple[int, int], tmp_path: Path, args: tuple[str, ...], environment: dict[str, str]
) -> None:
    assert shown(terminal, tmp_path, *args, **environment) == b""


def test_not_without_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with Progress(quiet=False) as one:
        one.update(1)
    assert capsys.readouterr().err == ""
