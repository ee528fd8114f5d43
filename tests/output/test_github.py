"""Workflow commands, and nobody else's."""

from __future__ import annotations

import pytest

from cachelint.diagnostic import Refusal
from cachelint.output import render
from cachelint.output.terminal import Style
from tests.output.reports import ROOT, diagnostic, full, report


def commands(made: object) -> list[str]:
    """The lines of the report."""
    return render(made, "github", Style(True)).splitlines()  # type: ignore[arg-type]


def test_one_of_everything() -> None:
    assert commands(full()) == [
        "::error file=compose.yaml,line=2,endLine=2,col=1,endColumn=7,title=a-rule::Mend it. Fix: write it out.",
        "::warning file=compose.yaml,line=1,endLine=2,title=a-rule::Mend it. Fix: there.",
        "::notice file=compose.yaml,line=2,endLine=2,col=1,endColumn=7,title=a-rule::Mend it. Fix: do it by hand.",
        "::notice file=compose.yaml,line=2,endLine=2,col=1,endColumn=7,title=a-rule::Mend it.",
    ]


def test_refusals() -> None:
    made = report(refused=(Refusal("a-rule", f"{ROOT}/a,b", "changed\non disk"),))
    assert commands(made) == ["::warning file=a%2Cb,title=not fixed%3A a-rule::changed%0Aon disk"]


SMUGGLED = {
    "new line": ("x\n::stop-commands::y", "x%0A%3A%3Astop-commands%3A%3Ay", "x%0A::stop-commands::y"),
    "carriage return": (
        "x\r::set-output name=a::b",
        "x%0D%3A%3Aset-output name=a%3A%3Ab",
        "x%0D::set-output name=a::b",
    ),
    "percent": ("%0A::error::x", "%250A%3A%3Aerror%3A%3Ax", "%250A::error::x"),
    "end of the properties": ("a,line=1::x", "a%2Cline=1%3A%3Ax", "a,line=1::x"),
    "escape": ("\x1b[2J", "\\x1b[2J", "\\x1b[2J"),
    "next line": ("a\x85::error::b", "a\\x85%3A%3Aerror%3A%3Ab", "a\\x85::error::b"),
    "line separator": ("a\u2028::error::b", "a\\u2028%3A%3Aerror%3A%3Ab", "a\\u2028::error::b"),
    "old command": ("##[error]x", "##[error]x", "##[error]x"),
    "no text": ("\udcff", "\\udcff", "\\udcff"),
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_commands_cannot_be_smuggled_in(what: str) -> None:
    text, in_property, in_message = SMUGGLED[what]
    [line] = commands(report(diagnostic(name=text, message=text)))
    assert line == f"::error file={in_property},line=2,endLine=2,col=1,endColumn=7,title=a-rule::{in_message}"


def test_nothing() -> None:
    assert render(report(), "github", Style(True)) == ""
