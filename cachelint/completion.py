"""What shells are told about the command line, so that they can complete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shtab

from cachelint.options import COMMANDS, PARSERS, lint_parser
from cachelint.rules import all_rules

if TYPE_CHECKING:
    import argparse

_FILES = frozenset(("paths", "config", "output_file", "stdin_filename", "file", "env_file", "write", "log"))
_DIRECTORIES = frozenset(("project_directory",))
_RULES = frozenset(("select", "ignore", "rule"))

# A first word may be a command or a path, which the library cannot say of one word. These lines follow its own, and
# use its names. Bash is asked for both there. In zsh each command is completed by its own options, and what is no
# command by those of the linter.
_BASH = "_shtab_cachelint_pos_0_COMPGEN=_shtab_compgen_files\n"
_ZSH = """\
_cachelint_words() {
  (( CURRENT == 2 )) && _shtab_cachelint_commands
  _files
}
_shtab_cachelint_options=("${(@)_shtab_cachelint_options:#\\(\\*\\)*}" "*:path:_cachelint_words")
_shtab_cachelint() {
  local context state line curcontext="$curcontext" options=_shtab_cachelint_options
  if (( CURRENT > 2 )) && [[ " COMMANDS " == *" $words[2] "* ]]; then
    options=_shtab_cachelint_${words[2]//-/_}_options
    shift words
    (( CURRENT -= 1 ))
  fi
  _arguments -s "${(@P)options}"
}
""".replace("COMMANDS", " ".join(COMMANDS))
_PREAMBLES = {"bash": _BASH, "zsh": _ZSH}


def completion(shell: str) -> str:
    """The script that completes cachelint's command line in this shell."""
    return shtab.complete(_parser(shell), shell, preamble=_PREAMBLES.get(shell, ""))


def _parser(shell: str) -> argparse.ArgumentParser:
    """The parser that completion is generated from: commands, options, files, and the rules where they are named.

    What it would parse is not the language of `cachelint.options.parse`, where the first word is a path unless it is a
    command. tcsh can say of a word only what its number is, so there the commands would hide the files.
    """
    parser = lint_parser()
    if shell == "tcsh":
        return _described(parser)
    paths = next(action for action in parser._actions if action.dest == "paths")
    if shell == "bash":  # its script looks for a command only where the first word is nothing else
        parser._actions.remove(paths)
    commands = parser.add_subparsers(prog="cachelint")
    for name, text in COMMANDS.items():
        commands.add_parser(name, parents=[_described(PARSERS[name]())], add_help=False, help=text)
    return _described(parser)


def _described(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser with what its words are completed with."""
    for action in parser._actions:
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in _DIRECTORIES:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.dest in _RULES:
            action.choices = [rule.id for rule in all_rules()]
    return parser
