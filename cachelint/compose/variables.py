"""Variables in Compose files: ``$V``, ``${V}``, ``${V:-d}`` and their kin, with what is known of the environment.

The outcome is that of Compose, where it is odd too: the first operator of all that a greedy match of the braces holds
decides, and a ``$`` that begins nothing stands for itself (compose-go, template/template.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachelint.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

_NAME = "[_a-zA-Z][_a-zA-Z0-9]*"
_VARIABLE = regex(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_NAME})|\{{(?:(?P<braced>{_NAME}(?::?[-+?](?:.*))?)\}}|(?P<invalid>)))"
)
_OPERATORS = (":?", "?", ":-", "-", ":+", "+")
# One variable and nothing else in a text: nearly all of them. What follows a brace decides nothing then.
_ALONE = regex(
    rf"(?P<before>[^$]*)\$\{{(?P<name>{_NAME})(?:(?P<operator>:?[-+?])(?P<word>[^${{}}\n]*))?\}}(?P<behind>[^$}}]*)"
)
MAX_NESTING = 50
"""Defaults inside defaults that are followed: a bound for hostile files."""

MAX_WORK = 10_000_000
"""Variables in a text times its length: the bound that a text of nothing but variables meets."""

_SHOWN = 40

Text: TypeAlias = "str | None"
"""A text, or None when only the machine that deploys knows it."""


class VariableError(Exception):
    """Compose refuses the text; ``str()`` says why."""


class Variables:
    """What is known of the environment that a file is read in.

    `known` are the variables that files set, None where their value depends on others that are not known. With
    `complete` there are no others, and what is not set is empty, as Compose has it; else another variable may have any
    value on the machine that deploys, or none.
    """

    def __init__(self, known: Mapping[str, Text], *, complete: bool = False) -> None:
        self.known = dict(known)
        self.complete = complete

    def with_defaults(self, more: Mapping[str, Text]) -> Variables:
        """The same with further variables; those that are known already stay as they are."""
        return Variables({**more, **self.known}, complete=self.complete)

    def substitute(self, text: str) -> Text:
        """The text with its variables replaced. Raises `VariableError`."""
        if "$" not in text:
            return text
        alone = _ALONE.fullmatch(text)
        if alone is None:
            return _substitute(text, self, MAX_NESTING)
        before, name, operator, word, behind = alone.groups()
        value = _operate(name, operator, word, self) if operator else _value(name, self)
        return None if value is None else before + value + behind


def _substitute(text: str, variables: Variables, depth: int) -> Text:
    if depth == 0 or text.count("${") * len(text) > MAX_WORK:
        raise VariableError("too many variables in one text")
    parts: list[str] = []
    known, at = True, 0
    while match := _VARIABLE.search(text, at):
        parts.append(text[at : match.start()])
        first = _first(match[0])
        value = _replacement(match, first, variables, depth)
        known = known and value is not None
        parts.append(value or "")
        at = match.start() + len(first)
    return "".join(parts) + text[at:] if known else None


def _first(match: str) -> str:
    """The first variable of a match, whose braces reach as far as they can."""
    end = _closing_brace(match) if match[1] == "{" else None
    return match if end is None else match[: end + 1]


def _replacement(match: re.Match[str], first: str, variables: Variables, depth: int) -> Text:
    if match["escaped"]:
        return "$"
    if match["named"]:
        return _value(match["named"], variables)
    again = _VARIABLE.fullmatch(first)
    braced = again["braced"] if again and match["braced"] else None
    if braced is None:
        raise VariableError(
            f"`{match.string[match.start() :][:_SHOWN]}` begins no variable: write $$ for a dollar sign"
        )
    whole = match[0]
    operator = min((one for one in _OPERATORS if one in whole), key=whole.index, default=None)
    if operator is None or operator not in braced:
        return _value(braced, variables)
    name, _, word = braced.partition(operator)
    return _operate(name, operator, _substitute(word, variables, depth - 1), variables)


def _closing_brace(text: str) -> int | None:
    """Where the first brace that opens is closed; what follows directly upon an opening brace is not looked at."""
    opened = at = 0
    while at < len(text):
        if text[at] == "}":
            opened -= 1
            if opened == 0:
                return at
        if text[at] == "{":
            opened += 1
            at += 1
        at += 1
    return None


def _value(name: str, variables: Variables) -> Text:
    return variables.known.get(name, "" if variables.complete else None)


def _operate(name: str, operator: str, other: Text, variables: Variables) -> Text:
    """The value of ``${name<operator>other}``."""
    value = variables.known.get(name)
    if value is None and (name in variables.known or not variables.complete):
        return None
    is_given = value is not None and (value != "" or not operator.startswith(":"))
    return _OUTCOMES[operator[-1]](name, value or "", other, is_given)


def _default(_: str, value: str, other: Text, is_given: bool) -> Text:
    return value if is_given else other


def _alternative(_: str, value: str, other: Text, is_given: bool) -> Text:
    return other if is_given else value


def _required(name: str, value: str, other: Text, is_given: bool) -> Text:
    if not is_given:
        reason = f": {other}" if other else ""
        raise VariableError(f"required variable {name} is missing a value{reason}")
    return value


_OUTCOMES: dict[str, Callable[[str, str, Text, bool], Text]] = {"-": _default, "+": _alternative, "?": _required}
