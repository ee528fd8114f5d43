"""What is linted together: Compose files bound to the Dockerfiles and contexts that their services build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.diagnostic import Location, locate
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.buildcache.model import Model
    from cachelint.compose.project_files import ResolvedProject
    from cachelint.compose.tree import ComposeError, Fields
    from cachelint.composed import Part, Text
    from cachelint.context import Context
    from cachelint.deployment.model import Deployment
    from cachelint.deployment.request import BuildRequest
    from cachelint.diagnostic import Related
    from cachelint.documents.compose import Arg, ComposeBuild, ComposeFile, Service
    from cachelint.documents.compose_volumes import Mount
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.scripts import Scripts
    from cachelint.source import SourceFile, Span

REMOTE = regex(r"\w[\w+-]*://|git@|github\.com/|service:")
"""How a context begins that is no directory on this machine."""


class Problem(NamedTuple):
    """A file that could not be read or parsed; no rule for builds runs on it."""

    location: Location
    message: str


class BuildArg(NamedTuple):
    """One build argument with the place it comes from; `value` is None when the environment gives it.

    `written` is the value before variables were replaced, None for the same as `value`. `file` is the Compose file that
    it stands in, `way` how it came from there.
    """

    name: str
    value: str | None
    source: SourceFile
    entry: Arg
    written: str | None = None
    file: ComposeFile | None = None
    way: tuple[Related, ...] = ()

    @property
    def place(self) -> tuple[str, Span]:
        """What tells the places of two arguments apart."""
        return self.source.path, self.entry.span


class Build(NamedTuple):
    """What one image build is asked for, by all files of a project together.

    `service` and `compose` say who asks, at the lowest place where the service has a build (`parts`, the lowest first);
    without them nobody is known to, and only the Dockerfile speaks. `context` is a local build context that exists,
    else None. `dockerfile` is None when it is missing, unreadable or not known. `added_args` are names that other
    readings of the same files add; `resolved` is false when something that belongs to the build is not known. `paths`
    are the files it is made of, absolute. `model` answers what the build reuses; None when its Dockerfile or its target
    is not known. `command` is the request of a command or workflow step that asks for it, in place of a service.

    `files` are the Compose files of the project, `combination` the paths of those that are given to Compose; it takes
    them by itself when it `is_default`, and it is not `is_certain` that others are used like that. `named` is the
    command that names them.
    """

    compose: ComposeFile | None
    service: Service | None
    context: Context | None
    dockerfile: Dockerfile | None
    target: str | None
    args: tuple[BuildArg, ...]
    added_args: frozenset[str]
    resolved: bool
    paths: frozenset[str]
    model: Model | None = None
    command: BuildRequest | None = None
    parts: tuple[Part, ...] = ()
    fields: Fields | None = None
    cache_from: tuple[Text, ...] = ()
    cache_to: tuple[Text, ...] = ()
    mounts: tuple[Mount, ...] = ()
    files: tuple[ComposeFile, ...] = ()
    combination: tuple[str, ...] = ()
    is_certain: bool = True
    is_default: bool = False
    way: tuple[Related, ...] = ()
    named: Location | None = None

    @property
    def request(self) -> ComposeBuild:
        """The ``build`` of the service that asks."""
        assert self.service
        assert self.service.build
        return self.service.build

    @property
    def combined(self) -> str:
        """The names of the files that are given to Compose, as a message says them."""
        above = os.path.commonpath([os.path.dirname(path) for path in self.combination])
        return " + ".join(os.path.relpath(path, above).replace(os.sep, "/") for path in self.combination)

    @property
    def location(self) -> Location:
        """The ``build`` key of the service that asks, or its own key when the build was merged in; else the command."""
        if self.command:
            return locate(self.command.source, self.command.span)
        return location_of(self.parts[0])

    @property
    def is_lone(self) -> bool:
        """Whether nobody is known to ask for it: only its Dockerfile speaks."""
        return self.service is None and self.command is None

    @property
    def reuses(self) -> bool:
        """Whether somebody asks for it on a machine that may have a cache from an earlier build."""
        return self.command.reuses if self.command else self.service is not None

    @property
    def is_inline(self) -> bool:
        """Whether the Dockerfile is written inside the Compose file, so that no place in it is a place in a file."""
        return self.service is not None and self.request.inline is not None


def location_of(part: Part) -> Location:
    """The ``build`` key of a part of a service, or the service's own key when the build was merged in."""
    own = part.service.node.own("build")
    return locate(part.file.source, (own or part.service).key.span)


class Project(NamedTuple):
    """The Compose files of one directory and the builds they ask for, or one Dockerfile that no service builds.

    `refused` is what Compose would refuse. Or one file of scripts: then `deployments` are what they ask Docker for, and
    `builds` those of its commands. `resolved` is all of it, where it is the one project that a command asks for.
    """

    compose_files: tuple[ComposeFile, ...]
    dockerfiles: tuple[Dockerfile, ...]
    builds: tuple[Build, ...]
    problems: tuple[Problem, ...]
    scripts: Scripts
    skipped: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    refused: tuple[ComposeError, ...] = ()
    resolved: ResolvedProject | None = None
