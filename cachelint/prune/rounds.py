"""Loops whose rounds may work on different daemons, so that each round needs a step of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_daemon import CHOICES, ENVIRONMENT, chooses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.documents.script import Command, Script, Word
    from cachelint.documents.script_tree import Loop


def changes_daemon(script: Script, loop: Loop, builds: Sequence[int]) -> bool:
    """Whether the rounds of a loop may send these builds in it (their numbers) to different daemons."""
    numbers = loop.body.numbers
    if any(one.name in ENVIRONMENT and one.after in numbers for one in script.assignments):
        return True
    if any(chooses(script.commands[number]) for number in numbers):
        return True
    words = (word for number in builds for word in _chosen(script.commands[number]))
    return any(loop.name in word.names or (not word.literal and not word.names) for word in words)


def _chosen(command: Command) -> Iterator[Word]:
    """The words that say which daemon a command talks to: in front of it, in its options, and the hosts of ssh."""
    for one in command.assignments:
        if one.name in ENVIRONMENT:
            yield from one.values or ()
    for option, word in zip(command.words, command.words[1:], strict=False):
        name, equals, _ = option.text.partition("=")
        if option.text in CHOICES:
            yield word
        elif equals and name in CHOICES:
            yield option
    shell = command.shell
    while shell.parent is not None:
        if shell.target is not None:
            yield shell.target
        shell = shell.parent
