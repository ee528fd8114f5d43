import pytest

from tests.support import lint_files

CLONE = "FROM debian\nRUN git clone https://example.com/a/b\n"


def findings(cache_from: str, dockerfile: str) -> list[str]:
    compose = f"services:\n  web:\n    build:\n      context: .\n      {cache_from}\n"
    found = lint_files({"compose.yaml": compose, "Dockerfile": dockerfile}, ["cache-from-fetch"])
    return [compose[one.location.start.offset : one.location.end.offset] for one in found]


@pytest.mark.parametrize(
    ("cache_from", "dockerfile"),
    [
        ("", CLONE),
        ("cache_from: []", CLONE),
        ("cache_from: [$CACHE]", CLONE),
        ("cache_from: ['${CACHE:-}']", CLONE),
        ("cache_to: [type=inline]", CLONE),
        ("cache_from: [web]", "FROM debian\nRUN make\n"),
        ("cache_from: [web]", "FROM debian\nCOPY . .\nRUN git clone https://example.com/a/b\n"),
        ("cache_from: [web]", "FROM debian\nARG GIT_SHA\nRUN git clone https://example.com/a/b\n"),
        ("cache_from: [web]", "FROM debian\nRUN git clone -b v1 https://example.com/a/b\n"),
        ("cache_from: [web]", "FROM debian\nRUN apt-get upgrade -y\n"),
        ("cache_from: [web]\n      no_cache: true", CLONE),
        ("cache_from: [web]", "FROM\n"),
    ],
)
def test_silent(cache_from: str, dockerfile: str) -> None:
    assert findings(cache_from, dockerfile) == []


@pytest.mark.parametrize(
    ("cache_from", "place"),
    [
        ("cache_from: [web]", "web"),
        ("cache_from: [$CACHE, 'type=registry,ref=web:cache']", "'type=registry,ref=web:cache'"),
        ("cache_from:\n        - type=gha,scope=$X", "type=gha,scope=$X"),
    ],
)
def test_reports(cache_from: str, place: str) -> None:
    assert findings(cache_from, CLONE) == [place]


def test_an_inline_dockerfile() -> None:
    compose = (
        "services:\n  web:\n    build:\n      cache_from: [web]\n      dockerfile_inline: |\n"
        "        FROM debian\n        RUN git clone https://example.com/a/b\n"
    )
    [found] = lint_files({"compose.yaml": compose}, ["cache-from-fetch"])
    assert "line 2 of the Dockerfile" in found.message
    assert found.related == ()
