import pytest

from cachelint.diagnostic import Severity
from tests.support import fix_files, lint_files

RULE = ["undeclared-build-arg"]


def files(args: str, dockerfile: str, build: str = "") -> dict[str, str]:
    compose = f"services:\n  web:\n    build:\n      context: .\n{build}      args: {args}\n"
    return {"compose.yaml": compose, "Dockerfile": dockerfile, "a.c": ""}


@pytest.mark.parametrize(
    ("args", "dockerfile"),
    [
        ("[A=1]", "FROM alpine\nARG A\n"),
        ("[A=1]", "ARG A=2\nFROM alpine:$A\n"),
        ("[A=1]", "FROM alpine\nARG B=1 A\n"),
        ("[A=1]", "FROM alpine\narg A\n"),
        ("[A=1]", "FROM alpine\nONBUILD ARG A\n"),
        ("[A=1]", "FROM a AS b\nARG A\nFROM c\nCOPY --from=b / /\n"),
        ("[A=1]", "# syntax=example.com/other\nFROM alpine\n"),
        ("[BUILDKIT_INLINE_CACHE=1, BUILDKIT_SYNTAX=x]", "FROM alpine\n"),
        ("[HTTP_PROXY=x, no_proxy=y, TARGETARCH=z, SOURCE_DATE_EPOCH=0]", "FROM alpine\n"),
        ("[]", "FROM alpine\n"),
        ("[A=1]", "{{ template }}\n"),
    ],
)
def test_silent(args: str, dockerfile: str):
    assert lint_files(files(args, dockerfile), RULE) == ()


def test_silent_where_a_file_above_chooses_another_target():
    """Whoever uses the lower file alone builds the stage that declares it."""
    dockerfile = "FROM alpine AS dev\nRUN x\nFROM dev AS prod\nARG A\nARG GIT_SHA\n"
    override = "services:\n  web:\n    build:\n      target: dev\n"
    lower = files("[A=1, GIT_SHA]", dockerfile)
    assert lint_files({**lower, "compose.override.yaml": override}, RULE) == ()
    assert len(lint_files({**lower, "compose.override.yaml": f"{override}      args: [B=1]\n"}, RULE)) == 1
    assert len(lint_files(files("[A=1, GIT_SHA]", dockerfile, "      target: dev\n"), RULE)) == 2


def test_silent_on_an_entry_that_builds_share():
    compose = (
        "x-a: &a {A: 1}\nservices:\n  a:\n    build: {context: a, args: *a}\n  b:\n    build: {context: b, args: *a}\n"
    )
    dockerfiles = {"a/Dockerfile": "FROM alpine\nARG A\n", "b/Dockerfile": "FROM alpine\n"}
    assert lint_files({"compose.yaml": compose, **dockerfiles}, RULE) == ()


@pytest.mark.parametrize(
    ("args", "dockerfile", "severity"),
    [
        ("[A=1]", "FROM alpine\n", Severity.WARNING),
        ("{A: 1}", "FROM alpine\nARG B\n", Severity.WARNING),
        ("[GIT_SHA=1]", "FROM alpine\nCOPY . .\nRUN make\n", Severity.ERROR),
        ("[GIT_SHA=1]", "FROM a AS b\nARG GIT_SHA\nFROM c\nCOPY . .\n", Severity.ERROR),
    ],
)
def test_reports(args: str, dockerfile: str, severity: Severity):
    [found] = lint_files(files(args, dockerfile), RULE)
    assert found.severity is severity
    assert found.location.start.line == 5
    assert bool(found.fix and found.fix.edits) == (severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "FROM a\r\nCOPY . .\r\n# work\r\nRUN make",
            "FROM a\r\nCOPY . .\r\nARG GIT_SHA\r\n# work\r\nRUN make",
            id="above the comment of the step, in its line endings",
        ),
        pytest.param(
            "FROM a\nCOPY . .\nRUN npm ci\nRUN make\n",
            "FROM a\nCOPY . .\nRUN npm ci\nARG GIT_SHA\nRUN make\n",
            id="below the install",
        ),
        pytest.param(
            "FROM a\nCOPY . .",
            'FROM a\nCOPY . .\nARG GIT_SHA\nLABEL org.opencontainers.image.revision="${GIT_SHA}"',
            id="a label where no step is left to run",
        ),
        pytest.param(
            "FROM a AS one\nCOPY . .\nRUN x\nFROM b\nCOPY --from=one / /\nRUN y\n",
            "FROM a AS one\nCOPY . .\nARG GIT_SHA\nRUN x\nFROM b\nCOPY --from=one / /\nRUN y\n",
            id="in the stage that has the source",
        ),
        pytest.param(
            "FROM a\nCOPY run.sh /\nRUN apk add bash\nCOPY . .\nRUN make\n",
            "FROM a\nCOPY run.sh /\nRUN apk add bash\nCOPY . .\nARG GIT_SHA\nRUN make\n",
            id="below the packages of the system, which no commit changes",
        ),
        pytest.param(
            'FROM a\nCOPY . .\nRUN apk add bash\nCMD ["./run"]\n',
            "FROM a\nCOPY . .\nRUN apk add bash\nARG GIT_SHA\n"
            'LABEL org.opencontainers.image.revision="${GIT_SHA}"\nCMD ["./run"]\n',
            id="a label below the packages",
        ),
        pytest.param(
            "FROM a AS one\nCOPY . .\nFROM b\nCOPY --from=one / /\nRUN apk add bash\n",
            "FROM a AS one\nCOPY . .\nFROM b\nCOPY --from=one / /\nRUN apk add bash\nARG GIT_SHA\n"
            'LABEL org.opencontainers.image.revision="${GIT_SHA}"\n',
            id="a label in the image itself, not in a stage that is left behind",
        ),
        pytest.param(
            "# escape=`\nFROM a\nCOPY . .\nRUN a `\n  b\n",
            "# escape=`\nFROM a\nCOPY . .\nARG GIT_SHA\nRUN a `\n  b\n",
            id="another escape character",
        ),
    ],
)
def test_declares_the_commit_argument(before: str, after: str):
    fixed = fix_files(files("[GIT_SHA]", before), RULE)
    assert fixed.files["Dockerfile"] == after
    assert fixed.report.refused == ()


def told(found) -> str:
    """The characters that a finding points at."""
    start, end = found.location.start.column, found.location.end.column
    return found.location.line_text[start - 1 : end - 1]


COMPOSE = "services:\n  web:\n    build: web\n  api:\n    build: api\n  db:\n    image: postgres\n"
DOCKERFILES = {"web/Dockerfile": "FROM alpine\nARG A\n", "api/Dockerfile": "FROM alpine\nARG B\n"}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("docker compose build --build-arg C=1", "C"),
        ("docker compose build --build-arg A=1 --build-arg 'C=$X'", "C"),
        ("docker-compose build --build-arg=B web", "--build-arg=B"),
        ("docker compose build --build-arg GIT_SHA=$(git rev-parse HEAD) api", "GIT_SHA"),
    ],
)
def test_reports_what_a_command_passes_to_services_that_do_not_declare_it(command: str, line: str):
    [found] = lint_files({"compose.yaml": COMPOSE, **DOCKERFILES, "b.sh": f"{command}\n"}, RULE)
    assert found.path.endswith("/b.sh")
    assert told(found) == line
    assert (found.severity is Severity.ERROR) == ("GIT_SHA" in command)


@pytest.mark.parametrize(
    "command",
    [
        "docker compose build --build-arg A=1 --build-arg B=2",
        "docker compose build --build-arg A=1 web api",
        "docker compose build --build-arg HTTP_PROXY --build-arg BUILDKIT_INLINE_CACHE=1",
        "docker compose build --build-arg $NAME=1",
        "docker compose build --build-arg C=1 $SERVICE",
        "docker compose build --build-arg C=1 db",
        "docker compose -f other.yaml build --build-arg C=1",
        "docker compose build --build-arg C=1 --help",
        "cd $DIR && docker compose build --build-arg C=1",
        "echo docker compose build --build-arg C=1",
    ],
)
def test_silent_on_what_a_command_passes(command: str):
    assert lint_files({"compose.yaml": COMPOSE, **DOCKERFILES, "b.sh": f"{command}\n"}, RULE) == ()


def test_silent_on_what_a_command_passes_to_a_service_that_nobody_knows():
    remote = COMPOSE.replace("build: api", "build: https://example.com/api.git")
    script = "docker compose build --build-arg C=1\n"
    assert lint_files({"compose.yaml": remote, **DOCKERFILES, "b.sh": script}, RULE) == ()
