"""The tables of what BuildKit was seen to do, row by row: which instructions run again, and which may."""

from __future__ import annotations

import time

import pytest

from cachelint.buildcache.context import ContextListing
from cachelint.buildcache.files import ContextFiles
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.predict import Change, Outcome, Predictor, predict
from cachelint.buildcache.steps import Builder
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.dockerignore import parse_dockerignore
from cachelint.source import SourceFile

GIT = Change(args=frozenset({"GIT"}))
SOURCE = Change(source=True)
DEPENDENCIES = Change(dependencies=True)
MARKS = {Outcome.CACHED: "-", Outcome.MAYBE: "?", Outcome.RUN: "R"}

CLASSIC = "FROM b\nWORKDIR /app\nCOPY package.json .\nRUN deps\nARG GIT\nCOPY src src\nRUN build\n"
EARLY = "FROM b\nARG GIT\nWORKDIR /app\nENV X=1\nLABEL l=1\nCOPY package.json .\nRUN deps\nCOPY src src\nRUN build\n"


def graph(text: str, builder: Builder = Builder.BUILDKIT, target: str | None = None, **args: str | None):
    return build_graph(parse_dockerfile(SourceFile("Dockerfile", text)), target, args, builder=builder)


def paths(*names: str) -> Change:
    return Change(paths=frozenset(names))


def listing(*names: str, ignore: str = "", links: dict[str, str] | None = None) -> ContextFiles:
    rules = parse_dockerignore(SourceFile(".dockerignore", ignore)) if ignore else None
    return ContextFiles(ContextListing(list(names), links or {}), rules)


def marks(outcomes) -> str:
    """One character a step, FROM left out: ``R`` runs, ``?`` may, ``-`` is cached."""
    return "".join(MARKS[one.outcome] for one in outcomes if one.step.keyword != "FROM")


# Section 1: build arguments. GIT goes from one value to another.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(EARLY, "--RRR", id="early: first RUN and all below, no COPY above it"),
        pytest.param(CLASSIC, "----R", id="late: the COPY after it stays"),
        pytest.param("FROM b\nARG GIT\nRUN one\n", "R", id="unused"),
        pytest.param("FROM b\nRUN one\nARG GIT\nLABEL a=$GIT\nENV E=$GIT\n", "-", id="after the last RUN"),
        pytest.param("FROM b\nARG GIT\nLABEL a=$GIT\nCOPY a /\nRUN x\n", "-R", id="label in the middle"),
        pytest.param("FROM b\nARG GIT\nCOPY a /$GIT/\nCOPY b /\n", "RR", id="in a target"),
        pytest.param("FROM b\nARG GIT\nWORKDIR /$GIT\nCOPY b /\n", "RR", id="in WORKDIR"),
        pytest.param("ARG GIT\nFROM b\nRUN echo $GIT\n", "-", id="global only"),
        pytest.param("ARG GIT=zzz\nFROM b\nARG GIT\nRUN x\n", "R", id="global and declared"),
        pytest.param("FROM b\nRUN x\n", "-", id="declared nowhere"),
        pytest.param("FROM b\nARG GIT\nENV GIT=const\nRUN x\n", "-", id="ENV below wins"),
        pytest.param("FROM b\nENV GIT=const\nARG GIT\nRUN x\n", "R", id="ENV above loses until the stage ends"),
        pytest.param(
            "FROM b AS a\nENV GIT=const\nARG GIT\nCOPY x /\nFROM a\nRUN x\n", "--", id="ENV is back in the next"
        ),
        pytest.param("FROM b AS a\nARG GIT\nCOPY x /\nFROM a\nRUN x\n", "-R", id="inherited"),
        pytest.param("FROM b AS a\nARG GIT\nFROM a AS c\nFROM c\nRUN x\n", "R", id="inherited through empty stages"),
        pytest.param("FROM b AS a\nARG GIT\nRUN x\nFROM b\nRUN y\n", "-", id="stage not reached"),
        pytest.param(
            "FROM b\nARG GIT\nARG OTHER=$GIT\nARG GIT=none\nENV GIT=fix\nRUN x\n", "R", id="through a default"
        ),
        pytest.param("FROM b\nARG GIT\nENV S=${GIT:+set} GIT=fix\nRUN x\n", "-", id="only whether it is set"),
        pytest.param("FROM b\nARG GIT\nENV E=$GIT GIT=fix\nRUN x\n", "R", id="through ENV"),
        pytest.param("FROM b\nARG GIT\nUSER $GIT\nENV GIT=fix\nWORKDIR /x\n", "R", id="owner of a directory"),
        pytest.param("FROM b\nARG GIT\nCOPY <<EOF /x\n$GIT\nEOF\n", "R", id="in a heredoc"),
        pytest.param("FROM b\nARG GIT\nCOPY <<'EOF' /x\n$GIT\nEOF\n", "-", id="in a quoted heredoc"),
        pytest.param("FROM b\nARG GIT\nCOPY <<EOF /x\n'${GIT:+yes}' it's\nEOF\n", "-", id="heredocs know no quotes"),
        pytest.param("FROM b\nARG GIT\nCOPY $GIT/x /d/\n", "?", id="other files, perhaps with the same content"),
        pytest.param("FROM b\nARG GIT\nADD https://x/$GIT/y /d/\n", "?", id="another URL"),
        pytest.param("FROM b:$GIT\nRUN x\n", "-", id="undeclared in FROM"),
        pytest.param("ARG GIT=1\nFROM b:$GIT\nRUN x\n", "?", id="another base, perhaps the same image"),
        pytest.param("ARG GIT\nFROM b AS caaa\nRUN x\nFROM c$GIT\nRUN y\n", "-?", id="another stage"),
    ],
)
def test_a_new_argument_value(text, expected):
    assert marks(predict(graph(text, GIT="aaa"), GIT)) == expected


@pytest.mark.parametrize(
    ("text", "first", "second", "expected"),
    [
        pytest.param("FROM b\nARG GIT\nRUN x\n", {}, {"GIT": "a"}, "R", id="passed for the first time"),
        pytest.param("FROM b\nARG GIT=bbb\nRUN x\n", {}, {"GIT": "bbb"}, "-", id="passed with the default's value"),
        pytest.param("FROM b\nARG GIT=bbb\nRUN x\n", {"GIT": "c"}, {}, "R", id="no longer passed"),
        pytest.param("FROM b\nRUN x\n", {}, {"HTTP_PROXY": "p"}, "-", id="a proxy"),
        pytest.param("FROM b\nARG HTTP_PROXY\nRUN x\n", {}, {"HTTP_PROXY": "p"}, "R", id="a declared proxy"),
        pytest.param("FROM b\nRUN x\n", {}, {"BUILDKIT_INLINE_CACHE": "1"}, "-", id="inline cache"),
        pytest.param(
            "FROM b\nARG BUILDKIT_INLINE_CACHE\nRUN x\n", {}, {"BUILDKIT_INLINE_CACHE": "1"}, "R", id="declared"
        ),
        pytest.param("FROM b\nWORKDIR /x\nRUN x\n", {}, {"SOURCE_DATE_EPOCH": "1"}, "RR", id="epoch"),
        pytest.param("FROM b\nRUN x\nCOPY a /\n", {}, {"SOURCE_DATE_EPOCH": "1"}, "--", id="epoch without WORKDIR"),
    ],
)
def test_other_arguments(text, first, second, expected):
    assert marks(predict(graph(text, **second), Change(), before=graph(text, **first))) == expected


def test_an_epoch_means_nothing_to_20_10():
    old = graph("FROM b\nWORKDIR /x\nRUN x\n", Builder.BUILDKIT_20_10)
    assert marks(predict(old, Change(args=frozenset({"SOURCE_DATE_EPOCH"})))) == "--"


# Sections 1 and 4 for the legacy builder: every instruction is a link of the chain.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(EARLY, "-----RRR", id="early"),
        pytest.param("FROM b\nRUN one\nARG GIT\nLABEL a=$GIT\nENV E=$GIT\n", "--RR", id="late label and ENV"),
        pytest.param("FROM b\nARG GIT\nLABEL a=$GIT\nCOPY a /\nRUN x\n", "-RRR", id="label in the middle"),
        pytest.param("FROM b AS a\nARG GIT\nFROM a\nRUN x\n", "--", id="not inherited"),
        pytest.param("FROM b AS a\nARG GIT\nRUN x\nFROM b\nRUN y\n", "-R-", id="every stage is built"),
        pytest.param("FROM b\nENV GIT=const\nARG GIT\nRUN x\n", "---", id="ENV always wins"),
    ],
)
def test_a_new_argument_value_for_the_legacy_builder(text, expected):
    assert marks(predict(graph(text, Builder.LEGACY, GIT="aaa"), GIT)) == expected


# Section 2: what a change in the context touches.
@pytest.mark.parametrize(
    ("line", "changed", "ignore", "expected"),
    [
        ("COPY . .", "src/a.py", "", "RUN"),
        ("COPY . .", "new.py", "", "RUN"),
        ("COPY . .", "docs/a.md", "docs", "CACHED"),
        ("COPY . .", "docs/a.md", "docs\n!docs/a.md", "RUN"),
        ("COPY . .", ".dockerignore", "docs", "RUN"),
        ("COPY . .", "Dockerfile", "", "RUN"),
        ("COPY . .", "Dockerfile", "Dockerfile", "CACHED"),
        ("COPY *.json ./", "other.txt", "", "CACHED"),
        ("COPY *.json ./", "new.json", "", "RUN"),
        ("COPY *.json ./", "src/new.json", "", "CACHED"),
        ("COPY src /src", "src/a.py", "", "RUN"),
        ("COPY ./src/ /src", "src/deep/a.py", "", "RUN"),
        ("COPY src /src", "srcs/a.py", "", "CACHED"),
        ("COPY --exclude=*.md src /src", "src/a.md", "", "CACHED"),
        ("COPY --parents src/./a /x/", "src/a/b", "", "RUN"),
        ("COPY --from=other . .", "src/a.py", "", "CACHED"),
        ("ADD src /src", "src/a.py", "", "RUN"),
        ("RUN --mount=type=bind,source=src,target=/s x", "src/a.py", "", "RUN"),
        ("RUN --mount=type=bind,source=src,target=/s x", "lib/a.py", "", "CACHED"),
        ("RUN --mount=type=bind,source=src,target=/s,rw x", "lib/a.py", "", "CACHED"),
        ("RUN --mount=type=bind,target=/s x", "lib/a.py", "", "RUN"),
        ("RUN --mount=type=cache,target=/s x", "lib/a.py", "", "CACHED"),
        ("RUN --mount=type=secret,id=s x", "s", "", "CACHED"),
        ("RUN --mount=type=tmpfs,target=/s x", "lib/a.py", "", "CACHED"),
    ],
)
def test_a_changed_path(line, changed, ignore, expected):
    files = listing("src/", "src/a.py", ignore=ignore)
    last = predict(graph(f"FROM b\n{line}\n"), paths(changed), files)[-1]
    assert last.outcome.name == expected
    assert (last.cause is None) == (expected == "CACHED")


@pytest.mark.parametrize(
    ("line", "source", "dependencies"),
    [
        ("COPY . .", "R", "R"),
        ("COPY ./ ./", "R", "R"),
        ("COPY package.json .", "-", "R"),
        ("COPY package*.json yarn.lock ./", "-", "R"),
        ("COPY requirements/dev.txt .", "-", "R"),
        ("COPY *.csproj ./", "-", "R"),
        ("COPY go.* ./", "-", "R"),
        ("COPY src src", "R", "?"),
        ("COPY main.py .", "R", "-"),
        ("COPY *.py ./", "R", "?"),
        ("COPY *.js ./", "R", "-"),
        ("COPY *.json ./", "?", "?"),
        ("COPY package* ./", "?", "?"),
        ("COPY package.json src ./", "R", "R"),
    ],
)
def test_kinds_of_files_by_name(line, source, dependencies):
    built = graph(f"FROM b\n{line}\n")
    assert (marks(predict(built, SOURCE)), marks(predict(built, DEPENDENCIES))) == (source, dependencies)


@pytest.mark.parametrize(
    ("line", "source", "dependencies"),
    [
        ("COPY src src", "R", "-"),
        ("COPY lib lib", "-", "R"),
        ("COPY *.json ./", "R", "-"),
        ("COPY package.json .", "-", "-"),
        ("COPY empty /", "-", "-"),
    ],
)
def test_kinds_of_files_in_a_listing(line, source, dependencies):
    files = listing("lib/", "lib/package.json", "empty/", "src/", "src/main.py", "tsconfig.json")
    built = graph(f"FROM b\n{line}\n")
    assert (marks(predict(built, SOURCE, files)), marks(predict(built, DEPENDENCIES, files))) == (source, dependencies)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("COPY src src", "ADD src src", "RR"),
        ("COPY src src", "COPY --chown=1 src src", "RR"),
        ("COPY src src", "COPY src src2", "RR"),
        ("COPY a/p .", "COPY b/p .", "??"),
        ("RUN x", "RUN  x y", "RR"),
        ("RUN x \\\n # one\n y", "RUN x \\\n # two\n y", "--"),
        ("RUN x", "RUN --network=none x", "RR"),
        ("RUN x", "RUN --mount=type=cache,target=/c x", "RR"),
        ("RUN x", 'SHELL ["/bin/bash", "-c"]\nRUN x', "RR"),
        ("RUN x", "USER 1\nRUN x", "RR"),
        ("RUN <<EOF\nx\nEOF", "RUN <<EOF\ny\nEOF", "RR"),
        ("COPY <<EOF /x\nx\nEOF", "COPY <<EOF /x\ny\nEOF", "RR"),
        ("COPY --from=o /x /", "COPY --from=p /x /", "??"),
        # section 4: metadata
        ("COPY a /", "ENV X=1\nCOPY a /", "-R"),
        ("ENV A=1\nENV B=1\nCOPY a /", "ENV B=1\nENV A=1\nCOPY a /", "-R"),
        ("RUN x", "ENV X=1\nRUN x", "RR"),
        ("RUN x", "LABEL a=1\nCMD x\nENTRYPOINT y\nEXPOSE 1\nVOLUME /v\nSTOPSIGNAL 9\nRUN x", "--"),
        ("WORKDIR /x\nCOPY a /a", "WORKDIR /y\nCOPY a /a", "RRR"),
        ("WORKDIR /x", "USER 1\nWORKDIR /x", "RR"),
        ("COPY a /", 'SHELL ["/bin/bash", "-c"]\nCOPY a /', "-R"),
        ("RUN x\nRUN y", "RUN y", "RR"),
    ],
)
def test_an_edited_dockerfile(first, second, expected):
    before, after = (graph(f"FROM b\n{text}\nRUN last\n") for text in (first, second))
    assert marks(predict(after, Change(), before=before)) == expected


def test_nothing_edited_nothing_runs():
    text = "FROM b AS a\nARG A=1\nWORKDIR /x\nCOPY . .\nRUN x\nFROM a\nRUN --mount=from=a,target=/m y\n"
    text += "COPY --from=a /x /y\n"
    assert marks(predict(graph(text), Change(), before=graph(text))) == "-----"


def test_a_renamed_stage_is_the_same_stage():
    one, two = (graph(f"FROM b AS {name}\nRUN x\nFROM b\nCOPY --from={name} /x /\n") for name in ("one", "two"))
    assert marks(predict(two, Change(), before=one)) == "--"


# COPY --from: where an invalidation may stop.
@pytest.mark.parametrize(
    ("stage", "read", "changed", "expected"),
    [
        pytest.param("COPY . /app/\nRUN build", "/app/dist", "src/a.py", "?", id="made by a RUN"),
        pytest.param("COPY . /app/", "/app", "src/a.py", "R", id="all of a copy"),
        pytest.param("COPY . /app/", "/", "src/a.py", "R", id="everything"),
        pytest.param("COPY . /app/", "/app/src", "src/a.py", "R", id="the changed part of a copy"),
        pytest.param("COPY . /app/", "/app/conf", "src/a.py", "-", id="another part of a copy"),
        pytest.param("COPY . /app/", "/app/src/a.py", "src/a.py", "R", id="the file itself"),
        pytest.param("COPY . /app/", "/app/src/b.py", "src/a.py", "-", id="another file"),
        pytest.param("COPY src conf /app/", "/app/a.py", "src/a.py", "R", id="one of two sources"),
        pytest.param("COPY src conf /app/", "/app/c.conf", "src/a.py", "-", id="the other of two sources"),
        pytest.param("COPY main.py /app/", "/app/main.py", "main.py", "R", id="a file in a directory"),
        pytest.param("COPY main.py conf/c.conf /app/", "/app/c.conf", "main.py", "-", id="another file in it"),
        pytest.param("COPY src /a/\nCOPY conf /b/", "/b", "src/a.py", "-", id="elsewhere"),
        pytest.param("COPY src /a/\nCOPY conf /a/", "/a", "src/a.py", "?", id="perhaps overwritten"),
        pytest.param(
            "COPY src /a/\nRUN x\nCOPY conf/c.conf /etc/", "/etc/c.conf", "src/a.py", "-", id="a file put last"
        ),
        pytest.param("COPY src /a/\nRUN x\nCOPY conf /etc/", "/etc", "src/a.py", "?", id="a directory put last"),
        pytest.param("COPY src /usr/bin/", "/bin", "src/a.py", "?", id="merged directories"),
        pytest.param("COPY src /$HOME/", "/x", "src/a.py", "?", id="unknown target"),
        pytest.param("ADD src /a/", "/a", "src/a.py", "?", id="ADD may unpack"),
        pytest.param("COPY src /a/", "/a/*.py", "src/a.py", "?", id="a pattern"),
        pytest.param("COPY conf /a/\nRUN x", "/a", "src/a.py", "-", id="nothing changed"),
    ],
)
def test_content_of_another_stage(stage, read, changed, expected):
    files = listing("conf/", "conf/c.conf", "main.py", "src/", "src/a.py", "src/b.py")
    built = graph(f"FROM b AS one\n{stage}\nFROM b\nCOPY --from=one {read} /x/\nRUN last\n")
    outcome = marks(predict(built, paths(changed), files))[-2:]
    assert outcome == expected * 2


def test_a_mount_from_a_stage_is_judged_like_a_copy():
    built = graph("FROM b AS one\nCOPY src /a/\nRUN x\nFROM b\nRUN --mount=from=one,source=/a,target=/m y\n")
    assert marks(predict(built, paths("src/a.py"))) == "RR?"
    assert marks(predict(built, paths("lib/a.py"))) == "---"


@pytest.mark.parametrize(("builder", "expected"), [(Builder.BUILDKIT, "R??"), (Builder.BUILDKIT_20_10, "RRR")])
def test_a_mount_of_the_very_result_that_the_step_starts_from(builder, expected):
    text = "FROM b AS one\nARG GIT\nRUN x\nFROM one\nENV GIT=1\nRUN --mount=from=one,target=/m y\nRUN z\n"
    assert marks(predict(graph(text, builder, GIT="a"), GIT)) == expected
    other = graph(text.replace("RUN x", "RUN xx"), builder)
    assert marks(predict(other, Change(), before=graph(text, builder))) == expected
    copied = "FROM b AS one\nCOPY src /a/\nFROM one\nRUN --mount=from=one,target=/m y\n"
    assert marks(predict(graph(copied, builder), paths("src/a"))) == "RR"


def test_remote_content_is_never_known():
    text = "FROM b\nADD https://x/y /\nRUN x\n"
    assert marks(predict(graph(text), Change())) == "??"
    assert marks(predict(graph(text.replace("ADD", "ADD --checksum=sha256:00")), Change())) == "--"
    assert marks(predict(graph("FROM b\nRUN wget x\nRUN git clone y\n"), Change())) == "--"


def test_a_moved_base():
    text = "FROM b AS one\nRUN x\nFROM c@sha256:00\nRUN y\nCOPY --from=other /x /\nCOPY --from=one /x /\n"
    assert marks(predict(graph(text), Change(base=True))) == "R-??"


# Section 7: --no-cache.
@pytest.mark.parametrize(
    ("builder", "no_cache", "expected"),
    [
        (Builder.BUILDKIT, True, "-RRRRR"),
        (Builder.BUILDKIT, {"one"}, "-RR--?"),
        (Builder.BUILDKIT, {"stage-1"}, "------"),
        (Builder.LEGACY, True, "RRRRRR"),
    ],
)
def test_no_cache(builder, no_cache, expected):
    text = "FROM b AS one\nWORKDIR /x\nCOPY a /\nRUN x\nFROM b\nRUN y\nWORKDIR /z\nCOPY --from=one /x /\n"
    assert marks(predict(graph(text, builder), Change(), no_cache=no_cache)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [(GIT, "----R"), (SOURCE, "---RR"), (DEPENDENCIES, "-RRRR"), (Change(), "-----"), (paths("package.json"), "-RRRR")],
)
def test_the_classic_file(change, expected):
    assert marks(predict(graph(CLASSIC, GIT="a"), change)) == expected


def test_causes_name_the_first_instruction_and_what_changed():
    built = graph(CLASSIC, GIT="a")
    assert [one.cause for one in predict(built, paths("src/x.py"))[-2:]] == [
        "`COPY src src` (line 6) brings src/x.py, which changed"
    ] * 2
    assert predict(built, GIT)[-1].cause == "`ARG GIT` (line 5) has a new value, which every RUN below it sees"
    assert [one.own.name for one in predict(built, paths("src/x.py"))[-2:]] == ["RUN", "CACHED"]


def test_sixty_steps_take_less_than_five_milliseconds():
    stages = [f"FROM b AS s{at}\n" + "ARG GIT\nENV E=$GIT\nWORKDIR /app\nCOPY src /src\nRUN x\n" * 3 for at in range(7)]
    text = "\n".join((*stages, "FROM b", *(f"COPY --from=s{at} /src/a /x{at}" for at in range(7)), ""))
    built = graph(text, GIT="a")
    changes = [GIT, SOURCE, DEPENDENCIES, paths("src/a"), Change(base=True)]
    predictor = Predictor(built, listing("src/", "src/a"))
    best = min(_seconds(lambda: [predictor.predict(change) for change in changes]) for _ in range(20))
    assert len(built.steps) > 60
    assert best < 0.005


def _seconds(work) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_long_stacks_and_many_readers_stay_cheap():
    text = "FROM scratch AS a\n" + "COPY x /x\n" * 2000 + "FROM scratch\n" + "COPY --from=a /y /y\n" * 2000
    built = graph(text)
    started = time.process_time()
    assert predict(built, paths("x"))[-1].outcome is Outcome.MAYBE
    assert time.process_time() - started < 5


def test_the_legacy_builder_finds_what_an_earlier_stage_has_just_done():
    """Measured on 20.10: the second stage's ENV is `Using cache` although the base image of both moved."""
    text = "FROM base AS a\nENV SALT=1\nCOPY x .\nFROM base\nENV SALT=1\nCOPY y .\n"
    outcomes = predict(graph(text, Builder.LEGACY), Change(base=True))
    got = {(one.step.stage, one.step.keyword): one.outcome for one in outcomes}
    assert got[0, "ENV"] is Outcome.RUN
    assert got[1, "ENV"] is Outcome.CACHED
    assert got[1, "COPY"] is Outcome.RUN
