"""What a real engine copies is what `DockerIgnore` and `CopySources` say, on generated contexts and patterns.

Every file holds its own path, so the files of an image tell where they came from. File names are unique within a tree:
no COPY can hide what another source of it brought.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cachelint.buildcache.context import CopySources, list_context, read_context
from cachelint.documents.dockerignore import DockerIgnore, DockerIgnoreError, find_ignore_file, parse_dockerignore
from cachelint.documents.globs import PatternError
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.engine

EXAMPLES = os.environ.get("CACHELINT_TEST_EXAMPLES")  # a number: that many new ones; else a few that stay the same
DIRECTORIES = ["a", "b", "src", "docs", "node_modules", ".git", "a.b"]
FILES = [
    "main.py",
    "test_main.py",
    "x.md",
    "README.md",
    ".env",
    "Makefile",
    "b1",
    "b2",
    "ab",
    "a[1].c",
    "log.txt",
    "ü.py",
]
UNREAD_ESCAPE = re.compile(r"\\[xpPQ0]")  # Go reads more after these; here they match nothing


def doubled(text: str) -> str:
    return text.replace("\\", "\\\\")


class Copy(NamedTuple):
    sources: list[str]
    excludes: Sequence[str] = ()
    parents: bool = False

    def instruction(self, number: int) -> str:
        # words and flags of an instruction lose one level of backslashes
        flags = ["--exclude=" + doubled(pattern) for pattern in self.excludes] + ["--parents"] * self.parents
        words = json.dumps([*map(doubled, self.sources), f"/{number}/"])
        return " ".join(["COPY", *flags, words])

    def model(self) -> CopySources:
        return CopySources(self.sources, self.excludes, parents=self.parents)


class Case(NamedTuple):
    files: list[str]
    empty: list[str]
    ignore: str
    copies: list[Copy]


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    directories = st.lists(st.sampled_from(DIRECTORIES), max_size=3).map("/".join)
    names = draw(st.lists(st.sampled_from(FILES), min_size=3, max_size=8, unique=True))
    files = [os.path.join(draw(directories), name) for name in names]
    return files, draw(st.lists(directories.filter(bool), max_size=1))


def changed(draw: st.DrawFn, word: str) -> str:
    """A name, or a pattern that may match it."""
    at = draw(st.integers(0, len(word)))
    return draw(
        st.sampled_from(
            [word] * 8 + ["*", "**", "?*", word[:at] + "*", "*" + word[at:], word[:at] + "?" + word[at + 1 :]]
        )
        | st.sampled_from(
            [f"[{word[:1]}]" + word[1:], f"[^z]{word[1:]}", f"[a-z]{word[1:]}", "\\" + word, "**" + word[at:]]
        )
    )


@st.composite
def patterns(draw: st.DrawFn, paths: list[str]) -> str:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text("ab*?[]/.\\-^", min_size=1, max_size=6))
    words = draw(st.sampled_from(paths)).split("/")
    words = words[: draw(st.integers(1, len(words)))]
    pattern = "/".join(changed(draw, word) for word in words)
    before = draw(st.sampled_from([""] * 6 + ["/", "./", "**/", "*/", "../", "b/../"]))
    return before + pattern + draw(st.sampled_from([""] * 6 + ["/", "/.", "/*", "/**", "**"]))


@st.composite
def cases(draw: st.DrawFn, excludes: bool, parents: bool) -> Case:
    files, empty = draw(trees())
    pattern = patterns(files + empty)
    lines = draw(st.lists(st.tuples(st.sampled_from(["", "", "!"]), pattern).map("".join), max_size=5))
    sources = st.lists(pattern, min_size=1, max_size=2)
    filters = st.lists(pattern, max_size=2 * excludes)
    copies = st.lists(
        st.builds(Copy, sources, filters, st.booleans() if parents else st.just(False)), min_size=4, max_size=12
    )
    return Case(files, empty, "\n".join(lines), draw(copies))


def write(case: Case, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in case.files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in case.empty:
        (root / name).mkdir(parents=True, exist_ok=True)
    if case.ignore:
        (root / ".dockerignore").write_text(case.ignore)


def read_ignore(case: Case) -> DockerIgnore:
    return parse_dockerignore(SourceFile(".dockerignore", case.ignore))


def usable(copy: Copy, listing: list[str]) -> bool:
    """Whether an engine would run it, as far as we know.

    The client only sends what a source matches when it is read as an ignore pattern, where an escaped letter, an
    unescaped `^` and `**` next to a letter mean less than they do to the copy itself.
    """
    if any(re.search(r"\\\w|(?<!\[)\^|\*\*[^/]|[^/]\*\*", source) for source in copy.sources):
        return False
    if any(UNREAD_ESCAPE.search(pattern) for pattern in copy.excludes):
        return False
    try:
        # the directory that a wildcard starts from is only sent together with a match (or for another source)
        return not copy.model().missing(listing) and all(CopySources([one]).select(listing) for one in copy.sources)
    except PatternError:
        return False


def copied(directory: Path, case: Case) -> set[str]:
    found = {path.read_text() for path in directory.rglob("*") if path.is_file() and not path.is_symlink()}
    return {".dockerignore" if text == case.ignore else text for text in found}


def listed(root: Path) -> list[str]:
    paths = [str(path.relative_to(root)) + "/" * path.is_dir() for path in root.rglob("*")]
    return sorted(paths)


def differs_in_old_clients(ignore: DockerIgnore) -> bool:
    """Clients before Docker 23 apply exceptions by other rules, take `**x` for `**/x`, and escape less."""
    return any(one.is_exception or re.search(r"\*\*[^/]|[|()+^]", one.cleaned) for one in ignore.patterns)


def check(engine, case: Case, root: Path) -> None:
    write(case, root)
    ignore = read_ignore(case)
    listing = list_context(str(root), ignore)
    files = [path for path in listing if not path.endswith("/")]
    copies = [copy for copy in case.copies if usable(copy, listing)]
    lines = [copy.instruction(number) for number, copy in enumerate(copies)]
    alone = engine.export(root, "\n".join(["FROM scratch", *lines])) if lines else None
    whole = engine.export(root, "FROM scratch\nCOPY . /\n")
    assert listed(whole) == sorted(listing)
    for number, copy in enumerate(copies):
        assert copied(alone / str(number), case) == set(copy.model().select(files)), (copy, listing)
    for directory in filter(None, (alone, whole)):
        shutil.rmtree(directory)


def knows(engine, flag: str, context: Path) -> bool:
    """Whether the engine's COPY takes a flag without a `# syntax=` line."""
    context.mkdir()
    try:
        engine.export(context, f"FROM scratch\nCOPY {flag} . /\n")
    except engine.BuildError:
        return False
    return True


def test_generated(engine, tmp_path) -> None:
    excludes = knows(engine, "--exclude=x", tmp_path / "exclude")
    parents = knows(engine, "--parents", tmp_path / "parents")

    @settings(
        max_examples=int(EXAMPLES or 20),
        deadline=None,
        database=None,
        derandomize=EXAMPLES is None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # shrinking would take a build a step
    )
    @given(cases(excludes, parents))
    def prove(case: Case) -> None:
        try:
            ignore = read_ignore(case)
        except DockerIgnoreError:
            assume(False)
        assume(not UNREAD_ESCAPE.search(case.ignore))
        assume(not (engine.has_old_client and differs_in_old_clients(ignore)))
        check(engine, case, tmp_path / "context")

    prove()


@pytest.mark.parametrize("pattern", ["!", "a[", "[]a]", "[a-]", "[z-a]", "a\\", "build\\out"])
def test_refused(engine, tmp_path, pattern) -> None:
    with pytest.raises(DockerIgnoreError):
        parse_dockerignore(SourceFile(".dockerignore", pattern))
    (tmp_path / ".dockerignore").write_text(pattern)
    (tmp_path / "file").touch()
    with pytest.raises(engine.BuildError, match="pattern"):
        engine.build(tmp_path, "FROM scratch\nCOPY . /\n")


def test_ignore_file_of_the_dockerfile(engine, tmp_path) -> None:
    """An empty one counts, a directory of that name does not."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text("*\n!a")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    own = tmp_path / "Dockerfile.dockerignore"
    found = []
    for make in (own.mkdir, own.rmdir, own.touch, lambda: own.write_text("*\n!b")):
        make()
        copied_files = engine.export(tmp_path)
        ignore_file = find_ignore_file(str(dockerfile), str(tmp_path))
        ignore = parse_dockerignore(SourceFile(ignore_file, Path(ignore_file).read_text()))
        assert listed(copied_files) == sorted(list_context(str(tmp_path), ignore))
        found.append(sorted({"a", "b"}.intersection(os.listdir(copied_files))))
    assert found == [["a"], ["a"], ["a", "b"], ["b"]]


def test_links(engine, tmp_path) -> None:
    """A source that is a link, and one behind a link; a link inside a copied directory stays one."""
    context = tmp_path / "context"
    (context / "real" / "deep").mkdir(parents=True)
    for name in ("real/f", "real/deep/g", "h"):
        (context / name).write_text(name)
    for link, target in {"link": "real", "up": "/real/deep", "real/out": "../h"}.items():
        (context / link).symlink_to(target)
    sources = ["link", "link/f", "up", "l*k", "real"]
    case = Case([], [], "", [Copy([source]) for source in sources])
    lines = [copy.instruction(number) for number, copy in enumerate(case.copies)]
    result = engine.export(context, "\n".join(["FROM scratch", *lines]))
    listing = read_context(str(context))
    for number, source in enumerate(sources):
        selected = set(CopySources([source], links=listing.links).select(listing.paths))
        assert copied(result / str(number), case) == selected & {"real/f", "real/deep/g", "h"}, source
