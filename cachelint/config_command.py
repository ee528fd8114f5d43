"""``cachelint config``: the services of whole projects, as Compose puts them together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.arguments import read_project
from cachelint.census import Census
from cachelint.compose.project_files import DEFAULTS, Options, request_for, resolve_project
from cachelint.compose.variables import Variables
from cachelint.composition import relative, shown
from cachelint.config import suggestion
from cachelint.deployment.named_projects import readings_of
from cachelint.documents.compose import NotComposeError
from cachelint.documents.yaml import YamlError
from cachelint.messages import InputError, complain
from cachelint.output.composition import render
from cachelint.output.terminal import Style
from cachelint.show import colors, emit
from cachelint.source import SourceError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cachelint.arguments import Job
    from cachelint.compose.project_files import ResolvedProject
    from cachelint.compose.readings import Reading


def config_command(options: argparse.Namespace) -> int:
    """Print what projects come to. Returns the exit code; raises `InputError`."""
    job = read_project(options, "a project needs its files: name a directory or a Compose file")
    is_given = options.file or options.env_file or options.project_directory
    projects = list(_given(job, options) if is_given else _found(job))
    if not projects:
        raise InputError(f"no Compose file in {options.paths[0]}")
    _check_service(options.service, projects)
    listed = [shown(one, options.profile or (), options.service) for one in projects]
    kept = [one for one in listed if one.services or not options.service]
    emit(render(kept, options.output_format, Style(colors(options))), options)
    for project in kept:
        for error in project.errors:
            place = f"{relative(error.location.path)}:{error.location.start.line}"
            complain(f"{place}: Compose refuses this: {error.message}")
    return 2 if any(project.errors for project in kept) else 0


def _given(job: Job, options: argparse.Namespace) -> Iterator[ResolvedProject]:
    """The one project that the options mean, as Compose takes them."""
    names = [*options.file, *options.env_file, *([options.project_directory] if options.project_directory else [])]
    for name in names:
        if not os.path.exists(name):
            raise InputError(f"{name}: no such file or directory")
        if not job.workspace.contains(os.path.abspath(name)):
            raise InputError(f"{name}: outside the repository")
    request = request_for(job.workspace, _start(job, options), _absolute(job, options))
    if request:
        yield resolve_project(job.workspace, request, with_environment=True)


def _start(job: Job, options: argparse.Namespace) -> str:
    """Where Compose would run: in the directory that is named, unless files are."""
    return job.directories[0] if job.directories and not options.file else os.path.realpath(os.getcwd())


def _absolute(job: Job, options: argparse.Namespace) -> Options:
    """The options with paths from the current directory, wherever Compose would run."""
    here = os.path.realpath(os.getcwd())
    project = os.path.join(here, options.project_directory) if options.project_directory else None
    named = job.named[:1] if not job.directories else ()
    files = [os.path.join(here, one) for one in options.file or named]
    return Options(files, project, [os.path.join(here, one) for one in options.env_file])


def _found(job: Job) -> Iterator[ResolvedProject]:
    """The projects of the files that are named, or that lie below the directory, as far as they are used."""
    for group in Census(job.workspace).groups:
        found = readings_of(job.workspace, group, {path for path in group.files if _is_compose(job, path)})
        for reading in found:
            if any(map(job.concerns, reading.request.files)):
                outer = Variables(dict(reading.outer))
                project = resolve_project(job.workspace, reading.request, outer, with_environment=True)
                if not _is_fragment(reading, project, found):
                    yield project


def _is_compose(job: Job, path: str) -> bool:
    try:
        job.workspace.compose(path)
    except NotComposeError:
        return os.path.basename(path) in DEFAULTS
    except (SourceError, YamlError):
        return True
    return True


def _is_fragment(reading: Reading, project: ResolvedProject, found: list[Reading]) -> bool:
    """Whether a file is nothing by itself, but something on top of another one."""
    last = reading.request.files[-1]
    on_top = any(not one.is_default and last in one.request.files[1:] for one in found)
    is_guess = not reading.is_on_top and not reading.is_default and reading.place is None
    return is_guess and on_top and any(error.is_partial for error in project.errors)


def _check_service(name: str | None, projects: list[ResolvedProject]) -> None:
    known = sorted({service for project in projects for service in project.services})
    if name is not None and name not in known:
        hint = suggestion(name, known) or f": there are {', '.join(known)}"
        raise InputError(f"unknown service {name!r}{hint}")
