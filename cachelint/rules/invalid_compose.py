"""invalid-compose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Diagnostic, Severity
from cachelint.documents.compose_schema import shape_errors
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeFile
    from cachelint.project import Project


class InvalidCompose(Rule):
    """A part of a Compose file has a shape that Compose refuses.

    ## What it does
    Compares what cachelint reads (services and their builds) with the schema of Compose files.

    ## Why it matters
    Compose stops at such a file, and what cachelint cannot read it cannot check. A wrong indentation is the usual
    cause: `restart:` one level too far left becomes a service whose value is a word.

    ## Example
    See the examples.

    ## Fix safety
    There is no fix.
    """

    id = "invalid-compose"
    summary = "Compose refuses the shape of a service or of its build"
    severity = Severity.ERROR
    examples = (
        Example(
            bad={"compose.yaml": "services:\n  web:\n    image: nginx\n  restart: always\n"},
            good={"compose.yaml": "services:\n  web:\n    image: nginx\n    restart: always\n"},
            fixable=False,
        ),
    )

    def check_compose(self, compose: ComposeFile, project: Project) -> Iterator[Diagnostic]:
        """One finding for each place, only for files that the reader stumbled over."""
        if compose.odd:
            for error in shape_errors(compose.yaml):
                yield self.report((compose.source, error.span), f"Compose refuses this file: {error.message}.")
