"""README, hooks and help agree with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cachelint.options import COMMANDS, PARSERS, lint_parser
from cachelint.output import FORMATTERS
from cachelint.rules import all_rules
from tests.support import run

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "examples/stale-deploy/README.md")


def known_options() -> set[str]:
    """The options of all commands."""
    return {option for parser in PARSERS.values() for action in parser()._actions for option in action.option_strings}


@pytest.mark.parametrize("name", PAGES)
def test_every_option_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.search(r"\bcachelint (?!\.)[^|]*--", line)]
    named = {
        option for line in lines for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line.split("cachelint ", 1)[1])
    }
    in_prose = set(re.findall(r"`(--[a-z][a-z-]+)", text)) - OTHERS
    assert named | in_prose <= known_options()


OTHERS = {"--build", "--no-cache", "--force", "--builder", "--context"}  # of Docker


def test_every_rule_is_in_the_table() -> None:
    table = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted((rule.id, rule.severity.label) for rule in all_rules())


def test_help_names_commands_formats_and_exit_codes() -> None:
    text = run("--help").out
    for command in COMMANDS:
        assert f"  cachelint {command} " in text
    assert ", ".join(FORMATTERS) in " ".join(text.split())
    assert [line[:5] for line in text.splitlines() if re.match("  [0-9]  ", line)] == ["  0  ", "  1  ", "  2  "]


@pytest.mark.parametrize("parser", PARSERS.values(), ids=lambda parser: parser.__name__)
def test_every_option_has_a_help_text_in_the_same_style(parser: object) -> None:
    for action in parser()._actions:  # type: ignore[operator]
        assert action.help
        assert action.help[0].islower()
        assert not action.help.endswith(".")


def test_options_of_commands_mean_what_they_mean_for_lint() -> None:
    lint = {option: action.metavar for action in lint_parser()._actions for option in action.option_strings}
    for parser in PARSERS.values():
        for action in parser()._actions:
            assert {lint.get(option, action.metavar) for option in action.option_strings} <= {action.metavar}


@pytest.mark.parametrize("name", ["cachelint", "cachelint-fix"])
def test_hooks_are_commands_that_exist(name: str) -> None:
    hooks = {hook["id"]: hook for hook in YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")}
    hook = hooks[name]
    program, *words = hook["entry"].split()
    assert program == "cachelint"
    lint_parser().parse_args(words)
    assert (hook["language"], hook["require_serial"]) == ("python", True)
    assert hook["files"] == hooks["cachelint"]["files"]
