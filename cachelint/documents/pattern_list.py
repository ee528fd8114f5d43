"""Many path patterns matched at once, in time that only depends on the length of the path.

All patterns of a list become one automaton that reads a path once, a character at a time, and remembers where it was
for every directory. Go's regular expressions never backtrack and neither does this: a pattern that somebody else wrote
cannot make it slow, which ``re`` cannot promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.globs import (
    DEEP,
    NEVER,
    REST,
    STAR,
    CharClass,
    PatternError,
    Token,
    clean_path,
    go_strip,
    ignore_tokens,
)
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_CHARACTERS = 100_000
"""The longest list of patterns that is read, in characters. A whole automaton must stay cheap to step."""

_MAX_REMEMBERED = 50_000


class Node:
    """What the automaton knows after some text: `hits` has bit n set when pattern n matches exactly that text."""

    __slots__ = ("bits", "hits", "row")

    def __init__(self, bits: int, hits: int) -> None:
        self.bits = bits
        self.hits = hits
        self.row: dict[str, Node] = {}


class Automaton:
    """Many patterns, read together. Every position in every pattern is one bit of a number.

    Raises `PatternError` when the patterns are longer than `MAX_CHARACTERS`.
    """

    __slots__ = ("_classes", "_consumes", "_deep", "_ends", "_nodes", "_remembered", "_rest", "_star", "start")

    def __init__(self, programs: Sequence[Sequence[Token]]) -> None:
        _check_length(sum(map(len, programs)))
        self._classes: list[tuple[int, CharClass]] = []
        self._consumes: dict[str, int] = {}
        self._star = self._deep = self._rest = 0
        self._ends: list[int] = []
        self._nodes: dict[int, Node] = {}
        self._remembered = 0
        starts, bit = 0, 1
        for program in programs:
            starts |= bit
            for before, token in zip((None, *program), program, strict=False):
                if token == before and token in (STAR, DEEP, REST):
                    continue
                self._place(token, bit)
                bit <<= 1
            self._ends.append(bit)
            bit <<= 1
        for char in self._consumes:
            self._consumes[char] |= self._class_bits(char)
        self.start = self._node(self._enter(starts))

    def run(self, node: Node, text: str) -> Node:
        """The node after reading `text` from `node`."""
        for char in text:
            node = node.row.get(char) or self._learn(node, char)
        return node

    def extent(self, number: int) -> int:
        """The bits of one pattern's positions: while a node has one of them, longer text may match."""
        low = self._ends[number - 1] << 1 if number else 1
        return (self._ends[number] << 1) - low

    def _place(self, token: Token, bit: int) -> None:
        if isinstance(token, CharClass):
            self._classes.append((bit, token))
        elif token == STAR:
            self._star |= bit
        elif token == DEEP:
            self._deep |= bit
        elif token == REST:
            self._rest |= bit
        elif token != NEVER:
            self._consumes[token] = self._consumes.get(token, 0) | bit

    def _class_bits(self, char: str) -> int:
        return sum(bit for bit, one in self._classes if one.accepts(char))

    def _learn(self, node: Node, char: str) -> Node:
        if self._remembered >= _MAX_REMEMBERED:
            self._forget()
        self._remembered += 1
        after = node.row[char] = self._node(self._step(node.bits, char))
        return after

    def _forget(self) -> None:
        for node in self._nodes.values():
            node.row.clear()
        self._nodes.clear()
        self._remembered = 0

    def _node(self, bits: int) -> Node:
        node = self._nodes.get(bits)
        if node is None:
            hits = sum(1 << number for number, end in enumerate(self._ends) if bits & end)
            node = self._nodes[bits] = Node(bits, hits)
        return node

    def _step(self, bits: int, char: str) -> int:
        if char not in self._consumes:
            self._consumes[char] = self._class_bits(char)
        moved = bits & self._consumes[char]
        stay = bits & (self._deep | self._rest)
        if char == "/":
            moved |= bits & self._deep
        else:
            stay |= bits & self._star
        return self._enter((moved | stay & ~self._deep) << 1) | stay

    def _enter(self, bits: int) -> int:
        """Add the positions behind wildcards that may stand for nothing."""
        optional = self._star | self._deep | self._rest
        while (more := bits | (bits & optional) << 1) != bits:
            bits = more
        return bits


def check_pattern(pattern: str) -> None:
    """Raises `PatternError` for a pattern that no `PatternList` takes."""
    stripped = go_strip(pattern)
    if stripped:
        _check_length(len(_program(clean_path(stripped))))


def _program(cleaned: str) -> list[Token]:
    if cleaned == "!":
        raise PatternError("an exception from nothing")
    return ignore_tokens(cleaned.removeprefix("!"))


def _check_length(length: int) -> None:
    if length > MAX_CHARACTERS:
        raise PatternError(f"longer than {MAX_CHARACTERS:,} characters")


class Place(NamedTuple):
    """A path as a `PatternList` sees it.

    `matched` is the verdict; `found` the patterns that matched it or a directory above it (bit n is pattern n).
    """

    matched: bool
    found: int
    node: Node


class PatternList:
    """Ordered patterns, ``!`` for exceptions, as moby/patternmatcher's ``MatchesUsingParentResults`` applies them.

    A pattern that matched a directory holds for all below it, and the last pattern that holds decides; but an
    exception is only tried on what is matched so far, and a pattern only on what is not. Patterns are trimmed and
    cleaned first. Raises `PatternError`.
    """

    __slots__ = ("_automaton", "_directories", "_exception_bits", "_exceptions", "_verdicts", "top")

    def __init__(self, patterns: Iterable[str]) -> None:
        programs: list[list[Token]] = []
        self._exceptions = 0
        for pattern in filter(None, map(go_strip, patterns)):
            cleaned = clean_path(pattern)
            self._exceptions |= cleaned.startswith("!") << len(programs)
            programs.append(_program(cleaned))
        self._automaton = Automaton(programs)
        self._exception_bits = sum(
            self._automaton.extent(number) for number in range(len(programs)) if self._exceptions >> number & 1
        )
        self._verdicts: dict[tuple[int, int], tuple[bool, int]] = {}
        self.top = Place(False, 0, self._automaton.start)
        self._directories = {"": self.top}

    def matches(self, path: str) -> bool:
        """The verdict on a path with ``/``, relative to where the patterns start."""
        directory, _, name = path.rpartition("/")
        return self.below(self._directory(directory), name).matched

    def below(self, directory: Place, name: str) -> Place:
        """The place of an entry of a directory that was entered."""
        node = self._automaton.run(directory.node, name)
        if not self._exceptions:
            found = node.hits | directory.found
            return Place(found != 0, found, node)
        return Place(*self._verdict(node.hits, directory.found), node)

    def enter(self, place: Place) -> Place:
        """The same place, ready for the names inside of it."""
        return place._replace(node=self._automaton.run(place.node, "/"))

    def may_except(self, directory: Place) -> bool:
        """Whether an exception can still match something inside a directory that was entered."""
        return bool(directory.node.bits & self._exception_bits)

    def _directory(self, path: str) -> Place:
        place = self._directories.get(path)
        if place is None:
            place = self.top
            for name in path.split("/"):
                place = self.enter(self.below(place, name))
            if len(self._directories) >= _MAX_REMEMBERED:
                self._directories = {"": self.top}
            self._directories[path] = place
        return place

    def _verdict(self, hits: int, above: int) -> tuple[bool, int]:
        verdict = self._verdicts.get((hits, above))
        if verdict is None:
            if len(self._verdicts) >= _MAX_REMEMBERED:
                self._verdicts.clear()
            verdict = self._verdicts[hits, above] = self._judge(hits, above)
        return verdict

    def _judge(self, hits: int, above: int) -> tuple[bool, int]:
        matched, found = False, 0
        left = hits | above
        while left:
            bit = left & -left
            left ^= bit
            is_exception = bool(self._exceptions & bit)
            if above & bit or is_exception is matched:
                found |= bit
                matched = not is_exception
        return matched, found
