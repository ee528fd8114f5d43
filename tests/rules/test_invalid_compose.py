import pytest

from tests.support import fix_files, lint_files

RULE = ["invalid-compose"]


@pytest.mark.parametrize(
    "compose",
    [
        "services: {}\n",
        "services:\n  a:\n    image: b\n    build: .\n",
        "services:\n  a:\n    build: {context: ., args: {A: 1, B: true, C: null, D: 1.5}}\n",
        "services:\n  a:\n    build: {args: [A=1, B]}\n",
        "services:\n  a:\n    build: !reset null\n",
        "services:\n  a: !override\n    image: b\n",
        "x-anything: [1, {a: b}]\nservices:\n  a: {image: b}\n",
        "include: [b.yaml]\n",
        "a:\n  image: b\n",
        "services:\n  a:\n    build: {cache_from: [b], cache_to: [type=inline]}\n",
    ],
)
def test_silent(compose: str):
    assert lint_files({"compose.yaml": compose, "b.yaml": "services: {}\n"}, RULE) == ()


@pytest.mark.parametrize(
    ("compose", "line", "words"),
    [
        ("services:\n  a: {image: b}\n  restart: always\n", 3, "must be a mapping"),
        ("services: [a]\n", 1, "must be a mapping"),
        ("services:\n  a:\n    build: [.]\n", 3, "a list"),
        ("services:\n  a:\n    build: 5\n", 3, "a number"),
        ("services:\n  a:\n    build: null\n", 3, "empty"),
        ("services:\n  a:\n    build:\n      args:\n", 4, "empty"),
        ("services:\n  a:\n    build:\n      args: text\n", 4, "must be"),
        ("services:\n  a:\n    build:\n      args:\n        A: [1]\n", 5, "must be"),
        ("services:\n  a:\n    build:\n      context: [.]\n", 4, "must be text"),
    ],
)
def test_reports(compose: str, line: int, words: str):
    [found] = lint_files({"compose.yaml": compose}, RULE)
    assert found.location.start.line == line
    assert words in found.message
    assert fix_files({"compose.yaml": compose}).files == {"compose.yaml": compose}
