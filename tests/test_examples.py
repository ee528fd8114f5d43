"""Each example's `after` is what fixing makes of its `before`, byte for byte."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from tests.support import run

EXAMPLES = Path(__file__).parents[1] / "examples"
STORIES = sorted(path.parent.name for path in EXAMPLES.glob("*/before"))


def snapshot(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of every file below a directory."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {
        path.relative_to(directory).as_posix(): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) for path in files
    }


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest) -> Path:
    """The directory of one example."""
    return EXAMPLES / str(request.param)


def test_there_are_examples() -> None:
    assert STORIES


def test_before_is_reported(story: Path) -> None:
    assert run(str(story / "before")).code == 1


def test_fixing_before_makes_after(story: Path, tmp_path: Path) -> None:
    copy = tmp_path / story.name
    shutil.copytree(story / "before", copy)
    first = run("--fix", "--unsafe-fixes", str(copy))
    assert first.code == 0, first.out
    assert snapshot(copy) == snapshot(story / "after")

    second = run("--fix", "--unsafe-fixes", str(copy))
    assert second.code == 0
    assert second.out.startswith("Nothing to report")
    assert snapshot(copy) == snapshot(story / "after")


def test_after_is_clean(story: Path) -> None:
    assert run(str(story / "after")).code == 0


def test_no_file_names_a_registry(story: Path) -> None:
    named = [name for name, (content, _) in snapshot(story).items() if b"registry" in content.lower()]
    assert named == []
