"""``cachelint [PATH ...]``: from arguments to a report, and from fixes to files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cachelint.config import Config, ConfigError, check_names, load_config, with_options
from cachelint.diagnostic import Refusal, Report
from cachelint.discovery import Kind, Tree, discover, find_root, kind_of
from cachelint.fix import Applicability
from cachelint.linter import Fixed, Linter
from cachelint.messages import InputError
from cachelint.output import render
from cachelint.output.terminal import Style
from cachelint.progress import Progress
from cachelint.source import SourceError, decode, write_source
from cachelint.workspace import Workspace

if TYPE_CHECKING:
    import argparse

STDIN = "-"


def lint_command(options: argparse.Namespace) -> int:
    """Lint, and fix when asked to. Returns the exit code; raises `InputError`."""
    _check_options(options)
    paths = _paths(options)
    config = _config(options, paths)
    workspace, given = _workspace(paths, config)
    if options.show_files:
        return _show_files(workspace, given)
    if options.paths == [STDIN]:
        workspace.edit(paths[0], _read_stdin())
    with Progress(quiet=options.quiet) as progress:
        linter = Linter(workspace, config, given, progress.update)
        if not (options.fix or options.diff):
            return _finish(linter.lint(), options)
        least = Applicability.UNSAFE if options.unsafe_fixes else Applicability.SAFE
        fixed = linter.fix(least)
    if options.diff:
        return _show_diff(fixed, options)
    if options.paths == [STDIN]:
        sys.stdout.write(workspace.source(paths[0]).text)
        return _finish(fixed.report, options, to_stderr=True)
    return _finish(_write(fixed), options)


def _check_options(options: argparse.Namespace) -> None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise InputError("--unsafe-fixes goes with --fix or --diff")
    if options.fix and options.diff:
        raise InputError("--fix writes and --diff does not: choose one")
    if options.isolated and options.config:
        raise InputError("--isolated and --config exclude each other")
    if STDIN in options.paths and options.paths != [STDIN]:
        raise InputError("standard input (-) is read alone, without other paths")
    if (options.paths == [STDIN]) != bool(options.stdin_filename):
        raise InputError("standard input (-) and --stdin-filename NAME go together")


def _paths(options: argparse.Namespace) -> list[str]:
    """Absolute paths with links in their directories followed, so that one file has one name."""
    names = [options.stdin_filename] if options.stdin_filename else options.paths or ["."]
    found: list[str] = []
    for name in names:
        if "\0" in name:
            raise InputError(f"{name!r} is no path")
        directory, base = os.path.split(os.path.abspath(name))
        path = os.path.realpath(name) if os.path.isdir(name) else os.path.join(os.path.realpath(directory), base)
        if not options.stdin_filename and not os.path.exists(path):
            reason = "a link to nothing" if os.path.islink(path) else "no such file or directory"
            raise InputError(f"{name}: {reason}")
        found.append(path)
    return found


def _config(options: argparse.Namespace, paths: list[str]) -> Config:
    from cachelint.rules import RULES

    start = paths[0] if os.path.isdir(paths[0]) else os.path.dirname(paths[0])
    known = [rule.id for rule in RULES]
    try:
        config = Config(start) if options.isolated else load_config(start, options.config)
        check_names([*(config.select or ()), *config.ignore, *config.severity], known, "rule in the configuration")
        select, ignore = _names(options.select), _names(options.ignore)
        check_names([*(select or ()), *(ignore or ())], known, "rule")
    except ConfigError as error:
        raise InputError(str(error)) from error
    return with_options(config, select, ignore or ())


def _names(values: list[str] | None) -> list[str] | None:
    if values is None:
        return None
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _workspace(paths: list[str], config: Config) -> tuple[Workspace, frozenset[str] | None]:
    """The tree around the first path, and the files in it that were asked for (None: all)."""
    root = find_root(paths[0])
    extra = [os.path.normpath(os.path.join(config.directory, name)) for name in config.compose_files]
    tree = discover(root, excluded=config.is_excluded, extra=extra)
    given: set[str] = set()
    for path in paths:
        if not _is_below(path, root):
            raise InputError(f"{path}: outside {root}, which the first path belongs to")
        if os.path.isdir(path):
            given.update(file for file in tree.files if _is_below(file, path))
        else:
            given.add(_known_file(tree, path, config))
    everything = paths == [root]
    return Workspace(tree), None if everything else frozenset(given)


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _known_file(tree: Tree, path: str, config: Config) -> str:
    """The file's path, after it was made part of the tree; a file that the configuration excludes stays out."""
    if path not in tree.files and not config.is_excluded(path):
        kind = kind_of(path) or (Kind.COMPOSE if path.endswith((".yml", ".yaml")) else None)
        if kind is None:
            raise InputError(f"{path}: neither a Compose file nor a Dockerfile, by its name")
        tree.files[path] = kind
    return path


def _read_stdin() -> str:
    try:
        return decode(sys.stdin.buffer.read())
    except SourceError as error:
        raise InputError(f"standard input: {error}") from error


def _write(fixed: Fixed) -> Report:
    """Write every changed file; one that cannot be written is refused, and the others are still done."""
    refused = list(fixed.report.refused)
    for source, text in fixed.changes:
        try:
            write_source(source, text)
        except SourceError as error:
            refused.append(Refusal("*", source.path, f"not written: {error}"))
    return fixed.report._replace(refused=tuple(refused))


def _show_diff(fixed: Fixed, options: argparse.Namespace) -> int:
    from cachelint.output.diff import render_diff

    diffs = (render_diff(fixed.report.relative(old.path), old.text, new) for old, new in fixed.changes)
    _emit("".join(diffs), options)
    if not options.quiet:
        from cachelint.output.text import refusals, summary

        changed = f"Would fix {fixed.report.fixed} in {len(fixed.changes)} files. " if fixed.changes else ""
        print(*refusals(fixed.report), f"{changed}{summary(fixed.report._replace(fixed=0))}", sep="\n", file=sys.stderr)
    return _exit_code(fixed.report, options, pending=bool(fixed.changes))


def _finish(report: Report, options: argparse.Namespace, *, to_stderr: bool = False) -> int:
    if options.statistics:
        text = _statistics(report)
    else:
        text = render(report, options.output_format, Style(_colors(options), quiet=options.quiet))
    if to_stderr:
        sys.stderr.write(text)
    else:
        _emit(text, options)
    return _exit_code(report, options)


def _emit(text: str, options: argparse.Namespace) -> None:
    if not options.output_file:
        sys.stdout.write(text)
        return
    try:
        with open(options.output_file, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{options.output_file}: {(error.strerror or str(error)).lower()}") from error


def _exit_code(report: Report, options: argparse.Namespace, *, pending: bool = False) -> int:
    if report.refused:
        return 2
    return 1 if (report.diagnostics or pending) and not options.exit_zero else 0


def _statistics(report: Report) -> str:
    from collections import Counter

    counts = Counter(one.rule for one in report.diagnostics)
    fixable = Counter(one.rule for one in report.diagnostics if one.fix and one.fix.edits)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    hints = {rule: f" ({count} fixable)" for rule, count in fixable.items()}
    return "".join(f"{count:>6}  {rule}{hints.get(rule, '')}\n" for rule, count in rows)


def _colors(options: argparse.Namespace) -> bool:
    if options.color != "auto":
        return bool(options.color == "always")
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (not options.output_file and sys.stdout.isatty())


def _show_files(workspace: Workspace, given: frozenset[str] | None) -> int:
    from cachelint.output.terminal import printable
    from cachelint.project import projects

    skipped = {path for project in projects(workspace) for path in project.skipped}
    for path, kind in workspace.tree.files.items():
        if given is None or path in given:
            note = "skipped: no services in it" if path in skipped else kind.value
            print(f"{printable(os.path.relpath(path))}: {note}")
    return 0
