"""Edits of scripts and workflows are held to what they stated."""

import pytest

from cachelint.discovery import Kind
from cachelint.documents.verify import objection
from cachelint.fix import ABSENT, Fields, Statement
from cachelint.source import SourceFile

OLD = """\
#!/bin/bash
set -e
build() {
  docker compose build web
}
export A=1
if [ "$1" = all ]; then
  build   # all of it
fi
docker push "$TAG"
"""


def accepts(old, new, *statements, kind=Kind.SHELL, name="x.sh"):
    return objection(kind, SourceFile(name, old), new, statements) is None


def before(number, text):
    return Statement(("before", number), text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set -e\n", "set  -e  # comment\n\n"),
        ("build   # all of it", "build"),
        ("#!/bin/bash\n", "#!/bin/bash\n# cachelint: ignore[x]\n"),
        ("docker push", "docker  \\\n  push"),
        ("compose build web", "compose 'build' \"web\""),
    ],
)
def test_words_are_what_counts(old, new):
    assert old in OLD
    assert accepts(OLD, OLD.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set -e\n", ""),
        ("set -e", "set -u"),
        ("set -e", "set -e; id"),
        ("compose build web", "compose build"),
        ("docker push", "sudo docker push"),
        ("docker push", "X=1 docker push"),
        ('"$TAG"', "$TAG"),
        ('"$TAG"', "'$TAG'"),
        ('"$TAG"', '"$TAG" > log'),
        ('"$TAG"', '"$TAG" | cat'),
        ("export A=1", "export A=2"),
        ("export A=1", "A=1"),
        ("export A=1\n", ""),
        ("export A=1", "export A=1 B=1"),
        ("build() {", "other() {"),
        ("fi\n", ""),
        ('"$TAG"', '"$TAG'),
        ("docker push", "ssh web docker push"),
        ('docker push "$TAG"', 'false || docker push "$TAG"'),
    ],
)
def test_another_meaning_is_refused(old, new):
    assert old in OLD
    assert not accepts(OLD, OLD.replace(old, new, 1))


def test_stated_changes():
    numbers = {"set": 0, "docker": 1}
    step = 'echo "Dropping"\n  docker builder prune --force\n'
    inserted = OLD.replace("  docker compose", f"  {step}  docker compose")
    assert accepts(OLD, inserted, before(numbers["docker"], step))
    assert not accepts(OLD, inserted)
    assert not accepts(OLD, inserted, before(numbers["set"], step))
    assert not accepts(OLD, inserted, before(numbers["docker"], "docker builder prune --force\n"))
    commit = 'export G="$(git rev-parse HEAD)"\n'
    assert accepts(OLD, OLD.replace("set -e\n", f"set -e\n{commit}"), before(1, commit))
    assert not accepts(OLD, OLD.replace("set -e\n", f"set -e\n{commit}"), before(1, "git rev-parse HEAD\n"))
    shorter = OLD.replace(" web", "")
    assert accepts(OLD, shorter, Statement((numbers["docker"],), "docker compose build"))
    assert accepts(OLD, OLD.replace("  docker compose build web\n", "  :\n"), Statement((1,), ":"))
    assert accepts(OLD, OLD.replace("set -e\n", ""), Statement((0,), ABSENT))
    assert accepts(OLD, OLD.replace("export A=1\n", ""), Statement(("assignment", 0), ABSENT))
    assert accepts(OLD, f"{OLD}id\n", before(99, "id")) is False


SENT = """\
sudo ssh -p 2 web "cd app && docker build ."
gcloud compute ssh web --command='docker build .'
bash -c "
  docker build .
"
ssh web <<EOF
docker build .
EOF
"""


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ('"cd app', '"\n    STEP\n    cd app', 1),
        ("'docker build .'", "'\n    STEP\n    docker build .'", 4),
        ("  docker build .\n", "  STEP\n  docker build .\n", 6),
        ("<<EOF\n", "<<EOF\nSTEP\n", 8),
    ],
)
def test_the_text_for_another_shell_means_its_commands(old, new, number):
    """Whatever quotes it stands in, the words around it are what they were."""
    step = "docker builder prune -f || exit 1"
    text = SENT.replace(old, new, 1).replace("STEP", step)
    stated = before(number, f"{step}\n")
    assert accepts(SENT, text, stated)
    assert not accepts(SENT, text)
    assert not accepts(SENT, text, before(number - 1, f"{step}\n"))
    for was, now in (("-p 2", "-p 3"), ("web", "root@web"), ("docker build", "docker push"), ("bash -c", "bash -xc")):
        assert not accepts(SENT, text.replace(was, now, 1), stated)
    assert not accepts(SENT, f"{text}\nif\n", stated)


WORKFLOW = """\
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4  # first
      - run: |
          make
          docker build --build-arg A=1 .
      - name: push
        run: docker push ${{ env.TAG }}
"""


def flow(new, *statements):
    return accepts(WORKFLOW, new, *statements, kind=Kind.WORKFLOW, name="ci.yml")


def test_workflows_mean_their_yaml_and_their_scripts():
    assert flow(WORKFLOW.replace("  # first", ""))
    assert flow(WORKFLOW.replace("          make\n", "          make  # comment\n"))
    assert not flow(WORKFLOW.replace("          make\n", ""))
    assert not flow(WORKFLOW.replace("ubuntu-latest", "ubuntu-22.04"))
    assert not flow(WORKFLOW.replace("name: push", "name: ship"))
    assert not flow(WORKFLOW.replace("push $", "push -q $"))
    assert not flow(WORKFLOW.replace("      - name", "     - name"))
    assert not flow("on: push\n")


def test_stated_changes_of_workflows():
    shorter = WORKFLOW.replace(" --build-arg A=1", "")
    assert flow(shorter, Statement(("script", 0, 1), "docker build ."))
    assert not flow(shorter, Statement(("script", 1, 1), "docker build ."))
    pruned = WORKFLOW.replace("          docker build", "          docker builder prune -f\n          docker build")
    assert flow(pruned, Statement(("script", 0, "before", 1), "docker builder prune -f\n"))
    step = "      - name: drop\n        run: docker builder prune -f\n"
    added = WORKFLOW.replace("      - run: |", f"{step}      - run: |")
    fields = Fields((("name", "drop"), ("run", "docker builder prune -f")))
    at = (0, "jobs", "build", "steps")
    assert flow(added, Statement((*at, "before:1"), fields))
    assert not flow(added, Statement((*at, "before:2"), fields))
    assert not flow(added)
    assert flow(WORKFLOW.replace("name: push", "name: ship"), Statement((*at, 2, "name"), "ship"))
