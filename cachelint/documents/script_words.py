"""The words of a script: quotes removed, with each expansion named so that a known value can take its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Word
from cachelint.documents.shell_syntax import CONTINUED, ESCAPED, ESCAPED_IN_QUOTES
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from cachelint.documents.script_text import ScriptText

EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution"}
)
_PATTERN = regex(r"(?<!\\)(?:[*?]|\A~)")
_BRACKET = regex(r"(?<!\\)\[")
_BRACE = regex(r"(?<!\\)\{")
_VARIABLE = regex(
    r"""\$(?:(?P<plain>\w+|[@*#?$!-])
    |\{(?P<name>[A-Za-z_]\w*|[@*]|\d+)(?:\[(?P<index>[@*]|\w+)\])?(?:(?P<operator>:?[-=?])(?P<word>[^$`\\]*))?\})\Z""",
    re.VERBOSE | re.DOTALL,
)
EXPANSION = regex(r"\$\{[^}]*\}|\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\$\w+|`[^`]*`|\$.")
"""An expansion as it is left in a text where nothing is known of it."""

MAX_TEXT = 2_000
"""A value with more characters counts as unknown: one made of two of another doubles it, and nobody writes it."""

_FIELD = regex(rf"(?:{EXPANSION.pattern}|\S)+")
SUBSTITUTION = regex(r"\$\((?!\()(?P<round>.*)\)|`(?P<back>[^`]*)`", re.DOTALL)
"""A command substitution, with the script in it."""

_TELLS = regex(r"\b(?:echo|printf|which|command|type)\b|\$\(\s*[A-Za-z_][\w-]*\s*\)\Z|`\s*[A-Za-z_][\w-]*\s*`\Z")
_WHICH = regex(r"\$\(\s*(?:which|command\s+-v|type\s+-p)\s+([\w./-]+)\s*(?:2>\s*/dev/null\s*)?\)\Z")
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "e": "\x1b"}
_ANSI_ESCAPE = regex(r"\\(.)", re.DOTALL)


class Part(NamedTuple):
    """A piece of a word: literal text, or an expansion as written in `text`.

    `certain` is not set for patterns and for what nothing is known about. `name` is the variable of an expansion,
    `subscript` its index, `default` the text of ``${name:-text}``. `outer` is set where the
    shell around this one expands it. `prints` is set for a command substitution whose script may say what it prints.
    """

    text: str
    span: Span
    quoted: bool
    certain: bool = True
    name: str = ""
    subscript: str = ""
    default: str | None = None
    outer: bool = False
    prints: bool = False

    @property
    def key(self) -> str:
        """What its values are kept under: the variable, or the text of a substitution; empty where none are known."""
        return self.name or (self.text if self.prints else "")


class Template(NamedTuple):
    """A word before its expansion."""

    parts: tuple[Part, ...]
    span: Span


class Value(NamedTuple):
    """What a variable may hold: one word, or the elements of an array."""

    words: tuple[Word, ...]
    array: bool = False
    default: bool = False


def template(node: Node, text: ScriptText) -> Template:
    """The word that a node of the grammar writes."""
    span = text.span(node)
    if node.type == "command_name" and node.child_count == 1:
        node = node.children[0]
    if node.type == "word":  # most of all words
        return Template((_plain("word", text.of(node), span),), span)
    return Template(tuple(_parts(node, text, False)), span)


def unsplit(word: Template) -> Template:
    """The word as an assignment takes it: one word, whatever its variables hold."""
    return word._replace(parts=tuple(part._replace(quoted=True) for part in word.parts))


def _parts(node: Node, text: ScriptText, quoted: bool) -> list[Part]:
    kind = node.type
    if kind in {"concatenation", "command_name"} and node.children:
        return [part for child in node.children for part in _parts(child, text, quoted)]
    if kind in {"string", "translated_string"}:
        return _string(node, text)
    if kind in EXPANSIONS:
        return [_expansion(text.of(node), text.span(node), quoted)]
    if kind == "raw_string":
        start, end = text.bounds(node)
        return [Part(text.of(node)[1:-1], text.place(start + 1, end - 1), True)]
    return [_plain(kind, text.of(node), text.span(node))]


def _plain(kind: str, written: str, span: Span) -> Part:
    if kind == "ansi_c_string":
        return Part(_ANSI_ESCAPE.sub(lambda match: _ANSI.get(match[1], match[0]), written[2:-1]), span, True)
    certain = not (_PATTERN.search(written) or _is_in_brackets(written))
    text = ESCAPED.sub(r"\1", CONTINUED.sub("", written)) if "\\" in written else written
    return Part(text, span, False, certain)


def _is_in_brackets(written: str) -> bool:
    """Whether a word holds ``[…]`` or ``{…,…}``."""
    if "[" in written and (bracket := _BRACKET.search(written)) and written.rfind("]") > bracket.end():
        return True
    brace = _BRACE.search(written) if "{" in written else None
    return brace is not None and "," in written[brace.end() : max(written.rfind("}"), 0)]


def _string(node: Node, text: ScriptText) -> list[Part]:
    """The grammar gives white space inside of strings to whatever is next to it: only the expansions are its."""
    start, end = text.bounds(node)
    at = text.text.index('"', start) + 1
    end = max(end - 1, at)
    found: list[Part] = []
    for child in node.named_children:
        if child.type not in EXPANSIONS:
            continue
        first, last = text.bounds(child)
        first += len(text.text[first:last]) - len(text.text[first:last].lstrip())
        _add_text(found, text, at, first)
        found.append(_expansion(text.text[first:last], text.place(first, last), True))
        at = last
    _add_text(found, text, at, end)
    return found or [Part("", text.place(at, at), True)]


def _add_text(parts: list[Part], text: ScriptText, start: int, end: int) -> None:
    if end > start:
        plain = text.text[start:end]
        if "\\" in plain:
            plain = ESCAPED_IN_QUOTES.sub(r"\1", CONTINUED.sub("", plain))
        parts.append(Part(plain, text.place(start, end), True))


def _expansion(written: str, span: Span, quoted: bool) -> Part:
    program = _WHICH.match(written)
    if program:
        return Part(program[1], span, True)
    match = _VARIABLE.match(written)
    if not match:
        prints = bool(SUBSTITUTION.fullmatch(written) and _TELLS.search(written))
        return Part(written, span, quoted, certain=False, prints=prints)
    default = None
    if match["operator"] and "?" not in match["operator"]:
        word = match["word"]
        default = word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word
    return Part(written, span, quoted, False, match["plain"] or match["name"], match["index"] or "", default)


class _Field:
    """One word under construction."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.origins: list[Span] = []
        self.names: list[str] = []
        self.literal = True
        self.default = False
        self.splits = False

    def add(self, text: str, origin: Span, name: str = "") -> None:
        self.texts.append(text)
        self.origins.append(origin)
        if name and name not in self.names:
            self.names.append(name)

    def word(self, span: Span) -> Word:
        origin = self.origins[0] if len(self.origins) == 1 else span
        literal = self.literal and not self.default
        return Word("".join(self.texts), span, literal, origin, tuple(self.names), self.default, self.splits)


def expand(word: Template, values: Mapping[tuple[str, bool], Value]) -> list[Word]:
    """The words that a command receives for one written word; none for an unquoted variable that is empty."""
    if len(word.parts) == 1 and not (word.parts[0].name or word.parts[0].prints):
        return [as_written(word)]
    fields: list[_Field] = []
    current: _Field | None = None
    for part in word.parts:
        value = _value_of(part, values)
        if value is None:
            current = current or _Field()
            current.add(part.text, part.span, part.name)
            current.literal = current.literal and part.certain
            current.splits = current.splits or (not part.certain and _may_split(part))
            continue
        for index, piece in enumerate(_pieces(part, value)):
            if index or piece is None:
                fields += [current] if current else []
                current = None
            if piece is not None:
                current = current or _Field()
                current.add(piece.text, piece.origin, part.name)
                current.literal = current.literal and piece.literal
                current.default = current.default or value.default or piece.default
                current.splits = current.splits or piece.splits
    fields += [current] if current else []
    return [field.word(word.span) for field in fields]


def as_written(word: Template) -> Word:
    """A word without its quotes, its expansions as they stand in the script: ``${DOCKER:-docker}``."""
    if len(word.parts) == 1:
        [part] = word.parts
        names: tuple[str, ...] = (part.name,) if part.name else ()
        splits = not part.certain and _may_split(part)
        return Word(part.text, word.span, part.certain, part.span, names, splits=splits)
    text = "".join([part.text for part in word.parts])
    splits = any(not part.certain and _may_split(part) for part in word.parts)
    names = tuple([part.name for part in word.parts if part.name])
    return Word(text, word.span, all(part.certain for part in word.parts), word.span, names, splits=splits)


def _value_of(part: Part, values: Mapping[tuple[str, bool], Value]) -> Value | None:
    if not (part.name or part.prints):
        return None
    value = values.get((part.key, part.outer))
    if value is None or (part.default is not None and not any(word.text for word in value.words)):
        if part.default is None or part.subscript:
            return None
        return Value((Word(part.default, part.span, True, part.span),), default=value is None)
    return value if value.array == (part.subscript in {"@", "*"}) else None


def _may_split(part: Part) -> bool:
    return not part.quoted or part.name == "@" or part.subscript == "@"


def _pieces(part: Part, value: Value) -> list[Word | None]:
    """The pieces of a value; each but the first begins a new word, and None ends one."""
    if value.array:
        if part.subscript == "@" or not part.quoted:
            return list(value.words)
        return [value.words[0]._replace(text=" ".join(word.text for word in value.words))] if value.words else []
    word = value.words[0]
    if part.quoted:
        return [word]
    return _split(word) if word.text else []


def _split(word: Word) -> list[Word | None]:
    if len(word.text) > MAX_TEXT:
        return [word._replace(literal=False, splits=True)]
    found: list[Word | None] = [None] if word.text[0].isspace() else []
    exact = word.origin.end - word.origin.start == len(word.text)
    for match in _FIELD.finditer(word.text):
        origin = word.origin
        if exact:
            origin = Span(origin.start + match.start(), origin.start + match.end())
        certain = word.literal or word.default or not EXPANSION.search(match[0])
        literal = certain and not word.default
        found.append(word._replace(text=match[0], origin=origin, literal=literal, splits=not certain))
    return [*found, None] if word.text[-1].isspace() else found
