import pytest

from tests.support import lint_files

RULE = ["unparsable-file"]


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": ""},
        {"compose.yaml": "# nothing but comments\n"},
        {"compose.yaml": "- task: 1\n"},
        {"compose.yaml": "on: push\njobs: {}\n"},
        {"compose.yaml": "services:\n  a: {image: !reset null}\n"},
        {"compose.yaml": "{{ template }}\n"},
        {"Dockerfile": "FROM alpine\n"},
        {"Dockerfile": "\ufeffFROM alpine\r\nRUN <<EOF\r\n{{ x }}\r\nEOF"},
        {"notes.yaml": "a: [\n"},
    ],
    ids=["empty", "comments", "list", "workflow", "Compose tag", "Jinja map", "Dockerfile", "heredoc", "another name"],
)
def test_silent(files: dict[str, str]):
    assert lint_files(files, RULE) == ()


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"compose.yaml": "services:\n  a: {image: b}\n  a: {image: c}\n"}, 3),
        ({"compose.yaml": "services:\n  a:\n    image: *none\n"}, 3),
        ({"compose.yaml": "services:\n  a:\n    password: ******\n"}, 3),
        ({"compose.yaml": "services:\n{% if x %}\n  a: {image: b}\n"}, 2),
        ({"compose.yaml": "a: 1\n\x07"}, 2),
        ({"Dockerfile": "RUN x\n"}, 1),
        ({"Dockerfile": "FROM alpine\n{{ if x }}\n"}, 2),
        ({"Dockerfile": ""}, 1),
    ],
    ids=["duplicate", "alias", "secret", "Jinja", "control character", "no FROM", "template", "empty"],
)
def test_reports_once_and_nothing_else(files: dict[str, str], line: int):
    [found] = lint_files(files)
    assert found.rule == "unparsable-file"
    assert found.location.start.line == line
    assert found.fix is None
