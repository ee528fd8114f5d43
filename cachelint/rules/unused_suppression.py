"""unused-suppression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Diagnostic, Severity
from cachelint.fix import Applicability, Edit, Fix
from cachelint.rules.base import Example, FixAvailability, Rule
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.source import SourceFile
    from cachelint.suppression import Suppression


class UnusedSuppression(Rule):
    """A `# cachelint: ignore[…]` comment silences nothing.

    ## What it does
    Reports the rules named in a suppression that found nothing where it stands, or that do not exist, and comments
    that are written wrong, such as `# cachelint: ignore` without a rule.

    ## Why it matters
    A suppression that outlives its finding hides the next one.

    ## Example
    See the examples: the finding is gone, so the comment may go.

    ## Fix safety
    Safe: only the comment, or the name inside it, is removed. A name that looks like a rule's, and a comment that is
    written wrong, are only reported: somebody meant something by them.
    """

    id = "unused-suppression"
    summary = "a suppression silences nothing"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={
                "compose.yaml": (
                    "services:\n  # cachelint: ignore[inline-cache] a registry reads it\n  web:\n    image: nginx\n"
                )
            },
            good={"compose.yaml": "services:\n  web:\n    image: nginx\n"},
        ),
    )

    def check_unused(self, source: SourceFile, unused: Suppression, names: tuple[str, ...]) -> Iterator[Diagnostic]:
        """One finding for each suppression."""
        if unused.slip:
            how = "`# cachelint: ignore[rule] why`, or `ignore-file[rule]` at the top of the file"
            message = f"This comment silences nothing: {unused.slip}. Write {how}."
            yield self.report((source, unused.span), message)
            return
        meant = next(filter(None, map(_meant, names)), "")
        if meant:
            yield self.report((source, unused.span), f"This suppression silences nothing here: {meant}")
            return
        listed = ", ".join(f"`{name}`" for name in names)
        yield self.report(
            (source, unused.span),
            f"This suppression of {listed or 'no rule'} silences nothing here. Remove it.",
            fix=_fix(source, unused, names),
        )


def _meant(name: str) -> str:
    """What somebody may have meant by a name that no rule has; empty for one that is known, or like none."""
    from cachelint.config_file import suggestion
    from cachelint.rules import all_rules

    known = [rule.id for rule in all_rules()]
    close = "" if name in known else suggestion(name, known)
    return f"there is no rule `{name}`{close}" if close else ""


def _fix(source: SourceFile, unused: Suppression, names: tuple[str, ...]) -> Fix:
    kept = [name for name, _ in unused.names if name not in names]
    if kept:
        start, end = unused.names[0][1].start, unused.names[-1][1].end
        edit = Edit(Span(start, end), ", ".join(kept))
        return Fix(f"keep only {', '.join(kept)} in the suppression", Applicability.SAFE, (edit,))
    return Fix("remove the suppression", Applicability.SAFE, (Edit(_comment(source, unused.span), ""),))


def _comment(source: SourceFile, span: Span) -> Span:
    """The comment with the space before it, or with its whole line when it stands alone."""
    line = source.position(span.start).line
    start = source.line_span(line).start
    before = source.text[start : span.start]
    if before.strip():
        return Span(start + len(before.rstrip()), span.end)
    following = source.text.find("\n", span.end)
    if following >= 0:
        return Span(start, following + 1)
    above = source.text[:start].removesuffix("\n").removesuffix("\r")  # no final newline: it stays so
    return Span(len(above), span.end)
