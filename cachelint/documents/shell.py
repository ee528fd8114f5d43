"""The simple commands of a shell script, read with tree-sitter's grammar of bash.

Loading that grammar takes longer than linting a small project. A script of nothing but plain words and ``&&`` is
therefore split here; everything else, and everything in doubt, is the grammar's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.shell_syntax import (
    ASSIGNMENT,
    CONTINUED,
    ESCAPED,
    ESCAPED_IN_QUOTES,
    SHELLS,
    WRAPPERS,
    operands,
    parser,
)
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_MAX_NESTED = 5
_PLAIN_WORD = regex(r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+:,./=-]*")
_PLAIN = regex(rf"[ \t]*{_PLAIN_WORD.pattern}(?:[ \t]+(?:&&[ \t]+)?{_PLAIN_WORD.pattern})*[ \t]*")
_NOT_PLAIN = frozenset(
    """
    if then elif else fi for while until do done case esac function select time coproc in declare typeset export
    readonly local unset unsetenv test -
    """.split()
)
_CONDITIONS = frozenset({"test", "[", "[[", "which", "type", "hash", "grep"})
_PACKAGE_MANAGERS = frozenset({"npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg"})
_TAKES_SCRIPT = regex(r"-\w*c|--command")


class SimpleCommand(NamedTuple):
    """One simple command: its words with quotes removed and variables as written, at ``text[start:end]``.

    Assignments and wrappers such as ``sudo`` in front are left out of `words`. `conditional` is set where the script
    may skip it. `feeds` are the words of the command that reads its output through a pipe.
    """

    words: tuple[str, ...]
    conditional: bool
    start: int
    end: int
    feeds: tuple[str, ...] = ()


def simple_commands(text: str) -> tuple[SimpleCommand, ...]:
    """The commands that a script executes, in order; none where the script has a mistake.

    A function's commands stand where it is called, those of ``sh -c '…'`` and of a heredoc for a shell in their place.
    """
    plain = _split_plain(text)
    if plain is not None:
        return plain
    try:
        return tuple(_Reader(text, 0).commands())
    except RecursionError:
        return ()


def _split_plain(text: str) -> tuple[SimpleCommand, ...] | None:
    """The commands of a script that needs no grammar, None for any other."""
    if not _PLAIN.fullmatch(text):
        return None
    found: list[SimpleCommand] = []
    start = 0
    for part in text.split("&&"):
        matches = list(_PLAIN_WORD.finditer(part))
        written = [match[0] for match in matches]
        words = bare(written)
        if written[0] in _NOT_PLAIN or "=" in written[0] or not words or words[0] in _CONDITIONS or script_of(words):
            return None
        found.append(SimpleCommand(words, False, start + matches[0].start(), start + matches[-1].end()))
        start += len(part) + 2
    return tuple(found) if not any(_is_condition(one.words) for one in found) else None


def bare(words: list[str]) -> tuple[str, ...]:
    """The command behind assignments and wrappers; nothing where only those are written."""
    rest = list(words)
    while rest and (ASSIGNMENT.match(rest[0]) or rest[0] in WRAPPERS or _is_corepack(rest)):
        wrapper = rest.pop(0)
        if wrapper == "command" and rest[:1] and rest[0] in {"-v", "-V"}:
            return wrapper, *rest
        while rest and rest[0].startswith("-") and wrapper in WRAPPERS:
            del rest[: 2 if rest[0] in WRAPPERS[wrapper] else 1]
        if wrapper == "timeout":
            del rest[:1]
    return tuple(rest)


def _is_corepack(words: list[str]) -> bool:
    return words[0] == "corepack" and words[1:2] != [] and words[1].partition("@")[0] in _PACKAGE_MANAGERS


def script_of(words: tuple[str, ...]) -> str | None:
    """The script in ``sh -c SCRIPT`` or ``su -c SCRIPT``, None for other commands."""
    name = words[0].rpartition("/")[2]
    if name not in SHELLS and name != "su":
        return None
    for option, word in pairwise(words[1:]):
        if _TAKES_SCRIPT.fullmatch(option):
            return word
        if name != "su" and option != "pipefail" and not option.startswith("-"):
            return None
    return None


def reads_script(words: tuple[str, ...]) -> bool:
    """Whether a command is a shell that takes its script from its input: ``bash``, ``sh -ex -s``."""
    name, *rest = words
    return name.rpartition("/")[2] in SHELLS and all(word.startswith("-") for word in rest) and "-c" not in rest


def _is_condition(words: tuple[str, ...]) -> bool:
    return words[0] in _CONDITIONS or words[:2] in {("command", "-v"), ("command", "-V")}


class _Reader:
    """Walks the tree of one script. `depth` counts the scripts around it."""

    def __init__(self, text: str, depth: int) -> None:
        self._data = text.encode("utf-8", "replace")
        self._is_ascii = text.isascii()
        self._depth = depth
        self._functions: dict[str, Node] = {}
        self._calls: list[str] = []

    def commands(self) -> Iterator[SimpleCommand]:
        root = parser().parse(self._data).root_node
        if not root.has_error:
            yield from self._walk(root, False)

    def _walk(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        handler = _HANDLERS.get(node.type)
        if handler:
            yield from handler(self, node, conditional)
            return
        for child in node.named_children:
            yield from self._walk(child, conditional)

    def _command(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        words: list[str] = []
        for child in node.named_children:
            yield from self._walk(child, conditional)
            if not child.type.endswith(("_redirect", "_assignment")):
                words.append(self._word(child))
        rest = bare(words)
        if not rest:
            return
        script = script_of(rest)
        if script is not None:
            yield from self._nested(node, script, conditional)
        elif rest[0] in self._functions and rest[0] not in self._calls:
            self._calls.append(rest[0])
            yield from self._walk(self._functions[rest[0]], conditional)
            self._calls.pop()
        else:
            yield self._simple(node, rest, conditional)

    def _simple(self, node: Node, words: tuple[str, ...], conditional: bool) -> SimpleCommand:
        return SimpleCommand(words, conditional, self._offset(node.start_byte), self._offset(node.end_byte))

    def _nested(self, node: Node, script: str, conditional: bool) -> Iterator[SimpleCommand]:
        """The commands of a script inside a word; each at its own place where the word is written without escapes."""
        if self._depth == _MAX_NESTED:
            return
        start = self._offset(node.start_byte)
        at = self._text(node).find(script)
        for one in _Reader(script, self._depth + 1).commands():
            place = (start + at + one.start, start + at + one.end) if at >= 0 else (start, self._offset(node.end_byte))
            yield one._replace(conditional=conditional or one.conditional, start=place[0], end=place[1])

    def _words_only(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        """``[ … ]``, ``export X=…`` and the like: no word of theirs is looked at."""
        for child in node.named_children:
            yield from self._walk(child, conditional)
        yield self._simple(node, tuple(self._text(node).split()), conditional)

    def _list(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        """``a && b || c``. What follows a test may be skipped, and so may what follows ``||``."""
        after_test = False
        for operator, part in operands(node):
            if operator == "||":
                yield from self._walk(part, True)
                after_test = False
            else:
                yield from self._walk(part, conditional or after_test)
                after_test = after_test or self._is_test(part)

    def _is_test(self, node: Node) -> bool:
        if node.type in {"test_command", "negated_command"}:
            return True
        if node.type in {"redirected_statement", "pipeline"} and node.named_children:
            at = -1 if node.type == "pipeline" else 0
            return self._is_test(node.named_children[at])
        if node.type == "list":
            return any(self._is_test(part) for _, part in operands(node))
        words = bare([self._word(child) for child in node.named_children]) if node.type == "command" else ()
        return bool(words) and _is_condition(words)

    def _pipeline(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        parts = [list(self._walk(child, conditional)) for child in node.named_children]
        for part, reader in zip(parts, [*parts[1:], []], strict=True):
            if part and reader:
                part[-1] = part[-1]._replace(feeds=reader[0].words)
            yield from part

    def _if(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        """Only the first condition is certain to be tried."""
        for child in node.children:
            conditional = conditional or child.type in {"then", "do_group", "elif_clause", "else_clause"}
            yield from self._walk(child, conditional)

    def _sometimes(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        for child in node.named_children:
            yield from self._walk(child, True)

    def _function(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name and body:
            self._functions[self._text(name)] = body
        yield from ()

    def _redirected(self, node: Node, conditional: bool) -> Iterator[SimpleCommand]:
        found = [one for child in node.named_children for one in self._walk(child, conditional)]
        bodies = [body for child in node.named_children for body in child.named_children if body.type == "heredoc_body"]
        if bodies and found and reads_script(found[-1].words) and self._depth < _MAX_NESTED:
            found.pop()
            for body in bodies:
                found += self._nested(body, self._text(body), conditional)
        yield from found

    def _word(self, node: Node) -> str:
        if node.type in {"concatenation", "command_name"}:
            return "".join(map(self._word, node.children))
        text = CONTINUED.sub("", self._text(node))
        if node.type == "string":
            return ESCAPED_IN_QUOTES.sub(r"\1", text[1:-1])
        if node.type == "raw_string":
            return self._text(node)[1:-1]
        return ESCAPED.sub(r"\1", text) if node.type == "word" else text

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode()

    def _offset(self, byte: int) -> int:
        """The character at a byte."""
        return byte if self._is_ascii else len(self._data[:byte].decode())


_HANDLERS = {
    "command": _Reader._command,
    "test_command": _Reader._words_only,
    "declaration_command": _Reader._words_only,
    "unset_command": _Reader._words_only,
    "list": _Reader._list,
    "pipeline": _Reader._pipeline,
    "if_statement": _Reader._if,
    "while_statement": _Reader._if,
    "for_statement": _Reader._sometimes,
    "c_style_for_statement": _Reader._sometimes,
    "case_statement": _Reader._sometimes,
    "elif_clause": _Reader._sometimes,
    "else_clause": _Reader._sometimes,
    "function_definition": _Reader._function,
    "redirected_statement": _Reader._redirected,
}
