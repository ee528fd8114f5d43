"""What fixes make of Dockerfiles, judged by Docker's own parser and by the model that their titles speak for."""

import dockerfile as docker
import pytest

from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.predict import predict
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.rules import all_rules
from cachelint.source import SourceFile

COMMIT = Change(args=frozenset(("GIT_COMMIT_HASH", "GIT_SHA")))
EXAMPLES = [
    pytest.param(rule.id, example.bad["Dockerfile"], example.good["Dockerfile"], id=rule.id)
    for rule in all_rules()
    for example in rule.examples
    if example.fixable and example.bad.get("Dockerfile") != example.good.get("Dockerfile")
]


def reruns(text: str, change: Change) -> list[str]:
    """The instructions that run again, each by its text."""
    graph = build_graph(parse_dockerfile(SourceFile("Dockerfile", text)))
    outcomes = predict(graph, change)
    return [f"{one.step.keyword} {one.step.instruction.value}" for one in outcomes if one.outcome is Outcome.RUN]


def test_examples_were_found():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize(("rule", "bad", "good"), EXAMPLES)
def test_docker_reads_the_result(rule, bad, good):
    assert [command.cmd for command in docker.parse_string(good)]


@pytest.mark.parametrize(
    ("rule", "bad", "good"), [one for one in EXAMPLES if one.id in ("undeclared-build-arg", "inert-commit-arg")]
)
def test_a_new_commit_reruns_the_step_on_the_source(rule, bad, good):
    assert reruns(bad, COMMIT) == []
    assert reruns(good, COMMIT) == ["RUN ./build"]
    assert reruns(good, Change(source=True)) == reruns(bad, Change(source=True))


def test_a_new_commit_no_longer_installs():
    [(bad, good)] = [one.values[1:] for one in EXAMPLES if one.id == "early-commit-arg"]
    assert "RUN npm install" in reruns(bad, COMMIT)
    assert reruns(good, COMMIT) == ["RUN npm run build"]
    assert reruns(good, Change(dependencies=True)) == reruns(bad, Change(dependencies=True))


def test_source_no_longer_installs():
    [(bad, good)] = [one.values[1:] for one in EXAMPLES if one.id == "copy-before-install"]
    assert "RUN npm install" in reruns(bad, Change(source=True))
    assert "RUN npm install" not in reruns(good, Change(source=True))
    assert "RUN npm install" in reruns(good, Change(dependencies=True))
