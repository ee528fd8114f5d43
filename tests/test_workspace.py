"""Which files a workspace reads, and which texts it has."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING

from cachelint.discovery import Tree, is_below
from cachelint.source import SourceError
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def workspace(root: Path) -> Workspace:
    return Workspace(Tree(str(root), {}, {}, {}))


def test_links_are_followed_wherever_they_stand(tmp_path):
    root = tmp_path / "repository"
    (root / "a/b/c").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for directory in ("repository/a/b", "outside"):
        (tmp_path / directory / "file").touch()
    for link, target in {"l": "a", "a/m": "../a/b", "a/up": "..", "out": "../outside", "a/b/g": "file"}.items():
        (root / link).symlink_to(target)
    (root / "loop").symlink_to("loop")
    found = workspace(root)
    names = ("a", "b", "c", "l", "m", "up", "out", "loop", "file", "g", "..", ".", "", "missing")
    for parts in product(names, repeat=3):
        path = f"{root}/{'/'.join(parts)}"
        if os.path.lexists(path):
            assert found.contains(path) == is_below(os.path.realpath(path), str(root)), path


def test_a_text_is_the_edited_one_until_it_is_reverted(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM a\n")
    found = workspace(tmp_path)
    assert found.source(str(path)).text == "FROM a\n"
    found.edit(str(path), "FROM b\n")
    path.write_text("FROM c\n")
    assert found.source(str(path)).text == "FROM b\n"
    found.revert(str(path))
    assert found.source(str(path)).text == "FROM c\n"


def test_some_texts_are_kept_and_long_ones_are_not(tmp_path):
    found = workspace(tmp_path)
    for number in range(50):
        path = tmp_path / f"{number}.yaml"
        path.write_text("#" * (200_000 if number % 5 == 0 else 99_999))
        assert found.source(str(path)).text[0] == "#"
        path.unlink()
    kept = [number for number in range(50) if is_kept(found, tmp_path / f"{number}.yaml")]
    assert kept == [number for number in range(50) if number % 5][-40:]


def test_what_is_dropped_makes_room(tmp_path):
    found = workspace(tmp_path)
    path = tmp_path / "compose.yaml"
    path.write_text("#" * 99_999)
    for _ in range(50):
        found.source(str(path))
        found.revert(str(path))
    others = [tmp_path / f"{number}.yaml" for number in range(40)]
    for other in others:
        other.write_text("#" * 99_999)
        found.source(str(other))
        other.unlink()
    assert all(is_kept(found, other) for other in others)


def is_kept(found: Workspace, path: Path) -> bool:
    try:
        return found.source(str(path)) is not None
    except SourceError:
        return False
