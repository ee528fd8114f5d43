"""Which builds of a script need a step: those that some path reaches without a prune of their builder."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cachelint.prune.made_builders import made_builders
from cachelint.prune.paths import RECORDS, Effects, Paths
from cachelint.prune.reach import Reach
from cachelint.prune.runners import Runners
from cachelint.prune.scope import LAYER, MOUNT, SOURCE, dropped
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.docker_daemon import Daemon
    from cachelint.documents.script import Script
    from cachelint.documents.script_tree import Statement

_MOVES = frozenset({"cd", "git", "pushd"})


class Unpruned(NamedTuple):
    """The builds of one builder that are reached without a prune on some path, by their numbers in the script."""

    builder: Daemon
    builds: tuple[int, ...]


class DockerCalls:
    """The calls of docker in a script by the numbers of their commands, with the builder that each of them means.

    `elsewhere` are the numbers of the commands that may prune in another script, `updating` tells those that may bring
    another commit.
    """

    def __init__(
        self,
        script: Script,
        by_number: Mapping[int, DockerCommand],
        elsewhere: frozenset[int] = frozenset(),
        updating: Callable[[], frozenset[int]] = frozenset,
    ) -> None:
        self.script = script
        self._updating = updating
        self.by_number = by_number
        self.elsewhere = elsewhere

    @cached_property
    def effects(self) -> Effects:
        """What the calls do to the build cache."""
        builds = {number: self.builder(number) for number, one in self.by_number.items() if one.builds}
        prunes = {
            number: (self.builder(number), kinds) for number, one in self.by_number.items() if (kinds := prunes_of(one))
        }
        made = made_builders(self.script, self.by_number, builds)
        prunes.update((number, (self.normal(builder), RECORDS)) for number, builder in made.items())
        return Effects(builds, prunes, self.elsewhere)

    @cached_property
    def paths(self) -> Paths:
        """The paths of the script when nothing is known before it. Raises `TooLongError`."""
        return Paths(self.script, self.effects)

    @cached_property
    def runners(self) -> Runners:
        """The functions of the script that run their arguments."""
        return Runners(self.script)

    @cached_property
    def moves(self) -> Reach:
        """The ways to what changes the directory, or the commit."""
        own = {one.number for one in self.script.commands if one.name in _MOVES}
        return Reach(self.script.calls, sorted(own.union(self._updates)))

    @cached_property
    def _updates(self) -> list[int]:
        return sorted(self._updating())

    def builds_after_update(self, statements: Sequence[Statement]) -> bool:
        """Whether some statements bring another commit, and one behind that builds."""
        if not self._updates:
            return False
        updates, builds = self._ways_to_updates, self._ways_to_builds
        first = next((at for at, one in enumerate(statements) if updates.leads(one.numbers)), len(statements))
        return any(builds.leads(one.numbers) for one in statements[first + 1 :])

    @cached_property
    def _ways_to_updates(self) -> Reach:
        return Reach(self.script.calls, self._updates)

    @cached_property
    def _ways_to_builds(self) -> Reach:
        return Reach(self.script.calls, sorted(self.effects.builds))

    def builder(self, number: int) -> Daemon:
        """The builder that a call means: the one that it names, else the one that was selected before it."""
        return self.normal(self.by_number[number].daemon)

    @staticmethod
    def normal(daemon: Daemon) -> Daemon:
        """The daemon with no name for the builder that has none."""
        return daemon._replace(builder=None) if daemon.builder == "default" else daemon


def prunes_of(docker: DockerCommand) -> frozenset[str]:
    """The types of records that a call drops; nothing for one that is no prune of the build cache."""
    if docker.verb not in {"builder prune", "system prune"} or docker.idle:
        return frozenset()
    if docker.doubt:
        return frozenset((SOURCE, LAYER, MOUNT))
    options = [word for one in docker.options for word in (one.name, *([one.value] if one.value else []))]
    return dropped(options)


def unpruned(calls: DockerCalls, needed: frozenset[str], paths: Paths | None = None) -> Iterator[Unpruned]:
    """The builds that some path reaches without a prune that drops these types. Raises `TooLongError`."""
    states = (paths or calls.paths).states
    found: dict[Hashable, list[int]] = {}
    for number, builder in calls.effects.builds.items():
        if number in states and not states[number].covers(builder, needed):
            found.setdefault(builder, []).append(number)
    for numbers in found.values():
        yield Unpruned(calls.builder(numbers[0]), tuple(numbers))
