"""Another call of the client that a build is made with: same user, same daemon, same builder."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from cachelint.documents.docker_daemon import UNNAMED
from cachelint.prune.runners import AS_ANOTHER, OTHER_USER, Runners
from cachelint.prune.scope import Client
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command, Script, Shell, Word, Wrapper

_DROPPING = frozenset({"sudo", "doas", "su", "pkexec", "systemd-run"})
_TAKING = frozenset({"-", "-i", "--ignore-environment"})
_KEEPING = frozenset({"-E", "--preserve-env"})
_KEPT_VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
_KEPT_OPTIONS = ("--config", "--context", "--host", "--tls", "--tlscacert", "--tlscert", "--tlskey", "--tlsverify")
_PLAIN = regex(r"[\w@%+=:,./-]+")
_VARIABLE = regex(r"\$\w+|\$\{\w+(?::?[-+][\w. /-]*)?\}")
_ARRAY = regex(r"\$\{\w+\[@\]\}")


class NoClientError(Exception):
    """There is no prune that would help this build; ``str()`` says why."""


def client_of(docker: DockerCommand, runners: Runners, shell: Shell | None = None) -> Client:
    """The client for a step in front of a build, with the builder that the build names or the script has selected.

    `shell` is the one that the step is written into; None for that of the build. Raises `NoClientError`.
    """
    builder = docker.daemon.builder
    if builder == UNNAMED:
        raise NoClientError("`docker buildx create --use` selects a builder without a name: give it one")
    words = words_of(docker, runners, shell or docker.command.shell)
    return Client(words, _word(builder) if builder and builder != "default" else None)


def words_of(docker: DockerCommand, runners: Runners, shell: Shell) -> str:
    """The words of another call of the same client in a shell, with whatever is in front. Raises `NoClientError`."""
    if docker.daemon.tool != "docker":
        raise NoClientError(f"{docker.daemon.tool} has other options: its `prune` knows none of Docker's record types")
    around = tuple(commands_around(runners.script, docker.command, shell))
    words = [*_variables(around), *_in_front(docker, runners, around), *_program(docker)]
    if words[-1] == "docker" and not runners.is_sure("docker"):
        raise NoClientError("the script has a function `docker`, which may do something else with a prune")
    return " ".join(words)


def runner_of(command: Command, runners: Runners, shell: Shell) -> tuple[str, ...]:
    """The words in front of a command of a shell that make somebody else run it, or only show it.

    Raises `NoClientError` where they cannot be repeated.
    """
    around = tuple(commands_around(runners.script, command, shell))
    return tuple(word for one in reversed(around) for word in _kept(one, one.words[0] if one.words else None, runners))


def commands_around(script: Script, command: Command, shell: Shell) -> Iterator[Command]:
    """A command, and those around it that start its shells, up to a shell."""
    yield command
    inner: Shell | None = command.shell
    while inner is not None and inner is not shell and inner.command is not None:
        yield script.commands[inner.command]
        inner = inner.parent


def keeps_environment(command: Command, runners: Runners) -> bool:
    """Whether what a command runs has the variables that the shell around it exports."""
    if command.name in OTHER_USER:
        return command.name in {"su", "sg", "newgrp", "runuser"} and not {"-", "-l", "--login"} & set(command.texts)
    names = {word.text for one in command.wrappers for word in one.words}
    if (command.varied and not names & _KEEPING) or _is_bare(command):
        return False
    return not any(_drops_environment(one, runners) for one in command.wrappers)


def _drops_environment(wrapper: Wrapper, runners: Runners) -> bool:
    if wrapper.name in _DROPPING or wrapper.name.startswith("$"):
        return not {word.text.partition("=")[0] for word in wrapper.words} & _KEEPING
    return runners.is_as_another(wrapper.name)


def legacy_reason(docker: DockerCommand, script: Script, environment: Mapping[str, str | None]) -> str | None:
    """Why a prune does not help: the legacy builder reuses images, which no prune of the build cache drops."""
    switch = environment.get("DOCKER_BUILDKIT")
    for one in (*script.sets("DOCKER_BUILDKIT"), *docker.command.assignments):
        if one.name == "DOCKER_BUILDKIT" and one.values:
            switch = one.values[0].text
    if switch != "0":
        return None
    return (
        "DOCKER_BUILDKIT=0 builds with the legacy builder, which reuses images: no prune of the build cache drops them"
    )


def _variables(around: Sequence[Command]) -> Iterator[str]:
    for one in (one for command in reversed(around) for one in command.assignments):
        if one.name in _KEPT_VARIABLES and one.values:
            yield f"{one.name}={_word(one.values[0].text)}"


def _in_front(docker: DockerCommand, runners: Runners, around: Sequence[Command]) -> Iterator[str]:
    """The words that have a client run as the same user, and through the same functions and variables."""
    first, *others = around
    for one in reversed(others):
        if one.name in OTHER_USER:
            raise NoClientError(f"it builds as whom `{one.name}` says, which a step in front would not")
        _check_sure(_program_variable(one, one.words[0]) if one.words else None, runners, of_text=True)
        yield from _kept(one, one.words[0] if one.words else None, runners)
    if others and any(runners.must_run(one.name) for one in first.wrappers):
        raise NoClientError("a function of another shell runs it")
    _check_sure(_program_variable(first, docker.program[0]), runners)
    yield from _kept(first, docker.program[0], runners, _repeats_variable(docker))


def _check_sure(name: str | None, runners: Runners, *, of_text: bool = False) -> None:
    """Raises `NoClientError` for a function that may only show what it is given."""
    if name and not runners.is_sure(name, of_text=of_text):
        raise NoClientError(f"`{name}` decides whether it is run or only shown")


def _kept(command: Command, program: Word | None, runners: Runners, repeats: bool = False) -> Iterator[str]:
    """The words in front of a program that say who runs it, and whether: as they are written.

    `repeats` says that the program is written again as the variable that it is, with all that this holds.
    """
    if program is None:
        return
    bare = _is_bare(command)
    telling = [word for one in command.wrappers for word in _telling(one, runners, bare)]
    spans = {word.span for word in telling}
    silent = {word.span for one in command.wrappers for word in one.words} - spans
    for word in command.written:
        variable = _VARIABLE.fullmatch(word.text) and word.span not in silent
        if word.span.start < program.span.start and (word.span in spans or variable):
            yield word.text if variable and word.splits else _word(word.text)
    if repeats:
        return
    if command.varied and (name := _program_variable(command, program)):
        raise NoClientError(f"`{name}` decides as whom it runs, and is not docker alone")
    own = (word for word in telling if word.span == program.span)
    yield from (word.text if _VARIABLE.fullmatch(word.text) else _word(word.text) for word in own)


def _is_bare(command: Command) -> bool:
    """Whether ``env`` takes variables away from a command: ``env -i PATH="$PATH" docker``."""
    taking = (word.text for one in command.wrappers if one.name == "env" for word in one.words[1:])
    return any(text in _TAKING or text.startswith(("-u", "--unset")) for text in taking)


def _telling(wrapper: Wrapper, runners: Runners, bare: bool) -> Iterator[Word]:
    """The words of a wrapper that a step has to repeat: all, or the variables that choose a daemon, or none.

    `bare` says that ``env`` takes variables away: then those that it gives are repeated, too.
    """
    must_run = runners.must_run(wrapper.name)
    if must_run and (objection := runners.objection(wrapper.name)):
        raise NoClientError(objection)
    if must_run or wrapper.name in AS_ANOTHER or wrapper.name.startswith("$") or (bare and wrapper.name in {"env", ""}):
        yield from wrapper.words
    else:
        yield from (word for word in wrapper.words if word.text.partition("=")[0] in _KEPT_VARIABLES)


def _program_variable(command: Command, program: Word) -> str | None:
    """The variable, or the function, that a program is written as; None where it is written as such."""
    written = next((word.text for word in command.written if word.span == program.span), program.text)
    return None if written == program.text else written


def _repeats_variable(docker: DockerCommand) -> bool:
    """Whether the program is a variable that may hold something else, and nothing behind the program."""
    first = docker.program[0]
    may_differ = docker.command.varied or first.default
    return docker.tool == "docker" and may_differ and _ends_there(docker.command, first)


def _ends_there(command: Command, program: Word) -> bool:
    """Whether a variable holds nothing behind the program, in all readings."""
    readings = command.alternatives or (command.words,)
    name = _program_variable(command, program) or ""
    return bool(_VARIABLE.fullmatch(name)) and not any(
        word.span == program.span for words in readings for word in words[1:]
    )


def _program(docker: DockerCommand) -> Iterator[str]:
    first = docker.program[0]
    if _repeats_variable(docker):
        yield _program_variable(docker.command, first) or ""
    else:
        yield first.text.replace("docker-compose", "docker") if "/" not in first.text else "docker"
    for option in docker.globals:
        if option.name in _KEPT_OPTIONS:
            yield option.name
            if option.value is not None:
                yield _word(option.value)


def _word(text: str) -> str:
    """One word for a shell. Raises `NoClientError` for one that cannot be written again with certainty."""
    if _ARRAY.fullmatch(text):
        return f'"{text}"'
    if _PLAIN.fullmatch(text):
        return text
    if "$" not in text:
        return shlex.quote(text)
    if re.search(r"[\"`\\\n]|\$\(", text):
        raise NoClientError(f"`{text}` cannot be repeated with certainty")
    return f'"{text}"'
