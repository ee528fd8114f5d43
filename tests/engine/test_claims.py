"""What the rules, their messages and the documentation say about BuildKit's cache, each claim against a real engine.

In the Dockerfiles below `FROM base` stands for the test image with a layer that no other build has. `/app` holds what a
test looks at, and `{RANDOM}` stands for whatever a step could get from elsewhere: it differs at each execution.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import read_files, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine

RANDOM = "cat /proc/sys/kernel/random/uuid"
COUNT = "echo line >> /cache/log && cat /cache/log > /app/log"
TIME = 1_700_000_000
GIVEN_HOSTS = {"CACHELINT_TEST_DOCKER_HOSTS", "CACHELINT_TEST_DOCKER_HOST", "DOCKER_HOST"}


class Built(NamedTuple):
    """What a build did (``COPY cached``, with the stage's name before it when it has one), and the files of /app."""

    steps: list[str]
    files: dict[str, str]


class Project:
    """A build context, and the builds of it."""

    def __init__(self, engine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory
        self.context = directory / f"context-{engine.unique()}"  # BuildKit may share contexts of one name
        self.images: list[str] = []
        self.label = f"cachelint-test={engine.unique()}"
        self.write(salt=engine.unique())

    def write(self, **files: str) -> None:
        """Write files; their names are relative to the context, ``__`` is a slash."""
        write_files(self.context, {name.replace("__", "/"): text for name, text in files.items()})

    def build(self, dockerfile: str | None, *flags: str, **options) -> Built:
        """Build, without leaving an image."""
        destination = self.directory / "result"
        steps = self._steps(dockerfile, f"--output=type=local,dest={destination}", *flags, **options)
        files = read_files(destination / "app")
        shutil.rmtree(destination)
        return Built(steps, files)

    def image(self, dockerfile: str, *flags: str, name: str = "", **options) -> tuple[str, list[str]]:
        """Build an image: its name, and what was done."""
        name = name or f"cachelint-test:{self.engine.unique()}"
        self.images.append(name)
        return name, self._steps(dockerfile, f"--tag={name}", f"--label={self.label}", *flags, **options)

    def text(self, dockerfile: str) -> str:
        """The Dockerfile with its real base."""
        return re.sub(r"^(FROM) base\b(.*)", rf"\1 {self.engine.base}\2\nCOPY salt /", dockerfile, flags=re.MULTILINE)

    def _steps(self, dockerfile: str | None, *flags: str, **options) -> list[str]:
        text = None if dockerfile is None else self.text(dockerfile)
        return _described(self.engine.build(self.context, text, flags=flags, **options))

    def remove_images(self) -> None:
        if self.images:
            self.engine.run("image", "rm", "--force", *self.images)
        self.engine.run("image", "prune", "--force", f"--filter=label={self.label}")  # those that lost their name


def _described(steps) -> list[str]:
    found: dict[tuple[str, int], str] = {}
    for label, status in steps:
        match = re.match(r"\[(?:(\S+) )?(\d+)/\d+\] (\w+)", label)
        if match and match[3] != "FROM" and "COPY salt /" not in label:
            stage = "" if match[1] in {None, "stage-0"} else match[1] + " "
            found[stage, int(match[2])] = f"{stage}{match[3]} {status}"
    return [found[key] for key in sorted(found)]


@pytest.fixture
def project(engine, tmp_path) -> Iterator[Project]:
    one = Project(engine, tmp_path)
    yield one
    one.remove_images()


@pytest.fixture
def prune(engine) -> Callable[..., str]:
    """``docker builder prune``, which takes the cache away from everybody who uses the engine."""
    given = [host for name in GIVEN_HOSTS for host in os.environ.get(name, "").split(",")]
    is_own = engine.environment.get("DOCKER_HOST", "") not in {"", *given}
    if not is_own and os.environ.get("CACHELINT_TEST_PRUNE") != "1":
        pytest.skip("would prune the cache of an engine that others may use: CACHELINT_TEST_PRUNE=1 allows it")

    def run(*flags: str) -> str:
        done = engine.run("builder", "prune", "--force", *flags)
        assert done.returncode == 0, done.stdout
        return done.stdout.decode()

    return run


@pytest.fixture
def graphdriver(engine) -> None:
    """The image store that Docker had alone before it could use containerd's."""
    if b"containerd.snapshotter" in engine.run("info", "--format={{.DriverStatus}}").stdout:
        pytest.skip("images are in containerd's store, where this is not so")


def inspect(engine, image: str, template: str) -> str:
    return engine.run("image", "inspect", f"--format={template}", image).stdout.decode().strip()


# Build arguments


def test_arg_busts_the_first_run_and_what_is_below_it(project):
    """A new value never re-runs a COPY that follows the ARG, but the first RUN, though it does not use the value."""
    project.write(one="1", two="2")
    dockerfile = "FROM base\nARG GIT\nCOPY one /app/\nRUN true\nCOPY two /app/\n"
    assert project.build(dockerfile, args={"GIT": "a"}).steps == ["COPY ran", "RUN ran", "COPY ran"]
    assert project.build(dockerfile, args={"GIT": "b"}).steps == ["COPY cached", "RUN ran", "COPY ran"]


def test_run_between_arg_and_copy_busts_the_copy(project):
    project.write(code="1")
    dockerfile = 'FROM base\nARG GIT\nRUN echo "$GIT" > /revision\nCOPY code /app/\n'
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}).steps == ["RUN ran", "COPY ran"]


def test_arg_that_is_expanded_in_a_copy_busts_it(project):
    project.write(code="1")
    dockerfile = "FROM base\nARG GIT\nCOPY code /app/$GIT/\n"
    project.build(dockerfile, args={"GIT": "a"})
    built = project.build(dockerfile, args={"GIT": "b"})
    assert built == (["COPY ran"], {"b/code": "1"})


def test_undeclared_build_arg_changes_nothing(project):
    dockerfile = f"FROM base\nRUN busybox mkdir /app && {RANDOM} > /app/random && echo $GIT > /app/git\n"
    before = project.build(dockerfile, args={"GIT": "a"})
    after = project.build(dockerfile, args={"GIT": "b"})
    assert after.steps == ["RUN cached"]
    assert after.files == before.files
    assert after.files["git"] == "\n"


def test_undeclared_build_arg_is_dropped_without_a_word(engine, project):
    project.write(Dockerfile=project.text("FROM base\n"))
    flags = ["--build-arg=UNDECLARED=a", "--progress=plain", f"--output=type=local,dest={project.directory}/result"]
    done = engine.run("build", *flags, str(project.context))
    assert done.returncode == 0
    assert b"UNDECLARED" not in done.stdout


def test_arg_before_from_is_invisible_in_stages(project):
    dockerfile = "ARG GIT=default\nFROM base\nRUN busybox mkdir /app && echo $GIT > /app/git\n"
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}) == (["RUN cached"], {"git": "\n"})


def test_arg_before_from_is_the_default_of_one_in_the_stage(project):
    dockerfile = "ARG GIT=default\nFROM base\nARG GIT\nRUN busybox mkdir /app && echo $GIT > /app/git\n"
    assert project.build(dockerfile) == (["RUN ran"], {"git": "default\n"})
    assert project.build(dockerfile, args={"GIT": "b"}) == (["RUN ran"], {"git": "b\n"})


def test_env_overrides_arg(project):
    """The argument's value reaches no step, so it re-runs none."""
    dockerfile = "FROM base\nARG GIT\nENV GIT=env\nRUN busybox mkdir /app && echo $GIT > /app/git\n"
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}) == (["RUN cached"], {"git": "env\n"})


def test_arg_below_the_last_run_changes_the_label_only(engine, project):
    project.write(code="1")
    dockerfile = "FROM base\nCOPY code /app/\nRUN true\nARG GIT\nLABEL revision=$GIT\nENV REVISION=$GIT\n"
    project.image(dockerfile, args={"GIT": "a"})
    image, steps = project.image(dockerfile, args={"GIT": "b"})
    assert steps == ["COPY cached", "RUN cached"]
    assert inspect(engine, image, "{{.Config.Labels.revision}}") == "b"
    assert "REVISION=b" in inspect(engine, image, "{{.Config.Env}}")


def test_stage_out_of_reach_is_not_built(project):
    dockerfile = "FROM base AS other\nARG GIT\nRUN false\nFROM base AS web\nRUN busybox mkdir /app\n"
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}).steps == ["web RUN cached"]


def test_stage_inherits_the_args_of_its_base(project):
    dockerfile = "FROM base AS one\nARG GIT\nFROM one AS two\nRUN busybox mkdir /app && echo $GIT > /app/git\n"
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}) == (["two RUN ran"], {"git": "b\n"})


def test_value_counts_not_where_it_comes_from(project):
    """Passing the default changes nothing; passing what had no value does."""
    dockerfile = "FROM base\nARG GIT=same\nRUN busybox mkdir /app\nARG OTHER\nRUN true\n"
    project.build(dockerfile)
    assert project.build(dockerfile, args={"GIT": "same"}).steps == ["RUN cached", "RUN cached"]
    assert project.build(dockerfile, args={"OTHER": "a"}).steps == ["RUN cached", "RUN ran"]


def test_proxies_are_no_part_of_the_key_unless_declared(project):
    dockerfile = "FROM base\nRUN busybox mkdir /app\nARG HTTP_PROXY\nRUN true\n"
    project.build(dockerfile, args={"HTTP_PROXY": "http://a"})
    assert project.build(dockerfile, args={"HTTP_PROXY": "http://b"}).steps == ["RUN cached", "RUN ran"]


def test_env_re_runs_the_runs_and_label_nothing(project):
    project.write(code="1")
    dockerfile = "FROM base\nENV A={0}\nLABEL l={1}\nCOPY code /app/\nRUN true\nCMD {1}\n"
    project.build(dockerfile.format("a", "a"))
    assert project.build(dockerfile.format("a", "b")).steps == ["COPY cached", "RUN cached"]
    assert project.build(dockerfile.format("b", "b")).steps == ["COPY cached", "RUN ran"]


# Files of the build context


def test_cached_copy_is_correct(project):
    """CACHED means that the files are the same, whatever else was built between."""
    project.write(code="1")
    dockerfile = "FROM base\nCOPY code /app/\n"
    assert project.build(dockerfile) == (["COPY ran"], {"code": "1"})
    assert project.build(dockerfile) == (["COPY cached"], {"code": "1"})
    project.write(code="new 2")
    assert project.build(dockerfile) == (["COPY ran"], {"code": "new 2"})
    project.write(code="1")
    assert project.build(dockerfile) == (["COPY cached"], {"code": "1"})


def test_copy_compares_content_and_mode_not_time(project):
    project.write(code="1")
    dockerfile = "FROM base\nCOPY code /app/\n"
    project.build(dockerfile)
    os.utime(project.context / "code", (TIME, TIME))
    assert project.build(dockerfile).steps == ["COPY cached"]
    (project.context / "code").chmod(0o755)
    assert project.build(dockerfile).steps == ["COPY ran"]


def test_ignored_files_do_not_count(project):
    write_files(project.context, {".dockerignore": "docs\nDockerfile\n.dockerignore\n"})
    project.write(code="1", docs__guide="1")
    dockerfile = "FROM base\nCOPY . /app/\n"
    project.build(dockerfile)
    project.write(docs__guide="new 2", docs__other="3")
    built = project.build(dockerfile)
    assert built.steps == ["COPY cached"]
    assert sorted(built.files) == ["code", "salt"]


def test_dockerfile_in_the_context_is_copied_with_it(project):
    """A comment added to it re-runs ``COPY . .``."""
    project.write(Dockerfile=project.text("FROM base\nCOPY . /app/\n"))
    project.build(None)
    project.write(Dockerfile=project.text("# comment\nFROM base\nCOPY . /app/\n"))
    assert project.build(None).steps == ["COPY ran"]


def test_copy_with_a_pattern_depends_on_what_matches(project):
    write_files(project.context, {"a.json": "1"})
    dockerfile = "FROM base\nCOPY *.json /app/\n"
    project.build(dockerfile)
    project.write(code="1")
    assert project.build(dockerfile).steps == ["COPY cached"]
    write_files(project.context, {"b.json": "1"})
    assert project.build(dockerfile).steps == ["COPY ran"]


def test_copy_below_a_run_re_runs_with_it(project):
    """Though the RUN made the same files again."""
    project.write(code="1")
    dockerfile = "FROM base\nARG GIT\nRUN echo same > /same\nCOPY code /app/\n"
    project.build(dockerfile, args={"GIT": "a"})
    assert project.build(dockerfile, args={"GIT": "b"}).steps == ["RUN ran", "COPY ran"]


@pytest.mark.parametrize(("made", "outcome"), [("echo same", "cached"), (RANDOM, "ran")])
def test_copy_from_a_stage_compares_content(project, made, outcome):
    """A stage that re-ran matters as far as it made other files at the copied path."""
    dockerfile = f"""
FROM base AS build
ARG GIT
RUN {made} > /out && {RANDOM} > /beside
FROM base AS web
COPY --from=build /out /app/
RUN true
"""
    project.build(dockerfile, args={"GIT": "a"})
    again = project.build(dockerfile, args={"GIT": "b"})
    assert again.steps == ["build RUN ran", f"web COPY {outcome}", f"web RUN {outcome}"]


def test_add_of_a_url_asks_the_server_each_time(project):
    class Handler(BaseHTTPRequestHandler):
        content = b"old"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.content)))
            self.end_headers()
            self.wfile.write(self.content)

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        dockerfile = f"FROM base\nADD http://127.0.0.1:{server.server_port}/file /app/\nRUN true\n"
        project.build(dockerfile)
        same = project.build(dockerfile)
        Handler.content = b"moved"
        moved = project.build(dockerfile)
        server.shutdown()
    assert (same.steps[-1], same.files) == ("RUN cached", {"file": "old"})
    assert (moved.steps[-1], moved.files) == ("RUN ran", {"file": "moved"})


# Files of equal size, time and mode


def write_at_one_time(project: Project, text: str) -> None:
    project.write(code=text)
    os.utime(project.context / "code", (TIME, TIME))


def test_edit_of_equal_size_and_time_is_not_seen(project):
    """The old content is shipped, and with --no-cache too, where the log says DONE and not CACHED."""
    dockerfile = "FROM base\nCOPY code /app/\n"
    write_at_one_time(project, "old1")
    project.build(dockerfile)
    write_at_one_time(project, "new2")
    assert project.build(dockerfile) == (["COPY cached"], {"code": "old1"})
    assert project.build(dockerfile, no_cache=True) == (["COPY ran"], {"code": "old1"})
    os.utime(project.context / "code", (TIME + 1, TIME + 1))
    assert project.build(dockerfile) == (["COPY ran"], {"code": "new2"})


@pytest.mark.parametrize("flags", [["--filter=type=source.local"], []], ids=["source.local", "everything unused"])
def test_prune_makes_the_context_be_read_again(project, prune, flags):
    dockerfile = "FROM base\nCOPY code /app/\n"
    write_at_one_time(project, "old1")
    project.build(dockerfile)
    write_at_one_time(project, "new2")
    prune(*flags)
    assert project.build(dockerfile).files == {"code": "new2"}


# Steps that depend on something else


def test_run_never_re_runs_on_its_own(project):
    dockerfile = f"FROM base\nRUN busybox mkdir /app && {RANDOM} > /app/fetched\n"
    first = project.build(dockerfile)
    assert project.build(dockerfile) == (["RUN cached"], first.files)


def test_changing_arg_or_copy_above_re_runs_it(project):
    project.write(code="1")
    dockerfile = f"FROM base\nARG GIT\nCOPY code /app/\nRUN {RANDOM} > /app/fetched\n"
    fetched = [project.build(dockerfile, args={"GIT": "a"}).files["fetched"]]
    fetched.append(project.build(dockerfile, args={"GIT": "b"}).files["fetched"])
    project.write(code="new 2")
    fetched.append(project.build(dockerfile, args={"GIT": "b"}).files["fetched"])
    assert len(set(fetched)) == 3


def test_secrets_do_not_count(project):
    dockerfile = (
        "FROM base\nRUN --mount=type=secret,id=token busybox mkdir /app && cat /run/secrets/token > /app/seen\n"
    )
    secret = project.directory / "token"
    for text in ("old", "new"):
        secret.write_text(text)
        built = project.build(dockerfile, f"--secret=id=token,src={secret}")
    assert built == (["RUN cached"], {"seen": "old"})


def test_bind_mount_counts_as_far_as_it_is_mounted(project):
    project.write(src__code="1", beside="1")
    dockerfile = "FROM base\nRUN --mount=type=bind,source=src,target=/src busybox mkdir /app && cp /src/code /app/\n"
    project.build(dockerfile)
    project.write(beside="new 2")
    assert project.build(dockerfile).steps == ["RUN cached"]
    project.write(src__code="new 2")
    assert project.build(dockerfile) == (["RUN ran"], {"code": "new 2"})


# Cache mounts


def counting(engine) -> str:
    """A Dockerfile whose result has a line for each time that the step met its cache mount."""
    mount = f"--mount=type=cache,id={engine.unique()},target=/cache"
    return f"FROM base\nARG GIT\nRUN busybox mkdir /app\nRUN {mount} {COUNT}\n"


def lines(built: Built) -> int:
    return len(built.files["log"].splitlines())


def test_cache_mount_is_kept_and_no_part_of_the_key(engine, project):
    dockerfile = counting(engine)
    assert lines(project.build(dockerfile, args={"GIT": "a"})) == 1
    assert lines(project.build(dockerfile, args={"GIT": "b"})) == 2
    assert project.build(dockerfile, args={"GIT": "a"}).steps == ["RUN cached", "RUN cached"]


def test_no_cache_empties_cache_mounts(engine, project):
    dockerfile = counting(engine)
    assert lines(project.build(dockerfile, args={"GIT": "a"})) == 1
    assert lines(project.build(dockerfile, args={"GIT": "b"})) == 2
    assert lines(project.build(dockerfile, args={"GIT": "b"}, no_cache=True)) == 1


def test_what_is_written_to_a_cache_mount_is_not_in_the_image(project):
    dockerfile = "FROM base\nRUN --mount=type=cache,target=/app/dist echo built > /app/dist/main.js\n"
    assert project.build(dockerfile).files == {}


# Prune


def test_prune_leaves_the_layers_of_an_image(project, prune, graphdriver):
    """So it guarantees no fresh COPY and no fresh RUN."""
    project.write(code="1")
    dockerfile = f"FROM base\nCOPY code /app/\nRUN {RANDOM} > /app/fetched\n"
    project.image(dockerfile)
    prune()
    assert project.image(dockerfile)[1] == ["COPY cached", "RUN cached"]


def test_prune_drops_cache_mounts(engine, project, prune):
    dockerfile = counting(engine)
    assert lines(project.build(dockerfile, args={"GIT": "a"})) == 1
    prune()
    assert lines(project.build(dockerfile, args={"GIT": "b"})) == 1


def test_prune_of_regular_records_re_runs_layers_and_keeps_cache_mounts(engine, project, prune):
    """Also where an image holds the layers."""
    dockerfile = counting(engine)
    project.image(dockerfile)
    prune("--all", "--filter=type=regular")
    again = project.build(dockerfile)
    assert again.steps == ["RUN ran", "RUN ran"]
    assert lines(again) == 2


def test_old_engines_refuse_a_negated_filter(engine, prune, monkeypatch):
    """``type!=exec.cachemount`` is no portable way to keep the cache mounts."""
    if not engine.server_version.startswith("20."):
        pytest.skip(f"Docker {engine.server_version} knows it")
    monkeypatch.setitem(engine.environment, "DOCKER_BUILDKIT", "0")  # lest the client asks buildx instead of the engine
    assert engine.run("builder", "prune", "--force", "--filter=type!=exec.cachemount").returncode != 0


# The inline cache


def configuration(engine, image: str) -> bytes:
    """All the JSON of a saved image."""
    with tarfile.open(fileobj=BytesIO(engine.run("image", "save", image).stdout)) as tar:
        found = [tar.extractfile(one) for one in tar.getmembers() if one.isfile() and one.size < 100_000]
        return b"\n".join(one.read() for one in found if one)


def test_inline_cache_writes_metadata_and_re_runs_nothing(engine, project):
    project.write(code="1")
    dockerfile = "FROM base\nCOPY code /app/\nRUN true\n"
    without, _ = project.image(dockerfile)
    image, steps = project.image(dockerfile, args={"BUILDKIT_INLINE_CACHE": "1"})
    assert steps == ["COPY cached", "RUN cached"]
    assert b"moby.buildkit.cache.v0" in configuration(engine, image)
    assert b"moby.buildkit.cache.v0" not in configuration(engine, without)
    project.write(code="new 2")
    assert project.build(dockerfile, args={"BUILDKIT_INLINE_CACHE": "1"}).files == {"code": "new 2"}


def test_declared_inline_cache_re_runs_what_is_below(project):
    dockerfile = "FROM base\nARG BUILDKIT_INLINE_CACHE\nRUN busybox mkdir /app\n"
    project.build(dockerfile)
    assert project.build(dockerfile, args={"BUILDKIT_INLINE_CACHE": "1"}).steps == ["RUN ran"]


def test_inline_cache_is_used_through_cache_from_only(project, prune, graphdriver):
    """Then a pruned engine gets the old result of a fetch, and still the new source."""
    project.write(code="1")
    dockerfile = f"FROM base\nRUN busybox mkdir /app && {RANDOM} > /app/fetched\nCOPY code /app/\n"
    old = project.build(dockerfile).files["fetched"]
    image, _ = project.image(dockerfile, args={"BUILDKIT_INLINE_CACHE": "1"})
    prune("--all")
    project.write(code="new 2")
    imported = project.build(dockerfile, f"--cache-from={image}")
    assert imported == (["RUN cached", "COPY ran"], {"fetched": old, "code": "new 2"})
    prune("--all")
    alone = project.build(dockerfile)
    assert alone.steps == ["RUN ran", "COPY ran"]
    assert alone.files["fetched"] != old


# Containers


def test_restart_keeps_the_old_image(engine, project):
    """A container stays with the image that it was made from, whatever its name stands for now."""
    dockerfile = "FROM base\nCOPY code /app/\nCMD sleep 600\n"
    project.write(code="old")
    name, _ = project.image(dockerfile)
    container = engine.unique()
    started = engine.run("run", "--detach", "--network=none", f"--name={container}", name)
    assert started.returncode == 0, started.stdout
    try:
        project.write(code="new")
        project.image(dockerfile, name=name)
        engine.run("restart", "--time=0", container)
        assert engine.run("exec", container, "cat", "/app/code").stdout == b"old"
        assert engine.run("run", "--rm", "--network=none", name, "cat", "/app/code").stdout == b"new"
    finally:
        engine.run("rm", "--force", "--volumes", container)


COMPOSE = """\
services:
  plain: &service
    build: {{context: ., network: none, labels: [{label}]}}
    network_mode: none
    stop_grace_period: 0s
    command: sleep 600
  named:
    <<: *service
    volumes: ["dist:/app"]
  anonymous:
    <<: *service
    volumes: [/app]
volumes:
  dist:
"""


def test_what_compose_up_keeps(engine, project):
    """The old image without --build; an anonymous volume unless -V is given; a named one until it is removed."""
    if engine.run("compose", "version").returncode:
        pytest.skip("the docker client has no compose plugin")
    volumes: set[str] = set()
    project.write(Dockerfile=project.text("FROM base\nCOPY code /app/\n"), code="old")
    write_files(project.context, {"compose.yaml": COMPOSE.format(label=project.label)})

    def compose(*arguments: str) -> str:
        done = engine.run("compose", f"--project-directory={project.context}", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout.decode()

    def up(*flags: str) -> dict[str, str]:
        compose("up", "--detach", *flags)
        container = compose("ps", "--quiet", "anonymous").strip()
        mounted = engine.run("inspect", "--format={{range .Mounts}}{{.Name}}{{end}}", container)
        volumes.add(mounted.stdout.decode().strip())
        return {name: compose("exec", "-T", name, "cat", "/app/code") for name in ("plain", "named", "anonymous")}

    try:
        up("--build")
        project.write(code="new")
        assert up() == {"plain": "old", "named": "old", "anonymous": "old"}
        assert up("--build") == {"plain": "new", "named": "old", "anonymous": "old"}
        assert up("--force-recreate", "-V") == {"plain": "new", "named": "old", "anonymous": "new"}
        compose("down")
        assert up()["named"] == "old"
        compose("down", "--volumes")
        assert up()["named"] == "new"
    finally:
        compose("down", "--volumes", "--rmi=local")
        engine.run("volume", "rm", "--force", *volumes)
