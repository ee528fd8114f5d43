import pytest

from tests.support import fix_files, lint_files

RULE = "unused-suppression"
STALE = "services:\n  a:\n    build:\n      args:\n        BUILDKIT_INLINE_CACHE: 1{}\n        A: 1\n"


def lint(compose: str, dockerfile: str = "FROM alpine\n"):
    found = lint_files({"compose.yaml": compose, "b.Dockerfile": dockerfile}, ["inline-cache", RULE])
    return [one for one in found if one.rule == RULE]


@pytest.mark.parametrize(
    "compose",
    [
        STALE.format("  # cachelint: ignore[inline-cache] wanted"),
        STALE.format("  # cachelint: ignore[ inline-cache ]"),
        STALE.format("").replace(
            "        BUILD", "        # cachelint: ignore[inline-cache]\n        # why\n        BUILD"
        ),
        "# cachelint: ignore-file[inline-cache] all of it\n" + STALE.format(""),
        "---\n# cachelint: ignore-file[inline-cache] all of it\n" + STALE.format(""),
        "%YAML 1.2\r\n--- # one\r\n\r\n# cachelint: ignore-file[inline-cache] all of it\r\n" + STALE.format(""),
        STALE.format("  # cachelint: ignore[inline-cache]").replace("A: 1", "A: 'x # cachelint: ignore[nothing]'"),
        STALE.format("  # cachelint: ignore[inline-cache]") + "    command: |\n      # cachelint: ignore[nothing]\n",
        "services: {a: {image: b}} # cachelint: ignore[copy-before-install] of a rule that does not run\n",
        "services: {a: {image: b}} # cachelint ignores this, and cachelint: ignored[x] too\n",
        "services: {a: {image: b}} # see cachelint: ignore\n",
    ],
)
def test_silent(compose: str):
    assert lint(compose) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("services: {} # cachelint: ignore[inline-cache] x\n", "services: {}\n", id="behind"),
        pytest.param("# cachelint: ignore[inline-cache]\nservices: {}\n", "services: {}\n", id="alone on its line"),
        pytest.param("# cachelint: ignore[]\nservices: {}\n", "services: {}\n", id="of no rule"),
        pytest.param("# cachelint: ignore[nothing]\nservices: {}\n", "services: {}\n", id="of an unknown rule"),
        pytest.param(
            "services: {} # why # cachelint: ignore[inline-cache]\n", "services: {} # why\n", id="behind a comment"
        ),
        pytest.param("services: {}\r\n# cachelint: ignore[inline-cache]", "services: {}", id="CRLF, no final newline"),
        pytest.param(
            "\ufeff# cachelint: ignore[inline-cache]\r\nservices: {}\n", "\ufeffservices: {}\n", id="behind a BOM"
        ),
        pytest.param(
            STALE.format(" # cachelint: ignore[inline-cache, nothing] x"),
            STALE.format(" # cachelint: ignore[inline-cache] x"),
            id="one of two names",
        ),
        pytest.param(
            "services: {}\n# cachelint: ignore-file[inline-cache]\n", "services: {}\n", id="of a file, not at its top"
        ),
    ],
)
def test_reports_and_removes(before: str, after: str):
    assert len(lint(before)) == 1
    fixed = fix_files({"compose.yaml": before}, ["inline-cache", RULE])
    assert fixed.files["compose.yaml"] == after
    assert fixed.report.refused == ()


def test_a_comment_that_keeps_another_from_being_a_directive_stays():
    dockerfile = "# cachelint: ignore[inline-cache]\n# escape=`\nFROM alpine\nRUN a \\\n b\n"
    assert len(lint("services: {}\n", dockerfile)) == 1
    fixed = fix_files({"Dockerfile": dockerfile}, ["inline-cache", RULE])
    assert fixed.files["Dockerfile"] == dockerfile
    assert len(fixed.report.refused) == 1


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("# cachelint: ignore", "it names no rule. Write `# cachelint: ignore[rule] why`"),
        ("# cachelint: ignore because", "it names no rule"),
        ("# cachelint: ignore-file", "it names no rule"),
        ("# cachelint ignore[inline-cache]", "it has no colon"),
        ("# cachelint ignore-file[inline-cache] x", "it has no colon"),
        ("# cachelint: ignore[inline-cach]", "there is no rule `inline-cach`, did you mean 'inline-cache'?"),
        ("# cachelint: ignore[inline-cache, inline-cach]", "did you mean 'inline-cache'?"),
    ],
)
@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "deploy.sh"])
def test_what_is_written_wrong_is_told_and_stays(comment, words, name):
    texts = {"compose.yaml": "services: {}\n", "Dockerfile": "FROM alpine\n", "deploy.sh": "docker ps\n"}
    files = {name: f"{comment}\n{texts[name]}"}
    [found] = lint_files(files, ["inline-cache", RULE])
    assert words in found.message
    assert found.fix is None
    assert fix_files(files, ["inline-cache", RULE]).files == files
