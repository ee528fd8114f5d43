"""The step as text to paste, where there is no script that it could be written into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.discovery import Kind
from cachelint.prune.scope import Client, prune_commands
from cachelint.prune.wording import FAILED, Guard, Idiom, commit_lines, step_lines, title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachelint.prune.decision import Decision


def for_bash(decision: Decision, variable: str, tolerant: bool) -> str:
    """Lines for a shell script; they stop it by themselves, whether ``set -e`` holds or not."""
    idiom = Idiom(guard=Guard.EXIT)
    lines = (
        *step_lines(decision.scope, decision.comment, idiom, tolerant=tolerant),
        *commit_lines(variable, idiom),
    )
    return "".join(f"{line}\n" for line in lines)


def for_github(decision: Decision, variable: str, tolerant: bool) -> str:
    """Steps for a job of a workflow, to stand before the first step that builds."""
    commit = f'echo "{variable}=$(git rev-parse HEAD)" >> "$GITHUB_ENV"'
    return "".join(
        f"{line}\n"
        for line in (
            *github_step(decision, Client(), tolerant=tolerant),
            f"- name: Tell the build its commit\n  run: {commit}",
        )
    )


def github_step(
    decision: Decision, client: Client, *, tolerant: bool = False, extra: Sequence[str] = ()
) -> tuple[str, ...]:
    """The lines of one step of a workflow; `extra` are lines of it such as ``if: …``.

    The runner's shell stops at a failing command by itself.
    """
    head = (f"# {decision.comment}", f"- name: {title(decision.scope)}", *(f"  {line}" for line in extra))
    commands = prune_commands(decision.scope, client)
    if tolerant:
        return (*head, "  run: |", f"    {' && '.join(commands)} ||", f'      echo "::warning::{FAILED}"')
    if len(commands) == 1:
        return (*head, f"  run: {commands[0]}")
    return (*head, "  run: |", *(f"    {command}" for command in commands))


def for_make(decision: Decision, variable: str, tolerant: bool) -> str:
    """A target for a Makefile, for the one that builds to depend on."""
    ignore = "-" if tolerant else ""
    commands = "".join(f"\t{ignore}{command}\n" for command in prune_commands(decision.scope))
    return (
        f"export {variable} := $(shell git rev-parse HEAD)\n"
        f"# Behind a `git pull` in the recipe: {variable}=$$(git rev-parse HEAD) docker compose build\n\n"
        f"# {decision.comment}\n# Write it behind the target that builds: `build: {_TARGET}`\n"
        f".PHONY: {_TARGET}\n{_TARGET}:\n{commands}"
    )


def for_package(decision: Decision, variable: str, tolerant: bool) -> str:
    """What stands in front of the build in a script of ``package.json``: no quotes, which JSON would have escaped."""
    commands = [*_commands(decision, tolerant), f"export {variable}=$(git rev-parse HEAD)"]
    return " && ".join(commands) + " && \n"


def for_gitlab(decision: Decision, variable: str, tolerant: bool) -> str:
    """Items of the ``script`` of a job of GitLab, to stand before the one that builds."""
    items = [*_commands(decision, tolerant), f'export {variable}="$CI_COMMIT_SHA"']
    return f"# {decision.comment}\n" + "".join(f"- {item}\n" for item in items)


def _commands(decision: Decision, tolerant: bool) -> list[str]:
    commands = prune_commands(decision.scope)
    return [f"({command} || true)" for command in commands] if tolerant else list(commands)


_TARGET = "prune-build-cache"
PASTE: dict[str, Callable[[Decision, str, bool], str]] = {"bash": for_bash, "github": for_github, "make": for_make}

READ_ONLY: dict[Kind, tuple[str, Callable[[Decision, str, bool], str]]] = {
    Kind.MAKEFILE: ("Makefiles are not edited", for_make),
    Kind.PACKAGE: ("package.json is not edited", for_package),
    Kind.GITLAB: ("GitLab's file is not edited", for_gitlab),
}
"""Files that no step is written into: why, or where it belongs, and what makes the text of it."""
