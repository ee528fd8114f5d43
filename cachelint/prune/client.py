"""Another call of the client that a build is made with: same user, same daemon, same builder."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from cachelint.documents.docker_daemon import UNNAMED
from cachelint.prune.scope import Client
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Script, Word

_KEPT_WRAPPERS = frozenset({"sudo", "doas"})
_KEPT_VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
_KEPT_OPTIONS = ("--config", "--context", "--host", "--tls", "--tlscacert", "--tlscert", "--tlskey", "--tlsverify")
_PLAIN = regex(r"[\w@%+=:,./-]+")
_VARIABLE = regex(r"\$\{?\w+\}?")


class NoClientError(Exception):
    """There is no prune that would help this build; ``str()`` says why."""


def client_of(docker: DockerCommand) -> Client:
    """The client for a step in front of a build, with the builder that the build names or the script has selected.

    Raises `NoClientError`.
    """
    if docker.daemon.tool != "docker":
        raise NoClientError(f"{docker.daemon.tool} has other options: its `prune` knows none of Docker's record types")
    builder = docker.daemon.builder
    if builder == UNNAMED:
        raise NoClientError("`docker buildx create --use` selects a builder without a name: give it one")
    words = [*_variables(docker), *_wrappers(docker), *_prefix(docker), *_program(docker)]
    return Client(" ".join(words), _word(builder) if builder and builder != "default" else None)


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


def _variables(docker: DockerCommand) -> Iterator[str]:
    for one in docker.command.assignments:
        if one.name in _KEPT_VARIABLES and one.values:
            yield f"{one.name}={_word(one.values[0].text)}"


def _wrappers(docker: DockerCommand) -> Iterator[str]:
    for one in docker.command.wrappers:
        if one.name in _KEPT_WRAPPERS:
            yield from (_word(word.text) for word in one.words)


def _prefix(docker: DockerCommand) -> Iterator[str]:
    """``$DRY docker …``: what stands in front, and is nothing or a command that only shows what would be done."""
    written = [word.text for word in docker.command.written]
    at = written.index(docker.program[0].text) if docker.program[0].text in written else 0
    if all(map(_VARIABLE.fullmatch, written[:at])):
        yield from written[:at]


def _program(docker: DockerCommand) -> Iterator[str]:
    first = docker.program[0]
    written = docker.command.written[:1]
    if docker.tool == "docker" and written and _is_variable(first, written[0]):
        yield written[0].text
    else:
        yield first.text.replace("docker-compose", "docker") if "/" not in first.text else "docker"
    for option in docker.globals:
        if option.name in _KEPT_OPTIONS:
            yield option.name
            if option.value is not None:
                yield _word(option.value)


def _is_variable(first: Word, written: Word) -> bool:
    """Whether the program is named by a variable that the environment may set to another one."""
    return first.default and bool(_VARIABLE.fullmatch(written.text))


def _word(text: str) -> str:
    """One word for a shell. Raises `NoClientError` for one that cannot be written again with certainty."""
    if _PLAIN.fullmatch(text):
        return text
    if "$" not in text:
        return shlex.quote(text)
    if re.search(r"[\"`\\\n]|\$\(", text):
        raise NoClientError(f"`{text}` cannot be repeated with certainty")
    return f'"{text}"'
