"""The commands that run the command behind them: ``sudo -u app``, ``timeout 300``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.script import Word, Wrapper
from cachelint.documents.shell_syntax import ASSIGNMENT, WRAPPERS
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_OTHER_WRAPPERS: dict[str, tuple[str, ...]] = {
    "doas": ("-u", "-C"),
    "ionice": ("-c", "-n", "-p"),
    "stdbuf": ("-i", "-o", "-e"),
    "setsid": (),
    "unbuffer": (),
    "chronic": (),
    "caffeinate": ("-t", "-w"),
    "flock": ("-w", "--timeout", "-E"),
    "sshpass": ("-p", "-f", "-d", "-P"),
    "xargs": ("-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"),
    "gosu": (),
    "su-exec": (),
    "noglob": (),
    "winpty": (),
}
_POSITIONAL = {"timeout": 1, "flock": 1, "gosu": 1, "su-exec": 1}
_LATER = frozenset({"xargs"})


class Stripped(NamedTuple):
    """A command without the wrappers in front; `skipped` counts their words, `more` that its words are not all."""

    wrappers: tuple[Wrapper, ...]
    skipped: int
    more: bool = False


def strip(words: Sequence[Word]) -> Stripped:
    """The wrappers in front of a command."""
    at = 0
    wrappers: list[Wrapper] = []
    more = False
    while at < len(words):
        name = words[at].text.rpartition("/")[2]
        values = WRAPPERS.get(name, _OTHER_WRAPPERS.get(name))
        if values is None:
            if not (wrappers and ASSIGNMENT.match(words[at].text)):
                break
            wrappers.append(Wrapper("", (words[at],)))
            at += 1
            continue
        if name == "command" and at + 1 < len(words) and words[at + 1].text in {"-v", "-V"}:
            break
        end = _end_of_wrapper(words, at, values)
        wrappers.append(Wrapper(name, tuple(words[at:end])))
        more = more or name in _LATER
        at = end
    return Stripped(tuple(wrappers), at, more)


def _end_of_wrapper(words: Sequence[Word], at: int, values: tuple[str, ...]) -> int:
    end = at + 1
    while end < len(words) and words[end].text.startswith("-") and words[end].text != "--":
        end += 2 if words[end].text in values else 1
    end += end < len(words) and words[end].text == "--"
    return min(end + _POSITIONAL.get(words[at].text.rpartition("/")[2], 0), len(words))
