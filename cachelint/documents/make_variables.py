"""The variables of a Makefile: what make puts in for ``$(NAME)``, as a shell can read it.

A variable that is assigned once, whatever happens, is replaced by its value; one that the environment or another file
may set is the default of a shell variable, ``${NAME:-value}``. ``$(shell …)`` that chooses a tool becomes the shell's
own ``$(…)``, and so does a variable with one of several tools. Everything else is a variable that nobody knows. Source:
the GNU make manual, "How to Use Variables" and "Conditional Parts of Makefiles".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNKNOWN = "${_}"
"""What stands in a script for text that only make knows: a variable that nobody sets."""

_ASSIGNMENT = regex(
    r"[ ]*(?:(?:export|override|private)[ \t]+)*(?P<name>[\w.-]+)[ \t]*(?P<operator>:{0,3}=|\?=|\+=|!=)"
    r"[ \t]*(?P<value>.*)",
    re.DOTALL,
)
_TARGET_VARIABLE = regex(r"[ \t]*(?:(?:export|override|private)[ \t]+)*(?P<name>[\w.-]+)[ \t]*[:?+!]{0,3}=")
_RULE = regex(r"(?P<targets>[^\t#:=][^:=#]*)::?(?![:=])(?P<rest>.*)", re.DOTALL)
_CONDITIONAL = regex(r"[ ]*(ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_OPENING = frozenset(("ifeq", "ifneq", "ifdef", "ifndef"))
_INCLUDE = regex(r"[ ]*[-s]?include\b")
_EXPORT = regex(
    r"[ ]*(?:[^\s#:=][^:=#]*:[ \t]*)?(?:(?:override|private)[ \t]+)*(?:un)?export\b(?P<names>[^#]*)", re.DOTALL
)
_NAME = regex(r"[A-Za-z_][\w.-]*")
_SHELL_NAME = regex(r"[A-Za-z_]\w*")
_COMMENT = regex(r"(?<!\\)#.*", re.DOTALL)
_CONTINUED = regex(r"(?<![ \t])[ \t]*\\\r?\n[ \t]*")
_REFERENCE = regex(
    r"\$(?:\$|\((?P<round>[\w.-]+)\)|\{(?P<curly>[\w.-]+)\}|(?P<call>[({](?P<shell>shell\s)?)|.)", re.DOTALL
)
_TOOL = regex(r"(?:sudo\s+)?(?:[\w.-]*/)*(?:docker|podman|nerdctl)\b")
_CHOOSES = regex(r"\b(?:echo|printf|which|command\s+-v|type\s+-[pP])\s+[\"']?(?:docker|podman|nerdctl)\b")
_NOT_PLAIN = regex(r"[$`\\}\n'\"]")
_IMMEDIATE = frozenset({":=", "::=", ":::=", "!="})
_MOST_ASSIGNMENTS = 6
_MAX_DEPTH = 10
_MAX_TEXT = 2_000


class _Assigned(NamedTuple):
    """An assignment in a line, by number: its value as written, None for one that is not known from it."""

    number: int
    operator: str
    value: str | None
    conditional: bool


class MakeVariables:
    """The variables of a Makefile with these logical lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._included = any(map(_INCLUDE.match, lines))
        self._assigned: dict[str, list[_Assigned]] = {}
        self._known: dict[str, str] = {}
        self._depth = 0
        for name, one in _assignments(lines):
            self._assigned.setdefault(name, []).append(one)
        self.exported: Mapping[str, str | None] = {name: self._exact(name) for name in self._exports(lines)}

    def reference(self, text: str, at: int, end: int) -> tuple[str, int]:
        """What make puts in for the ``$`` at an offset of a text, and where that is written to."""
        match = _REFERENCE.match(text, at, end)
        if not match:
            return UNKNOWN, end
        if match["call"]:
            after = closing(text, at + 1, end)
            return self._called(text[match.end() : after - 1]) if match["shell"] else UNKNOWN, after
        name = match["round"] or match["curly"]
        return ("$" if match[0] == "$$" else self._value(name) if name else UNKNOWN), match.end()

    def _called(self, script: str) -> str:
        """What ``$(shell …)`` prints, as the shell says it: only where it chooses a tool, make runs it elsewhere."""
        if self._depth > _MAX_DEPTH or len(script) > _MAX_TEXT or not _CHOOSES.search(script):
            return UNKNOWN
        self._depth += 1
        expanded = self._expanded(script)
        self._depth -= 1
        return f"$({expanded})"

    def _expanded(self, text: str) -> str:
        parts: list[str] = []
        start = 0
        while (at := text.find("$", start)) >= 0:
            value, after = self.reference(text, at, len(text))
            parts += [text[start:at], value]
            start = after
        return "".join((*parts, text[start:]))

    def _value(self, name: str) -> str:
        """What stands in a script for a variable."""
        if name not in self._known:
            self._known[name] = UNKNOWN  # for one that is made of itself
            self._depth += 1
            text = self._text(name) if self._depth <= _MAX_DEPTH else UNKNOWN
            self._depth -= 1
            self._known[name] = text if len(text) <= _MAX_TEXT else UNKNOWN
        return self._known[name]

    def _text(self, name: str) -> str:
        assigned = self._assigned.get(name, [])
        if name == "MAKE" and not assigned:
            return "make"
        if len(assigned) > _MOST_ASSIGNMENTS:
            return UNKNOWN
        values = [self._of(one) for one in assigned]
        if len(assigned) == 1 and not assigned[0].conditional:
            is_default = self._included or assigned[0].operator == "?="
            return _default(name, values[0]) if is_default else values[0]
        tools = list(dict.fromkeys(values))
        return _one_of(tools) if tools and all(map(_is_tool, tools)) else UNKNOWN

    def _of(self, one: _Assigned) -> str:
        if one.value is None or one.operator == "+=" or len(one.value) > _MAX_TEXT:
            return UNKNOWN
        if one.operator == "!=":
            return self._called(one.value)
        if one.operator in _IMMEDIATE and any(self._comes_later(name, one) for name in _names_in(one.value)):
            return UNKNOWN
        return self._expanded(one.value)

    def _comes_later(self, name: str, one: _Assigned) -> bool:
        """Whether a variable is not set yet where a value is worked out once for all."""
        return name in self._assigned and self._assigned[name][-1].number > one.number

    def _exact(self, name: str) -> str | None:
        """The value of a variable that nothing else sets."""
        text = self._value(name)
        return None if "$" in text else text

    def _exports(self, lines: Sequence[str]) -> Iterator[str]:
        """The variables that make puts into the environment of recipes, or takes out of it."""
        has_all = False
        for line in lines:
            match = None if line.startswith("\t") else _EXPORT.match(line)
            if match:
                names = match["names"].partition("=")[0] if "=" in match["names"] else match["names"]
                yield from _NAME.findall(names)
                has_all = has_all or not names.strip()
            has_all = has_all or line.startswith(".EXPORT_ALL_VARIABLES:")
        if has_all:
            yield from self._assigned


def rule(line: str) -> re.Match[str] | None:
    """The ``targets`` of a rule, and the ``rest`` of its line; None for a line that is none, or sets a variable."""
    match = None if _ASSIGNMENT.match(line) or _INCLUDE.match(line) else _RULE.match(line)
    return None if match is None or _TARGET_VARIABLE.match(match["rest"]) else match


def is_conditional(line: str) -> bool:
    """Whether a line is ``ifdef``, ``else`` and the like."""
    return _CONDITIONAL.match(line) is not None


def closing(text: str, at: int, end: int) -> int:
    """Where the bracket that opens at an offset is closed."""
    pair = "()" if text[at] == "(" else "{}"
    depth = 0
    for offset in range(at, end):
        depth += (text[offset] == pair[0]) - (text[offset] == pair[1])
        if depth == 0:
            return offset + 1
    return end


def _assignments(lines: Sequence[str]) -> Iterator[tuple[str, _Assigned]]:
    depth = 0
    for number, line in enumerate(lines):
        if conditional := _CONDITIONAL.match(line):
            depth += (conditional[1] in _OPENING) - (conditional[1] == "endif")
        match = None if line.startswith("\t") else _ASSIGNMENT.match(line)
        if match:
            value = _CONTINUED.sub(" ", _COMMENT.sub("", match["value"]))
            yield match["name"], _Assigned(number, match["operator"], value, depth > 0)
        elif not line.startswith("\t") and (found := _RULE.match(line)):
            target = _TARGET_VARIABLE.match(found["rest"])
            if target:
                yield target["name"], _Assigned(number, "=", None, True)


def _names_in(text: str) -> Iterator[str]:
    return (match["round"] or match["curly"] for match in _REFERENCE.finditer(text) if match["round"] or match["curly"])


def _is_tool(value: str) -> bool:
    return bool(_TOOL.match(value)) and "'" not in value


def _default(name: str, text: str) -> str:
    """A value that something else may have set: as the default of a shell variable, where a shell can write that."""
    if _SHELL_NAME.fullmatch(name) and not _NOT_PLAIN.search(text):
        return f"${{{name}:-{text.strip()}}}"
    return text if _TOOL.match(text) or text.startswith("$(") else UNKNOWN


def _one_of(tools: Sequence[str]) -> str:
    """A shell text that becomes one of these tools."""
    numbers = [*map(str, range(len(tools) - 1)), "*"]
    items = "".join(f"{number}) echo '{tool.strip()}';; " for number, tool in zip(numbers, tools, strict=True))
    return tools[0] if len(tools) == 1 else f"$(case {UNKNOWN} in {items}esac)"
