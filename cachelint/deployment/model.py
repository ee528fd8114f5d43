"""What a script, or a job of a workflow, asks Docker for: commands in their order, with the builds that they make."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cachelint.deployment.jobs import Action, Unit
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.project_files import ResolvedProject
    from cachelint.deployment.callees import Callees
    from cachelint.deployment.callers import Callers
    from cachelint.deployment.compose_files import Asked
    from cachelint.deployment.jobs import ScriptJob
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.script import Command
    from cachelint.project import Build
    from cachelint.source import SourceFile, Span


class Composition(Protocol):
    """The Compose project that a command is about, by the directory in which it looks for its files."""

    def services(self, directory: str | None) -> tuple[Build, ...]:
        """The builds of its services."""
        ...

    def project(self, directory: str | None) -> ResolvedProject | None:
        """All of it, as Compose resolves it."""
        ...

    def asked(self, directory: str | None) -> Asked | None:
        """Its files, and what is known of its environment; None where that is not certain."""
        ...


class DockerCall:
    """One command, or one step that uses an action, which talks to Docker.

    `span` is the place in the file: the command, or the step's ``uses``. A command has its `unit`, the shell's
    `command` in it and `docker`, what it asks for; an action has its `action` only. `directory` is where it runs
    (absolute), None where that is not certain, or on another machine.
    """

    __slots__ = (
        "_composition",
        "_services",
        "action",
        "builds_itself",
        "command",
        "directory",
        "docker",
        "span",
        "unit",
    )

    def __init__(
        self,
        span: Span,
        builds_itself: tuple[Build, ...],
        directory: str | None,
        asked: tuple[Unit, Command, DockerCommand] | Action,
        composition: Composition | None = None,
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
        self._composition = composition
        self._services: tuple[Build, ...] | None = None

    @property
    def services(self) -> tuple[Build, ...]:
        """The services with a ``build`` that a Compose command is about, built by it or not; looked up when asked.

        Empty where its files are not certain.
        """
        if self._services is None:
            self._services = self.services_in(None)
        return self._services

    def services_in(self, directory: str | None) -> tuple[Build, ...]:
        """The `services`, if the command ran in this directory (absolute), which its own is a copy of.

        None stands for the directory where it runs, as far as that is certain.
        """
        return self._composition.services(directory) if self._composition else ()

    def project_in(self, directory: str | None) -> ResolvedProject | None:
        """The Compose project that the command works on, as for `services_in`; None where its files are not certain."""
        return self._composition.project(directory) if self._composition else None

    @property
    def asked(self) -> Asked | None:
        """The files of the Compose project that the command works on; None where they are not certain."""
        return self._composition.asked(None) if self._composition else None

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
    `path` is that of its file below the root, with ``/``. `callees` knows the scripts that it calls, `callers` those
    that may call it.
    """

    job: ScriptJob
    calls: tuple[DockerCall, ...]
    sets: frozenset[str | None]
    path: str
    callees: Callees
    callers: Callers

    @property
    def source(self) -> SourceFile:
        """The file it is written in."""
        return self.job.source

    def is_ephemeral(self, call: DockerCall) -> bool | None:
        """Whether the machine of a call is made anew for it, so that it has no cache; None where that is not known."""
        return is_ephemeral(self.job, call.host)

    @property
    def root(self) -> str:
        """The directory (absolute) that `path` is relative to."""
        return os.path.normpath(self.source.path[: len(self.source.path) - len(self.path)])

    @property
    def units(self) -> Iterator[Unit]:
        """Its shells, in order."""
        return (item for item in self.job.items if isinstance(item, Unit))

    def may_set(self, name: str) -> bool:
        """Whether the variable may have a value from this deployment itself."""
        return name in self.sets or None in self.sets
