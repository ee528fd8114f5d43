"""What the model predicts is what a real engine does: generated Dockerfiles, one change, two builds, step by step.

Every example has its own salt, in its files and its environment, so that no example meets the cache of another one.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st

from cachelint.buildcache.context import CopySources, read_context
from cachelint.buildcache.files import ContextFiles
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.manifests import is_manifest
from cachelint.buildcache.predict import Change, Outcome, StepOutcome, predict
from cachelint.buildcache.steps import Builder, Origin
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.dockerignore import parse_dockerignore
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cachelint.buildcache.context import ContextListing
    from cachelint.buildcache.steps import Graph
    from cachelint.documents.dockerignore import DockerIgnore

pytestmark = pytest.mark.engine

EXAMPLES = int(os.environ.get("CACHELINT_ENGINE_EXAMPLES", "60"))
MOST_MAYBE = 0.05
LARGE = 1000  # steps; in a smaller sample one Dockerfile with an early MAYBE weighs too much

FILES = (
    "package.json",
    "requirements.txt",
    "main.py",
    "nginx.conf",
    "notes.md",
    "src/app.py",
    "src/lib/util.py",
    "src/package.json",
    "conf/app.conf",
    "docs/guide.md",
    "assets/logo.txt",
    "assets/style.css",
)
IGNORED = ("docs", "*.md", "**/*.css", "assets/*", "!assets/logo.txt", "src/lib", "conf", "**/util.py", "notes.md")
SOURCES = (".", ".", "src", "conf", "assets", "src/lib", "main.py", "package.json", "requirements.txt", "nginx.conf")
WILDCARDS = ("*.json", "*.py", "package*.json", "s*", "src/*", "*/*.conf", "requirements*.txt", "?ain.py", "no*thing")
TARGETS = ("./", "/app/", "/app", "/srv/data/", "/etc/conf/", ".", "src/", "$A/", "/opt/${B:-none}/")
ARGS = ("A", "B", "GIT")
CHANGES = (
    *("edit", "edit", "edit", "add", "delete", "chmod", "touch", "source", "dependencies"),
    *("arg", "arg", "arg", "pass", "undeclared", "epoch", "nothing", "no_cache", "base"),
    *("rerun", "insert", "remove", "swap"),
)


class Case(NamedTuple):
    """A context, a Dockerfile (lines of its stages) and a change: its kind and which of the candidates it takes."""

    files: tuple[str, ...]
    ignore: tuple[str, ...]
    preamble: tuple[str, ...]
    stages: tuple[tuple[str, ...], ...]
    passed: tuple[str, ...]
    change: str
    which: int

    def dockerfile(self, base: str, salt: str) -> str:
        stages = ("\n".join(stage) for stage in self.stages)
        return "\n".join((*self.preamble, *stages, "")).replace("@BASE", base).replace("@SALT", salt)

    def __str__(self) -> str:
        ignore = f"\n.dockerignore: {' '.join(self.ignore)}" if self.ignore else ""
        change = f"change: {self.change} ({self.which}); passed: {' '.join(self.passed)}"
        return f"{self.dockerfile('base', 'salt')}\nfiles: {' '.join(self.files)}{ignore}\n{change}"


class Dialect(NamedTuple):
    """What the engine at hand understands; `modern` is heredocs, and an output of nothing but cache."""

    builder: Builder
    modern: bool

    @property
    def is_legacy(self) -> bool:
        return self.builder is Builder.LEGACY


def word(draw: st.DrawFn, choices: Sequence[str]) -> str:
    return draw(st.sampled_from(choices))


def copy_from_stage(draw: st.DrawFn, made: list[set[str]]) -> str:
    """A COPY of something that a stage before has."""
    stage = draw(st.integers(0, len(made) - 2))
    name = draw(st.sampled_from([f"s{stage}", str(stage)]))
    target = word(draw, ("/got/", "/app/", "./"))
    made[-1] |= {target.rstrip("/")} - {"."}
    return f"COPY --from={name} {word(draw, sorted(made[stage]))} {target}"


def copy_line(draw: st.DrawFn, made: list[set[str]], dialect: Dialect) -> str:
    """A COPY from the context."""
    flags = ["", "", "", "--chown=${U:-1:1} "] + ["--chmod=644 "] * (not dialect.is_legacy)
    flag = draw(st.sampled_from(flags + ["--link "] * dialect.modern))
    command = draw(st.sampled_from(["COPY", "COPY", "COPY", "ADD"]))
    sources = SOURCES if draw(st.integers(0, 3)) else WILDCARDS
    chosen = draw(st.lists(st.sampled_from(sources), min_size=1, max_size=1 + draw(st.integers(0, 1)), unique=True))
    plain = len(chosen) == 1 and sources is SOURCES
    target = word(draw, TARGETS if plain else ("./", "/app/"))
    if target.startswith("/") and "$" not in target and plain:
        made[-1].add(target.rstrip("/"))
        if target == "/app/" and chosen[0] in {"main.py", "package.json", "nginx.conf"}:
            made[-1].add(f"/app/{chosen[0]}")
        if target == "/app/" and chosen[0] == ".":
            made[-1] |= {"/app/package.json", "/app/src"}
    return f"{command} {flag}{' '.join(chosen)} {target}"


RUNS = (
    "true",
    "echo one > /made",
    "cat /proc/uptime > /made",
    "ls > /made",
    "echo $A > /made",
    "cat main.py app.py package.json > /made",
    "cp -r /app /out",
    "echo ${GIT} > /dev/null",
)


def run_line(draw: st.DrawFn, made: list[set[str]], dialect: Dialect) -> str:
    mounts = ["", "", "", "", "--mount=type=cache,target=/cache ", "--mount=type=bind,target=/ctx "]
    mounts += ["--mount=type=bind,source=src,target=/ctx ", "--mount=type=bind,source=package.json,target=/p.json,rw "]
    mounts += ["--mount=type=tmpfs,target=/t ", "--mount=type=cache,id=x-$A,target=/cache "]
    index = len(made) - 1
    if index and not draw(st.integers(0, 2)):
        source = word(draw, sorted(made[index - 1]))
        mounts += [f"--mount=type=bind,from=s{index - 1},source={source},target=/m "]
        mounts += ["--mount=type=bind,from=s0,target=/m "]
    mount = word(draw, mounts) if not dialect.is_legacy else ""
    command = word(draw, RUNS)
    if dialect.modern and not draw(st.integers(0, 7)):
        return f"RUN {mount}<<EOF\n({command}) || true\nEOF"
    if not draw(st.integers(0, 7)):
        return f'RUN {mount}["/bin/sh", "-c", "({command}) || true"]'
    return f"RUN {mount}({command}) || true"


def other_line(draw: st.DrawFn, dialect: Dialect) -> str:
    lines = [
        *(f"ARG {name}" for name in ARGS),
        *("ARG A=first", "ARG B=$A", "ARG U=1000:1000", "ARG GIT=unset", "ARG TARGETARCH", "ARG C=${A:+set}"),
        *("ENV B=$GIT", "ENV GIT=fixed", "ENV X=${A:-none} Y=1", "ENV A=$A", "ENV Z=${GIT:+yes}"),
        *("WORKDIR /app", "WORKDIR /app/src", "WORKDIR sub", "WORKDIR /w/$A", "WORKDIR /"),
        *("USER 0:0", "USER ${U:-1:1}", "LABEL rev=$GIT", "EXPOSE 80", "CMD true", 'SHELL ["/bin/sh", "-ec"]'),
    ]
    if dialect.modern:
        lines.append('COPY <<EOF /made\nthe "$A" of $GIT\nEOF')
    return word(draw, lines)


def stage_lines(draw: st.DrawFn, made: list[set[str]], dialect: Dialect) -> tuple[str, ...]:
    """One stage; `made` are the paths that each stage surely has, the last one is this stage's."""
    index = len(made)
    bases = ["@BASE"] * 4 + [f"s{before}" for before in range(index)] * 2
    base = word(draw, bases)
    made.append({"/", "/bin/busybox"} if base == "@BASE" else set(made[int(base[1:])]))
    lines = [f"FROM {base} AS s{index}"]
    lines += ["ENV SALT=@SALT", "WORKDIR /@SALT"] if base == "@BASE" else []  # for RUN, and for all that reads no ENV
    if not index and not draw(st.integers(0, 5)):
        lines.append(word(draw, ("ONBUILD RUN echo trigger", "ONBUILD COPY package.json /app/", "ONBUILD ENV ON=1")))
    for _ in range(draw(st.integers(4, 9))):
        kind = draw(st.integers(0, 9))
        if kind < 3:
            lines.append(copy_line(draw, made, dialect))
        elif kind < 6:
            lines.append(run_line(draw, made, dialect))
        else:
            lines.append(other_line(draw, dialect))
    if index:  # as people write them: the results of other stages come late
        at = len(lines) - draw(st.sampled_from([0, 0, 0, 1, 2]))
        lines.insert(max(1, at), copy_from_stage(draw, made))
    return tuple(lines)


def cases(dialect: Dialect) -> st.SearchStrategy[Case]:
    @st.composite
    def build(draw: st.DrawFn) -> Case:
        files = draw(st.lists(st.sampled_from(FILES), min_size=6, max_size=len(FILES), unique=True))
        ignore = draw(st.lists(st.sampled_from(IGNORED), max_size=2, unique=True))
        count = draw(st.sampled_from([1, 1, 1, 2, 2, 3]))
        preamble = draw(st.lists(st.sampled_from(["ARG GIT=global", "ARG A", "ARG B=$A"]), max_size=1))
        made: list[set[str]] = []
        stages = tuple(stage_lines(draw, made, dialect) for _ in range(count))
        passed = draw(st.lists(st.sampled_from(ARGS), unique=True, max_size=3))
        scattered = draw(st.integers(0, 2**32)) * 2_654_435_761 >> 8  # else most examples get the first kind of change
        change = CHANGES[scattered % len(CHANGES)]
        required = {"package.json", "src/app.py", "conf/app.conf"}
        return Case(
            tuple(sorted({*files, *required})),
            tuple(ignore),
            tuple(preamble),
            stages,
            tuple(passed),
            change,
            scattered // len(CHANGES) % 12,
        )

    return build()


class Trial:
    """One case on one engine: two builds, and what was predicted for the second."""

    def __init__(self, case: Case, engine, dialect: Dialect, directory: Path) -> None:
        self.case = case
        self.engine = engine
        self.dialect = dialect
        self.salt = engine.unique()
        self.context = directory / self.salt
        self.base = engine.base
        self.args = {name: f"{name.lower()}{self.salt}" for name in case.passed}
        self.text = ""
        self.flags: list[str] = []

    def run(self) -> tuple[tuple[StepOutcome, ...], dict[str, str]]:
        """The predictions, and the status of each label in the second build's log."""
        self._write()
        if self.case.change == "base":
            self._make_base("first")
        self.text = self.case.dockerfile(self.base, self.salt)
        before = self._graph()
        self._require_sources(before)
        self._build()
        listing_before = self._files()
        change = self._change()
        after = self._graph()
        no_cache = self.case.change == "no_cache"
        edited = before if self.case.change in {"rerun", "insert", "remove", "swap", "pass", "arg"} else None
        predicted = predict(after, change, listing_before, no_cache=no_cache, before=edited)
        if self.case.change == "arg":
            self._check_symbolic(before, predicted, listing_before)
        if self.case.change in {"source", "dependencies"}:
            self._check_names(after, change, predicted)
        return predicted, self._build(no_cache=no_cache)

    def _check_symbolic(self, before: Graph, predicted: Sequence[StepOutcome], files: ContextFiles) -> None:
        """Both ways to predict a new value agree: comparing two graphs, and marking the argument as changed."""
        symbolic = predict(before, Change(args=frozenset(self._changed_args)), files)
        for one, other in zip(predicted, symbolic, strict=True):
            assert one.outcome == other.outcome or Outcome.MAYBE in {one.outcome, other.outcome}, (one, other)

    def _check_names(self, graph: Graph, change: Change, exact: Sequence[StepOutcome]) -> None:
        """Without a listing nothing is called CACHED that a listing shows to run."""
        for named, listed in zip(predict(graph, change), exact, strict=True):
            assert not (named.outcome is Outcome.CACHED and listed.outcome is Outcome.RUN), (named, listed)

    def _require_sources(self, graph: Graph) -> None:
        """Give up early where the build would fail because a source is missing or ignored."""
        listed = self._listing().paths
        for step in graph.steps:
            for source in step.sources:
                if source.origin is Origin.CONTEXT and CopySources(source.paths, wildcards=not source.literal).missing(
                    listed
                ):
                    reject()

    def _write(self) -> None:
        for name in self.case.files:
            path = self.context / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{name} {self.salt}\n")
        if self.case.ignore:
            (self.context / ".dockerignore").write_text("\n".join((*self.case.ignore, ".dockerignore", "")))

    def _ignore(self) -> DockerIgnore | None:
        if not self.case.ignore:
            return None
        return parse_dockerignore(SourceFile(".dockerignore", (self.context / ".dockerignore").read_text()))

    def _listing(self) -> ContextListing:
        return read_context(str(self.context), self._ignore())

    def _files(self) -> ContextFiles:
        return ContextFiles(self._listing(), self._ignore())

    def _graph(self) -> Graph:
        parsed = parse_dockerfile(SourceFile("Dockerfile", self.text))
        return build_graph(parsed, None, self.args, builder=self.dialect.builder)

    def _make_base(self, content: str) -> None:
        self.base = f"cachelint-test-base:moving-{self.salt[:12]}"
        text = f"FROM {self.engine.base}\nENV WHICH={self.salt}\nRUN echo {content} > /which\n"
        self.engine.build(self.context, text, flags=[f"--tag={self.base}"])

    def _build(self, *, no_cache: bool = False) -> dict[str, str]:
        """The status of each label in the log; what fails on its own merits is given up."""
        try:
            return self._build_legacy(no_cache) if self.dialect.is_legacy else self._build_buildkit(no_cache)
        except Exception as error:
            if error.__class__.__name__ != "BuildError":
                raise
            note(str(error)[-600:])
            reject()

    def _build_buildkit(self, no_cache: bool) -> dict[str, str]:
        flags = ["--output=type=cacheonly"] if self.dialect.modern else []  # nothing here reads the image
        steps = self.engine.build(self.context, self.text, args=self.args, no_cache=no_cache, flags=flags)
        statuses: dict[str, str] = {}
        for step in steps:
            label = re.match(r"\[[^]]+\]", step.label)
            if label and statuses.get(label[0]) != "ran":
                statuses[label[0]] = step.status
        return statuses

    def _build_legacy(self, no_cache: bool) -> dict[str, str]:
        command = ["build", "--network=none", *["--no-cache"] * no_cache]
        command += [f"--build-arg={name}={value}" for name, value in self.args.items()]
        file = self.engine.directory / "Dockerfile"
        file.write_text(self.text)
        self.engine.environment["DOCKER_BUILDKIT"] = "0"
        done = self.engine.run(*command, f"--file={file}", str(self.context))
        self.engine.environment["DOCKER_BUILDKIT"] = "1"
        if done.returncode:
            reject()
        parts = re.split(r"^(Step \d+/\d+) : ", done.stdout.decode(), flags=re.MULTILINE)[1:]
        return {
            label: "cached" if "\n ---> Using cache\n" in rest else "ran"
            for label, rest in zip(parts[::2], parts[1::2], strict=True)
        }

    def _change(self) -> Change:
        return getattr(self, f"_do_{self.case.change}")()

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[self.case.which % len(choices)]

    def _rewrite(self, names: Iterable[str]) -> frozenset[str]:
        names = list(names)
        for name in names:
            path = self.context / name
            path.write_text(path.read_text() + "more\n")
        return frozenset(names)

    def _do_edit(self) -> Change:
        return Change(paths=self._rewrite([self._pick(self.case.files)]))

    def _do_add(self) -> Change:
        name = self._pick(["new.py", "src/new.py", "new.json", "fresh/new.py", "docs/new.md", "conf/new.conf"])
        (self.context / name).parent.mkdir(exist_ok=True)
        (self.context / name).write_text(f"new {self.salt}\n")
        return Change(paths=frozenset([name]))

    def _do_delete(self) -> Change:
        name = self._pick(self.case.files)
        (self.context / name).unlink()
        return Change(paths=frozenset([name]))

    def _do_chmod(self) -> Change:
        name = self._pick(self.case.files)
        (self.context / name).chmod(0o755)
        return Change(paths=frozenset([name]))

    def _do_touch(self) -> Change:
        os.utime(self.context / self._pick(self.case.files), (1_600_000_000, 1_600_000_000))
        return Change()

    def _do_source(self) -> Change:
        self._rewrite(name for name in self.case.files if not is_manifest(name))
        return Change(source=True)

    def _do_dependencies(self) -> Change:
        self._rewrite(filter(is_manifest, self.case.files))
        return Change(dependencies=True)

    def _do_arg(self) -> Change:
        if not self.args:
            reject()
        name = self._pick(list(self.args))
        self._changed_args: Mapping[str, str] = {name: f"new{self.salt}"}
        self.args |= self._changed_args
        return Change()

    def _do_pass(self) -> Change:
        name = self._pick([*ARGS, "U"])
        self.args[name] = self._pick(["first", "unset", self.salt]) if name != "U" else f"{2000 + self.case.which}:1"
        return Change()

    def _do_undeclared(self) -> Change:
        self.args["NOBODY"] = self.salt
        return Change(args=frozenset(["NOBODY"]))

    def _do_epoch(self) -> Change:
        self.args["SOURCE_DATE_EPOCH"] = str(1_600_000_000 + int(self.salt[:6], 16))
        return Change(args=frozenset(["SOURCE_DATE_EPOCH"]))

    def _do_nothing(self) -> Change:
        return Change()

    _do_no_cache = _do_nothing

    def _do_base(self) -> Change:
        self._make_base("second")
        return Change(base=True)

    def _lines(self) -> tuple[list[str], list[int]]:
        lines = self.text.split("\n")
        inside = [
            at
            for at, line in enumerate(lines)
            if line.split(" ")[0] in {"ARG", "ENV", "COPY", "LABEL", "WORKDIR", "RUN"}
        ]
        return lines, [
            at
            for at in inside
            if "<<" not in lines[at]
            and self.salt not in lines[at]  # nothing above it: other examples on this daemon had that too
            and at > lines.index(next(x for x in lines if x.startswith("FROM")))
        ]

    def _do_rerun(self) -> Change:
        lines, inside = self._lines()
        runs = [at for at in inside if lines[at].startswith("RUN") and not lines[at].endswith("]")]
        if not runs:
            reject()
        lines[runs[self.case.which % len(runs)]] += "; true"
        return self._edited(lines)

    def _do_insert(self) -> Change:
        lines, inside = self._lines()
        new = self._pick(
            ["ENV NEW=1", "LABEL new=1", "ARG NEW", "ARG NEW=1", "RUN echo new", "WORKDIR /new", "USER 1:1"]
        )
        lines.insert(inside[self.case.which % len(inside)], new)
        return self._edited(lines)

    def _do_remove(self) -> Change:
        lines, inside = self._lines()
        del lines[inside[self.case.which % len(inside)]]
        return self._edited(lines)

    def _do_swap(self) -> Change:
        lines, inside = self._lines()
        pairs = [at for at in inside if at + 1 in inside]
        if not pairs:
            reject()
        at = pairs[self.case.which % len(pairs)]
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
        return self._edited(lines)

    def _edited(self, lines: list[str]) -> Change:
        self.text = "\n".join(lines)
        return Change()


def dialect_of(engine) -> Dialect:
    old = engine.server_version.startswith("20.")
    return Dialect(Builder.BUILDKIT_20_10 if old else Builder.BUILDKIT, modern=not old)


def wrong(predicted: Iterable[StepOutcome], statuses: Mapping[str, str], counts: Counter[str]) -> list[str]:
    """The steps that did otherwise; counts what was predicted for those that the log shows."""
    mismatches = []
    for one in predicted:
        status = statuses.get(one.step.label)
        if one.step.keyword == "FROM" or status is None:
            counts["not printed"] += one.step.keyword != "FROM"
            continue
        counts[one.outcome.name] += 1
        counts[f"MAYBE {status}"] += one.outcome is Outcome.MAYBE
        if (one.outcome, status) in {(Outcome.CACHED, "ran"), (Outcome.RUN, "cached")}:
            mismatches.append(f"{one.step.label} {one.step.keyword} {one.outcome.name} ({one.cause}), but {status}")
    return mismatches


def test_every_step_does_what_was_predicted(engine, tmp_path):
    check_examples(engine, dialect_of(engine), tmp_path, EXAMPLES)


def test_every_step_of_the_legacy_builder_does_too(engine, tmp_path):
    check_examples(engine, Dialect(Builder.LEGACY, modern=False), tmp_path, max(1, EXAMPLES // 3))


def check_examples(engine, dialect: Dialect, directory: Path, examples: int) -> None:
    counts: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        derandomize=os.environ.get("CI") == "true",  # a change is judged by the same builds as the one before it
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(cases(dialect))
    def check(case: Case) -> None:
        predicted, statuses = Trial(case, engine, dialect, directory).run()
        counts["builds"] += 1
        mismatches = wrong(predicted, statuses, counts)
        assert not mismatches, "\n".join((str(case), *mismatches))

    check()
    print(f"{engine}, {dialect.builder.value}: {dict(counts)}")
    steps = sum(counts[outcome.name] for outcome in Outcome)
    assert steps > examples
    assert counts["MAYBE"] <= (MOST_MAYBE if steps >= LARGE else 3 * MOST_MAYBE) * steps
