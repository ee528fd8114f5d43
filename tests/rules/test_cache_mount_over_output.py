import pytest

from tests.support import lint_files

HEAD = "FROM node AS build\nWORKDIR /app\nCOPY . .\n"


def findings(dockerfile: str) -> list[str]:
    found = lint_files({"Dockerfile": dockerfile}, ["cache-mount-over-output"])
    return [dockerfile[one.location.start.offset : one.location.end.offset] for one in found]


def run(target: str, command: str, rest: str = "") -> str:
    return f"{HEAD}RUN --mount=type=cache,target={target} {command}\n{rest}"


@pytest.mark.parametrize(
    "dockerfile",
    [
        run("/root/.npm", "npm ci"),
        run("/app/.next/cache", "npm run build"),
        run("/app/node_modules/.cache", "npm run build"),
        run("/root/.cache/build", "make"),
        run("/var/cache/apt", "apt-get install -y curl"),
        run("/go/build", "go build"),
        run("/app/dist", "npm run build"),
        run("/app/target", "cargo build --release && cp target/release/app /usr/local/bin/app"),
        run("/app/target", "cargo build --release && cp -r target/release /srv"),
        run("/app/build", "cmake --build build && cp build/app /usr/bin/app"),
        run("/app/build", "cmake --build build && cmake --install build"),
        run("/app/dist", "rm -rf dist/* && npm run build && cp -r dist /srv"),
        run("/app/dist", "npm run build && cp -r public /srv"),
        run("/app/dist", "npm run build", "FROM nginx\nCOPY --from=build /app/public /srv\n"),
        run("/app/dist", "npm test", "RUN npm run build\nFROM nginx\nCOPY --from=build /app/dist /srv\n"),
        run("/app/dist", "make", "RUN mv out dist\nFROM nginx\nCOPY --from=build /app/dist /srv\n"),
        run("/app/dist", "make", "COPY old /app/dist/\nFROM nginx\nCOPY --from=build /app/dist /srv\n"),
        run("$DIR/dist", "npm run build"),
        HEAD + "RUN --mount=type=bind,source=dist,target=/app/dist ls # type=cache\n",
        HEAD + "RUN --mount=type=tmpfs,target=/app/.next npm run build # type=cache\n",
        run("/app/.next", "npm run build", "FROM nginx\n"),
        "FROM $NOTHING$\n# type=cache\n",
    ],
)
def test_silent(dockerfile: str) -> None:
    assert findings(dockerfile) == []


@pytest.mark.parametrize(
    ("dockerfile", "target"),
    [
        (run("/app/.next", "npm run build"), "/app/.next"),
        (run(".next", "npm run build"), ".next"),
        (run("/app/.output/", "npm run build"), "/app/.output/"),
        (run("/app/dist", "npm run build && cp -r dist /srv"), "/app/dist"),
        (run("/app/dist", "npm run build && cp -a /app/dist/. /srv"), "/app/dist"),
        (run("build", "npm run build && mv build /srv"), "build"),
        (run("/app/out", "npm run build && rsync -a out/ /srv/"), "/app/out"),
        (run("/app/dist", "npm run build", "FROM nginx\nCOPY --from=build /app/dist /srv\n"), "/app/dist"),
        (run("target", "cargo build", "FROM nginx\nCOPY --from=0 /app/target/debug/app /\n"), "target"),
    ],
)
def test_reports(dockerfile: str, target: str) -> None:
    assert findings(dockerfile) == [f"--mount=type=cache,target={target}"]


def test_two_mounts_are_two_places() -> None:
    mounts = "--mount=type=cache,target=/root/.npm --mount=type=cache,sharing=locked,dst=/app/.next"
    assert findings(f"{HEAD}RUN {mounts} npm run build\n") == ["--mount=type=cache,sharing=locked,dst=/app/.next"]


def test_an_inline_dockerfile() -> None:
    text = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM x\n        "
    text += "RUN --mount=type=cache,target=/app/.next npm run build\n"
    [found] = lint_files({"compose.yaml": text}, ["cache-mount-over-output"])
    assert found.location.start.line == 3
