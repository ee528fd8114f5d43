"""Go's path patterns, read into tokens: the ones of ``COPY`` and the ones of ``.dockerignore``.

What they mean: Go's ``path/filepath.Match``; moby/patternmatcher ``patternmatcher.go`` as of March 2026.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

STAR = "star"
"""Token: any number of characters but ``/``."""
DEEP = "deep"
"""Token: nothing, or anything that ends in ``/``."""
REST = "rest"
"""Token: anything at all."""
NEVER = "never"
"""Token: no character; what stands before and after it never meets."""


class PatternError(ValueError):
    """Docker would refuse this pattern; ``str()`` says why."""


class CharClass(NamedTuple):
    """One character of (or, `negated`, outside of) some inclusive ranges."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def accepts(self, char: str) -> bool:
        """Whether the class takes this character."""
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


Token = str | CharClass
"""A literal character, one of the named tokens above, or a class."""

_NOT_SLASH = CharClass(True, (("/", "/"),))

_PLAIN: dict[str, Token] = {"*": STAR, "?": _NOT_SLASH, "]": CharClass(False, (("]", "]"),))}

_SPECIAL = frozenset("*?[]\\^")

_WORD = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE = (("\t", "\n"), ("\f", "\r"), (" ", " "))
_GO_CLASSES = {"d": (("0", "9"),), "w": _WORD, "s": _SPACE}
_GO_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_GO_ASSERTIONS = "AbBzpPQx0"


def clean_path(path: str) -> str:
    """Go's ``path.Clean``: the shortest name of the same path; empty becomes ``.``, and ``/..`` is ``/``."""
    cleaned = posixpath.normpath(path)
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def has_wildcard(pattern: str) -> bool:
    """Whether BuildKit takes this part of a source for a pattern: an unescaped ``*``, ``?`` or ``[``."""
    at = 0
    while at < len(pattern):
        if pattern[at] in "*?[":
            return True
        at += 2 if pattern[at] == "\\" else 1
    return False


def glob_tokens(pattern: str) -> list[Token]:
    """Tokens of a ``filepath.Match`` pattern, where ``**`` is only two stars. Raises `PatternError`."""
    return _scan(pattern, _exactly)


def ignore_tokens(pattern: str) -> list[Token]:
    """Tokens of a cleaned ``.dockerignore`` pattern without its ``!``. Raises `PatternError`.

    Docker checks the pattern with ``filepath.Match`` and then reads it as a regular expression, so an escaped letter
    means what it means there (``\\d`` is a digit), and Docker stops at one that means nothing. Escapes of more than one
    character (``\\x41``, ``\\pL``, ``\\Q``, octal) and of positions (``\\b``) are taken to match nothing.
    """
    if not any(map(_SPECIAL.__contains__, pattern)):
        return list(pattern)
    tokens = _scan(pattern, _go_escape)
    for token in tokens:
        if isinstance(token, CharClass) and any(low > high for low, high in token.ranges):
            raise PatternError("a range of characters runs backwards")
    tokens = _fold_stars(tokens)
    if not _is_expression(tokens):
        # without any other wildcard Docker compares the end of the path, not whole names: `**foo` is also `a/xfoo`
        slash_eaten = pattern.startswith("**/")
        return [REST, *tokens[1:]] if tokens[:1] == [DEEP] and not slash_eaten else tokens
    # `^` is not escaped on the way into the expression: it holds at the start and nowhere else
    anchor = "^"
    rest = [NEVER if token == anchor else token for token in tokens]
    return rest[1:] if tokens[0] == anchor else rest


def _scan(pattern: str, escape: Callable[[str], Token]) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "[":
            one, at = _class(pattern, at)
            tokens.append(one)
        elif char == "\\":
            tokens.append(escape(_character(pattern, at - 1)[0]))
            at += 1
        else:
            tokens.append(_PLAIN.get(char, char))
    return tokens


def _class(pattern: str, at: int) -> tuple[CharClass, int]:
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while not ranges or pattern[at : at + 1] != "]":
        if pattern[at : at + 1] in ("", "-", "]"):
            raise PatternError("an unfinished [ ] class")
        low, at = _character(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            if pattern[at + 1 : at + 2] in ("", "-", "]"):
                raise PatternError("an unfinished range in a [ ] class")
            high, at = _character(pattern, at + 1)
        ranges.append((low, high))
    return CharClass(negated, tuple(ranges)), at + 1


def _character(pattern: str, at: int) -> tuple[str, int]:
    """The character at an offset, itself or escaped, and the offset after it."""
    at += pattern[at] == "\\"
    if at >= len(pattern):
        raise PatternError("a backslash at the end")
    return pattern[at], at + 1


def _exactly(char: str) -> CharClass:
    return CharClass(False, ((char, char),))


def _go_escape(char: str) -> Token:
    """What a backslash and a character mean in Go's regular expressions (regexp/syntax)."""
    if char.isascii() and not char.isalnum():
        return _exactly(char)
    if char in _GO_CONTROLS:
        return _exactly(_GO_CONTROLS[char])
    if char.lower() in _GO_CLASSES:
        return CharClass(char.isupper(), _GO_CLASSES[char.lower()])
    if char in _GO_ASSERTIONS:
        return NEVER
    raise PatternError(f"the escape \\{char} means nothing (write / between directories)")


def _fold_stars(tokens: list[Token]) -> list[Token]:
    folded: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at : at + 2] != [STAR, STAR]:
            folded.append(tokens[at])
            at += 1
            continue
        at += 3 if tokens[at + 2 : at + 3] == ["/"] else 2
        folded.append(DEEP if at < len(tokens) else REST)
    return folded


def _is_expression(tokens: list[Token]) -> bool:
    """Whether Docker matches these tokens with a regular expression, not by comparing strings."""
    inner = tokens[1:] if tokens[:1] == [DEEP] else tokens
    if inner[-1:] == [REST]:
        if inner is not tokens:
            return True
        inner = inner[:-1]
    return any(isinstance(token, CharClass) or token in (STAR, DEEP, NEVER) for token in inner)


_GO_SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def go_strip(text: str) -> str:
    """Go's ``strings.TrimSpace``."""
    return text.strip(_GO_SPACE)
