"""The statements of a script: what runs after what, and what may be skipped.

Commands are named by their numbers in `Script.commands`. Every node covers a half-open range of numbers, so that the
statements around a command are found by descending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from cachelint.documents.script import Shell, Word
    from cachelint.source import Span


class Block(NamedTuple):
    """Statements that run one after the other, in one shell; `span` is where they may stand, without the keywords."""

    statements: tuple[Statement, ...]
    span: Span
    shell: Shell
    numbers: range


class Simple(NamedTuple):
    """A command with a number, or None for an assignment or a test alone.

    `before` are the command substitutions in it, which run first; `nested` is the script that it hands to a shell,
    `deferred` when that runs at another time (``trap``). `assigns` are its places in `Script.assignments`.
    `asks_status` is set when it looks at how the command before it ended (``$?``, ``PIPESTATUS``, ``$!``, ``$_``).
    """

    span: Span
    numbers: range
    command: int | None
    before: tuple[Block, ...] = ()
    nested: Block | None = None
    asks_status: bool = False
    background: bool = False
    assigns: range = range(0)
    deferred: bool = False


class Chain(NamedTuple):
    """``a && b || c``: `operators` stand between the parts."""

    span: Span
    numbers: range
    parts: tuple[Statement, ...]
    operators: tuple[str, ...]
    background: bool = False


class Pipeline(NamedTuple):
    """``a | b``; its parts run at the same time, each in a shell of its own. ``! a`` is one with one part."""

    span: Span
    numbers: range
    parts: tuple[Statement, ...]
    background: bool = False


class If(NamedTuple):
    """``if``, its conditions with their blocks, in order, and what runs when none holds."""

    span: Span
    numbers: range
    branches: tuple[tuple[Block, Block], ...]
    otherwise: Block | None
    background: bool = False


class Loop(NamedTuple):
    """``for``, ``select``, ``while`` or ``until``.

    `at_least_once` is set for a list that is not empty; `endless` for ``while true``. `values` is None for a loop
    without a list.
    """

    span: Span
    numbers: range
    keyword: str
    condition: Block | None
    body: Block
    name: str | None = None
    values: tuple[Word, ...] | None = None
    before: tuple[Block, ...] = ()
    at_least_once: bool = False
    endless: bool = False
    asks_status: bool = False
    background: bool = False


class Case(NamedTuple):
    """``case``; `falls` says of each arm whether the next one follows it (``;&``, ``;;&``)."""

    span: Span
    numbers: range
    arms: tuple[Block, ...]
    falls: tuple[bool, ...]
    before: tuple[Block, ...] = ()
    exhaustive: bool = False
    asks_status: bool = False
    background: bool = False


class Group(NamedTuple):
    """``{ … }`` or, with `subshell`, ``( … )``."""

    span: Span
    numbers: range
    body: Block
    subshell: bool
    background: bool = False


class Define(NamedTuple):
    """A function's definition: its body runs where it is called."""

    span: Span
    numbers: range
    name: str
    body: Block
    background: bool = False


if TYPE_CHECKING:
    Statement: TypeAlias = Simple | Chain | Pipeline | If | Loop | Case | Group | Define
