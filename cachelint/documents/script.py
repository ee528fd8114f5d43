"""A shell script: the commands that it runs, where each stands, on which machine, and what is known of its words.

`read_script` makes them. Every span covers characters of the file, whatever quoting and nesting lies between.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cachelint.documents.shell_syntax import SHELLS
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.documents.script_calls import Calls
    from cachelint.documents.script_tree import Block
    from cachelint.source import SourceFile, Span


class Machine(str, Enum):
    """Where a shell runs, seen from the shell around it."""

    HERE = "here"
    REMOTE = "remote"
    CONTAINER = "container"


class Quoting(str, Enum):
    """How the text of a shell stands in the shell around it."""

    FILE = "file"
    """It is the file itself."""
    SINGLE = "single quotes"
    DOUBLE = "double quotes"
    HEREDOC = "heredoc"
    """``<<EOF``: the outer shell replaces ``$`` and backquotes in it."""
    QUOTED_HEREDOC = "quoted heredoc"
    """``<<'EOF'``: nothing in it is replaced."""
    WORDS = "words"
    """Words of the outer command (``ssh host docker build .``), or a mix of quotes."""


class Word(NamedTuple):
    """One word that a command receives.

    `text` has its quotes removed and the variables replaced whose value the script leaves no doubt about; what is not
    known stands in it as written. `literal` is set when `text` is exactly what the command receives. `span` is the
    place in the command, quotes included; several words of one variable share it. `origin` is where the characters
    themselves are written: `span`, or a word of the assignment. `names` are the variables that it was made of.
    `default` is set when the environment may give the script another value (``${X:-value}``), `splits` when it may be
    none or several words when the script runs.
    """

    text: str
    span: Span
    literal: bool
    origin: Span
    names: tuple[str, ...] = ()
    default: bool = False
    splits: bool = False


class Shell(NamedTuple):
    """One shell that runs commands: that of the file, or one that a command of `parent` starts.

    `machine` is seen from `parent`. `target` is the host of ssh, or the container, service or image. `span` covers the
    text that it runs, without the quotes around it; `multiline` is set when that text has several lines. `user` is who
    runs it, where the script says so. `command` is the number of the command that starts it.
    """

    machine: Machine
    quoting: Quoting
    span: Span
    multiline: bool
    parent: Shell | None = None
    target: Word | None = None
    user: str | None = None
    command: int | None = None

    @property
    def path(self) -> tuple[tuple[str, str], ...]:
        """The machines passed on the way here, outermost first: ``(("remote", "web1"),)``; empty on this machine."""
        above = self.parent.path if self.parent else ()
        if self.machine is Machine.HERE:
            return above
        return (*above, (self.machine.value, self.target.text if self.target else ""))


class Directory(NamedTuple):
    """The working directory of a command: `path` below `base`.

    `base` is ``start`` (where the script was started), ``script`` (the directory of the script's file), ``repository``
    (the work tree of git around it), ``/``, ``home``, or ``unknown``; `path` is normalised, ``.`` for the base itself,
    and may begin with ``..``.
    """

    base: str
    path: str


class Assignment(NamedTuple):
    """One place where a variable gets its value.

    `values` are the words given, several for an array; None where the value is not written in the script (`read`,
    `export NAME`, `unset`). `span` covers ``NAME=value``. `how` is ``=``, ``+=``, ``for``, ``read``, ``unset``,
    ``export`` (a bare ``export NAME``) or ``command`` (in front of one command, and only for that). `exported` is set
    when this place, or ``set -a``, exports it. `after` is the number of the first command behind it.
    """

    name: str
    values: tuple[Word, ...] | None
    span: Span
    how: str
    exported: bool
    shell: Shell
    function: str | None
    after: int
    array: bool = False


class Redirection(NamedTuple):
    """``> file`` and the like: the operator, the words behind it (none for a heredoc), the place."""

    operator: str
    target: Word | None
    span: Span


class Wrapper(NamedTuple):
    """A command that runs the command behind it: ``sudo -u app``, ``timeout 300``; `words` are its own."""

    name: str
    words: tuple[Word, ...]


class Command(NamedTuple):
    """One simple command of a script.

    `words` are its own, without assignments and wrappers; `texts` are theirs, and `name` is the program's without its
    directory, empty when there are no words. `number` counts the commands in the order in which they are written.
    `span` runs from the first assignment, wrapper or word to the last word or redirection on the command's line.
    `alternatives` are all the readings where a variable in it may hold one of several known values, `words` being the
    first. `doubt` names what is not known, in words for a user: then `words` may be more or fewer when it runs.
    `function` is the function around it. `conditional` is set where the script may skip it. `feeds` is the number of
    the command that reads its output through a pipe. `written` are the words as written, variables in place. `varied`
    is set where a variable decides what wrappers it has.
    """

    number: int
    words: tuple[Word, ...]
    texts: tuple[str, ...]
    name: str
    span: Span
    shell: Shell
    assignments: tuple[Assignment, ...] = ()
    wrappers: tuple[Wrapper, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    alternatives: tuple[tuple[Word, ...], ...] = ()
    doubt: str | None = None
    function: str | None = None
    conditional: bool = False
    feeds: int | None = None
    directory: Directory = Directory("start", ".")
    written: tuple[Word, ...] = ()
    varied: bool = False


class Function(NamedTuple):
    """A function that the script defines; `span` from its name to its closing brace, `body` without the braces."""

    name: str
    span: Span
    body: Span
    shell: Shell


class Sourced(NamedTuple):
    """A file that the script reads into itself; `exports` is set under ``set -a``. `command` is its number.

    `place` is where the file is, as far as the script says it: a path below the base.
    """

    path: Word
    exports: bool
    command: int
    place: Directory | None = None


class Called(NamedTuple):
    """Another script that the script runs: ``./build.sh``, ``bash scripts/x.sh``; `command` is its number.

    `place` is where its file is, as far as the script says it: a path below the base.
    """

    path: Word
    command: int
    place: Directory | None = None


class Script(NamedTuple):
    """A script; `commands` in the order in which they are written, `body` the statements that hold them.

    `errors` are the places that bash would not understand: commands elsewhere are known nevertheless, and nothing may
    be inserted into such a script. `interpreter` is the program of the first line, ``sh`` where there is none.
    `calls` knows which of its functions they call. `unread` are such places in the texts for other shells. `taken` are
    the numbers of commands whose output something else reads: a variable, a file, the next command of a pipeline. A log
    is no reader, nor is ``tee``.
    `options` are the letters and names that ``set`` switches on anywhere: ``e``, ``u``, ``pipefail``.
    """

    source: SourceFile
    shell: Shell
    body: Block
    commands: tuple[Command, ...]
    assignments: tuple[Assignment, ...]
    functions: tuple[Function, ...]
    sourced: tuple[Sourced, ...]
    called: tuple[Called, ...]
    options: frozenset[str]
    errors: tuple[Span, ...]
    interpreter: str
    calls: Calls
    unread: tuple[Span, ...] = ()
    taken: tuple[range, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether a part of it cannot be read."""
        return bool(self.errors)

    @property
    def is_read(self) -> bool:
        """Whether it is a shell's; of a script in another language nothing is known."""
        return bool(self.commands) or self.interpreter in SHELLS

    @property
    def uses_git(self) -> bool:
        """Whether it runs git on this machine."""
        return any(command.name == "git" and not command.shell.path for command in self.commands)

    def sets(self, name: str) -> tuple[Assignment, ...]:
        """The places where a variable gets a value for more than one command."""
        return tuple(one for one in self.assignments if one.name == name and one.how not in {"command", "unset"})
