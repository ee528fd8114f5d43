"""What the words of a docker command ask for, as requests to the builder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.deployment.request import ArgText, BuildRequest, Text
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import Unit
    from cachelint.documents.docker_command import BuildArg, DockerCommand, DockerOption
    from cachelint.documents.script import Command, Word
    from cachelint.source import SourceFile

_ENGINES = frozenset(("docker", "nerdctl"))
"""The tools that build with BuildKit; what `podman` and `buildah` keep is another cache."""


def is_known(word: Word) -> bool:
    """Whether the command receives exactly this word, whoever starts the script.

    ``${_`` is what stands for text that is put in before the shell sees it (see `without_expressions`, `UNKNOWN`).
    """
    return word.literal and not word.default and "${_" not in word.text


def directories(unit: Unit, command: Command) -> tuple[str, ...]:
    """Where a command may run (absolute), by where its shell may be started; none where that is not known."""
    base, path = command.directory
    if command.shell.path or unit.is_remote or _moves_unnoticed(unit):
        return ()
    if base == "script" and unit.step is None:
        starts: tuple[str, ...] = (os.path.dirname(unit.text.source.path),)
    else:
        starts = unit.starts if base == "start" else ()
    return tuple(dict.fromkeys(os.path.normpath(os.path.join(start, path)) for start in starts))


def _moves_unnoticed(unit: Unit) -> bool:
    """Whether the script changes its directory and no command knows of it."""
    moves = any(one.name in ("cd", "pushd") for one in unit.script.commands)
    return moves and all(one.directory == ("start", ".") for one in unit.script.commands)


def build_request(unit: Unit, command: Command, docker: DockerCommand) -> BuildRequest | None:
    """What ``docker build`` asks for; None for other commands and builders."""
    if docker.verb != "build" or docker.idle or docker.daemon.tool not in _ENGINES:
        return None
    source = unit.text.source
    options = {name: _last(docker, name) for name in ("--file", "--target", "--builder")}
    return BuildRequest(
        source,
        unit.text.widened(command.span),
        directories(unit, command),
        _word(unit, docker.context) if docker.context else None,
        _dockerfile(unit, options["--file"]),
        _value(unit, options["--target"]),
        tuple(_args(unit, docker, source)),
        tuple(_text(unit, one) for one in docker.options if one.name == "--cache-from"),
        tuple(_text(unit, one) for one in docker.options if one.name == "--cache-to"),
        _value(unit, options["--builder"]),
        no_cache=docker.flag("--no-cache"),
        complete=docker.doubt is None,
    )


def _last(docker: DockerCommand, name: str) -> DockerOption | None:
    found = [one for one in (*docker.globals, *docker.options) if one.name == name and one.value is not None]
    return found[-1] if found else None


def _dockerfile(unit: Unit, option: DockerOption | None) -> Text | None:
    text = _value(unit, option)
    return Text(None, text.span) if text and text.value == "-" else text


def _value(unit: Unit, option: DockerOption | None) -> Text | None:
    return _text(unit, option) if option else None


def _text(unit: Unit, option: DockerOption) -> Text:
    return Text(option.value if is_known(option.word) else None, unit.text.widened(option.span))


def _word(unit: Unit, word: Word) -> Text:
    return Text(word.text if is_known(word) else None, unit.text.widened(word.span))


def _args(unit: Unit, docker: DockerCommand, source: SourceFile) -> Iterator[ArgText]:
    for arg in docker.build_args:
        span, word = unit.text.widened(arg.span), unit.text.widened(arg.word.span)
        name = None if "$" in arg.name or not arg.name else arg.name
        at = source.text.find(arg.name, word.start, word.end) if name else -1
        place = Span(at, at + len(arg.name)) if at >= 0 else word
        yield ArgText(name, _value_of(arg), span, place)


def _value_of(arg: BuildArg) -> str | None:
    """The value as a Compose file would say it; what only the deploy knows is a variable there."""
    if arg.value is None or is_known(arg.word) or "$" in arg.value:
        return arg.value
    return f"${{{arg.word.names[0] if arg.word.names else '_'}}}"
