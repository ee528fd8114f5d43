"""The law of editing other people's files, point by point; each test fails when its guarantee is broken."""

import os

import pytest

from cachelint import source
from cachelint.diagnostic import Severity
from cachelint.documents.dockerfile_edit import move_above
from cachelint.fix import ABSENT, Applicability, Edit, Fix, Statement, display_only
from cachelint.fixer import MAX_ROUNDS, Fixer
from cachelint.rules.base import Rule
from cachelint.rules.inline_cache import InlineCache
from cachelint.rules.missing_commit_arg import MissingCommitArg
from cachelint.source import Span, write_source
from tests.support import fix_files, lint_files, linter_of, read_files, run, write_files

STALE = """\
services:
  web:
    build:
      context: .
      args:
        BUILDKIT_INLINE_CACHE: 1
"""
FRESH = STALE.replace("      args:\n        BUILDKIT_INLINE_CACHE: 1\n", "")


class Fake(Rule):
    """A rule whose fix replaces one piece of a Compose file by another, and states what the test wants it to state."""

    id = "fake"
    severity = Severity.WARNING
    old = ""
    new = ""
    statements: tuple[Statement, ...] = ()

    def check_compose(self, compose, project):
        """One finding for each place of `old`."""
        start = compose.source.text.find(self.old)
        if start >= 0:
            span = Span(start, start + len(self.old))
            yield self.report((compose.source, span), "fake", fix=self.fix(span))

    def fix(self, span):
        """The edit."""
        return Fix("fake it", Applicability.SAFE, (Edit(span, self.new),), self.statements)


@pytest.fixture
def use_rules(monkeypatch):
    """Make these the only rules."""
    return lambda *rules: monkeypatch.setattr("cachelint.linter.rules_for", lambda deployments: rules)


def fake(old: str, new: str, *statements: Statement, name: str = "fake") -> type[Rule]:
    return type("Faked", (Fake,), {"old": old, "new": new, "statements": statements, "id": name})


# 1. Never serialise a file from a parsed tree.


def test_every_character_that_no_edit_names_stays():
    odd = (
        "# top\n\n\nservices :   # s\n  'web':\n    \"build\":\n      context:   '.'\n"
        "      args: { BUILDKIT_INLINE_CACHE: 1,A : 0x1F }\n"
    )
    fixed = fix_files({"compose.yaml": odd + "x-a:   [ yes,\t1_000 ]   \n"}, ["inline-cache"])
    assert fixed.files["compose.yaml"] == odd.replace("BUILDKIT_INLINE_CACHE: 1,", "") + "x-a:   [ yes,\t1_000 ]   \n"


# 2. Overlapping fixes wait for the next round; rounds end.


def test_overlapping_fixes_wait_and_are_judged_anew(use_rules):
    first = fake("image: a", "image: a # seen", name="first")
    second = fake("a\n", "a # b\n", name="second")  # its place is gone when its turn comes
    use_rules(first, second)
    fixed = fix_files({"compose.yaml": "services:\n  web:\n    image: a\n"})
    assert fixed.report.refused == ()
    assert fixed.files["compose.yaml"].startswith("services:\n  web:\n    image: a # seen")
    assert "# b" not in fixed.files["compose.yaml"]


def test_fixes_that_make_room_for_more_go_on_until_none_is_left():
    compose = STALE + "  api:\n    build:\n      context: .\n"
    files = {"compose.yaml": compose, "Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n", "a.c": ""}
    fixed = fix_files(files, ["missing-commit-arg", "inline-cache", "undeclared-build-arg"])
    assert fixed.report.diagnostics == ()
    assert "INLINE_CACHE" not in fixed.files["compose.yaml"]
    assert "ARG GIT_COMMIT_HASH\nRUN" in fixed.files["Dockerfile"]


def test_a_chase_ends(use_rules):
    use_rules(fake("services:\n", "# again\nservices:\n"))
    fixed = fix_files({"compose.yaml": FRESH})
    assert fixed.report.fixed == MAX_ROUNDS
    assert fixed.files["compose.yaml"].count("# again") == MAX_ROUNDS
    assert len(fixed.report.diagnostics) == 1


# 3. The new text parses and means what the fix states, or the file keeps its bytes.

SHARED = """\
x-env: &env
  A: 1
  BUILDKIT_INLINE_CACHE: 1
services:
  web:
    build:
      context: .
      args: *env
    environment: *env
"""
ENVIRONMENT = "services:\n  web:\n    build: .\n    environment:\n      A: 1\n"
BUILD = (0, "services", "web", "build")


@pytest.mark.parametrize(
    ("compose", "rule", "reason"),
    [
        pytest.param(STALE, fake("context: .", "context: ["), "no longer parse", id="breaks the parse"),
        pytest.param(STALE, fake("context: .", "context: .\n      context: ."), "already defined", id="duplicate key"),
        pytest.param(STALE, fake("context: .", "context: ./b"), "something else", id="states nothing"),
        pytest.param(
            STALE,
            fake("context: .", "context: ./c", Statement((*BUILD, "context"), "./b")),
            "something else",
            id="does another thing than it states",
        ),
        pytest.param(
            STALE,
            fake("      context: .\n      args", "      args", Statement((*BUILD, "args"), ABSENT)),
            "something else",
            id="removes another entry than it states",
        ),
        pytest.param(
            STALE,
            fake("context: .", "context: .", Statement((*BUILD, "context"), "./b")),
            "something else",
            id="does nothing",
        ),
        pytest.param(
            STALE,
            fake("context: .", "context: ./b", Statement((0, "nowhere", "a"), "x")),
            "not found",
            id="no such place",
        ),
        pytest.param(
            ENVIRONMENT,
            fake("A: 1", "A: b", Statement((0, "services", "web", "environment", "A"), "b")),
            "something else",
            id="states a change outside of builds",
        ),
        pytest.param(
            "services:\n  web:\n    build: .\nnetworks:\n  build:\n    name: a\n",
            fake("name: a", "name: b", Statement((0, "networks", "build", "name"), "b")),
            "something else",
            id="a network called build",
        ),
        pytest.param(
            "services:\n  x-web:\n    image: a\n",
            fake("image: a", "image: b", Statement((0, "services", "x-web", "image"), "b")),
            "something else",
            id="a service called x-",
        ),
        pytest.param(SHARED, InlineCache, "something else", id="reaches environment through a shared anchor"),
        pytest.param(
            STALE + "    command: b\n",
            fake("context: .", "&c context: .\n      <<: {target: b}", Statement(BUILD, "b")),
            "something else",
            id="brings more through a merge key",
        ),
    ],
)
def test_a_fix_that_does_more_than_it_states_is_refused(compose, rule, reason, use_rules, tmp_path):
    use_rules(rule, MissingCommitArg)
    other = {"other/compose.yaml": FRESH, "other/Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n", "other/a.c": ""}
    write_files(tmp_path, {"compose.yaml": compose, **other})
    code, out, err = run("--fix", "--isolated", cwd=tmp_path)
    assert code == 2
    assert reason in out + err
    after = read_files(tmp_path)
    assert after["compose.yaml"] == compose
    assert after["other/compose.yaml"] == FRESH + "      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"


def test_a_refused_dockerfile_keeps_its_bytes(use_rules, tmp_path):
    class Breaker(Fake):
        """Writes something into a Dockerfile that it does not state."""

        def check_dockerfile(self, dockerfile, project):
            """One finding."""
            edit = Edit(Span(0, 0), "FROM busybox\n")
            yield self.report((dockerfile.source, Span(0, 4)), "fake", fix=Fix("fake", Applicability.SAFE, (edit,)))

    use_rules(Breaker)
    write_files(tmp_path, {"Dockerfile": "FROM alpine\nRUN a\n"})
    assert run("--fix", cwd=tmp_path).code == 2
    assert read_files(tmp_path) == {"Dockerfile": "FROM alpine\nRUN a\n"}


def test_a_fix_that_makes_more_steps_run_again_is_refused(use_rules, tmp_path):
    class Hasty(Fake):
        """Moves the source above the install, and states just that."""

        def check_dockerfile(self, dockerfile, project):
            """One finding."""
            install, copy = dockerfile.instructions[2:4]
            edits, statements = move_above(dockerfile, copy, install)
            fix = Fix("fake", Applicability.SAFE, edits, statements)
            yield self.report((dockerfile.source, copy.span), "fake", fix=fix)

    use_rules(Hasty)
    files = {"Dockerfile": "FROM node\nCOPY package.json .\nRUN npm install\nCOPY . .\n"}
    write_files(tmp_path, files)
    ran = run("--fix", cwd=tmp_path)
    assert ran.code == 2
    assert "a change of source would re-run `RUN npm install`" in ran.out
    assert read_files(tmp_path) == files


def test_a_file_whose_fixes_were_all_refused_has_not_changed(use_rules, tmp_path):
    use_rules(fake("context: .", "context: ["))
    assert Fixer(linter_of(write_files(tmp_path, {"compose.yaml": STALE})), Applicability.SAFE).fix().changes == ()


def test_one_bad_fix_does_not_hold_up_the_others(use_rules):
    names = [f"s{number}" for number in range(30)]
    compose = "services:\n" + "".join(
        f"  {name}:\n    build: {{args: {{A: 1, BUILDKIT_INLINE_CACHE: 1}}}}\n" for name in names
    )
    use_rules(InlineCache, fake("s20:", "s20 :\n    image: a"))
    fixed = fix_files({"compose.yaml": compose})
    assert fixed.files["compose.yaml"] == compose.replace(", BUILDKIT_INLINE_CACHE: 1", "")
    assert [(one.rule, one.reason.split(":")[0]) for one in fixed.report.refused] == [("fake", "fake it")]


def test_fixes_that_are_sound_alone_but_not_together_take_turns(use_rules):
    use_rules(
        fake("image: a", "image: a\n    build: .", Statement((0, "services", "web", "build"), "."), name="first"),
        fake("ports", "build: .\n    ports", Statement((0, "services", "web", "build"), "."), name="second"),
    )
    fixed = fix_files({"compose.yaml": "services:\n  web:\n    image: a\n    ports: [80]\n"})
    assert fixed.files["compose.yaml"] == "services:\n  web:\n    image: a\n    build: .\n    ports: [80]\n"
    assert {one.rule for one in fixed.report.refused} <= {"first", "second"}


def test_a_fix_whose_own_edits_overlap_is_refused(use_rules):
    class Overlapping(Fake):
        """Two edits of one place."""

        old = "web"

        def fix(self, span):
            """The edits."""
            return Fix("fake", Applicability.SAFE, (Edit(span, "a"), Edit(span, "b")))

    use_rules(Overlapping)
    fixed = fix_files({"compose.yaml": FRESH})
    assert fixed.files["compose.yaml"] == FRESH
    assert "overlap" in fixed.report.refused[0].reason


# 4. A suppressed diagnostic has no fix; fixing twice equals fixing once.


@pytest.mark.parametrize(
    "compose",
    [
        STALE.replace("CACHE: 1", "CACHE: 1  # cachelint: ignore[inline-cache] wanted"),
        STALE.replace("        BUILD", "        # cachelint: ignore[inline-cache]\n        BUILD"),
        "# cachelint: ignore-file[inline-cache]\n" + STALE,
    ],
    ids=["behind", "above", "file"],
)
def test_a_suppressed_diagnostic_has_no_fix(compose: str):
    fixed = fix_files({"compose.yaml": compose})
    assert fixed.files["compose.yaml"] == compose
    assert fixed.report.suppressed >= 1
    assert fixed.report.diagnostics == ()


def test_unsafe_fixes_wait_for_being_asked():
    compose = STALE + "      cache_from: [registry/web]\n"
    assert fix_files({"compose.yaml": compose}, least=Applicability.SAFE).files["compose.yaml"] == compose
    assert "INLINE" not in fix_files({"compose.yaml": compose}, least=Applicability.UNSAFE).files["compose.yaml"]


def test_fixing_twice_equals_fixing_once(tmp_path):
    write_files(tmp_path, {"compose.yaml": STALE, "Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n", "a.c": ""})
    assert run("--fix", cwd=tmp_path).code == 0
    once = read_files(tmp_path)
    assert run("--fix", cwd=tmp_path).code == 0
    assert read_files(tmp_path) == once


# 5. All of a file is replaced or none of it, and only what this run has read.


def test_only_changed_files_are_written(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr("cachelint.lint_command.write_source", lambda source, text: written.append(source.path))
    write_files(tmp_path, {"compose.yaml": STALE, "b/compose.yaml": FRESH, "Dockerfile": "FROM alpine\nRUN a\n"})
    run("--fix", cwd=tmp_path)
    assert written == [str(tmp_path / "compose.yaml")]


def test_a_file_that_changed_meanwhile_is_left_alone_and_the_others_are_written(tmp_path, monkeypatch):
    write_files(tmp_path, {"a/compose.yaml": STALE, "b/compose.yaml": STALE})

    def meddle(source, text):
        if "/a/" in source.path:
            write_files(tmp_path, {"a/compose.yaml": "services: {}\n"})
        write_source(source, text)

    monkeypatch.setattr("cachelint.lint_command.write_source", meddle)
    code, out, err = run("--fix", cwd=tmp_path)
    assert code == 2
    assert "changed on disk" in out + err
    assert read_files(tmp_path) == {"a/compose.yaml": "services: {}\n", "b/compose.yaml": FRESH}


def test_a_write_that_fails_leaves_the_file_and_the_others_are_written(tmp_path, monkeypatch):
    write_files(tmp_path, {"a/compose.yaml": STALE, "b/compose.yaml": STALE})
    replace = os.replace

    def fail(temporary, target):
        if "/a/" in str(target):
            raise OSError(28, "No space left on device")
        replace(temporary, target)

    monkeypatch.setattr(source.os, "replace", fail)
    code, out, err = run("--fix", cwd=tmp_path)
    assert code == 2
    assert "no space left on device" in out + err
    assert read_files(tmp_path) == {"a/compose.yaml": STALE, "b/compose.yaml": FRESH}


def test_two_names_of_one_dockerfile_are_fixed_once(tmp_path):
    compose = STALE.replace("BUILDKIT_INLINE_CACHE: 1", "GIT_SHA: $SHA").replace("context: .", "context: a")
    compose += compose.replace("services:\n", "").replace("web", "api").replace("context: a", "context: b")
    dockerfile = "FROM alpine\nCOPY . .\nRUN make\n"
    write_files(tmp_path, {"compose.yaml": compose, "a/Dockerfile": dockerfile, "a/a.c": "", "b/a.c": ""})
    (tmp_path / "b/Dockerfile").symlink_to("../a/Dockerfile")
    code, out, err = run("--fix", cwd=tmp_path)
    assert (code, (tmp_path / "b/Dockerfile").is_symlink()) == (0, True), out + err
    assert (tmp_path / "a/Dockerfile").read_text() == dockerfile.replace("RUN", "ARG GIT_SHA\nRUN")


# 6. What cannot be edited with certainty is reported and left alone.


def test_a_fix_that_is_only_shown_is_never_applied(use_rules):
    class Shown(Fake):
        """Has a hint."""

        old = "web"

        def fix(self, span):
            """The hint."""
            return display_only("write it by hand")._replace(edits=(Edit(span, "api"),))

    use_rules(Shown)
    fixed = fix_files({"compose.yaml": FRESH}, least=Applicability.UNSAFE)
    assert fixed.files["compose.yaml"] == FRESH
    assert fixed.report.refused == ()


def test_the_reason_and_the_text_to_paste_are_shown(tmp_path):
    compose = "services:\n  web:\n    build: &here .\n"
    write_files(tmp_path, {"compose.yaml": compose, "Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n", "a.c": ""})
    code, out, err = run("--fix", cwd=tmp_path)
    assert code == 1
    assert "GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}" in out + err
    assert "anchor" in out + err
    assert read_files(tmp_path)["compose.yaml"] == compose


# 7. A file that does not parse is reported once, never rewritten, and the other files are still done.


@pytest.mark.parametrize("broken", [STALE + "  {% if x %}\n", STALE + "  web: {}\n", "services: *none\n" + STALE])
def test_a_file_that_does_not_parse_is_reported_once_and_left_alone(broken: str, tmp_path):
    write_files(tmp_path, {"compose.yaml": broken, "Dockerfile": "FROM alpine\n", "b/compose.yaml": STALE})
    found = linter_of(tmp_path).lint().diagnostics
    assert [one.rule for one in found if one.path == str(tmp_path / "compose.yaml")] == ["unparsable-file"]
    assert run("--fix", cwd=tmp_path).code == 1
    after = read_files(tmp_path)
    assert after["compose.yaml"] == broken
    assert after["b/compose.yaml"] == FRESH


def test_a_dockerfile_that_does_not_parse_is_reported_once_for_all_services():
    files = {"compose.yaml": "services:\n  a:\n    build: .\n  b:\n    build: .\n", "Dockerfile": "{{ template }}\n"}
    assert [one.rule for one in lint_files(files)] == ["unparsable-file"]
    assert fix_files(files).files == files


# A fix whose finding stays is written once.


class Insists(Rule):
    """A rule that is never content."""

    id = "insists"
    severity = Severity.WARNING

    def check_deployment(self, deployment, project):
        """Always the same finding."""
        fix = Fix("add lines", Applicability.SAFE, (Edit(Span(12, 12), "# more\n# lines\n"),))
        yield self.report((deployment.source, Span(0, 1)), "fake", fix=fix)


def test_nothing_is_inserted_again_by_the_same_run_or_by_a_second_one(use_rules):
    use_rules(Insists)
    fixed = fix_files({"deploy.sh": "#!/bin/bash\ndocker build .\n"})
    assert fixed.files["deploy.sh"] == "#!/bin/bash\n# more\n# lines\ndocker build .\n"
    assert [one.reason for one in fixed.report.refused] == ["add lines: it would be written again and again"]
    again = fix_files(fixed.files)
    assert (again.files, again.report.fixed) == (fixed.files, 0)
    assert [one.reason for one in again.report.refused] == ["add lines: it would be written again and again"]
