"""What a fix would write, as a unified diff."""

from __future__ import annotations

from collections import Counter
from difflib import Match, SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 200


def render_diff(name: str, old: str, new: str) -> str:
    """A diff that `git apply` and `patch` take; line endings are the file's own."""
    return "".join(_lines(name, old, new))


def _lines(name: str, old: str, new: str) -> Iterator[str]:
    before, after = _split(old), _split(new)
    if before != after:
        yield f"--- {_header(f'a/{name}')}\n+++ {_header(f'b/{name}')}\n"
    for group in _InPieces(before, after).get_grouped_opcodes(3):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, i, end, j, other in group:
            shown = [(" ", before[i:end])] if tag == "equal" else [("-", before[i:end]), ("+", after[j:other])]
            yield from (_shown(sign, line) for sign, lines in shown for line in lines)


def _range(start: int, end: int) -> str:
    """Lines as a hunk's head counts them: from 1, with the number of them, which is left out where it is 1."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


class _InPieces(SequenceMatcher[str]):
    """Compares long texts in pieces, cut at lines that stand once in both: for thousands of changes in one text the
    time of `difflib` grows with their square."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        super().__init__(None, old, new)
        self._old = old
        self._new = new

    def get_matching_blocks(self) -> list[Match]:
        """As the original, with one block where two pieces meet."""
        old, new = self._old, self._new
        found: list[Match] = []
        i = j = 0
        for end, other in [*_cuts(old, new), (len(old), len(new))]:
            pieces = SequenceMatcher(None, old[i:end], new[j:other]).get_matching_blocks()
            for block in (Match(one.a + i, one.b + j, one.size) for one in pieces if one.size):
                last = found[-1] if found else Match(0, 0, 0)
                if found and (last.a + last.size, last.b + last.size) == (block.a, block.b):
                    found[-1] = Match(last.a, last.b, last.size + block.size)
                else:
                    found.append(block)
            i, j = end, other
        return [*found, Match(len(old), len(new), 0)]


def _cuts(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """Places in both texts, far enough from each other, at which one and the same line begins that has no equal."""
    counts, others = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if others[line] == 1}
    i = j = 0
    for at, line in enumerate(old):
        other = places.get(line, -1) if counts[line] == 1 else -1
        if at >= i + _PIECE and other > j:
            yield at, other
            i, j = at, other


def _header(name: str) -> str:
    """The name as git writes it: quoted around control characters, and ended by a tab behind spaces."""
    if any(char < " " or char == "\x7f" for char in name):
        return '"' + "".join(map(_quoted, name)) + '"'
    return f"{name}\t" if " " in name else name


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char


def _split(text: str) -> list[str]:
    """Lines as diff counts them: they end with a newline and with nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
