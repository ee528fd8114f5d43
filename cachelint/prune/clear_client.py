"""As whom a branch that clears caches calls docker: as its script does elsewhere, else as it removes its files.

A script that needs root to remove files is seldom run by somebody whom Docker lets in without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_calls import docker_calls
from cachelint.prune.client import NoClientError, commands_around, runner_of, words_of
from cachelint.prune.lines import CannotInsertError
from cachelint.prune.runners import AS_ANOTHER, OTHER_USER, Runners
from cachelint.prune.scope import DOCKER, Client
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cachelint.deployment.jobs import Unit
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command, Script, Shell
    from cachelint.prune.places import Place

_ASKS_NO_DAEMON = frozenset({"", "version", "info", "compose", "compose version"})
_NAME = regex(r"\$\{?(\w+)")
_USER = regex(r"(?:-[a-zA-Z]*u|--user=?)(.*)")
_NAMES_USER = frozenset({"gosu", "su-exec"})
_ROOT = frozenset({"root", "#0"})


def client_at(script: Script, place: Place, reached: Collection[int], removals: Sequence[Command]) -> Client:
    """The client for a place in a branch of which these commands are `reached`. Raises `CannotInsertError`."""
    runners, shell = Runners(script), place.block.shell
    calls = [one for one in _docker_calls(script) if _is_inside(one.command.shell, shell)]
    near = [one for one in calls if one.command.number in reached]
    far = [one for one in calls if one.command.number not in reached]
    if words := _of_calls(near, runners, shell):
        return Client(words)
    if (words := _of_calls(far, runners, shell)) and _is_set(words, script, place):
        return Client(words)
    own = [one for one in removals if _is_inside(one.shell, shell)]
    front = _of_removals(own, runners, shell)
    if not front and not runners.is_sure("docker"):
        raise CannotInsertError("the script has a function `docker`, which may do something else with a prune")
    return Client(" ".join((*front, "docker")))


def client_for_step(units: Iterable[tuple[Unit, Sequence[Command]]]) -> Client:
    """The client for a step of its own in a workflow, which knows no variable and no function of the others.

    `units` are those that clear, each with its removals. Raises `CannotInsertError`.
    """
    found: set[str] = set()
    for unit, removals in units:
        script, runners = unit.script, Runners(unit.script)
        own = [one for one in _docker_calls(script) if not one.command.shell.path]
        words = _of_calls(own, runners, script.shell)
        found.add(words or " ".join((*_of_removals(removals, runners, script.shell), "docker")))
    words = found.pop() if len(found) == 1 else ""
    return Client(words) if words and words.split()[0] in AS_ANOTHER and "$" not in words else DOCKER


def _docker_calls(script: Script) -> list[DockerCommand]:
    """The calls that need a daemon."""
    found = (readings[0] for readings in docker_calls(script))
    return [one for one in found if one.verb not in _ASKS_NO_DAEMON and not one.idle]


def _is_inside(inner: Shell, shell: Shell) -> bool:
    """Whether a shell, or one around it, is the other one, on the same machine."""
    found: Shell | None = inner
    while found is not None and found is not shell:
        found = found.parent
    return found is not None and inner.path == shell.path


def _of_calls(calls: Sequence[DockerCommand], runners: Runners, shell: Shell) -> str | None:
    """The words of these calls: ``docker`` where one of them needs no more. Raises `CannotInsertError`."""
    found: list[str] = []
    objection: NoClientError | None = None
    for one in calls:
        try:
            found.append(words_of(one, runners, shell))
        except NoClientError as error:
            objection = error
    if objection and not found:
        raise CannotInsertError(str(objection))
    return "docker" if "docker" in found else next(iter(found), None)


def _is_set(words: str, script: Script, place: Place) -> bool:
    """Whether the variables in the words of a call elsewhere have their values at a place too."""
    first = place.statement.numbers.start
    known = {one.name for one in script.assignments if one.function is None and one.after <= first}
    return known.issuperset(_NAME.findall(words))


def _of_removals(removals: Sequence[Command], runners: Runners, shell: Shell) -> tuple[str, ...]:
    """The words in front of all that is removed; none where not all of it has the same."""
    try:
        found = {_runner(one, runners, shell) for one in removals}
    except NoClientError as error:
        raise CannotInsertError(str(error)) from error
    return found.pop() if len(found) == 1 else ()


def _runner(command: Command, runners: Runners, shell: Shell) -> tuple[str, ...]:
    """The words that a command is run with by root, or by whom a function decides: files may belong to any user."""
    around = tuple(commands_around(runners.script, command, shell))
    words = (*runner_of(command, runners, shell), *_of_find(command))
    named = any(one.name in OTHER_USER for one in around) or _names_user(words)
    own = [one for one in runners.script.commands if one.function is not None and one.function in words]
    return () if named or any(_names_user([w.text for x in one.wrappers for w in x.words]) for one in own) else words


def _of_find(command: Command) -> tuple[str, ...]:
    """``sudo`` of ``find … -exec sudo rm``."""
    texts = command.texts
    at = texts.index("-exec") + 1 if command.name == "find" and "-exec" in texts[:-1] else len(texts)
    return texts[at : at + 1] if texts[at : at + 1] and texts[at] in AS_ANOTHER else ()


def _names_user(words: Iterable[str]) -> bool:
    """Whether some words in front of a command name a user who is not root."""
    given = list(words)
    for word, following in zip(given, [*given[1:], ""], strict=False):
        option = _USER.fullmatch(word)
        if (option and (option[1] or following) not in _ROOT) or (word in _NAMES_USER and following not in _ROOT):
            return True
    return False
