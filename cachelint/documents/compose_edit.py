"""Adding and removing build arguments in a Compose file, in the notation that the file is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Alias, Mapping, Scalar, Sequence, deref
from cachelint.documents.yaml_edit import (
    CannotEditError,
    Change,
    Lines,
    Remover,
    entry_span,
    insert_below,
    insert_in_block,
    insert_in_flow,
    place_of,
    quote_like,
)
from cachelint.fix import Edit, Fields, Statement
from cachelint.source import Span

if TYPE_CHECKING:
    from cachelint.documents.compose import ComposeBuild, ComposeFile
    from cachelint.documents.yaml import Node

_ABOUT_CACHE = re.compile(r"inline|cach|buildkit", re.IGNORECASE)
_BEFORE_ARGS = ("context", "dockerfile", "target")


def remove_cache_setting(file: ComposeFile, node: Node) -> Change:
    """Remove the entry with that value, or that item, with its own comment and the block it leaves empty.

    Raises `CannotEditError`.
    """
    return Remover(file.yaml, lambda comment: bool(_ABOUT_CACHE.search(comment))).remove(node)


def args_home(build: ComposeBuild) -> Mapping | Sequence | Scalar:
    """The node that a new argument is written into: the args where there are any, else the build."""
    return build.node if build.args_node is None else build.args_node


def add_arg(file: ComposeFile, build: ComposeBuild, name: str, value: str) -> Change:
    """Pass one more build argument. Raises `CannotEditError`."""
    home = args_home(build)
    if home is build.args_node:
        if isinstance(home, Scalar):
            return _fill_empty_args(file, build, home, name, value)
        return _append(file, home, name, value)
    if isinstance(home, Mapping):
        return _create_args(file, build, home, name, value)
    assert isinstance(home, Scalar)
    return _expand_build(file, build, home, name, value)


def _append(file: ComposeFile, args: Mapping | Sequence, name: str, value: str) -> Change:
    place = place_of(file.yaml, args)
    if isinstance(args, Mapping):
        statement = Statement((*place.path, name), value)
        text = _entry_text(args, name, value)
    else:
        text = _item_text(args, name, value)
        statement = Statement((*place.path, len(args.items)), f"{name}={value}")
    if args.flow:
        return Change(insert_in_flow(file.source, args, text), (statement,))
    after = args.entries[-1].value if isinstance(args, Mapping) else args.items[-1]
    if isinstance(args, Sequence):
        text = _dash(file, args) + text
    if after.span.start == after.span.end and isinstance(args, Mapping):
        after = Scalar(args.entries[-1].span, "", "")
    return Change((insert_in_block(file.source, args, after, Lines(((0, text),))),), (statement,))


def _entry_text(args: Mapping, name: str, value: str) -> str:
    key, sample = args.entries[-1].key, args.entries[-1].value
    quoted_key = quote_like(key if isinstance(key, Scalar) else None, name, flow=False)
    return f"{quoted_key}: {quote_like(sample if isinstance(sample, Scalar) else None, value, flow=args.flow)}"


def _item_text(args: Sequence, name: str, value: str) -> str:
    sample = args.items[-1] if args.items else None
    return quote_like(sample if isinstance(sample, Scalar) else None, f"{name}={value}", flow=args.flow)


def _dash(file: ComposeFile, args: Sequence) -> str:
    """The dash and the space behind it, as the last item has them."""
    place = place_of(file.yaml, args.items[-1])
    start = entry_span(file.source, place).start
    dash = file.source.text[start : args.items[-1].span.start]
    return dash if re.fullmatch(r"-[ \t]+", dash) else "- "


def _fill_empty_args(file: ComposeFile, build: ComposeBuild, args: Scalar, name: str, value: str) -> Change:
    entry = build.node.merged["args"] if isinstance(build.node, Mapping) else build.entry
    shared = isinstance(entry.value, Alias) or args.anchor or build.entry.value is not build.node
    if shared or args.span.start != args.span.end:
        raise CannotEditError("`args` is written as an explicit null or behind an anchor")
    assert isinstance(build.node, Mapping)
    if build.node.flow:
        raise CannotEditError("`args` is an empty value in braces")
    indent = file.source.position(entry.key.span.start).column - 1 + _step(file, build)
    text, data = _new_args(file, name, value, flow=False)
    edit = insert_below(file.source, entry.span.end + 1, " " * indent, Lines(((0, text),)))
    return Change((edit,), (Statement(place_of(file.yaml, args).path, data),))


def _create_args(file: ComposeFile, build: ComposeBuild, node: Mapping, name: str, value: str) -> Change:
    path = (*place_of(file.yaml, node).path, "args")
    text, data = _new_args(file, name, value, flow=node.flow)
    statement = (Statement(path, data),)
    if node.flow:
        return Change(insert_in_flow(file.source, node, f"args: {text}"), statement)
    lines = Lines(((0, "args:"), (_step(file, build), text)))
    return Change((insert_in_block(file.source, node, _line_above_args(node), lines),), statement)


def _line_above_args(node: Mapping) -> Node:
    """The value of the last of context, dockerfile and target; without any of them the last value."""
    written = [entry for entry in node.entries if entry.value.span.start < entry.value.span.end]
    simple = [one.value for one in written if isinstance(one.key, Scalar) and one.key.value in _BEFORE_ARGS]
    return simple[-1] if simple else node.entries[-1].value


def _expand_build(file: ComposeFile, build: ComposeBuild, node: Scalar, name: str, value: str) -> Change:
    """Turn ``build: ./dir`` into its long form; the text of the path and a comment behind it stay where they are."""
    if node.anchor or node.tag or build.entry.value is not node or node.style in ("|", ">"):
        raise CannotEditError("`build` has an anchor or is written in an unusual way")
    place = place_of(file.yaml, node)
    service = place.parents[-1]
    assert isinstance(service, Mapping)
    text, data = _new_args(file, name, value, flow=service.flow)
    statement = (Statement(place.path, Fields((("context", node.value), ("args", data)))),)
    start, end = node.span
    if service.flow:
        around = Edit(Span(start, start), "{context: "), Edit(Span(end, end), f", args: {text}}}")
        return Change(around, statement)
    colon = file.source.text.index(":", build.entry.key.span.end) + 1
    if file.source.text[colon:start].strip():
        raise CannotEditError("a comment stands between `build:` and its value")
    step = _step(file, build)
    indent = " " * (file.source.position(build.entry.key.span.start).column - 1 + step)
    line_break = file.source.line_break_at(start)
    context = Edit(Span(colon, start), f"{line_break}{indent}context: ")
    args = insert_below(file.source, end, indent, Lines(((0, "args:"), (step, text))))
    return Change((context, args), statement)


def _new_args(file: ComposeFile, name: str, value: str, *, flow: bool) -> tuple[str, object]:
    """The first argument of a build as text and as data, in the notation that the file's other builds prefer."""
    known = [one.build.args_node for one in file.services if one.build and one.build.args_node]
    as_list = bool(known) and all(isinstance(args, Sequence) for args in known)
    if as_list:
        item = quote_like(_sample(known[0]), f"{name}={value}", flow=flow)
        return (f"[{item}]" if flow else f"- {item}"), (f"{name}={value}",)
    entry = f"{name}: {quote_like(None, value, flow=flow)}"
    return (f"{{{entry}}}" if flow else entry), Fields(((name, value),))


def _sample(args: Node) -> Scalar | None:
    node = args.items[-1] if isinstance(args, Sequence) and args.items else None
    return node if isinstance(node, Scalar) else None


def _step(file: ComposeFile, build: ComposeBuild) -> int:
    """How far a level is indented below ``build:``, in columns."""
    key = build.entry.key
    value = deref(build.entry.value)
    column = file.source.position(key.span.start).column
    if isinstance(value, Mapping) and not value.flow and build.entry.value is value:
        return max(file.source.position(value.span.start).column - column, 1)
    for service in file.services:
        start = file.source.position(service.key.span.start).column
        if not service.node.flow and file.source.position(service.node.span.start).column > start:
            return file.source.position(service.node.span.start).column - start
    return 2
