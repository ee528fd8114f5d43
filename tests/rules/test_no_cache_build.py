"""no-cache-build: what is slow and is not fresh."""

import subprocess

import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files

RULE = ["no-cache-build"]
FILES = {
    "compose.yaml": "services:\n  web:\n    build: .\n",
    "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\n",
}
CI = ".github/workflows/main.yml"
PRUNE = "docker builder prune --force --filter type=source.local\n"
UP = "docker compose up -d\n"


def found(name, text):
    found = lint_files({**FILES, name: text}, RULE)
    return [text[one.location.start.offset : one.location.end.offset] for one in found]


def workflow(steps, runner="self-hosted"):
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return f"jobs:\n  ship:\n    runs-on: {runner}\n    steps:\n      - uses: actions/checkout@v4\n{indented}"


@pytest.mark.parametrize(
    "text",
    [
        "docker compose build --no-cache\n",
        "docker build --pull --no-cache -t web . && docker push web\n",
        "docker buildx build --no-cache --push -t web .\n",
        "docker buildx bake --no-cache\n",
        "cd app && docker compose build --no-cache\n",
        "if ! docker compose build --no-cache; then exit 1; fi\n",
        "docker compose build --no-cache || exit 1\n",
        "for one in a b; do docker compose build --no-cache $one; done\n",
        "sudo timeout 900 docker-compose build --no-cache | tee log\n",
        "ssh web 'cd app && docker compose build --no-cache'\n",
        "b() { docker compose build --no-cache; }\nb\n",
        'b() { docker compose build --no-cache; }\nmain() { b; }\nmain "$@"\n',
    ],
)
def test_a_deploy_builds_without_its_cache(text):
    assert found("deploy.sh", text + UP) == ["--no-cache"]


@pytest.mark.parametrize(
    "text",
    [
        "docker compose build\n",
        "docker compose build --no-cache=false\n",
        "docker compose build --no-cache --help\n",
        'if [ "$1" = --no-cache ]; then docker compose build --no-cache; else docker compose build; fi\n',
        '[ "$1" = --no-cache ] && docker compose build --no-cache\n',
        "[[ -n $FORCE ]] && docker compose build --no-cache || docker compose build\n",
        "docker compose build || docker compose build --no-cache\n",
        "docker compose build $NO_CACHE\n",
        'NO_CACHE=\n[ -z "$1" ] || NO_CACHE=--no-cache\ndocker compose build $NO_CACHE\n',
        "NO_CACHE=--no-cache\ndocker compose build $NO_CACHE\n",
        "docker compose build ${1:+--no-cache}\n",
        "while getopts n o; do case $o in n) F=--no-cache;; esac; done\ndocker compose build $F\n",
        "case $1 in fresh) docker compose build --no-cache;; esac\n",
        "b() { docker compose build --no-cache; }\ncase $1 in b) b;; esac\n",
        'b() { docker compose build --no-cache; }\n"$@"\n',
        "b() { bash -c 'docker compose build --no-cache'; }\nif [ $X ]; then b; fi\n",
        "read -p 'Rebuild? ' x && docker compose build --no-cache\n",
        "podman build --no-cache .\n",
        "DOCKER_BUILDKIT=0 docker build --no-cache .\n",
        "export DOCKER_BUILDKIT=0\ndocker build --no-cache .\n",
        "apk add --no-cache curl\n",
        "pip install --no-cache-dir x\n",
        "echo docker compose build --no-cache\n",
        "# docker compose build --no-cache\n",
        "cat <<E\ndocker compose build --no-cache\nE\n",
    ],
)
def test_silent(text):
    assert found("deploy.sh", text + UP) == []


@pytest.mark.parametrize("name", ["test.sh", "ci/x.sh", "nightly-deploy.sh", "scripts/rebuild-prod.sh", "Makefile"])
def test_silent_on_other_scripts(name):
    assert (
        found(
            name,
            "x:\n\tdocker compose build --no-cache\n"
            if name == "Makefile"
            else f"docker compose build --no-cache\n{UP}",
        )
        == []
    )


ACTION = "- uses: docker/build-push-action@v6\n  with:\n    context: .\n    push: true\n"


@pytest.mark.parametrize(
    ("steps", "runner", "count"),
    [
        ("- run: docker compose build --no-cache\n- run: docker compose up -d\n", "self-hosted", 1),
        ("- run: docker compose build --no-cache\n- run: docker compose up -d\n", "ubuntu-latest", 0),
        ("- run: docker compose build --no-cache\n- run: docker compose up -d\n", "${{ x }}", 0),
        (f"{ACTION}    no-cache: true\n", "self-hosted", 1),
        (f"{ACTION}    no-cache: ${{{{ inputs.fresh }}}}\n", "self-hosted", 0),
        (f"{ACTION}    no-cache: true\n", "ubuntu-latest", 0),
    ],
)
def test_a_workflow(steps, runner, count):
    assert len(found(CI, workflow(steps, runner))) == count


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{PRUNE}docker compose build --no-cache\n", f"{PRUNE}docker compose build\n"),
        (f"{PRUNE}docker compose build --no-cache --pull # x\r\n", f"{PRUNE}docker compose build --pull # x\r\n"),
        (f"{PRUNE}docker build \\\n  --no-cache \\\n  -t x .\n", f"{PRUNE}docker build \\\n  -t x .\n"),
        (f"{PRUNE}OUT=$(docker compose build --no-cache 2>&1)\n", f"{PRUNE}OUT=$(docker compose build 2>&1)\n"),
        (f'{PRUNE}export OUT="$(docker build --no-cache .)"\n', f'{PRUNE}export OUT="$(docker build .)"\n'),
        (f"{PRUNE}OUT=`docker build --no-cache .`\n", f"{PRUNE}OUT=`docker build .`\n"),
        (f'{PRUNE}echo "$(docker build --no-cache .)"\n', f'{PRUNE}echo "$(docker build --no-cache .)"\n'),
        (f"{PRUNE}docker build --no-cache -t x:$(date) .\n", f"{PRUNE}docker build -t x:$(date) .\n"),
        ("docker compose build --no-cache\n", "docker compose build --no-cache\n"),
        (f"docker compose build --no-cache\n{PRUNE}", f"docker compose build --no-cache\n{PRUNE}"),
    ],
)
def test_the_fix(text, after):
    fixed = fix_files({**FILES, "deploy.sh": text + UP}, RULE)
    assert fixed.report.refused == ()
    assert fixed.files["deploy.sh"] == after + UP
    assert fix_files(fixed.files, RULE).files == fixed.files
    assert subprocess.run(["bash", "-n"], input=after.replace("\r", ""), text=True, check=False).returncode == 0


def test_the_prune_step_takes_its_place():
    script = {"deploy.sh": f"set -e\ndocker compose build --no-cache\n{UP}"}
    fixed = fix_files({**FILES, **script}, ["no-cache-build", "build-without-prune"])
    text = fixed.files["deploy.sh"]
    assert "--no-cache" not in text
    assert text.index(PRUNE) < text.index("docker compose build\n")
    safe = fix_files({**FILES, **script}, ["no-cache-build", "build-without-prune"], Applicability.SAFE)
    assert "--no-cache" in safe.files["deploy.sh"]


def test_the_fix_of_a_workflow():
    step = f"- run: {PRUNE}{ACTION}"
    text = workflow(f"{step}    no-cache: true\n")
    assert fix_files({**FILES, CI: text}, RULE).files[CI] == workflow(step)
