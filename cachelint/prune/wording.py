"""The lines of a step, in the words of the script it goes into."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from cachelint.prune.scope import DOCKER, Client, Scope, prune_commands
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Guard(enum.Enum):
    """How a failing prune stops the script, so that nothing is built on what it left and no success is announced."""

    ERREXIT = ""
    """The shell stops by itself: ``set -e`` holds here."""
    EXIT = " || exit 1"
    RETURN = " || return 1"


class Idiom(NamedTuple):
    """The words of a script.

    `info`, `success` and `warning` are its own functions that print what they are given, None where it has none:
    then ``echo`` speaks. `indent` is one level of its indentation. `is_posix`: its shell knows no ``${x:0:7}``.
    `is_nested`: it is text in another script, where ShellCheck does not look. `hidden` are the programs that it has
    functions of its own for. `stream` is the redirection that keeps what a step prints out of the script's result.
    """

    client: Client = DOCKER
    info: str | None = None
    success: str | None = None
    warning: str | None = None
    indent: str = "    "
    guard: Guard = Guard.EXIT
    is_posix: bool = False
    is_nested: bool = False
    hidden: frozenset[str] = frozenset()
    stream: str = ""

    def program(self, name: str) -> str:
        """A program by its name, where the script has no function of that name."""
        return f"command {name}" if name in self.hidden else name

    def say(self, text: str) -> str:
        """A line that tells what comes now."""
        return f'{self.info or self.program("echo")} "{text}"{self.stream}'

    def praise(self, text: str) -> str:
        """A line that tells what is done."""
        return f'{self.success or self.info or self.program("echo")} "{text}"{self.stream}'

    def warn(self, text: str) -> str:
        """A line that tells what went wrong, to standard error where the script has no words for it."""
        if self.warning:
            return f'{self.warning} "{text}"{self.stream}'
        return f'{self.program("echo")} "WARNING: {text}" >&2'


PLAIN = Idiom()

# No apostrophe, backquote or dollar sign: the words may stand in quotes of another shell.
_BEFORE = {
    Scope.CONTEXT: "Dropping the source files that Docker kept...",
    Scope.LAYERS: "Dropping the source files and the layers that Docker kept...",
    Scope.ALL: "Dropping the whole build cache of Docker...",
}
_AFTER = {
    Scope.CONTEXT: "Docker will read every source file again",
    Scope.LAYERS: "Docker will read every source file and run every step again",
    Scope.ALL: "Docker will build everything from scratch",
}
_TITLES = {
    Scope.CONTEXT: "Drop the source files that Docker kept",
    Scope.LAYERS: "Drop the source files and the layers that Docker kept",
    Scope.ALL: "Drop the whole build cache of Docker",
}
FAILED = "The build cache of Docker could not be pruned, so this build may contain old code"


def title(scope: Scope) -> str:
    """The name of a step of a workflow."""
    return _TITLES[scope]


def step_lines(scope: Scope, reason: str, idiom: Idiom = PLAIN, *, tolerant: bool = False) -> tuple[str, ...]:
    """The lines of a step in a shell script, without indentation and line breaks.

    `reason` is the comment in its first line. `tolerant`: a failing prune is told, and the build goes on.
    """
    commands = tuple(f"{one}{idiom.stream}" for one in prune_commands(scope, idiom.client))
    lines = [f"# {reason}", idiom.say(_BEFORE[scope])]
    if not tolerant:
        lines += [f"{command}{idiom.guard.value}" for command in commands]
        return (*lines, idiom.praise(_AFTER[scope]))
    lines += _tolerant(commands, idiom, _AFTER[scope])
    return tuple(lines)


def _tolerant(commands: tuple[str, ...], idiom: Idiom, after: str) -> Iterator[str]:
    yield f"if {' && '.join(commands)}; then"
    yield f"{idiom.indent}{idiom.praise(after)}"
    yield "else"
    yield f"{idiom.indent}{idiom.warn(FAILED)}"
    yield "fi"


def commit_lines(variable: str, idiom: Idiom = PLAIN) -> tuple[str, ...]:
    """The lines that set the variable of the commit argument and announce it.

    The comment speaks to ShellCheck, which would have the assignment end the script where there is no git: there the
    build goes on without a commit, as it did.
    """
    short = f'$(printf %.7s "${variable}")' if idiom.is_posix else f"${{{variable}:0:7}}"
    return (
        *(() if idiom.is_nested else ("# shellcheck disable=SC2155  # without git the build goes on, as before",)),
        f'export {variable}="$({idiom.program("git")} rev-parse HEAD || true)"',
        idiom.say(f"Building from commit: {short}..."),
    )
