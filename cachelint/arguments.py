"""What the paths on the command line mean: which trees are read, how they are configured, and what is asked of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cachelint.config import Config, ConfigError, check_names, load_config, with_options
from cachelint.discovery import Kind, Tree, discover, find_root, is_below, is_shell_text, kind_of
from cachelint.messages import InputError
from cachelint.record import NamedTuple
from cachelint.source import MAX_BYTES, SourceError, SourceFile, decode, read_source
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    import argparse

STDIN = "-"


class Job(NamedTuple):
    """A tree with what is asked of it.

    `given` are the files (absolute) that a path stands for, None for all of them; `named` those that were named one by
    one, `directories` what else was named; `stdin` is the file whose text came from standard input.
    """

    workspace: Workspace
    config: Config
    given: frozenset[str] | None
    named: tuple[str, ...]
    directories: tuple[str, ...] = ()
    stdin: str | None = None

    def concerns(self, path: str) -> bool:
        """Whether a path is one of the given files, or lies in a directory that was given."""
        return self.given is None or path in self.given or any(is_below(path, one) for one in self.directories)


def read_arguments(options: argparse.Namespace) -> tuple[list[Job], list[str]]:
    """A job for each repository (or directory) that a path lies in, and what is wrong with the other paths.

    Raises `InputError` for what concerns the whole run.
    """
    if options.paths == [STDIN]:
        return [_stdin_job(options)], []
    complaints: list[str] = []
    jobs = [_job(root, paths, options, complaints) for root, paths in _by_root(_paths(options, complaints)).items()]
    return jobs, complaints


def read_project(options: argparse.Namespace, refusal: str) -> Job:
    """The job of a command about one project; `refusal` is the answer to standard input in its place.

    Raises `InputError`.
    """
    if options.isolated and options.config:
        raise InputError("--isolated and --config exclude each other")
    options.paths = [options.paths or "."]
    if options.paths == [STDIN]:
        raise InputError(refusal)
    jobs, complaints = read_arguments(options)
    if complaints:
        raise InputError("; ".join(complaints))
    [job] = jobs
    return job


def _paths(options: argparse.Namespace, complaints: list[str]) -> list[str]:
    """Absolute paths with links in their directories followed, so that one file has one name."""
    found: list[str] = []
    for name in dict.fromkeys(options.paths or ["."]):
        try:
            found.append(_existing(name))
        except InputError as error:
            complaints.append(str(error))
    return found


def _existing(name: str) -> str:
    path = _absolute(name)
    if not os.path.exists(path):
        reason = "a link to nothing" if os.path.islink(path) else "no such file or directory"
        raise InputError(f"{name}: {reason}")
    return path


def _absolute(name: str) -> str:
    if "\0" in name or not name:
        raise InputError(f"{name!r} is no path")
    try:
        path = os.path.abspath(name)
    except FileNotFoundError as error:
        raise InputError("the current directory no longer exists") from error
    directory, base = os.path.split(path)
    return os.path.realpath(path) if os.path.isdir(path) else os.path.join(os.path.realpath(directory), base)


def _by_root(paths: list[str]) -> dict[str, list[str]]:
    """The paths by their repository, else by their directory; a directory inside another one belongs to that one."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(find_root(path), []).append(path)
    for root in sorted(found, reverse=True):
        outer = next((one for one in found if one != root and is_below(root, one) and not _is_repository(one)), None)
        if outer:
            found[outer] += found.pop(root)
    return dict(sorted(found.items()))


def _is_repository(directory: str) -> bool:
    return os.path.exists(os.path.join(directory, ".git"))


def _job(root: str, paths: list[str], options: argparse.Namespace, complaints: list[str]) -> Job:
    config = _config(options, paths)
    extra = _compose_files(config, root)
    tree = discover(root, excluded=config.is_excluded, extra=extra, scripts=config.is_deploy_script)
    directories = tuple(path for path in paths if os.path.isdir(path))
    given = {file for path in directories for file in tree.files if is_below(file, path)}
    named: dict[str, Kind] = {}
    for path in paths:
        if path not in directories and not config.is_excluded(path):
            try:
                named.update(_named(tree, path, options))
            except (InputError, SourceError) as error:
                complaints.append(f"{os.path.relpath(path)}: {error}")
    workspace = Workspace(tree.including(named), config.is_excluded)
    asked = None if root in paths else frozenset({*given, *named})
    return Job(workspace, config, asked, (*(() if options.ignore_unknown else named), *extra), directories)


def _named(tree: Tree, path: str, options: argparse.Namespace) -> dict[str, Kind]:
    """A file that was named and its kind; nothing where its name does not tell and such files are to be passed over."""
    known = tree.files.get(tree.name_of(path)) or kind_of(path)
    if options.ignore_unknown and not known:
        return {}
    return {tree.name_of(path): known or _kind(path)}


def _stdin_job(options: argparse.Namespace) -> Job:
    path = _absolute(options.stdin_filename)
    if os.path.isdir(path):
        raise InputError(f"{options.stdin_filename}: a directory, not the name of a file")
    text = _read_stdin()
    root = find_root(path)
    config = _config(options, [path])
    extra = _compose_files(config, root)
    tree = discover(root, excluded=config.is_excluded, extra=extra, scripts=config.is_deploy_script)
    name = tree.name_of(path)
    try:
        known = tree.files.get(name) or kind_of(path)
        named = {} if config.is_excluded(path) else {name: known or _kind(path, SourceFile(path, text))}
    except InputError as error:
        raise InputError(f"{options.stdin_filename}: {error}") from error
    workspace = Workspace(tree.including(named), config.is_excluded)
    workspace.edit(name, text)
    return Job(workspace, config, frozenset((name,)), (*named,), stdin=name)


def _read_stdin() -> str:
    try:
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1))
    except SourceError as error:
        raise InputError(f"standard input: {error}") from error


def _kind(path: str, source: SourceFile | None = None) -> Kind:
    """The kind of a file that was named and whose name says nothing. Raises `InputError`, `SourceError`."""
    return Kind.COMPOSE if path.endswith((".yml", ".yaml")) else _kind_inside(source or read_source(path))


def _kind_inside(source: SourceFile) -> Kind:
    from cachelint.documents.dockerfile import DockerfileError, parse_dockerfile

    if is_shell_text(source.text):
        return Kind.SHELL
    try:
        parse_dockerfile(source)
    except DockerfileError as error:
        raise InputError("no Compose file, Dockerfile or shell script, by its name and by its contents") from error
    return Kind.DOCKERFILE


def _config(options: argparse.Namespace, paths: list[str]) -> Config:
    """The configuration nearest to all of these paths, with the command line on top."""
    start = os.path.commonpath([path if os.path.isdir(path) else os.path.dirname(path) for path in paths])
    try:
        config = Config(start) if options.isolated else load_config(start, options.config)
        _check_rules([*(config.select or ()), *config.ignore, *config.severity], "rule in the configuration")
        select, ignore = _names(options.select), _names(options.ignore)
        _check_rules([*(select or ()), *(ignore or ())], "rule")
    except ConfigError as error:
        raise InputError(str(error)) from error
    return with_options(config, select, ignore or ())


def _check_rules(names: list[str], what: str) -> None:
    if names:
        from cachelint.rules import all_rules

        check_names(names, [rule.id for rule in all_rules()], what)


def _names(values: list[str] | None) -> list[str] | None:
    if values is None:
        return None
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    if not names:
        raise InputError("--select and --ignore need the name of a rule")
    return names


def _compose_files(config: Config, root: str) -> list[str]:
    """The files that the configuration names, below the root; raises `InputError` for one that does not exist."""
    paths = [os.path.normpath(os.path.join(config.directory, name)) for name in config.compose_files]
    paths = [path for path in paths if is_below(path, root)]
    for path in paths:
        if not os.path.isfile(path):
            raise InputError(f"{os.path.relpath(path)}: named by compose-files in the configuration, but no file")
    return paths
