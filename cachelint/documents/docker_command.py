"""What a docker command line asks for: a build, a prune, a start; of which daemon and which builder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.docker_daemon import Daemon, Setting, daemon_of
from cachelint.documents.docker_options import (
    BUILDX,
    COMPOSE,
    DOCKER,
    GROUPS,
    MOST_UNKNOWN,
    OPTIONS,
    TOOLS,
    Given,
    Parsed,
    parse,
)
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from cachelint.documents.script import Command, Word
    from cachelint.source import Span

_SAME = {
    "image build": "build",
    "builder build": "build",
    "buildx build": "build",
    "buildx b": "build",
    "buildx bake": "buildx bake",
    "buildx f": "buildx bake",
    "builder bake": "buildx bake",
    "buildx prune": "builder prune",
    "container run": "run",
    "container exec": "exec",
    "container restart": "restart",
    "image push": "push",
    "stack up": "stack deploy",
}
_COMMANDS = regex(r"cmd|command|action|verb|task|exec|run", re.IGNORECASE)
_NO_RUN = frozenset({"--help", "--version", "--print", "--check", "--dry-run"})
_STARTS = frozenset(
    {"compose up", "compose restart", "compose create", "run", "restart", "stack deploy", "service update"}
)


if TYPE_CHECKING:
    Environment: TypeAlias = Mapping[str, str] | Mapping[str, Setting]


class DockerOption(NamedTuple):
    """An option as given: long `name`, `value` with the word that holds it, the `span` of all its words."""

    name: str
    value: str | None
    word: Word
    span: Span


class BuildArg(NamedTuple):
    """``--build-arg NAME=value``; `value` is None for a bare name, `literal` is set when it is exactly that.

    `span` covers the option with its value, `word` is the word with the name in it.
    """

    name: str
    value: str | None
    literal: bool
    span: Span
    word: Word


class DockerCommand(NamedTuple):
    """One command line of docker, Compose, podman or buildah.

    `verb` is its command under one name: ``build`` (also ``image build``, ``buildx build``), ``buildx bake``,
    ``builder prune`` (also ``buildx prune``), ``compose build``, ``compose up``, ``push``, … `group` is
    how it was written: ``buildx``, ``image``, ``compose``, or empty. `tool` is the program, ``docker-compose`` for
    Compose 1; `program` are its words in front of all that, as another command for the same daemon begins. `options`
    are those of the verb, `globals` those in front of it. `doubt` says what is not known: then there may be more
    options, or another verb unless `verb_is_known`.
    """

    tool: str
    verb: str
    options: tuple[DockerOption, ...]
    globals: tuple[DockerOption, ...]
    arguments: tuple[Word, ...]
    program: tuple[Word, ...]
    daemon: Daemon
    command: Command
    doubt: str | None = None
    group: str = ""
    verb_is_known: bool = True

    def values(self, name: str) -> tuple[str, ...]:
        """The values of an option that may be repeated, in order."""
        return tuple(one.value for one in (*self.globals, *self.options) if one.name == name and one.value is not None)

    def value(self, name: str) -> str | None:
        """The value of an option; the last one counts."""
        values = self.values(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """Whether a switch is on."""
        given = [one.value for one in (*self.globals, *self.options) if one.name == name]
        return bool(given) and given[-1] not in {"false", "0", "False", "f"}

    @property
    def idle(self) -> bool:
        """Whether it only prints something: ``--help``, ``--print``."""
        return any(self.flag(one.name) for one in (*self.globals, *self.options) if one.name in _NO_RUN)

    @property
    def build_args(self) -> tuple[BuildArg, ...]:
        """Its ``--build-arg`` options, in order."""
        return tuple(_build_arg(one) for one in self.options if one.name == "--build-arg" and one.value is not None)

    @property
    def builds(self) -> bool:
        """Whether it builds an image, or several."""
        if self.idle:
            return False
        if self.verb in {"build", "buildx bake", "compose build"}:
            return True
        return self.verb in {"compose up", "compose run", "compose create"} and self.flag("--build")

    @property
    def starts(self) -> bool:
        """Whether it starts or restarts something."""
        return self.verb in _STARTS and not self.idle

    @property
    def context(self) -> Word | None:
        """The context of a ``build``; None for other verbs, and where it is missing."""
        return self.arguments[0] if self.verb == "build" and self.arguments else None

    @property
    def files(self) -> tuple[str, ...]:
        """The ``-f`` files: the Dockerfile, the Compose files, the bake files."""
        return self.values("--file")

    @property
    def target(self) -> str | None:
        """``--target`` of a build."""
        return self.value("--target")

    @property
    def services(self) -> tuple[Word, ...]:
        """The services that a Compose command names, or the targets of bake; empty means all."""
        if self.verb in {"compose run", "compose exec"}:
            return self.arguments[:1]
        return self.arguments if self.verb.startswith("compose ") or self.verb == "buildx bake" else ()


def docker_commands(command: Command, environment: Environment | None = None) -> tuple[DockerCommand, ...]:
    """A command read as one of docker's: empty when it is none, or none that can be told.

    `environment` are variables known to be exported before it, over which those in front of the command win, and the
    choices of earlier commands as ``context use`` and ``buildx use``. There is one reading for each known value that
    the variables of the command may hold.
    """
    readings = _readings(command)
    known = _settings(environment) if readings else {}
    return tuple([_read(command, words, known) for words in readings])


def is_docker(command: Command) -> bool:
    """Whether there is anything for `docker_commands` to read."""
    return bool(_readings(command))


def _readings(command: Command) -> list[tuple[Word, ...]]:
    return [one for one in command.alternatives or (command.words,) if one and _tool(one[0]) in TOOLS]


def _settings(environment: Environment | None) -> Mapping[str, Setting]:
    given = environment or {}
    return {name: Setting(one) if isinstance(one, str) else one for name, one in given.items()}


def _tool(program: Word) -> str:
    return program.text.rpartition("/")[2].removesuffix(".exe")


def _read(command: Command, words: Sequence[Word], environment: Mapping[str, Setting]) -> DockerCommand:
    tool = _tool(words[0])
    texts = [word.text for word in words]
    parsed = _in_front(words, texts, 1) if tool.endswith("-compose") else parse(texts, 1, DOCKER, mixed=False)
    front = list(parsed.given)
    begin = parsed.arguments[0] if parsed.arguments else len(texts)
    verb, at = _verb(tool, words, texts, begin, front)
    group = texts[begin] if at > begin + 1 and texts[begin] in GROUPS else ""
    spec = OPTIONS.get(_table(tool, verb))
    rest = (
        parse(texts, at, spec, mixed=not _has_inner_command(verb)) if spec else Parsed((), tuple(range(at, len(texts))))
    )
    options = tuple(_option(one, words) for one in rest.given)
    outer = tuple(_option(one, words) for one in front)
    return DockerCommand(
        tool,
        verb,
        options,
        outer,
        tuple(words[index] for index in rest.arguments),
        tuple(words[:begin]),
        daemon_of(command, tool, (*outer, *options), (group, verb), environment),
        command,
        _doubt(words, (*front, *rest.given), verb, command.doubt),
        group,
        _doubt(words[:at], front, verb, command.doubt) is None,
    )


def _in_front(words: Sequence[Word], texts: list[str], at: int) -> Parsed:
    """The options in front of a verb of Compose, from a word on, and behind them the verb.

    A word of which nothing is known may hold options where something behind it is a verb: ``docker compose $FILES up``.
    """
    first = parse(texts, at, COMPOSE, mixed=False)
    given, found = list(first.given), first
    for _ in range(MOST_UNKNOWN):
        if not found.arguments:
            break
        at = found.arguments[0]
        if not words[at].splits or _COMMANDS.search(texts[at]):
            break
        found = parse(texts, at + 1, COMPOSE, mixed=False)
        given += found.given
    known = found.arguments and f"compose {texts[found.arguments[0]]}" in OPTIONS
    return Parsed(tuple(given), found.arguments) if known else first


def _verb(tool: str, words: Sequence[Word], texts: list[str], at: int, front: list[Given]) -> tuple[str, int]:
    """The verb under one name, and the index behind it; options between its words go to those in front."""
    if at >= len(texts):
        return "", at
    if tool.endswith("-compose"):
        return f"compose {texts[at]}", at + 1
    if tool == "buildah":
        return ("build" if texts[at] in {"bud", "build", "build-using-dockerfile"} else texts[at]), at + 1
    if texts[at] not in GROUPS:
        return texts[at], at + 1
    group = texts[at]
    inner = _in_front(words, texts, at + 1) if group == "compose" else parse(texts, at + 1, BUILDX, mixed=False)
    front += inner.given
    if not inner.arguments:
        return group, len(texts)
    at = inner.arguments[0]
    verb = f"{group} {texts[at]}"
    return _SAME.get(verb, verb), at + 1


def _table(tool: str, verb: str) -> str:
    return f"podman {verb}" if tool in {"podman", "buildah"} and f"podman {verb}" in OPTIONS else verb


def _has_inner_command(verb: str) -> bool:
    return verb in {"run", "exec", "compose run", "compose exec"}


def _option(given: Given, words: Sequence[Word]) -> DockerOption:
    first, last = words[given.words[0]], words[given.words[-1]]
    span = type(first.span)(min(first.span.start, last.span.start), max(first.span.end, last.span.end))
    return DockerOption(given.name, given.value, last, span)


def _build_arg(option: DockerOption) -> BuildArg:
    name, equals, value = (option.value or "").partition("=")
    return BuildArg(name, value if equals else None, option.word.literal, option.span, option.word)


def _doubt(words: Sequence[Word], given: Sequence[Given], verb: str, doubt: str | None) -> str | None:
    """What may change the reading. A value that is not known changes nothing; a word that may be several does."""
    if doubt and "xargs" in doubt:
        return doubt
    values = {index for one in given for index in one.words[1:]}
    names = {index for one in given for index in one.words[:1]}
    for index, word in enumerate(words):
        if word.splits and index not in values and not (index in names and "=" in word.text):
            return f"{word.text} may hold options"
    unknown = next((one for one in given if not one.known), None)
    if unknown:
        return f"{unknown.name} is no option that is known"
    if not verb:
        return "it has no command"
    return None
