import pytest

from cachelint.commit_arg import SYNONYMS
from tests.support import fix_files, lint_files

RULE = ["missing-commit-arg"]
DOCKERFILE = "FROM alpine\nCOPY . .\nRUN make\n"
FILES = {"Dockerfile": DOCKERFILE, "a.c": "", "src/b.c": "", "package.json": "{}\n"}


def findings(web: str, **files: str):
    compose = f"services:\n  web:\n{web}"
    return lint_files({**FILES, "compose.yaml": compose, **files}, RULE)


@pytest.mark.parametrize(
    "web",
    [
        pytest.param("    image: nginx\n", id="no build"),
        pytest.param("    build: https://github.com/a/b.git\n", id="remote context"),
        pytest.param("    build: git@example.com:a/b\n", id="remote context over ssh"),
        pytest.param("    build: $DIR\n", id="context from a variable"),
        pytest.param("    build: ./missing\n", id="no such context"),
        pytest.param("    build: ../outside\n", id="context outside of the repository"),
        pytest.param("    build: {context: ., dockerfile: Missing}\n", id="no such Dockerfile"),
        pytest.param("    build: {context: ., dockerfile: $FILE}\n", id="Dockerfile from a variable"),
        pytest.param("    build: {args: [GIT_SHA]}\n", id="bare name"),
        pytest.param("    build: {args: {COMMIT: }}\n", id="bare name in a map"),
        pytest.param("    build: {args: [VCS_REF=x]}\n", id="list"),
        pytest.param("    build: .\n    extends: base\n", id="extends, short"),
        pytest.param("    build: .\n    extends: {file: b.yaml, service: b}\n", id="extends, long"),
        pytest.param("    build: &b {args: &a {SHA: x}}\n  api:\n    build: *b\n", id="alias"),
        pytest.param("    build: {args: {<<: {REVISION: x}}}\n", id="merge key"),
        pytest.param("    build: {dockerfile_inline: 'FROM a'}\n", id="inline without source"),
    ],
)
def test_silent(web: str):
    assert findings(web) == ()


@pytest.mark.parametrize("name", sorted(SYNONYMS))
def test_silent_where_it_has_another_name(name: str):
    assert findings(f"    build:\n      args:\n        {name}: $X\n") == ()


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param("FROM alpine\nRUN make\n", id="no copy"),
        pytest.param("FROM node\nCOPY package.json package-lock.json ./\nRUN npm ci\n", id="manifests only"),
        pytest.param("FROM a AS b\nFROM b\nCOPY --from=b /x /x\n", id="copy from a stage"),
        pytest.param("FROM a AS b\nCOPY . .\nFROM c\nRUN x\n", id="source in a stage that is not built"),
        pytest.param("FROM a\nCOPY <<EOF /x\ny\nEOF\n", id="copy of a heredoc"),
    ],
)
def test_silent_where_no_source_is_copied(dockerfile: str):
    assert findings("    build: .\n", Dockerfile=dockerfile) == ()


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param("FROM nginx\nCOPY html /usr/share/nginx/html\n", id="files only"),
        pytest.param(
            "FROM python\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n", id="install above"
        ),
        pytest.param("FROM nginx\nCOPY . /srv\nRUN chmod -R a+rX /srv\n", id="arranges files"),
        pytest.param(
            "FROM a\nCOPY . /srv\nRUN echo ok > /srv/state && find /srv -name x -delete\n", id="writes a file"
        ),
        pytest.param("FROM a\nCOPY . /srv\nRUN apk add --no-cache curl\n", id="packages of the system"),
        pytest.param("FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /x /x\nCOPY . /srv\n", id="in a stage without source"),
    ],
)
def test_silent_where_a_new_commit_could_re_run_nothing(dockerfile: str):
    assert findings("    build: .\n", Dockerfile=dockerfile) == ()


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param("FROM node\nCOPY . .\nRUN npm ci\n", id="an install"),
        pytest.param("FROM a\nCOPY . .\nRUN date > built && chmod a+r built\n", id="arranges files among others"),
        pytest.param("FROM a AS b\nCOPY . .\nFROM b\nRUN make\n", id="in a stage built on it"),
        pytest.param("FROM a AS b\nCOPY . .\nFROM c\nCOPY --from=b /x .\nRUN make\n", id="in a stage that copies it"),
    ],
)
def test_reports_where_a_step_works_on_the_source(dockerfile: str):
    [found] = findings("    build: .\n", Dockerfile=dockerfile)
    assert "stays cached from commit to commit" in found.message


def test_reports_an_argument_that_is_declared_to_label_the_image():
    label = "LABEL org.opencontainers.image.revision=$GIT_SHA\n"
    [found] = findings("    build: .\n", Dockerfile=f"FROM nginx\nCOPY html /srv\nARG GIT_SHA\n{label}")
    assert "the commit it builds: `GIT_SHA`, which the Dockerfile declares, says nothing of it. Pass" in found.message


def test_silent_where_a_file_beside_it_passes_the_argument():
    override = "services:\n  web:\n    build:\n      args: [GIT_SHA]\n"
    assert findings("    build: .\n", **{"compose.override.yaml": override}) == ()


def test_reports_a_build_that_others_extend_once_and_where_it_is_written():
    web = "    build: .\n  api:\n    extends: {service: web}\n  worker:\n    extends: api\n"
    [found] = findings(web)
    assert (found.location.start.line, found.message.startswith("`web`")) == (3, True)
    assert found.fix
    assert found.fix.applicability.name == "SAFE"


def test_reports_a_build_that_services_share_once_and_at_the_anchor():
    shared = "x-app: &app\n  build:\n    context: .\nservices:\n"
    services = "".join(f"  {name}:\n    <<: *app\n    command: [{name}]\n" for name in ("web", "worker", "cron"))
    own = "  api:\n    <<: *app\n    build: .\n"
    files = {**FILES, "compose.yaml": f"{shared}{services}{own}"}
    found = lint_files(files, RULE)
    told = [(one.location.start.line, one.message.partition(" source")[0]) for one in found]
    assert told == [(2, "`web` and 2 more services copy"), (16, "`api` copies")]
    fixed = fix_files(files, RULE)
    assert fixed.files["compose.yaml"].count("GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}") == 2


def test_silent_on_a_service_that_is_extended_with_the_argument():
    web = "    build: .\n  api:\n    extends: {service: web}\n    build: {args: [GIT_SHA]}\n"
    assert findings(web) == ()


@pytest.mark.parametrize(
    ("web", "line"),
    [
        ("    build: .\n", 3),
        ("    build: !override .\n", 3),
        ("    build:\n      context: .\n      args: !reset null\n", 3),
        ("    image: web\n    build:\n      context: ./\n", 4),
        ("    build: {args: [A=1, JENKINS_SHA=x, X_COMMIT=y]}\n", 3),
        ("    build:\n      dockerfile_inline: |\n        FROM a\n        COPY src /src\n        RUN make\n", 3),
    ],
)
def test_reports(web: str, line: int):
    [found] = findings(web)
    assert found.location.start.line == line
    assert "GIT_COMMIT_HASH" in found.message


def test_an_inline_dockerfile_without_the_argument_is_for_somebody_to_write():
    inline = "    build:\n      dockerfile_inline: |\n        FROM a\n{}        COPY . .\n        RUN make\n"
    [found] = findings(inline.format(""))
    assert found.fix
    assert found.fix.edits == ()
    assert "no `ARG GIT_COMMIT_HASH`" in found.fix.title
    [found] = findings(inline.format("        ARG GIT_COMMIT_HASH\n"))
    assert found.fix
    assert found.fix.edits


def test_names_what_the_dockerfile_declares():
    [found] = findings("    build: .\n", Dockerfile="FROM a\nARG VCS_REF\nCOPY . .\n")
    assert found.fix
    assert found.fix.title == "pass VCS_REF=${GIT_COMMIT_HASH}"


WEB = "services:\n  web:\n    build: .\n  api:\n    build: .\n"
SHARED = "x-app: &app\n  build:\n    context: .\nservices:\n  web:\n    <<: *app\n  api:\n    <<: *app\n"
TOLD = "docker compose build --build-arg GIT_SHA=$(git rev-parse HEAD)"


def services_that_miss_it(files):
    found = lint_files({**FILES, "compose.yaml": WEB, **files}, RULE)
    return [one.message.split("`")[1] for one in found if one.path.endswith("compose.yaml")]


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"deploy.sh": f"{TOLD}\n"}, []),
        ({"deploy.sh": f"{TOLD} web\n"}, ["api"]),
        ({"deploy.sh": f"{TOLD} web\n{TOLD} api\n"}, []),
        ({"deploy.sh": f"{TOLD} $1\n"}, []),
        ({"deploy.sh": f"{TOLD} web\n", "compose.yaml": SHARED}, ["api"]),
        (
            {"deploy.sh": f"{TOLD} --pull\n", "sub/compose.yaml": WEB, "sub/Dockerfile": FILES["Dockerfile"]},
            ["web", "api"],
        ),
        ({"scripts/deploy.sh": f'cd "$(dirname "$0")/.."\n{TOLD}\n'}, []),
        ({"deploy.sh": f"ssh web <<'EOF'\ncd /srv/site\n{TOLD}\nEOF\n"}, []),
        ({"Makefile": "build:\n\tdocker-compose build --build-arg GIT_COMMIT_HASH=$$(git rev-parse HEAD)\n"}, []),
        ({".github/workflows/x.yml": f"jobs:\n  a:\n    steps:\n      - run: {TOLD}\n"}, []),
        ({"deploy.sh": TOLD.replace("GIT_SHA", "OTHER")}, ["web", "api"]),
        ({"deploy.sh": f"echo {TOLD}\n"}, ["web", "api"]),
        ({"deploy.sh": "docker build --build-arg GIT_SHA=$(git rev-parse HEAD) .\n"}, ["web", "api"]),
    ],
)
def test_a_command_that_builds_services_may_tell_them(files, missing):
    assert services_that_miss_it(files) == missing


@pytest.mark.parametrize("name", ["CACHE_BUST", "CACHEBUST"])
def test_an_argument_that_is_there_to_install_again_does_not_get_the_commit(name: str):
    install = f"FROM node\nARG {name}=1\nCOPY package.json .\nRUN npm install\nCOPY . .\n"
    assert findings("    build: .\n", Dockerfile=install) == ()
    [found] = findings("    build: .\n", Dockerfile=f"{install}RUN npm run build\n")
    assert found.message.endswith("Pass `GIT_COMMIT_HASH` in `build.args`.")
    [found] = findings("    build: .\n", Dockerfile=f"FROM node\nCOPY . .\nARG {name}=1\nRUN npm run build\n")
    assert found.message.endswith(f"Pass `{name}` in `build.args`.")


def test_silent_where_another_stage_declares_the_argument():
    dockerfile = "FROM a AS test\nCOPY . .\nFROM test AS prod\nARG GIT_SHA\nLABEL commit=$GIT_SHA\n"
    assert findings("    build: {context: ., target: test}\n", Dockerfile=dockerfile) == ()
    [found] = findings("    build: {context: ., target: prod}\n", Dockerfile=dockerfile)
    assert "`GIT_SHA`, which the Dockerfile declares, says nothing of it" in found.message
