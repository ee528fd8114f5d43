"""The scope that each finding asks for is the cheapest one after which the old content is gone."""

from __future__ import annotations

import shlex
import time

import pytest

from cachelint.prune.decision import CURES
from cachelint.prune.scope import Scope, prune_commands

pytestmark = pytest.mark.engine

DOCKERFILES = {
    "cached-fetch": "FROM {base}\nENV SALT={id}\nRUN mkdir /out && cat /proc/sys/kernel/random/uuid > /out/fetched\n",
    "cache-mount-over-output": (
        "FROM {base}\nENV SALT={id}\nCOPY src /src\n"
        "RUN --mount=type=cache,id={id},target=/dist cp /src/* /dist/ && cp -r /dist /out\n"
    ),
    "host-output-in-context": "FROM {base}\nENV SALT={id}\nCOPY . /out\n",
}


def built(engine, project) -> dict[str, str]:
    out = engine.export(project) / "out"
    return {path.name: path.read_text() for path in out.iterdir() if path.is_file()}


@pytest.mark.parametrize("rule", DOCKERFILES)
def test_the_cheapest_scope_that_cures(rule, engine, tmp_path):
    if not engine.is_lent:
        pytest.skip("this test drops the whole build cache, so it needs an engine that is lent to tests")
    salt = engine.unique()
    project = tmp_path / salt
    (project / "src").mkdir(parents=True)
    (project / "src" / "kept").write_text("new")
    (project / "src" / "removed").write_text("old")
    (project / "bundle").write_text("made on the host, long ago")
    (project / "Dockerfile").write_text(DOCKERFILES[rule].format(base=engine.base, id=salt))
    first = built(engine, project)
    (project / "src" / "removed").unlink()

    cured = []
    for scope in Scope:
        for command in prune_commands(scope):
            assert engine.run(*shlex.split(command)[1:]).returncode == 0
        time.sleep(0.1)
        if not is_old(rule, first, built(engine, project)):
            cured.append(scope)
    assert min(cured, default=None) == CURES.get(rule)


def is_old(rule: str, first: dict[str, str], now: dict[str, str]) -> bool:
    if rule == "cache-mount-over-output":
        return "removed" in now
    return first == now if rule == "cached-fetch" else now.get("bundle") == first["bundle"]
