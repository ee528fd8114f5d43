"""Which daemon and which builder a docker command talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.documents.docker_command import DockerOption
    from cachelint.documents.script import Command, Word

ENVIRONMENT = ("DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_BUILDER")
"""Variables that choose the daemon or the builder."""

CHOICES = frozenset({"--host", "-H", "--context", "-c", "--builder"})
"""Options that choose them, for one command."""

UNNAMED = "?"
"""In place of the name of a builder that has none in the script."""

_ENGINES = {"podman": "podman", "podman-compose": "podman", "buildah": "podman", "nerdctl": "nerdctl"}
ASKS_ENVIRONMENT = ("docker-env", "docker-machine env", "podman-env")
_CHOOSING = frozenset({("context", "use"), ("buildx", "use")})
_LOCAL_HOSTS = regex(r"unix://|npipe://|fd://|(?:tcp|http)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\b")


class Setting(NamedTuple):
    """What is known of a variable, or of a choice made by an earlier command; `certain` unless it may be another."""

    value: str
    certain: bool = True


class Daemon(NamedTuple):
    """Which build cache a command works on; equal values are the same one.

    `machine` is `Shell.path`: the machine whose docker client runs. `host` and `context` are what ``-H``/DOCKER_HOST
    and ``--context``/DOCKER_CONTEXT say (None: the client's own choice), `builder` is the named builder, `tool` is
    ``docker``, ``podman`` (buildah too) or ``nerdctl``. `certain` is not set where one of these is not known.
    """

    machine: tuple[tuple[str, str], ...] = ()
    host: str | None = None
    context: str | None = None
    builder: str | None = None
    tool: str = "docker"
    certain: bool = True

    @property
    def local(self) -> bool:
        """Whether it is the daemon of the machine that runs the script, for all that is written."""
        local_host = self.host is None or bool(_LOCAL_HOSTS.match(self.host))
        return not self.machine and local_host and self.context in {None, "default"} and self.builder is None


def chooses(command: Command) -> bool:
    """Whether a command chooses the daemon or the builder of those behind it."""
    words = command.texts
    if command.name == "eval":
        return any(one in word for word in words for one in ASKS_ENVIRONMENT)
    return words[1:3] in _CHOOSING or (words[1:3] == ("buildx", "create") and "--use" in words)


def daemon_of(
    command: Command,
    tool: str,
    options: tuple[DockerOption, ...],
    verb: tuple[str, str],
    environment: Mapping[str, Setting],
) -> Daemon:
    """The daemon of a command with these options, whose group and verb are `verb`."""
    known = {**environment, **in_front(command)}
    for one in options:
        if one.name in CHOICES and not (one.name == "--context" and verb[1] == "stack deploy"):
            known[one.name] = Setting(one.value or "", one.word.literal)
    host = known.get("--host") or (None if "--context" in known else known.get("DOCKER_HOST"))
    context = None if host else known.get("--context") or known.get("DOCKER_CONTEXT") or known.get("context use")
    builder = known.get("--builder") or known.get("BUILDX_BUILDER")
    if builder is None and verb[0] in {"buildx", "compose"}:
        builder = known.get("buildx use")
    chosen = [one for one in (host, context, builder) if one]
    targets = all(target is None or target.literal for target in _targets(command))
    return Daemon(
        command.shell.path,
        (host.value or None) if host else None,
        (context.value or None) if context else None,
        (builder.value or None) if builder else None,
        _ENGINES.get(tool, "docker"),
        targets and all(one.certain for one in chosen),
    )


def in_front(command: Command) -> dict[str, Setting]:
    """The variables set for one command alone: ``DOCKER_HOST=… docker``, ``env DOCKER_HOST=… docker``."""
    found: dict[str, Setting] = {}
    for one in command.assignments:
        if one.name in ENVIRONMENT:
            words = one.values or ()
            found[one.name] = Setting("".join(word.text for word in words), all(word.literal for word in words))
    for word in (word for wrapper in command.wrappers for word in wrapper.words):
        name, equals, value = word.text.partition("=")
        if equals and name in ENVIRONMENT:
            found[name] = Setting(value, word.literal)
    return found


def _targets(command: Command) -> list[Word | None]:
    found: list[Word | None] = []
    shell = command.shell
    while shell.parent is not None:
        found.append(shell.target)
        shell = shell.parent
    return found
