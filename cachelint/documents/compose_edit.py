"""Adding and removing build arguments in a Compose file, in the notation that the file is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Scalar, Sequence, merge_sources
from cachelint.documents.yaml_edit import (
    CannotEditError,
    Change,
    entry_span,
    key_of,
    place_of,
    quote_like,
)
from cachelint.documents.yaml_insert import Lines, indentation, insert_below, insert_in_block, insert_in_flow
from cachelint.documents.yaml_remove import Remover
from cachelint.fix import Edit, Fields, Statement
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeBuild, ComposeFile
    from cachelint.documents.yaml import Entry, Node
    from cachelint.documents.yaml_edit import Place

_ABOUT_CACHE = regex(r"inline|cach|buildkit|fast|speed|layer|reus", re.IGNORECASE)
_ASKED = 200
"""Services that say how a file is written: more of them would be asked for each of ten thousand edits."""

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
            return _fill_empty_args(file, home, name, value)
        return _append(file, home, name, value)
    if isinstance(home, Mapping):
        return _create_args(file, home, name, value)
    assert isinstance(home, Scalar)
    return _expand_build(file, build, home, name, value)


def sources_of(home: Node) -> Iterator[Node]:
    """The node itself and the mappings that it takes entries from with merge keys, nearest first."""
    yield home
    if isinstance(home, Mapping):
        for source in merge_sources(home):
            yield from sources_of(source)


def _append(file: ComposeFile, args: Mapping | Sequence, name: str, value: str) -> Change:
    place = place_of(file.yaml, args)
    last: Entry | Node | None
    if isinstance(args, Mapping):
        last = args.entries[-1] if args.entries else None
        statement = Statement((*place.path, name), value)
        text = _entry_text(last.key if last else key_of(place), last and last.value, (name, value), flow=args.flow)
    else:
        last = args.items[-1] if args.items else None
        statement = Statement((*place.path, len(args.items)), f"{name}={value}")
        text = quote_like(last, f"{name}={value}", flow=args.flow)
    if args.flow:
        return Change(insert_in_flow(file.source, args, text), (statement,))
    if isinstance(args, Sequence):
        text = _dash(file, args) + text
    return Change((insert_in_block(file.yaml, args, last, Lines(((0, text),))),), (statement,))


def _entry_text(key: Node | None, sample: Node | None, entry: tuple[str, str], *, flow: bool) -> str:
    """An entry in the quotes of another key and of another value."""
    name, value = entry
    return f"{quote_like(key, name, flow=False)}: {quote_like(sample, value, flow=flow)}"


def _dash(file: ComposeFile, args: Sequence) -> str:
    """The dash and the space behind it, as the last item has them."""
    place = place_of(file.yaml, args.items[-1])
    start = entry_span(file.source, place).start
    dash = file.source.text[start : args.items[-1].span.start]
    return dash if re.fullmatch(r"-[ \t]+", dash) else "- "


def _fill_empty_args(file: ComposeFile, args: Scalar, name: str, value: str) -> Change:
    """Write the first argument in the place of an ``args:`` without value, or with ``null``."""
    if args.anchor or args.tag or not args.is_null:
        raise CannotEditError("`args` has an anchor or is neither a mapping nor a list")
    place = place_of(file.yaml, args)
    start, colon = args.span.start, _behind_colon(file, place)
    flow = place.parents[-1].flow
    text, data = _new_args(file, key_of(place), (name, value), flow=flow)
    statement = (Statement(place.path, data),)
    if flow:
        space = "" if file.source.text[start - 1].isspace() else " "
        return Change((Edit(args.span, space + text),), statement)
    indent = " " * (indentation(file.source, place.parents[-1]) + _step(file, place.parent))
    below = insert_below(file.source, args.span.end, indent, Lines(((0, text),)))
    if start == args.span.end:
        return Change((below,), statement)
    return Change((Edit(Span(colon, args.span.end), ""), below), statement)


def _behind_colon(file: ComposeFile, place: Place) -> int:
    """Where the colon between a key and its value ends. Raises `CannotEditError`."""
    key = key_of(place)
    match = key and re.compile(r"[ \t]*:").match(file.source.text, key.span.end, place.node.span.start)
    if not match or file.source.text[match.end() : place.node.span.start].strip():
        raise CannotEditError("its key is written in an unusual way")
    return match.end()


def _create_args(file: ComposeFile, node: Mapping, name: str, value: str) -> Change:
    place = place_of(file.yaml, node)
    above = _entry_above_args(node)
    text, data = _new_args(file, above and above.key, (name, value), flow=node.flow)
    statement = (Statement((*place.path, "args"), data),)
    head = f"{quote_like(above and above.key, 'args', flow=False)}:"
    if node.flow:
        return Change(insert_in_flow(file.source, node, f"{head} {text}"), statement)
    lines = Lines(((0, head), (_step(file, place), text)))
    return Change((insert_in_block(file.yaml, node, above, lines),), statement)


def _entry_above_args(node: Mapping) -> Entry | None:
    """The last of context, dockerfile and target; without any of them the last entry."""
    written = [entry for entry in node.entries if entry.value.span.start < entry.value.span.end]
    simple = [one for one in written if isinstance(one.key, Scalar) and one.key.value in _BEFORE_ARGS]
    return (simple or node.entries or (None,))[-1]


def _expand_build(file: ComposeFile, build: ComposeBuild, node: Scalar, name: str, value: str) -> Change:
    """Turn ``build: ./dir`` into its long form; the text of the path and a comment behind it stay where they are."""
    if node.anchor or node.tag or build.entry.value is not node or node.style in {"|", ">"}:
        raise CannotEditError("`build` has an anchor or is written in an unusual way")
    place = place_of(file.yaml, node)
    service = place.parents[-1]
    assert isinstance(service, Mapping)
    text, data = _new_args(file, build.entry.key, (name, value), flow=service.flow)
    statement = (Statement(place.path, Fields((("context", node.value), ("args", data)))),)
    start, end = node.span
    context, args = (f"{quote_like(build.entry.key, key, flow=False)}:" for key in ("context", "args"))
    if service.flow:
        around = Edit(Span(start, start), f"{{{context} "), Edit(Span(end, end), f", {args} {text}}}")
        return Change(around, statement)
    step = _step(file, place.parent)
    line_start = file.source.line_span(file.source.position(start).line).start
    if file.source.text[line_start:start].strip():
        indent = " " * (indentation(file.source, service) + step)
        gap = Span(_behind_colon(file, place), start)
        before = Edit(gap, f"{file.source.line_break_at(start)}{indent}{context} ")
    else:  # the value has a line of its own: its indentation stays
        indent = file.source.text[line_start:start]
        before = Edit(Span(start, start), f"{context} ")
    below = insert_below(file.source, end, indent, Lines(((0, args), (step, text))))
    return Change((before, below), statement)


def _new_args(file: ComposeFile, key: Node | None, arg: tuple[str, str], *, flow: bool) -> tuple[str, object]:
    """The first argument of a build as text and as data, in the notation that the file's other builds prefer.

    `key` is one beside it, in whose quotes its name is put: JSON has them around all.
    """
    name, value = arg
    known = [one.build.args_node for one in file.services[:_ASKED] if one.build and one.build.args_node]
    lists = [args.items for args in known if isinstance(args, Sequence)]
    if lists and len(lists) == len(known):
        item = quote_like(lists[0][-1] if lists[0] else None, f"{name}={value}", flow=flow)
        return (f"[{item}]" if flow else f"- {item}"), (f"{name}={value}",)
    entry = _entry_text(key, None, arg, flow=flow)
    return (f"{{{entry}}}" if flow else entry), Fields(((name, value),))


def _step(file: ComposeFile, around: Place) -> int:
    """How many columns a level below a mapping is indented, judged by the mapping itself and then by the services."""
    own = (key_of(around) if around.parents else None, around.node)
    for key, node in (own, *((service.key, service.node) for service in file.services[:_ASKED])):
        if key and isinstance(node, Mapping) and not node.flow:
            step = indentation(file.source, node) + 1 - file.source.position(key.span.start).column
            if step > 0:
                return step
    return 2
