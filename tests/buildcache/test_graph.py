from __future__ import annotations

import time

import pytest

from cachelint.buildcache.graph import GraphError, build_graph
from cachelint.buildcache.steps import Builder, Origin
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


def parsed(text: str):
    return parse_dockerfile(SourceFile("Dockerfile", text))


def graph(text: str, target: str | None = None, builder: Builder = Builder.BUILDKIT, **args: str | None):
    return build_graph(parsed(text), target, args, builder=builder)


def labels(text: str, target: str | None = None, builder: Builder = Builder.BUILDKIT) -> list[str]:
    return [f"{step.label} {step.keyword}" for step in graph(text, target, builder).steps]


TWO = "FROM a AS build\nRUN one\nFROM b\nCOPY --from=build /x /x\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN x\n", ["[1/2] FROM", "[2/2] RUN"]),
        ("FROM scratch\nCOPY x /\n", ["[1/1] COPY"]),
        (
            "FROM a\nARG A\nENV B=1\nLABEL c=1\nUSER 1\nEXPOSE 1\nCMD x\nRUN x\nWORKDIR /y\nADD x /\n",
            ["[1/4] FROM", "[2/4] RUN", "[3/4] WORKDIR", "[4/4] ADD"],
        ),
        # `WORKDIR /` is in the total, and takes no number
        ("FROM a\nWORKDIR /\nCOPY x /\n", ["[1/3] FROM", "[2/3] COPY"]),
        (TWO, ["[build 1/2] FROM", "[build 2/2] RUN", "[stage-1 1/2] FROM", "[stage-1 2/2] COPY"]),
        ("FROM a AS Only\nRUN x\n", ["[1/2] FROM", "[2/2] RUN"]),
        # what a mount or an image adds next to a single stage
        ("FROM a\nRUN --mount=type=cache,target=/c x\n", ["[stage-0 1/2] FROM", "[stage-0 2/2] RUN"]),
        ("FROM a\nRUN --mount=type=bind,target=/c x\n", ["[stage-0 1/2] FROM", "[stage-0 2/2] RUN"]),
        ("FROM a\nCOPY --from=b /x /\n", ["[stage-0 1/2] FROM", "[stage-0 2/2] COPY"]),
        # numbers are padded to the width of the total
        (
            "FROM a\n" + "RUN x\n" * 9,
            ["[ 1/10] FROM", *(f"[{number:2}/10] RUN" for number in range(2, 11))],
        ),
        # a stage built on another has no FROM step
        (
            "FROM a AS x\nRUN 1\nFROM x\nRUN 2\n",
            ["[x 1/2] FROM", "[x 2/2] RUN", "[stage-1 1/1] RUN"],
        ),
        # triggers come first, and all of them count, the ones without a step as well
        (
            "FROM a AS x\nONBUILD ENV E=1\nONBUILD RUN trigger\nFROM x\nRUN 2\n",
            ["[x 1/1] FROM", "[stage-1 1/3] RUN", "[stage-1 2/3] RUN"],
        ),
    ],
)
def test_labels(text, expected):
    assert labels(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN --mount=type=bind,target=/c x\n", ["[1/2] FROM", "[2/2] RUN"]),
        ("FROM a\nRUN --mount=type=secret,id=c x\n", ["[1/2] FROM", "[2/2] RUN"]),
        ("FROM a\nRUN --mount=type=cache,target=/c x\n", ["[stage-0 1/2] FROM", "[stage-0 2/2] RUN"]),
        ("FROM a\nRUN --mount=from=b,target=/c x\n", ["[stage-0 1/2] FROM", "[stage-0 2/2] RUN"]),
        ("FROM a AS x\nONBUILD RUN t\nFROM x\nRUN 2\n", ["[x 1/1] FROM", "[stage-1 1/1] RUN", "[stage-1 2/1] RUN"]),
    ],
)
def test_labels_of_20_10(text, expected):
    assert labels(text, builder=Builder.BUILDKIT_20_10) == expected


def test_the_legacy_builder_numbers_every_instruction_up_to_the_target():
    text = f"ARG V=1\n{TWO}LABEL a=1\nFROM c\nRUN late\n"
    assert labels(text, "1", Builder.LEGACY) == [
        "Step 2/6 FROM",
        "Step 3/6 RUN",
        "Step 4/6 FROM",
        "Step 5/6 COPY",
        "Step 6/6 LABEL",
    ]


def test_only_reached_stages():
    text = "FROM a AS one\nRUN 1\nFROM a AS two\nRUN 2\nFROM a AS three\nRUN --mount=from=one,target=/m 3\n"
    text += "FROM three\nRUN 4\n"
    assert list(graph(text).stages) == [0, 2, 3]
    assert list(graph(text, "TWO").stages) == [1]
    assert list(graph(text, "two", Builder.LEGACY).stages) == [0, 1]


def test_triggers_bring_their_stages():
    text = "FROM a AS tools\nRUN 1\nFROM a AS base\nONBUILD COPY --from=tools /x /x\nFROM base\nRUN 2\n"
    assert list(graph(text).stages) == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("FROM a AS b\nRUN x\n", "c", 'target stage "c" could not be found'),
        ("FROM a AS b\nRUN x\n", "0", 'target stage "0" could not be found'),
        ("FROM a\nCOPY --from=3 /x /\n", None, "there is no stage 3: stages count from 0"),
        ("FROM a AS x\nCOPY --from=x /x /\n", None, 'circular dependency: the stage reads itself ("x")'),
        (
            "FROM a AS x\nCOPY --from=y /x /\nFROM a AS y\nFROM x\n",
            None,
            'stage "y" must be defined before the stage that reads it',
        ),
        ("FROM ${UNSET}\nRUN x\n", None, "the name of the base image, ${UNSET}, is empty here"),
        ("FROM a\nARG V\nCOPY --from=$V /x /\n", None, "--from takes no variable: name a stage with FROM instead"),
    ],
)
def test_what_buildkit_refuses(text, target, message):
    with pytest.raises(GraphError) as caught:
        graph(text, target)
    assert str(caught.value) == message
    assert (caught.value.span is None) == (target is not None)


def test_sources():
    text = (
        "FROM img@sha256:00 AS b\nCOPY --exclude=*.md --parents src docs /d/\nADD https://x/y git@h:o/r.git /e/\n"
        "RUN --mount=type=bind,source=conf,target=/c --mount=type=cache,target=/d --mount=type=secret,id=s x\n"
        "FROM c\nCOPY --from=0 /d /d\nCOPY --from=other /d /d\n"
    )
    found = [
        (source.origin, source.place, source.paths, source.pinned)
        for step in graph(text).steps
        for source in step.sources
    ]
    assert found == [
        (Origin.IMAGE, "img@sha256:00", (), True),
        (Origin.CONTEXT, "", ("src", "docs"), False),
        (Origin.REMOTE, "https://x/y", (), False),
        (Origin.REMOTE, "git@h:o/r.git", (), False),
        (Origin.CONTEXT, "", ("conf",), False),
        (Origin.IMAGE, "c", (), False),
        (Origin.STAGE, 0, ("/d",), False),
        (Origin.IMAGE, "other", ("/d",), False),
    ]


@pytest.mark.parametrize(
    ("line", "pinned"),
    [
        ("ADD https://x/y.tgz /", False),
        ("ADD --checksum=sha256:00 https://x/y.tgz /", True),
        ("ADD https://github.com/o/r.git#main /", False),
        (f"ADD https://github.com/o/r.git#{'a' * 40} /", True),
        (f"ADD git@github.com:o/r.git#{'a' * 40}:sub /", True),
    ],
)
def test_pinned_remote_content(line, pinned):
    (source,) = graph(f"FROM a\n{line}\n").steps[1].sources
    assert (source.origin, source.pinned) == (Origin.REMOTE, pinned)


def test_platform_arguments_name_stages():
    text = "FROM a AS x-arm64\nRUN 1\nFROM a AS x-amd64\nRUN 2\nFROM x-${TARGETARCH}\nRUN 3\n"
    assert list(graph(text).stages) == [1, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM scratch\nCOPY x .\n", "/"),
        ("FROM scratch\nWORKDIR /app\nCOPY x .\n", "/app/"),
        ("FROM scratch\nWORKDIR /app\nWORKDIR sub\nCOPY x y\n", "/app/sub/y"),
        ("FROM scratch\nARG D=/d\nCOPY x ${D}/\n", "/d/"),
        ("FROM image\nCOPY x .\n", None),
        ("FROM image\nCOPY x $HOME/\n", None),
        ("FROM image\nWORKDIR /app\nCOPY x ../y\n", "/y"),
    ],
)
def test_targets(text, expected):
    assert graph(text).steps[-1].target == expected


def test_untrusted_input_costs_no_more_than_it_should():
    doubling = "FROM scratch\nENV X=aaaaaaaa\n" + "ENV X=$X$X\n" * 60 + "COPY a $X\n"
    with pytest.raises(GraphError, match="64 KiB"):
        graph(doubling)
    stages = "FROM scratch AS s0\nCOPY a /a\n" + "".join(
        f"FROM s{at} AS s{at + 1}\nARG A{at}\nENV E{at}=$A{at}\nCOPY --from=s{at} /a /b{at}\n" for at in range(400)
    )
    started = time.process_time()
    assert len(graph(stages).steps) == 401
    assert time.process_time() - started < 2
    with pytest.raises(GraphError, match="more than 10000 instructions"):
        graph("FROM scratch\n" + "ENV A=1\n" * 10_001)
