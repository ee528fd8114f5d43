"""The contract of the command line, option by option."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cachelint import __version__
from cachelint.options import lint_parser
from cachelint.output import FORMATTERS
from cachelint.rules import all_rules
from tests.support import Ran, read_files, run, write_files

STALE = """\
services:
  web:
    build:
      context: .
      args:
        BUILDKIT_INLINE_CACHE: 1  # faster
        GIT_SHA: ${GIT_SHA}
"""
CLEAN = STALE.replace("        BUILDKIT_INLINE_CACHE: 1  # faster\n", "")
DOCKERFILE = "FROM alpine\nCOPY src src\nARG GIT_SHA\nRUN ./src/build\n"
MISORDERED = "FROM node\nWORKDIR /app\nCOPY . .\nRUN npm ci\nARG GIT_SHA\nRUN npm run build\n"
ORDERED = (
    "FROM node\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
    "ARG GIT_SHA\nRUN npm run build\n"
)
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {
    "PYTHONPATH": str(Path(__file__).parents[1])
}
HEADLINE = "compose.yaml:6:9: warning[inline-cache] "


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    """A directory with one finding, which can be fixed."""
    return write_files(tmp_path, {"compose.yaml": STALE, "Dockerfile": DOCKERFILE, "src/build": ""})


def process(
    *args: str, cwd: Path, stdin: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """A run in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "cachelint", *args]
    return subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, env=ENVIRONMENT | environment, check=False, timeout=60
    )


class TestPaths:
    def test_default_is_the_current_directory(self, stale: Path) -> None:
        ran = run(cwd=stale)
        assert ran.code == 1
        assert ran.out.startswith(HEADLINE)
        assert ran.err == ""

    @pytest.mark.parametrize("path", [".", "compose.yaml", "Dockerfile", "./compose.yaml", "src/../compose.yaml"])
    def test_any_file_of_a_build_stands_for_it(self, stale: Path, path: str) -> None:
        assert run(path, cwd=stale) == run(cwd=stale)

    def test_absolute_paths_are_shown_relative(self, stale: Path) -> None:
        assert run(str(stale / "compose.yaml"), cwd=stale) == run(cwd=stale)

    def test_paths_above_are_shown_with_dots(self, stale: Path) -> None:
        assert run("..", cwd=stale / "src").out.startswith(f"../{HEADLINE}")

    def test_the_same_path_twice_counts_once(self, stale: Path) -> None:
        assert run("compose.yaml", "compose.yaml", "./", ".", cwd=stale) == run(cwd=stale)

    def test_missing_path_does_not_stop_the_others(self, stale: Path) -> None:
        ran = run("gone.yml", "compose.yaml", cwd=stale)
        assert ran.code == 2
        assert ran.out.startswith(HEADLINE)
        assert ran.err == "cachelint: gone.yml: no such file or directory\n"

    def test_only_missing_paths(self, stale: Path) -> None:
        assert run("gone", cwd=stale) == Ran(2, "", "cachelint: gone: no such file or directory\n")

    @pytest.mark.parametrize("path", ["", "a\0b"])
    def test_what_is_no_path(self, stale: Path, path: str) -> None:
        assert run(path, cwd=stale) == Ran(2, "", f"cachelint: {path!r} is no path\n".replace("\\\\", "\\"))

    def test_current_directory_that_is_gone(self, tmp_path: Path) -> None:
        script = "import os, sys; os.rmdir(os.getcwd()); from cachelint.cli import main; sys.exit(main(sys.argv[1:]))"
        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            capture_output=True,
            env=ENVIRONMENT,
            check=False,
        )
        assert (ran.returncode, ran.stdout) == (2, b"")
        assert ran.stderr == b"cachelint: the current directory no longer exists\n"

    def test_word_that_is_a_command_and_a_path(self, stale: Path) -> None:
        shutil.copytree(stale, stale / "rule")
        assert run("./rule", cwd=stale).out.startswith(f"rule/{HEADLINE}")
        assert run("--", "rule", cwd=stale).out.startswith(f"rule/{HEADLINE}")
        assert "inline-cache" in run("rule", cwd=stale).out
        assert not run("rule", cwd=stale).out.startswith("rule/")


class TestFix:
    def test_writes_safe_fixes(self, stale: Path) -> None:
        ran = run("--fix", cwd=stale)
        assert ran == Ran(0, "Fixed 1 problem. Nothing left to report in 2 files.\n", "")
        assert read_files(stale) == {"compose.yaml": CLEAN, "Dockerfile": DOCKERFILE, "src/build": ""}

    def test_twice_is_once(self, stale: Path) -> None:
        run("--fix", cwd=stale)
        assert run("--fix", cwd=stale) == Ran(0, "Nothing to report in 2 files.\n", "")

    def test_without_it_nothing_is_written(self, stale: Path) -> None:
        before = read_files(stale)
        run(cwd=stale)
        assert read_files(stale) == before

    def test_unsafe_fixes_need_their_option(self, tmp_path: Path) -> None:
        files = {"compose.yaml": CLEAN, "Dockerfile": MISORDERED, "package.json": "{}\n", "package-lock.json": "{}\n"}
        write_files(tmp_path, {**files, "index.js": "", ".dockerignore": "node_modules\n"})
        ran = run("--fix", cwd=tmp_path)
        assert ran.code == 1
        assert "  fix (unsafe): " in ran.out
        assert ran.out.endswith("Found 1 warning in 2 files (1 fixable with --fix --unsafe-fixes).\n")
        assert (tmp_path / "Dockerfile").read_text() == MISORDERED
        assert run("--fix", "--unsafe-fixes", cwd=tmp_path).code == 0
        assert (tmp_path / "Dockerfile").read_text() == ORDERED

    def test_reports_what_is_left(self, stale: Path) -> None:
        write_files(stale, {"other/Dockerfile": "FROM alpine\nRUNN x\n"})
        ran = run("--fix", cwd=stale)
        assert ran.code == 1
        assert ran.out.startswith("other/Dockerfile:2:1: error[unparsable-file] ")
        assert ran.out.endswith("Fixed 1 problem. Found 1 error in 3 files.\n")


ENDINGS = {
    "unix": ("\n", True),
    "windows": ("\r\n", True),
    "no final newline": ("\n", False),
    "windows, no final newline": ("\r\n", False),
}


class TestDiff:
    def test_writes_nothing_and_counts_on_standard_error(self, stale: Path) -> None:
        before = read_files(stale)
        ran = run("--diff", cwd=stale)
        assert (ran.code, read_files(stale)) == (1, before)
        assert ran.err == "Would fix 1 problem in 1 file. Nothing to report in 2 files.\n"
        assert ran.out.splitlines()[:2] == ["--- a/compose.yaml", "+++ b/compose.yaml"]

    def test_nothing_to_fix(self, stale: Path) -> None:
        run("--fix", cwd=stale)
        assert run("--diff", cwd=stale) == Ran(0, "", "Nothing to report in 2 files.\n")

    def test_unsafe_ones(self, tmp_path: Path) -> None:
        files = {"compose.yaml": CLEAN, "Dockerfile": MISORDERED, "package.json": "{}\n", "package-lock.json": "{}\n"}
        write_files(tmp_path, {**files, "index.js": "", ".dockerignore": "node_modules\n"})
        assert run("--diff", cwd=tmp_path).out == ""
        assert "+COPY package.json package-lock.json ./" in run("--diff", "--unsafe-fixes", cwd=tmp_path).out

    @pytest.mark.parametrize("tool", ["git apply -p1", "patch -p1 --binary"])
    @pytest.mark.parametrize(("ending", "final"), ENDINGS.values(), ids=ENDINGS)
    @pytest.mark.parametrize(
        "name", ["compose.yaml", "compose a b.yaml", 'compose"q"\\.yaml', "compose-ü.yaml", 'compose\t"q"\\.yaml']
    )
    def test_applies(self, tmp_path: Path, tool: str, ending: str, final: bool, name: str) -> None:
        text = STALE.replace("\n", ending)
        # the argument stands last, so that the line without a newline takes part in the change
        text = text.replace(f"        GIT_SHA: ${{GIT_SHA}}{ending}", "")
        text = text if final else text.removesuffix(ending)
        write_files(tmp_path, {name: text})
        diff = run("--diff", "--select", "inline-cache", cwd=tmp_path).out.encode()
        assert run("--fix", "--select", "inline-cache", cwd=tmp_path).code == 0
        wanted = (tmp_path / name).read_bytes()
        assert wanted != text.encode()
        write_files(tmp_path, {name: text})
        subprocess.run(tool.split(), cwd=tmp_path, input=diff, check=True, capture_output=True)
        assert (tmp_path / name).read_bytes() == wanted


class TestChoiceOfRules:
    def test_select(self, stale: Path) -> None:
        assert run("--select", "copy-before-install", cwd=stale).code == 0
        assert run("--select", "copy-before-install,inline-cache", cwd=stale).code == 1
        assert run("--select", "copy-before-install", "--select", "inline-cache", cwd=stale).code == 1

    def test_ignore(self, stale: Path) -> None:
        assert run("--ignore", "inline-cache", cwd=stale).code == 0
        assert run("--ignore", " inline-cache , copy-before-install ", cwd=stale).code == 0
        assert run("--select", "inline-cache", "--ignore", "inline-cache", cwd=stale).code == 0

    @pytest.mark.parametrize("option", ["--select", "--ignore"])
    def test_unknown_name(self, stale: Path, option: str) -> None:
        message = "cachelint: unknown rule 'inline-cash', did you mean 'inline-cache'?\n"
        assert run(option, "missing-commit-arg,inline-cash", cwd=stale) == Ran(2, "", message)

    def test_beginning_of_a_name_is_no_name(self, stale: Path) -> None:
        assert run("--select", "inline", cwd=stale).code == 2

    @pytest.mark.parametrize("option", ["--select", "--ignore"])
    def test_no_name_at_all(self, stale: Path, option: str) -> None:
        assert run(option, ",", cwd=stale) == Ran(2, "", "cachelint: --select and --ignore need the name of a rule\n")

    def test_fixes_follow_the_choice(self, stale: Path) -> None:
        run("--fix", "--ignore", "inline-cache", cwd=stale)
        assert (stale / "compose.yaml").read_text() == STALE


class TestOutput:
    @pytest.mark.parametrize("name", FORMATTERS)
    def test_formats(self, stale: Path, name: str) -> None:
        ran = run("--output-format", name, cwd=stale)
        assert (ran.code, ran.err) == (1, "")
        assert "inline-cache" in ran.out
        assert ran.out.endswith("\n")

    @pytest.mark.parametrize("name", ["json", "sarif"])
    def test_nothing_found_is_still_a_document(self, stale: Path, name: str) -> None:
        assert json.loads(run("--select", "copy-before-install", "--output-format", name, cwd=stale).out)

    def test_unknown_format(self, stale: Path) -> None:
        ran = run("--output-format", "xml", cwd=stale)
        assert (ran.code, ran.out) == (2, "")
        assert "invalid choice: 'xml'" in ran.err

    @pytest.mark.parametrize("name", FORMATTERS)
    def test_file(self, stale: Path, name: str) -> None:
        printed = run("--output-format", name, cwd=stale)
        assert run("--output-format", name, "--output-file", "out", cwd=stale) == Ran(1, "", "")
        assert (stale / "out").read_text() == printed.out

    def test_file_takes_the_diff_too(self, stale: Path) -> None:
        printed = run("--diff", cwd=stale)
        assert run("--diff", "--output-file", "out", cwd=stale) == printed._replace(out="")
        assert (stale / "out").read_text() == printed.out

    @pytest.mark.parametrize(
        ("file", "reason"),
        [("src", "is a directory"), ("gone/out", "no such file or directory"), ("a\0b", "embedded null byte")],
    )
    def test_file_that_cannot_be_written(self, stale: Path, file: str, reason: str) -> None:
        ran = run("--output-file", file, cwd=stale)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.endswith(f": {reason}\n")

    def test_quiet_leaves_out_the_summary(self, stale: Path) -> None:
        loud, quiet = run(cwd=stale), run("-q", cwd=stale)
        assert loud.out == f"{quiet.out}\nFound 1 warning in 2 files (1 fixable with --fix).\n"
        assert run("--quiet", "--ignore", "inline-cache", cwd=stale) == Ran(0, "", "")
        assert run("-q", "--diff", cwd=stale).err == ""

    def test_quiet_still_complains(self, stale: Path) -> None:
        assert run("-q", "gone", cwd=stale).err != ""

    def test_statistics(self, stale: Path) -> None:
        write_files(stale, {"a/compose.yaml": STALE, "b/Dockerfile": "FROM x\nRUNN y\n"})
        ran = run("--statistics", cwd=stale)
        assert ran == Ran(1, "     2  inline-cache (2 fixable)\n     1  unparsable-file\n", "")

    def test_exit_zero(self, stale: Path) -> None:
        assert run("--exit-zero", cwd=stale) == run(cwd=stale)._replace(code=0)
        assert run("--exit-zero", "--diff", cwd=stale).code == 0
        assert run("--exit-zero", "gone", cwd=stale).code == 2

    def test_show_files(self, stale: Path) -> None:
        names = {
            "docker-compose.tasks.yml": "- hosts: all\n",
            ".cachelint.yaml": "exclude: [old]\n",
            "old/Dockerfile": "FROM x\n",
            "deploy.sh": "true\n",
            ".dockerignore": "",
        }
        write_files(stale, names)
        (stale / "Dockerfile.link").symlink_to("Dockerfile")
        assert run("--show-files", cwd=stale) == Ran(
            0,
            """\
.dockerignore: dockerignore
Dockerfile: dockerfile
Dockerfile.link: skipped: a link to Dockerfile
compose.yaml: compose
deploy.sh: shell
docker-compose.tasks.yml: skipped: no services in it
old/Dockerfile: skipped: excluded by the configuration
""",
            "",
        )
        assert run("--show-files", "old", cwd=stale).out == "old/Dockerfile: skipped: excluded by the configuration\n"
        assert run("--show-files", "Dockerfile", cwd=stale).out == "Dockerfile: dockerfile\n"

    def test_same_input_same_bytes(self, stale: Path) -> None:
        for name in ("z", "b-c", "b", "b/c"):
            write_files(stale / name, {"compose.yaml": STALE, "docker-compose.yml": CLEAN, "Dockerfile": MISORDERED})
        first = process("--output-format", "json", cwd=stale, PYTHONHASHSEED="1").stdout
        assert first == process("--output-format", "json", cwd=stale, PYTHONHASHSEED="2").stdout
        found = json.loads(first)["diagnostics"]
        order = [(str(stale / one["path"]), one["start"]["offset"], one["rule"]) for one in found]
        assert len(order) > 5
        assert order == sorted(order)

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
    def test_any_encoding_of_standard_output(self, stale: Path, encoding: str) -> None:
        write_files(stale, {"compose.yaml": STALE.replace("faster", "wéb→")})
        assert process(cwd=stale, PYTHONIOENCODING=encoding).returncode == 1
        diff = process("--diff", cwd=stale, PYTHONIOENCODING=encoding).stdout
        assert "wéb→" in diff.decode()


COLORED = [
    ([], {}, False),
    (["--color", "always"], {}, True),
    (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
    ([], {"FORCE_COLOR": "1"}, True),
    ([], {"FORCE_COLOR": ""}, False),
    ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    (["--output-format", "concise"], {"FORCE_COLOR": "1"}, True),
    (["--output-format", "json"], {"FORCE_COLOR": "1"}, False),
]


@pytest.mark.parametrize(("args", "environment", "colored"), COLORED)
def test_color(
    stale: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], environment: dict[str, str], colored: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run(*args, cwd=stale).out) is colored


def test_unknown_color(stale: Path) -> None:
    assert run("--color", "sometimes", cwd=stale).code == 2


class TestStdin:
    def run(self, stale: Path, *args: str, text: str = STALE, name: str = "compose.yaml") -> Ran:
        return run(*args, "--stdin-filename", name, "-", cwd=stale, stdin=text.encode())

    def test_lint(self, stale: Path) -> None:
        write_files(stale, {"compose.yaml": "the text on disk does not count"})
        ran = self.run(stale)
        assert ran.code == 1
        assert ran.out.startswith(HEADLINE)

    def test_file_need_not_exist(self, stale: Path) -> None:
        assert self.run(stale, name="new/compose.yaml").out.startswith(f"new/{HEADLINE}")

    def test_dockerfile_meets_its_compose_file(self, stale: Path) -> None:
        ran = self.run(stale, text="FROM alpine\nCOPY src src\nRUN ./src/build\n", name="Dockerfile")
        assert "compose.yaml:7:9: error[undeclared-build-arg]" in ran.out

    def test_fix(self, stale: Path) -> None:
        ran = self.run(stale, "--fix")
        assert ran == Ran(0, CLEAN, "Fixed 1 problem. Nothing left to report in 2 files.\n")
        assert (stale / "compose.yaml").read_text() == STALE

    @pytest.mark.parametrize(
        "text", ["", "services: [\r\n", "\ufeff# x\r\n", CLEAN], ids=["empty", "broken", "bom", "clean"]
    )
    def test_fix_gives_back_what_it_cannot_fix(self, stale: Path, text: str) -> None:
        assert self.run(stale, "--fix", text=text).out == text

    def test_fix_gives_back_what_is_excluded(self, stale: Path) -> None:
        write_files(stale, {".cachelint.yaml": "exclude: [compose.yaml]\n"})
        assert self.run(stale, "--fix").out == STALE
        assert self.run(stale).out == "Nothing to report in 0 files.\n"

    def test_fix_leaves_the_other_files_of_the_build(self, stale: Path) -> None:
        undeclared = "FROM alpine\nCOPY src src\nRUN ./src/build\n"
        write_files(stale, {"Dockerfile": undeclared})
        ran = self.run(stale, "--fix")
        assert (ran.code, ran.out) == (1, CLEAN)
        assert "error[undeclared-build-arg]" in ran.err
        assert "Fixed 1 problem. Found 1 error" in ran.err
        assert (stale / "Dockerfile").read_text() == undeclared

    def test_fix_is_exact(self, stale: Path) -> None:
        text = "\ufeff" + STALE.replace("\n", "\r\n").replace("web", "wéb")
        ran = process(
            *("--fix", "--stdin-filename", "compose.yaml", "-"),
            cwd=stale,
            stdin=text.encode(),
            PYTHONIOENCODING="latin-1",
        )
        assert ran.stdout.decode() == text.replace("        BUILDKIT_INLINE_CACHE: 1  # faster\r\n", "")

    def test_diff(self, stale: Path) -> None:
        ran = self.run(stale, "--diff", name="sub/compose.yaml")
        assert ran.code == 1
        assert ran.out.startswith("--- a/sub/compose.yaml\n")

    def test_report_goes_to_the_output_file(self, stale: Path) -> None:
        ran = self.run(stale, "--fix", "--output-file", "out", "--output-format", "json")
        assert ran == Ran(0, CLEAN, "")
        assert json.loads((stale / "out").read_text())["summary"]["fixed"] == 1

    @pytest.mark.parametrize("name", ["deploy.sh", ".github/workflows/ci.yml", ".dockerignore"])
    def test_what_is_not_checked_yet(self, stale: Path, name: str) -> None:
        assert self.run(stale, "--fix", name=name).out == STALE

    def test_dockerfile_of_an_odd_name(self, stale: Path) -> None:
        ran = self.run(stale, text="FROM x\nRUN true\n", name="images/app")
        assert ran == Ran(0, "Nothing to report in 1 file.\n", "")

    def test_neither(self, stale: Path) -> None:
        ran = self.run(stale, text="hello\n", name="notes.txt")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("cachelint: notes.txt: no Compose file, Dockerfile or shell script")

    def test_no_services(self, stale: Path) -> None:
        ran = self.run(stale, text="- hosts: all\n")
        assert ran.code == 2
        assert ran.err.startswith("cachelint: compose.yaml: not a Compose file: no services in it")

    @pytest.mark.parametrize(
        ("data", "reason"),
        [(b"\xff", "not UTF-8 text"), (b"\0", "not text"), (b"x" * 11_000_000, "larger than 10 MiB")],
    )
    def test_not_text(self, stale: Path, data: bytes, reason: str) -> None:
        ran = run("--fix", "--stdin-filename", "compose.yaml", "-", cwd=stale, stdin=data)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"cachelint: standard input: {reason}")

    def test_name_of_a_directory(self, stale: Path) -> None:
        assert self.run(stale, name="src").err == "cachelint: src: a directory, not the name of a file\n"


MISUSED = {
    "--unsafe-fixes": "--unsafe-fixes goes with --fix or --diff",
    "--fix --diff": "--fix writes and --diff does not: choose one",
    "--isolated --config x": "--isolated and --config exclude each other",
    "-": "standard input (-) and --stdin-filename NAME go together",
    "--stdin-filename compose.yaml": "standard input (-) and --stdin-filename NAME go together",
    "--stdin-filename compose.yaml compose.yaml": "standard input (-) and --stdin-filename NAME go together",
    "--stdin-filename compose.yaml - x": "standard input (-) is read alone, without other paths",
    "--statistics --output-format json": "--statistics is text: it goes without --output-format",
    "--diff --output-format json": "--diff is a format of its own: it goes without --statistics and --output-format",
}


@pytest.mark.parametrize("line", MISUSED)
def test_options_that_do_not_go_together(stale: Path, line: str) -> None:
    assert run(*line.split(), cwd=stale) == Ran(2, "", f"cachelint: {MISUSED[line]}\n")


@pytest.mark.parametrize(
    "line", ["--no-such-option", "--sel inline-cache", "--select", "--fix=yes", "rule a b", "rule --fix"]
)
def test_usage_errors(stale: Path, line: str) -> None:
    ran = run(*line.split(), cwd=stale)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("usage: cachelint")


def test_version() -> None:
    assert run("--version") == Ran(0, f"cachelint {__version__}\n", "")


@pytest.mark.parametrize("command", [[], ["rule"]])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(command: list[str], option: str) -> None:
    ran = run(*command, option)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(" ".join(["usage: cachelint", *command]))


class TestRule:
    def test_list(self) -> None:
        ran = run("rule")
        assert (ran.code, ran.err) == (0, "")
        assert [line.split()[0] for line in ran.out.splitlines()] == sorted(rule.id for rule in all_rules())

    @pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
    def test_page(self, rule: type) -> None:
        ran = run("rule", rule.id)
        assert (ran.code, ran.err) == (0, "")
        for heading in ("# " + rule.id, "## What it does", "## Why it matters", "## Fix safety", "## Examples"):
            assert f"{heading}\n" in ran.out

    def test_unknown(self) -> None:
        message = "cachelint: unknown rule 'inlinecache', did you mean 'inline-cache'?\n"
        assert run("rule", "inlinecache") == Ran(2, "", message)

    def test_json(self) -> None:
        every = json.loads(run("rule", "--output-format", "json").out)
        one = json.loads(run("rule", "inline-cache", "--output-format", "json").out)
        assert every["version"] == one.pop("version") == 1
        assert one in every["rules"]
        assert set(one) == {"rule", "summary", "severity", "fix_availability", "page"}


class TestStreams:
    def test_reader_that_stops_reading(self, stale: Path) -> None:
        write_files(stale, {f"{number}/compose.yaml": STALE for number in range(300)})
        command = f"{sys.executable} -m cachelint | head -n 1; echo ${{PIPESTATUS[0]}} >&2"
        ran = subprocess.run(["bash", "-c", command], cwd=stale, env=ENVIRONMENT, capture_output=True, check=True)
        assert ran.stdout.startswith(b"0/compose.yaml:6:9:")
        assert ran.stderr == b"2\n"

    @pytest.mark.parametrize("args", ["", "--help", "--version", "rule", "--print-completion bash", "--diff"])
    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    def test_full_standard_output(self, stale: Path, args: str) -> None:
        with open("/dev/full", "wb") as full:
            ran = self._redirected(stale, args, stdout=full, stderr=subprocess.PIPE)
        assert ran.returncode == 2
        assert ran.stderr.endswith(b"cachelint: standard output: no space left on device\n")
        assert ran.stderr.count(b"\n") <= 2

    @pytest.mark.parametrize(("args", "code"), [("", 1), ("gone", 2), ("--version", 0), ("--diff", 1)])
    def test_closed_streams(self, stale: Path, args: str, code: int) -> None:
        command = f"{sys.executable} -m cachelint {args} >&- 2>&- <&-"
        assert subprocess.run(["bash", "-c", command], cwd=stale, env=ENVIRONMENT, check=False).returncode == code

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    def test_full_standard_error(self, stale: Path) -> None:
        with open("/dev/full", "wb") as full:
            ran = self._redirected(stale, "gone", stdout=subprocess.PIPE, stderr=full)
        assert (ran.returncode, ran.stdout) == (2, b"")

    def _redirected(self, cwd: Path, args: str, **streams: object) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "cachelint", *args.split()]
        return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, check=False, **streams)  # type: ignore[call-overload,no-any-return]


def test_internal_error_is_one_sentence(stale: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachelint.linter.Linter.lint", lambda self: 1 / 0)
    message = "cachelint: internal error, please report it: ZeroDivisionError: division by zero\n"
    assert run(cwd=stale) == Ran(2, "", message)
    monkeypatch.setenv("CACHELINT_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run(cwd=stale)


def test_interrupt(stale: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cachelint.linter.Linter.lint", interrupt)
    assert run(cwd=stale) == Ran(2, "", "cachelint: interrupted\n")


def test_every_option_of_the_contract_exists() -> None:
    known = {option for action in lint_parser()._actions for option in action.option_strings}
    contract = """
        --fix --unsafe-fixes --diff --select --ignore --output-format --output-file --stdin-filename --config
        --isolated --ignore-unknown --exit-zero --statistics --show-files --color -q --version --print-completion
    """
    assert set(contract.split()) <= known
