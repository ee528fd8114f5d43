"""An edit of a Dockerfile must not make more steps re-run."""

import pytest

from cachelint.buildcache.harm import harm
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile

DEPENDENCIES_FIRST = "FROM node\nCOPY package.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
SOURCE_FIRST = "FROM node\nCOPY . .\nRUN npm ci\nRUN npm run build\n"


def judge(before: str, after: str) -> str | None:
    return harm(*(parse_dockerfile(SourceFile("Dockerfile", text)) for text in (before, after)))


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(DEPENDENCIES_FIRST, id="nothing changes"),
        pytest.param(DEPENDENCIES_FIRST.replace("RUN npm run", "ARG REV\nRUN npm run"), id="an ARG below the source"),
        pytest.param(DEPENDENCIES_FIRST + "LABEL rev=1\n", id="a LABEL at the end"),
        pytest.param(DEPENDENCIES_FIRST.replace("FROM", "ARG REV\nFROM"), id="an ARG before FROM"),
    ],
)
def test_no_harm(after):
    assert judge(DEPENDENCIES_FIRST, after) is None


def test_better_order_is_no_harm():
    assert judge(SOURCE_FIRST, DEPENDENCIES_FIRST) is None


def test_worse_order_is_harm():
    assert judge(DEPENDENCIES_FIRST, SOURCE_FIRST) == "a change of source would re-run `RUN npm ci` (line 3)"


def test_a_dependency_that_reaches_more_steps_is_harm():
    before = "FROM node\nCOPY src src\nRUN make\n"
    after = "FROM node\nCOPY package.json ./\nCOPY src src\nRUN make\n"
    assert judge(before, after) == "a change of a dependency would re-run `COPY src src` (line 3)"


def test_a_dockerfile_that_docker_refuses_is_harm():
    before = "FROM node AS build\nRUN make\n"
    after = before + "COPY --from=build /a /a\n"
    assert "Docker would refuse" in (judge(before, after) or "")


def test_what_docker_refuses_anyway_is_not_judged():
    refused = "FROM node AS a\nCOPY --from=a /x /x\n"
    assert judge(refused, refused + "RUN make\n") is None
