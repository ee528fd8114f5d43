"""Makefiles: the recipes of their rules, as the shell gets them.

Source: the GNU make manual, "Writing Recipes in Rules".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.make_variables import MakeVariables, is_conditional, rule
from cachelint.documents.mapped_text import MappedText, join
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping

    from cachelint.source import SourceFile

_DEFINE = regex(r"[ ]*(?:(?:export|override)[ \t]+)*define\b")
_ENDEF = regex(r"[ ]*endef\b")
_PREFIX = regex(r"[@+ \t-]*")
_TARGET = regex(r"[\w./-]+")


class Recipe(NamedTuple):
    """The recipe of one rule. `name` are its targets, `place` is where they stand.

    Each of `scripts` runs in a shell of its own, one after the other, until one fails. `exported` are the variables
    that make hands to them, None for a value that is not known. `needs` are the targets that come before it, as far as
    they are written out; a rule that has only those has no scripts.
    """

    name: str
    place: Span
    scripts: tuple[MappedText, ...]
    exported: Mapping[str, str | None]
    needs: tuple[str, ...] = ()


class _Line(NamedTuple):
    """A logical line: the physical ones that backslashes join."""

    span: Span
    text: str


def read_makefile(source: SourceFile) -> tuple[Recipe, ...]:
    """The recipes of a Makefile, in order; none where it changes what a recipe is (``.RECIPEPREFIX``)."""
    if ".RECIPEPREFIX" in source.text:
        return ()
    return tuple(_Reader(source).recipes())


class _Reader:
    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._lines = list(_logical_lines(source.text))
        self._variables = MakeVariables([line.text for line in self._lines])
        self._one_shell = any(line.text.startswith(".ONESHELL:") for line in self._lines)

    def recipes(self) -> Iterator[Recipe]:
        current: re.Match[str] | None = None
        place = Span(0, 0)
        body: list[_Line] = []
        inside_define = False
        for line in self._lines:
            inside_define = not _ENDEF.match(line.text) if inside_define else bool(_DEFINE.match(line.text))
            if inside_define or _is_between(line.text):
                continue
            if line.text.startswith("\t"):
                body.append(line)
                continue
            if current and (body or _needs(current)):
                yield self._recipe(current, place, body)
            current = rule(line.text)
            body = list(_on_its_line(current, line)) if current else []
            if current:
                place = Span(line.span.start, line.span.start + len(current["targets"].rstrip()))
        if current and (body or _needs(current)):
            yield self._recipe(current, place, body)

    def _recipe(self, current: re.Match[str], place: Span, body: list[_Line]) -> Recipe:
        parts = [list(self._parts(line)) for line in body]
        if self._one_shell and body:
            parts = [[part for line, one in zip(body, parts, strict=True) for part in (*one, _line_break(line))]]
        scripts = tuple(join(self._source, one) for one in parts)
        return Recipe(current["targets"].strip(), place, scripts, self._variables.exported, _needs(current))

    def _parts(self, line: _Line) -> Iterator[tuple[str, Span]]:
        """The line without its tabs and prefixes, and with what make puts in for its variables."""
        at, end = line.span
        text = self._source.text
        prefix = _PREFIX.match(text, at + 1, end)
        at = prefix.end() if prefix else at + 1
        while at < end:
            dollar, newline = _find(text, "$", at, end), _find(text, "\n", at, end)
            stop = min(dollar, newline)
            yield text[at:stop], Span(at, stop)
            if stop == end:
                return
            if newline < dollar:
                after = newline + 1 + (text[newline + 1 : newline + 2] == "\t")
                yield "\n", Span(newline, after)
            else:
                value, after = self._variables.reference(text, dollar, end)
                yield value, Span(dollar, after)
            at = after


def _needs(current: re.Match[str]) -> tuple[str, ...]:
    """The targets behind the colon of a rule; none of a special one such as ``.PHONY``."""
    if current["targets"].startswith("."):
        return ()
    words = current["rest"].partition("#")[0].partition(";")[0].split()
    return tuple(word for word in words if _TARGET.fullmatch(word))


def _find(text: str, what: str, start: int, end: int) -> int:
    found = text.find(what, start, end)
    return end if found < 0 else found


def _line_break(line: _Line) -> tuple[str, Span]:
    return "\n", Span(line.span.end, line.span.end)


def _is_between(text: str) -> bool:
    """Whether a line neither belongs to a recipe nor ends it: nothing, a comment, a conditional."""
    return not text.strip() or (not text.startswith("\t") and (text.lstrip()[0] == "#" or is_conditional(text)))


def _on_its_line(current: re.Match[str], line: _Line) -> Iterator[_Line]:
    """What stands behind the first semicolon of a rule, one inside ``$(…)`` aside: the first line of its recipe."""
    depth = 0
    for at in range(current.start("rest"), current.end("rest")):
        char = line.text[at]
        depth += (char in "({") - (char in ")}")
        if char == "#":
            return
        if char == ";" and depth == 0:
            yield _Line(Span(line.span.start + at, line.span.end), line.text[at:])
            return


def _logical_lines(text: str) -> Iterator[_Line]:
    start = 0
    while start < len(text):
        end = _end_of_line(text, start)
        while _is_continued(text, start, end):
            following = _next_line(text, end)
            if following >= len(text):
                break
            end = _end_of_line(text, following)
        yield _Line(Span(start, end), text[start:end])
        start = _next_line(text, end)


def _is_continued(text: str, start: int, end: int) -> bool:
    """Whether the line that ends here has an odd number of backslashes at its end."""
    at = end
    while at > start and text[at - 1] == "\\":
        at -= 1
    return (end - at) % 2 == 1


def _end_of_line(text: str, start: int) -> int:
    newline = _find(text, "\n", start, len(text))
    return newline - (newline > start and text[newline - 1 : newline] == "\r")


def _next_line(text: str, end: int) -> int:
    return _find(text, "\n", end, len(text)) + 1
