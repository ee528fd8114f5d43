"""What a script, or a job of a workflow, asks Docker for: commands in their order, with the builds that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Action, Unit
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command
    from cachelint.project import Build
    from cachelint.source import SourceFile, Span


class DockerCall:
    """One command, or one step that uses an action, which talks to Docker.

    `span` is the place in the file: the command, or the step's ``uses``. A command has its `unit`, the shell's
    `command` in it and `docker`, what it asks for; an action has its `action` only. `directory` is where it runs
    (absolute), None where that is not certain, or on another machine.
    """

    __slots__ = ("_bind", "_services", "action", "builds_itself", "command", "directory", "docker", "span", "unit")

    def __init__(
        self,
        span: Span,
        builds_itself: tuple[Build, ...],
        directory: str | None,
        asked: tuple[Unit, Command, DockerCommand] | Action,
        bind: Callable[[], tuple[Build, ...]] = tuple,
    ) -> None:
        self.span = span
        self.builds_itself = builds_itself
        self.directory = directory
        self.unit: Unit | None = None
        self.command: Command | None = None
        self.docker: DockerCommand | None = None
        self.action: Action | None = None
        if isinstance(asked, Action):
            self.action = asked
        else:
            self.unit, self.command, self.docker = asked
        self._bind = bind
        self._services: tuple[Build, ...] | None = None

    @property
    def services(self) -> tuple[Build, ...]:
        """The services with a ``build`` that a Compose command is about, built by it or not; looked up when asked.

        Empty where its files are not certain.
        """
        if self._services is None:
            self._services = self._bind()
        return self._services

    @property
    def builds(self) -> tuple[Build, ...]:
        """All builds that the call is about, as far as they are certain; no service asks for `builds_itself`."""
        return self.builds_itself or self.services

    @property
    def host(self) -> tuple[tuple[str, str], ...]:
        """The machines between the job's own and the one that the command runs on; empty for the job's own.

        What the command says about its daemon (``--context``, ``DOCKER_HOST``) comes on top, in ``docker.daemon``.
        """
        if self.command is None or self.unit is None:
            return ()
        outside = (("remote", ""),) if self.unit.is_remote else ()
        return (*outside, *self.command.shell.path)


def is_ephemeral(job: ScriptJob, host: tuple[tuple[str, str], ...]) -> bool | None:
    """Whether a machine that a job reaches is made anew for it; None where that is not known."""
    return False if any(machine == "remote" for machine, _ in host) else job.ephemeral


class Deployment(NamedTuple):
    """A script, or a job of a workflow, recipe or the like, with its calls of Docker in the order of the file.

    `sets` are the names of the variables that it sets for its commands: assigned in it or in what it sources, given by
    the workflow, or read from an environment file. It holds None in place of what sets variables nobody can name.
    `path` is that of its file below the root, with ``/``.
    """

    job: ScriptJob
    calls: tuple[DockerCall, ...]
    sets: frozenset[str | None]
    path: str

    @property
    def source(self) -> SourceFile:
        """The file it is written in."""
        return self.job.source

    def is_ephemeral(self, call: DockerCall) -> bool | None:
        """Whether the machine of a call is made anew for it, so that it has no cache; None where that is not known."""
        return is_ephemeral(self.job, call.host)

    @property
    def units(self) -> Iterator[Unit]:
        """Its shells, in order."""
        return (item for item in self.job.items if isinstance(item, Unit))

    def may_set(self, name: str) -> bool:
        """Whether the variable may have a value from this deployment itself."""
        return name in self.sets or None in self.sets
