"""Heredocs, found before the grammar sees a script.

Tree-sitter's grammar of bash takes ``<<EOF>file`` for a heredoc that ends with the file, does not know several on one
line, and loses white space of their bodies. Here they are found, and the grammar is shown ``< EOF`` and blank lines.
"""

from __future__ import annotations

import re

from cachelint.record import NamedTuple
from cachelint.regex import regex

_INTERESTING = regex(r"[\\'\"#$`(){}\n]|<<")
_OPERATOR = regex(r"<<(-?)[ \t]*((?:'[^'\n]*'|\"[^\"\n]*\"|\\.|[^\s;&|<>()'\"\\])+)")
_UNQUOTE = regex(r"\\(.)|['\"]")
_ODD_CHARACTER = regex(r"[!-#%-/:-@\[\]^{|}~]")
_NOT_NEWLINE = regex(rb"[^\n]")
_SPECIAL = frozenset("#$?!*@-_0123456789")
_ANSI_STRING = regex(r"\$'(?:[^'\\]|\\.)*'", re.DOTALL)


class Heredoc(NamedTuple):
    """One heredoc of a text: its operator at `operator`, its lines at ``text[start:end]``.

    `name` is behind ``<<`` and white space, `stop` behind the line that ends it. `expands` is set unless a part of its
    name is quoted; `ended` is not set for one that nothing ends.
    """

    operator: int
    name: int
    start: int
    end: int
    stop: int
    expands: bool
    ended: bool = True


def heredocs(text: str) -> tuple[Heredoc, ...]:
    """The heredocs of a script, in order; one without an end goes on to the end of the text, as bash reads it."""
    return tuple(_Scanner(text).scan()) if "<<" in text else ()


def plain(text: str) -> str:
    """The script with quoted text made of plain words, which the grammar gets wrong here and there."""
    scanner = _Scanner(text)
    scanner.scan()
    parts: list[str] = []
    at = 0
    for start, end in scanner.quoted:
        parts += [text[at:start], _ODD_CHARACTER.sub("x", text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def masked(text: str, found: tuple[Heredoc, ...]) -> bytes:
    """The script for the grammar, of the same length in bytes, without heredocs."""
    parts: list[bytes] = []
    at = 0
    for start, end in sorted(part for one in found for part in ((one.operator + 1, one.name), (one.start, one.stop))):
        if start >= at:
            parts += [text[at:start].encode("utf-8", "replace"), _blank(text[start:end])]
            at = end
    return b"".join([*parts, text[at:].encode("utf-8", "replace")])


def _blank(text: str) -> bytes:
    return _NOT_NEWLINE.sub(b" ", text.encode("utf-8", "replace"))


class _Scanner:
    """Walks over a script once, knowing what is quoted. `_around` are the brackets and quotes that are open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._around: list[str] = []
        self._pending: list[tuple[int, int, str, bool, bool]] = []
        self._found: list[Heredoc] = []
        self.quoted: list[tuple[int, int]] = []

    def scan(self) -> list[Heredoc]:
        at, text = 0, self._text
        while match := _INTERESTING.search(text, at):
            if self._around and self._around[-1] == '"':
                self.quoted.append((at, match.start()))
            at = self._step(match[0], match.start(), match.end())
        return self._found

    def _step(self, sign: str, start: int, end: int) -> int:
        """Where to go on behind a sign."""
        inside = self._around[-1] if self._around else ""
        if sign == "\\":
            return end + 1
        if sign == "\n":
            return self._bodies(end) if self._pending and inside != '"' else end
        if sign == "`":
            return self._backquote(end)
        if sign == "$":
            return self._dollar(start, inside)
        if sign == '"':
            return self._double(end, inside)
        return end if inside == '"' else self._in_code(sign, start, end, inside)

    def _double(self, end: int, inside: str) -> int:
        if inside == '"':
            self._around.pop()
        else:
            self._around.append('"')
        return end

    def _in_code(self, sign: str, start: int, end: int, inside: str) -> int:
        text = self._text
        if sign == "'":
            close = -1 if inside == "}" and '"' in self._around else text.find("'", end)
            if close >= 0:
                self.quoted.append((end, close))
            return close + 1 if close >= 0 else end
        if sign == "#":
            comment = inside != "}" and (start == 0 or text[start - 1] in " \t\n;&|()")
            line = text.find("\n", end)
            return (line if line >= 0 else len(text)) if comment else end
        if sign == "<<":
            return self._operator(start, end, inside)
        if sign == "(":
            arithmetic = text.startswith("((", start) and self._is_arithmetic(start)
            self._around.append("))" if arithmetic else ")")
            return end + arithmetic
        return self._close(sign, start, end, inside)

    def _close(self, sign: str, start: int, end: int, inside: str) -> int:
        if inside == "))" and self._text.startswith("))", start):
            self._around.pop()
            return end + 1
        if sign in ")}" and inside == sign:
            self._around.pop()
        return end

    def _is_arithmetic(self, start: int) -> bool:
        """Whether ``((`` at a place begins a calculation, where ``<<`` shifts."""
        before = self._text[max(0, start - 200) : start].rstrip(" \t")
        return not before or before[-1] in "\n;&|" or before.endswith(("for", "if", "elif", "while", "until", "!"))

    def _dollar(self, start: int, inside: str) -> int:
        text = self._text
        if text.startswith("$((", start):
            self._around.append("))")
            return start + 3
        if text.startswith(("$(", "${"), start):
            self._around.append(")" if text[start + 1] == "(" else "}")
            return start + 2
        if text.startswith("$'", start) and inside != '"':
            close = _ANSI_STRING.match(text, start)
            return close.end() if close else start + 2
        return start + 2 if text[start + 1 : start + 2] in _SPECIAL else start + 1

    def _backquote(self, end: int) -> int:
        if "`" in self._around:
            while self._around.pop() != "`":
                pass
        else:
            self._around.append("`")
        return end

    def _operator(self, start: int, end: int, inside: str) -> int:
        if self._text.startswith("<<<", start):
            return start + 3
        match = None if inside in {"))", "}"} else _OPERATOR.match(self._text, start)
        if not match:
            return end
        quoted = any(character in match[2] for character in "'\"\\")
        self._pending.append((start, match.start(2), _UNQUOTE.sub(r"\1", match[2]), bool(match[1]), not quoted))
        return match.end()

    def _bodies(self, at: int) -> int:
        for operator, at_name, name, tabs, expands in self._pending:
            pattern = rf"^{chr(9) + '*' if tabs else ''}{re.escape(name)}(?:\n|\Z)"
            end = re.compile(pattern, re.MULTILINE).search(self._text, at)
            if not end:
                last = len(self._text)
                self._found.append(Heredoc(operator, at_name, at, last, last, expands, ended=False))
                at = last
                break
            stop = end.end() - end[0].endswith("\n")
            self._found.append(Heredoc(operator, at_name, at, end.start(), stop, expands))
            at = end.end()
        self._pending.clear()
        return at
