"""invalid-compose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Diagnostic, Related, Severity, locate
from cachelint.documents.compose_schema import shape_errors
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeFile
    from cachelint.project import Project


class InvalidCompose(Rule):
    """A part of a Compose file has a shape that Compose refuses.

    ## What it does
    Compares what cachelint reads (services and their builds) with the schema of Compose files, and puts the files of a
    project together as Compose does: an `extends` of a service that is not there, an `include` that goes round in a
    circle, a variable that does not end, a key that a service or its build does not have.

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
        """One finding for each place: shapes, for files that the reader stumbled over, and what else was refused."""
        lines: set[int] = set()
        for error in shape_errors(compose.yaml) if compose.odd else ():
            lines.add(compose.source.position(error.span.start).line)
            yield self.report((compose.source, error.span), f"Compose refuses this file: {error.message}.")
        for refused in project.refused:
            line = compose.source.position(refused.span.start).line
            if refused.source.path == compose.source.path and line not in lines:
                way = tuple(Related(locate(link.source, link.span), link.word) for link in refused.chain)
                yield self.report((compose.source, refused.span), f"Compose refuses this: {refused}.", related=way)
