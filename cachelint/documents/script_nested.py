"""The commands that run other commands, and the text that a command hands to another shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.docker_options import RUNS_INSIDE, inner_command
from cachelint.documents.script import Machine, Quoting, Word
from cachelint.documents.script_heredocs import Heredoc
from cachelint.documents.script_text import cut, join, without
from cachelint.documents.script_wrappers import Stripped, strip
from cachelint.documents.shell_syntax import SHELLS
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Node

    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.documents.script import Wrapper
    from cachelint.documents.script_text import ScriptText

_PROGRAMS = SHELLS | RUNS_INSIDE | frozenset("su runuser sg newgrp flock ssh eval trap gcloud vagrant".split())
_SSH_VALUES = frozenset("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B -P".split())
_SU_VALUES = frozenset({"-s", "--shell", "-g", "--group", "-G", "-w"})
_TAKES_SCRIPT = regex(r"-\w*c|--command")
_IN_DOUBLE = regex(r'\\(?:\n|([$`"\\]))')
_IN_HEREDOC = regex(r"\\(?:\n|([$`\\]))")
_PLAIN = regex(r"\\(?:\n|(.))", re.DOTALL)
_IN_FRONT = regex(
    r"""\s*(?:(?:sudo|exec|env)(?:\s+-u\s+\S+|\s+-\S+)*"""
    r"""|[A-Za-z_]\w*=(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;&|])*)(?=\s|\Z)""",
    re.DOTALL,
)


class Nested(NamedTuple):
    """A text for another shell, with its places in the file."""

    text: str
    pieces: Pieces
    quoting: Quoting
    machine: Machine = Machine.HERE
    target: Word | None = None
    user: str | None = None
    deferred: bool = False


class Argument(NamedTuple):
    """A word of a command with the node of the grammar that writes it, None where a variable gives it."""

    word: Word
    node: Node | None


def may_hand_on(program: str) -> bool:
    """Whether `NestedReader` may find something in a command: most programs hand no text to another shell."""
    return program.rpartition("/")[2] in _PROGRAMS


class NestedReader:
    """Finds the text that one command hands to another shell."""

    def __init__(self, text: ScriptText, arguments: list[Argument], heredoc: Heredoc | Node | None) -> None:
        self._text = text
        self._arguments = arguments
        self._input = heredoc

    def find(self, wrappers: tuple[Wrapper, ...]) -> Nested | None:
        """The text for another shell in or behind this command, which has lost its wrappers."""
        user = _user(wrappers)
        if not self._arguments:
            interactive = any(w.name == "sudo" and {"-i", "-s"} & {x.text for x in w.words} for w in wrappers)
            return self._of_input(Machine.HERE, None, user) if interactive else None
        found = self._of(0, Machine.HERE, None)
        return found._replace(user=found.user or user) if found else None

    def _of(self, at: int, machine: Machine, target: Word | None) -> Nested | None:  # noqa: PLR0911  # one per program
        """The text that the command from a word on hands to a shell on a machine."""
        name = self._arguments[at].word.text.rpartition("/")[2]
        if name in SHELLS:
            return self._of_shell(at, machine, target)
        if name in {"su", "runuser"}:
            return self._of_su(at, machine, target)
        if name == "ssh":
            return self._of_ssh(at)
        if name == "newgrp":
            return self._of_input(machine, target)
        if name in {"eval", "trap"}:
            return self._of_builtin(at, name)
        if name in {"sg", "flock"}:
            return self._of_text(at, machine, target)
        if name in {"gcloud", "vagrant"}:
            return self._of_command_option(at)
        return self._of_container(at)

    def _of_shell(self, at: int, machine: Machine, target: Word | None) -> Nested | None:
        texts = [argument.word.text for argument in self._arguments]
        for index in range(at + 1, len(texts)):
            if _TAKES_SCRIPT.fullmatch(texts[index]):
                return self._script_at(index + 1, machine, target)
            if not texts[index].startswith(("-", "+")) and texts[index - 1] not in {
                "-o",
                "-O",
                "+o",
                "-eo",
                "-euo",
                "-exo",
            }:
                reads = texts[index - 1] == "-s" or "-s" in texts[at + 1 : index]
                return self._of_input(machine, target) if reads else None
        return self._of_input(machine, target)

    def _of_su(self, at: int, machine: Machine, target: Word | None) -> Nested | None:
        texts = [argument.word.text for argument in self._arguments]
        user, script = None, None
        index = at + 1
        while index < len(texts):
            if texts[index] in {"-c", "--command"}:
                script, index = index + 1, index + 1
            elif texts[index] in _SU_VALUES:
                index += 1
            elif not texts[index].startswith("-"):
                user = user or texts[index]
            index += 1
        found = self._script_at(script, machine, target) if script else self._of_input(machine, target)
        return found._replace(user=user or "root") if found else None

    def _of_text(self, at: int, machine: Machine, target: Word | None) -> Nested | None:
        """The text behind ``-c``; that of ``sg GROUP "…"`` has none."""
        texts = [argument.word.text for argument in self._arguments]
        found = next((index + 1 for index in range(at, len(texts)) if texts[index] in {"-c", "--command"}), None)
        if found is None and texts[at] == "sg" and len(texts) == at + 3:
            found = at + 2
        return self._script_at(found, machine, target)

    def _of_ssh(self, at: int) -> Nested | None:
        index, count = self._behind_options(at + 1), len(self._arguments)
        if index >= count:
            return None
        host = self._arguments[index].word
        rest = self._behind_options(index + 1)
        if rest >= count:
            return self._of_input(Machine.REMOTE, host)
        if rest + 1 == count and self._arguments[rest].node is not None:
            found = self._script_at(rest, Machine.REMOTE, host)
            if self._input is None or (found and not _is_shell(found.text)):
                return found
        stripped = strip([argument.word for argument in self._arguments[rest:]])
        if self._input is not None:
            return self._of_remote_input(rest + stripped.skipped, host, stripped)
        return self._of_words(rest, Machine.REMOTE, host)

    def _behind_options(self, at: int) -> int:
        """The first argument of ssh from one on that is no option; options may follow the host, too."""
        while at < len(self._arguments) and (option := self._arguments[at].word.text).startswith("-"):
            at += 2 if option in _SSH_VALUES else 1
        return at

    def _of_remote_input(self, at: int, host: Word, stripped: Stripped) -> Nested | None:
        texts = " ".join(argument.word.text for argument in self._arguments[at:])
        if at >= len(self._arguments) or _is_shell(texts) or re.match(r"su\s+(-\s*)?[\w-]+$", texts):
            return self._of_input(Machine.REMOTE, host, _user(stripped.wrappers))
        return self._of_words(at, Machine.REMOTE, host)

    def _of_builtin(self, at: int, name: str) -> Nested | None:
        if name == "trap":
            deferred = self._script_at(at + 1, Machine.HERE, None) if len(self._arguments) > at + 2 else None
            return deferred._replace(deferred=True) if deferred else None
        if at + 2 == len(self._arguments):
            return self._script_at(at + 1, Machine.HERE, None)
        return self._of_words(at + 1, Machine.HERE, None)

    def _of_command_option(self, at: int) -> Nested | None:
        texts = [argument.word.text for argument in self._arguments]
        if "ssh" not in texts[at:]:
            return None
        host = self._arguments[min(texts.index("ssh", at) + 1, len(texts) - 1)].word
        for index, text in enumerate(texts):
            if text in {"-c", "--command"} and index + 1 < len(texts):
                return self._script_at(index + 1, Machine.REMOTE, host)
            if text.startswith("--command="):
                return self._script_at(index, Machine.REMOTE, host, len("--command="))
        return None

    def _of_container(self, at: int) -> Nested | None:
        inner = inner_command([argument.word for argument in self._arguments[at:]])
        if inner is None:
            return None
        target = self._arguments[at + inner.target].word
        begin = at + inner.command
        if begin >= len(self._arguments):
            return None
        name = self._arguments[begin].word.text.rpartition("/")[2]
        if name in SHELLS or name == "su":
            return self._of(begin, Machine.CONTAINER, target)
        return self._of_words(begin, Machine.CONTAINER, target)

    def _of_words(self, at: int, machine: Machine, target: Word | None) -> Nested | None:
        """The words from one on: joined without their quotes where a shell reads them again, as ssh's does."""
        again = machine is not Machine.CONTAINER
        parts: list[tuple[str, Pieces]] = []
        before: Node | None = None
        for argument in self._arguments[at:]:
            if argument.node is not None and argument.node == before:
                continue
            before = argument.node
            if before is None:
                text, pieces, _ = self._unquoted(argument)
            elif again:
                text, pieces, _ = unquoted(before, self._text)
            else:
                text, pieces = self._text.part(*self._text.bounds(before))
            parts += [(text, pieces), (" ", ((0, argument.word.span.end),))]
        text, pieces = join(parts[:-1])
        return Nested(text, pieces, Quoting.WORDS, machine, target)

    def _script_at(self, at: int | None, machine: Machine, target: Word | None, skip: int = 0) -> Nested | None:
        if at is None or at >= len(self._arguments):
            return None
        text, pieces, quoting = self._unquoted(self._arguments[at])
        if skip:
            text, pieces = text[skip:], cut(pieces, skip, len(text))
            quoting = self._quoting_behind(self._arguments[at].node, skip)
        return Nested(text, pieces, quoting, machine, target)

    def _quoting_behind(self, node: Node | None, skip: int) -> Quoting:
        """How the rest of a word is quoted: ``--command='docker build .'``."""
        parts = node.children if node is not None and node.type == "concatenation" else []
        if len(parts) != 2 or len(self._text.of(parts[0])) != skip:
            return Quoting.WORDS
        return unquoted(parts[1], self._text)[2]

    def _of_input(self, machine: Machine, target: Word | None, user: str | None = None) -> Nested | None:
        if self._input is None:
            return None
        if not isinstance(self._input, Heredoc):
            return Nested(*unquoted(self._input, self._text), machine, target, user)
        text, pieces = self._text.part(self._input.start, self._input.end)
        quoting = Quoting.HEREDOC if self._input.expands else Quoting.QUOTED_HEREDOC
        if self._input.expands:
            text, pieces = without(_IN_HEREDOC, text, pieces)
        return Nested(text, pieces, quoting, machine, target, user)

    def _unquoted(self, argument: Argument) -> tuple[str, Pieces, Quoting]:
        if argument.node is not None and not _is_known_variable(argument):
            return unquoted(argument.node, self._text)
        return argument.word.text, ((0, argument.word.origin.start),), Quoting.WORDS


def _is_known_variable(argument: Argument) -> bool:
    word = argument.word
    return bool(word.names) and word.literal and word.origin != word.span


def unquoted(node: Node, text: ScriptText) -> tuple[str, Pieces, Quoting]:
    """A word without its quotes, expansions left as written, each character with its place."""
    start, end = text.bounds(node)
    if node.type == "raw_string":
        return *text.part(start + 1, end - 1), Quoting.SINGLE
    if node.type == "string":
        start = text.text.index('"', start) + 1
        return *without(_IN_DOUBLE, *text.part(start, max(end - 1, start))), Quoting.DOUBLE
    if node.type in {"concatenation", "command_name"}:
        parts = [unquoted(child, text) for child in node.children]
        return *join(part[:2] for part in parts), Quoting.WORDS if len(parts) > 1 else parts[0][2]
    if node.type == "word":
        return *without(_PLAIN, *text.part(start, end)), Quoting.WORDS
    return *text.part(start, end), Quoting.WORDS


def _user(wrappers: tuple[Wrapper, ...]) -> str | None:
    for wrapper in wrappers:
        texts = [word.text for word in wrapper.words]
        if wrapper.name in {"sudo", "doas", "runuser"}:
            at = next((i for i, text in enumerate(texts) if text in {"-u", "--user"}), None)
            return texts[at + 1] if at is not None and at + 1 < len(texts) else "root"
    return None


def _is_shell(text: str) -> bool:
    """Whether a command line is a shell that reads its script from its input, whatever is set in front of it."""
    at = 0
    while found := _IN_FRONT.match(text, at):
        at = found.end()
    words = text[at:].split()
    if not words:
        return True
    name, *rest = words
    return name.rpartition("/")[2] in SHELLS and (
        not rest or "-s" in rest or all(word.startswith("-") for word in rest)
    )
