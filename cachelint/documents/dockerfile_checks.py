"""What Docker demands of an instruction's arguments (moby/buildkit, frontend/dockerfile/instructions/parse.go).

Flags are not checked: newer versions of Docker know more of them than any list here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.dockerfile_syntax import BLANKS, names_heredoc
from cachelint.documents.words import GO_SPACES
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachelint.documents.dockerfile import Instruction


def problem(instruction: Instruction) -> str | None:
    """Why Docker refuses an instruction."""
    check = _CHECKS.get(instruction.keyword)
    return check(instruction) if check else None


def trigger_problem(trigger: Instruction) -> str | None:
    """Why Docker refuses the instruction that an ONBUILD holds; it looks at the rest when the trigger fires."""
    if trigger.keyword in {"ENV", "LABEL"} and trigger.arguments:
        return _pairs_problem(trigger, trigger.arguments)
    return None


def _some(instruction: Instruction) -> str | None:
    return None if instruction.value else f"{instruction.keyword} without arguments"


def _arg(instruction: Instruction) -> str | None:
    arguments = instruction.arguments
    if not arguments:
        return "ARG without arguments"
    return "ARG without a name before the =" if any(word[0] == "=" for word in arguments) else None


def _env(instruction: Instruction) -> str | None:
    arguments = instruction.arguments
    if not arguments:
        return f"{instruction.keyword} without arguments"
    if "=" in arguments[0] and any(word[0] == "=" for word in arguments):
        return f"{instruction.keyword} without a name before the ="
    return _pairs_problem(instruction, arguments)


def _pairs_problem(instruction: Instruction, arguments: tuple[str, ...]) -> str | None:
    if "=" not in arguments[0]:
        return None if BLANKS.search(instruction.value) else f"{instruction.keyword} {arguments[0]} without a value"
    wrong = next((word for word in arguments if "=" not in word), None)
    return None if wrong is None else f"{instruction.keyword} takes name=value, which {wrong} is not"


def _copy(instruction: Instruction) -> str | None:
    arguments = instruction.arguments
    if len(arguments) < 2:
        return f"{instruction.keyword} needs a source and a destination"
    if names_heredoc(arguments[-1]):
        return f"{instruction.keyword} cannot have a heredoc as its destination"
    return None


def _from(instruction: Instruction) -> str | None:
    arguments = instruction.arguments
    if len(arguments) == 1:
        return None
    if len(arguments) != 3 or arguments[1].casefold() != "as":
        if "{{" in instruction.value:
            return "a template, which is no Dockerfile before it is rendered"
        return "FROM takes an image, or an image AS a name"
    if not _STAGE_NAME.fullmatch(arguments[2].lower()):
        return f"a stage cannot be named {arguments[2]}: first a letter, then letters, digits, '-', '_' and '.'"
    return None


_STAGE_NAME = regex(r"[a-z][a-z0-9-_.]*")


def _healthcheck(instruction: Instruction) -> str | None:
    kind, *command = BLANKS.split(instruction.value, maxsplit=1)
    if kind.upper() == "NONE":
        return "HEALTHCHECK NONE takes no arguments" if command else None
    if kind.upper() != "CMD":
        return "HEALTHCHECK takes CMD and a command, or NONE"
    return "HEALTHCHECK CMD without a command" if not command or instruction.exec_form == () else None


def _onbuild(instruction: Instruction) -> str | None:
    trigger = instruction.trigger
    if trigger and trigger.keyword in {"FROM", "MAINTAINER", "ONBUILD"}:
        return f"ONBUILD cannot trigger {trigger.keyword}"
    return _some(instruction)


def _shell(instruction: Instruction) -> str | None:
    return None if instruction.exec_form else "SHELL takes a JSON array of strings"


def _volume(instruction: Instruction) -> str | None:
    arguments = instruction.arguments
    if not arguments:
        return "VOLUME without arguments"
    return None if all(path.strip(GO_SPACES) for path in arguments) else "VOLUME with an empty path"


_CHECKS: dict[str, Callable[[Instruction], str | None]] = {
    **dict.fromkeys(("EXPOSE", "MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"), _some),
    "ADD": _copy,
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _env,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _env,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
    "VOLUME": _volume,
}
