"""The rule that CONTRIBUTING.md shows works, and its map names what exists."""

from __future__ import annotations

import re
import textwrap
from unittest import mock

import pytest

from cachelint import linter
from cachelint.rules import all_rules
from cachelint.rules.base import Rule
from tests.regenerate import ROOT
from tests.support import lint_files

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:cachelint|tests|\.ci|examples)/[\w./-]*)`", TEXT)))


def example_rule() -> type[Rule]:
    """The class in the example."""
    (code,) = re.findall(r"^ *```python\n(.*?)^ *```$", TEXT, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {"__name__": "cached_upgrade"}
    exec(compile(textwrap.dedent(code), "CONTRIBUTING.md", "exec"), names)
    (rule,) = (one for one in names.values() if isinstance(one, type) and issubclass(one, Rule) and one is not Rule)
    return rule


def test_example_rule_does_what_its_examples_say() -> None:
    rule = example_rule()
    with mock.patch.object(linter, "rules_for", return_value=(*all_rules(), rule)):
        (example,) = rule.examples
        assert [one.rule for one in lint_files(example.bad)].count(rule.id) == 1
        assert rule.id not in [one.rule for one in lint_files(example.good)]


def test_example_rule_is_new() -> None:
    assert example_rule().id not in {rule.id for rule in all_rules()}


@pytest.mark.parametrize("path", PATHS)
def test_path_exists(path: str) -> None:
    assert (ROOT / path).exists()
