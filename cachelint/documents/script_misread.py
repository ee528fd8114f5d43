"""What tree-sitter's grammar of bash misreads, shown to it as something else of the same length.

Only the shape of the tree is taken from what is shown: words and commands are read where they are written. So a word
may be shown as another one, and a separator where bash needs none, as long as no word becomes a command, or is lost.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cachelint.documents.shell_syntax import parser
from cachelint.regex import regex

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

_SIGN = regex(rb"[|;&()<>]")
_KEYWORD_IN_FRONT = regex(rb"(?:[;&|({\n]|\b(?:if|elif|while|until|then|do|else|time)|!)[ \t]*\Z")
_CLOSED = regex(rb"(\b(?:fi|done|esac)|[})]|\]\])[ \t](?=[ \t]*(?:then|do|done|fi|elif|else|esac|\})(?![^\s;&|()<>]))")
_ENDS = regex(rb"[ \t]*(?:[\n;)]|&&|\|\||\Z)")
_LINE_END = regex(rb"(?<!\\)\n")
_KEYWORDS = frozenset(b"if then elif else fi while until for do done case esac { }".split())
_OPEN = frozenset((b"if", b"then", b"elif", b"else", b"while", b"until", b"do", b"{"))
_OF_ONE_LINE = frozenset({"command", "redirected_statement", "variable_assignments", "declaration_command"})
_COMPOUND = frozenset({"fi", "done", "esac", "}", ")", "))", "]]"})
_NOT_COMPOUND = frozenset({"command_substitution", "expansion", "process_substitution", "array", "case_item"})


def _word(match: re.Match[bytes]) -> bytes:
    return b"x" * len(match[0])


def _pattern(match: re.Match[bytes]) -> bytes:
    """An extended pattern as a word; ``if !(grep x f)`` is none."""
    in_front = match.string[max(0, match.start() - 40) : match.start()]
    is_negated = match[0][:1] == b"!" and (not in_front.strip() or _KEYWORD_IN_FRONT.search(in_front))
    return match[0] if is_negated else _word(match)


def _in_braces(match: re.Match[bytes]) -> bytes:
    return match[1] + _SIGN.sub(b"_", match[2]) + b"}"


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])


_ODD: tuple[tuple[re.Pattern[bytes], bytes | Callable[[re.Match[bytes]], bytes]], ...] = (
    (regex(rb"(?<=\d)#(?=\$)"), b"+"),
    (regex(rb"(\bfor[ \t]+\w+)[ \t](?=do\b)"), rb"\1;"),
    (regex(rb"(\bfor[ \t]+\w+)\n(?=[ \t]*in\b)"), rb"\1 "),
    (regex(rb"(?m)(^[ \t]*|[;&|({][ \t]*)time(?=[ \t]+(?:\{|for|while|until|if|case)\s)"), rb"\1    "),
    (regex(rb"<>"), b"< "),
    (regex(rb"(\$\{\w+:?[-+?=][^{}()$]*)\(((?:[^(){}$]|\$\{\w+\}|\$(?=\w))*)\)"), rb"\1_\2_"),
    (regex(rb"(\$\{\w+(?:\[[^]{}$\n]*\])?(?::?[-+?=]|##?|%%?))([^{}$`\"\n]*)\}"), _in_braces),
    (regex(rb"(\$\{[\w@*]+(?:\[[^]{}$\n]*\])?:)\$(?=\w)"), rb"\1_"),
    (regex(rb"(\$\{[\w@*]+(?:\[[^]{}$\n]*\])?:\w+:)\$(?=\w)"), rb"\1_"),
    (regex(rb"(?<=[\"\w])\$(?=[)/\\])"), b"_"),
    (regex(rb"(?<=[\s|(])[\w*?.\[\]-]*'[^'\n]*'[?\[][\w*?.\[\]-]*(?=\))"), _word),
    (regex(rb"(?<![:$\\])[@+?*!]\([^()$`\"'\n]+\)"), _pattern),
    (regex(rb"(?<=[ \t])\\[()](?=[ \t])"), _blank),
    (regex(rb"(?<=[ \t])\\[<>](?=[ \t])"), b"=="),
    (regex(rb"(?<=[ \t])!==(?=[ \t])"), b"-lt"),
    (regex(rb"(\[[ \t]+\S+[ \t]+)(?:'x'|\"x\")(?=[ \t]+\S+[ \t]+\])"), rb"\1-lt"),
    (regex(rb"(?<=[ \t])(?:[/~+*?%@]|--?|\{\})(?=[ \t]+(?:\]\]?|-[ao])(?![^\s;&|)}]))"), _word),
    (
        regex(rb"(?<==~)[ \t]+(?:\\.|\((?:\\.|[^()\\$`\"'\n])*\)|[^\s\\$`\"'()])+(?=[ \t]+(?:\]\]|&&|\|\|))"),
        lambda match: b" " + b"x" * (len(match[0]) - 1),
    ),
)
"""Calculations, loops, redirections and expansions; patterns; operands and operators of ``[`` and ``[[``."""


def reworded(data: bytes) -> bytes:
    """A script, with its quoted text made of plain words, as the grammar understands it better."""
    for pattern, replacement in _ODD:
        data = pattern.sub(replacement, data)
    return data


def is_misread(data: bytes, root: Node) -> bool:
    """Whether the grammar takes a keyword for a program, so that what it belongs to is lost."""
    return any(
        node.type == "command_name" and is_keyword(data[node.start_byte : node.end_byte]) for node in _nodes(root)
    )


def is_keyword(word: bytes) -> bool:
    """Whether a word where a program may stand is none, unless it is quoted."""
    return word in _KEYWORDS


def separated(data: bytes, root: Node) -> Node:
    """The tree of a script that is shown with ``;`` where bash needs none, and without what only assignments redirect.

    `root` is the tree without that, and the answer where the grammar understands no more.
    """
    places = [match.end(1) for match in _CLOSED.finditer(data)]
    found = bytearray(data)
    for at in (*places, *_line_ends(data, root)):
        found[at : at + 1] = b";"
    for start, end in _redirected(data, root):
        found[start:end] = b" " * (end - start)
    if found == data:
        return root
    other = parser().parse(bytes(found)).root_node
    return root if other.has_error or not all(_closes(other, at) for at in places) else other


def _closes(root: Node, at: int) -> bool:
    """Whether a compound command ends at a place: it may be a word of the same letters."""
    last = root.descendant_for_byte_range(at - 1, at)
    if last is None or last.type not in _COMPOUND or (last.parent and last.parent.type in _NOT_COMPOUND):
        return False
    after = root.descendant_for_byte_range(at, at + 1)
    return after is not None and after.type == ";"


def _line_ends(data: bytes, root: Node) -> Iterator[int]:
    """The ends of lines that the grammar joined to the next ones."""
    for node in _nodes(root):
        if node.type in _OF_ONE_LINE:
            for before, after in pairwise(node.children):
                end, start = before.end_byte, after.start_byte
                if before.type == "comment" or data[before.start_byte : end] in _OPEN:
                    continue
                if line := _LINE_END.search(data, end, start):
                    yield line.end() - 1
                elif after.type == "comment" and start > end:
                    yield end


def _redirected(data: bytes, root: Node) -> Iterator[tuple[int, int]]:
    """The redirections behind assignments that no command follows."""
    for node in _nodes(root):
        if node.type == "file_redirect" and _ENDS.match(data, node.end_byte) and _is_of_assignment(node):
            yield node.start_byte, node.end_byte


def _is_of_assignment(node: Node) -> bool:
    before = node.prev_sibling
    while before is not None and before.type == "file_redirect":
        before = before.prev_sibling
    return before is not None and before.type == "variable_assignment"


def _nodes(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo += node.children
