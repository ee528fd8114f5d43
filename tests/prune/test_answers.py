"""Scripts whose output is a result: a step prints nothing into it."""

from __future__ import annotations

import subprocess
import time

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.fix import apply_edits
from cachelint.prune.answers import is_read
from cachelint.prune.decision import chosen
from cachelint.prune.job_step import job_steps
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Wish
from tests.deployment_support import Surveyed
from tests.prune.stage import Stage

PLAIN = "#!/bin/bash\nset -e\ndocker build -q -t web .\ndocker push web\n"
SELF = '#!/bin/bash\nset -e\nif [ "$1" = id ]; then docker build -q .; echo web; exit; fi\n'
LIBRARY = "build_it() {\n  docker build -q .\n}\n"
MAKEFILE = "ID := $(shell ./deploy.sh)\nall:\n\techo $(ID)\n"
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: self-hosted
    steps:
      - run: |
          id=$(bash deploy.sh)
          echo "id=$id" >> "$GITHUB_OUTPUT"
"""

KEPT: list[Surveyed] = []  # their files are read when somebody asks


def deployment_of(script: str, others: dict[str, str], name: str = "deploy.sh"):
    surveyed = Surveyed({name: script, **others})
    path = f"{surveyed.root}/{name}"
    [found] = [one for one in surveyed.deployments if one.source.path == path]
    KEPT.append(surveyed)
    return found


@pytest.mark.parametrize(
    "others",
    [
        {"release.sh": "tag=$(./deploy.sh)\ndocker push $tag\n"},
        {"release.sh": "tag=$(bash deploy.sh prod)\ndocker push $tag\n"},
        {"release.sh": "#!/bin/bash\n./deploy.sh | tail -n 1 | xargs docker push\n"},
        {"release.sh": "./deploy.sh > id.txt\ndocker push $(cat id.txt)\n"},
        {"release.sh": "deploy() { ./deploy.sh; }\ndocker push $(deploy)\n"},
        {"tools/release.sh": 'docker push "$("$(dirname "$0")/../deploy.sh")"\n'},
        {"tools/release.sh": 'docker push "$("$ROOT"/deploy.sh)"\n'},
        {"release.sh": "docker push $(ssh web1 /srv/app/deploy.sh)\n"},
        {".github/workflows/deploy.yml": WORKFLOW},
        {"Makefile": MAKEFILE},
        {"Makefile": "push:\n\tdocker push $$(./deploy.sh)\n"},
    ],
)
def test_others_read_it(others):
    assert is_read(deployment_of(PLAIN, others))


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"release.sh": "./deploy.sh\n"},
        {"release.sh": "./deploy.sh 2>&1 | tee deploy.log\n"},
        {"release.sh": "./deploy.sh > deploy.log\n"},
        {"release.sh": "out=$(./deploy.sh 2>&1) || echo $out\n"},
        {"other/deploy.sh": "", "release.sh": "x=$(./other/deploy.sh)\n"},
        {"release.sh": "# x=$(./deploy.sh)\nx=$(date)\n./deploy.sh\n"},
        {"Makefile": "all:\n\t./deploy.sh\n"},
        {"release.sh": "x=$(cat deploy.sh)\n"},
        {"release.sh": "push() { :; }\nx=$(push)\n./deploy.sh\n"},
    ],
)
def test_nobody_reads_it(others):
    assert not is_read(deployment_of(PLAIN, others))


@pytest.mark.parametrize("line", ['cd "$(dirname "$0")"', 'me=$(basename "${BASH_SOURCE[0]}")', 'x=$(head -3 "$0")'])
def test_a_script_asks_for_its_name(line):
    assert not is_read(
        deployment_of(f"#!/bin/bash\n{line}\nset -e\npush() {{ docker push web; }}\ndocker build .\n", {})
    )


@pytest.mark.parametrize("call", ['"$0" id', 'bash "$0" id', 'bash "${BASH_SOURCE[0]}" id', "./deploy.sh id"])
def test_a_script_reads_itself(call):
    assert is_read(deployment_of(f"{SELF}docker push $({call})\n", {}))


def test_functions_of_a_library_are_read():
    assert is_read(deployment_of(LIBRARY, {"release.sh": "#!/bin/bash\n. ./lib.sh\nid=$(build_it)\n"}, "lib.sh"))


def written(script: str, others: dict[str, str], variable: str | None = None) -> str:
    deployment = deployment_of(script, others)
    steps = job_steps(deployment, Wish(chosen(Scope.LAYERS), variable), CommitArg())
    assert steps.refused == ()
    return apply_edits(script, steps.edits)


@pytest.mark.parametrize(
    ("script", "others"),
    [
        (f"{PLAIN}echo web:1\n", {"release.sh": "tag=$(./deploy.sh)\n"}),
        ("#!/bin/bash\nset -e\ndocker build -q -t web . >&2\necho web:1\n", {}),
        ("#!/bin/bash\nset -e\ndocker build -q -t web . 1>&2\necho web:1\n", {}),
        ("#!/bin/bash\nset -e\ndocker build -q -t web . > /dev/stderr\necho web:1\n", {}),
        (
            '#!/bin/bash\nset -e\nlog_info() {\n  echo "[i] $1"\n}\ndocker build -q -t web .\n'
            "docker push web >&2\necho web:1\n",
            {},
        ),
        (f"{SELF}docker push $(bash ./deploy.sh id)\n", {}),
    ],
)
def test_what_a_step_prints_goes_to_standard_error(script, others, tmp_path):
    new = written(script, others, "GIT_COMMIT_HASH")
    stage = Stage(tmp_path)
    before, after = stage.play(script), stage.play(new)
    assert (after.code, after.without_prune) == (before.code, before.without_prune)
    (tmp_path / "deploy.sh").write_text(new)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "STAGE": str(tmp_path)}
    done = subprocess.run(
        ["bash", "deploy.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout in {"web:1\n", ""}
    assert "Building from commit" in done.stderr


def test_a_log_gets_it_as_before():
    assert ">&2" not in written("#!/bin/bash\ndocker build . 2>&1 | tee build.log\n", {})


def test_many_calls_on_one_line_of_a_makefile_take_no_time():
    makefile = "# deploy.sh\nX := " + "$(shell " * 100_000 + "\n"
    start = time.process_time()
    assert not is_read(deployment_of(PLAIN, {"Makefile": makefile}))
    assert is_read(deployment_of(PLAIN, {"Makefile": f"{makefile}Y := $(shell cd x && ./deploy.sh)\n"}))
    assert time.process_time() - start < 5
