"""What Compose refuses on a machine that does not set a variable: ``${NAME:?why}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.tree import ComposeError
from cachelint.compose.variables import VariableError, Variables
from cachelint.documents.yaml import Scalar, children
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.yaml import Node

_DEMANDS = regex(r"\$\{\w+:?\?")


def demands(file: ComposeFile, variables: Variables) -> Iterator[ComposeError]:
    """The texts of a file that Compose refuses where nothing else sets a variable than these."""
    if not _DEMANDS.search(file.source.text):
        return
    alone = Variables(variables.known, complete=True)
    pending: list[Node] = [root for root in reversed(file.yaml.documents) if root]
    while pending:
        node = pending.pop()
        if isinstance(node, Scalar):
            if _DEMANDS.search(node.value) and (reason := _refusal(node.value, variables, alone)):
                message = f"Compose refuses this where nothing sets it: {reason}"
                yield ComposeError(message, (file.source, node.span))
        else:
            pending += reversed(list(children(node)))


def _refusal(text: str, variables: Variables, alone: Variables) -> str | None:
    """Why a text is refused without further variables; None where it is refused anyway, or not at all."""
    try:
        variables.substitute(text)
    except VariableError:
        return None
    try:
        alone.substitute(text)
    except VariableError as error:
        return str(error)
    return None
