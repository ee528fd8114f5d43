"""The simple commands of a RUN instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.dockerfile_lines import place
from cachelint.documents.shell import SimpleCommand, bare, script_of, simple_commands
from cachelint.documents.shell_syntax import SHELLS
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.dockerfile import Heredoc, Instruction
    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.source import Span

_HEREDOC_ONLY = regex(r"(?:<<-?\s*(['\"]?)\w+\1\s*)+")
_INTERPRETER = regex(r"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(\S+)")


class Command(NamedTuple):
    """One simple command: its words with quotes removed, without leading assignments and wrappers such as ``sudo``.

    Variables stay as written. `conditional` is set where the script may skip it: inside if, for, while and case, after
    ``||``, after a test. `span` is its place in the Dockerfile. `feeds` are the words of the command that its output
    is piped into.
    """

    words: tuple[str, ...]
    conditional: bool
    span: Span
    feeds: tuple[str, ...] = ()


def text_of_run(instruction: Instruction) -> str:
    """All that a RUN executes as one text, to look for words before its commands are asked for."""
    return "\n".join((instruction.value, *(heredoc.body for heredoc in instruction.heredocs)))


def commands(instruction: Instruction, shell: tuple[str, ...] | None = None) -> tuple[Command, ...]:
    """The commands that a RUN executes; none where its script cannot be read.

    `shell` is what SHELL says where that is known; scripts for anything but a Bourne shell are not read.
    """
    if instruction.exec_form is not None:
        return tuple(_exec(instruction, instruction.exec_form))
    if instruction.escape != "\\" or (shell and shell[0].rpartition("/")[2] not in SHELLS):
        return ()
    return tuple(
        Command(one.words, one.conditional, place(pieces, one.start, one.end), one.feeds)
        for text, pieces in _scripts(instruction)
        for one in simple_commands(text)
    )


def _scripts(instruction: Instruction) -> Iterator[tuple[str, Pieces]]:
    """The shell scripts of a RUN and where they come from."""
    heredocs = instruction.heredocs
    if not heredocs:
        yield instruction.value, instruction.pieces
    elif not _HEREDOC_ONLY.fullmatch(instruction.value):
        yield _with_bodies(instruction)
    elif _is_shell_script(heredocs[0].body):
        yield heredocs[0].body, ((0, heredocs[0].span.start),)


def _is_shell_script(body: str) -> bool:
    interpreter = _INTERPRETER.match(body)
    return not interpreter or interpreter[1].rpartition("/")[2] in SHELLS


def _with_bodies(instruction: Instruction) -> tuple[str, Pieces]:
    """The command line with the heredocs that it reads."""
    text, pieces = instruction.value, instruction.pieces
    for heredoc in instruction.heredocs:
        text += "\n"
        pieces += ((len(text), heredoc.span.start),)
        text += _closed(heredoc)
    return text, pieces


def _closed(heredoc: Heredoc) -> str:
    end = "" if not heredoc.body or heredoc.body.endswith("\n") else "\n"
    return f"{heredoc.body}{end}{heredoc.name}"


def _exec(instruction: Instruction, array: tuple[str, ...]) -> Iterator[Command]:
    """The command of an exec form; that of ``["sh", "-c", "…"]`` is a script."""
    span = place(instruction.pieces, 0, len(instruction.value))
    words = bare(list(array))
    script = script_of(words) if words else None
    found = simple_commands(script) if script is not None else (SimpleCommand(words, False, 0, 0),) if words else ()
    for one in found:
        yield Command(one.words, one.conditional, span, one.feeds)
