"""Commands that give files other times than those of their last change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.arrivals import copied_to, operands_of
from cachelint.deployment.choices import statements_around
from cachelint.deployment.jobs import Unit
from cachelint.deployment.trail import below
from cachelint.documents.script_tree import Loop
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.deployment.trail import MachineKey, Moment
    from cachelint.documents.script import Command
    from cachelint.source import Span

_SETS = regex(r"-[acfhm]*[drt].*|--(?:date|reference|time)(?:=.*)?")
_TOUCH_VALUES = frozenset(("-d", "-r", "-t", "--date", "--reference", "--time"))
_CP_KEEPS = regex(r"-(?=[A-Za-z]*[ap])[A-Za-z]+|--archive|--preserve(?:=.*(?:timestamps|all).*)?")
_SCP_KEEPS = regex(r"-(?=[A-Za-z1346]*p)[A-Za-z1346]+")
_RSYNC_KEEPS = regex(r"-(?=[A-Za-z]*[at])[A-Za-z]+|--archive|--times")
_NO_TIMES = frozenset(("--no-times", "--no-t", "--no-archive", "-n", "--dry-run"))
_MARKS = regex(r"stamp|marker|\block\b|\.lock\Z|keep|flag|ready|healthy|\.touch|/tmp/|\A/(?:var|etc|tmp|run)/")


_SAVED = regex(r"backup|\.bak\b|saved?\b|\.env\b", re.IGNORECASE)
"""What is put back, or is no source."""


class Setting(NamedTuple):
    """Files in a place of a machine that get their times from a command; `what` is its name."""

    machine: MachineKey
    place: str
    what: str
    span: Span


def settings(moment: Moment) -> Iterator[Setting]:
    """What a command sets the times of."""
    command = moment.command
    if command is None or not command.words:
        return
    reader = _READERS.get(command.name)
    for machine, place, what in reader(moment, command) if reader else ():
        yield Setting(machine, place, what, command.span)


def packs_with_times(command: Command | None) -> bool:
    """Whether a command makes an archive in which all files have a time that was chosen."""
    words = command.texts if command else ()
    return words[:1] == ("tar",) and any(word == "--mtime" or word.startswith("--mtime=") for word in words)


def _touch(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    words = command.texts[1:]
    if not any(map(_SETS.fullmatch, words)):
        return
    what = next(f"touch {word[:2]}" if word[:2] != "--" else f"touch {word}" for word in words if _SETS.fullmatch(word))
    what = what.partition("=")[0]
    operands = operands_of(words, lambda word: word in _TOUCH_VALUES or bool(re.fullmatch(r"-[acfhm]+[drt]", word)))
    if any(wrapper.name in ("xargs", "parallel") for wrapper in command.wrappers):
        yield moment.machine, moment.place, what
    for operand in operands:
        if re.fullmatch(r"\$\{?\w+\}?", operand) and _is_in_loop(moment, command):
            yield moment.machine, moment.place, what
        elif not _MARKS.search(operand):
            yield moment.machine, below(moment.place, operand.rstrip("*")), what


def _is_in_loop(moment: Moment, command: Command) -> bool:
    assert isinstance(moment.item, Unit)
    around = statements_around(moment.item.script.body, command.number)
    return any(isinstance(one, Loop) for one in around)


def _find(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    words = command.texts[1:]
    if "touch" not in words or not any(map(_SETS.fullmatch, words[words.index("touch") :])):
        return
    names = [word for word in words[: words.index("touch")] if not word.startswith(("-", "(", "!", "\\"))]
    first = names[0] if names and words[0] == names[0] else "."
    if not _MARKS.search(first):
        yield moment.machine, below(moment.place, first), "touch"


def _git(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    if command.name != "git" or "restore-mtime" in command.texts[1:4]:
        yield moment.machine, moment.place, "git restore-mtime"


def _cp(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    words = command.texts[1:]
    operands = operands_of(words, lambda word: word in ("-t", "--target-directory", "-S"))
    is_saved = any(map(_SAVED.search, operands[:-1]))
    if any(map(_CP_KEEPS.fullmatch, words)) and len(operands) > 1 and not is_saved and not _of_tree(operands[:-1]):
        option = next(word for word in words if _CP_KEEPS.fullmatch(word))
        yield moment.machine, below(moment.place, operands[-1]), f"cp {option}"


def _rsync(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    words = command.texts[1:]
    keeps = [word for word in words if _RSYNC_KEEPS.fullmatch(word)]
    if keeps and _NO_TIMES.isdisjoint(words):
        yield from _copied(moment, words, f"rsync {keeps[0]}")


def _scp(moment: Moment, command: Command) -> Iterator[tuple[MachineKey, str, str]]:
    words = command.texts[1:]
    if any(map(_SCP_KEEPS.fullmatch, words)):
        yield from _copied(moment, words, "scp -p")


def _copied(moment: Moment, words: Sequence[str], what: str) -> Iterator[tuple[MachineKey, str, str]]:
    copy = copied_to(moment, words, what.partition(" ")[0])
    if copy and not _of_tree(copy.sources):
        yield copy.machine, copy.place, what


def _of_tree(sources: Sequence[str]) -> bool:
    """Whether only files of the work tree are copied: git gives each a new time when it changes."""
    return all(_is_in_tree(re.sub(r"\A(?:\$\{?PWD\}?|\$\(pwd\))(?=/|\Z)", ".", one)) for one in sources)


def _is_in_tree(path: str) -> bool:
    return not path.startswith(("/", "~", "..")) and not re.search(r"[$:`]", path)


_READERS = {
    "touch": _touch,
    "find": _find,
    "git": _git,
    "git-restore-mtime": _git,
    "git-restore-mtime-bare": _git,
    "cp": _cp,
    "rsync": _rsync,
    "scp": _scp,
}
