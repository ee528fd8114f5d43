"""A Hypothesis strategy for Compose files in every notation that people and YAML allow.

A file is written from a small tree, so that the strategy knows of each line whether a fix may touch it.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

SETTING = "BUILDKIT_INLINE_CACHE"
DOCKERFILES = {
    "Dockerfile": "FROM alpine\nCOPY . .\nRUN make\n",
    "Dockerfile.declared": "FROM alpine\r\n# who\r\nARG GIT_SHA\r\nCOPY src/ src/\r\nRUN make",
    "app/Dockerfile": "# syntax=docker/dockerfile:1\nFROM alpine AS base\nCOPY . .\n\n# build it\nRUN make\n",
    "app/Dockerfile.declared": "FROM alpine\nARG GIT_SHA\nCOPY . .\n",
    "plain/Dockerfile": "FROM alpine\nRUN echo hello\n",
    "plain/Dockerfile.declared": "FROM alpine\nARG GIT_SHA\nRUN echo hello\n",
    "main.c": "int main;\n",
}
"""What the services are built from; only ``plain`` copies no source."""


class Node(NamedTuple):
    """A mapping or list to write; `value` holds texts of scalars, or nodes. `loose` lines may be changed by a fix."""

    value: dict[str, Node | str] | list[str]
    style: str = "block"
    anchor: str = ""
    loose: bool = False


class Line(NamedTuple):
    """A written line without its end; `kept` when no fix may touch it."""

    text: str
    kept: bool


class Written(NamedTuple):
    """A Compose file: `kept` are the lines, with their ends, that every fix must leave, `notes` the comments."""

    text: str
    kept: tuple[str, ...]
    notes: tuple[str, ...]


class _Writer:
    """Writes trees as lines; what is a matter of taste is decided by `choices` (many draws would be slow)."""

    def __init__(self, choices: bytes) -> None:
        self._choices = iter(choices)
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self._count = 0

    def pick(self, *options):
        """One of the options; the first, which is the simplest, when no choices are left."""
        return options[next(self._choices, 0) % len(options)]

    def rarely(self) -> bool:
        return self.pick(*[False] * 5, True)

    def line(self, text: str, *, kept: bool = True) -> None:
        self.lines.append(Line(text, kept))

    def note(self, *, survives: bool = True) -> str:
        """A new comment; its words say nothing about caches, so that it is never taken for the setting's own."""
        self._count += 1
        text = self.pick(
            f"# note {self._count}", f"#note-{self._count}: x y", f"## {self._count} ##", f"# OFF_{self._count}: 1"
        )
        if survives:
            self.notes.append(text)
        return text

    def tail(self, *, survives: bool = True) -> str:
        """What stands behind a value on its line."""
        if not self.rarely():
            return ""
        return self.pick(" ", "\t", "   \t") + (self.note(survives=survives) if self.pick(True, False) else "")

    def between(self, indent: int, *, survives: bool = True) -> None:
        """Blank lines and comments between two entries."""
        if self.rarely():
            for _ in range(self.pick(1, 1, 2)):
                kind = self.pick("blank", "comment", "comment", "shifted")
                if kind == "blank":
                    self.line(self.pick("", "  ", " " * indent))
                elif kind == "comment":
                    self.line(" " * indent + self.note(survives=survives), kept=survives)
                else:
                    self.line(" " * (indent + self.pick(1, 2)) + self.note())

    def mapping(self, node: Node, indent: int) -> None:
        assert isinstance(node.value, dict)
        step = self.pick(2, 2, 2, 4, 8, 1, 3)
        for key, value in node.value.items():
            is_setting = SETTING in key and node.loose
            empties = node.loose and isinstance(value, Node) and all(SETTING in one for one in value.value)
            self.between(indent, survives=not (is_setting or empties))
            if is_setting and self.rarely():
                self.line(f"{' ' * indent}# inline cache {self._count}", kept=False)
            self._entry(indent, step, key, value, loose=node.loose)

    def _entry(self, indent: int, step: int, key: str, value: Node | str, *, loose: bool) -> None:
        name = self._key(key)
        head = f"{' ' * indent}{name}:"
        if isinstance(value, str):
            own = loose and SETTING in key
            space = self.pick(" ", " ", " ", "  ", "\t") if value else ""
            first, *rest = value.split("\n")
            touched = own or (loose and key in {"build", "args"})
            if rest:
                self.line(f"{head} {first}", kept=not touched)
                for text in rest:
                    self.line(f"{' ' * (indent + 2)}{text}" if text else "")
            elif value and key == "build" and self.rarely():
                self.line(head, kept=False)
                self.line(f"{' ' * (indent + 2)}{first}{self.tail()}", kept=False)
            else:
                self.line(f"{head}{space}{first}{self.tail(survives=not own)}", kept=not touched)
            return
        anchor = f" &{value.anchor}" if value.anchor else ""
        if value.style == "block" and value.value:
            self.line(f"{head}{anchor}{self.tail()}", kept=not (loose or value.loose))
            if isinstance(value.value, dict):
                self.mapping(value, indent + step)
            else:
                self._list(value, indent + self.pick(0, step))
        else:
            self._flow(f"{head}{anchor} ", value, indent)

    def _key(self, key: str) -> str:
        if key == "<<" or not self.rarely():
            return key
        return self.pick(f'"{key}"', f"'{key}'", f"{key} ")

    def _list(self, node: Node, indent: int) -> None:
        assert isinstance(node.value, list)
        gap = self.pick(" ", " ", " ", "   ")
        for item in node.value:
            own = node.loose and SETTING in item
            self.between(indent, survives=not own)
            self.line(f"{' ' * indent}-{gap}{item}{self.tail(survives=not own)}", kept=not own)

    def _flow(self, head: str, node: Node, indent: int) -> None:
        parts = [self._flow_entry(part) for part in self._parts(node)]
        opening, closing = "{}" if isinstance(node.value, dict) else "[]"
        empties = node.loose and all(SETTING in part for part in node.value)
        if node.style != "lines" or not parts:
            space = self.pick("", " ")
            trailing = self.pick("", "", ",") if parts else ""
            inside = f"{space}{self.pick(', ', ',  ', ' , ').join(parts)}{trailing}{space}"
            self.line(f"{head}{opening}{inside}{closing}{self.tail(survives=not empties)}", kept=not node.loose)
            return
        pad = " " * (indent + self.pick(1, 2, 4))
        self.line(f"{head}{opening}{self.tail()}", kept=not node.loose)
        for number, part in enumerate(parts):
            own = node.loose and SETTING in part
            comma = "," if number + 1 < len(parts) else self.pick("", ",")
            self.line(f"{pad}{part}{comma}{self.tail(survives=not own)}", kept=not node.loose)
        end = self.tail(survives=not empties)
        self.line(f"{pad if self.rarely() else ' ' * (indent + 1)}{closing}{end}", kept=not node.loose)

    def _parts(self, node: Node) -> list[tuple[str, Node | str]]:
        return list(node.value.items()) if isinstance(node.value, dict) else [("", item) for item in node.value]

    def _flow_entry(self, part: tuple[str, Node | str]) -> str:
        key, value = part
        if isinstance(value, Node):
            inner = ", ".join(map(self._flow_entry, self._parts(value)))
            anchor = f"&{value.anchor} " if value.anchor else ""
            value = f"{anchor}{{{inner}}}" if isinstance(value.value, dict) else f"{anchor}[{inner}]"
        elif value and value[0] not in "\"'*[{" and set(value) & set(",[]{}"):
            value = f'"{value}"'
        if not key:
            return value
        return f"{key}: {value}" if value else self.pick(key, f"{key}: ")


class _Author:
    """Decides what a file says."""

    def __init__(self, writer: _Writer, document: int) -> None:
        self._w = writer
        self._pick = writer.pick
        self._document = document
        self.anchors: dict[str, list[str]] = {"args": [], "build": [], "service": []}

    def root(self) -> Node:
        pick = self._pick
        entries: dict[str, Node | str] = {}
        if pick(True, False, False):
            entries["name"] = "project"
        for number in range(pick(0, 0, 1, 2, 3)):
            kind = pick("args", "build", "service")
            entries[f"x-{kind}{number}"] = self._extension(kind, f"{kind}{number}")
        entries["services"] = Node(
            {f"s{self._document}{number}": self._service() for number in range(pick(1, 2, 3, 4))}
        )
        if pick(True, False):
            entries["networks"] = Node({"default": Node({"driver": "bridge"}), "build": ""})
        return Node(entries)

    def _style(self) -> str:
        return self._pick("block", "block", "block", "block", "flow", "lines")

    def _extension(self, kind: str, anchor: str) -> Node:
        node = {"args": self._args, "build": self._build, "service": self._service}[kind]()
        assert isinstance(node, Node)
        self.anchors[kind].append(anchor)
        return node._replace(anchor=anchor)

    def _service(self) -> Node:
        pick = self._pick
        entries: dict[str, Node | str] = {}
        if self.anchors["service"] and pick(True, False):
            entries["<<"] = f"*{pick(*self.anchors['service'])}"
        if pick(True, False):
            entries["image"] = pick("nginx", '"registry/web:1"')
        if entries.get("<<") is None or pick(True, False):
            self._add_build(entries)
        if pick(True, False):
            names = [SETTING, "BUILD"] if pick(True, False, False) else ["BUILD"]
            entries["environment"] = Node({name: pick("1", '"1"', "") for name in names}, self._style())
        if pick(True, False):
            entries["ports"] = Node(['"80:80"', "'443:443'"], self._style())
        if pick(True, False, False):
            entries["command"] = pick(
                "\"sh -c 'a # b'\"", f"|\n# {SETTING}: 1\nargs:\n\n  {SETTING}: 1", ">-\nfolded\ntext"
            )
        keep = list(entries.items())
        if pick(True, False):
            keep.reverse()
        flow = not any(map(_has_block_text, entries.values()))
        style = self._pick("block", "block", "block", "block", "block", "flow") if flow else "block"
        return Node(dict(keep) or {"image": "nginx"}, style, loose=True)

    def _add_build(self, entries: dict[str, Node | str]) -> None:
        if self.anchors["build"] and self._pick(True, False):
            entries["build"] = f"*{self._pick(*self.anchors['build'])}"
        elif self._pick(True, False, False):
            entries["build"] = self._pick(".", "./app", '"app"', "'./plain'", "plain/")
        else:
            entries["build"] = self._build()

    def _build(self) -> Node:
        pick = self._pick
        entries: dict[str, Node | str] = {}
        if self.anchors["build"] and pick(True, False, False):
            entries["<<"] = pick(f"*{pick(*self.anchors['build'])}", f"[*{self.anchors['build'][0]}]")
        if pick(True, True, True, False):
            entries["context"] = pick(".", ".", "./app", '"plain"')
        if pick(True, False, False) and entries.get("context", ".") == "." and "<<" not in entries:
            entries["dockerfile"] = pick("Dockerfile", "'Dockerfile.declared'")
        if pick(True, True, False):
            self._add_args(entries)
        if pick(True, False, False):
            entries["shm_size"] = "64m"
        if pick(True, False, False, False) and "<<" not in entries:  # Compose refuses both kinds
            entries["dockerfile_inline"] = "|\nFROM alpine\n# COPY nothing\nCOPY . .\n\nRUN make"
            entries.pop("dockerfile", None)
        ordered = list(entries.items())
        if pick(True, False, False):
            ordered.reverse()
        style = "block" if "dockerfile_inline" in entries else self._style()
        return Node(dict(ordered) or {"context": "."}, style, loose=True)

    def _add_args(self, entries: dict[str, Node | str]) -> None:
        if self.anchors["args"] and self._pick(True, False):
            entries["args"] = f"*{self._pick(*self.anchors['args'])}"
        elif self._pick(*[True] * 9, False):
            entries["args"] = self._args()
        else:
            entries["args"] = self._pick("", "{}", "[]", "null", "~")

    def _args(self) -> Node:
        pick = self._pick
        names = [SETTING] if pick(True, True, False) else []
        names += ["FOO"] if pick(True, False) else []
        names += ["BAR"] if pick(True, False) else []
        names += ["GIT_SHA"] if pick(True, False, False, False) else []
        names = pick(names, names[::-1], names[1:] + names[:1]) or ["FOO"]
        style = self._style()
        if pick(True, False):
            return Node([self._item(name) for name in names], style, loose=True)
        return Node({name: self._value(name) for name in names}, style, loose=True)

    def _item(self, name: str) -> str:
        value = self._value(name).strip("\"'")
        text = f"{name}={value}" if value else name
        return self._pick(text, text, f'"{text}"', f"'{text}'") if "{" not in text else f'"{text}"'

    def _value(self, name: str) -> str:
        if name == "GIT_SHA":
            return "${GIT_SHA}"
        return self._pick("1", "1", '"1"', "'1'", "0", "true", "" if name != SETTING else "1")


def _has_block_text(value: Node | str) -> bool:
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value.value, dict) and any(map(_has_block_text, value.value.values()))


@st.composite
def compose_files(draw) -> Written:
    """Compose files with builds of `DOCKERFILES`; every file is valid YAML."""
    numbers = draw(st.lists(st.integers(0, 2**24 - 1), min_size=150, max_size=150))
    return write(_Writer(b"".join(number.to_bytes(3, "big") for number in numbers)))


def write(writer: _Writer) -> Written:
    """Write one file."""
    bom = writer.rarely()
    for number in range(writer.pick(1, 1, 1, 1, 2)):
        if number or writer.rarely():
            writer.line(writer.pick("---", "---", "--- # another"))
        writer.mapping(_Author(writer, number).root(), 0)
        writer.between(0)
        if writer.rarely():
            writer.line("...")
    return _assemble(writer, bom=bom)


def _assemble(writer: _Writer, *, bom: bool) -> Written:
    breaks = writer.pick(("\n",), ("\n",), ("\n",), ("\r\n",), ("\n", "\r\n"))
    ends = [writer.pick(*breaks) for _ in writer.lines]
    if writer.rarely():
        ends[-1] = ""
    texts = [f"{line.text}{end}" for line, end in zip(writer.lines, ends, strict=True)]
    kept = tuple(text for text, line in zip(texts, writer.lines, strict=True) if line.kept and text)
    return Written("\ufeff" * bom + "".join(texts), kept, tuple(writer.notes))
