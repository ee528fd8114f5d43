"""The text of one shell and where its characters stand in the file, through line endings, quotes and heredocs."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from cachelint.documents.dockerfile_lines import offset_of, place
from cachelint.documents.script_heredocs import heredocs, masked, plain
from cachelint.documents.script_misread import is_misread, reworded, separated
from cachelint.documents.shell_syntax import parser
from cachelint.regex import regex
from cachelint.source import BOM, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.documents.script_heredocs import Heredoc

_CRLF = regex(r"\r(?=\n)")
_WIDE = regex(r"[^\x00-\x7f]")


class ScriptText:
    """A shell's text as bash reads it: without a BOM, with the line breaks of Unix.

    `pieces` say where its parts stand in the file. Nodes of the grammar count bytes; everything here counts characters.
    `misread` is set when the grammar takes it for something else, though it has no error to tell.
    """

    def __init__(self, text: str, pieces: Pieces) -> None:
        start = len(BOM) if text.startswith(BOM) else 0
        cuts = [start, *(match.start() for match in _CRLF.finditer(text, start))]
        if len(cuts) > 1 or start:
            text, pieces = join((text[begin:end], cut(pieces, begin, end)) for begin, end in _between(cuts, text))
        self.text = text
        self.pieces = pieces
        self.misread = False
        self.data = text.encode("utf-8", "replace")
        self.heredocs = {one.operator: one for one in heredocs(text)}
        self._wide = [] if text.isascii() else _continuation_bytes(text)
        self._shift = pieces[0][1] - pieces[0][0] if len(pieces) == 1 and not self._wide else None

    def parse(self) -> Node:
        """The tree of the grammar; what it misreads is shown to it as something else."""
        found = tuple(self.heredocs.values())
        root = parser().parse(masked(self.text, found)).root_node
        if not (root.has_error or self.misread):
            return root
        data = reworded(masked(plain(self.text), found) + b"\n" * self.text.endswith(("\\\n", "\\")))
        root = parser().parse(data).root_node
        if root.has_error or self.misread:
            root, self.misread = separated(data, root), True
        return root

    def parse_once(self) -> Node:
        """The tree of a text that is read but once: whether it is misread is asked before."""
        root = self.parse()
        if not self.misread and is_misread(self.data, root):
            self.misread = True
            return self.parse()
        return root

    def heredoc(self, node: Node) -> Heredoc | None:
        """The heredoc that a redirection is."""
        if node.type != "file_redirect" or not self.heredocs:
            return None
        sign = next((child for child in node.children if child.type == "<"), None)
        return self.heredocs.get(self.offset(sign.start_byte)) if sign else None

    def offset(self, byte: int) -> int:
        """The character at a byte."""
        return byte - bisect_left(self._wide, byte) if self._wide else byte

    def bounds(self, node: Node) -> tuple[int, int]:
        """A node's characters in `text`."""
        if not self._wide:
            return node.start_byte, node.end_byte
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def of(self, node: Node) -> str:
        """A node's text."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def raw(self, node: Node) -> bytes:
        """A node's text, as bytes."""
        return self.data[node.start_byte : node.end_byte]

    def span(self, node: Node) -> Span:
        """A node's place in the file."""
        if self._shift is None:
            return self.place(*self.bounds(node))
        return Span(node.start_byte + self._shift, node.end_byte + self._shift)

    def place(self, start: int, end: int) -> Span:
        """The place in the file of a part of the text."""
        if self._shift is None:
            return place(self.pieces, start, end)
        return Span(start + self._shift, max(start, end) + self._shift)

    def has(self, sign: re.Pattern[bytes], first: Node, last: Node) -> bool:
        """Whether something is written in some nodes: asked before their trees are searched for it."""
        return sign.search(self.data, first.start_byte, last.end_byte) is not None

    def marks(self, sign: re.Pattern[bytes]) -> Marks:
        """Where something is written, for a search of the tree that passes over whatever does not have it."""
        return Marks([match.start() for match in sign.finditer(self.data)])

    def part(self, start: int, end: int) -> tuple[str, Pieces]:
        """A part of the text with its own pieces."""
        return self.text[start:end], cut(self.pieces, start, end)


class Marks:
    """Places in a text, in order, each as the number of a byte."""

    def __init__(self, places: list[int]) -> None:
        self._places = places

    def within(self, node: Node) -> bool:
        """Whether one of them lies in a node."""
        at = bisect_left(self._places, node.start_byte)
        return at < len(self._places) and self._places[at] < node.end_byte


def cut(pieces: Pieces, start: int, end: int) -> Pieces:
    """The pieces of a part of a text."""
    inside = pieces[bisect_right(pieces, (start, _LAST)) : bisect_left(pieces, (end,))]
    return ((0, offset_of(pieces, start)), *((begin - start, offset) for begin, offset in inside))


_LAST = 1 << 62


def join(parts: Iterable[tuple[str, Pieces]]) -> tuple[str, Pieces]:
    """Texts with their places, as one text with its places."""
    texts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    for text, places in parts:
        if not text:
            continue
        pieces += [(length + begin, offset) for begin, offset in places if begin < len(text)]
        texts.append(text)
        length += len(text)
    return "".join(texts), tuple(pieces) or ((0, 0),)


def without(pattern: re.Pattern[str], text: str, pieces: Pieces) -> tuple[str, Pieces]:
    """A text in which each match of a pattern is replaced by its first group, or by nothing."""
    parts: list[tuple[str, Pieces]] = []
    end = 0
    for match in pattern.finditer(text):
        parts.append((text[end : match.start()], cut(pieces, end, match.start())))
        if match.lastindex:
            parts.append((match[1], cut(pieces, *match.span(1))))
        end = match.end()
    if not parts:
        return text, pieces
    return join([*parts, (text[end:], cut(pieces, end, len(text)))])


def _between(cuts: list[int], text: str) -> Iterable[tuple[int, int]]:
    """The parts of a text without the carriage returns at all cuts but the first."""
    begins = [cuts[0], *(at + 1 for at in cuts[1:])]
    yield from zip(begins, [*cuts[1:], len(text)], strict=True)


def _continuation_bytes(text: str) -> list[int]:
    """The bytes, behind those that begin a character, of a text as UTF-8."""
    found: list[int] = []
    for match in _WIDE.finditer(text):
        at = match.start() + len(found)
        found += range(at + 1, at + len(match[0].encode("utf-8", "replace")))
    return found


def substitutions_in(text: str, pieces: Pieces) -> list[tuple[str, Pieces]]:
    """The scripts in the command substitutions of a heredoc's lines."""
    if "$(" not in text and "`" not in text:
        return []
    name = "_HEREDOC_"
    head = f"x <<{name}\n"
    data = f"{head}{text}\n{name}\n".encode("utf-8", "replace")
    found: list[tuple[str, Pieces]] = []
    todo = [parser().parse(data).root_node]
    while todo:
        node = todo.pop()
        if node.type != "command_substitution":
            todo += reversed(node.named_children)
            continue
        first, last = _characters(data, node.children[0].end_byte), _characters(data, node.children[-1].start_byte)
        found.append((text[first - len(head) : last - len(head)], cut(pieces, first - len(head), last - len(head))))
    return found


def _characters(data: bytes, byte: int) -> int:
    return len(data[:byte].decode("utf-8", "replace"))


def errors_in(root: Node) -> Iterator[Node]:
    """The places that the grammar does not understand."""
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "ERROR" or node.is_missing:
            yield node
        else:
            todo += [child for child in node.children if child.has_error or child.is_missing]


_OUTPUT = regex(r"1?>>?\|?(?!&)|&>>?")
_LOG = regex(r"(?:\.log|/dev/(?:null|stderr|tty))[\"']?$", re.IGNORECASE)


def takes_output(redirection: str) -> bool:
    """Whether a redirection sends the output of a command to a file that may be more than a log."""
    return bool(_OUTPUT.match(redirection)) and not _LOG.search(redirection)
