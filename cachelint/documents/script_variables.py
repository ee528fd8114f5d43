"""What the variables of a script may hold at a place, as far as its assignments say."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from cachelint.documents.script import Word
from cachelint.documents.script_words import EXPANSION, MAX_TEXT, Template, Value, expand
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cachelint.documents.script_printed import Printed
    from cachelint.documents.script_runners import Runner
    from cachelint.documents.script_words import Part

_MAX_VALUES = 8
_MAX_READINGS = 16
_MAX_ENTRIES = 60
"""A variable with more assignments than this is not followed: what it holds would take ever longer to tell."""

_MAX_DEPTH = 12

_MAX_WORDS = 200
"""A variable that holds more words counts as unknown."""


class Entry(NamedTuple):
    """One assignment: at which character of its shell's text, with the words as written, None where unknown.

    `words` is empty for a bare ``local NAME``. `each` is set where the variable takes one word after the other.
    `function` is the function around it, `local` is set where it stays inside of that. `scope` is the part
    of the text in which whatever follows has run it: a branch, a loop; None where that is all of the script or
    function. `loop` is the outermost loop around it.
    """

    name: str
    at: int
    words: tuple[Template, ...] | None
    array: bool = False
    append: bool = False
    each: bool = False
    function: str | None = None
    local: bool = False
    scope: tuple[int, int] | None = None
    loop: tuple[int, int] | None = None


class Outer(NamedTuple):
    """The shell around another: its variables, and where in its text the other is started.

    `expands` is set when it replaces ``$NAME`` in the text of the other. `runners` are those of its functions that run
    their arguments and that the other has, too.
    """

    variables: Variables
    at: int
    function: str | None
    expands: bool
    runners: Mapping[str, Runner] = {}


class Variables:
    """The assignments of one shell, and of the shell around it where that one replaces ``$NAME`` first.

    `printed` says what the substitutions in its text print.
    """

    def __init__(self, entries: Iterable[Entry], outer: Outer | None, printed: Printed) -> None:
        self._outer = outer
        self._printed = printed
        self._entries: dict[str, list[Entry]] = {}
        self._locals: dict[str | None, set[str]] = {}
        for entry in entries:
            self._entries.setdefault(entry.name, []).append(entry)
            if entry.local:
                self._locals.setdefault(entry.function, set()).add(entry.name)
        self._depth = 0
        self._known: dict[tuple[str, int, str | None], tuple[Value, ...]] = {}

    def readings(self, words: list[Template], at: int, function: str | None) -> list[list[Word]]:
        """The words that a command may receive: the first is all there is where no variable has several values."""
        parts = {(part.key, part.outer): part for word in words for part in word.parts if part.key}
        known = [(key, found) for key, part in parts.items() if (found := self._held(part, at, function))]
        readings: list[list[Word]] = []
        for choice in _choices([values for _, values in known]):
            values = {key: value for (key, _), value in zip(known, choice, strict=True)}
            reading = [word for written in words for word in expand(written, values)]
            if reading not in readings:
                readings.append(reading)
        return readings

    def _held(self, part: Part, at: int, function: str | None) -> tuple[Value, ...]:
        if part.outer and self._outer:
            return self._outer.variables._held(part._replace(outer=False), self._outer.at, self._outer.function)
        if part.prints:
            texts = self._printed.of(part.text, self)
            return tuple(Value((Word(text, part.span, True, part.span),)) for text in texts)
        return self.values(part.name, at, function)

    def values(self, name: str, at: int, function: str | None) -> tuple[Value, ...]:
        """All that a variable may hold at a place; nothing when nothing is known of one of them."""
        key = name, at, function
        if key not in self._known and self._depth < _MAX_DEPTH:
            self._depth += 1
            self._known[key] = self._values(name, at, function)
            self._depth -= 1
        return self._known.get(key, ())

    def _values(self, name: str, at: int, function: str | None) -> tuple[Value, ...]:
        if len(self._entries.get(name, ())) > _MAX_ENTRIES:
            return ()
        entries = self._reaching(name, at, function)
        found: list[Value] = []
        for entry in entries:
            values = self._of_entry(entry)
            found += [value for value in values if value not in found]
            if not values or len(found) > _MAX_VALUES:
                return ()
        return tuple(found)

    def _reaching(self, name: str, at: int, function: str | None) -> list[Entry]:
        """The assignments whose value a variable may have at a place."""
        entries = [one for one in self._entries.get(name, []) if one.array or not _says_nothing(one)]
        if function and name in self._locals.get(function, ()):
            return _latest(
                [one for one in entries if one.function == function and (one.at < at or _again(one, at))], at
            )
        entries = [one for one in entries if name not in self._locals.get(one.function, ())]
        if function:
            return entries
        called = [one for one in entries if one.function]
        return called + _latest([one for one in entries if not one.function and (one.at < at or _again(one, at))], at)

    def _of_entry(self, entry: Entry) -> list[Value]:
        if entry.words is None:
            return []
        found: list[Value] = []
        for words in self.readings(list(entry.words), entry.at, entry.function):
            found += [Value((word,)) for word in words] if entry.each else _value(words, entry.array)
        if any(map(_is_too_long, found)):
            return []
        if any(not _known(word, entry.array) for value in found for word in _telling(value, entry)):
            return []
        if entry.append:
            before = self.values(entry.name, entry.at, entry.function)
            found = [_joined(one, two) for one in before for two in found]
        return [] if any(map(_is_too_long, found)) else found


def _latest(entries: list[Entry], at: int) -> list[Entry]:
    """Those that no later assignment has replaced for certain."""
    last = max((index for index, one in enumerate(entries) if one.at < at and _covers(one, at)), default=None)
    if last is None:
        return entries
    loop = entries[last].loop
    return [one for one in entries[last:] if one.at < at or loop is None or one.loop != loop]


def _covers(entry: Entry, at: int) -> bool:
    """Whether whatever leads to a place behind an assignment has run it."""
    return not entry.each and (entry.scope is None or entry.scope[0] <= at < entry.scope[1])


def _again(entry: Entry, at: int) -> bool:
    """Whether a later assignment comes round again, in a loop around both."""
    return entry.loop is not None and entry.loop[0] <= at < entry.loop[1]


def _says_nothing(entry: Entry) -> bool:
    """Whether it is ``local NAME``, or ``NAME="$NAME"``."""
    if entry.words is None or len(entry.words) != 1:
        return entry.words == ()
    parts = entry.words[0].parts
    return len(parts) == 1 and parts[0].name == entry.name and parts[0].default is None and not entry.each


def _telling(value: Value, entry: Entry) -> tuple[Word, ...]:
    """The words of a value that something has to be known of: more words may follow the first of a command."""
    return () if entry.array and entry.append else value.words[:1] if entry.array else value.words


def _known(word: Word, array: bool) -> bool:
    """Whether enough is known of a value: an element of an array is one word at least, another has some text."""
    if word.splits:
        return False
    return word.literal or word.default or array or bool(re.search(r"\w", EXPANSION.sub("", word.text)))


def _is_too_long(value: Value) -> bool:
    return len(value.words) > _MAX_WORDS or sum(len(word.text) for word in value.words) > MAX_TEXT


def _value(words: list[Word], array: bool) -> list[Value]:
    if array:
        return [Value(tuple(words), array=True)]
    return [Value((word,)) for word in words]


def _joined(before: Value, after: Value) -> Value:
    if before.array or after.array:
        return Value((*before.words, *after.words), array=True)
    one, two = before.words[0], after.words[0]
    return Value((two._replace(text=one.text + two.text, origin=two.span, default=one.default or two.default),))


def _choices(values: list[tuple[Value, ...]]) -> Iterator[tuple[Value, ...]]:
    for count, choice in enumerate(product(*values)):
        if count == _MAX_READINGS:
            return
        yield choice
