"""inline-cache in scripts and workflows. ``@ON`` stands for the option, to keep lines short."""

import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files

ON = "--build-arg BUILDKIT_INLINE_CACHE=1"
DOCKERFILE = "FROM alpine\nCOPY . .\nRUN ./build\n"
IGNORE = "# cachelint: ignore[inline-cache]"


def commands(name, text):
    """What is found in a script, as the text it is about."""
    text = text.replace("@ON", ON)
    found = lint_files({name: text, "Dockerfile": DOCKERFILE}, ["inline-cache"])
    return [text[one.location.start.offset : one.location.end.offset] for one in found]


def fixed(name, text):
    """The script with safe fixes."""
    files = {name: text.replace("@ON", ON), "Dockerfile": DOCKERFILE}
    return fix_files(files, ["inline-cache"], Applicability.SAFE).files[name].replace(ON, "@ON")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("docker build @ON .\n", "docker build .\n"),
        ("docker build . --build-arg=BUILDKIT_INLINE_CACHE=1", "docker build ."),
        ("docker build --build-arg 'BUILDKIT_INLINE_CACHE=1' -t x .\n", "docker build -t x .\n"),
        ("docker build --build-arg BUILDKIT_INLINE_CACHE=0 .\n", "docker build .\n"),
        ("docker build \\\n  @ON \\\n  .\n", "docker build \\\n  .\n"),
        ("docker build . \\\n  @ON\necho\n", "docker build .\necho\n"),
        ("docker build . \\\r\n  @ON \\\r\n  -t x\r\n", "docker build . \\\r\n  -t x\r\n"),
        ("docker buildx build --cache-to type=inline -t x .\n", "docker buildx build -t x .\n"),
        ("docker compose build @ON --pull\n", "docker compose build --pull\n"),
        ("docker-compose -f x.yml build @ON web\n", "docker-compose -f x.yml build web\n"),
        (
            "ssh web <<EOF\ncd /srv\ndocker compose build @ON\nEOF\n",
            "ssh web <<EOF\ncd /srv\ndocker compose build\nEOF\n",
        ),
        ("export BUILDKIT_INLINE_CACHE=1  # fast\ndocker build .\n", "docker build .\n"),
        ("if x; then\n  docker build @ON . || exit\nfi\n", "if x; then\n  docker build . || exit\nfi\n"),
        ("sudo docker build @ON . > log 2>&1\n", "sudo docker build . > log 2>&1\n"),
        ("A=1 docker build -t a:$B @ON .\n", "A=1 docker build -t a:$B .\n"),
        ("docker build @ON -t a:$(git rev-parse HEAD) .\n", "docker build -t a:$(git rev-parse HEAD) .\n"),
        (
            'docker build -t "a:$(git describe | tr / -)" \\\n  @ON --build-arg T=`date +%s` . > $(y)\n',
            'docker build -t "a:$(git describe | tr / -)" --build-arg T=`date +%s` . > $(y)\n',
        ),
        ("x=$(docker build @ON -t $(git rev-parse HEAD) -q .)\n", "x=$(docker build -t $(git rev-parse HEAD) -q .)\n"),
        ("ssh web <<EOF\ndocker build @ON .\nEOF\n", "ssh web <<EOF\ndocker build .\nEOF\n"),
        ('ssh web "cd $D && docker build @ON ."\n', 'ssh web "cd $D && docker build ."\n'),
    ],
)
def test_a_command_asks_for_it(text, after):
    assert len(commands("deploy.sh", text)) == 1
    assert fixed("deploy.sh", text) == after
    assert commands("deploy.sh", after) == []


@pytest.mark.parametrize(
    "text",
    [
        "docker build @ON --cache-from x .\n",
        "docker build @ON $MORE .\n",
        "ARGS='@ON'\ndocker build $ARGS .\n",
        "ARGS='--pull @ON'\ndocker build $ARGS .\n",
        "export A=1 BUILDKIT_INLINE_CACHE=1\ndocker build .\n",
        "BUILDKIT_INLINE_CACHE=1 docker build .\n",
        "f() {\n  export BUILDKIT_INLINE_CACHE=1\n}\ndocker build .\n",
    ],
)
def test_a_command_that_is_not_edited_without_being_asked(text):
    assert len(commands("deploy.sh", text)) == 1
    assert fixed("deploy.sh", text) == text


@pytest.mark.parametrize(
    "web", ["image: a/b\n    build: {context: ., cache_from: [a/b]}", "build: {cache_from: [a/b]}"]
)
def test_a_command_that_passes_it_to_a_service_which_reads_it_back(web):
    text = f"docker compose build {ON}\n"
    files = {"compose.yaml": f"services:\n  web:\n    {web}\n", "Dockerfile": DOCKERFILE, "deploy.sh": text}
    [found] = lint_files(files, ["inline-cache"])
    assert "`cache_from`" in found.message
    assert found.fix
    assert found.fix.applicability is Applicability.UNSAFE


@pytest.mark.parametrize(
    "text",
    [
        "docker build .\n",
        "echo docker build @ON .\n",
        "docker buildx build --cache-to type=registry,ref=x,mode=max .\n",
        "# docker build @ON .\n",
        "cat <<EOF\ndocker build @ON .\nEOF\ndocker ps\n",
        "echo $BUILDKIT_INLINE_CACHE\ndocker build .\n",
        "podman build @ON .\n",
        "docker compose build @ON --help\n",
    ],
)
def test_a_command_that_does_not_ask_for_it(text):
    assert commands("deploy.sh", text) == []


WORKFLOW = ".github/workflows/ci.yml"
STEPS = """\
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""
ACTION = "- uses: docker/build-push-action@v6\n  with:\n"


def steps(text):
    """A workflow with these steps."""
    return STEPS + "".join(f"      {line}" for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("step", "after"),
    [
        (
            "- run: |\n    docker build @ON \\\n      -t ${{ x }} .\n",
            "- run: |\n    docker build \\\n      -t ${{ x }} .\n",
        ),
        ("- run: docker build @ON .\n", "- run: docker build .\n"),
        ("- run: docker build @ON -t a:$(date) .\n", "- run: docker build -t a:$(date) .\n"),
        ('- run: "docker build @ON ."\n', '- run: "docker build ."\n'),
        (
            f"{ACTION}    build-args: |\n      A=1\n      BUILDKIT_INLINE_CACHE=1\n      B=${{{{ x }}}}\n",
            f"{ACTION}    build-args: |\n      A=1\n      B=${{{{ x }}}}\n",
        ),
        (
            f"{ACTION}    build-args: |\n      BUILDKIT_INLINE_CACHE=1\n    push: true\n",
            f"{ACTION}    push: true\n",
        ),
        (f"{ACTION}    push: true\n    cache-to: type=inline\n", f"{ACTION}    push: true\n"),
        (
            "- uses: appleboy/ssh-action@v1\n  with:\n    script: |\n      docker build @ON .\n",
            "- uses: appleboy/ssh-action@v1\n  with:\n    script: |\n      docker build .\n",
        ),
    ],
)
def test_a_workflow_asks_for_it(step, after):
    assert len(commands(WORKFLOW, steps(step))) == 1
    assert fixed(WORKFLOW, steps(step)) == steps(after)


def test_where_the_shell_sees_other_characters_it_is_only_reported():
    makefile = "build:\n\tdocker build \\\n\t  @ON .\n"
    assert commands("Makefile", makefile) == [ON]
    assert fixed("Makefile", makefile) == makefile
    assert commands("package.json", '{"scripts": {"x": "docker build @ON ."}}') == [ON]
    assert commands(".gitlab-ci.yml", "build:\n  script:\n    - docker build @ON .\n") == [ON]


def suppressed(name, text):
    """The report and the text of a script that has a suppression in it."""
    files = {name: text.replace("@ON", ON).replace("@IGNORE", IGNORE), "Dockerfile": DOCKERFILE}
    found = fix_files(files, ["inline-cache", "unused-suppression"])
    return found.report, found.files[name].replace(ON, "@ON").replace(IGNORE, "@IGNORE")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deploy.sh", "@IGNORE wanted\ndocker build \\\n  @ON .\n"),
        ("deploy.sh", "docker build @ON .  @IGNORE\n"),
        ("deploy.sh", "#!/bin/sh\n# cachelint: ignore-file[inline-cache]\n\ndocker build @ON .\n"),
        ("Makefile", "build:\n\t@IGNORE\n\tdocker build @ON .\n"),
        (".gitlab-ci.yml", "build:\n  script:\n    @IGNORE\n    - docker build @ON .\n"),
        (WORKFLOW, steps("@IGNORE wanted\n- name: x\n  run: docker build @ON .\n")),
        (WORKFLOW, steps("- run: |\n    @IGNORE\n    docker build @ON .\n")),
        (WORKFLOW, steps("- run: docker build @ON .  @IGNORE\n")),
        (WORKFLOW, steps(f"@IGNORE\n{ACTION}    cache-to: type=inline\n")),
    ],
)
def test_a_suppression(name, text):
    report, after = suppressed(name, text)
    assert report.diagnostics == ()
    assert report.suppressed == 1
    assert after == text


@pytest.mark.parametrize("text", ["docker ps  @IGNORE\n", "@IGNORE\ndocker ps\n"])
def test_an_unused_suppression_in_a_script_is_removed(text):
    assert suppressed("deploy.sh", text)[1] == "docker ps\n"
    assert suppressed(WORKFLOW, steps("- run: |\n    docker ps  @IGNORE\n"))[1] == steps("- run: |\n    docker ps\n")


def test_no_suppression_in_what_is_no_comment():
    report, _ = suppressed("deploy.sh", "echo '@IGNORE'\ndocker build @ON .\n")
    assert (report.suppressed, report.fixed) == (0, 1)


def test_a_folded_script_is_left_alone():
    folded = steps("- run: >\n    docker build\n    @ON .\n")
    assert commands(WORKFLOW, folded) == [ON]
    assert fixed(WORKFLOW, folded) == folded


INLINE = "        BUILDKIT_INLINE_CACHE: 1\n"
PUSHED = f"{ACTION}    push: true\n    tags: ghcr.io/x/a:latest\n    build-args: BUILDKIT_INLINE_CACHE=1\n"


def service(image="", cache_from="", args=""):
    """A Compose file with one service that is built."""
    text = "services:\n  web:\n"
    text += f"    image: {image}\n" if image else ""
    text += "    build:\n      context: .\n"
    text += f"      cache_from: [{cache_from}]\n" if cache_from else ""
    return text + (f"      args:\n{args}" if args else "")


READER = service("ghcr.io/x/a:latest", "ghcr.io/x/a:latest")


def removal(files):
    """The one finding about files, a script or workflow among them."""
    [found] = lint_files({"Dockerfile": DOCKERFILE, **files}, ["inline-cache"])
    assert found.fix
    return found.fix.applicability, found.message


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": READER, WORKFLOW: steps(PUSHED)},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t ghcr.io/x/a .\ndocker push ghcr.io/x/a\n"},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t ghcr.io/x/a:$TAG .\n"},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t $IMAGE .\n"},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t a .\ndocker tag a ghcr.io/x/a:latest\n"},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} .\n"},
        {"compose.yaml": service("a", "'${CACHE}'"), "a.sh": f"docker build {ON} -t b .\n"},
        {"compose.yaml": service("a", "'ghcr.io/x/a:${TAG:-1}'"), "a.sh": f"docker build {ON} -t ghcr.io/x/a:2 .\n"},
        {"compose.yaml": service("a", "'type=registry,ref=docker.io/x/a'"), "a.sh": f"docker build {ON} -t x/a .\n"},
        {"compose.yaml": service("x/a", "", INLINE), "a.sh": "docker build --cache-from x/a:latest -t b .\n"},
        {"compose.yaml": service("x/a:${TAG}", "", INLINE), "a.sh": "docker build --cache-from x/a:1 -t b .\n"},
        {"compose.yaml": service("x/a", "", INLINE), WORKFLOW: steps(f"{ACTION}    cache-from: x/a\n")},
        {"compose.yaml": service("x/a", "", INLINE), "b/compose.yaml": service("b", "x/a"), "b/Dockerfile": DOCKERFILE},
        {"a.sh": f"docker build {ON} -t x/a .\n", "b.sh": "docker build --cache-from $IMAGE -t b .\n"},
    ],
)
def test_what_another_build_reads_back_is_no_safe_thing_to_remove(files):
    applicability, message = removal(files)
    assert applicability is Applicability.UNSAFE
    assert "may read it back" in message


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t ghcr.io/x/b .\n"},
        {"compose.yaml": READER, "a.sh": f"docker build {ON} -t ghcr.io/x/a:other .\n"},
        {"compose.yaml": service("a", "'type=gha'"), WORKFLOW: steps(PUSHED)},
        {WORKFLOW: steps(f"{PUSHED}    cache-from: type=gha\n")},
        {"compose.yaml": service("a", "'type=local,src=.c'"), "a.sh": f"docker build {ON} .\n"},
    ],
)
def test_what_nobody_reads_back_is_safe_to_remove_and_that_is_said_truly(files):
    applicability, message = removal(files)
    assert applicability is Applicability.SAFE
    assert "no build here has one" in message


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("Makefile", "build:\n\tdocker build @ON .\n", "a Makefile's recipes, in which `$` is written `$$`"),
        ("package.json", '{"scripts": {"x": "docker build @ON ."}}', "scripts in package.json, whose quotes JSON"),
        (".gitlab-ci.yml", "build:\n  script:\n    - docker build @ON .\n", "scripts in GitLab's CI file"),
        ("a.sh", "ARGS='@ON'\ndocker build $ARGS .\n", "a variable holds it"),
    ],
)
def test_a_fix_that_is_not_written_says_what_to_do_and_why(name, text, why):
    [found] = lint_files({name: text.replace("@ON", ON), "Dockerfile": DOCKERFILE}, ["inline-cache"])
    assert found.fix
    assert found.fix.title.startswith(f"remove it; --fix does not: {why}")
