"""How much of Docker's build cache a step drops, and the commands that drop it.

Each command was tried on Docker 20.10 and 28.5, with both image stores.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Scope(enum.IntEnum):
    """What is dropped, in rising order: each drops what the ones before it drop."""

    CONTEXT = 1
    """The engine's copy of the build contexts, so that every file is read again. Layers and cache mounts stay."""
    LAYERS = 2
    """Every layer too, so that each step runs again. Cache mounts (npm, pip) stay."""
    ALL = 3
    """Everything, the content of cache mounts too."""

    @property
    def word(self) -> str:
        """The word on the command line and in JSON."""
        return self.name.lower()


_OPTIONS = {
    Scope.CONTEXT: ("--force --filter type=source.local",),
    Scope.LAYERS: ("--force --filter type=source.local", "--all --force --filter type=regular"),
    Scope.ALL: ("--all --force",),
}


class Client(NamedTuple):
    """How a script calls Docker's client: the words in front of the command, and the builder it names.

    `builder` is None for the client's own choice. A named one is a builder of buildx, which Docker 20.10's
    ``docker builder`` does not know.
    """

    words: str = "docker"
    builder: str | None = None

    @property
    def prune(self) -> str:
        """The words of a prune in front of its options."""
        return f"{self.words} buildx prune --builder {self.builder}" if self.builder else f"{self.words} builder prune"


DOCKER = Client()


def prune_commands(scope: Scope, client: Client = DOCKER) -> tuple[str, ...]:
    """The commands that drop a scope, one line each."""
    return tuple(f"{client.prune} {options}" for options in _OPTIONS[scope])


SOURCE, LAYER, MOUNT = "source.local", "regular", "exec.cachemount"
"""The types of records that matter, as ``docker buildx du`` names them."""

NEEDED = {
    Scope.CONTEXT: frozenset((SOURCE,)),
    Scope.LAYERS: frozenset((SOURCE, LAYER)),
    Scope.ALL: frozenset((SOURCE, LAYER, MOUNT)),
}
"""What each scope drops of them."""
_VALUED = frozenset(
    "--filter --keep-storage --reserved-space --max-used-space --min-free-space --builder --timeout".split()
)


def dropped(options: Sequence[str]) -> frozenset[str]:
    """The types of records that a prune with these options drops, all of them.

    Nothing for one that spares what is younger than a time or fits a size. What a variable may hold is taken to be the
    best, so that nothing is claimed that could be wrong. Without ``--all`` layers that an image still holds stay.
    """
    words = list(_split(options))
    if any("$" in word for word in words):
        return frozenset((SOURCE, LAYER, MOUNT))
    filters = [value for name, value in _pairs(words) if name == "--filter"]
    spared = any(name in _VALUED - {"--filter", "--builder", "--timeout"} for name, _ in _pairs(words))
    kinds = {SOURCE, LAYER, MOUNT} if "--all" in words or "-a" in words else {SOURCE, MOUNT}
    if spared or any(not one.startswith("type") for one in filters):
        return frozenset()
    for one in filters:
        key, _, value = one.partition("=")
        value = value.removeprefix("=")
        kinds &= {SOURCE, LAYER, MOUNT} - {value} if key == "type!" else {value}
    return frozenset(kinds)


def covers(kinds: frozenset[str], scope: Scope) -> bool:
    """Whether these types of records are all that a scope drops."""
    return NEEDED[scope] <= kinds


def _split(options: Sequence[str]) -> Iterator[str]:
    """Short flags that were written together (``-af``), one by one."""
    for word in options:
        if re.fullmatch(r"-[a-z]{2,}", word):
            yield from (f"-{letter}" for letter in word[1:])
        else:
            yield word


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that take a value, with it."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if name in _VALUED:
            yield name, value if equals else following
