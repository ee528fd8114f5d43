"""The step in scripts of every shape: it stands where it must, and the script does what it did."""

from __future__ import annotations

import re
import subprocess

import pytest

from cachelint.commit_arg import CommitArg
from cachelint.discovery import Kind
from cachelint.documents.script_parser import read_script
from cachelint.documents.verify import objection
from cachelint.fix import Statement, apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.scope import Scope
from cachelint.prune.script_step import Wish
from cachelint.source import SourceFile
from tests.prune.shapes import SHAPES
from tests.prune.stage import COMMIT, Stage
from tests.prune.steps import calls_of, steps_for
from tests.support import SHELLCHECK

PODMAN = "podman has other options: its `prune` knows none of Docker's record types"

each = pytest.mark.parametrize("shape", [pytest.param(one, id=one.name) for one in SHAPES])
every_scope = pytest.mark.parametrize("scope", [Scope.CONTEXT, Scope.LAYERS])
AFTER = re.compile("Docker will")


def written(text: str, scope: Scope = Scope.CONTEXT, *, tolerant: bool = False) -> str:
    """The text with the step in it; nothing may be refused."""
    source = SourceFile("deploy.sh", text)
    steps = steps_for(calls_of(read_script(source)), Wish(chosen(scope), "GIT_COMMIT_HASH", tolerant), CommitArg())
    assert [one.reason for one in steps.refused] == []
    return apply_edits(text, steps.edits)


def refused(text: str, scope: Scope = Scope.CONTEXT) -> list[str]:
    steps = steps_for(calls_of(read_script(SourceFile("deploy.sh", text))), Wish(chosen(scope)), CommitArg())
    assert steps.edits == ()
    return [one.reason for one in steps.refused]


@pytest.mark.parametrize(
    "text",
    [
        "image=$(ssh web1 <<'EOF'\ndocker build -q .\nEOF\n)\n",
        "image=$(ssh web1 'docker build -q .')\n",
        "ssh web1 <<'EOF' > id.txt\ndocker build -q .\nEOF\n",
        "ssh web1 <<'EOF' | xargs docker push\ndocker build -q .\nEOF\n",
        "f() {\nssh web1 <<'EOF'\ndocker build -q .\nEOF\n}\nx=$(f)\n",
    ],
)
def test_what_another_machine_prints_may_be_read(text):
    """Nothing is written into the script there, and a prune here would be one of another builder."""
    assert refused(f"#!/bin/bash\n{text}") == ["the build runs elsewhere, and what is printed there is read here"]


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def in_order(shape, played) -> list[tuple[str, str]]:
    """The calls that are no prune; in any order where some of them run at the same time."""
    calls = played.without_prune
    return sorted(calls) if "&\n" in shape.text else calls


def is_build(words: str) -> bool:
    return bool(re.search(r"\bbuild\b|--build", words))


@each
def test_every_way_does_what_it_did_and_prunes_once_before_its_first_build(shape, stage):
    text = written(shape.text)
    for way in shape.ways:
        before, after = stage.play(shape.text, way), stage.play(text, way)
        assert (after.code, in_order(shape, after)) == (before.code, in_order(shape, before)), after.output
        for machine in {one.machine for one in before.calls}:
            calls = [one for one in after.calls if one.machine == machine]
            builds = [at for at, one in enumerate(calls) if is_build(one.words) and not one.is_prune]
            prunes = [at for at, one in enumerate(calls) if one.is_prune]
            if builds:
                assert len(prunes) == 1, calls
                assert max(prunes) < min(builds)
                assert {one.commit for one in calls if is_build(one.words)} >= ({COMMIT} if shape.commit else set())
            elif not shape.early:
                assert prunes == []


@each
@every_scope
def test_the_rest_stays_byte_for_byte_and_a_second_run_changes_nothing(shape, scope):
    text = written(shape.text, scope)
    assert written(text, scope) == text
    source = SourceFile("deploy.sh", shape.text)
    for edit in steps_for(calls_of(read_script(source)), Wish(chosen(scope), "GIT_COMMIT_HASH"), CommitArg()).edits:
        assert shape.text[edit.span.start : edit.span.end].strip(" \t") == ""


@each
def test_the_edits_mean_what_they_state(shape):
    """Held to it as an edit of --fix is."""
    source = SourceFile("deploy.sh", shape.text)
    steps = steps_for(calls_of(read_script(source)), Wish(chosen(Scope.LAYERS), "GIT_COMMIT_HASH"), CommitArg())
    stated = [Statement(("before", one.before), "".join(f"{line}\n" for line in one.lines)) for one in steps.written]
    text = apply_edits(shape.text, steps.edits)
    assert objection(Kind.SHELL, source, text, stated) is None
    assert not stated or objection(Kind.SHELL, source, text.replace("regular", "other"), stated)
    assert not stated or objection(Kind.SHELL, source, text, stated[1:])


def test_bash_and_shellcheck_find_nothing_new(tmp_path):
    for number, shape in enumerate(SHAPES):
        (tmp_path / f"{number}-old.sh").write_bytes(shape.text.encode())
        for tolerant in (False, True):
            new = written(shape.text, Scope.LAYERS, tolerant=tolerant)
            (tmp_path / f"{number}-new{tolerant}.sh").write_bytes(new.encode())
            assert subprocess.run(["bash", "-n"], input=new.encode(), capture_output=True, check=False).stderr == b""
    checked = subprocess.run(
        [SHELLCHECK, "--format=gcc", *tmp_path.iterdir()], capture_output=True, check=False, text=True
    )
    codes: dict[str, set[str]] = {}
    for name, code in re.findall(r"([\w-]+)\.sh:.*\[(SC\d+)\]", checked.stdout):
        codes.setdefault(name, set()).add(code)
    for number, shape in enumerate(SHAPES):
        known = codes.get(f"{number}-old", set())
        for tolerant in (False, True):
            assert codes.get(f"{number}-new{tolerant}", set()) <= known, shape.name


@each
def test_a_failing_prune_ends_the_deploy(shape, stage):
    text = written(shape.text)
    for way in shape.ways[:2]:
        played = stage.play(text, way, PRUNE_EXIT="3")
        if any(one.is_prune for one in played.calls):
            machines = {one.machine for one in played.calls if one.is_prune}
            assert not [
                one for one in played.calls if one.machine in machines and is_build(one.words) and not one.is_prune
            ]
            assert not AFTER.search(played.output)


@each
def test_a_tolerated_failure_is_told_and_the_build_goes_on(shape, stage):
    text = written(shape.text, tolerant=True)
    for way in shape.ways[:1]:
        before, played = stage.play(shape.text, way), stage.play(text, way, PRUNE_EXIT="3")
        assert (played.code, in_order(shape, played)) == (before.code, in_order(shape, before))
        if any(one.is_prune for one in played.calls):
            assert "may contain old code" in played.output
            assert not AFTER.search(played.output)


def test_two_commands_for_two_kinds_of_records(stage):
    played = stage.play(written("#!/bin/bash\nset -e\ndocker build .\n", Scope.LAYERS))
    assert [one.words for one in played.calls] == [
        "docker builder prune --force --filter type=source.local",
        "docker builder prune --all --force --filter type=regular",
        "docker build .",
    ]


EQUIVALENT = """docker builder prune -f
docker builder prune --force --filter type=source.local
docker builder prune -af
docker buildx prune --force
docker system prune -f
yes | docker builder prune
sudo docker builder prune -f
docker builder prune -f || true
if ! docker builder prune -f; then exit 1; fi
prune() { docker builder prune -f; }; prune
$DOCKER_PRUNE && docker builder prune -f
docker builder prune $FLAGS
docker context use prod; docker builder prune -f
export DOCKER_HOST=ssh://prod; docker builder prune -f
DOCKER_HOST=ssh://prod docker builder prune -f; export DOCKER_HOST=ssh://prod
docker buildx use slim; docker buildx prune -f
""".splitlines()

NOT_EQUIVALENT = """docker image prune -f
docker builder prune -f --filter until=24h
docker builder prune -af --keep-storage 10GB
docker builder prune -af --filter type=regular
docker buildx prune --builder other -f
docker system prune -f --filter until=24h
[ -n "$CLEAN" ] && docker builder prune -f
if [ -n "$CLEAN" ]; then docker builder prune -f; fi
ssh prod docker builder prune -f
docker --context prod builder prune -f
docker builder prune --help
echo docker builder prune -f
docker builder prune -f &
trap 'docker builder prune -f' EXIT
docker builder prune -f; docker context use prod
docker builder prune -f; export DOCKER_HOST=ssh://prod
docker buildx use slim; docker builder prune -f
# docker builder prune -f
""".splitlines()


@pytest.mark.parametrize("line", EQUIVALENT)
def test_an_equivalent_step_is_recognised(line):
    text = f"#!/bin/bash\n{line}\ndocker compose build\n"
    assert written(text) == text


@pytest.mark.parametrize("line", NOT_EQUIVALENT)
def test_what_only_looks_like_it_is_not(line):
    text = f"#!/bin/bash\n{line}\ndocker compose build\n"
    assert written(text) != text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ssh prod docker compose build\n", "the build runs on another machine, in words of one line"),
        ("docker exec ci docker build .\n", "the build runs inside a container"),
        ("podman build .\n", PODMAN),
        ("nerdctl build .\n", PODMAN.replace("podman", "nerdctl")),
        (
            "export DOCKER_BUILDKIT=0\ndocker build .\n",
            "DOCKER_BUILDKIT=0 builds with the legacy builder, which reuses images: no prune of the build cache drops "
            "them",
        ),
        (
            "DOCKER_BUILDKIT=0 docker build .\n",
            "DOCKER_BUILDKIT=0 builds with the legacy builder, which reuses images: no prune of the build cache drops "
            "them",
        ),
        (
            'if [ -n "$NEW" ]; then docker buildx create --use; fi\ndocker buildx build .\n',
            "`docker buildx create --use` selects a builder without a name: give it one",
        ),
        ("if then\ndocker build .\n", "bash does not understand the whole script"),
        ("echo $?; docker build .\n", ""),
    ],
)
def test_refused(text, reason):
    if reason:
        assert refused(f"#!/bin/bash\n{text}") == [reason]
    else:
        assert "prune" in written(f"#!/bin/bash\n{text}")


def test_hostile_scripts_take_no_time():
    """Functions that call each other twice have more ways than anybody can count."""
    calls = "\n".join(f"f{number}() {{ f{number + 1}; [ a ] && f{number + 1}; }}" for number in range(60))
    text = f"{calls}\nf60() {{ docker build .; }}\nf0\n"
    steps_for(calls_of(read_script(SourceFile("deploy.sh", text))), Wish(chosen(Scope.CONTEXT)), CommitArg())
    deep = "if a; then\n" * 90 + "docker build .\n" + "fi\n" * 90
    steps_for(calls_of(read_script(SourceFile("deploy.sh", deep))), Wish(chosen(Scope.CONTEXT)), CommitArg())
    loops = "for x in a; do\n" * 30 + "docker build .\n" + "done\n" * 30
    steps_for(calls_of(read_script(SourceFile("deploy.sh", loops))), Wish(chosen(Scope.CONTEXT)), CommitArg())


ANOTHER_DAEMON = {
    "a function whose output is read": (
        "build() { export DOCKER_HOST=ssh://prod; docker compose build; docker compose push; }\nout=$(build)\n"
    ),
    "a condition": "if export DOCKER_HOST=ssh://prod && docker compose build; then\n  docker compose push\nfi\n",
    "a loop's condition": "until export DOCKER_HOST=ssh://prod; docker compose build; do\n  sleep 1\ndone\n",
    "a group that is piped": ("export DOCKER_HOST=ssh://prod\n{ unset DOCKER_HOST; docker compose build; } | cat\n"),
    "a context that is chosen": "if docker context use prod && docker compose build; then\n  true\nfi\n",
}


@pytest.mark.parametrize("name", ANOTHER_DAEMON)
def test_a_step_for_another_daemon_is_not_written(name):
    [reason] = refused(f"#!/bin/bash\nset -e\n{ANOTHER_DAEMON[name]}")
    assert reason.startswith("a step in front of it would prune another builder or daemon")


@pytest.mark.parametrize(
    "test",
    [
        '[ "$1" = --skip ] ||',
        "[[ $1 == --skip ]] ||",
        "test -n x ||",
        "command -v docker >/dev/null &&",
        "which docker &&",
    ],
)
def test_a_test_decides_whether_it_builds(test):
    assert refused(f"#!/bin/bash\n{test} docker compose build\n") == [
        "a test in front of it decides whether it builds: put the build into an `if`"
    ]


def test_a_builder_that_is_made_behind_the_place():
    text = (
        "#!/bin/bash\ndocker buildx create --name ci --driver remote tcp://a:1 && docker buildx build --builder ci .\n"
    )
    assert refused(text) == ["its builder is made in the same statement, behind the place of a step"]


def test_a_variable_that_may_only_show():
    text = '#!/bin/bash\nDOCKER=docker\n[ "$1" = --dry-run ] && DOCKER="echo docker"\n$DOCKER compose build\n'
    assert refused(text) == ["a variable decides whether the command is run or only shown"]


def test_more_steps_than_any_script_needs_are_not_written():
    arms = "".join(f"a{number}) docker build {number} ;;\n" for number in range(201))
    assert refused(f"#!/bin/bash\ncase $1 in\n{arms}esac\n") == ["it would take more than 200 steps"]
