"""How fast, and how large: ``python -m tests.benchmark``, with an interpreter in which cachelint is installed.

Read the numbers as ratios of one run. On a busy machine the clock counts the others' work too: then read the CPU time.
Peers that are on PATH, or beside the interpreter, stand in the same table.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOGS = Path(__file__).parents[1] / "logs"
LONG_LOGS = {
    "spoof-plain": (b"#7 0.", b"#7 1.234 fetched a package\n"),
    "compose-json": (b'"started"', b'{"logs":[{"vertex":"sha256:00","data":"YQ=="}]}\n'),
    "buildx-tty-changed": (b"[+] Building", None),
    "spoof-legacy": (b"#5 CACHED", b"fetched a package\n"),
}
"""Recorded logs, each with a line that is written again and again, behind the first line that contains a mark.

On a terminal it is what was drawn before the last time.
"""
EXAMPLE = Path(__file__).parents[2] / "examples" / "stale-deploy" / "before"
PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
CACHELINT = [os.path.join(os.path.dirname(sys.executable), "cachelint")]
BARE = [sys.executable, "-c", "pass"]


class Run(NamedTuple):
    """What one process took: seconds by the clock, seconds of CPU, and MiB at its peak."""

    seconds: float
    cpu: float
    peak: float


class Peer(NamedTuple):
    """Another linter: the files it is for, and how it is called with them."""

    name: str
    pattern: str
    command: Callable[[str, Path, list[str]], list[str]]


COMMENTED = ("Dockerfile", ".dockerignore", ".sh", ".yml")

PEERS = (
    Peer("hadolint", "Dockerfile", lambda program, _, files: [program, "--no-fail", *files]),
    Peer("compose-lint", "docker-compose.yml", lambda program, _, files: [program, *files]),
    Peer(
        "check-jsonschema",
        "docker-compose.yml",
        lambda program, _, files: [program, "--builtin-schema", "vendor.compose-spec", *files],
    ),
    Peer("dclint", "docker-compose.yml", lambda program, directory, _: [program, "--recursive", str(directory)]),
)


def measure(command: Sequence[str], directory: Path) -> Run:
    """Run a command once, its output thrown away."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if command[: len(CACHELINT)] == CACHELINT and process.returncode not in (0, 1):
            errors.seek(0)
            raise SystemExit(f"cachelint failed: {errors.read().decode()}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def alternate(commands: Sequence[Sequence[str]], directory: Path, rounds: int) -> list[Run]:
    """The median of each command, run in turns so that a noisy moment hits all of them."""
    runs = [[measure(command, directory) for command in commands] for _ in range(rounds)]
    return [_median(column) for column in zip(*runs, strict=True)]


def _median(runs: Sequence[Run]) -> Run:
    seconds, cpu, peaks = zip(*runs, strict=True)
    return Run(statistics.median(seconds), statistics.median(cpu), max(peaks))


def make_copies(directory: Path, number: int, *, scripts: bool = True) -> Path:
    """So many copies of the incident in a new directory, as hard links to one to spare the disk."""
    target = directory / f"{number}-copies{'' if scripts else '-without-scripts'}"
    template = directory / ("template" if scripts else "template-without-scripts")
    if not template.exists():
        left_out = () if scripts else ("scripts", ".github")
        shutil.copytree(EXAMPLE, template, ignore=shutil.ignore_patterns(*left_out))
    for count in range(number):
        shutil.copytree(template, target / f"group{count // 100}" / f"site{count}", copy_function=os.link)
    return target


def make_differ(tree: Path) -> None:
    """Give each file of a tree that has comments a number in its first one, so that no text comes twice."""
    files = [path for path in tree.rglob("*") if path.suffix in COMMENTED or path.name in COMMENTED]
    for number, path in enumerate(files):
        first, rest = path.read_text().split("\n", 1)
        lines = [first, f"# {number}"] if first.startswith("#!") else [f"# {number}", first]
        path.unlink()  # the others are links to it
        path.write_text("\n".join([*lines, rest]))


def make_long_file(directory: Path, lines: int) -> Path:
    """A Compose file of so many lines; one service in five is built, all of them from one Dockerfile."""
    target = directory / "long"
    target.mkdir()
    shutil.copytree(EXAMPLE / "backend", target / "backend")
    image = "    image: nginx:1.27  # pinned\n    deploy:\n      replicas: 2\n"
    build = "    build:\n      context: ./backend\n      args: {BUILDKIT_INLINE_CACHE: 1}\n"
    rest = "    ports:\n      - '80'\n    environment:\n      LEVEL: info\n    labels: {team: web}\n\n"
    services = (f"  web{n}:\n{image if n % 5 else build}{rest}" for n in range((lines - 1) // 10))
    text = "services:\n" + "".join(services)
    (target / "compose.yaml").write_text(text)
    return target


def make_log(directory: Path, name: str) -> Path:
    """A recorded log with as many more lines as make 100 MB."""
    mark, line = LONG_LOGS[name]
    text, path = (LOGS / f"{name}.log").read_bytes(), directory / f"{name}.log"
    end = text.index(b"\n", text.index(mark)) + 1
    if line is None:
        end = text.rindex(b"\n", 0, text.rindex(mark)) + 1
        line = text[text.rindex(b"\n", 0, text.rindex(mark, 0, end)) + 1 : end]
    block = line * (1_000_000 // len(line))
    with path.open("wb") as file:
        file.writelines([text[:end], *[block] * 100, text[end:]])
    return path


def make_project(directory: Path, files: int, services: int) -> Path:
    """One project: half of its files are included in the first, half are laid over it; services extend a common one."""
    target = directory / "project"
    target.mkdir()
    half = files // 2
    each = services // half
    build = "    build: {context: ., args: {A: '1', SHA: '${SHA}'}}\n"
    (target / "common.yaml").write_text(f"services:\n  base:\n{build}    environment: {{LEVEL: info}}\n")
    for number in range(files - 1):
        first = number * each if number < half else 0
        names = [f"web{one}" for one in range(first, first + each)]
        text = "".join(_service(name, number, extends=number < half) for name in names)
        include = "".join(f"  - part{one}.yaml\n" for one in range(1, half)) if number == 0 else ""
        head = f"include:\n{include}" if include else ""
        (target / f"part{number}.yaml").write_text(f"{head}services:\n{text}volumes: {{data: }}\n")
    over = ":".join(f"part{one}.yaml" for one in (0, *range(half, files - 1)))
    (target / ".env").write_text(f"COMPOSE_FILE={over}\nTAG=v1\n")
    return target


def _service(name: str, number: int, *, extends: bool) -> str:
    own = "    extends: {file: common.yaml, service: base}\n    volumes: ['data:/data']\n" if extends else ""
    args = "    build:\n      args: ['B=${TAG:-x}']\n"
    return f"  {name}:\n{own}{args}    environment:\n      - NUMBER={number}\n"


def resolve(directory: Path) -> tuple[float, int, int]:
    """Seconds to read and resolve the project of a directory, without the start; how many files and services it has."""
    from cachelint.compose.project_files import request_for, resolve_project
    from cachelint.discovery import discover
    from cachelint.workspace import Workspace

    start = time.perf_counter()
    workspace = Workspace(discover(os.path.realpath(directory), excluded=lambda path: False))
    request = request_for(workspace, os.path.realpath(directory))
    assert request
    project = resolve_project(workspace, request)
    assert not project.errors, project.errors
    return time.perf_counter() - start, len(project.paths), len(project.services)


def show_project(directory: Path, rounds: int) -> None:
    """What resolving one large project takes."""
    project = make_project(directory, 30, 300)
    gc.set_threshold(100_000)  # as the program itself does
    runs = [resolve(project) for _ in range(rounds)]
    seconds, files, services = min(runs)
    print(f"\na project of {files} files and {services} services, read and resolved: {seconds * 1000:.0f} ms")


def measure_peers(directory: Path, rounds: int) -> dict[str, Run]:
    """Those peers that are there, on all files of theirs below the directory."""
    found: dict[str, Run] = {}
    for peer in PEERS:
        program = shutil.which(peer.name, path=PATH)
        if program:
            files = sorted(map(str, directory.rglob(peer.pattern)))
            (found[peer.name],) = alternate([peer.command(program, directory, files)], directory, rounds)
    return found


def measure_log(directory: Path, name: str) -> Run:
    """Read a long log once."""
    log = make_log(directory, name)
    run = measure([*CACHELINT, "log", str(log), "-q"], EXAMPLE)
    log.unlink()
    return run


def show(title: str, rows: dict[str, Run], unit: Run) -> None:
    """A table; `unit` is a bare interpreter."""
    print(f"\n{title}\n  {'':<20} {'seconds':>8} {'x bare':>7} {'CPU':>8} {'x bare':>7} {'peak MiB':>9}")
    for name, run in rows.items():
        clock = f"{run.seconds:>8.3f} {run.seconds / unit.seconds:>7.1f}"
        cpu = f"{run.cpu:>8.3f} {run.cpu / unit.cpu:>7.1f}"
        print(f"  {name:<20} {clock} {cpu} {run.peak:>9.1f}", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of the short measurements (default: 15)")
    parser.add_argument("--copies", type=int, nargs="*", default=[500, 5000], help="sizes of the large trees")
    parser.add_argument("--no-peers", action="store_true", help="cachelint alone")
    options = parser.parse_args(argv)
    peers: Callable[[Path, int], dict[str, Run]] = (lambda *_: {}) if options.no_peers else measure_peers
    with tempfile.TemporaryDirectory(prefix="cachelint-benchmark-") as name:
        directory = Path(name)
        site = directory / "site"
        shutil.copytree(EXAMPLE, site)
        measure(CACHELINT, site)  # compiles what is not compiled yet
        bare, cold = alternate([BARE, CACHELINT], site, options.rounds)
        rows = {"python -c pass": bare, "cachelint": cold, **peers(site, max(1, options.rounds // 3))}
        show("the incident, whole process", rows, bare)
        long, rounds = make_long_file(directory, 10_000), max(1, options.rounds // 3)
        show("a Compose file of 10,000 lines", {"cachelint": alternate([CACHELINT], long, rounds)[0]}, bare)
        show_project(directory, rounds)
        show("logs of 100 MB", {name: measure_log(directory, name) for name in LONG_LOGS}, bare)
        for position, number in enumerate(options.copies):
            for scripts in (False, True):
                tree = make_copies(directory, number, scripts=scripts)
                rows = {"cachelint": alternate([CACHELINT], tree, min(3, options.rounds))[0]}
                rows |= peers(tree, 1) if scripts and position == 0 else {}
                make_differ(tree)
                rows["cachelint, differing"] = alternate([CACHELINT], tree, min(3, options.rounds))[0]
                title = f"{number:,} copies{'' if scripts else ' without scripts and workflows'}"
                show(f"{title}; and with a number in each file", rows, bare)
                shutil.rmtree(tree)


if __name__ == "__main__":
    main()
