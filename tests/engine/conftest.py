"""A real Docker engine for tests.

In this order: the daemons in CACHELINT_TEST_DOCKER_HOSTS (or ..._HOST; with commas between them), a daemon that the
docker client reaches anyway, and, where CI=true or CACHELINT_TEST_ENGINE=require, one that is started here and ended
afterwards. Without any of them the tests fail where an engine is required, and are skipped with the reason elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HOSTS = os.environ.get("CACHELINT_TEST_DOCKER_HOSTS") or os.environ.get("CACHELINT_TEST_DOCKER_HOST", "")
REQUIRED = os.environ.get("CI") == "true" or os.environ.get("CACHELINT_TEST_ENGINE") == "require"
BRIDGE_ADDRESS = "172.17.0.1/16"
START_SECONDS = 60
APPLETS = tuple("sh cat cp date echo false find ls mkdir rm sleep test true touch".split())


class Step(NamedTuple):
    """A step of a build as its log names it (``[2/5] COPY . .``); `status` is ``ran`` or ``cached``."""

    label: str
    status: str


class BuildError(Exception):
    """A build failed; ``str()`` is its log."""


class NoEngineError(Exception):
    """No engine can be had; ``str()`` says why."""


class Engine:
    """One daemon and a client that can use BuildKit with it."""

    BuildError = BuildError

    def __init__(self, client: str, host: str | None, directory: Path) -> None:
        self.client = client
        self.environment = os.environ | {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
        if host:
            self.environment["DOCKER_HOST"] = host
        self.directory = directory
        self.is_lent = True  # to tests, which may drop its whole build cache
        self.base = f"cachelint-test-base:{self.unique()}"
        self.client_version, self.server_version = _versions(client, host)

    def __str__(self) -> str:
        return f"Docker {self.server_version}, client {self.client_version}"

    @property
    def has_old_client(self) -> bool:
        """Whether the client walks the context by the rules from before Docker 23."""
        return _major(self.client_version) < 23

    @staticmethod
    def unique() -> str:
        """Text that no earlier build has seen."""
        return uuid.uuid4().hex

    def run(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run the client to its end, output and errors together."""
        return subprocess.run(
            [self.client, *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment,
            timeout=300,
            check=False,
        )

    def build(  # noqa: PLR0913  # what a build can be asked for
        self,
        context: Path | str,
        dockerfile: str | None = None,
        *,
        args: Mapping[str, str] | None = None,
        target: str | None = None,
        no_cache: bool = False,
        flags: Sequence[str] = (),
    ) -> list[Step]:
        """Build with RUN steps off the network; the steps in the order of the log. Raises `BuildError`.

        The text of a Dockerfile goes to a file outside the context; without it the context's own is used.
        """
        command = ["build", "--network=none", "--progress=plain"]
        if dockerfile is not None:
            file = self.directory / "Dockerfile"
            file.write_text(dockerfile)
            command.append(f"--file={file}")
        command += [f"--build-arg={name}={value}" for name, value in (args or {}).items()]
        command += [f"--target={target}"] if target else []
        command += ["--no-cache"] if no_cache else []
        done = self.run(*command, *flags, str(context))
        log = done.stdout.decode(errors="replace")
        if done.returncode:
            raise BuildError(log)
        return parse_steps(log)

    def export(self, context: Path | str, dockerfile: str | None = None) -> Path:
        """Build, and the files of the result in a new directory. Raises `BuildError`."""
        destination = self.directory / f"export-{self.unique()}"
        self.build(context, dockerfile, flags=[f"--output=type=local,dest={destination}"])
        return destination

    def import_base(self) -> None:
        """Make the image `base` out of a static busybox."""
        self.import_image(self.base, {})

    def import_image(self, name: str, files: Mapping[str, bytes]) -> None:
        """Make an image out of a static busybox and more files, by path, that are programs or text."""
        busybox = shutil.which("busybox")
        if busybox is None:
            raise NoEngineError("no busybox (Debian: busybox-static) to make a base image of")
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(os.path.realpath(busybox), "bin/busybox")
            for applet in APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
            for path, content in files.items():
                entry = tarfile.TarInfo(path)
                entry.mode, entry.size = 0o755, len(content)
                tar.addfile(entry, io.BytesIO(content))
        done = self.run("import", "-", name, stdin=archive.getvalue())
        if done.returncode:
            raise NoEngineError(f"docker import failed: {done.stdout.decode()}")


def parse_steps(log: str) -> list[Step]:
    """The steps of a plain progress log that came to their end, without BuildKit's internal ones."""
    labels: dict[str, str] = {}
    statuses: dict[str, str] = {}
    for line in log.splitlines():
        if header := re.match(r"#(\d+) (\[.+)", line):
            labels.setdefault(header[1], header[2])
        # the last line of a program's output may stand before it, when it had no line break
        elif end := re.search(r"#(\d+) (CACHED|DONE)(?: [\d.]+s)?$", line):
            statuses.setdefault(end[1], "cached" if end[2] == "CACHED" else "ran")
    named = {number: label for number, label in labels.items() if not label.startswith(("[internal]", "[auth]"))}
    return [Step(label, statuses[number]) for number, label in named.items() if number in statuses]


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _versions(client: str, host: str | None) -> tuple[str, str]:
    """Versions of client and server. Raises `NoEngineError` when the server does not answer."""
    environment = os.environ | ({"DOCKER_HOST": host} if host else {})
    command = [client, "version", "--format", "{{.Client.Version}} {{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, env=environment, timeout=20, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngineError(str(error)) from error
    if done.returncode:
        raise NoEngineError((done.stderr or done.stdout).strip())
    client_version, server_version = done.stdout.split()
    return client_version, server_version


def _clients() -> list[str]:
    found = [os.path.join(one, "docker") for one in [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin"]]
    return [path for path in dict.fromkeys(found) if os.access(path, os.X_OK)]


def _has_buildkit(client: str, version: str) -> bool:
    """Whether a client can ask for BuildKit: until version 22 by itself, from then on with the buildx plugin."""
    if _major(version) < 23:
        return True
    return subprocess.run([client, "buildx", "version"], capture_output=True, check=False).returncode == 0


def _connect(host: str | None, directory: Path) -> Engine:
    """An engine on a daemon that runs already. Raises `NoEngineError`."""
    reasons = [] if _clients() else ["no docker client on PATH"]
    for client in _clients():
        try:
            client_version, _ = _versions(client, host)
        except NoEngineError as error:
            reasons.append(f"{client}: {error}")
            continue
        if _has_buildkit(client, client_version):
            return Engine(client, host, directory)
        reasons.append(f"{client} has no buildx plugin")
    raise NoEngineError("; ".join(reasons))


def _make_bridge() -> None:
    """The network bridge that dockerd wants. It may be shared with other daemons, so no daemon may own it."""
    if subprocess.run(["ip", "link", "show", "docker0"], capture_output=True, check=False).returncode == 0:
        return
    for command in (
        ["ip", "link", "add", "docker0", "type", "bridge"],
        ["ip", "addr", "add", BRIDGE_ADDRESS, "dev", "docker0"],
        ["ip", "link", "set", "docker0", "up"],
    ):
        subprocess.run(command, capture_output=True, check=True)


@contextlib.contextmanager
def _daemon() -> Iterator[str]:
    """A dockerd of our own: its address. Raises `NoEngineError`."""
    program = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or os.geteuid() != 0:
        raise NoEngineError("no daemon answers, and one can only be started as root with dockerd installed")
    home = Path(tempfile.mkdtemp(prefix="cachelint-", dir="/var/tmp"))
    address = f"unix://{home}/docker.sock"
    command = [program, f"--data-root={home}/root", f"--exec-root={home}/exec", f"--pidfile={home}/pid"]
    command += [f"--host={address}", "--bridge=docker0", "--iptables=false", "--ip6tables=false"]
    try:
        _make_bridge()
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _await(process, address, home / "log")
            yield address
        finally:
            _end(process)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoEngineError(f"dockerd cannot be started: {error}") from error
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _await(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    clients = _clients()
    while time.monotonic() < deadline and process.poll() is None:
        for client in clients:
            with contextlib.suppress(NoEngineError):
                _versions(client, address)
                return
        time.sleep(0.3)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    raise NoEngineError(f"dockerd did not answer; its log ends:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _any_engine(host: str | None, directory: Path) -> Iterator[Engine]:
    with contextlib.ExitStack() as stack:
        try:
            engine = _connect(host, directory)
            engine.is_lent = host is not None
        except NoEngineError:
            if host or not REQUIRED:
                raise
            engine = _connect(stack.enter_context(_daemon()), directory)
        engine.import_base()
        yield engine
        engine.run("image", "rm", "--force", engine.base)


@pytest.fixture(scope="session", params=HOSTS.split(",") if HOSTS else [None], ids=lambda host: host or "engine")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with contextlib.ExitStack() as stack:
        try:
            one = stack.enter_context(_any_engine(request.param, tmp_path_factory.mktemp("engine")))
        except NoEngineError as error:
            if REQUIRED or request.param:
                pytest.fail(f"no Docker engine: {error}")
            pytest.skip(f"no Docker engine: {error}")
        yield one


@pytest.fixture(name="parse_steps")
def parse_steps_fixture() -> Callable[[str], list[Step]]:
    return parse_steps
