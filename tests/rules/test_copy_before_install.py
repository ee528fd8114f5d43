import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files

RULE = ["copy-before-install"]
CONTEXT = {
    "package.json": "{}\n",
    "requirements.txt": "a==1\n",
    "src/a.js": "",
    "api/package.json": "{}\n",
    "compose.yaml": "services:\n  a:\n    build: .\n",
}


def files(dockerfile: str, **more: str) -> dict[str, str]:
    return {**CONTEXT, "Dockerfile": dockerfile, **more}


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param("FROM a\nCOPY package.json ./\nRUN npm install\nCOPY . .\n", id="the right order"),
        pytest.param("FROM a\nCOPY . .\nRUN make\n", id="no install"),
        pytest.param("FROM a\nCOPY src src\nRUN npm install\n", id="no manifest in what is copied"),
        pytest.param("FROM a\nCOPY . .\nRUN npm install -g pnpm\n", id="a tool"),
        pytest.param("FROM a\nCOPY . .\nRUN pip install uv\n", id="a package by its name"),
        pytest.param("FROM a\nCOPY . .\nRUN pip install .\n", id="the copy is the package"),
        pytest.param("FROM a\nCOPY . .\nRUN dotnet publish\n", id="a build that installs too"),
        pytest.param("FROM a\nCOPY . .\nRUN mvn package\n", id="Maven's build"),
        pytest.param("FROM a\nCOPY . .\nRUN go mod tidy\n", id="tidy"),
        pytest.param(
            "FROM a\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\n"
            "RUN pip install -r requirements.txt\n",
            id="a second install",
        ),
        pytest.param("FROM a AS b\nCOPY . .\nFROM c\nCOPY package.json ./\nRUN npm install\n", id="another stage"),
        pytest.param("FROM a AS b\nFROM a\nCOPY --from=b . .\nRUN npm install\n", id="copy from a stage"),
        pytest.param("FROM a\nRUN npm install\nCOPY . .\n", id="install first"),
        pytest.param("FROM a\nCOPY ./package*.json ./\nCOPY ./api ./api\nRUN npm ci\n", id="a workspace behind a glob"),
        pytest.param("FROM a\nCOPY . .\n# RUN npm install\n", id="a comment"),
        pytest.param("FROM a\nCOPY . .\nRUN echo npm install\n", id="printed"),
    ],
)
def test_silent(dockerfile: str):
    assert lint_files(files(dockerfile), RULE) == ()


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM a\nCOPY . .\nRUN npm ci\n",
        "FROM a\nADD . /app\nRUN yarn\n",
        "FROM a\nCOPY ./ ./\nRUN pip install --no-cache-dir -r requirements.txt\n",
        "FROM a AS b\nCOPY . .\nFROM b\nRUN npm install\n",
        "FROM a\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci && npm run build\n",
    ],
)
def test_reports(dockerfile: str):
    [found] = lint_files(files(dockerfile), RULE)
    assert found.path.endswith("/Dockerfile")
    assert found.location.start.line == 2
    assert "slow, not stale" in found.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "FROM a\r\nWORKDIR /app\r\n# all\r\nCOPY --chown=b  .  ./\r\n# deps\r\nRUN npm install",
            "FROM a\r\nWORKDIR /app\r\nCOPY --chown=b package.json ./\r\n# deps\r\nRUN npm install\r\n# all\r\n"
            "COPY --chown=b  .  ./",
            id="comments move with what they stand above",
        ),
        pytest.param(
            "FROM a\ncopy \\\n  . \\\n  /app\nENV A=1\nRUN pip install -r requirements.txt\nRUN x\n",
            "FROM a\ncopy requirements.txt /app/\nENV A=1\nRUN pip install -r requirements.txt\n"
            "copy \\\n  . \\\n  /app\n"
            "RUN x\n",
            id="several lines",
        ),
    ],
)
def test_reorders(before: str, after: str):
    fixed = fix_files(files(before), RULE)
    assert fixed.files["Dockerfile"] == after
    assert fixed.report.refused == ()


@pytest.mark.parametrize(
    ("dockerfile", "more", "reason"),
    [
        ("FROM a\nCOPY . .\nRUN npm install && npm run build\n", {}, "other commands"),
        ("FROM a\nCOPY . .\nRUN x\nRUN npm install\n", {}, "other steps"),
        ("FROM a AS b\nCOPY . .\nFROM b\nRUN npm install\n", {}, "stage that others build on"),
        ("FROM a\nARG X\nCOPY . $X\nRUN npm install\n", {}, "variables"),
        ('FROM a\nCOPY [".", "."]\nRUN npm install\n', {}, "unusual way"),
        (
            "FROM a\nCOPY . .\nRUN npm install\n",
            {"package.json": '{"scripts": {"postinstall": "node a.js"}}'},
            "package.json",
        ),
        ("FROM a\nCOPY . .\nRUN npm install\n", {"package.json": '{"workspaces": ["b"]}'}, "package.json"),
        (
            "FROM a\nCOPY . .\nRUN npm install\n",
            {"package.json": '{"dependencies": {"b": "file:../b"}}'},
            "package.json",
        ),
        ("FROM a\nCOPY . .\nRUN pip install -r requirements.txt\n", {"requirements.txt": "-e .\n"}, "requirements.txt"),
    ],
)
def test_says_why_it_cannot_reorder(dockerfile: str, more: dict[str, str], reason: str):
    [found] = lint_files(files(dockerfile, **more), RULE)
    assert found.fix
    assert found.fix.applicability is Applicability.DISPLAY_ONLY
    assert reason in found.fix.title
    assert fix_files(files(dockerfile, **more), RULE).files["Dockerfile"] == dockerfile


def test_all_of_the_directory_that_the_manifests_come_from_is_broad():
    [found] = lint_files(files("FROM a\nCOPY api/package*.json ./\nCOPY ./api ./\nRUN npm ci\n"), RULE)
    assert found.location.start.line == 3


def test_a_copy_that_several_stages_are_built_on_is_reported_once():
    dockerfile = "FROM a AS base\nCOPY . .\nFROM base AS deps\nRUN npm ci --omit=dev\nFROM base AS built\nRUN npm ci\n"
    [found] = lint_files(files(f"{dockerfile}FROM a\nCOPY --from=deps /x /x\nCOPY --from=built /y /y\n"), RULE)
    assert [(one.location.start.line, one.message) for one in found.related] == [
        (4, "`npm ci` runs again after every change"),
        (6, "`npm ci` runs again after every change"),
    ]


@pytest.mark.parametrize("install", ["dotnet restore", "pip install -r requirements/$X.txt"])
def test_nothing_is_reordered_where_the_manifests_are_not_known(install: str):
    [found] = lint_files(files(f"FROM a\nCOPY . .\nRUN {install}\n"), RULE)
    assert found.fix
    assert found.fix.applicability is Applicability.DISPLAY_ONLY
    assert "which files the install reads is not known" in found.fix.title
