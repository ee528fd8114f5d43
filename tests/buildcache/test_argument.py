from __future__ import annotations

import pytest

from cachelint.buildcache.argument import declarations, overrides, place_below_source, users
from cachelint.buildcache.change import Outcome
from cachelint.buildcache.copies import brings_source
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.predict import Change, predict
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


def graph(text: str):
    return build_graph(parse_dockerfile(SourceFile("Dockerfile", text)), None, {"GIT": "a"})


def lines(instructions) -> list[int]:
    return [instruction.line for instruction in instructions]


@pytest.mark.parametrize(
    ("text", "declared", "used", "overridden", "reruns"),
    [
        ("FROM b\nRUN x\n", [], [], [], None),
        ("ARG GIT\nFROM b\nRUN x\n", [], [], [], None),
        ("FROM b\nARG GIT\nRUN x\n", [2], [], [], 3),
        ("FROM b\nARG GIT\nRUN echo $GIT\nCMD x\n", [2], [3], [], 3),
        ("FROM b\nARG GIT\nRUN echo '$GIT'\n", [2], [3], [], 3),
        ("FROM b\nRUN x\nARG GIT\nENV A=$GIT\nLABEL r=${A}\n", [3], [4, 5], [], None),
        ("FROM b\nRUN x\nARG GIT\nENV A=$GIT A=1\nLABEL r=${A}\n", [3], [4], [], None),
        ("FROM b\nARG GIT\nENV GIT=const\nRUN echo $GIT\n", [2], [], [3], None),
        ("FROM b\nARG GIT\nENV GIT=$GIT\nRUN echo $GIT\n", [2], [3, 4], [], 4),
        ("FROM b\nENV GIT=const\nARG GIT\nRUN echo $GIT\n", [3], [4], [], 4),
        ("FROM b AS a\nARG GIT\nFROM a\nENV GIT=const\nRUN echo $GIT\n", [2], [], [4], None),
        ("FROM b AS a\nARG GIT\nFROM a\nRUN <<EOF\necho $GIT\nEOF\n", [2], [4], [], 4),
        ("FROM b AS a\nARG GIT\nRUN echo $GIT\nFROM b\nRUN x\n", [], [], [], None),
        ("FROM b AS a\nONBUILD ARG GIT\nFROM a\nRUN x\n", [2], [], [], 4),
        ("FROM b\nARG GIT\nARG B=$GIT\nCOPY --chown=$B a /\n", [2], [3, 4], [], 4),
    ],
)
def test_what_an_argument_does(text, declared, used, overridden, reruns):
    built = graph(text)
    outcomes = predict(built, Change(args=frozenset({"GIT"})))
    first = next((one for one in outcomes if one.outcome is Outcome.RUN and one.step.keyword != "FROM"), None)
    assert lines(declarations(built, "GIT")) == declared
    assert lines(users(built, "GIT")) == used
    assert lines(overrides(built, "GIT")) == overridden
    assert (first and first.step.instruction.line) == reruns


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM b\nCOPY package.json .\nRUN install\nCOPY . .\nRUN build\nRUN test\n", 5),
        ("FROM b\nCOPY . .\nRUN install\nRUN build\n", 4),
        ("FROM b\nCOPY . .\nRUN install\n", None),
        ("FROM b\nRUN one\nCOPY . .\n", None),
        ("FROM b AS a\nCOPY . .\nRUN build\nFROM c\nCOPY --from=a /x /x\nRUN last\n", 3),
        ("FROM b AS a\nCOPY . .\nRUN build\nFROM c\nCOPY src /src\nRUN last\n", 6),
        ("FROM b\nCOPY run.sh /\nRUN apk add bash\nCOPY . .\nRUN build\n", 5),
        ("FROM b\nCOPY . .\nRUN apk add bash\nRUN build\nRUN apk add curl\n", 4),
        ("FROM b\nCOPY . .\nRUN apk add bash && build\n", 3),
        ("FROM b\nCOPY . .\nRUN apk add bash\n", None),
        ("FROM b AS a\nCOPY . .\nRUN build\nFROM c\nCOPY --from=a /x /x\nCOPY src /src\nRUN apk add bash\n", 3),
        ("FROM b\nCOPY html /srv\nRUN chmod -R a+r /srv && chown -R x /srv\n", None),
        ("FROM b\nCOPY . .\nRUN chmod +x build\nRUN ./build\n", 4),
        ("FROM b\nCOPY . .\nRUN chmod +x build && ./build\n", 3),
        ('FROM b\nCOPY . .\nRUN ["chmod", "+x", "build"]\n', None),
        ("FROM b\nCOPY . .\nRUN mkdir $(date +%F)\n", 3),
        ("FROM b AS a\nCOPY . .\nFROM a\nRUN build\n", 4),
        ("FROM b AS a\nCOPY . .\nRUN build\nFROM a\nRUN test\n", 3),
        ("FROM b AS a\nCOPY . .\nRUN install\nFROM a\nRUN build\n", 5),
        ("FROM b AS a\nCOPY . .\nFROM c\nCOPY --from=a /x /x\nRUN last\n", 5),
        ("FROM b AS a\nCOPY . .\nFROM c\nRUN --mount=from=a,target=/x last\n", 4),
        ("FROM b AS a\nRUN x\nFROM c\nCOPY . .\nCOPY --from=a /x /x\n", None),
    ],
)
def test_where_an_argument_helps(text, line):
    found = place_below_source(graph(text), brings_source, lambda one: "install" in one.value)
    assert (found and found.line) == line


def test_many_stages_on_top_of_each_other():
    text = "FROM b AS s0\nCOPY . .\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(5000)) + "RUN build\n"
    found = place_below_source(graph(text), brings_source, lambda one: False)
    assert found
    assert found.line == 5003
