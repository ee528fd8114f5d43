"""New source that comes to a machine: what a command brings, and to which place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.trail import below
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cachelint.deployment.trail import MachineKey, Moment
    from cachelint.source import Span

_REMOTE_PATH = regex(r"(?P<host>(?:[^/:@]+@)?(?:\[[^\]]+\]|[^/:]*[^/:$]))::?(?P<path>.*)", re.DOTALL)
_GIT_VALUES = frozenset(("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"))
_RSYNC_VALUES = frozenset(("-e", "--rsh", "-f", "--filter", "--exclude", "--include", "-T", "-B", "-M", "-p"))
_RSYNC_LONG_VALUES = regex(
    r"--(?:exclude-from|include-from|files-from|rsync-path|port|chown|chmod|bwlimit|timeout|log-file|password-file|"
    r"temp-dir|backup-dir|suffix|compare-dest|copy-dest|link-dest|out-format|max-size|min-size)"
)
_SCP_VALUES = regex(r"-[cDFiJlloPSX]")
_PLAIN_FILE = regex(r"(?:^|/)[^/]*\.[A-Za-z]\w{0,9}$|(?:^|/)\.env[^/]*$|(?:^|/)(?:Docker|Make|Caddy)file$")
_KEPT_DATA = regex(r"backup|restore|dump|snapshot|volume|\bdata\b|\.sql|certs?\b", re.IGNORECASE)
_MOVED_REF = regex(r"@\{u|FETCH_HEAD|[\w-]/|\$|[0-9a-f]{7,40}\Z|\d\.")


class Arrival(NamedTuple):
    """New source: on which machine, in which place, and the command (or step) that brings it, as `what`."""

    machine: MachineKey
    place: str
    what: str
    span: Span


def arrivals(moment: Moment) -> Iterator[Arrival]:
    """What a command, or a step that uses an action, brings."""
    command = moment.command
    if command is None:
        step = moment.item.step
        path = step.input("path") if step and step.action == "actions/checkout" else None
        if step and step.uses and path is not None and step.input("repository") == "":
            yield Arrival(moment.machine, below(moment.place, path), "actions/checkout", step.uses.span)
        return
    reader = _READERS.get(command.name)
    if reader and len(command.texts) > 1:
        for machine, place, what in reader(moment, command.texts[1:]):
            yield Arrival(machine, place, what, command.span)


def _git(moment: Moment, words: Sequence[str]) -> Iterator[tuple[MachineKey, str, str]]:
    place, at = moment.place, 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "-C" and at + 1 < len(words):
            place = below(place, words[at + 1])
        at += 2 if words[at] in _GIT_VALUES else 1
    verb, rest = (words[at], words[at + 1 :]) if at < len(words) else ("", ())
    if _moves(verb, rest):
        yield moment.machine, place, f"git {verb}"


def _moves(verb: str, rest: Sequence[str]) -> bool:
    """Whether a git command brings other source into the work tree."""
    plain = [word for word in rest if not word.startswith("-")]
    if verb == "pull":
        return True
    if verb in ("checkout", "switch"):
        return bool(plain) and {"--", "-b", "-B", "-c", "-C", "--orphan"}.isdisjoint(rest)
    if verb == "reset":
        return "--hard" in rest and any(map(_MOVED_REF.search, plain))
    return verb == "merge" and any(map(_MOVED_REF.search, plain))


def _rsync(moment: Moment, words: Sequence[str]) -> Iterator[tuple[MachineKey, str, str]]:
    if "--dry-run" not in words and not any(re.fullmatch(r"-[A-Za-z]*n[A-Za-z]*", word) for word in words):
        yield from _copied(moment, words, "rsync")


def _scp(moment: Moment, words: Sequence[str]) -> Iterator[tuple[MachineKey, str, str]]:
    if any(re.fullmatch(r"-[a-zA-Z]*r[a-zA-Z]*", word) for word in words):
        yield from _copied(moment, words, "scp")


def _copied(moment: Moment, words: Sequence[str], what: str) -> Iterator[tuple[MachineKey, str, str]]:
    copy = copied_to(moment, words, what)
    if copy is None or all(map(_PLAIN_FILE.search, copy.sources)):
        return
    if not any(map(_KEPT_DATA.search, (*copy.sources, copy.place))):
        yield copy.machine, copy.place, what


class Copied(NamedTuple):
    """What rsync or scp copies, as written, and to which place of which machine."""

    sources: tuple[str, ...]
    machine: MachineKey
    place: str


def copied_to(moment: Moment, words: Sequence[str], program: str) -> Copied | None:
    """What the words behind ``rsync`` or ``scp`` say."""
    *sources, target = operands_of(words, _takes_value_of(program)) or [""]
    if not sources:
        return None
    match = _REMOTE_PATH.fullmatch(target)
    if match:
        machine = (*moment.machine, ("remote", match["host"]))
        return Copied(tuple(sources), machine, below("~", match["path"] or "."))
    return Copied(tuple(sources), moment.machine, below(moment.place, target))


def _takes_value_of(program: str) -> Callable[[str], bool]:
    if program == "rsync":
        return lambda word: word in _RSYNC_VALUES or bool(_RSYNC_LONG_VALUES.fullmatch(word))
    return lambda word: bool(_SCP_VALUES.fullmatch(word))


def operands_of(words: Sequence[str], takes_value: Callable[[str], bool]) -> list[str]:
    """The words that are neither options nor their values."""
    found: list[str] = []
    skip = only = False
    for word in words:
        if skip:
            skip = False
        elif word == "--" and not only:
            only = True
        elif word.startswith("-") and word != "-" and not only:
            skip = takes_value(word)
        else:
            found.append(word)
    return found


def _tar(moment: Moment, words: Sequence[str]) -> Iterator[tuple[MachineKey, str, str]]:
    first = words[0]
    extracts = "--extract" in words or "--get" in words or any(re.fullmatch(r"-[A-Za-z]*x[A-Za-z]*", w) for w in words)
    if not (extracts or re.fullmatch(r"[A-Za-z]*x[A-Za-z]*", first)) or any(map(_KEPT_DATA.search, words)):
        return
    place = moment.place
    for at, word in enumerate(words):
        if word in ("-C", "--directory") and at + 1 < len(words):
            place = below(place, words[at + 1])
        elif word.startswith("--directory="):
            place = below(place, word.partition("=")[2])
        elif word.startswith("-C") and len(word) > 2:
            place = below(place, word[2:])
    yield moment.machine, place, "tar"


def _unzip(moment: Moment, words: Sequence[str]) -> Iterator[tuple[MachineKey, str, str]]:
    if any(map(_KEPT_DATA.search, words)) or {"-l", "-p", "-t", "-v"} & set(words):
        return
    at = words.index("-d") + 1 if "-d" in words else len(words)
    yield moment.machine, below(moment.place, words[at]) if at < len(words) else moment.place, "unzip"


_READERS = {"git": _git, "rsync": _rsync, "scp": _scp, "tar": _tar, "unzip": _unzip}
