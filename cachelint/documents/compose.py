"""Compose files: the services they write down and what each of their builds asks for.

Only what cachelint reads is looked at. Shapes that Compose rejects are left out of the tree and remembered, so that
the schema (slow to load) is asked only when there is something to explain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.yaml import (
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlError,
    YamlFile,
    deref,
    has_compose_tag,
    parse_yaml,
    text_of,
)
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.source import SourceFile, Span


MAX_ARGS = 5_000
"""Build arguments that all builds of a file together may have: the bound that an anchor used a thousand times meets."""


class NotComposeError(Exception):
    """The file is YAML, but describes no services. `file` is what it holds."""

    def __init__(self, message: str, file: ComposeFile) -> None:
        super().__init__(message)
        self.file = file


class Arg(NamedTuple):
    """One entry of ``build.args``.

    `value` is None when the arg takes its value from the environment. `node` is the node to edit (the value in a
    mapping, the item in a list), `span` all that is written for it, `name_span` its name.
    """

    name: str
    value: str | None
    node: Node
    span: Span
    name_span: Span


class ComposeBuild(NamedTuple):
    """The ``build`` of a service, merge keys and aliases of this file followed.

    `entry` is where ``build:`` stands (in an ``x-`` block when it was merged in); `node` is its value, `args_node` the
    value of ``args``, both behind aliases. Texts are as written, variables included; None means not given.
    """

    entry: Entry
    node: Scalar | Mapping
    context: Scalar | None
    dockerfile: Scalar | None
    inline: Scalar | None
    target: Scalar | None
    args: tuple[Arg, ...]
    args_node: Mapping | Sequence | Scalar | None
    cache_from: tuple[Scalar, ...]
    cache_to: tuple[Scalar, ...]


class Service(NamedTuple):
    """One service of one file. `resolved` is false when `extends` or a tag says that more belongs to it."""

    name: str
    key: Node
    node: Mapping
    build: ComposeBuild | None
    resolved: bool


class ComposeFile(NamedTuple):
    """A file of services.

    `odd` is set when something has a shape that Compose may reject, `takes_away` when a tag may drop what other files
    say.
    """

    yaml: YamlFile
    services: tuple[Service, ...]
    odd: bool
    takes_away: bool = False

    @property
    def source(self) -> SourceFile:
        """The text it was read from."""
        return self.yaml.source


def parse_compose(source: SourceFile) -> ComposeFile:
    """Read a Compose file. Raises `YamlError` for what is no YAML, `NotComposeError` for what has no services."""
    yaml = parse_yaml(source)
    reader = _Reader()
    found = [node for root in yaml.documents if (node := services_node(root)) is not None]
    if not found and not any(_has(root, "include") for root in yaml.documents):
        raise NotComposeError("no services in it", ComposeFile(yaml, (), odd=False))
    services = tuple(service for node in found for service in reader.services(node))
    return ComposeFile(yaml, services, reader.odd, any(tag in source.text for tag in ("!reset", "!override")))


def _has(root: Node | None, key: str) -> bool:
    return isinstance(root, Mapping) and key in root.merged


def services_node(root: Node | None) -> Node | None:
    """The value of ``services``, or the root itself in the version 1 shape, where every key is a service."""
    if not isinstance(root, Mapping):
        return None
    if entry := root.merged.get("services"):
        return entry.value
    values = [deref(entry.value) for entry in root.entries]
    if values and all(isinstance(value, Mapping) and _is_service(value) for value in values):
        return root
    return None


def _is_service(value: Mapping) -> bool:
    """A service of version 1 names its image, or what to build it from in a way that no other file format does."""
    build = value.merged.get("build")
    return "image" in value.merged or (build is not None and isinstance(deref(build.value), Scalar))


class _Reader:
    """Collects what is written; sets `odd` at the first shape it does not know."""

    def __init__(self) -> None:
        self.odd = False
        self._args_left = MAX_ARGS

    def services(self, node: Node) -> Iterator[Service]:
        target = deref(node)
        if not isinstance(target, Mapping):
            self.odd = True
            return
        for name, entry in target.merged.items():
            value = deref(entry.value)
            if isinstance(value, Mapping):
                yield self._service(name, entry, value)
            else:
                self.odd = True
        self.odd = self.odd or any(not isinstance(deref(entry.key), Scalar) for entry in target.entries)

    def _service(self, name: str, entry: Entry, value: Mapping) -> Service:
        build_entry = value.merged.get("build")
        resolved = "extends" not in value.merged and not has_compose_tag(value)
        build = None
        if build_entry:
            resolved = resolved and not _any_compose_tag(build_entry.value)
            build = self._build(build_entry)
        return Service(name, entry.key, value, build, resolved)

    def _build(self, entry: Entry) -> ComposeBuild | None:
        node = deref(entry.value)
        if isinstance(node, Scalar):
            self.odd = self.odd or not node.is_string
            if node.is_null:
                return None
            return ComposeBuild(entry, node, node, None, None, None, (), None, (), ())
        if isinstance(node, Sequence):
            self.odd = True
            return None
        args = node.merged.get("args")
        args_node = deref(args.value) if args else None
        return ComposeBuild(
            entry,
            node,
            self._text(node, "context"),
            self._text(node, "dockerfile"),
            self._text(node, "dockerfile_inline"),
            self._text(node, "target"),
            tuple(self.args(args_node)) if args_node else (),
            args_node,
            self._list(node, "cache_from"),
            self._list(node, "cache_to"),
        )

    def args(self, node: Node) -> Iterator[Arg]:
        self._count(node)
        if isinstance(node, Mapping):
            for name, entry in node.merged.items():
                if isinstance(value := deref(entry.value), Scalar):
                    yield Arg(name, text_of(value), entry.value, entry.span, entry.key.span)
                else:
                    self.odd = True
        elif isinstance(node, Sequence):
            for item in node.items:
                if isinstance(target := deref(item), Scalar) and target.is_string:
                    name, equals, text = target.value.partition("=")
                    yield Arg(name, text if equals else None, item, item.span, item.span)
                else:
                    self.odd = True
        else:
            self.odd = True

    def _count(self, args: Node) -> None:
        """Raise `YamlError` when all arguments so far, those behind aliases too, are more than anybody writes."""
        if isinstance(args, Mapping):
            self._args_left -= len(args.merged)
        elif isinstance(args, Sequence):
            self._args_left -= len(args.items)
        if self._args_left < 0:
            raise YamlError(f"more than {MAX_ARGS:,} build arguments in one file", args.span)

    def _text(self, node: Mapping, key: str) -> Scalar | None:
        entry = node.merged.get(key)
        value = deref(entry.value) if entry else None
        self.odd = self.odd or (entry is not None and not (isinstance(value, Scalar) and value.is_string))
        return value if isinstance(value, Scalar) and not value.is_null else None

    def _list(self, node: Mapping, key: str) -> tuple[Scalar, ...]:
        entry = node.merged.get(key)
        value = deref(entry.value) if entry else None
        if entry is None:
            return ()
        if not isinstance(value, Sequence):
            self.odd = True
            return ()
        texts = tuple(item for one in value.items if isinstance(item := deref(one), Scalar) and item.is_string)
        self.odd = self.odd or len(texts) < len(value.items)
        return texts


def read_args(node: Node) -> tuple[Arg, ...]:
    """The args written in a mapping or list that is not (yet) part of a service."""
    return tuple(_Reader().args(deref(node)))


def _any_compose_tag(node: Node) -> bool:
    target = deref(node)
    if has_compose_tag(target):
        return True
    return isinstance(target, Mapping) and any(has_compose_tag(entry.value) for entry in target.merged.values())
