"""The command line: what is asked for, which exit code answers."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cachelint.options import LINT, RULE, UsageError, parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

CLEAN = 0
FOUND = 1
FAILED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run cachelint with these arguments (without the program's name); returns the exit code.

    0 nothing left to report, 1 diagnostics remain, 2 usage, configuration, unreadable or refused input, own failure.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
        sys.stdout.flush()
    except UsageError as error:
        return error.code
    except KeyboardInterrupt:
        return _fail("interrupted")
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # users get a sentence; who debugs sets the variable
        if os.environ.get("CACHELINT_TRACEBACK"):
            raise
        return _fail(f"internal error, please report it: {type(error).__name__}: {error}")
    return code


def _run(words: list[str]) -> int:
    command, options = parse(words)
    if options.print_completion:
        return _print_completion(options.print_completion)
    return _COMMANDS[command](options)


def _lint(options: argparse.Namespace) -> int:
    from cachelint.lint_command import lint_command
    from cachelint.messages import InputError

    try:
        return lint_command(options)
    except InputError as error:
        return _fail(str(error))


def _rule(options: argparse.Namespace) -> int:
    from cachelint.messages import InputError
    from cachelint.rule_command import rule_command

    try:
        return rule_command(options)
    except InputError as error:
        return _fail(str(error))


def _print_completion(shell: str) -> int:
    import shtab

    from cachelint.options import completion_parser

    print(shtab.complete(completion_parser(), shell))
    return CLEAN


def _fail(message: str) -> int:
    from cachelint.output.terminal import printable

    print(f"cachelint: {printable(message)}", file=sys.stderr)
    return FAILED


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {LINT: _lint, RULE: _rule}
