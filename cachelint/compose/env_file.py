"""Files of variables: ``.env``, ``--env-file`` and ``env_file`` of ``include``.

The language is that of Compose (compose-go, dotenv/parser.go): ``NAME=value`` and ``NAME: value``, quotes, ``export``,
comments, values over several lines, and variables in values that are not in single quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.compose.variables import VariableError, Variables
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPACE = "\t\v\f\r \x85\xa0"
_STATEMENT = regex(r"(?:\s+|\#[^\n]*)*")
_EXPORT = regex(rf"export[{_SPACE}\n]+")
_KEY = regex(r"(?:[^\W]|[_.\-\[\]\s])*?(?P<end>[=:\n])")
_NO_NAME = regex(r"[^\w.\-\[\]\s]")
_ESCAPE = regex(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})')
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    '"': '"',
    "\\": "\\",
    "$": "$$",
}


class EnvFileError(Exception):
    """Compose refuses the file; `line` is 1-based, ``str()`` says why."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Written(NamedTuple):
    """A variable of a file: its value, None where that depends on what is not known, and its place."""

    value: str | None
    span: Span


def parse_env_file(text: str, outer: Variables, before: Mapping[str, str | None] = {}) -> dict[str, str | None]:
    """The variables that a file sets; None for one whose value depends on what is not known.

    `outer` is the environment, which wins wherever a value mentions a variable; `before` is what files read before this
    one have set. Raises `EnvFileError`.
    """
    return {name: one.value for name, one in read_env_file(text, outer, before).items()}


def read_env_file(text: str, outer: Variables, before: Mapping[str, str | None] = {}) -> dict[str, Written]:
    """The same, each with its place."""
    return _Reader(text, outer, before).read()


def read_raw(text: str, outer: Variables) -> dict[str, Written]:
    """The variables of a file in Docker's own language (``format: raw``), where all behind the ``=`` is the value.

    Raises `EnvFileError`.
    """
    found: dict[str, Written] = {}
    at = len(BOM) if text.startswith(BOM) else 0
    for number, line in enumerate(text[at:].splitlines(keepends=True), 1):
        name, equals, value = line.strip("\r\n").lstrip().partition("=")
        span = Span(at, at + len(line.rstrip()))
        at += len(line)
        if name.startswith("#") or not (name or equals):
            continue
        if not name or re.search(r"\s", name):
            raise EnvFileError("a name must not be empty or contain a space", number)
        if equals:
            found[name] = Written(value, span)
        elif name in outer.known or not outer.complete:
            found[name] = Written(outer.known.get(name), span)
    return found


class _Reader:
    def __init__(self, text: str, outer: Variables, before: Mapping[str, str | None]) -> None:
        self._shift = len(BOM) if text.startswith(BOM) else 0
        self._text = text[self._shift :]
        self._outer = outer
        self._known = Variables({**before, **outer.known}, complete=outer.complete)  # for values that mention others
        self._found: dict[str, Written] = {}

    def read(self) -> dict[str, Written]:
        at = self._skip(0)
        while at < len(self._text):
            at = self._skip(self._statement(at))
        return self._found

    def _set(self, name: str, value: str | None, start: int, end: int) -> None:
        self._found[name] = Written(value, Span(start + self._shift, end + self._shift))
        if name not in self._outer.known:
            self._known.known[name] = value

    def _skip(self, at: int) -> int:
        match = _STATEMENT.match(self._text, at)
        return match.end() if match else at

    def _error(self, message: str, at: int) -> EnvFileError:
        return EnvFileError(message, self._text.count("\n", 0, at) + 1)

    def _statement(self, start: int) -> int:
        """Read one statement; returns where it ends."""
        export = _EXPORT.match(self._text, start)
        at = export.end() if export else start
        match = _KEY.match(self._text, at)
        if not match:
            return self._without_end(start, at)
        key = self._text[at : match.start("end")].rstrip()
        if " " in key:
            raise self._error("a name must not contain a space", at)
        at = match.end()
        if match["end"] == "\n":
            self._inherit(key, start)
            return at
        while at < len(self._text) and self._text[at] in _SPACE:
            at += 1
        if self._text[at : at + 1] in ("'", '"'):
            return self._quoted(key, start, at)
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        value = self._text[at:end].partition(" #")[0].rstrip()
        self._set(key, self._expand(value, at), start, at + len(value))
        return end

    def _without_end(self, start: int, at: int) -> int:
        """A last line without a name's end: Compose takes it for the value of no name, unless it could be no name."""
        bad = _NO_NAME.search(self._text, at)
        if bad:
            line = self._text[at:].partition("\n")[0]
            raise self._error(f"unexpected character {bad[0]!r} in the name {line!r}", bad.start())
        self._set("", self._text[at:].strip(), start, len(self._text.rstrip()))
        return len(self._text)

    def _inherit(self, key: str, start: int) -> None:
        if key in self._known.known:
            self._set(key, self._known.known[key], start, start + len(key))
        elif not self._outer.complete:
            self._set(key, None, start, start + len(key))

    def _quoted(self, key: str, start: int, at: int) -> int:
        quote = self._text[at]
        match = re.compile(rf"{quote}((?:\\.|[^\\{quote}])*){quote}", re.DOTALL).match(self._text, at)
        if not match:
            raise self._error(f"the quote of {key} is never closed", at)
        value: str | None = match[1].replace(f"\\{quote}", quote)
        if quote == '"':
            value = self._expand(_ESCAPE.sub(_unescape, value or ""), at)
        self._set(key, value, start, match.end())
        return match.end()

    def _expand(self, value: str, at: int) -> str | None:
        try:
            return self._known.substitute(value)
        except VariableError as error:
            raise self._error(str(error), at) from error


def _unescape(match: re.Match[str]) -> str:
    escape = match[0][1:]
    if escape.startswith("0") and len(escape) == 4:
        code = int(escape[1:], 8) if re.fullmatch("[0-7]+", escape[1:]) else 256
        return chr(code) if code < 256 else match[0]
    return _ESCAPES.get(escape, match[0])
