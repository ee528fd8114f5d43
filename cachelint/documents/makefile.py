"""Makefiles: the recipes of their rules, as the shell gets them.

Only what is certain is replaced: ``$$`` and variables with one literal assignment. Everything else that make would put
in is a variable nobody knows. Source: the GNU make manual, "Writing Recipes in Rules" and "How to Use Variables".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.mapped_text import MappedText, join
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachelint.source import SourceFile

UNKNOWN = "${_}"
"""What stands in a script for text that only make knows: a variable that nobody sets."""

_ASSIGNMENT = regex(
    r"[ ]*(?:(?:export|override|private)[ \t]+)*(?P<name>[\w.-]+)[ \t]*(?P<operator>:{0,3}=|\?=|\+=|!=)"
    r"[ \t]*(?P<value>.*)",
    re.DOTALL,
)
_RULE = regex(r"(?P<targets>[^\t#:=][^:=#]*)::?(?![:=])(?P<rest>.*)", re.DOTALL)
_TARGET_VARIABLE = regex(r"[ \t]*(?:(?:export|override|private)[ \t]+)*(?P<name>[\w.-]+)[ \t]*[:?+!]{0,3}=")
_CONDITIONAL = regex(r"[ ]*(ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_OPENING = frozenset(("ifeq", "ifneq", "ifdef", "ifndef"))
_DEFINE = regex(r"[ ]*(?:(?:export|override)[ \t]+)*define\b")
_ENDEF = regex(r"[ ]*endef\b")
_INCLUDE = regex(r"[ ]*[-s]?include\b")
_PREFIX = regex(r"[@+ \t-]*")
_REFERENCE = regex(r"\$(?:\$|\((?P<round>[\w.-]+)\)|\{(?P<curly>[\w.-]+)\}|(?=[({])|.)", re.DOTALL)
_EXPORT = regex(
    r"[ ]*(?:[^\t#:=][^:=#]*:[ \t]*)?(?:(?:override|private)[ \t]+)*(?:un)?export\b(?P<names>[^#]*)", re.DOTALL
)
_NAME = regex(r"[A-Za-z_][\w.-]*")
_COMMENT = regex(r"(?<!\\)#.*", re.DOTALL)


class Recipe(NamedTuple):
    """The recipe of one rule. `name` are its targets, `place` is where they stand.

    Each of `scripts` runs in a shell of its own, one after the other, until one fails. `exported` are the variables
    that make hands to them, None for a value that is not known.
    """

    name: str
    place: Span
    scripts: tuple[MappedText, ...]
    exported: Mapping[str, str | None]


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
        self._values = _literal_values(self._lines)
        self._exported = {name: self._values.get(name) for name in _exported(self._lines)}
        self._one_shell = any(line.text.startswith(".ONESHELL:") for line in self._lines)

    def recipes(self) -> Iterator[Recipe]:
        rule: re.Match[str] | None = None
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
            if rule and body:
                yield self._recipe(rule, place, body)
            rule = _rule(line.text)
            body = list(_on_its_line(rule, line)) if rule else []
            if rule:
                place = Span(line.span.start, line.span.start + len(rule["targets"].rstrip()))
        if rule and body:
            yield self._recipe(rule, place, body)

    def _recipe(self, rule: re.Match[str], place: Span, body: list[_Line]) -> Recipe:
        parts = [list(self._parts(line)) for line in body]
        if self._one_shell:
            joined = [part for line, one in zip(body, parts, strict=True) for part in (*one, _line_break(line))]
            return Recipe(rule["targets"].strip(), place, (join(self._source, joined),), self._exported)
        return Recipe(rule["targets"].strip(), place, tuple(join(self._source, one) for one in parts), self._exported)

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
                value, after = self._reference(dollar, end)
                yield value, Span(dollar, after)
            at = after

    def _reference(self, at: int, end: int) -> tuple[str, int]:
        """What make puts in for the ``$`` at an offset, and where that is written to."""
        match = _REFERENCE.match(self._source.text, at, end)
        if not match:
            return UNKNOWN, end
        if match.group() == "$$":
            return "$", match.end()
        if match.group() == "$":
            return UNKNOWN, _closing(self._source.text, at + 1, end)
        name = match["round"] or match["curly"]
        return self._values.get(name, UNKNOWN) if name else UNKNOWN, match.end()


def _find(text: str, what: str, start: int, end: int) -> int:
    found = text.find(what, start, end)
    return end if found < 0 else found


def _closing(text: str, at: int, end: int) -> int:
    """Where the bracket that opens at an offset is closed."""
    pair = "()" if text[at] == "(" else "{}"
    depth = 0
    for offset in range(at, end):
        depth += (text[offset] == pair[0]) - (text[offset] == pair[1])
        if depth == 0:
            return offset + 1
    return end


def _line_break(line: _Line) -> tuple[str, Span]:
    return "\n", Span(line.span.end, line.span.end)


def _is_between(text: str) -> bool:
    """Whether a line neither belongs to a recipe nor ends it: nothing, a comment, a conditional."""
    return not text.strip() or (not text.startswith("\t") and (text.lstrip()[0] == "#" or _is_conditional(text)))


def _is_conditional(text: str) -> bool:
    return _CONDITIONAL.match(text) is not None


def _rule(text: str) -> re.Match[str] | None:
    match = None if _ASSIGNMENT.match(text) or _INCLUDE.match(text) else _RULE.match(text)
    return None if match is None or _TARGET_VARIABLE.match(match["rest"]) else match


def _on_its_line(rule: re.Match[str], line: _Line) -> Iterator[_Line]:
    """What stands behind the first semicolon of a rule, one inside ``$(…)`` aside: the first line of its recipe."""
    depth = 0
    for at in range(rule.start("rest"), rule.end("rest")):
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


def _literal_values(lines: list[_Line]) -> dict[str, str]:
    """Variables that are assigned once, unconditionally, and to text that holds no other variable.

    A file that includes others may have all of its variables changed there.
    """
    seen: dict[str, int] = {}
    values: dict[str, str] = {}
    depth = 0
    for line in lines:
        if _INCLUDE.match(line.text):
            return {}
        if conditional := _CONDITIONAL.match(line.text):
            depth += (conditional[1] in _OPENING) - (conditional[1] == "endif")
        name, value = _assignment(line.text)
        if name:
            seen[name] = seen.get(name, 0) + 1
            if value is not None and depth == 0:
                values[name] = value
    return {name: value for name, value in values.items() if seen[name] == 1}


def _exported(lines: list[_Line]) -> Iterator[str]:
    """The variables that make puts into the environment of recipes, or takes out of it."""
    has_all = False
    for line in lines:
        match = None if line.text.startswith("\t") else _EXPORT.match(line.text)
        if match:
            names = match["names"].partition("=")[0] if "=" in match["names"] else match["names"]
            yield from _NAME.findall(names)
            has_all = has_all or not names.strip()
        has_all = has_all or line.text.startswith(".EXPORT_ALL_VARIABLES:")
    if has_all:
        yield from (name for line in lines for name in [_assignment(line.text)[0]] if name)


def _assignment(text: str) -> tuple[str, str | None]:
    """The variable that a line assigns, and its value where that is literal."""
    if text.startswith("\t"):
        return "", None
    match = _ASSIGNMENT.match(text)
    if not match:
        rule = _RULE.match(text)
        target = _TARGET_VARIABLE.match(rule["rest"]) if rule else None
        return (target["name"], None) if target else ("", None)
    value = _COMMENT.sub("", match["value"])
    literal = match["operator"] in ("=", ":=", "::=", ":::=") and "$" not in value and "\n" not in value
    return match["name"], value if literal else None
