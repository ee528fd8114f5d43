"""The command line's language. Everything here is the contract with users, hooks and CI."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from cachelint import __version__
from cachelint.output import FORMATTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed import SupportsWrite

LINT = "lint"
RULE = "rule"
PLAN = "plan"
PRUNE_STEP = "prune-step"
LOG = "log"
CONFIG = "config"
SCOPES = ("auto", "context", "layers", "all")
COMMANDS = {
    RULE: "list the rules, or show one rule's page",
    PLAN: "which steps of a build run again after a change, which stay cached, and why",
    LOG: "what the builds of a log really did, and which of their steps are stale",
    CONFIG: "the services of a whole Compose project, and the file and line of every value",
    PRUNE_STEP: "the step that drops what the next build must not reuse, for a deploy script",
}

_EPILOG = """\
commands:
{commands}
  (a file or directory of that name: ./rule)

exit codes:
  0  nothing left to report, or all of it fixed
  1  diagnostics remain
  2  usage, configuration, unreadable or refused input, internal failure
"""


class UsageError(Exception):
    """The parser has said all there is to say; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class _Parser(argparse.ArgumentParser):
    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            self._print_message(message, sys.stdout if status == 0 else sys.stderr)
        raise UsageError(status)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """As the original, which hides that nothing could be written."""
        (file or sys.stderr).write(message)


def _parser(prog: str, description: str, epilog: str | None = None) -> _Parser:
    return _Parser(prog, description=description, epilog=epilog, formatter_class=_formatter, allow_abbrev=False)


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=_columns() - 2)


def _columns() -> int:
    """What ``shutil.get_terminal_size`` says; argparse asks for every option, and importing shutil takes 3 ms."""
    with contextlib.suppress(ValueError, AttributeError, OSError):
        return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(1).columns
    return 80


def _add_format(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    listed = f"{', '.join(formats)} (default: text)"
    parser.add_argument("--output-format", metavar="FMT", choices=formats, default="text", help=listed)


def _add_output(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    _add_format(parser, formats)
    parser.add_argument("--output-file", metavar="FILE", help="write the results there instead of standard output")


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="this configuration and no other")
    parser.add_argument("--isolated", action="store_true", help="ignore configuration files")


def _without_selection(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """A parser of a command that has neither rules to choose nor a shell to print for, as those ask that read it."""
    parser.set_defaults(print_completion=None, select=None, ignore=None, ignore_unknown=False)
    return parser


def _add_color(parser: argparse.ArgumentParser) -> None:
    choices = ("auto", "always", "never")
    listed = f"{', '.join(choices)} (default: auto)"
    parser.add_argument("--color", metavar="WHEN", choices=choices, default="auto", help=listed)


def parse(words: Sequence[str]) -> tuple[str, argparse.Namespace]:
    """The command and its options. Raises `UsageError` after help, version and mistakes."""
    if words and words[0] in COMMANDS:
        return words[0], PARSERS[words[0]]().parse_args(words[1:])
    return LINT, lint_parser().parse_args(words)


def lint_parser() -> argparse.ArgumentParser:
    """The parser of the default command."""
    listed = "\n".join(f"  cachelint {name:<10} {text}" for name, text in COMMANDS.items())
    parser = _parser(
        "cachelint",
        "Find Docker builds and deploys that silently run old code, and fix them.",
        _EPILOG.format(commands=listed),
    )
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or directories (default: the current directory); - is standard input",
    )
    add("--fix", action="store_true", help="write safe fixes")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones too")
    add("--diff", action="store_true", help="show what --fix would write, as a unified diff; write nothing")
    add("--select", metavar="RULE,..", action="append", help="run only these rules")
    add("--ignore", metavar="RULE,..", action="append", help="do not run these rules")
    _add_output(parser, FORMATTERS)
    add("--stdin-filename", metavar="NAME", help="the name of the file that standard input holds (PATH is -)")
    _add_configuration(parser)
    add(
        "--ignore-unknown",
        action="store_true",
        help="pass over files that are nothing to check, as hooks are given them",
    )
    add("--exit-zero", action="store_true", help="exit with 0 even when diagnostics remain")
    add("--statistics", action="store_true", help="count the findings of each rule instead of showing them")
    add(
        "--show-files", action="store_true", help="list the files that would be checked and those that would be skipped"
    )
    _add_color(parser)
    add("-q", "--quiet", action="store_true", help="print findings and errors, no summary and no progress")
    add(
        "--print-completion",
        metavar="SHELL",
        choices=("bash", "zsh", "fish", "tcsh"),
        help="print completion for bash, zsh, fish or tcsh",
    )
    add("--version", action="version", version=f"cachelint {__version__}")
    return parser


def rule_parser() -> argparse.ArgumentParser:
    """The parser of ``cachelint rule``."""
    parser = _parser("cachelint rule", "List the rules, or show one rule's page.")
    parser.add_argument("rule", nargs="?", metavar="RULE", help="the rule to explain (default: list all)")
    _add_format(parser, ("text", "json"))
    parser.set_defaults(print_completion=None)
    return parser


_PLAN_EPILOG = """\
changes:
  commit        the build gets a new commit argument; no file changes
  source        every file of the context that is not a manifest
  dependencies  the manifests: package.json, requirements.txt, lock files, ...
  PATH          these files or directories were edited, added or removed; all of them together
  (a file or directory of that name: ./source)

--since REV takes the changed files from git: committed since then or not, untracked ones and deleted ones too. It
also compares the Dockerfiles, .dockerignore and Compose files with those of REV.
"""


def plan_parser() -> argparse.ArgumentParser:
    """The parser of ``cachelint plan``."""
    from cachelint.output.plan import FORMATS

    parser = _parser(
        "cachelint plan",
        "Show which steps BuildKit will run again, which it will take from its cache, and why.",
        _PLAN_EPILOG,
    )
    add = parser.add_argument
    add(
        "paths",
        nargs="?",
        metavar="PATH",
        help="a directory, a Compose file or a Dockerfile (default: the current directory)",
    )
    add("--service", metavar="S", help="plan this service only")
    add(
        "--change",
        metavar="WHAT",
        action="append",
        help="commit, source, dependencies or a PATH; may be repeated (default: the first three)",
    )
    add("--since", metavar="REV", help="everything that changed since this revision of the git repository")
    add(
        "--builder",
        metavar="B",
        choices=("buildkit", "legacy"),
        default="buildkit",
        help="buildkit, legacy (default: buildkit)",
    )
    _add_output(parser, FORMATS)
    _add_configuration(parser)
    _add_color(parser)
    return _without_selection(parser)


_PRUNE_EPILOG = """\
scopes:
  auto     the cheapest one after which the project ships no old code, by its own findings (default)
  context  Docker's copy of the source files; layers and dependency caches stay
  layers   all layers too; dependency caches stay
  all      everything

A script gets the step once for each builder, before the first build on every path, unless it has an equivalent one.

exit codes:
  0  printed, written, or there already
  1  no place is certain, and the report says what to write where; with --diff: something would be written
  2  usage, configuration, unreadable or unwritable files, internal failure
"""


def prune_parser() -> argparse.ArgumentParser:
    """The parser of ``cachelint prune-step``."""
    parser = _parser(
        "cachelint prune-step",
        "Print the step that drops what the next build must not reuse, or write it into deploy scripts.",
        _PRUNE_EPILOG,
    )
    add = parser.add_argument
    add("paths", nargs="?", metavar="PATH", help="the project whose findings decide (default: the current directory)")
    add("--scope", choices=SCOPES, default=SCOPES[0], help=f"{', '.join(SCOPES)} (default: auto)")
    add(
        "--for",
        dest="language",
        choices=("bash", "github", "make"),
        help="what the step is printed for: bash, github, make (default: bash)",
    )
    add("--write", metavar="SCRIPT", nargs="+", help="write it into these shell scripts and workflows")
    add("--diff", action="store_true", help="with --write: show what would be written, as a unified diff")
    add("--tolerant", action="store_true", help="a failing prune is a warning, and the build goes on")
    _add_output(parser, ("text", "json"))
    _add_configuration(parser)
    return _without_selection(parser)


_LOG_EPILOG = """\
--since REV names the commit that was built there before. Git says what was committed since, the cache model which
steps had to run, the log which did: a step that had to run and is CACHED is stale.

exit codes:
  0  fresh; without --since: the log was read
  1  stale steps
  2  not proven either way; usage, configuration, unreadable log, internal failure
"""


def log_parser() -> argparse.ArgumentParser:
    """The parser of ``cachelint log``."""
    from cachelint.output.log import FORMATS

    parser = _parser(
        "cachelint log",
        "Read the log of a build or a deploy: what ran, what was cached, and whether that can be right.",
        _LOG_EPILOG,
    )
    add = parser.add_argument
    add("log", metavar="FILE", help="the log; - is standard input")
    add("paths", nargs="?", metavar="PATH", help="the project that was built (default: the current directory)")
    add("--since", metavar="REV", help="the commit that was built there before: what changed since must have run")
    _add_output(parser, FORMATS)
    _add_configuration(parser)
    _add_color(parser)
    add("-q", "--quiet", action="store_true", help="show no progress")
    return _without_selection(parser)


_CONFIG_EPILOG = """\
Without --file, --project-directory and --env-file, every project of the files below PATH is shown: what Compose takes
by itself (compose.yaml with its override, or COMPOSE_FILE of .env), and other files alone and on top of it. The values
are those of `docker compose config`; what only the machine that deploys knows is shown as it is written.
"""


def config_parser() -> argparse.ArgumentParser:
    """The parser of ``cachelint config``."""
    parser = _parser(
        "cachelint config",
        "Show what Compose makes of the files of a project, and where every value comes from.",
        _CONFIG_EPILOG,
    )
    add = parser.add_argument
    add("paths", nargs="?", metavar="PATH", help="a directory or a Compose file (default: the current directory)")
    add("-f", "--file", metavar="FILE", action="append", default=[], help="the project of this file; may be repeated")
    add("--project-directory", metavar="DIR", help="what relative paths start from (default: that of the first file)")
    add("--env-file", metavar="FILE", action="append", default=[], help="in place of .env; may be repeated")
    add("--profile", metavar="NAME", action="append", help="services of this profile too; may be repeated")
    add("--service", metavar="S", help="show this service only")
    _add_output(parser, ("text", "json"))
    _add_configuration(parser)
    _add_color(parser)
    return _without_selection(parser)


PARSERS = {
    LINT: lint_parser,
    RULE: rule_parser,
    PLAN: plan_parser,
    LOG: log_parser,
    CONFIG: config_parser,
    PRUNE_STEP: prune_parser,
}
"""What makes the parser of each command."""
