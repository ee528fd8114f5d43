import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachelint.buildcache.context import ContextListing, CopySources, list_context, read_context
from cachelint.documents.dockerignore import parse_dockerignore
from cachelint.documents.globs import PatternError
from cachelint.source import SourceFile

TREE = ["a.txt", "b.md", "src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py", "docs/", "docs/x.md", "[x]"]


def ignore(*patterns):
    return parse_dockerignore(SourceFile(".dockerignore", "\n".join(patterns)))


# fmt: off
SOURCES = [
    (["."],                      TREE),
    (["./"],                     TREE),
    (["/"],                      TREE),
    (["src/.."],                 TREE),
    (["../.."],                  TREE),  # nothing is above the context
    (["a.txt"],                  ["a.txt"]),
    (["./a.txt"],                ["a.txt"]),
    (["/a.txt"],                 ["a.txt"]),
    (["../a.txt"],               ["a.txt"]),
    (["a.txt/"],                 ["a.txt"]),
    (["a.txt", "b.md"],          ["a.txt", "b.md"]),
    (["src"],                    ["src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
    (["src/"],                   ["src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
    (["src/."],                  ["src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
    (["sr"],                     []),
    (["src/deep/x.py"],          ["src/deep/x.py"]),
    (["*"],                      TREE),
    (["*.md"],                   ["b.md"]),
    (["*.none"],                 []),
    (["*/x.md"],                 ["src/x.md", "docs/x.md"]),
    (["**/x.md"],                ["src/x.md", "docs/x.md"]),  # no more than `*` without --parents
    (["**"],                     TREE),
    (["src/*.py"],               ["src/main.py"]),
    (["src/*"],                  ["src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
    (["s?c/d*"],                 ["src/deep/", "src/deep/x.py"]),
    (["[ab].*"],                 ["a.txt", "b.md"]),
    (["[^ab]*"],                 [one for one in TREE if one not in ("a.txt", "b.md")]),
    (["[[]x]"],                  ["[x]"]),
    ([r"\[x?"],                  ["[x]"]),
    (["docs[^a]x.md"],           ["docs/x.md"]),  # unlike `*` and `?`, a class may be the slash
]
# fmt: on


@pytest.mark.parametrize(("sources", "selected"), SOURCES)
def test_sources(sources, selected):
    assert CopySources(sources).select(TREE) == selected


@pytest.mark.parametrize(
    ("sources", "excludes", "selected"),
    [
        (["src"], ["*.md"], ["src/", "src/main.py", "src/deep/", "src/deep/x.py"]),
        (["src"], ["deep"], ["src/", "src/main.py", "src/x.md"]),
        (["src"], ["/deep"], ["src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
        (["src"], ["src/deep"], ["src/", "src/main.py", "src/x.md", "src/deep/", "src/deep/x.py"]),
        (["."], ["src/deep", "*.md", "docs"], ["a.txt", "src/", "src/main.py", "src/x.md", "[x]"]),
        (["."], ["**/*.md", "!docs/*.md", "[[]*", "src"], ["a.txt", "docs/", "docs/x.md"]),
        # a file that is a source itself is copied whatever is excluded
        (["a.txt"], ["*.txt"], ["a.txt"]),
        (["*.txt", "*.md"], ["*.txt", "*.md"], ["a.txt", "b.md"]),
        (["s*"], ["*.md", "src"], ["src/", "src/main.py", "src/deep/", "src/deep/x.py"]),
    ],
)
def test_excludes(sources, excludes, selected):
    assert CopySources(sources, excludes).select(TREE) == selected


@pytest.mark.parametrize(
    ("source", "selected"),
    [
        ("src/deep", ["src/deep/", "src/deep/x.py"]),
        ("./src/main.py", ["src/main.py"]),
        ("src/./deep/x.py", ["src/deep/x.py"]),
        ("**/*.py", ["src/main.py", "src/deep/x.py"]),
        ("src/./**/*.py", ["src/main.py", "src/deep/x.py"]),
        ("s*/./*.py", ["src/main.py"]),
        ("src/./deep/..", []),
        ("*/x.md", ["src/x.md", "docs/x.md"]),
    ],
)
def test_parents(source, selected):
    assert CopySources([source], parents=True).select(TREE) == selected


def test_parents_and_excludes():
    assert CopySources(["src/./**/*.py"], ["deep"], parents=True).select(TREE) == ["src/main.py"]


def test_a_bind_mount_knows_no_wildcards():
    assert CopySources(["[x]"], wildcards=False).select(TREE) == ["[x]"]
    assert CopySources(["[x]"]).select(TREE) == []


@pytest.mark.parametrize(
    ("sources", "missing"),
    [
        (["a.txt", "nope", "src", "src/nope"], ["nope", "src/nope"]),
        (["nope*", "src/nope*", "nope/*"], ["nope/*"]),
        ([".", "/", "src/deep/"], []),
        (["sr", "rc/main.py"], ["sr", "rc/main.py"]),
    ],
)
def test_missing(sources, missing):
    assert CopySources(sources).missing(TREE) == missing


@pytest.mark.parametrize(
    ("source", "missing"),
    [("src/./nope", True), ("nope/./*", True), ("src/./nope*", False), ("src/./deep", False), ("nope", True)],
)
def test_missing_with_parents(source, missing):
    assert bool(CopySources([source], parents=True).missing(TREE)) is missing


@pytest.mark.parametrize("source", ["a[", "a/[]x]", "*\\", "[a-]"])
def test_refused(source):
    with pytest.raises(PatternError):
        CopySources([source])


LINKS = {"link": "real", "abs": "/real/deep", "real/up": "../other", "loop": "loop", "chain": "link/deep"}
LINKED = ["link", "abs", "loop", "chain", "real/f", "real/deep/g", "real/up", "other/h"]


@pytest.mark.parametrize(
    ("source", "selected"),
    [
        ("link", ["link", "real/f", "real/deep/g", "real/up"]),
        ("link/f", ["link", "real/f"]),
        ("abs", ["abs", "real/deep/g"]),
        ("link/up/h", ["link", "real/up", "other/h"]),
        ("chain", ["link", "chain", "real/deep/g"]),
        ("l*k", ["link", "real/f", "real/deep/g", "real/up"]),
        ("link/u*", ["link", "real/up", "other/h"]),
        ("real", ["real/f", "real/deep/g", "real/up"]),  # a link inside a copied directory stays a link
        ("loop", ["loop"]),
        ("real/../../link/f", ["link", "real/f"]),
    ],
)
def test_links(source, selected):
    assert CopySources([source], links=LINKS).select(LINKED) == selected


def test_a_link_that_is_missing_its_target_is_there():
    assert CopySources(["link"], links={"link": "nowhere"}).missing(["link"]) == []


def make(root, *paths):
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            target.mkdir(exist_ok=True)
        else:
            target.write_text(path)
    return str(root)


def test_listing(tmp_path):
    root = make(tmp_path, "b/c", "a/", "a.b", "b/a/d", "é")
    assert list_context(root) == ["a/", "a.b", "b/", "b/a/", "b/a/d", "b/c", "é"]


def test_listing_without_what_is_ignored(tmp_path):
    root = make(tmp_path, "a/b/c", "a/b/d", "a/e", "f", "g/h/i", "g/j")
    assert list_context(root, ignore("a", "g/h")) == ["f", "g/", "g/j"]
    assert list_context(root, ignore("a", "!a/b/d", "g", "!g/none")) == ["a/", "a/b/", "a/b/d", "f"]
    assert list_context(root, ignore("**", "!**/i")) == ["g/", "g/h/", "g/h/i"]


def test_an_ignored_directory_is_not_opened(tmp_path, monkeypatch):
    root = make(tmp_path, "a/b/c", "d/e/f", "d/g/h")
    opened = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: opened.append(os.path.relpath(path, root)) or real(path))
    list_context(root, ignore("a", "d", "!d/g/*"))
    assert opened == [".", "d", "d/g"]


def test_links_are_listed_and_not_followed(tmp_path):
    root = make(tmp_path, "a/b")
    os.symlink(".", tmp_path / "a" / "loop")
    os.symlink("a", tmp_path / "link")
    os.symlink("/nowhere", tmp_path / "dangling")
    links = {"a/loop": ".", "dangling": "/nowhere", "link": "a"}
    assert read_context(root) == ContextListing(["a/", "a/b", "a/loop", "dangling", "link"], links)


def test_a_directory_that_cannot_be_read_counts_as_empty(tmp_path, monkeypatch):
    root = make(tmp_path, "a/b", "c")
    real = os.scandir

    def scandir(path):
        if path.endswith("/a"):
            raise PermissionError(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert list_context(root) == ["a/", "c"]


def test_a_root_that_cannot_be_listed(tmp_path):
    with pytest.raises(FileNotFoundError):
        list_context(str(tmp_path / "nope"))


def test_a_tree_deeper_than_a_path_can_be(tmp_path):
    name = "d" * 200
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    assert 15 < len(list_context(str(tmp_path))) < 30


def test_listing_is_fast(tmp_path):
    for number in range(50):
        directory = tmp_path / f"package{number}"
        directory.mkdir()
        for name in range(200):
            (directory / f"module_{name}.py").touch()
    patterns = ignore("**/node_modules", "**/*.pyc", "*.md", ".git", "**/__pycache__", "!README.md", "package1?/*_7*")
    begin = time.process_time()
    found = list_context(str(tmp_path), patterns)
    assert time.process_time() - begin < 1  # 200,000 files took 1 s where this was written
    assert len(found) == 50 + 50 * 200 - 10 * 11


WORD = st.text("ab*?[]./\\^", max_size=8)


@given(st.lists(WORD, max_size=3), st.lists(WORD, max_size=2), st.booleans(), st.lists(WORD, max_size=4))
def test_any_text_is_read_or_refused(sources, excludes, parents, paths):
    try:
        copy = CopySources(sources, excludes, parents=parents, links={"a": "b", "b": "../a/b"})
    except PatternError:
        return
    copy.select(paths)
    copy.missing(paths)


@given(WORD, st.lists(st.sampled_from(["a", "b", "ab", "a.b"]), min_size=2, max_size=4))
def test_all_below_a_selected_directory_is_selected(source, names):
    try:
        copy = CopySources([source])
    except PatternError:
        return
    verdicts = [copy.selects("/".join(names[: at + 1])) for at in range(len(names))]
    assert verdicts == sorted(verdicts)
