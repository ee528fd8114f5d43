"""Commands that may bring another commit, here or in what they run."""

from __future__ import annotations

import pytest

from cachelint.deployment import updates
from cachelint.deployment.updates import updating
from tests.deployment_support import Surveyed

PULLS = "#!/bin/bash\ngit pull\n"
BUILD = "docker build .\n"


def found(line: str, others: dict[str, str] | None = None) -> bool:
    surveyed = Surveyed({"deploy.sh": f"#!/bin/bash\n{line}\n{BUILD}", **(others or {})})
    [one] = [one for one in surveyed.deployments if one.source.path.endswith("/deploy.sh")]
    [unit] = one.units
    return bool(updating(unit, one.callees))


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("git pull", {}),
        ("git -C /srv checkout main", {}),
        ("sudo git reset --hard origin/main", {}),
        ("svn update", {}),
        ("make pull", {}),
        ("make -C .. sync", {}),
        ("just update", {}),
        ("npm run pull", {}),
        ("gh repo sync", {}),
        ("./sync.sh", {}),
        ("bash tools/git-pull.sh", {}),
        (". ./lib.sh\nupdate_code", {}),
        ("./prepare.sh", {"prepare.sh": PULLS}),
        ("./prepare.sh", {"prepare.sh": "#!/bin/bash\n./deeper.sh\n", "deeper.sh": PULLS}),
        ("./a.sh", {"a.sh": "#!/bin/bash\n./b.sh\n", "b.sh": f"{PULLS}./a.sh\n"}),
        (". ./lib.sh\nprepare", {"lib.sh": "prepare() {\n  git pull\n}\n"}),
        ("make prepare", {"Makefile": "prepare:\n\tgit pull\n"}),
        ("make prepare", {"Makefile": "prepare: code\ncode:\n\tgit pull\n"}),
        ("make prepare", {"Makefile": "prepare:\n\t./prepare.sh\n", "prepare.sh": PULLS}),
        ("make prepare", {"Makefile": "all prepare: code\ncode:\n\tgit pull\n"}),
        ("make prepare", {"Makefile": "prepare:\n\tmake code\ncode:\n\tgit pull\n"}),
        ("make prepare", {"Makefile": "prepare: code\n\tmake prepare\ncode: prepare\n\tgit pull\n"}),
        ("make", {"Makefile": ".PHONY: all code\nall: code\ncode:\n\tgit pull\n"}),
        ("make -s V=1", {"Makefile": ".DEFAULT_GOAL := code\nall:\n\techo\ncode:\n\tgit pull\n"}),
    ],
)
def test_bring_another(line, others):
    assert found(line, others)


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("echo update", {}),
        ("git rev-parse HEAD", {}),
        ("git -C /srv status", {}),
        ("apt-get update", {}),
        ("docker pull alpine", {}),
        ("docker compose pull", {}),
        ("npm update", {}),
        ("./prepare.sh", {}),
        ("make prepare", {}),
        ("make updates-of-things", {}),
        ("./update.sh", {"update.sh": "#!/bin/bash\nmkdir -p x\n"}),
        ("make", {"Makefile": ".PHONY: code\nall:\n\techo\ncode:\n\tgit pull\n"}),
        ("make", {"Makefile": ".PHONY: code\n"}),
        ("make update", {"Makefile": "update:\n\tmkdir -p x\npull:\n\tgit pull\n"}),
        ("update() { mkdir -p x; }\nupdate", {}),
        (". ./lib.sh\nother", {"lib.sh": "prepare() {\n  git pull\n}\nother() {\n  :\n}\n"}),
    ],
)
def test_leave_it(line, others):
    assert not found(line, others)


def test_each_script_is_looked_into_once():
    calls = "".join(f"./s{number}.sh\n" for number in range(30))
    assert not found(calls, {f"s{number}.sh": f"#!/bin/bash\n{calls}" for number in range(30)})


def test_a_makefile_is_looked_into_once(monkeypatch):
    needing, looked = updates._needing, []
    monkeypatch.setattr(updates, "_needing", lambda rules: looked.append(rules) or needing(rules))
    targets = range(2000)
    makefile = "".join(f"t{number}: t{number + 1}\n\techo\n" for number in targets)
    calls = "".join(f"make t{number}\n" for number in targets[::100])
    assert not found(calls, {"Makefile": makefile})
    assert found(calls, {"Makefile": f"{makefile}t2000:\n\tgit pull\n"})
    assert len(looked) == 2
