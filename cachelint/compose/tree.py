"""What a project says: values with their variables replaced, each with the place that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.yaml import Entry, Node
    from cachelint.source import SourceFile, Span


class Link(NamedTuple):
    """A place on the way of a value: `word` says what it does there, as in "extended here"."""

    word: str
    source: SourceFile
    span: Span


class Origin(NamedTuple):
    """Where a value is written.

    `node` is the node to edit (an alias, where there is one), `entry` its key and value in a mapping. `chain` leads
    from there to where the value is used.
    """

    file: ComposeFile
    node: Node
    entry: Entry | None
    chain: tuple[Link, ...] = ()

    def behind(self, link: Link) -> Origin:
        """The same, with one more place on the way."""
        return Origin(self.file, self.node, self.entry, (*self.chain, link))

    @property
    def span(self) -> Span:
        """All that is written for the value."""
        return self.entry.span if self.entry else self.node.span

    @property
    def name_span(self) -> Span:
        """Its key, or the node itself."""
        return self.entry.key.span if self.entry else self.node.span

    @property
    def source(self) -> SourceFile:
        """The text it stands in."""
        return self.file.source

    @property
    def place(self) -> tuple[str, Span]:
        """What tells two origins apart."""
        return self.file.source.path, self.span


class Leaf(NamedTuple):
    """A scalar. `text` is None for null; it is as `written` where only the deploying machine knows it (not `known`)."""

    text: str | None
    written: str
    known: bool
    is_string: bool
    origin: Origin


class Fields(NamedTuple):
    """A mapping, merge keys applied. `is_list` when Compose holds it as a list of ``NAME=value``."""

    entries: dict[str, Value]
    origin: Origin
    is_list: bool = False

    def with_entry(self, key: str, value: Value) -> Fields:
        """The same with another value for one key."""
        return Fields({**self.entries, key: value}, self.origin, self.is_list)


class Items(NamedTuple):
    """A list."""

    values: tuple[Value, ...]
    origin: Origin


Value: TypeAlias = "Leaf | Fields | Items"


class ComposeError(Exception):
    """Compose refuses a project.

    ``str()`` says why, `origin` where, and `chain` how it came to that place. `is_partial` is set when the project only
    lacks something that a further file might bring.
    """

    def __init__(
        self,
        message: str,
        place: tuple[SourceFile, Span],
        chain: tuple[Link, ...] = (),
        *,
        is_partial: bool = False,
    ) -> None:
        super().__init__(message)
        self.source, self.span = place
        self.chain = chain
        self.is_partial = is_partial


def refuse(origin: Origin, message: str, *, is_partial: bool = False) -> ComposeError:
    """The error about a value."""
    return ComposeError(message, (origin.source, origin.span), origin.chain, is_partial=is_partial)


def size(value: Value) -> int:
    """How many values there are in a value, itself included."""
    if isinstance(value, Leaf):
        return 1
    return 1 + sum(map(size, value.entries.values() if isinstance(value, Fields) else value.values))


def linked(value: Value, link: Link) -> Value:
    """The same value, with one more place on its way."""
    origin = value.origin.behind(link)
    if isinstance(value, Leaf):
        return Leaf(value.text, value.written, value.known, value.is_string, origin)
    if isinstance(value, Fields):
        return Fields({key: linked(one, link) for key, one in value.entries.items()}, origin, value.is_list)
    return Items(tuple(linked(one, link) for one in value.values), origin)
