"""Docker's own little shell: variables, quotes and escapes in the values of a Dockerfile.

The measure is BuildKit's lexer (moby/buildkit, frontend/dockerfile/shell/lex.go). It is not quite `sh`: a backslash
in double quotes stays unless it protects something, ``<< EOF`` is one word.
"""

from __future__ import annotations

import contextlib
import re
from functools import cache
from typing import TYPE_CHECKING

from cachelint.documents.word_patterns import ExpansionError, replaced, trimmed
from cachelint.record import NamedTuple
from cachelint.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["GO_SPACES", "MAX_DEPTH", "ExpansionError", "Lexer", "Reference", "expand", "is_plain", "references"]

GO_SPACES = " \t\n\v\f\r\x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""The characters for which Go's ``unicode.IsSpace`` holds: Python's white space without U+001C to U+001F."""

MAX_DEPTH = 100
"""``${A:-${B:-…}}`` nested deeper is refused: nobody writes it, and untrusted text must not exhaust the stack."""


class Reference(NamedTuple):
    """A use of a variable: `span` is the whole ``$NAME`` or ``${NAME…}``, in offsets of the text that was searched."""

    name: str
    span: Span


def expand(text: str, env: Mapping[str, str], escape: str = "\\", *, quotes: bool = True) -> str:
    """The value of `text`: variables replaced, quotes and escapes removed; a variable not in `env` is empty.

    `quotes` is false for the body of a COPY heredoc, where quotes are ordinary characters. Raises `ExpansionError`
    where Docker does: an open quote or brace, an unknown modifier, ``${X:?…}`` without X.
    """
    return text if is_plain(text, escape) else Lexer(text, env, escape, quotes=quotes).value()


def is_plain(text: str, escape: str = "\\") -> bool:
    """Whether nothing in `text` means anything but itself, as in most words."""
    return not _special(escape).search(text)


@cache
def _special(escape: str) -> re.Pattern[str]:
    return re.compile(rf"['\"$<{BOM}{re.escape(escape)}]")


def references(text: str, escape: str = "\\", *, quotes: bool = True) -> list[Reference]:
    """Every variable that `text` uses, those in the default of another included, in order of their first character.

    A text that Docker refuses gives the references before the mistake.
    """
    if "$" not in text:
        return []
    lexer = Lexer(text, {}, escape, quotes=quotes, keep_unset=True)
    with contextlib.suppress(ExpansionError):
        lexer.value()
    return sorted(lexer.references, key=lambda reference: reference.span.start)


@cache
def _ordinary(escape: str) -> re.Pattern[str]:
    """Runs of characters that mean themselves wherever they stand."""
    return re.compile(rf"[^'\"$<}}/{re.escape(escape)}]+")


class Lexer:
    """One pass over one text; make a new one for each.

    `raw_quotes` and `raw_escapes` keep those characters in the result, `keep_unset` keeps ``$X`` without X: so
    Docker looks for heredocs.
    """

    def __init__(  # noqa: PLR0913 - the switches of Docker's own lexer
        self,
        text: str,
        env: Mapping[str, str],
        escape: str = "\\",
        *,
        quotes: bool = True,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        keep_unset: bool = False,
    ) -> None:
        self.references: list[Reference] = []
        self._text = text
        self._env = env
        self._escape = escape
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._keep_unset = keep_unset
        self._at = 1 if text.startswith(BOM) else 0
        self._depth = 0
        self._pieces: list[tuple[str, bool]] = []
        self._special = {"$": self._dollar, "<": self._less_than}
        if quotes:
            self._special |= {"'": self._single_quoted, '"': self._double_quoted}
        self._ordinary = _ordinary(escape)

    def value(self) -> str:
        """The whole text as one word."""
        return self._until("", self._raw_escapes)

    def words(self) -> list[str]:
        """The text split at white space that is neither quoted nor escaped, after variables were replaced."""
        self.value()
        return list(_split(self._pieces))

    def _until(self, stop: str, raw_escapes: bool) -> str:
        """The value up to the character `stop`, which is consumed, or to the end when `stop` is empty."""
        outer, self._raw_escapes = self._raw_escapes, raw_escapes
        parts: list[str] = []
        while (char := self._peek()) and char != stop:
            part, whole = self._part(char)
            parts.append(part)
            if not self._depth:
                self._pieces.append((part, whole))
        if char != stop:
            raise ExpansionError(f"no closing {stop!r}")
        self._at += len(stop)
        self._raw_escapes = outer
        return "".join(parts)

    def _nested(self, stop: str, raw_escapes: bool) -> str:
        if self._depth == MAX_DEPTH:
            raise ExpansionError(f"variables nested more than {MAX_DEPTH} deep")
        self._pieces.append(_FORGET)
        self._depth += 1
        value = self._until(stop, raw_escapes)
        self._depth -= 1
        return value

    def _part(self, char: str) -> tuple[str, bool]:
        """The value of what starts here, and whether white space in it belongs to the word."""
        if special := self._special.get(char):
            return special(), char != "$"
        if char == self._escape:
            return self._escaped(), True
        if match := self._ordinary.match(self._text, self._at):
            self._at = match.end()
            return match.group(), False
        return self._next(), False

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _escaped(self) -> str:
        kept = self._next() if self._raw_escapes else self._next()[:0]
        return kept + self._next()

    def _less_than(self) -> str:
        start = self._at
        self._at += 1
        if self._peek() == "<":
            self._at += 1
            while self._peek() in {" ", "\t", "\r"}:
                self._at += 1
        return self._text[start : self._at]

    def _single_quoted(self) -> str:
        start = self._at
        end = self._text.find("'", start + 1)
        if end < 0:
            raise ExpansionError('no closing "\'"')
        self._at = end + 1
        return self._text[start : end + 1] if self._raw_quotes else self._text[start + 1 : end]

    def _double_quoted(self) -> str:
        mark = self._next() if self._raw_quotes else self._next()[:0]
        parts = [mark]
        while (char := self._peek()) != '"':
            if not char:
                raise ExpansionError("no closing '\"'")
            parts.append(self._part_in_quotes(char))
        self._at += 1
        return "".join((*parts, mark))

    def _part_in_quotes(self, char: str) -> str:
        if char == "$":
            return self._dollar()
        if char == self._escape:
            return self._escaped_in_quotes()
        if match := self._ordinary.match(self._text, self._at):
            self._at = match.end()
            return match.group()
        return self._next()

    def _escaped_in_quotes(self) -> str:
        escape = self._next()
        kept = escape if self._raw_escapes else ""
        protects = self._peek() in {'"', "$", self._escape}
        return kept + (self._next() if protects else escape)

    def _dollar(self) -> str:
        start = self._at
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            return self._plain(name, start) if name else "$"
        self._at += 1
        if self._peek() in {"", "{", "}", ":"}:
            raise ExpansionError("bad substitution")
        return self._braced(self._name(), start)

    def _name(self) -> str:
        start = self._at
        char = self._peek()
        if char and char in "@*#?-$!":
            self._at += 1
        elif char.isdecimal():
            while self._peek().isdecimal():
                self._at += 1
        else:
            while (char := self._peek()) == "_" or char.isalpha() or char.isdecimal():
                self._at += 1
        return self._text[start : self._at]

    def _lookup(self, name: str, start: int) -> str | None:
        if name:
            self.references.append(Reference(name, Span(start, self._at)))
        return self._env.get(name)

    def _plain(self, name: str, start: int) -> str:
        value = self._lookup(name, start)
        if value is None and self._keep_unset:
            return self._text[start : self._at]
        return value or ""

    def _braced(self, name: str, start: int) -> str:
        operator = self._next()
        if operator == "}":
            return self._plain(name, start)
        if operator == "/":
            return self._replaced(name, start)
        if operator == ":":
            operator += self._next()
        if operator in {":#", ":%"} or not operator or operator[0] not in ":+-?#%":
            raise ExpansionError(f"unsupported modifier {operator!r} of ${name}")
        word = self._nested("}", operator in {"#", "%"})
        value = self._lookup(name, start)
        if value is None and self._keep_unset:
            return f"${{{name}{operator}{word}}}"
        return _modified(name, value, operator, word)

    def _replaced(self, name: str, start: int) -> str:
        everywhere = self._peek() == "/"
        self._at += everywhere
        pattern = self._nested("/", raw_escapes=True)
        replacement = self._nested("}", raw_escapes=True)
        value = self._lookup(name, start)
        if value is None and self._keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        return replaced(value or "", pattern, replacement, everywhere=everywhere)


_FORGET = ("", True)
"""Docker's lexer collects words in one buffer and empties it whenever it enters ``${X:-…}``: `_split` follows."""


def _split(pieces: list[tuple[str, bool]]) -> Iterator[str]:
    word: list[str] = []
    for piece in pieces:
        text, whole = piece
        if piece is _FORGET:
            word.clear()
        elif whole:
            word.append(text)
        else:
            yield from _split_piece(text, word)
    if any(word):
        yield "".join(word)


def _split_piece(text: str, word: list[str]) -> Iterator[str]:
    """The words that `text` completes; `word` holds the parts of the unfinished one before and after."""
    for match in _runs().finditer(text):
        if match.lastgroup == "space":
            if any(word):
                yield "".join(word)
            word.clear()
        else:
            word.append(match.group())


@cache
def _runs() -> re.Pattern[str]:
    return re.compile(rf"(?P<space>[{GO_SPACES}]+)|[^{GO_SPACES}]+")


def _modified(name: str, value: str | None, operator: str, word: str) -> str:
    kind = operator[-1]
    missing = value is None or (operator[0] == ":" and not value)
    if kind == "-":
        return word if missing else value or ""
    if kind == "+":
        return "" if missing else word
    if kind == "?" and missing:
        raise ExpansionError(f"{name}: {word or ('is not allowed to be ' + ('unset' if value is None else 'empty'))}")
    if kind in "#%":
        return trimmed(value or "", kind, word)
    if kind != "?":
        raise ExpansionError(f"unsupported modifier {operator!r} of ${name}")
    return value or ""
