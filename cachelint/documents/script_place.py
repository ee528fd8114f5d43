"""Where a new line can be written so that it runs before a command on every path to it, and breaks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Machine, Quoting
from cachelint.documents.script_flow import blocks_of
from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple
from cachelint.documents.shell_syntax import SHELLS
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.documents.script import Command, Script, Shell
    from cachelint.documents.script_tree import Block, Statement
    from cachelint.source import Span

_CHOOSES_DAEMON = frozenset({"DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER"})
_CHOICE_OPTIONS = frozenset({"--context", "-c", "-H", "--host", "--builder"})


class Place(NamedTuple):
    """Where lines may be inserted: at `offset`, each with `indent` in front and `line_break` behind.

    `shell` is the one that will run them: what they say has to be written for its quoting, see `quoted`. `statement`
    is what follows; `between` are the numbers of the commands that it runs before the one that was asked for.
    """

    offset: int
    indent: str
    line_break: str
    shell: Shell
    statement: Span
    between: range


class NoPlace(NamedTuple):
    """No line can be inserted, with the `reason` in words for a user; `span` is where it would belong."""

    reason: str
    span: Span


class _Level(NamedTuple):
    """A block around a command: which of its statements holds the command, and what holds the block."""

    block: Block
    position: int
    holder: Statement | None


def place_before(script: Script, command: Command) -> Place | NoPlace:
    """The nearest place above a command of the script."""
    span = command.span
    if script.broken:
        return NoPlace("the script has a part that cannot be read", span)
    if script.interpreter not in SHELLS:
        return NoPlace(f"{script.interpreter} scripts are not edited", span)
    text = command.shell.span
    if command.shell.parent and any(text.start <= one.start <= text.end for one in script.unread):
        return NoPlace("the text that it stands in has a part that cannot be read", span)
    levels = _levels(script.body, command.number)
    reason = "it stands in no statement that is known"
    while levels:
        level = levels.pop()
        climbs = _must_climb(script, command, level)
        if not climbs:
            found = _in_block(script, level, command)
            if isinstance(found, Place):
                return found
            reason = found
        refusal = _may_not_climb(level, reason, climbs, script.source.text)
        if refusal:
            return NoPlace(refusal, span)
    return NoPlace(reason, span)


def quoted(shell: Shell, text: str) -> str | None:
    """A command line as it has to be written for a shell, through all quotes around it; None where it cannot be."""
    inside: Shell | None = shell
    written: str | None = text
    while inside is not None and written is not None:
        written = _quoted_once(inside.quoting, written)
        inside = inside.parent
    return written


def _quoted_once(quoting: Quoting, text: str) -> str | None:
    if quoting is Quoting.SINGLE:
        return None if "'" in text else text
    if quoting in {Quoting.DOUBLE, Quoting.HEREDOC}:
        special = '\\$`"' if quoting is Quoting.DOUBLE else "\\$`"
        return "".join(f"\\{character}" if character in special else character for character in text)
    return None if quoting is Quoting.WORDS else text


def _levels(block: Block, number: int) -> list[_Level]:
    """The blocks around a command, outermost first."""
    found: list[_Level] = []
    inside: Block | None = block
    holder: Statement | None = None
    while inside is not None:
        index = next((i for i, one in enumerate(inside.statements) if number in one.numbers), None)
        if index is None:
            return found
        found.append(_Level(inside, index, holder))
        inside, holder = _descend(inside.statements[index], number)
    return found


def _descend(statement: Statement, number: int) -> tuple[Block | None, Statement]:
    """The block inside of a statement that holds a command, through chains and pipelines."""
    while isinstance(statement, (Chain, Pipeline)):
        statement = next(part for part in statement.parts if number in part.numbers)
    return next((block for block in blocks_of(statement) if number in block.numbers), None), statement


def _must_climb(script: Script, command: Command, level: _Level) -> bool:
    """Whether the place has to be above what holds a block: it is a condition, a substitution, or runs repeatedly."""
    holder, block = level.holder, level.block
    if isinstance(holder, Simple):
        return holder.nested is not block
    if isinstance(holder, If):
        return any(condition is block for condition, _ in holder.branches)
    if isinstance(holder, Loop):
        return holder.body is not block or not (holder.endless or _chooses_daemon(script, command, holder))
    return isinstance(holder, Case) and any(one is block for one in holder.before)


def _may_not_climb(level: _Level, reason: str, climbs: bool, text: str) -> str | None:
    """Why the place may not be above what holds a block; None when it may."""
    holder, block = level.holder, level.block
    if climbs or holder is None or isinstance(holder, Group):
        return reason if holder is None else None
    if isinstance(holder, Simple):
        shell = block.shell
        if shell.machine is Machine.HERE:
            return None
        where = "a container" if shell.machine is Machine.CONTAINER else "another machine"
        return f"it runs on {where}, in a command that is written on one line" if not shell.multiline else reason
    if isinstance(holder, Define):
        return f"the function {holder.name} is written on one line" if reason == _OPENED else reason
    return None if isinstance(holder, (If, Case)) and "\n" not in text[slice(*holder.span)] else reason


_OPENED = "it stands on the line of the keyword that opens its block"
_ASKS = "what stands there asks how the command before it ended"


def _in_block(script: Script, level: _Level, command: Command) -> Place | str:
    """The place at a line of a block, or why there is none."""
    text, statements = script.source.text, level.block.statements
    begin = level.block.span.start
    if level.block.shell.quoting is Quoting.WORDS:
        return "its text is put together from several words"
    index = level.position
    while True:
        statement = statements[index]
        line = _line_start(script, statement.span.start)
        before = statements[index - 1].span.end if index else begin
        on_line = before > line
        if not _asks(statement) and not (index and on_line):
            break
        if not index:
            return _ASKS
        index -= 1
    start = statement.span.start
    if begin > line:
        first = level.holder is None or (isinstance(level.holder, Simple) and level.block.shell.multiline)
        if not first or text[begin:start].strip():
            return _OPENED
        line = begin
    if text[line:start].strip():
        return "something else stands on its line"
    between = range(statement.numbers.start, command.number)
    return Place(line, text[line:start], script.source.line_break_at(start), level.block.shell, statement.span, between)


def _line_start(script: Script, offset: int) -> int:
    starts = script.source.line_starts
    return starts[script.source.position(offset).line - 1]


def _asks(statement: Statement) -> bool:
    """Whether the first thing that a statement does is to look at the status of the one above."""
    while True:
        if isinstance(statement, (Simple, Case, Loop)) and statement.asks_status:
            return True
        if isinstance(statement, (Chain, Pipeline)):
            statement = statement.parts[0]
            continue
        block = _first_block(statement)
        if block is None or not block.statements:
            return False
        statement = block.statements[0]


def _first_block(statement: Statement) -> Block | None:
    if isinstance(statement, If):
        return statement.branches[0][0] if statement.branches else None
    if isinstance(statement, Group):
        return statement.body
    return statement.condition if isinstance(statement, Loop) else None


def _chooses_daemon(script: Script, command: Command, loop: Loop) -> bool:
    """Whether the rounds of a loop may work on different daemons."""
    if any(one.name in _CHOOSES_DAEMON and one.after in loop.body.numbers for one in script.assignments):
        return True
    if any(script.commands[number].texts[:3] in _USES for number in loop.body.numbers):
        return True
    chosen = [word for one in command.assignments if one.name in _CHOOSES_DAEMON for word in one.values or ()]
    for option, word in zip(command.words, command.words[1:], strict=False):
        name, equals, _ = option.text.partition("=")
        chosen += [word] if option.text in _CHOICE_OPTIONS else [option] if equals and name in _CHOICE_OPTIONS else []
    return any(loop.name in word.names or (not word.literal and not word.names) for word in chosen)


_USES = frozenset({("docker", "context", "use"), ("docker", "buildx", "use")})
