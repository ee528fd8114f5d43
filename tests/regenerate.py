"""Write what is made of the program itself: the README's generated blocks and the examples' ``after``.

Run it as ``python -m tests.regenerate`` after a change of messages, rules, options or fixes, and read the diff.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cachelint.rules import all_rules
from tests.shop import commit, make_shop
from tests.support import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "stale-deploy"
_BLOCK = re.compile(r"(?<=<!-- begin: )(\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)
_FIXES = {"none": "", "sometimes": "sometimes", "always": "always"}


def terminal(*args: str) -> str:
    """A terminal that shows cachelint at work in the example."""
    return f"```console\n$ {' '.join(['cachelint', *args])}\n{run(*args, cwd=EXAMPLE / 'before').out}```\n"


def diff() -> str:
    """What fixing would change in the example."""
    return f"```diff\n{run('--diff', '--unsafe-fixes', cwd=EXAMPLE / 'before').out}```\n"


def rules() -> str:
    """The table of rules, by severity and name."""
    listed = sorted(all_rules(), key=lambda rule: (-rule.severity, rule.id))
    rows = [
        f"| `{rule.id}` | {rule.severity.label} | {rule.summary} | {_FIXES[rule.fix_availability.value]} |\n"
        for rule in listed
    ]
    return "".join(["| rule | severity | finds that | fix |\n|---|---|---|---|\n", *rows])


def plan() -> str:
    """What the example's backend re-runs."""
    return terminal("plan", "--service", "backend")


def config() -> str:
    """What the example's frontend is built with."""
    return terminal("config", "--service", "frontend")


def prune_step() -> str:
    """The step for the example as it is."""
    return terminal("prune-step")


def log() -> str:
    """What a recorded log says of a build from old files."""
    with tempfile.TemporaryDirectory() as directory:
        shop = make_shop(Path(directory), tag="v1")
        commit(shop, {"web/src/a.js": "two\n"})
        shutil.copy(ROOT / "tests" / "logs" / "compose-own-builder-one-service.log", shop / "build.log")
        args = ("log", "build.log", "--since", "v1")
        return f"```console\n$ {' '.join(['cachelint', *args])}\n{run(*args, cwd=shop).out}```\n"


BLOCKS: dict[str, Callable[[], str]] = {
    "findings": terminal,
    "diff": diff,
    "plan": plan,
    "config": config,
    "prune_step": prune_step,
    "log": log,
    "rules": rules,
}


def readme() -> str:
    """The README with every generated block made anew."""
    return _BLOCK.sub(lambda match: f"{match[1]} -->\n{BLOCKS[match[1]]()}", README.read_text(encoding="utf-8"))


def fix_example(story: Path, destination: Path) -> None:
    """Copy the story's ``before`` to `destination` and fix it there."""
    shutil.copytree(story / "before", destination)
    run("--fix", "--unsafe-fixes", str(destination))


def main() -> None:
    """Rewrite everything."""
    README.write_text(readme(), encoding="utf-8")
    for before in ROOT.glob("examples/*/before"):
        after = before.with_name("after")
        shutil.rmtree(after, ignore_errors=True)
        fix_example(before.parent, after)


if __name__ == "__main__":
    main()
