"""The formats of a plan: strangers' text stays text, whatever it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.support import run, write_files

EVIL = (
    "| ` <script>alert(1)</script> \"]:::x; --> <!-- @someone https://evil.example \x1b[31m '&#96;' ${X} *b* _i_ [a](b)"
)
DOCKERFILE = f"FROM a AS build\nCOPY . .\nRUN echo {EVIL}\nFROM scratch\nCOPY --from=build /x /y\n"


@pytest.fixture
def evil(tmp_path):
    compose = 'services:\n  "<img src=x onerror=y>|`a`":\n    build: .\n  odd:\n    build: "./<b>gone</b>|`"\n'
    name = "a`|<script>alert(2)<!--.js"
    return write_files(tmp_path, {"compose.yaml": compose, "Dockerfile": DOCKERFILE, name: ""})


def rendered(directory, name):
    ran = run("plan", "--output-format", name, cwd=directory)
    assert ran.code == 0, ran.err
    assert ran.out.endswith("\n")
    assert "\x1b" not in ran.out
    return ran.out


def test_text_shows_control_characters_as_escapes(evil):
    text = rendered(evil, "text")
    assert "\\x1b[31m" in rendered(evil, "html")
    assert max(map(len, text.splitlines())) <= 130


def test_markdown_has_no_markup_but_its_own(evil):
    text = rendered(evil, "markdown")
    bare = re.sub(r"</?code>|<!-- -->", "", text)
    assert not re.search(r"[<>`@]|\*b|\[a", bare)
    assert "://" not in re.sub(r"<code>.*?</code>", "", text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {6}


def test_mermaid_labels_hold_plain_characters_only(evil):
    lines = rendered(evil, "mermaid").splitlines()
    assert lines[0] == "flowchart TB"
    labels = [label for line in lines for label in re.findall(r'\["(.*)"\]', line)]
    assert len(labels) == 7
    for label in labels:
        assert not re.search(r"[\"'`<>\[\]{}|$&@*_]", label.replace("<br/>", ""))
    assert any("-. files .->" in line for line in lines)
    assert sum(line.strip() == "end" for line in lines) == sum("subgraph" in line for line in lines)


class Page(HTMLParser):
    """The elements of a page, the texts in them, and the attributes that could load something."""

    VOID = ("meta", "input", "br")

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = set()
        self.loads = []
        self.ids = []
        self.referred = []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open += [] if tag in self.VOID else [tag]
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "style") or name.startswith("on"):
                self.loads.append(value)
            if name == "id":
                self.ids.append(value)
            if name in ("for", "aria-labelledby", "aria-describedby"):
                self.referred.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_one_page_without_strangers_markup(evil):
    text = rendered(evil, "html")
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert not page.seen & {"img", "link", "iframe", "base", "form"}
    assert text.count("<script>") == 1
    assert all(value.startswith("#b") for value in page.loads)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.referred) <= set(page.ids)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_plan_goes_to_a_file(evil):
    ran = run("plan", "--output-format", "html", "--output-file", "plan.html", cwd=evil)
    assert (ran.code, ran.out) == (0, "")
    assert (evil / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")
