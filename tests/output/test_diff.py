"""Diffs that git takes, of any two texts."""

import random
import subprocess
import sys

import pytest

from cachelint.output.diff import render_diff


def texts(seed: int) -> tuple[str, str]:
    dice = random.Random(seed)
    different = 5 if seed % 2 else 400
    old = [f"{dice.choice('abc')}{dice.randrange(different)}\n" for _ in range(dice.choice([1, 5, 50, 700]))]
    new = list(old)
    for _ in range(dice.choice([0, 1, 3, 40])):
        at = dice.randrange(len(new) + 1)
        new[at : at + dice.choice([0, 0, 1, 2])] = [f"n{dice.randrange(50)}\n"] * dice.choice([0, 1, 2])
    new = new or ["x\n"]
    return "".join(old)[: -1 if dice.random() < 0.3 else None], "".join(new)[: -1 if dice.random() < 0.3 else None]


@pytest.mark.parametrize("seeds", [range(40), range(40, 80)])
def test_git_makes_the_new_text_of_the_old(seeds, tmp_path):
    for seed in seeds:
        old, new = texts(seed)
        diff = render_diff("file", old, new)
        assert bool(diff) == (old != new)
        (tmp_path / "file").write_text(old)
        if diff:
            subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
        assert (tmp_path / "file").read_text() == new


def steps(changes: int) -> int:
    """How many lines of Python a diff with so many changes runs."""
    old = "".join(f"  web{n}:\n    build: .\n    ports: []\n" for n in range(changes))
    new = old.replace("    build: .\n", "    build:\n      context: .\n      args: {}\n")
    count = 0

    def tick(*_: object) -> object:
        nonlocal count
        count += 1
        return tick

    sys.settrace(tick)
    try:
        render_diff("file", old, new)
    finally:
        sys.settrace(None)
    return count


def test_many_changes_take_time_in_proportion():
    assert steps(2_000) < 2.6 * steps(1_000)
