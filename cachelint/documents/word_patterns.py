"""The patterns of ``${NAME#pattern}`` and its like: ``*``, ``?`` and characters that stand for themselves.

BuildKit makes regular expressions of them (moby/buildkit, frontend/dockerfile/shell/lex.go); Go's never take more than
linear time, Python's may, so there are none here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.regex import regex

if TYPE_CHECKING:
    import re


class ExpansionError(ValueError):
    """A value that Docker refuses to expand; ``str()`` says why."""


def trimmed(value: str, kind: str, word: str) -> str:
    """`value` without the prefix (`kind` ``#``) or suffix (``%``) that matches `word`, doubled: greedily."""
    greedy = word.startswith(kind)
    tokens = _tokens(word[greedy:])
    if kind == "#":
        return value[_end(tokens, value, 0, greedy) :]
    backwards = value[::-1]
    return backwards[_end(tokens[::-1], backwards, 0, greedy) :][::-1]


_MANY, _ONE = "any run of characters", "any one character"
_TEMPLATE = regex(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def _tokens(pattern: str) -> list[str]:
    """A pattern's wildcards and single characters; ``\\`` protects ``*``, ``?``, ``\\``, ``}`` and ``/``."""
    tokens: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "\\":
            literal = next(chars, "")
            if literal not in {"*", "?", "\\", "}", "/"}:
                raise ExpansionError(f"invalid escape \\{literal} in the pattern {pattern!r}")
            tokens.append(literal)
        else:
            tokens.append({"*": _MANY, "?": _ONE}.get(char, char))
    return tokens


class _Automaton:
    """A pattern as the bits of one integer: bit n is set while the first n characters of the pattern have matched.

    Time is linear in the value whatever the pattern, which comes from an untrusted file. Wildcards do not match a
    line break (Go's ``.``).
    """

    def __init__(self, tokens: list[str]) -> None:
        self._literal: dict[str, int] = {}
        self._one = self._many = 0
        bit = 1
        for token in tokens:
            if token == _MANY:
                self._many |= bit
                continue
            if token == _ONE:
                self._one |= bit
            else:
                self._literal[token] = self._literal.get(token, 0) | bit
            bit <<= 1
        self.accepted = bit

    def step(self, state: int, char: str) -> int:
        """The state after one more character."""
        literal = self._literal.get(char, 0)
        if char == "\n":
            return (state & literal) << 1
        return (state & (literal | self._one)) << 1 | (state & self._many)


def _end(tokens: list[str], value: str, start: int, greedy: bool) -> int:
    """Where the match that begins at `start` ends, the longest when `greedy`; `start` when there is none."""
    automaton = _Automaton(tokens)
    state, end = 1, start
    for at in range(start, len(value)):
        if state & automaton.accepted:
            end = at
            if not greedy:
                return end
        state = automaton.step(state, value[at])
        if not state:
            return end
    return len(value) if state & automaton.accepted else end


def _starts(tokens: list[str], value: str) -> list[int]:
    """Every offset at which a match begins, in rising order: the reversed pattern's ends in the reversed value."""
    automaton = _Automaton(tokens[::-1])
    starts: list[int] = []
    state = 1
    for at in range(len(value), -1, -1):
        if state & automaton.accepted:
            starts.append(at)
        if at:
            state = automaton.step(state, value[at - 1]) | 1
    return starts[::-1]


def replaced(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str:
    """`value` with the first match of `pattern` replaced, or all of them. Raises `ExpansionError`."""
    replace = _replace_all if everywhere else _replace_first
    return replace(_tokens(pattern), value, replacement)


def _replace_first(tokens: list[str], value: str, replacement: str) -> str:
    for start in _starts(tokens, value):
        return value[:start] + replacement + value[_end(tokens, value, start, greedy=True) :]
    return value


def _replace_all(tokens: list[str], value: str, replacement: str) -> str:
    parts: list[str] = []
    done = at = 0
    for start in _starts(tokens, value):
        if start < at:
            continue
        end = _end(tokens, value, start, greedy=True)
        parts.append(value[done:start])
        if end > done or start == 0:  # an empty match right after another does not count
            parts.append(_filled(replacement, value[start:end]))
        done, at = end, max(end, start + 1)
    return "".join((*parts, value[done:]))


def _filled(replacement: str, matched: str) -> str:
    """The replacement as Go's ``Regexp.ReplaceAllString`` fills it in: ``$0`` is the match, other ``$x`` are empty."""

    def fill(match: re.Match[str]) -> str:
        if match.group(1):
            return "$"
        return matched if "0" in match.group(2, 3) else ""

    return _TEMPLATE.sub(fill, replacement)
