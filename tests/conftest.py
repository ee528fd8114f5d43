"""What all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import Scheduling

TOGETHER = (
    "tests/engine/",
    "tests/test_pre_commit.py",
    "tests/documents/test_script_shapes.py",
    "tests/output/test_plan_html_browser.py",
    "tests/output/test_sarif.py",
)
"""What one process runs alone: one engine has one build cache, and some modules have a fixture that takes long."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Share the tests out one by one, but those that belong together."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)

    return Together(config, log)
