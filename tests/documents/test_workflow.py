"""Workflows and composite actions: jobs, steps, defaults, machines."""

import time

import pytest

from cachelint.documents.workflow import (
    MAX_STEPS,
    NotWorkflowError,
    Runner,
    read_workflow,
    without_expressions,
)
from cachelint.documents.yaml import YamlError
from cachelint.source import SourceFile, Span


def read(text):
    return read_workflow(SourceFile("ci.yml", text))


def job(body):
    """The only job of a workflow whose job has that body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    [one] = read(f"on: push\njobs:\n  only:\n{lines}").jobs
    return one


def step(body):
    lines = body.splitlines()
    rest = "".join(f"\n    {line}" for line in lines[1:])
    [one] = job(f"runs-on: ubuntu-latest\nsteps:\n  - {lines[0]}{rest}").steps
    return one


@pytest.mark.parametrize(
    ("label", "runner"),
    [
        ("ubuntu-latest", Runner.HOSTED),
        ("ubuntu-24.04-arm", Runner.HOSTED),
        ("[ubuntu-22.04]", Runner.HOSTED),
        ("macos-14-xlarge", Runner.HOSTED),
        ("ubuntu-slim", Runner.HOSTED),
        ("self-hosted", Runner.SELF_HOSTED),
        ("[self-hosted, linux, ubuntu-latest]", Runner.SELF_HOSTED),
        ("[ubuntu-latest, big]", Runner.UNKNOWN),
        ("ubuntu-latest-16-cores", Runner.UNKNOWN),
        ("blacksmith-4vcpu-ubuntu-2204", Runner.UNKNOWN),
        ("${{ matrix.os }}", Runner.UNKNOWN),
        ("{group: big, labels: ubuntu-latest}", Runner.UNKNOWN),
        ("", Runner.UNKNOWN),
    ],
)
def test_the_machine(label, runner):
    assert job(f"runs-on: {label}\nsteps: []").runner is runner


@pytest.mark.parametrize("condition", ["false", "${{ false }}", "'false'", "False"])
def test_what_never_runs_is_no_job_and_no_step(condition):
    jobs = read(
        f"jobs:\n  off:\n    if: {condition}\n    steps: []\n  on:\n    if: ${{{{ inputs.on }}}}\n    steps: []\n"
    ).jobs
    assert [one.id for one in jobs] == ["on"]
    steps = job(f"steps:\n  - if: {condition}\n    run: a\n  - if: always()\n    run: b\n").steps
    assert [one.run.text for one in steps if one.run] == ["b"]


def test_a_step_has_its_own_settings_before_those_of_job_and_workflow():
    [one] = read("""\
defaults: {run: {shell: sh, working-directory: top}}
env: {A: 1}
jobs:
  build:
    runs-on: ubuntu-latest
    needs: [lint, test]
    if: github.ref == 'refs/heads/main'
    env: {B: 2, C: "${{ secrets.C }}"}
    defaults: {run: {working-directory: app}}
    steps:
      - run: make
      - run: make
        shell: bash -e {0}
        working-directory: other
        env: {D: 4}
        if: failure()
      - run: Get-Item
        shell: pwsh
""").jobs
    assert (one.id, one.needs, one.condition) == ("build", ("lint", "test"), "github.ref == 'refs/heads/main'")
    assert [(setting.name, setting.value) for setting in one.env] == [("B", "2"), ("C", None)]
    first, second, third = one.steps
    assert (first.shell, first.directory, first.env, first.condition) == ("sh", "app", (), None)
    assert (second.shell, second.directory, second.condition) == ("bash -e {0}", "other", "failure()")
    assert [(setting.name, setting.value) for setting in second.env] == [("D", "4")]
    assert [one.runs_shell for one in (first, second, third)] == [True, True, False]


def test_an_action_has_inputs():
    one = step("""\
uses: docker/build-push-action@v6 # pinned
with:
  context: ./app
  push: true
  tags: ${{ steps.meta.outputs.tags }}
  build-args: |
    A=1
""")
    assert one.action == "docker/build-push-action"
    assert (one.input("context"), one.input("push"), one.input("tags"), one.input("file")) == (
        "./app",
        "true",
        None,
        "",
    )
    assert one.inputs["build-args"].value == "A=1\n"
    assert one.run is None


def test_a_composite_action():
    found = read("name: x\nruns:\n  using: composite\n  steps:\n    - run: docker build .\n      shell: bash\n")
    assert found.is_action
    [one] = found.jobs
    assert one.runner is Runner.UNKNOWN
    assert [step.run.text for step in one.steps] == ["docker build ."]


def test_expressions_are_variables_that_nobody_sets():
    text = """\
jobs:
  b:
    steps:
      - run: |
          docker build --build-arg "A=${{ github.sha }}" ${{ format('{0}}}', 'x') }} .
          echo ${{ unclosed
"""
    run = read(text).jobs[0].steps[0].run
    clean = without_expressions(run)
    assert clean.text.startswith('docker build --build-arg "A=${______________}" ${')
    assert clean.text.splitlines()[0].endswith("_} .")
    assert clean.text.splitlines()[1] == "echo ${{ unclosed"
    at = clean.text.index(" .") + 1
    assert text[slice(*clean.span(Span(at, at + 1)))] == "."
    assert not clean.is_verbatim(Span(0, at))


@pytest.mark.parametrize(
    "text",
    ["", "a: 1", "- 1", "jobs: 3", "jobs: []", "runs: {using: node20, main: x.js}", "# nothing", "--- \n---\njobs: {}"],
)
def test_other_files_are_no_workflows(text):
    with pytest.raises(NotWorkflowError):
        read(text)


@pytest.mark.parametrize("text", ["jobs: {", "jobs: *x", "jobs:\n  a: 1\n  a: 2\n", "\x00", "jobs:\n\t- x"])
def test_broken_yaml_is_said(text):
    with pytest.raises(YamlError):
        read(text)


@pytest.mark.parametrize(
    "body",
    [
        "jobs: {a: 1, b: [], c: null, d: {}}",
        "jobs: {a: {steps: 1, runs-on: [[]], env: [], needs: {}}}",
        "jobs: {a: {steps: [1, null, [], {}, {run: []}, {run: null}, {uses: {}}, {with: 1}, {env: 1}]}}",
        "defaults: 1\njobs: {a: {defaults: {run: []}, steps: [{run: x, shell: ''}]}}",
    ],
)
def test_odd_shapes_are_left_out(body):
    for one in read(body).jobs:
        for each in one.steps:
            assert each.runs_shell in (True, False)
            assert each.action == ""


def test_anchors_and_merges_are_followed():
    found = read("""\
jobs:
  a: &job
    runs-on: ubuntu-latest
    steps:
      - &build
        run: docker build .
  b:
    <<: *job
    runs-on: self-hosted
    steps: [*build, *build]
""")
    assert [len(one.steps) for one in found.jobs] == [1, 2]
    assert found.jobs[1].steps[1].run.text == "docker build ."


def test_many_steps_are_read_and_a_bomb_is_bounded():
    many = "jobs:\n  a:\n    steps:\n" + "      - run: docker build .\n" * 10_000
    start = time.process_time()
    assert len(read(many).jobs[0].steps) == 10_000
    steps = ", ".join(["{run: x}"] * 1000)
    bomb = f"x: &steps [{steps}]\njobs:\n" + "".join(f"  j{n}: {{steps: *steps}}\n" for n in range(1000))
    assert sum(len(one.steps) for one in read(bomb).jobs) == MAX_STEPS
    without_expressions(read("jobs: {a: {steps: [{run: '" + "${{ " * 20_000 + "'}]}}").jobs[0].steps[0].run)
    assert time.process_time() - start < 10
