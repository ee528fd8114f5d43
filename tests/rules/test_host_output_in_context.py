import pytest

from tests.support import lint_files

INSTALLED = "FROM node\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\nCOPY . .\n"
PLAIN = "FROM node\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
STAGED = "FROM node AS b\nWORKDIR /app\nCOPY . .\nRUN npm run build\nFROM nginx\nCOPY --from=b /app/dist /srv\n"
MODULES = {"node_modules/x/index.js": "", "package.json": "{}"}


def findings(dockerfile: str, files: dict[str, str], build: str = ".") -> list[tuple[str, int]]:
    compose = f"services:\n  web:\n    build: {build}\n"
    found = lint_files({"compose.yaml": compose, "Dockerfile": dockerfile, **files}, ["host-output-in-context"])
    return [(one.message, one.location.start.line) for one in found]


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        (INSTALLED, {"package.json": "{}", ".dockerignore": "node_modules\n"}),
        (INSTALLED, {**MODULES, ".dockerignore": "node_modules\n"}),
        (INSTALLED, {**MODULES, ".dockerignore": "**/node_modules/\n"}),
        (INSTALLED, {**MODULES, ".dockerignore": "node_modules/*\n"}),
        (INSTALLED, {**MODULES, ".dockerignore": "*\n!src\n"}),
        (INSTALLED, {**MODULES, "Dockerfile.dockerignore": "node_modules\n"}),
        (INSTALLED, {"main.go": ""}),
        (PLAIN, {"package.json": "{}"}),
        (PLAIN, {"package.json": "{}", "dist/index.js": "", "build/webpack.js": ""}),
        (STAGED, {"package.json": "{}", "build/webpack.js": ""}),
        (STAGED, {"package.json": "{}", "dist/index.js": "", ".dockerignore": "dist"}),
        ("FROM node\nWORKDIR /app\nCOPY src src\nCOPY package.json .\n", {**MODULES, "src/x": ""}),
        ("FROM node\nWORKDIR /app\nCOPY --exclude=node_modules . .\n", MODULES),
        ("FROM node\nCOPY node_modules /app/node_modules\n", MODULES),
        ("FROM node\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\nCOPY . /src\n", {"package.json": "{}"}),
        ("FROM python\nWORKDIR /app\nRUN pip install flask\nCOPY . .\n", {"main.py": ""}),
        ("FROM python\nWORKDIR /app\nRUN pip install -r requirements.txt\nCOPY . .\n", {"pyproject.toml": ""}),
        ("FROM node AS unused\nWORKDIR /app\nRUN npm ci\nCOPY . .\nFROM node\n", MODULES),
        ("FROM node\nRUN --mount=type=bind,target=/src npm ci\n", MODULES),
        ("FROM nothing$\nCOPY", MODULES),
    ],
)
def test_silent(dockerfile: str, files: dict[str, str]) -> None:
    assert findings(dockerfile, files) == []


def test_silent_where_the_context_is_not_known() -> None:
    files = {**MODULES, "Dockerfile": PLAIN}
    assert lint_files(files, ["host-output-in-context"]) == ()
    assert findings(PLAIN, MODULES, "https://example.com/a/b.git") == []


@pytest.mark.parametrize(
    ("dockerfile", "files", "names"),
    [
        (PLAIN, MODULES, "`node_modules`"),
        (INSTALLED, MODULES, "`node_modules`"),
        (PLAIN, {**MODULES, ".next/BUILD_ID": "", ".dockerignore": "dist\n"}, "`node_modules`, `.next`"),
        (PLAIN, {"__pycache__/x.pyc": "", ".venv/pyvenv.cfg": ""}, "`__pycache__`, `.venv`"),
        (STAGED, {"dist/index.js": ""}, "`dist`"),
        ("FROM node\nADD ./ /app/\n", MODULES, "`node_modules`"),
        ("FROM node\nCOPY web /app/\n", {f"web/{name}": "" for name in MODULES}, "`web/node_modules`"),
    ],
)
def test_reports_what_is_there(dockerfile: str, files: dict[str, str], names: str) -> None:
    [(message, _)] = findings(dockerfile, files)
    assert message.startswith(f"This takes {names} of the host along")
    assert message.endswith(f"Add {names} to .dockerignore.")


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        (INSTALLED, {"package.json": "{}"}),
        (INSTALLED, {"package.json": "{}", ".dockerignore": "dist\n/src/node_modules\n"}),
        (INSTALLED.replace("COPY . .", "COPY . /app/"), {"package.json": "{}"}),
        (INSTALLED.replace("COPY . .", "COPY web ."), {"package.json": "{}", "web/package.json": "{}"}),
        ("FROM node AS deps\nWORKDIR /app\nRUN yarn\nFROM deps\nCOPY . .\n", {"package.json": "{}"}),
        ("FROM uv\nWORKDIR /app\nRUN uv sync\nCOPY . .\n", {"pyproject.toml": ""}),
    ],
)
def test_reports_what_would_be_covered(dockerfile: str, files: dict[str, str]) -> None:
    [(message, line)] = findings(dockerfile, files)
    assert message.startswith("Where the host has `")
    assert line == dockerfile.count("\n")


def test_the_ignore_file_has_its_own_name() -> None:
    [(message, _)] = findings(PLAIN, {**MODULES, "Dockerfile.dockerignore": "dist\n"})
    assert message.endswith("to Dockerfile.dockerignore.")


def test_an_inline_dockerfile() -> None:
    text = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM node\n        COPY . .\n"
    [found] = lint_files({**MODULES, "compose.yaml": text}, ["host-output-in-context"])
    assert found.location.start.line == 3
