"""What people read on a terminal."""

from __future__ import annotations

import unicodedata

import pytest

from cachelint.diagnostic import Refusal, Severity
from cachelint.output import render
from cachelint.output.terminal import Style, columns, printable
from tests.output.reports import ROOT, diagnostic, full, report

PLAIN = Style(False)


def test_one_of_everything() -> None:
    assert (
        render(full(), "text", PLAIN)
        == """\
compose.yaml:2:1: error[a-rule] Mend it.
  2 | second
    | ^^^^^^
  see sub/Dockerfile:2: built from here
  fix: write it out

compose.yaml:1:1: warning[a-rule] Mend it.
  1 | first
    | ^^^^^
  fix (unsafe): there

compose.yaml:2:1: note[a-rule] Mend it.
  2 | second
    | ^^^^^^
  by hand: do it by hand

compose.yaml:2:1: note[a-rule] Mend it.
  2 | second
    | ^^^^^^

Found 1 error, 1 warning, 2 notes in 2 files (1 suppressed) (1 fixable with --fix, 1 fixable with --fix --unsafe-fixes).
"""
    )


def test_concise() -> None:
    assert (
        render(full(), "concise", PLAIN)
        == """\
compose.yaml:2:1: error[a-rule] Mend it.
compose.yaml:1:1: warning[a-rule] Mend it.
compose.yaml:2:1: note[a-rule] Mend it.
compose.yaml:2:1: note[a-rule] Mend it.
"""
    )


@pytest.mark.parametrize("name", ["text", "concise"])
def test_refusals_are_shown(name: str) -> None:
    text = render(report(refused=(Refusal("a-rule", f"{ROOT}/x\n", "no\x1b"),)), name, Style(False, quiet=True))
    assert text == "x\\n: not fixed [a-rule]: no\\x1b\n"


SUMMARIES = [
    (report(files=1), "Nothing to report in 1 file."),
    (report(files=0), "Nothing to report in 0 files."),
    (report(files=2, suppressed=3), "Nothing to report in 2 files (3 suppressed)."),
    (report(files=2, fixed=1), "Fixed 1 problem. Nothing left to report in 2 files."),
    (report(diagnostic(), diagnostic(), files=2, fixed=2), "Fixed 2 problems. Found 2 errors in 2 files."),
]


@pytest.mark.parametrize(("made", "line"), SUMMARIES, ids=[line for _, line in SUMMARIES])
def test_last_line_counts(made: object, line: str) -> None:
    assert render(made, "text", PLAIN).splitlines()[-1] == line  # type: ignore[arg-type]


def snippet(text: str, marked: str) -> tuple[str, str]:
    """The source line and the line of carets, behind the line number."""
    lines = render(report(diagnostic(text, marked)), "text", Style(False, quiet=True)).splitlines()
    return lines[1].split(" | ", 1)[1], lines[2].split(" | ", 1)[1]


CARETS = {
    "plain": ("a: bc\n", "bc", "a: bc", "   ^^"),
    "tab before": ("\ta: bc\n", "bc", " a: bc", "    ^^"),
    "tab inside": ("a\tb\n", "a\tb", "a b", "^^^"),
    "wide before": ("日本: bc\n", "bc", "日本: bc", "      ^^"),
    "wide inside": ("a: 日本!\n", "日本", "a: 日本!", "   ^^^^"),
    "emoji": ("🐳 bc\n", "bc", "🐳 bc", "   ^^"),
    "combining": ("e\u0301 bc\n", "bc", "e\u0301 bc", "  ^^"),
    "escape before": ("\x1b[0m bc\n", "bc", "\\x1b[0m bc", "        ^^"),
    "escape inside": ("b\x07c\n", "b\x07c", "b\\x07c", "^^^^^^"),
    "bidi override": ("a \u202e b\n", "b", "a \\u202e b", "         ^"),
    "zero width": ("a\u200bb\n", "b", "a\\u200bb", "       ^"),
    "no-break space": ("a\xa0b\n", "b", "a\\xa0b", "     ^"),
    "byte order mark": ("\ufeffbc\n", "bc", "bc", "^^"),
    "carriage return": ("ab\r\n", "b", "ab", " ^"),
    "several lines": ("abc\ndef\n", "bc\nd", "abc", " ^^"),
    "nothing": ("abc\n", "", "abc", "^"),
    "line separator": ("a\u2028b\n", "b", "a\\u2028b", "       ^"),
}


@pytest.mark.parametrize("what", CARETS)
def test_carets_stand_under_the_span(what: str) -> None:
    text, marked, line, carets = CARETS[what]
    assert snippet(text, marked) == (line, carets)


LONG = {
    "at the start": ("b" + "x" * 500, "b"),
    "in the middle": ("x" * 500 + "b" + "x" * 500, "b"),
    "at the end": ("x" * 500 + "b", "b"),
    "longer than the line shown": ("x" * 500 + "b" * 500, "b" * 500),
    "escapes": ("\x1b" * 500 + "b" + "\x1b" * 500, "b"),
}


@pytest.mark.parametrize("what", LONG)
def test_long_lines_are_cut_around_the_span(what: str) -> None:
    text, marked = LONG[what]
    line, carets = snippet(text, marked)
    assert len(line.replace("\\x1b", "x")) <= 122
    first, last = carets.index("^"), len(carets)
    assert set(line[first:last]) == {"b"}
    assert line.startswith("…") is (text.index(marked) > 60)
    assert line.endswith("…") is (not text.endswith(marked) or len(marked) > 60)


def test_blank_line_has_no_snippet() -> None:
    assert render(report(diagnostic("\n\n", "")), "text", Style(False, quiet=True)).count("\n") == 1


def test_strangers_cannot_steer_the_terminal() -> None:
    one = diagnostic("a\x1b]0;x\x07\u202e\n", "a", "x\x1b[2J\n::error::y", message="m\x1b[1m\r\u2066")
    for name in ("text", "concise"):
        text = render(report(one), name, PLAIN)
        assert {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs")} == {"\n"}
        assert text.startswith("x\\x1b[2J\\n::error::y:1:1: error[a-rule] m\\x1b[1m\\r\\u2066\n")


def test_colors_change_nothing_else() -> None:
    colored = render(full(), "text", Style(True))
    for code in ("1", "2", "32", "1;31", "1;33", "1;36", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == render(full(), "text", PLAIN)


@pytest.mark.parametrize("severity", Severity)
def test_each_severity_has_its_color(severity: Severity) -> None:
    assert Style(True).paint("x", severity) not in {Style(True).paint("x", one) for one in Severity if one != severity}


@pytest.mark.parametrize(
    ("text", "shown", "width"),
    [("a b", "a b", 3), ("é", "é", 1), ("\udcff", "\\udcff", 6), ("\U000e0001", "\\U000e0001", 10), ("ﾊ", "ﾊ", 1)],
)
def test_printable(text: str, shown: str, width: int) -> None:
    assert printable(text) == shown
    assert columns(shown) == width
