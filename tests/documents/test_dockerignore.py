import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachelint.documents.dockerignore import DockerIgnore, DockerIgnoreError, find_ignore_file, parse_dockerignore
from cachelint.documents.globs import PatternError, clean_path
from cachelint.documents.pattern_list import MAX_CHARACTERS, PatternList
from cachelint.source import SourceFile


def parse(text: str) -> DockerIgnore:
    return parse_dockerignore(SourceFile(".dockerignore", text))


# Every row was also put to Docker 28.5 (COPY . / of a context with just these files).
# fmt: off
VERDICTS = [
    # patterns                         ignored                              kept
    ("a",                              ["a", "a/b", "a/b/c"],               ["b/a", "ab", "b"]),
    ("a/",                             ["a", "a/b"],                        ["b/a"]),
    ("/a",                             ["a", "a/b"],                        ["b/a"]),
    ("//a//b/",                        ["a/b", "a/b/c"],                    ["a", "b"]),
    ("./a/../b/.",                     ["b", "b/c"],                        ["a"]),
    ("../a",                           [],                                  ["a"]),
    (".",                              [],                                  ["a", ".a"]),
    ("/",                              [],                                  ["a", "a/b"]),
    ("*",                              ["a", "a/b", ".a"],                  []),
    ("*/*",                            ["a/b", "a/b/c"],                    ["c"]),
    ("*.md",                           ["x.md", ".md", "d.md/y"],           ["a/x.md", "x.mdx"]),
    ("*/x",                            ["a/x", "a/x/b"],                    ["x", "b/a/x"]),
    ("a*b",                            ["ab", "acb", "a.b/c"],              ["a/b", "abc"]),
    ("?",                              ["a", "ü", "b/c"],                   ["ab", "cd"]),
    ("a?b",                            ["a.b", "acb"],                      ["ab", "a/b"]),
    ("[a-c]1",                         ["a1", "c1"],                        ["d1", "A1"]),
    ("[^a-c]1",                        ["d1", "ü1"],                        ["a1", "c1", "1"]),
    ("[!a]1",                          ["!1", "a1"],                        ["b1"]),
    (r"[\]x]1",                        ["]1", "x1"],                        [r"\1"]),
    (r"\*",                            ["*"],                               ["a", r"\*"]),
    (r"a\[1]",                         ["a[1]"],                            ["a1"]),
    (r"bin\Debug",                     ["bin-ebug", "binDebug"],            ["bin/Debug"]),
    (r"v\d",                           ["v1"],                              ["vd"]),
    (r"src\bin",                       [],                                  ["srcbin", "src/bin", r"src\bin"]),
    ("a]",                             ["a]"],                              ["a"]),
    ("a.b+(c)|$",                      ["a.b+(c)|$"],                       ["axb+(c)|$"]),
    ("a^b",                            ["a^b"],                             ["ab"]),
    ("a^b*",                           [],                                  ["a^b", "a^bc"]),
    ("^a*",                            ["ab"],                              ["^a"]),
    ("**",                             ["a", "a/b/c", ".x"],                []),
    ("**/**",                          ["a", "b/c"],                        []),
    ("**/x",                           ["x", "a/x", "a/b/x/y"],             ["ax", "a/bx"]),
    ("**x",                            ["x", "a/x", "ax", "a/bx"],          ["xa"]),
    ("**x*",                           ["x", "a/xb", "xa"],                 ["ax", "a/bx"]),
    ("**/*.py",                        ["a.py", "a/b/c.py"],                ["a.pyc"]),
    ("**.py",                          ["a.py", "a/b/c.py"],                ["a.pyc"]),
    ("a/**",                           ["a/b", "a/b/c"],                    ["b", "ab"]),
    ("a**",                            ["ab", "ab/c", "abc/d"],             ["b"]),
    ("a/**/b",                         ["a/b", "a/x/b", "a/x/y/b/z"],       ["a/xb", "b"]),
    ("a**b",                           ["ab", "a/b", "ac/d/b"],             ["acb", "a/cb"]),
    ("*a**b",                          ["aab", "xa/y/b"],                   ["axb"]),
    ("***x",                           ["x", "ax", "a/bx"],                 ["xa"]),
    ("**/a/**/b",                      ["a/b", "x/a/y/b"],                  ["b", "x/b"]),
    (".git\n**/.git",                  [".git/x", "a/.git/y"],              ["a/.gitignore"]),
    # comments, white space, byte order mark, line endings
    ("#a\n\n  \n b \r\n\tc\t",         ["b", "c"],                          ["#a", "a"]),
    (" #a",                            ["#a"],                              ["a"]),
    (r"\#a",                           ["#a"],                              ["a"]),
    ("\ufeffa\nb",                     ["a", "b"],                          []),
    ("\ufeff# a\nb",                   ["b"],                               ["a"]),
    ("a b",                            ["a b"],                             ["a", "b"]),
    ("a\u00a0",                        ["a"],                               []),
    # exceptions: the last pattern that holds decides
    ("*.md\n!README.md",               ["x.md"],                            ["README.md", "a/x.md"]),
    ("!README.md\n*.md",               ["x.md", "README.md"],               []),
    ("*.md\n!R*.md\nRX.md",            ["x.md", "RX.md"],                   ["RY.md"]),
    ("a\n!a/b",                        ["a/c"],                             ["a/b", "a/b/d"]),
    ("a/\n! a/b",                      ["a/c"],                             ["a/b"]),
    ("a\n!/a/b/",                      ["a/c"],                             ["a/b/d"]),
    ("*\n!src",                        ["a", "b/src"],                      ["src", "src/x/y"]),
    ("**\n!**/*.py",                   ["a", "b/c"],                        ["d.py", "e/f/g.py"]),
    ("a\n!a/*/x",                      ["a/b/y", "a/x"],                    ["a/c/x"]),
    ("a\n!**/x\na/x",                  ["a/y", "a/x"],                      ["a/b/x"]),
    ("**\n!a\na/b",                    ["a/b/c", "d"],                      ["a/x"]),
    # an exception is not even tried on what no pattern has matched, such as the directory `a` here
    ("a/b\n!a",                        ["a/b"],                             ["a/c"]),
    ("!a\na",                          ["a/b"],                             []),
    ("*\n!a\n!a/b\na/b",               ["a/b", "c"],                        ["a/d"]),
    ("!!a\n*",                         ["!a"],                              []),
    ("*\n!!a",                         ["b"],                               ["!a"]),
    ("*\n/!a",                         ["b", "!a"],                         ["a"]),
    ("*\n!.",                          ["b"],                               []),
]
# fmt: on


@pytest.mark.parametrize(("text", "ignored", "kept"), VERDICTS)
def test_verdict(text, ignored, kept):
    ignore = parse(text)
    assert [path for path in ignored + kept if ignore.ignores(path)] == ignored


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("!", "an exception from nothing"),
        ("!/", "an exception from nothing"),
        ("! ", "an exception from nothing"),
        ("a[", "unfinished"),
        ("[]a]", "unfinished"),
        ("[^]", "unfinished"),
        ("[-a]", "unfinished"),
        ("[a-]", "unfinished"),
        ("[a-", "unfinished"),
        ("[z-a]", "backwards"),
        ("a\\", "backslash"),
        ("[\\", "backslash"),
        (r"build\out", r"\o means nothing"),
        (r"a\1", r"\1 means nothing"),
        (r"\ü", r"\ü means nothing"),
    ],
)
def test_refused(line, reason):
    with pytest.raises(DockerIgnoreError, match=reason.replace("\\", r"\\")) as caught:
        parse(f"# fine\r\nb\r\n  {line.rstrip()}\r\n")
    start, end = caught.value.span
    assert (start, end) == (13, 13 + len(line.rstrip()))


def test_too_long_to_compile():
    with pytest.raises(DockerIgnoreError, match="longer than"):
        parse(("a" * 99 + "\n") * (MAX_CHARACTERS // 99 + 1))


def test_tree():
    ignore = parse("\ufeff# why\n\n ! ./a//b \r\n/c*/\n")
    assert [comment.text for comment in ignore.comments] == ["# why"]
    assert ignore.comments[0].span == (1, 6)
    texts = [(one.text, one.cleaned, one.is_exception, one.line) for one in ignore.patterns]
    assert texts == [("! ./a//b", "a/b", True, 3), ("/c*/", "c*", False, 4)]
    assert [ignore.source.text[slice(*one.span)] for one in ignore.patterns] == ["! ./a//b", "/c*/"]


def test_directories_may_end_in_a_slash():
    assert parse("a").ignores("a/")
    assert not parse("a").ignores("b/")


@pytest.mark.parametrize("path", ["", "."])
def test_the_context_itself_is_never_ignored(path):
    assert not parse("*\n**").ignores(path)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["app.Dockerfile.dockerignore", ".dockerignore"], "app.Dockerfile.dockerignore"),
        ([".dockerignore"], ".dockerignore"),
        (["Dockerfile.dockerignore"], None),
        ([], None),
    ],
)
def test_find_ignore_file(tmp_path, files, found):
    for name in files:
        (tmp_path / name).touch()
    expected = str(tmp_path / found) if found else None
    assert find_ignore_file(str(tmp_path / "app.Dockerfile"), str(tmp_path)) == expected


def test_find_ignore_file_passes_over_a_directory(tmp_path):
    (tmp_path / "Dockerfile.dockerignore").mkdir()
    assert find_ignore_file(str(tmp_path / "Dockerfile"), str(tmp_path)) is None


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("", "."),
        ("//a", "/a"),
        ("///a", "/a"),
        ("/..", "/"),
        ("/../a", "/a"),
        ("a/..", "."),
        ("../a", "../a"),
        ("a//b/", "a/b"),
    ],
)
def test_clean_path(path, cleaned):
    assert clean_path(path) == cleaned


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 40 + "b",
        "**/" * 40 + "b",
        "**a" * 40 + "b",
        "a**" * 40 + "b",
        "*?" * 100,
        "[a-z]*" * 100,
        "**/*" * 100 + "b",
    ],
)
def test_no_pattern_is_slow(pattern):
    ignore = parse(f"{pattern}\n!{pattern}x")
    begin = time.process_time()
    ignore.ignores("a" * 4000)
    ignore.ignores("a/" * 2000)
    assert time.process_time() - begin < 2


SOME_TEXT = st.text("ab*?[]!/.\\-^ #", max_size=12)


@given(st.lists(SOME_TEXT, max_size=6), st.lists(SOME_TEXT, max_size=6))
def test_any_text_is_read_or_refused(lines, paths):
    try:
        ignore = parse("\n".join(lines))
    except DockerIgnoreError:
        return
    for path in paths:
        ignore.ignores(path)


@given(st.lists(SOME_TEXT.filter(str.strip), max_size=4), st.lists(st.sampled_from(["a", "b", "ab", ".a"]), min_size=2))
def test_what_is_below_an_ignored_directory_is_ignored_without_exceptions(lines, names):
    try:
        patterns = PatternList(line for line in lines if "!" not in line)
    except PatternError:
        return
    verdicts = [patterns.matches("/".join(names[: at + 1])) for at in range(len(names))]
    assert verdicts == sorted(verdicts)
