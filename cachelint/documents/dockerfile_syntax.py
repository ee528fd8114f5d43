"""What is inside one line of a Dockerfile: keyword, flags, words, JSON arrays, heredoc words, directives. Pure text.

Docker's parser is the measure (moby/buildkit, frontend/dockerfile/parser). What counts as white space differs from
place to place there, and so it does here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cachelint.documents.words import GO_SPACES, ExpansionError, Lexer
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from json import JSONDecoder

_NAMES = """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
    WORKDIR
"""
KEYWORDS = {keyword.lower(): keyword for keyword in _NAMES.split()}
"""Every instruction that Docker knows (BuildKit's command package): lower case to upper case."""

_WITH_JSON = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL", "VOLUME"})
_WITH_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_WITHOUT_QUOTES = frozenset({"ADD", "COPY", "EXPOSE", "FROM", "VOLUME"})


class Command(NamedTuple):
    """The parts of one logical line, in offsets of its text.

    `keyword` is upper case if Docker knows it, else as written. Each flag is its text without quotes, start and end.
    """

    keyword: str
    start: int
    end: int
    flags: tuple[tuple[str, int, int], ...]
    value_start: int


def split_command(text: str, escape: str, start: int = 0) -> Command:
    """Keyword, flags and arguments of the instruction that `text` holds from `start` on."""
    end = max(start, len(text.rstrip(GO_SPACES)))
    match = _HEAD.match(text, start, end)
    assert match  # the empty text, too
    flags: tuple[tuple[str, int, int], ...] = ()
    word, begin, value_start = match[1], match.start(1), match.end()
    if text.startswith("--", match.end(2), end):
        flags, value_start = _flags(text, escape, match.end(2), end)
        value_start = end - len(text[value_start:end].lstrip(GO_SPACES))
    return Command(KEYWORDS.get(word.lower(), word), begin, end, flags, value_start)


_HEAD = regex(rf"[{GO_SPACES}]*([^\t\v\f\r ]*)([\t\v\f\r ]*)[{GO_SPACES}]*")


def _flags(text: str, escape: str, at: int, end: int) -> tuple[tuple[tuple[str, int, int], ...], int]:
    """The flags from `at` on and where they end; a lonely ``--`` ends them."""
    flags: list[tuple[str, int, int]] = []
    while text.startswith("--", at, end) and (match := _flag_pattern(escape).match(text, at, end)):
        flag = unquoted(match[1], escape)
        at = match.end()
        if flag == "--":
            break
        flags.append((flag, *match.span(1)))
    return tuple(flags), at


@cache
def _flag_pattern(escape: str) -> re.Pattern[str]:
    char = re.escape(escape)
    quoted = "|".join(rf"{mark}[^{mark}{char}]*(?:{char}.[^{mark}{char}]*)*(?:{mark}|{char}?\Z)" for mark in "'\"")
    # Docker goes through flags byte by byte and takes a byte 0x85 or 0xA0 for white space; those characters do here.
    plain = rf"[^\t\v\f\r \x85\xa0'\"{char}]+"
    return re.compile(rf"((?:{plain}|{char}(?:.|\Z)|{quoted})*)[\t\v\f\r \x85\xa0]*", re.DOTALL)


def unquoted(word: str, escape: str) -> str:
    """A flag as Docker reads it: without quotes, the escape character protecting any other, in any quotes."""
    if escape not in word and "'" not in word and '"' not in word:
        return word
    parts: list[str] = []
    quote = ""
    chars = iter(word)
    for char in chars:
        if char == escape:
            parts.append(next(chars, ""))
        elif char == quote:
            quote = ""
        elif not quote and char in {"'", '"'}:
            quote = char
        else:
            parts.append(char)
    return "".join(parts)


def word_pattern(keyword: str, escape: str) -> re.Pattern[str]:
    """What matches one word of an instruction's value."""
    return _PLAIN_WORD if keyword in _WITHOUT_QUOTES else _quoted_word_pattern(escape)


@cache
def _quoted_word_pattern(escape: str) -> re.Pattern[str]:
    """Docker's words of ENV and the like; a lonely escape character at the very end belongs to none."""
    char = re.escape(escape)
    double = rf'"[^"{char}]*(?:{char}.[^"{char}]*)*(?:"|(?={char}?\Z))'
    return re.compile(rf"(?:[^{GO_SPACES}'\"{char}]+|{char}.|{double}|'[^']*(?:'|\Z))+", re.DOTALL)


BLANKS = regex(r"[\t\v\f\r ]+")
_PLAIN_WORD = regex(r"[^\t\v\f\r ]+")


class MixedArrayError(ValueError):
    """A JSON array that holds more than strings, which Docker refuses."""


def exec_form(keyword: str, value: str) -> tuple[str, ...] | None:
    """The strings of the JSON array that is an instruction's value (of a HEALTHCHECK: what follows CMD).

    None for anything else, broken JSON included: that is the shell form. Raises `MixedArrayError`.
    """
    if "[" not in value or keyword not in _WITH_JSON:
        return None
    if keyword == "HEALTHCHECK":
        value = BLANKS.split(value, maxsplit=1)[-1].lstrip(GO_SPACES)
    if not value.startswith("["):
        return None
    try:
        array = _json().decode(value)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in array):
        raise MixedArrayError("a JSON array here may hold strings only")
    return tuple(_SURROGATE.sub("\ufffd", item) for item in array)


_SURROGATE = regex("[\ud800-\udfff]")


@cache
def _json() -> JSONDecoder:
    """Python's JSON held to the standard: no NaN, no number beyond a double."""
    from json import JSONDecoder  # comes with dockerfile_parse, not before

    return JSONDecoder(parse_constant=_no_number, parse_int=_number, parse_float=_number)


def _number(digits: str) -> float:
    value = float(digits)
    return _no_number(digits) if value in {float("inf"), float("-inf")} else value


def _no_number(digits: str) -> float:
    raise ValueError(digits)


class HeredocMark(NamedTuple):
    """What a word like ``<<-"EOF"`` says; the fields are those of `Heredoc`."""

    name: str
    expand: bool
    chomp: bool


def heredoc_words(text: str, command: Command, escape: str) -> list[str]:
    """The words of a logical line that may announce heredocs: those of RUN, COPY and ADD in shell form.

    A text that Docker's lexer refuses, say one with a lonely apostrophe, announces none. Raises `MixedArrayError`.
    """
    if command.keyword == "ONBUILD":
        command = split_command(text, escape, command.value_start)
    value = text[command.value_start : command.end]
    if command.keyword not in _WITH_HEREDOCS or exec_form(command.keyword, value) is not None:
        return []
    try:  # with a backslash even where another escape character was chosen
        return Lexer(text, {}, raw_quotes=True, raw_escapes=True, keep_unset=True).words()
    except ExpansionError:
        return []


def heredoc_mark(word: str) -> HeredocMark | None:
    """The heredoc that a word announces. White space before the name is allowed since Dockerfile 1.16.

    Raises `ExpansionError`.
    """
    match = _HEREDOC.fullmatch(word)
    name = match[2].lstrip("\t\n\f\r ") if match else ""
    if not match or not name:
        return None
    plain = Lexer(name, {}, keep_unset=True).words()
    if len(plain) != 1:
        return None
    raw = Lexer(name, {}, raw_quotes=True, keep_unset=True).words()
    if len(raw) != 1:
        raise ExpansionError("quotes that do not match")
    return HeredocMark(plain[0], _quotes(plain[0]) == _quotes(raw[0]), bool(match[1]))


_HEREDOC = regex(r"[0-9]*<<(-?)([^<]*)")


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')


def names_heredoc(word: str) -> bool:
    """Whether Docker takes a word of COPY or ADD for a heredoc."""
    try:
        return "<<" in word and heredoc_mark(word) is not None
    except ExpansionError:
        return False


def directive(line: str) -> tuple[str, str] | None:
    """Lower-case name and value of a parser directive; None for any other line, other comments included."""
    match = _DIRECTIVE.fullmatch(line) if line.startswith("#") else None
    if not match or match[1].lower() not in {"check", "escape", "syntax"}:
        return None
    return match[1].lower(), match[2].strip("\t\n\f\r ") or match[2][-1]


_DIRECTIVE = regex(rf"#[{GO_SPACES}]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=(.+)")
