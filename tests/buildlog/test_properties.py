"""How the bytes arrive, and what a CI system puts around the lines, does not change what a log says."""

from __future__ import annotations

import contextlib
import io
import itertools
import random
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachelint.buildlog import reader
from cachelint.buildlog.dress import undress
from cachelint.buildlog.reader import read_log
from cachelint.buildlog.record import Status
from cachelint.messages import InputError

LOGS = Path(__file__).parents[1] / "logs"
NAMES = [
    "buildah-spoof",
    "buildx-tty-changed",
    "compose-bake-changed",
    "compose-bake-failed",
    "compose-json",
    "deploy-docker20",
    "deploy-with-prunes",
    "spoof-docker20",
    "spoof-legacy-28",
    "spoof-plain",
]
DATE = "2026-01-0{}T00:00:0{}.1234567Z"
PREFIXES = {
    "github": f"{DATE} ",
    "gh run view": f"deploy it\tRun docker compose build\t{DATE} ",
    "gh run view, first line": f"deploy\tbuild\t\ufeff{DATE} ",
    "gitlab": f"{DATE} 01O ",
    "gitlab section": "section_start:156089635{}:build_{}\r\x1b[0K",
    "jenkins": f"[{DATE}] ",
    "timestamper": "12:3{}:5{}  ",
    "colour": "\x1b[3{};1m\x1b[0{}m",
    "colour behind a stamp": f"{DATE} \x1b[36;1m",
    "byte order mark": "\ufeff",
    "ts": "Jan  {} 00:00:0{} ",
    "ts of seconds": "176722560{}.12345{} ",
    "journalctl": "Jan 0{} 00:00:0{} host deploy.sh[123]: ",
    "journalctl -o short-iso": "2026-01-0{}T00:00:0{}+0200 host-1 docker[7]: ",
    "logger": "Jan 0{} 00:00:0{} host deploy: ",
    "teamcity": "[00:0{}:0{}]W:\t [Step 1/3] ",
    "buildkite": "\x1b_bk;t=176722560{}12{}\x07",
    "cloud build": "Step #0: ",
    "cloud build, named": 'Step #1 - "build it": ',
    "kubectl logs": "[pod/build-1/docker] 2026-01-0{}T00:00:0{}.123456789Z ",
    "act": "[CI/build it]   | ",
    "git push": "remote: ",
    "docker logs": "2026-01-0{}T00:00:0{}.123456789Z ",
}
TAILS = ["", "\r", "\r\r", "\x1b[0m", "\x1b[0m\r", "  "]
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Drops(io.RawIOBase):
    """A stream that hands out a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = io.BytesIO(data)
        self._sizes = sizes
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        self._at += 1
        return self._data.read(min(size, self._sizes[self._at % len(self._sizes)]))


def read(data: bytes):
    log = read_log(io.BytesIO(data))
    return log._replace(builds=tuple(one._replace(line=0) for one in log.builds))


@SETTINGS
@given(st.sampled_from(NAMES), st.lists(st.integers(1, 5000), min_size=1, max_size=9))
def test_chunks(name, sizes):
    data = (LOGS / f"{name}.log").read_bytes()
    assert read_log(Drops(data, sizes)) == read_log(io.BytesIO(data))


@SETTINGS
@given(st.sampled_from(NAMES), st.sampled_from(sorted(PREFIXES)), st.sampled_from(TAILS), st.lists(st.integers(1, 9)))
def test_ci_systems(name, prefix, tail, digits):
    bare = (LOGS / f"{name}.log").read_bytes().decode()
    digits = [*digits, 1, 2]
    lines = []
    for number, line in enumerate(bare.split("\n")[:-1]):
        one, two = digits[number % len(digits)], digits[(number + 1) % len(digits)]
        lines.append(f"{PREFIXES[prefix].format(one, two)}{line}{tail}\n")
    assert read("".join(lines).encode()) == read(bare.encode())


WRITTEN = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#5 [2/2] RUN make
#5 CACHED

#6 exporting to image
#6 exporting layers done
#6 DONE 0.2s

#4 [1/2] FROM docker.io/library/base:1
"""


def test_a_busy_engine_leaves_the_end_of_the_base_out():
    [build] = read(WRITTEN.encode()).builds
    told = [(step.text.split()[0], step.status.value) for step in build.steps]
    assert told == [("RUN", "cached"), ("FROM", "not printed")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("#6 DONE 0.2s\n", "#6 ...\n"),
        ("[1/2] FROM docker.io/library/base:1", "[2/3] RUN x"),
        ("base:1\n", "base:1\n#4 0.1 x\n"),
    ],
)
def test_what_else_has_no_end_is_cut_off(old, new):
    with pytest.raises(InputError, match="the log ends in the middle of a build"):
        read(WRITTEN.replace(old, new).encode())


def test_what_follows_a_build_that_keeps_its_containers_is_not_lost():
    """No line says where the output of its last program ends."""
    one, two = ((LOGS / f"{name}.log").read_bytes() for name in ("legacy-keeps-containers", "compose-bake-changed"))
    with pytest.raises(InputError, match="the log ends in the middle of a build"):
        read(one + two)


@SETTINGS
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_many_builds_in_one_log(first, second):
    one, two = ((LOGS / f"{name}.log").read_bytes() for name in (first, second))
    builds = [(each.steps, each.failed) for part in (one, two) for each in read(part).builds]
    assert [(each.steps, each.failed) for each in read(one + two).builds] == builds


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings(encoding):
    text = (LOGS / "compose-bake-changed.log").read_text()
    mark = "\ufeff" if encoding.endswith("e") else ""
    assert read((mark + text).encode(encoding)) == read(text.encode())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"#7 CACHED", b"#7 CACHED"),
        (b"#7 0.1 a\tb\t2026-01-01T00:00:00Z #8 CACHED", b"#7 0.1 a\tb\t2026-01-01T00:00:00Z #8 CACHED"),
        (b"2026-01-01T00:00:00Z 2026-01-01T00:00:00Z #7 CACHED", b"2026-01-01T00:00:00Z #7 CACHED"),
        (b"job\tstep\t2026-01-01T00:00:00.1Z  ---> Using cache", b"---> Using cache"),
        (b"#7 0.1 part\r#8 CACHED\r", b"#7 0.1 part\r#8 CACHED"),
        (b"\x1b[8mha:////4AbC=\x1b[0m[Pipeline] sh", b"[Pipeline] sh"),
        (b"Step 1/4 : FROM base:1", b"Step 1/4 : FROM base:1"),
        (b"2026-01-01T00:00:00Z Step 1/4 : FROM base:1", b"Step 1/4 : FROM base:1"),
        (b"Jan  1 00:00:00 ERROR: failed to build: x", b"ERROR: failed to build: x"),
        (b"2026-01-01T00:00:00Z target web: failed to solve: x", b"target web: failed to solve: x"),
        (b"Jan  1 00:00:00 STEP 1/4: FROM base:1", b"STEP 1/4: FROM base:1"),
        (b"2026-01-01T00:00:00Z COPY failed: no such file", b"COPY failed: no such file"),
        (b"[00:00:00] [1/2] STEP 1/4: FROM base:1", b"[1/2] STEP 1/4: FROM base:1"),
        (b"web-1  | #7 CACHED", b"web-1  | #7 CACHED"),
        (b"\x1b]0;title\x07#7 DONE 0.1s", b"#7 DONE 0.1s"),
    ],
)
def test_what_is_taken_off(line, text):
    assert undress(line)[0] == text


@pytest.mark.parametrize("line", ["#9 CACHED", "#1 [internal] load build definition from Dockerfile", "[+] Building"])
def test_a_journal_has_the_lines_of_many_programs(line):
    """Those of a container beside the build count no more than the ones that Compose marks as such."""
    bare = (LOGS / "compose-bake-changed.log").read_text().splitlines()
    shown = [f"Jan 01 00:00:00 host deploy[1]: {one}\nJan 01 00:00:00 host 3f2a[2]: {line}\n" for one in bare]
    assert read("".join(shown[1:]).encode()).builds == read("\n".join(bare[1:]).encode()).builds


class Long(io.RawIOBase):
    """A log with a long middle: `times` times the same block."""

    def __init__(self, head: bytes, block: bytes, times: int, tail: bytes) -> None:
        self._parts = iter((head, *(block for _ in range(times)), tail))

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


def split(name: str, mark: bytes) -> tuple[bytes, bytes]:
    """A log cut behind the first line that contains `mark`."""
    data = (LOGS / f"{name}.log").read_bytes()
    end = data.index(b"\n", data.index(mark)) + 1
    return data[:end], data[end:]


@pytest.mark.parametrize(
    ("name", "mark", "line"),
    [
        ("spoof-plain", b"#7 0.", b"#7 1.234 fetched a package\n"),
        ("spoof-docker20", b"#7 0.", b"#7 1.234 fetched a package\n"),
        ("spoof-legacy", b"#5 CACHED", b"fetched a package\n"),
        ("spoof-legacy", b"#5 CACHED", b"---> 0123456789ab\n"),
        ("buildah-spoof", b"STEP 4/5", b"fetched a package\n"),
        ("buildah-spoof", b"STEP 4/5", b"--> 0123456789ab\n"),
        ("compose-json", b'"started"', b'{"logs":[{"vertex":"sha256:00","data":"YQ=="}]}\n'),
        ("buildx-tty-changed", b"[+] Building", b" => [build 4/6] RUN cat package.json  0.0s\r\n"),
        ("buildx-tty-changed", b"[+] Building", b"\x1b[1A\x1b[?25l"),
        ("compose-bake-changed", b"", b""),
    ],
)
def test_memory_is_bounded(name, mark, line):
    """In each format, whatever is long."""
    if not line:
        head, block, times, tail = b"", (LOGS / f"{name}.log").read_bytes(), 30, b""
    else:
        head, tail = split(name, mark)
        block, times = line * (100_000 // len(line)), 2 if line.startswith(b"--") else 12
    tracemalloc.start()
    try:
        with contextlib.suppress(InputError):
            read_log(Long(head, block, times, tail))
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


TWO_SERVICES = b"""\
#1 [internal] load local bake definitions
#1 DONE 0.0s

#2 [shop internal] load build definition from Dockerfile
#2 DONE 0.0s

#3 [site internal] load build definition from Dockerfile
#3 DONE 0.0s

#4 [shop 1/2] FROM docker.io/library/base:1
#4 DONE 0.0s

#5 [shop 2/2] COPY . .
#5 CACHED

#6 [site 2/2] COPY . .
#6 DONE 0.1s

#7 [shop] exporting to image
#7 naming to docker.io/library/library-shop done
#7 naming to docker.io/library/library-site done
#7 DONE 0.1s
"""


def test_two_results_that_are_written_under_one_name():
    """Both exports got one number, and were shown only when both were over."""
    log = read(TWO_SERVICES)
    assert [(one.service, one.complete) for one in log.builds] == [("shop", True), ("site", True)]
    with pytest.raises(InputError, match="ends before its last build does"):
        read(TWO_SERVICES.replace(b"#7 naming to docker.io/library/library-site done\n", b""))
    with pytest.raises(InputError):
        read(TWO_SERVICES.replace(b"#6 DONE 0.1s\n", b""))


def steps_of(data: bytes) -> list[tuple[str | None, frozenset]]:
    return [(one.service, frozenset(one.steps)) for one in read_log(io.BytesIO(data)).builds]


@SETTINGS
@given(
    st.sampled_from(["bake-file", "buildx-plain-changed", "docker20-first", "compose-bake-changed", "legacy-changed"]),
    st.sampled_from(["bake-file", "buildx-plain-cached", "docker20-changed", "compose-bake-again", "buildah-second"]),
    st.lists(st.integers(1, 3), min_size=1, max_size=20),
)
def test_mixed_lines_are_refused(first, second, runs):
    """A few lines of the one, a few of the other, and so on: no step of either is told wrong."""
    one, two = ((LOGS / f"{name}.log").read_bytes() for name in (first, second))
    rest = [list(data.splitlines(keepends=True)) for data in (one, two)]
    mixed = []
    for number in itertools.count():
        if not any(rest):
            break
        count = runs[number % len(runs)]
        mixed += rest[number % 2][:count]
        del rest[number % 2][:count]
    with contextlib.suppress(InputError):
        assert [build for build in steps_of(b"".join(mixed)) if build not in steps_of(one) + steps_of(two)] == []


WRONG_ONCE = (355, 450, 542, 644, 714, 732, 866, 925, 982, 1007, 1295, 1326)
"""Mixtures in which a cached step was once told to have run, or the other way round."""


def readable() -> dict[str, bytes]:
    """The recorded logs that are no larger than a few builds, and no bad ones."""
    found = {}
    for path in sorted(LOGS.glob("*.log")):
        data = path.read_bytes()
        with contextlib.suppress(InputError):
            if len(data) < 60_000 and read_log(io.BytesIO(data)).builds:
                found[path.stem] = data
    return found


READABLE = readable()


def mixed(one: bytes, two: bytes, dice: random.Random) -> bytes:
    """The lines of both, in pieces of some length, or the one within the other. A carriage return ends a piece too."""
    rest = [one.splitlines(keepends=True), two.splitlines(keepends=True)]
    longest = dice.choice([1, 4, 30, 10**6])
    share = dice.random()
    found: list[bytes] = []
    while all(rest):
        lines = rest[dice.random() < share]
        count = dice.randint(1, len(lines) if longest == 10**6 else longest)
        found += lines[:count]
        del lines[:count]
    return b"".join((*found, *rest[0], *rest[1]))


def claims(data: bytes) -> dict[tuple, set[Status]]:
    found: dict[tuple, set[Status]] = {}
    for build in read_log(io.BytesIO(data)).builds:
        for step in build.steps:
            found.setdefault((step.label._replace(service=None), step.text), set()).add(step.status)
    return found


@pytest.mark.parametrize("seeds", [range(100), range(100, 200), WRONG_ONCE])
def test_no_step_of_mixed_logs_is_told_to_have_done_what_it_did_not(seeds):
    """Nothing is told, or the truth, or something of a service that is nobody's, which says of itself to be unknown."""
    for seed in seeds:
        dice = random.Random(seed)
        one, two = (READABLE[dice.choice(sorted(READABLE))] for _ in range(2))
        check_claims(one, two, mixed(one, two, dice))


def check_claims(one: bytes, two: bytes, both: bytes) -> None:
    known = claims(two)
    for key, statuses in claims(one).items():
        known.setdefault(key, set()).update(statuses)
    services = {build.service for data in (one, two) for build in read_log(io.BytesIO(data)).builds}
    try:
        found = read_log(io.BytesIO(both)).builds
    except InputError:
        return
    for build in found:
        for step in () if build.failed else build.steps:
            told = known.get((step.label._replace(service=None), step.text))
            if step.status is not Status.NOT_PRINTED and (told is None or step.status not in told):
                assert told is None
                assert build.service is not None
                assert build.service not in services


def told(data: bytes) -> object:
    try:
        return read_log(io.BytesIO(data))
    except InputError as error:
        return str(error)


def test_lines_that_the_legacy_builder_cannot_have_printed_are_passed_over(monkeypatch):
    """They are where a program said that its container is gone, and they change nothing."""
    logs = [data for name, data in READABLE.items() if "legacy" in name]
    odd = b"".join(
        b"%s of nothing\n" % word for word in (b"error", b"Error", b"---> x", b"Step", b"=> [1/2] RUN x", b"#1")
    )
    for seed in range(60):
        dice = random.Random(seed)
        one, two = (dice.choice(logs) for _ in range(2))
        both = mixed(one, odd if seed % 2 else two, dice)
        quick = told(both)
        with monkeypatch.context() as patch:
            patch.setattr(reader, "_LEGACYS_OWN", (re.compile(rb"\n"),))
            assert told(both) == quick
