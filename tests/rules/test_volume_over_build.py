import os
import tempfile

import pytest

from cachelint.config import Config
from tests.support import lint_files, linter_of, write_files

COPY_ALL = "FROM node\nWORKDIR /app\nCOPY . .\n"
BUILT = COPY_ALL + "RUN npm ci && npm run build\n"
STAGED = (
    "FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN npm run build\nFROM nginx\nCOPY --from=build /app/dist /srv/web\n"
)
FILES = {
    "src/main.js": "",
    "public/index.html": "",
    "public/uploads/.gitkeep": "",
    "keep/.gitkeep": "",
    "etc/app.conf": "",
    "package.json": "{}",
}


def compose(volume: str, top: str = "", service: str = "") -> str:
    volumes = f"    volumes:\n      - {volume}\n"
    return f"services:\n  web:\n    build: .\n{service}{volumes}{top}"


def findings(text: str, dockerfile: str, files: dict[str, str] = FILES) -> list[tuple[str, str]]:
    found = lint_files({**files, "compose.yaml": text, "Dockerfile": dockerfile}, ["volume-over-build"])
    return [(one.severity.name, text[one.location.start.offset : one.location.end.offset]) for one in found]


@pytest.mark.parametrize(
    ("volume", "dockerfile"),
    [
        # nothing of the image is there
        ("db:/var/lib/postgresql/data", COPY_ALL),
        ("vol:/srv", COPY_ALL),
        ("vol:/application", COPY_ALL),
        ("vol:/app/var", COPY_ALL),
        ("vol:/app/keep", COPY_ALL),
        ("vol:/app/etc", COPY_ALL),
        ("vol:/app/dist", COPY_ALL),
        ("vol:/app/.next/cache", BUILT),
        ("vol:/app/node_modules", COPY_ALL),
        ("vol:/other/node_modules", BUILT),
        ("/app/.venv", "FROM python\nWORKDIR /app\nRUN pip install flask\n"),
        ("vol:/app/target", COPY_ALL + "RUN cargo build\n"),
        ("vol:/root/.npm", BUILT),
        ("vol:/go/pkg/mod", "FROM golang\nWORKDIR /app\nCOPY . .\nRUN go build\n"),
        ("vol:/app/dist", STAGED),
        ("vol:/etc/nginx/conf.d", "FROM nginx\nCOPY etc/app.conf /etc/nginx/conf.d/\n"),
        ("vol:/etc/nginx", "FROM nginx\nCOPY etc/app.conf /etc/nginx/nginx.conf\n"),
        ("vol:/app", "FROM node AS base\nWORKDIR /app\nCOPY . .\nFROM node\nCOPY --from=base /app/x.js /srv/\n"),
        # data by its name
        ("vol:/app/public/uploads", COPY_ALL),
        ("vol:/app/media", COPY_ALL),
        ("vol:/app/staticfiles", COPY_ALL + "RUN python manage.py collectstatic\n"),
        ("vol:/data", "FROM node\nWORKDIR /data\nCOPY . .\n"),
        ("vol:/app/storage", COPY_ALL),
        # no volume that Docker fills
        (".:/app", BUILT),
        ("./dist:/app/dist", BUILT),
        ("/srv/app:/app", BUILT),
        ("~/app:/app", BUILT),
        ("${SRC:-.}:/app", BUILT),
        ("vol:${APP_DIR}", BUILT),
        ("{type: bind, source: ., target: /app}", BUILT),
        ("{type: tmpfs, target: /app}", BUILT),
        ("{type: volume, source: $X, target: /app}", BUILT),
        ("{target: /app}", BUILT),
        ("[x]", BUILT),
        # development: the host's files are all around
        ("vol:/app/dist\n      - .:/app", BUILT),
        ("/app/.next\n      - ./:/app:cached", BUILT),
        # what cannot be known
        ("vol:/app", "FROM node\nCOPY . .\n"),
        ("vol:/app", "FROM $BASE\nCOPY . $APP_DIR\n"),
        ("vol:/app", "FROM node\nCOPY --from=nowhere"),
    ],
)
def test_silent(volume: str, dockerfile: str) -> None:
    assert findings(compose(volume), dockerfile) == []


@pytest.mark.parametrize(
    "top",
    [
        "volumes:\n  vol:\n    external: true\n",
        "volumes:\n  vol:\n    driver: local\n    driver_opts: {type: none, o: bind, device: .}\n",
        "volumes:\n  vol: {driver: nfs}\n",
    ],
)
def test_silent_about_volumes_that_others_fill(top: str) -> None:
    assert findings(compose("vol:/app", top), BUILT) == []


def test_silent_about_images_not_built_here() -> None:
    text = "services:\n  web:\n    image: web\n    volumes: ['vol:/app']\n  one:\n    build: .\n    volumes: x\n"
    assert findings(text, BUILT) == []


@pytest.mark.parametrize(
    ("volume", "dockerfile", "severity"),
    [
        ("vol:/app", COPY_ALL, "ERROR"),
        ("vol:/app/", COPY_ALL, "ERROR"),
        ("vol:/app:ro", COPY_ALL, "ERROR"),
        ("vol:/app/src", COPY_ALL, "ERROR"),
        ("vol:/app/public", COPY_ALL, "ERROR"),
        ("vol:/home/node", "FROM node\nWORKDIR /home/node/app\nCOPY . .\n", "ERROR"),
        ("vol:/srv/src", "FROM node\nCOPY src /srv/src\n", "ERROR"),
        ("vol:/srv", "FROM node\nCOPY src/main.js /srv/\n", "ERROR"),
        ("vol:/app/dist", BUILT, "ERROR"),
        ("vol:/app/.next", BUILT, "ERROR"),
        ("vol:/srv/web", STAGED, "ERROR"),
        ("vol:/app/dist", "FROM node AS b\nFROM node\nCOPY --from=b /app /app\n", "ERROR"),
        ("vol:/app", "FROM node AS base\nWORKDIR /app\nCOPY . .\nFROM base\n", "ERROR"),
        ("{type: volume, source: x, target: /app}", COPY_ALL, "ERROR"),
        ("{type: volume, source: vol, target: /app/dist}", BUILT, "ERROR"),
        ("/app", COPY_ALL, "WARNING"),
        ("/app/dist", BUILT, "WARNING"),
        ("{type: volume, target: /app/dist}", BUILT, "WARNING"),
        ("/app/node_modules", BUILT, "NOTE"),
        ("modules:/app/node_modules", BUILT, "NOTE"),
        ("/app/.venv", "FROM python\nWORKDIR /app\nRUN uv sync\n", "NOTE"),
        ("/app/vendor", "FROM php\nWORKDIR /app\nCOPY . .\nRUN composer install\n", "NOTE"),
    ],
)
def test_reports(volume: str, dockerfile: str, severity: str) -> None:
    assert findings(compose(volume), dockerfile) == [(severity, volume)]


def test_volumes_of_the_image() -> None:
    files = {
        **FILES,
        "compose.yaml": compose("vol:/srv/data"),
        "Dockerfile": BUILT + 'VOLUME ["/app/dist", "/app/var"]\n',
    }
    [found] = lint_files(files, ["volume-over-build"])
    assert (found.severity.name, os.path.basename(found.path), found.location.start.line) == (
        "WARNING",
        "Dockerfile",
        5,
    )
    for covered in ("vol:/app/dist", ".:/app", "./dist:/app/dist"):
        found_now = lint_files({**files, "compose.yaml": compose(covered)}, ["volume-over-build"])
        assert [one for one in found_now if one.path.endswith("Dockerfile")] == []
    assert lint_files({**FILES, "Dockerfile": BUILT + "VOLUME /app/dist\n"}, ["volume-over-build"]) == ()


def test_an_inline_dockerfile() -> None:
    inline = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM node\n        COPY . /app\n"
    for text, line in ((inline + "        VOLUME /app\n", 3), (inline + "    volumes: [/app]\n", 7)):
        [found] = lint_files({"compose.yaml": text}, ["volume-over-build"])
        assert (found.location.start.line, found.related) == (line, ())


@pytest.mark.parametrize(
    "top", ["volumes:\n  vol:\n", "volumes:\n  vol: {name: shop_x, labels: [a]}\n", "volumes: {}\n"]
)
def test_reports_plain_volumes(top: str) -> None:
    assert findings(compose("vol:/app", top), BUILT) == [("ERROR", "vol:/app")]


def test_dependencies_of_a_development_service() -> None:
    assert findings(compose("/app/node_modules\n      - .:/app"), BUILT) == [("NOTE", "/app/node_modules")]


def test_a_volume_from_an_anchor_is_reported_where_it_is_mounted() -> None:
    text = "x-v: &v vol:/app\nservices:\n  web:\n    build: .\n    volumes:\n      - *v\n"
    assert findings(text, COPY_ALL) == [("ERROR", "*v")]


def test_the_cause_is_related() -> None:
    [found] = lint_files(
        {**FILES, "compose.yaml": compose("vol:/srv/web"), "Dockerfile": STAGED}, ["volume-over-build"]
    )
    assert [(one.location.start.line, one.message) for one in found.related] == [(6, "puts the build output there")]
    assert "`vol` was filled once and hides the build output of every later image in /srv/web" in found.message


@pytest.mark.parametrize(
    ("allow", "reported"),
    [
        ((), True),
        (("/app/dist",), False),
        (("/app",), False),
        (("/app/*",), False),
        (("dist",), False),
        (("di*",), False),
        (("/srv", "dis", "/ap"), True),
    ],
)
def test_allow(allow: tuple[str, ...], reported: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        write_files(directory, {**FILES, "compose.yaml": compose("vol:/app/dist"), "Dockerfile": BUILT})
        config = Config(os.path.realpath(directory), frozenset(("volume-over-build",)), allowed_volumes=allow)
        assert bool(linter_of(directory, config=config).lint().diagnostics) == reported
