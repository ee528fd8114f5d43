"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SHARED = ("test_pre_commit.py", "test_sarif.py", "test_plan_html_browser.py", "test_script_shapes.py")
"""Modules with a fixture that takes long to set up."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what several processes of pytest-xdist may not share out: one engine has one build cache."""
    for item in items:
        if item.path.is_relative_to(TESTS / "engine"):
            item.add_marker(pytest.mark.xdist_group("engine"))
        elif item.path.name in SHARED:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
