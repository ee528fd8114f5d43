"""The JSON of the contract, version 1."""

from __future__ import annotations

import json
import os

from cachelint.diagnostic import Refusal
from cachelint.output import render
from cachelint.output.terminal import Style
from tests.output.reports import ROOT, diagnostic, full, report

COLORED = Style(True)


def test_exact_shape() -> None:
    made = full()._replace(refused=(Refusal("a-rule", f"{ROOT}/x", "changed on disk"),))
    data = json.loads(render(made, "json", COLORED))
    assert list(data) == ["version", "diagnostics", "summary", "refused"]
    assert data["version"] == 1
    assert data["summary"] == {
        "files": 2,
        "errors": 1,
        "warnings": 1,
        "notes": 2,
        "fixable": 1,
        "fixed": 0,
        "suppressed": 1,
    }
    assert data["refused"] == [{"rule": "a-rule", "path": "x", "reason": "changed on disk"}]
    assert data["diagnostics"][0] == {
        "rule": "a-rule",
        "severity": "error",
        "path": "compose.yaml",
        "start": {"line": 2, "column": 1, "offset": 6},
        "end": {"line": 2, "column": 7, "offset": 12},
        "message": "Mend it.",
        "related": [
            {
                "path": "sub/Dockerfile",
                "start": {"line": 2, "column": 1, "offset": 2},
                "end": {"line": 2, "column": 2, "offset": 3},
                "message": "built from here",
            }
        ],
        "fix": {
            "title": "write it out",
            "applicability": "safe",
            "path": "compose.yaml",
            "edits": [{"start": 6, "end": 12, "replacement": "2nd"}, {"start": 0, "end": 0, "replacement": "# \n"}],
        },
    }
    assert [one["fix"] and one["fix"]["applicability"] for one in data["diagnostics"]] == [
        "safe",
        "unsafe",
        "display-only",
        None,
    ]
    assert data["diagnostics"][1]["fix"]["path"] == "sub/Dockerfile"


def test_nothing() -> None:
    data = json.loads(render(report(files=0), "json", COLORED))
    assert (data["diagnostics"], data["refused"]) == ([], [])


def test_offsets_count_characters() -> None:
    [one] = json.loads(render(report(diagnostic("\ufeffé🐳: x\n", "x")), "json", COLORED))["diagnostics"]
    assert one["start"] == {"line": 1, "column": 5, "offset": 5}


def test_any_text_is_ascii_and_valid() -> None:
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x90\xb3")
    text = render(report(diagnostic(name=name, message="\x1b\u202e\ud800\n")), "json", COLORED)
    assert text.isascii()
    [one] = json.loads(text)["diagnostics"]
    assert one["path"] == "caf\ufffd 🐳"
    assert one["message"] == "\x1b\u202e\ufffd\n"
    json.dumps(one).encode()
