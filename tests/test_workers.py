"""Work in several processes: the same results, in the same order, and no process left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cachelint import workers
from cachelint.cli import main
from cachelint.linter import Linter
from cachelint.workers import SLICE, spread
from tests.support import write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cachelint.lint_pass import Findings
    from cachelint.project import Project

forks = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks safely")
MANY = 10 * SLICE


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_processors", lambda: 2)


def processes(items: Sequence[int]) -> tuple[list[int], int]:
    return list(items), os.getpid()


def hard_work(items: Sequence[int]) -> tuple[list[int], int]:
    end = time.process_time() + 0.002 * len(items)
    while time.process_time() < end:
        pass
    return processes(items)


@pytest.mark.parametrize("number", [0, 1, SLICE, SLICE + 1, MANY])
@pytest.mark.parametrize("work", [processes, hard_work])
@pytest.mark.usefixtures("two_processors")
def test_every_item_once_and_in_order(number: int, work: Callable[[Sequence[int]], tuple[list[int], int]]) -> None:
    results = list(spread(range(number), work))
    assert [item for items, _ in results for item in items] == list(range(number))


@forks
@pytest.mark.usefixtures("two_processors")
def test_much_work_is_shared_out_and_light_work_is_not() -> None:
    assert {process for _, process in spread(range(SLICE), hard_work)} == {os.getpid()}
    assert {process for _, process in spread(range(MANY), processes)} == {os.getpid()}
    first, *others = [process for _, process in spread(range(MANY), hard_work)]
    assert first == os.getpid()
    assert set(others) - {first}


@forks
@pytest.mark.usefixtures("two_processors")
def test_a_few_hard_items_are_shared_out_too() -> None:
    def work(items: Sequence[int]) -> int:
        for _ in items:
            hard_work(range(50))
        return os.getpid()

    assert len(set(spread(range(8), work))) > 1


def test_one_processor_does_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_processors", lambda: 1)
    assert {process for _, process in spread(range(MANY), hard_work)} == {os.getpid()}


@pytest.mark.usefixtures("two_processors")
def test_a_failure_is_the_callers() -> None:
    def fail(items: Sequence[int]) -> None:
        hard_work(items)
        if MANY - 1 in items:
            raise ValueError("the last one")

    with pytest.raises(ValueError, match="the last one"):
        list(spread(range(MANY), fail))


@forks
@pytest.mark.usefixtures("two_processors")
def test_a_process_that_dies_is_no_silent_loss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {f"{name}/compose.yaml": "services: {a: {image: b}}\n" for name in range(MANY)})
    findings, first = Linter._findings, os.getpid()

    def die(linter: Linter, projects: Iterable[tuple[Project, Iterable[str]]]) -> Findings:
        if os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        hard_work(range(SLICE))
        return findings(linter, projects)

    monkeypatch.setattr(Linter, "_findings", die)
    assert main([str(tmp_path)]) == 2
    assert "internal error" in capsys.readouterr().err


@forks
def test_the_report_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    suppressed = "# cachelint: ignore-file[missing-commit-arg] not here\n"
    broken = {f"{n}/compose.yaml": "services: [\n" for n in range(0, MANY, 7)}
    compose = {
        f"{n}/compose.yaml": f"{suppressed if n % 2 else ''}services: {{a: {{build: .}}}}\n" for n in range(MANY)
    }
    dockerfiles = {f"{n}/Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n" for n in range(MANY)}
    lone = {f"lone{n}/Dockerfile": "FRM alpine\n" for n in range(MANY)}
    write_files(tmp_path, {**compose, **broken, **dockerfiles, **lone})
    monkeypatch.setattr(workers, "_PAYS", 0)
    reports = []
    for number in (1, 2):
        monkeypatch.setattr(workers, "_processors", lambda number=number: number)
        assert main(["--output-format", "json", str(tmp_path)]) == 1
        reports.append(capsys.readouterr().out)
    assert reports[0] == reports[1]
    assert json.loads(reports[0])["summary"]["suppressed"] > 0


@forks
def test_an_interrupt_ends_every_process(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # what is started in the background ignores it
        "from cachelint import workers\n"
        "workers._processors = lambda: 2\n"
        "def work(items):\n"
        "    end = time.process_time() + 0.01 * len(items)\n"
        "    while time.process_time() < end:\n"
        "        pass\n"
        "    return os.getpid()\n"
        f"for process in workers.spread(range({100 * SLICE}), work):\n"
        "    if process != os.getpid():\n"
        "        print(process, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == -signal.SIGINT
    assert run.stderr.count("Traceback") == 1, run.stderr
    assert not os.path.exists(f"/proc/{run.stdout.split()[0]}")
