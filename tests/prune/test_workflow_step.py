"""The step in a workflow: its own shell, its own condition, and never for another daemon."""

from __future__ import annotations

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.documents.yaml import parse_yaml
from cachelint.fix import apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.job_step import job_steps
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Steps, Wish
from cachelint.source import SourceFile
from tests.deployment_support import Surveyed
from tests.support import read_files, run, write_files

NAME = ".github/workflows/deploy.yml"
JOB = "on: push\n{}jobs:\n  ship:\n    runs-on: [self-hosted]\n    steps:\n      - name: Build\n{}"
BUILD = "        run: docker compose build\n"


def steps(text: str, name: str = NAME) -> Steps:
    return job_steps(Surveyed({name: text}).only, Wish(chosen(Scope.CONTEXT)), CommitArg())


def written(text: str, name: str = NAME) -> str:
    found = steps(text, name)
    assert found.refused == ()
    new = apply_edits(text, found.edits)
    parse_yaml(SourceFile(name, new))
    return new


PYTHON = "defaults:\n  run:\n    shell: python\n"


@pytest.mark.parametrize(
    ("defaults", "step", "has_shell"),
    [
        ("", BUILD, False),
        (PYTHON, f"        shell: bash\n{BUILD}", True),
        (PYTHON, "        uses: docker/build-push-action@v6\n", True),
        ("defaults:\n  run:\n    shell: bash\n", BUILD, False),
        ("defaults:\n  run:\n    shell: bash {0}\n", BUILD, True),
        ("", f"        shell: sh\n{BUILD}", True),
    ],
)
def test_it_runs_in_a_shell_whatever_the_default_is(defaults, step, has_shell):
    assert (
        written(JOB.format(defaults, step)).count("        shell: bash\n        run: docker builder") == 1
    ) is has_shell


def test_every_step_of_an_action_names_its_shell():
    text = "name: x\nruns:\n  using: composite\n  steps:\n    - run: docker compose build\n      shell: bash\n"
    new = written(text, ".github/actions/build/action.yml")
    assert new.count("      shell: bash\n") == 2


@pytest.mark.parametrize(
    ("line", "client"),
    [
        ("sudo bash -c 'docker compose build'", "sudo docker"),
        ("docker --context $CTX compose build", 'docker --context "$CTX"'),
        ("timeout 300 docker compose build", "docker"),
    ],
)
def test_it_runs_as_the_build_does(line, client):
    assert f"        run: {client} builder prune" in written(JOB.format("", f"        run: {line}\n"))


PUSH = "        uses: docker/build-push-action@v6\n        with:\n          push: true\n"
SETUP = "      - uses: docker/setup-buildx-action@v3\n        id: b\n        with:\n          name: {}\n"


def test_the_builder_that_an_action_is_told_is_pruned():
    assert "        run: docker builder prune" in written(JOB.format("", PUSH))
    text = written(JOB.format("", f"{PUSH}          builder: slim\n"))
    assert "        run: docker buildx prune --builder slim --force" in text
    assert written(text) == text
    default = "        run: docker builder prune --force\n      - name: Ship\n"
    assert "--builder slim" in written(JOB.format("", f"{default}{PUSH}          builder: slim\n"))


def test_a_builder_that_only_the_run_knows_gets_no_step():
    found = steps(JOB.format("", f"{PUSH}          builder: ${{{{ inputs.b }}}}\n"))
    assert [one.reason for one in found.refused] == ["the name of its builder is known only when it runs"]
    assert found.edits == ()


@pytest.mark.parametrize(("name", "builder"), [("slim", "slim"), ("slim", "${{ steps.b.outputs.name }}"), ("''", "")])
def test_a_builder_that_the_job_sets_up_is_new(name, builder):
    job = JOB.format(
        "", f"        run: echo\n{SETUP.format(name)}      - name: Ship\n{PUSH}          builder: {builder}\n"
    )
    found = steps(job)
    assert (found.edits, found.refused) == ((), ())


OWN = "a function or a variable of its script decides how it is run, and another step has neither"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("sudo su - app -c 'docker build .'", "it builds as whom `su` says, which a step in front would not"),
        ("SUDO=sudo\n          $SUDO docker build .", OWN),
        ('as_root() { sudo "$@"; }\n          as_root docker build .', OWN),
        ('run() { [ -n "$DRY" ] || "$@"; }\n          run docker build .', OWN),
        ("CTX=$(cat context)\n          docker --context ${CTX} build .", OWN),
    ],
)
def test_what_another_step_does_not_have(lines, reason):
    assert [one.reason for one in steps(JOB.format("", f"        run: |\n          {lines}\n")).refused] == [reason]


def test_a_condition_is_copied_without_its_anchor():
    new = written(JOB.format("", f"        if: &c github.ref == 'x'\n{BUILD}      - run: echo\n        if: *c\n"))
    assert new.count("if: github.ref == 'x'\n") == 1
    assert new.count("&c") == 1


@pytest.mark.parametrize(
    "line",
    ["export DOCKER_HOST=ssh://prod", "docker context use prod", "eval $(docker-machine env prod)"],
)
def test_another_daemon(line):
    found = steps(JOB.format("", f"        run: |\n          {line}\n          docker compose build\n"))
    assert [one.reason for one in found.refused] == [
        "the script of the step chooses its builder or daemon itself, another step has its own"
    ]
    assert found.edits == ()


SSH = "      - uses: appleboy/ssh-action@v1\n        with:\n          host: h\n          script: "
REMOTE = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n{}"
LINES = "            cd /srv\n            docker compose build{0}\n            docker compose up -d\n"


@pytest.mark.parametrize(
    "step",
    [
        f"{SSH}|\n{LINES.format('')}",
        f"      - run: |\n          ssh h <<'EOF'\n{LINES.format('')}          EOF\n".replace(
            "            ", "          "
        ),
    ],
)
def test_what_another_machine_runs_has_it_in_front_of_the_build(step):
    new = written(REMOTE.format(step))
    assert new.index("builder prune") < new.index("compose build")
    assert written(new) == new


def test_lines_that_yaml_folds_get_none():
    found = steps(REMOTE.format(f"{SSH}>\n{LINES.format(' &&').replace('/srv', '/srv &&')}"))
    assert [one.reason for one in found.refused] == [
        "with lines in it, the text that it stands in would be read as another one"
    ]
    assert found.edits == ()


def test_steps_that_two_jobs_share_get_it_once(tmp_path):
    text = JOB.format("", BUILD).replace("steps:", "steps: &s") + "  again:\n    runs-on: self-hosted\n    steps: *s\n"
    write_files(tmp_path, {NAME: text, "Dockerfile": "FROM a\nCOPY . .\nRUN make\n"})
    done = run("prune-step", "--scope", "context", "--write", NAME, cwd=tmp_path)
    assert done.code == 0
    assert read_files(tmp_path)[NAME].count("builder prune") == 1
    again = run("prune-step", "--scope", "context", "--write", NAME, cwd=tmp_path)
    assert again.out.splitlines()[1:] == [f"{NAME}: has it already"]
