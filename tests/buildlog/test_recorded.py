"""Logs of real engines, and what each of them says.

All were recorded while engines built small projects that were made for it; what varies is told below. Where several
services or stages share a step, a log names only one of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from cachelint.buildlog.reader import read_log
from cachelint.messages import InputError

LOGS = Path(__file__).parents[1] / "logs"
MARKS = {"ran": "R", "cached": "-", "error": "E", "canceled": "X", "not printed": "?"}
BUILDX = "buildx 0.29, Docker 28.5"
COMPOSE = "Docker Compose 2.40 with bake, Docker 28.5"
OWN = "Docker Compose 2.40 with its own builder (COMPOSE_BAKE=false), Docker 28.5"
OLD = "Docker 20.10 with BuildKit"
LEGACY = "the legacy builder of Docker 20.10"
BUILDAH = "buildah 1.28"


class Recorded(NamedTuple):
    """`engine` and `how` say how a log was made, `reads` what it says: a line for each build."""

    engine: str
    how: str
    reads: tuple[str, ...]


RECORDED = {
    "add-address": Recorded(
        BUILDX,
        "ADD of an address whose content had not changed",
        ("buildkit; only/3 1- 2R 3R",),
    ),
    "bake-file": Recorded(
        "buildx 0.29 bake, Docker 28.5",
        "a docker-bake.hcl with two targets, arguments changed",
        (
            "web buildkit; build/6 2- 3- 4R 5R 6R; stage-1/3 2- 3R",
            "api buildkit; only/6 2- 3- 4R 5R 6R; build/6 1R",
        ),
    ),
    "buildah-changed": Recorded(
        BUILDAH,
        "two stages, a file of the first changed",
        ("buildah; 1/4 1R 2- 3- 4R; 2/4 1R 2- 3- 4-",),
    ),
    "buildah-failed": Recorded(
        BUILDAH,
        "a RUN fails",
        ("failed buildah; 1/5 1R 2- 3- 4- 5E",),
    ),
    "buildah-first": Recorded(
        BUILDAH,
        "two stages, nothing was cached",
        ("buildah; 1/4 1R 2R 3R 4R; 2/4 1R 2R 3R 4R",),
    ),
    "buildah-second": Recorded(
        BUILDAH,
        "two stages, nothing changed",
        ("buildah; 1/4 1R 2- 3- 4-; 2/4 1R 2- 3- 4-",),
    ),
    "buildah-spoof": Recorded(
        BUILDAH,
        "a program prints what buildah prints",
        ("buildah; 1/5 1R 2- 3R 4R 5R",),
    ),
    "buildah-spoof-cached": Recorded(
        BUILDAH,
        "a program printed what buildah prints; all is cached now",
        ("buildah; 1/5 1R 2- 3- 4- 5-",),
    ),
    "buildah-without-layers": Recorded(
        BUILDAH,
        "the same, --layers=false",
        ("buildah; 1/5 1R 2R 3R 4R 5R",),
    ),
    "buildx-context": Recorded(
        BUILDX,
        "nothing changed, --build-context lib=lib",
        ("buildkit; stage-0/4 1R 2- 3- 4-",),
    ),
    "buildx-local-output": Recorded(
        BUILDX,
        "nothing changed, --output type=local",
        ("buildkit; build/6 1R 2- 3- 4- 5- 6-; stage-1/3 2- 3-",),
    ),
    "buildx-no-cache-filter": Recorded(
        BUILDX,
        "--no-cache-filter build",
        ("buildkit; build/6 1R 2- 3R 4R 5R 6R; stage-1/3 2- 3-",),
    ),
    "buildx-plain-cached": Recorded(
        BUILDX,
        "the argument GIT_SHA is no longer passed",
        ("buildkit; build/6 1R 2- 3- 4- 5- 6R; stage-1/3 2- 3-",),
    ),
    "buildx-plain-changed": Recorded(
        BUILDX,
        "a source file changed",
        ("buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "buildx-quiet": Recorded(
        BUILDX,
        "-q",
        (),
    ),
    "buildx-rawjson-changed": Recorded(
        BUILDX,
        "a source file changed, --progress rawjson",
        ("buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "buildx-target": Recorded(
        BUILDX,
        "--target of the first stage, nothing changed",
        ("buildkit; build/6 1R 2- 3- 4- 5- 6-",),
    ),
    "buildx-tty-changed": Recorded(
        BUILDX,
        "a source file changed, recorded with script(1)",
        ("buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "canceled-plain": Recorded(
        BUILDX,
        "interrupted in a RUN",
        ("failed buildkit; only/4 1- 2R 3X",),
    ),
    "compose-bake-again": Recorded(
        COMPOSE,
        "three services, nothing changed",
        (
            "web buildkit; build/6 2- 3- 4- 5- 6-; stage-1/3 2- 3-",
            "api buildkit; only/6 2- 3- 4- 5- 6-; build/6 1R",
            "worker buildkit",
        ),
    ),
    "compose-bake-changed": Recorded(
        COMPOSE,
        "three services, one source file and GIT_SHA changed",
        (
            "worker buildkit; build/6 1R",
            "web buildkit; build/6 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
            "api buildkit; only/6 2- 3- 4- 5- 6-",
        ),
    ),
    "compose-bake-failed": Recorded(
        COMPOSE,
        "three services, the last RUN of two of them fails",
        (
            "web buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
            "worker failed buildkit; build/6 1R",
            "api failed buildkit; only/7 2- 3- 4- 5- 6- 7E",
        ),
    ),
    "compose-bake-first": Recorded(
        COMPOSE,
        "three services, nothing was cached",
        (
            "api buildkit; only/6 2- 4R",
            "web buildkit; build/6 2- 3R 4R 5R 6R; stage-1/3 2- 3R",
            "worker buildkit; only/6 3R 4R 5R 6R; build/6 1R",
        ),
    ),
    "compose-bake-no-cache": Recorded(
        COMPOSE,
        "three services, --no-cache",
        (
            "api buildkit; only/6 3R 5R",
            "web buildkit; build/6 1R 2- 3R 4R 5R 6R; stage-1/3 2- 3R",
            "worker buildkit; only/6 2- 4R 6R; build/6 1R",
        ),
    ),
    "compose-bake-one-service": Recorded(
        COMPOSE,
        "one service, GIT_SHA changed",
        ("buildkit; build/6 1R 2- 3- 4- 5- 6R; stage-1/3 2- 3-",),
    ),
    "compose-json": Recorded(
        COMPOSE,
        "one service, --progress json",
        ("buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "compose-own-builder": Recorded(
        OWN,
        "three services, one source file changed",
        (
            "worker buildkit; only/6 2- 3- 4- 5- 6-",
            "api buildkit; only/6 1R 6-",
            "web buildkit; build/6 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
        ),
    ),
    "compose-own-builder-json": Recorded(
        OWN,
        "three services, --progress json, one source file changed",
        (
            "api buildkit; only/6 2- 3- 4- 5R 6R; build/6 1R",
            "web buildkit; build/6 1R 2- 3- 4- 5- 6R; stage-1/3 2- 3-",
            "worker buildkit; only/6 2- 3? 4? 5? 6?; build/6 1R",
        ),
    ),
    "compose-own-builder-one-service": Recorded(
        OWN,
        "one service, GIT_SHA changed",
        ("web buildkit; build/6 1R 2- 3- 4- 5- 6R; stage-1/3 2- 3-",),
    ),
    "compose-own-builder-targets": Recorded(
        OWN,
        "two targets of one Dockerfile, a file that both copy changed",
        ("dev buildkit", "prod buildkit; dev/4 1R 2- 3? 4?; prod/2 1R 2R"),
    ),
    "compose-own-builder-tty": Recorded(
        OWN,
        "three services, one source file changed, recorded with script(1)",
        (
            "api buildkit; only/6 2- 3- 6R",
            "web buildkit; only/6 1R; build/6 2- 3- 4- 5- 6R; stage-1/3 2- 3-",
            "worker buildkit; only/6 1R 4- 5R 6R",
        ),
    ),
    "compose-tty": Recorded(
        COMPOSE,
        "three services, one source file changed, recorded with script(1)",
        (
            "worker buildkit; only/6 2- 3- 4- 5- 6-; build/6 1R",
            "web buildkit; build/6 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
            "api buildkit",
        ),
    ),
    "compose-up-build": Recorded(
        COMPOSE,
        "up --build --no-start",
        (
            "api buildkit; only/6 2- 3- 4- 6R",
            "web buildkit; only/6 1R; build/6 2- 3- 4- 5- 6R; stage-1/3 2- 3-",
            "worker buildkit; only/6 5R",
        ),
    ),
    "copy-link": Recorded(
        "buildx 0.29, Docker 28.5 with the containerd image store",
        "COPY --link below a changed COPY",
        ("buildkit; only/5 1- 2R 3R 4R 5R",),
    ),
    "deploy-docker20": Recorded(
        LEGACY,
        "a script: announcement, prune, legacy build, BuildKit build, prune of images",
        (
            "legacy; only/10 1R 2- 3- 4- 5- 6- 7- 8R 9- 10-",
            "buildkit-20.10; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
            "pruned before 1: 18460",
            "commit abc1234",
        ),
    ),
    "deploy-with-prunes": Recorded(
        COMPOSE,
        "a script: announcement, prune, two builds, prune",
        (
            "buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",
            "buildkit; only/6 1R 2- 3- 4- 5- 6-",
            "pruned before 1: 267",
            "pruned before None: 2204",
            "commit b1e8fab",
        ),
    ),
    "docker20-changed": Recorded(
        OLD,
        "a source file changed",
        ("buildkit-20.10; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "docker20-failed": Recorded(
        OLD,
        "a RUN fails",
        ("failed buildkit-20.10; a/3 1- 2R 3R; stage-1/4 2R 3E",),
    ),
    "docker20-first": Recorded(
        OLD,
        "nothing was cached",
        ("buildkit-20.10; build/6 1R 2R 3R 4R 5R 6R; stage-1/3 2R 3R",),
    ),
    "docker20-no-cache": Recorded(
        OLD,
        "--no-cache",
        ("buildkit-20.10; build/6 1R 2- 3R 4R 5R 6R; stage-1/3 2- 3R",),
    ),
    "docker20-tty": Recorded(
        OLD,
        "a source file changed, recorded with script(1)",
        ("buildkit; build/6 1R 2- 3- 4- 5R 6R; stage-1/3 2- 3R",),
    ),
    "failed-plain-again": Recorded(
        BUILDX,
        "a RUN fails again",
        ("failed buildkit; a/3 1R 2- 3-; stage-1/4 2- 3E",),
    ),
    "failed-plain-first": Recorded(
        BUILDX,
        "a RUN fails",
        ("failed buildkit; a/3 1- 2R 3R; stage-1/4 2R 3E",),
    ),
    "failed-rawjson": Recorded(
        BUILDX,
        "a RUN fails again, --progress rawjson",
        ("failed buildkit; a/3 1R 2- 3-; stage-1/4 2- 3E 4?",),
    ),
    "failed-tty": Recorded(
        BUILDX,
        "a RUN fails again, recorded with script(1)",
        ("failed buildkit; a/3 1R 2- 3-; stage-1/4 2- 3E",),
    ),
    "legacy-cached": Recorded(
        LEGACY,
        "nothing changed",
        ("legacy; only/10 1R 2- 3- 4- 5- 6- 7- 8R 9- 10-",),
    ),
    "legacy-changed": Recorded(
        LEGACY,
        "a source file changed",
        ("legacy; only/10 1R 2- 3- 4- 5R 6R 7R 8R 9- 10R",),
    ),
    "legacy-failed": Recorded(
        LEGACY,
        "a RUN fails",
        ("failed legacy; only/7 1R 2R 3R 4R 5R 6E",),
    ),
    "legacy-first": Recorded(
        LEGACY,
        "nothing was cached",
        ("legacy; only/10 1R 2R 3R 4R 5R 6R 7R 8R 9R 10R",),
    ),
    "legacy-keeps-containers": Recorded(
        LEGACY,
        "a source file changed, --rm=false",
        ("legacy; only/10 1R 2- 3- 4- 5R 6R 7R 8R 9- 10R",),
    ),
    "legacy-no-cache": Recorded(
        LEGACY,
        "--no-cache",
        ("legacy; only/10 1R 2R 3R 4R 5R 6R 7R 8R 9R 10R",),
    ),
    "onbuild-legacy": Recorded(
        "the legacy builder of Docker 28.5",
        "a base image with ONBUILD",
        ("legacy; only/3 1R 2R 3R",),
    ),
    "onbuild-plain": Recorded(
        BUILDX,
        "a base image with ONBUILD",
        ("buildkit; only/3 1-; only/5 2R 3R 4R 5R",),
    ),
    "parse-error": Recorded(
        BUILDX,
        "a Dockerfile with an unknown instruction",
        ("failed buildkit",),
    ),
    "platforms": Recorded(
        "buildx 0.29, Docker 28.5 with the containerd image store",
        "two platforms that share all steps, one source file changed",
        ("buildkit; linux/arm64a/2 1- 2R; linux/arm64stage-1/1 1-",),
    ),
    "spoof-docker20": Recorded(
        OLD,
        "programs and an argument print what BuildKit and the legacy builder print",
        ("buildkit-20.10; only/4 1- 2R 3R 4R",),
    ),
    "spoof-legacy": Recorded(
        LEGACY,
        "programs print what BuildKit and the legacy builder print, with the ID of their container",
        ("legacy; only/5 1R 2R 3R 4R 5R",),
    ),
    "spoof-legacy-28": Recorded(
        "the legacy builder of Docker 28.5",
        "programs print what BuildKit and the legacy builder print, with the ID of their container",
        ("legacy; only/5 1R 2R 3R 4R 5R",),
    ),
    "spoof-plain": Recorded(
        BUILDX,
        "programs and an argument print what BuildKit and the legacy builder print",
        ("buildkit; only/4 1- 2R 3R 4R",),
    ),
    "spoof-rawjson": Recorded(
        BUILDX,
        "the same, --progress rawjson",
        ("buildkit; only/4 1- 2R 3R 4R",),
    ),
    "spoof-tty": Recorded(
        BUILDX,
        "the same, recorded with script(1)",
        ("buildkit; only/4 1- 2R 4R",),
    ),
}


def summary(build) -> str:
    """One build in a line: each stage with a mark for every step that is named."""
    stages: dict[str, list[str]] = {}
    for step in sorted(build.steps, key=lambda one: (one.label.stage, one.label.number)):
        place = f"{step.label.platform}{step.label.stage or 'only'}/{step.label.total}"
        stages.setdefault(place, []).append(f"{step.label.number}{MARKS[step.status.value]}")
    words = [f"{stage} {' '.join(marks)}" for stage, marks in stages.items()]
    who = [build.service] if build.service else []
    state = ["failed"] if build.failed else []
    return "; ".join((" ".join([*who, *state, build.scheme.value]), *words))


def read(path: Path) -> tuple[str, ...]:
    with path.open("rb") as stream:
        log = read_log(stream)
    prunes = [f"pruned before {one.before_build}: {one.reclaimed_bytes}" for one in log.prunes]
    commit = [f"commit {log.commit}"] if log.commit else []
    return (*map(summary, log.builds), *prunes, *commit)


def test_every_log_is_in_the_table():
    assert {path.stem for path in LOGS.glob("*.log")} == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded(name):
    assert read(LOGS / f"{name}.log") == RECORDED[name].reads


@pytest.mark.parametrize("name", RECORDED)
def test_cut_off_in_the_middle_is_never_another_answer(name, tmp_path):
    """A log that ends too early is refused, or shows fewer builds; no step of it changes."""
    whole = (LOGS / f"{name}.log").read_bytes()
    full = RECORDED[name].reads
    for share in range(1, 8):
        cut = tmp_path / "cut.log"
        cut.write_bytes(whole[: len(whole) * share // 8])
        try:
            found = read(cut)
        except InputError:
            continue
        assert [one for one in found if one not in full and "failed" not in one] == []
