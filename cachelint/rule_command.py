"""``cachelint rule``: the documentation, offline."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from cachelint.config import suggestion
from cachelint.messages import InputError
from cachelint.rules import all_rules

if TYPE_CHECKING:
    import argparse

    from cachelint.rules.base import Rule


def rule_command(options: argparse.Namespace) -> int:
    """Print the list of rules, or one rule's page. Raises `InputError` for an unknown rule."""
    chosen = _find(options.rule) if options.rule else None
    if options.output_format == "json":
        data = _data(chosen) if chosen else {"rules": [_data(rule) for rule in _sorted()]}
        print(json.dumps({"version": 1, **data}, indent=2))
    elif chosen:
        print(page(chosen), end="")
    else:
        width = max(len(rule.id) for rule in all_rules())
        for rule in _sorted():
            print(f"{rule.id:<{width}}  {rule.severity.label:<8} {rule.summary}")
    return 0


def page(rule: type[Rule]) -> str:
    """A rule's page in Markdown."""
    fixes = {"none": "No fix.", "sometimes": "Fix sometimes available.", "always": "Fix always available."}
    facts = f"Severity: {rule.severity.label}. {fixes[rule.fix_availability.value]}"
    examples = "".join(_example(one.bad, one.good) for one in rule.examples)
    return f"# {rule.id}\n\n{inspect.getdoc(rule)}\n\n{facts}\n\n## Examples\n{examples}"


def _example(bad: dict[str, str], good: dict[str, str]) -> str:
    changed = [name for name in bad if bad[name] != good.get(name)]
    blocks = [
        f"\n`{name}` that is reported:\n\n```\n{bad[name]}```\n\nand as it should be:\n\n```\n{good.get(name, '')}```\n"
        for name in changed
    ]
    return "".join(blocks)


def _sorted() -> list[type[Rule]]:
    return sorted(all_rules(), key=lambda rule: rule.id)


def _find(name: str) -> type[Rule]:
    for rule in all_rules():
        if rule.id == name:
            return rule
    raise InputError(f"unknown rule {name!r}{suggestion(name, [rule.id for rule in all_rules()])}")


def _data(rule: type[Rule]) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "summary": rule.summary,
        "severity": rule.severity.label,
        "fix_availability": rule.fix_availability.value,
        "page": page(rule),
    }
