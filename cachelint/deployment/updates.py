"""Which commands of a script may bring another commit: git's own, and what does so in other scripts and recipes."""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING

from cachelint.deployment.commands import directories
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.deployment.callees import Callees
    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment
    from cachelint.documents.script import Command

_MAX_DEPTH = 5
_SYSTEMS = frozenset({"git", "hg", "svn", "jj", "bzr"})
_READS = frozenset(
    "rev-parse describe log show status diff rev-list ls-files ls-remote config remote for-each-ref symbolic-ref "
    "name-rev archive shortlog blame info version var root".split()
)
_NAME = regex(r"(?<![a-zA-Z])(?:update|pull|sync|fetch|checkout|clone)(?![a-z])", re.IGNORECASE)
_RULE = regex(r"^([^\s:#=][^:#=\n]*)::?(?!=)([^#\n=]*)", re.MULTILINE)
_CHOSEN_GOAL = regex(r"^[ ]*\.DEFAULT_GOAL[ \t]*[:?]{0,2}=[ \t]*([^\s#]+)", re.MULTILINE)
_GOAL = regex(r"[\w./][\w./-]*")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_RUNNERS = frozenset({"make", "just", "task", "npm", "yarn", "pnpm", "gh"})
_KNOWN = frozenset({"npm", "yarn", "pnpm"})
_OWN_VERBS = frozenset({"update", "fetch"})
_OTHERS = frozenset("docker docker-compose podman apt apt-get dnf yum apk pip pip3 echo printf aws rclone".split())


def updating(unit: Unit, callees: Callees) -> frozenset[int]:
    """The numbers of the commands of a shell that may bring another commit, here or in what they run.

    What nobody can look into counts when its name says so: ``make pull``, ``./sync.sh``.
    """
    looking = _Looking(callees)
    return frozenset(one.number for one in unit.script.commands if looking.updates(unit, one, 0))


class _Looking:
    """Looks into what commands run, each shell once. One that calls itself brings no more than it does without."""

    def __init__(self, callees: Callees) -> None:
        self._callees = callees
        self._known: dict[tuple[int, str | None], tuple[Unit, bool]] = {}
        self._makefiles: dict[str, frozenset[str]] = {}

    def updates(self, unit: Unit, command: Command, depth: int) -> bool:
        """Whether a command of a shell may bring another commit."""
        if command.name in _SYSTEMS:
            verb = next((one for one in command.texts[1:] if re.fullmatch(r"[a-z][a-z-]*", one)), "")
            return verb not in _READS
        if depth >= _MAX_DEPTH or command.name in unit.functions:
            return False
        if command.name == "make":
            return self._in_makefile(unit, command, depth)
        whole = "" if command.name in {"source", "."} else None
        found = [
            (inner, whole) for one in self._callees.run_by(unit, command) for inner in one.units if inner.script.is_read
        ]
        found += [(inner, command.name) for inner in self._defining(unit, command.name)]
        return any(self._looked(*one, depth) for one in found) if found else _says_so(command)

    def _looked(self, unit: Unit, function: str | None, depth: int) -> bool:
        """The same of all that a shell runs, or of one of its functions; of what is in none for an empty name."""
        key = id(unit), function
        if key not in self._known:
            self._known[key] = unit, False
            commands = (one for one in unit.script.commands if function is None or (one.function or "") == function)
            self._known[key] = unit, any(self.updates(unit, one, depth + 1) for one in commands)
        return self._known[key][1]

    def _defining(self, unit: Unit, function: str) -> list[Unit]:
        """The files that are read in and define a function."""
        sources = {one.command for one in unit.script.sourced}
        read_in = (one for number in sources for one in self._callees.run_by(unit, unit.script.commands[number]))
        return [inner for one in read_in for inner in one.units if function in inner.functions]

    def _in_makefile(self, unit: Unit, command: Command, depth: int) -> bool:
        places = directories(unit, command) if not {"-C", "-f"} & set(command.texts) else ()
        for path in (os.path.join(place, name) for place in places for name in _MAKEFILES):
            rules = self._callees.jobs(path)
            if rules is not None:
                goals = _goals(command) or _default_goals(rules)
                return not self._bringing(path, rules, depth).isdisjoint(goals)
        return _says_so(command)

    def _bringing(self, path: str, rules: Sequence[Deployment], depth: int) -> frozenset[str]:
        """The targets of a Makefile that bring another commit, or need one that does; looked into once."""
        if path not in self._makefiles:
            self._makefiles[path] = frozenset()
            needing = _needing(rules)
            found: set[str] = set()
            pending = [name for one in rules for name in self._own(one, depth)]
            while pending:
                target = pending.pop()
                if target not in found:
                    found.add(target)
                    pending += needing.get(target, ())
            self._makefiles[path] = frozenset(found)
        return self._makefiles[path]

    def _own(self, rule: Deployment, depth: int) -> list[str]:
        """The targets of a rule, if its recipe brings another commit."""
        return rule.job.name.split() if any(self._looked(one, None, depth) for one in rule.units) else []


def _needing(rules: Sequence[Deployment]) -> dict[str, list[str]]:
    """The targets that need a target first, or call make for it, by that one, as far as their lines say so."""
    found: dict[str, list[str]] = {}
    for match in _RULE.finditer(rules[0].source.text) if rules else ():
        for needed in match[2].split():
            found.setdefault(needed, []).extend(match[1].split())
    for rule in rules:
        for command in (one for unit in rule.units for one in unit.script.commands if one.name == "make"):
            for needed in _goals(command):
                found.setdefault(needed, []).extend(rule.job.name.split())
    return found


def _goals(command: Command) -> set[str]:
    return {one for one in command.texts[1:] if _GOAL.fullmatch(one)}


def _default_goals(rules: Sequence[Deployment]) -> set[str]:
    """What make makes when it is told nothing: the special variable, else the first target without a dot in front.

    Source: the GNU make manual, "How make Processes a Makefile".
    """
    text = rules[0].source.text if rules else ""
    if chosen := _CHOSEN_GOAL.search(text):
        return {chosen[1]}
    targets = (one for match in _RULE.finditer(text) for one in match[1].split())
    return set(islice((one for one in targets if not one.startswith(".") or "/" in one), 1))


def _says_so(command: Command) -> bool:
    if not command.words or command.name in _OTHERS:
        return False
    if command.name in _RUNNERS:
        given = [one for one in command.texts[1:] if not one.startswith("-")][:3]
        words = [one for one in given if command.name not in _KNOWN or one not in _OWN_VERBS]
        return any(map(_NAME.search, words))
    shells = command.name in {"sh", "bash", "source", "."}
    return bool(_NAME.search(os.path.basename(command.texts[1]) if shells and command.words[1:] else command.name))
