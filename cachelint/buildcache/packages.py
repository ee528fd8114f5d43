"""RUN steps that install packages of the system, and do nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.run import Command, commands, text_of_run
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.dockerfile import Instruction

_INSTALLS = {
    **dict.fromkeys(("apt-get", "apt", "aptitude", "dnf", "microdnf", "yum"), frozenset(("install",))),
    "apk": frozenset(("add",)),
    "zypper": frozenset(("install", "in")),
    "pacman": frozenset(("-S", "-Sy", "-Syu")),
}
_MENTIONS = regex(r"\b(?:apt|apt-get|aptitude|dnf|microdnf|yum|apk|zypper|pacman)\b")
_BESIDES = frozenset(
    """
    : [ test true set echo printf rm mkdir ln chmod chown export addgroup adduser groupadd useradd usermod
    update-ca-certificates update-alternatives locale-gen ldconfig dpkg-reconfigure fc-cache
    """.split()
)
"""Commands that do nothing with a project's source where they stand beside such an install."""

_FROM_FILES = regex(r"[/<>`]|\$\(|\.(?:deb|rpm|apk)$")


def only_installs_packages(instruction: Instruction) -> bool:
    """Whether a RUN surely does nothing that a new commit could change, whatever source is there."""
    if instruction.keyword != "RUN" or not _MENTIONS.search(text_of_run(instruction)):
        return False
    found = commands(instruction)
    return any(map(_installs, found)) and all(
        _is_manager(one) or (bool(one.words) and one.words[0] in _BESIDES) for one in found
    )


def _installs(command: Command) -> bool:
    return _is_manager(command) and not _INSTALLS[command.words[0]].isdisjoint(command.words)


def _is_manager(command: Command) -> bool:
    """Whether it is a package manager that reads no file of the project."""
    names = (word for word in command.words[1:] if not word.startswith("-"))
    return bool(command.words) and command.words[0] in _INSTALLS and not any(map(_FROM_FILES.search, names))
