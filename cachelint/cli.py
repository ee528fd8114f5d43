"""The command line: what is asked for, which exit code answers."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from cachelint.messages import InputError, complain
from cachelint.options import CONFIG, LINT, LOG, PLAN, PRUNE_STEP, RULE, UsageError, parse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from typing import TextIO

CLEAN = 0
FAILED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run cachelint with these arguments (without the program's name); returns the exit code.

    0 nothing left to report, 1 diagnostics remain, 2 usage, configuration, unreadable or refused input, own failure.
    """
    _prepare_memory()
    _prepare_streams()
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _fail("interrupted")
    except BrokenPipeError:  # the reader (head, a pager) has seen enough
        _abandon(sys.stdout)
        return FAILED
    except OSError as error:  # everything that touches files answers for itself: this is the output
        _abandon(sys.stdout)
        return _fail(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}")
    except Exception as error:  # users get a sentence; who debugs sets the variable
        if os.environ.get("CACHELINT_TRACEBACK"):
            raise
        return _fail(f"internal error, please report it: {type(error).__name__}: {error}")
    return code


def _run(words: list[str]) -> int:
    try:
        command, options = parse(words)
        if options.print_completion:
            return _print_completion(options.print_completion)
        return _COMMANDS[command](options)
    except UsageError as error:
        return error.code
    except InputError as error:
        return _fail(str(error))


def _lint(options: argparse.Namespace) -> int:
    from cachelint.lint_command import lint_command

    return lint_command(options)


def _rule(options: argparse.Namespace) -> int:
    from cachelint.rule_command import rule_command

    return rule_command(options)


def _plan(options: argparse.Namespace) -> int:
    from cachelint.plan_command import plan_command

    return plan_command(options)


def _prune_step(options: argparse.Namespace) -> int:
    from cachelint.prune_command import prune_command

    return prune_command(options)


def _log(options: argparse.Namespace) -> int:
    from cachelint.log_command import log_command

    return log_command(options)


def _config(options: argparse.Namespace) -> int:
    from cachelint.config_command import config_command

    return config_command(options)


def _print_completion(shell: str) -> int:
    from cachelint.completion import completion

    print(completion(shell))
    return CLEAN


def _prepare_memory() -> None:
    """What is made here is mostly trees that live long: looking for rubbish among them is a tenth of a run.

    Python looks through everything once more when it exits, and the system takes the memory back anyway.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def _prepare_streams() -> None:
    """Let no character that a stream cannot show, and no stream that is closed, end the run."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # for the rest of the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _abandon(stream: TextIO) -> None:
    """Drop what was not written, lest Python try again at exit, complain, and exit with a code of its own."""
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _fail(message: str) -> int:
    try:
        complain(message)
    except OSError:
        _abandon(sys.stderr)
    return FAILED


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    LINT: _lint,
    RULE: _rule,
    PLAN: _plan,
    PRUNE_STEP: _prune_step,
    LOG: _log,
    CONFIG: _config,
}
