"""``.dockerignore`` files: which paths of a build context Docker never sends to the builder.

Read as moby/patternmatcher's ``ignorefile`` reads them and applied as BuildKit's client walks a context
(tonistiigi/fsutil ``filter.go``). Clients before Docker 23 differ in corners: see `DockerIgnore.ignores`.
"""

from __future__ import annotations

import os.path
from functools import lru_cache

from cachelint.documents.dockerfile import Comment
from cachelint.documents.globs import PatternError, clean_path, go_strip
from cachelint.documents.pattern_list import PatternList, check_pattern
from cachelint.record import NamedTuple
from cachelint.source import BOM, SourceFile, Span


class DockerIgnoreError(Exception):
    """A pattern that makes Docker refuse the build. `span` is where, ``str()`` is why."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


class IgnorePattern(NamedTuple):
    """One pattern. `text` is as written between white space; `cleaned` is what Docker compares, without the ``!``."""

    text: str
    span: Span
    line: int
    cleaned: str
    is_exception: bool


class DockerIgnore(NamedTuple):
    """A parsed ignore file. `matcher` holds the patterns compiled, in order."""

    source: SourceFile
    patterns: tuple[IgnorePattern, ...]
    comments: tuple[Comment, ...]
    matcher: PatternList

    def ignores(self, path: str) -> bool:
        """Whether a path (with ``/``, relative to the context) is left out of the context.

        A directory that is left out is still sent, as a directory, when an exception brings back something below it.
        Clients before Docker 23 differ: they bring nothing back through a wildcard in front of the last ``/`` or from
        what ``**`` left out, read ``**.py`` as ``**/.py``, and take ``|``, ``(``, ``)`` and ``+`` for more than text.
        """
        path = path.rstrip("/")
        return path not in ("", ".") and self.matcher.matches(path)


def parse_dockerignore(source: SourceFile) -> DockerIgnore:
    """Parse an ignore file. Raises `DockerIgnoreError` for a pattern that Docker refuses."""
    patterns: list[IgnorePattern] = []
    comments: list[Comment] = []
    for line in range(1, len(source.line_starts) + 1):
        span = _without_bom(source, source.line_span(line))
        text = source.text[span.start : span.end]
        if text.startswith("#"):
            comments.append(Comment(span, text))
        elif go_strip(text):
            patterns.append(_pattern(text, span.start, line))
    return DockerIgnore(source, tuple(patterns), tuple(comments), _compile(source, patterns))


def find_ignore_file(dockerfile: str, context: str) -> str | None:
    """The ignore file of a build: ``<Dockerfile>.dockerignore`` beside it, else the context's own, else None.

    The rule is BuildKit's (frontend/dockerui/config.go); the legacy builder only knows the second.
    """
    own = dockerfile + ".dockerignore"
    candidates = (own, os.path.join(context, ".dockerignore"))
    return next((path for path in candidates if os.path.isfile(path)), None)


def _without_bom(source: SourceFile, span: Span) -> Span:
    if span.start == 0 and source.text.startswith(BOM):
        return Span(1, span.end)
    return span


def _pattern(line_text: str, start: int, line: int) -> IgnorePattern:
    text = go_strip(line_text)
    start += line_text.index(text)
    span = Span(start, start + len(text))
    try:
        cleaned = _compared(text)
    except PatternError as error:
        raise DockerIgnoreError(f"Docker refuses the pattern {text!r}: {error}", span) from error
    return IgnorePattern(text, span, line, cleaned.removeprefix("!"), cleaned.startswith("!"))


@lru_cache(maxsize=1024)  # most ignore files name the same few things
def _compared(text: str) -> str:
    """What Docker compares for a pattern, with its ``!``. Raises `PatternError`."""
    cleaned = _clean(text)
    check_pattern(cleaned)
    # the reader takes one `/` off the front, after which the matcher trims and looks for `!` again
    return clean_path(go_strip(cleaned))


def _clean(text: str) -> str:
    mark, text = ("!", go_strip(text[1:])) if text.startswith("!") else ("", text)
    if not text:
        return mark
    cleaned = clean_path(text)
    return mark + (cleaned[1:] if len(cleaned) > 1 and cleaned.startswith("/") else cleaned)


def _compile(source: SourceFile, patterns: list[IgnorePattern]) -> PatternList:
    try:
        return _matcher(tuple([("!" if one.is_exception else "") + one.cleaned for one in patterns]))
    except PatternError as error:
        raise DockerIgnoreError(f"cannot be read: {error}", Span(0, len(source.text))) from error


@lru_cache(maxsize=8)  # it learns with every path, and the contexts of a repository have much in common
def _matcher(patterns: tuple[str, ...]) -> PatternList:
    return PatternList(patterns)
