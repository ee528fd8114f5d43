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
    from cachelint.documents.script import Command, Directory, Word
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
    if command.shell.path or unit.is_remote:
        return ()
    return absolute(unit, command.directory)


def absolute(unit: Unit, place: Directory) -> tuple[str, ...]:
    """The paths (absolute) that a place known to the script may be; none where nothing is known of it."""
    starts: dict[str, tuple[str, ...]] = {"start": unit.starts}
    if unit.step is None:
        starts["script"] = (os.path.dirname(unit.text.source.path),)
        starts["repository"] = tuple(top for top in unit.starts[-1:] if os.path.exists(os.path.join(top, ".git")))
    found = (os.path.normpath(os.path.join(start, place.path)) for start in starts.get(place.base, ()))
    return tuple(dict.fromkeys(found))


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
        _path(unit, command, docker.context, docker.context.span) if docker.context else None,
        _dockerfile(unit, command, options["--file"]),
        _value(unit, options["--target"]),
        tuple(_args(unit, docker, source)),
        tuple(_text(unit, one) for one in docker.options if one.name == "--cache-from"),
        tuple(_text(unit, one) for one in docker.options if one.name == "--cache-to"),
        _value(unit, options["--builder"]),
        no_cache=docker.flag("--no-cache"),
        complete=docker.doubt is None and not docker.values("--build-context"),
        tags=tuple(_text(unit, one) for one in docker.options if one.name == "--tag"),
    )


def _last(docker: DockerCommand, name: str) -> DockerOption | None:
    found = [one for one in (*docker.globals, *docker.options) if one.name == name and one.value is not None]
    return found[-1] if found else None


def _dockerfile(unit: Unit, command: Command, option: DockerOption | None) -> Text | None:
    if option is None:
        return None
    if option.value == "-":
        return Text(None, option.span)
    if is_known(option.word):
        return Text(option.value, unit.text.widened(option.span))
    return _path(unit, command, option.word, option.span)


def _path(unit: Unit, command: Command, word: Word, span: Span) -> Text:
    """A path as written, or the absolute one where the script says what its variables stand for."""
    span = unit.text.widened(span)
    if is_known(word):
        return Text(word.text, span)
    place = None if word.default else unit.paths.locate(command, word)
    found = absolute(unit, place) if place and place.base != "start" and not command.shell.path else ()
    return Text(found[0] if len(found) == 1 else None, span)


def _value(unit: Unit, option: DockerOption | None) -> Text | None:
    return _text(unit, option) if option else None


def _text(unit: Unit, option: DockerOption) -> Text:
    return Text(option.value if is_known(option.word) else None, unit.text.widened(option.span))


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
