"""The commands that run the command behind them: ``sudo -u app``, ``timeout 300``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.docker_options import TOOLS
from cachelint.documents.script import Word, Wrapper
from cachelint.documents.shell_syntax import ASSIGNMENT, WRAPPERS
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

_OTHER_WRAPPERS: dict[str, tuple[str, ...]] = {
    "doas": ("-u", "-C"),
    "gtimeout": ("-s", "-k", "--signal", "--kill-after"),
    "pkexec": ("--user",),
    "runuser": ("-u", "--user", "-g", "--group", "-G", "--supp-group", "-w", "--whitelist-environment"),
    "setpriv": ("--reuid", "--regid", "--ruid", "--euid", "--rgid", "--egid", "--groups"),
    "systemd-run": ("-p", "--property", "-u", "--unit", "-E", "--setenv", "--slice", "--uid", "--gid", "--description"),
    "taskset": (),
    "chrt": ("-T", "-P", "-D"),
    "ionice": ("-c", "-n", "-p"),
    "stdbuf": ("-i", "-o", "-e"),
    "setsid": (),
    "unbuffer": (),
    "chronic": (),
    "caffeinate": ("-t", "-w"),
    "flock": ("-w", "--wait", "--timeout", "-E", "--conflict-exit-code"),
    "sshpass": ("-p", "-f", "-d", "-P"),
    "xargs": ("-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"),
    "gosu": (),
    "su-exec": (),
    "noglob": (),
    "winpty": (),
}
_POSITIONAL = {"timeout": 1, "gtimeout": 1, "flock": 1, "gosu": 1, "su-exec": 1, "taskset": 1, "chrt": 1}
_MOST_UNKNOWN = 5
_LATER = frozenset({"xargs"})
_TAKES_TEXT = frozenset({"-c", "--command"})
_MAYBE_ROOT = regex(r"\$\{?(?=\w*(?:sudo|doas|as_?root|privileged|elevate))\w+(?::?[-+][^}]*)?\}?", re.IGNORECASE)
_NAMES_USER = regex(r"-[a-zA-Z]*u.*|--user\b.*")
_LETTERS = regex(r"-[a-zA-Z]{2,}")


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
        if _may_be_root(words, at):
            name, values = words[at].text, WRAPPERS["sudo"]
        if values is None or _hands_text_on(name, words, at, values):
            if not (wrappers and (ASSIGNMENT.match(words[at].text) or _may_assign(wrappers, words, at))):
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


def _may_be_root(words: Sequence[Word], at: int) -> bool:
    """``$SUDO``, of which nothing is known: the name says that it is a program in front of another, or nothing."""
    return words[at].splits and at + 1 < len(words) and bool(_MAYBE_ROOT.fullmatch(words[at].text))


def _may_assign(wrappers: Sequence[Wrapper], words: Sequence[Word], at: int) -> bool:
    """``env $(cat .env | xargs) docker``: what is not known between `env` and a tool can only be assignments."""
    if not words[at].splits or [one.name for one in wrappers if one.name][-1] != "env":
        return False
    rest = words[at + 1 : at + _MOST_UNKNOWN]
    behind = next((word.text for word in rest if not (word.splits or ASSIGNMENT.match(word.text))), "")
    return behind.rpartition("/")[2] in TOOLS


def _hands_text_on(name: str, words: Sequence[Word], at: int, values: tuple[str, ...]) -> bool:
    """Whether a program that may run a command runs the text of an option: ``flock FILE -c``, ``runuser -l app -c``."""
    if name not in {"flock", "runuser"}:
        return False
    end = _end_of_wrapper(words, at, values)
    if name == "flock":
        return end < len(words) and words[end].text in _TAKES_TEXT
    return not any(_NAMES_USER.fullmatch(word.text) for word in words[at + 1 : end])


def _end_of_wrapper(words: Sequence[Word], at: int, values: tuple[str, ...]) -> int:
    end = at + 1
    while end < len(words) and words[end].text.startswith("-") and words[end].text != "--":
        end += 2 if _takes_value(words[end].text, values) else 1
    end += end < len(words) and words[end].text == "--"
    return min(end + _POSITIONAL.get(words[at].text.rpartition("/")[2], 0), len(words))


def _takes_value(option: str, values: tuple[str, ...]) -> bool:
    """Whether the word behind an option is its value, as in ``-u app`` and ``-iu app``, not in ``-uapp``."""
    if option in values:
        return True
    letters = option[1:] if _LETTERS.fullmatch(option) else ""
    return next((at for at, one in enumerate(letters) if f"-{one}" in values), -1) == len(letters) - 1 >= 0
