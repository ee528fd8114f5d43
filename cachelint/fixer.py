"""The loop that fixes, in memory, until nothing is left to fix."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from cachelint.buildcache.harm import harm
from cachelint.diagnostic import Diagnostic, Refusal, Report
from cachelint.discovery import Kind
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.verify import objection
from cachelint.fix import Applicability, Edit, EditConflictError, Fix, apply_fixes, choose
from cachelint.record import NamedTuple
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.linter import Linter
    from cachelint.open_findings import OpenFindings

MAX_ROUNDS = 10
"""Fixes that still make room for others after so many rounds chase each other."""

_Identity: TypeAlias = "tuple[str, tuple[Edit, ...]]"
"""The file that a fix edits, and how."""

_Text: TypeAlias = "tuple[str, str, str, tuple[str, ...]]"
"""A rule, the title of its fix, a file, and what is inserted there."""

_RUN = (Kind.SHELL, Kind.WORKFLOW)


class Fixed(NamedTuple):
    """The outcome of fixing: what is left to report, and the new text of each changed file by its old source."""

    report: Report
    changes: tuple[tuple[SourceFile, str], ...]


class Fixer:
    """Fixes what a linter finds in the texts of its workspace, with fixes of at least one applicability.

    Every edited text is parsed again and compared with what its fixes stated; a fix that does not pass is refused and
    its file keeps its characters. `only` is the one file that may be edited, None for all.
    """

    def __init__(self, linter: Linter, least: Applicability, only: str | None = None) -> None:
        self._linter = linter
        self._workspace = linter.workspace
        self._least = least
        self._only = only
        self._order = {rule.id: number for number, rule in enumerate(linter.rules)}
        self._late = {rule.id: rule.fixes_late for rule in linter.rules}
        self._originals: dict[str, SourceFile] = {}
        self._refused: dict[_Identity, Refusal] = {}
        self._applied = Counter[_Text]()
        self._fixed = 0

    def fix(self) -> Fixed:
        """Lint and fix until no fix is left that is wanted and trusted."""
        for _ in range(MAX_ROUNDS):
            report = self._linter.lint()
            self._refused.update(self._repeated(report))
            wanted = self._due(report)
            if not wanted:
                break
            self._round(wanted)
        else:
            report = self._linter.lint()
        changes = ((source, self._workspace.source(path).text) for path, source in self._originals.items())
        changed = tuple((source, text) for source, text in changes if text != source.text)
        said = dict.fromkeys(self._refused.values())  # a refused fix comes again when its place has moved
        return Fixed(report._replace(refused=tuple(said), fixed=self._fixed), changed)

    def _due(self, report: Report) -> list[Diagnostic]:
        """The findings whose turn it is: fixes that others decide about wait for those."""
        wanted = self._wanted(report)
        if {self._turn(one) for one in wanted} == {1, 2}:
            first = [one for one in wanted if self._turn(one) == 1]
            wanted = self._wanted(self._linter.lint(self._foresee(first)))
        return [one for one in wanted if not self._turn(one)] or wanted

    def _turn(self, diagnostic: Diagnostic) -> int:
        return self._late.get(diagnostic.rule, 0)

    def _wanted(self, report: Report) -> list[Diagnostic]:
        return [one for one in self._wishes(report) if _identity(one) not in self._refused]

    def _wishes(self, report: Report) -> Iterator[Diagnostic]:
        """The findings that may be fixed, as far as they themselves say."""
        for one in report.diagnostics:
            if one.fix and one.fix.applicability >= self._least and self._only in (None, one.fix_path):
                yield one

    def _round(self, wanted: list[Diagnostic]) -> None:
        sound: list[Fix] = []
        for path, diagnostics in _by_path(sorted(wanted, key=lambda one: self._order[one.rule])).items():
            source = self._workspace.source(path)
            self._originals.setdefault(path, source)
            sound += self._fix_file(source, diagnostics, self._refused)
        self._fixed += len(sound)
        done = {one.edits for one in sound}
        inserted = [(text, one.fix.edits) for one in wanted if one.fix and (text := _inserted(one))]
        texts = {text for text, edits in inserted if edits in done}
        self._applied = Counter(text for text, _ in inserted if text in texts)

    def _foresee(self, wanted: list[Diagnostic]) -> OpenFindings | None:
        """The findings that decide about prune steps as they are when these fixes are done; nothing stays edited."""
        texts = {path: self._workspace.source(path).text for path in _by_path(wanted)}
        for path, diagnostics in _by_path(wanted).items():
            self._fix_file(self._workspace.source(path), diagnostics, {})
        self._linter.lint()
        if self._linter.open:
            self._linter.open.look()
        for path, text in texts.items():
            self._workspace.edit(path, text)
        return self._linter.open

    def _repeated(self, report: Report) -> Iterator[tuple[_Identity, Refusal]]:
        """The fixes that would insert into what runs the step that the last round, or run, inserted to no avail."""
        kinds = self._workspace.tree.files
        wishes = [one for one in self._wishes(report) if kinds.get(one.fix_path) in _RUN]
        inserted = [(one, one.fix, text) for one in wishes if one.fix and (text := _inserted(one))]
        now = Counter(text for _, _, text in inserted)
        for one, fix, text in inserted:
            if 0 < self._applied[text] <= now[text] or self._stands(one.fix_path, fix.edits):
                reason = f"{fix.title}: it would be written again and again"
                yield _identity(one), Refusal(one.rule, one.fix_path, reason)

    def _stands(self, path: str, edits: tuple[Edit, ...]) -> bool:
        """Whether whole lines that are to be inserted stand right there already."""
        text = self._workspace.source(path).text
        lines = [(edit.span.start, edit.replacement) for edit in edits if edit.replacement.count("\n") > 1]
        return any(text.startswith(new, at) or text.endswith(new, 0, at) for at, new in lines)

    def _fix_file(
        self, source: SourceFile, diagnostics: list[Diagnostic], refused: dict[_Identity, Refusal]
    ) -> list[Fix]:
        """Apply the fixes that can be trusted, each and all together; return those."""
        rules = {one.fix.edits: one.rule for one in reversed(diagnostics) if one.fix}
        pending = [choose(one.fix for one in diagnostics if one.fix)]
        sound: list[Fix] = []
        judged = 0
        while pending:
            fixes = pending.pop()
            reason = self._objection(source, fixes)
            judged += 1
            if reason is None:
                sound += fixes
            elif len(fixes) > 1:  # the one that is to blame is found by halves
                pending += [fixes[len(fixes) // 2 :], fixes[: len(fixes) // 2]]
            else:
                rule, title = rules[fixes[0].edits], fixes[0].title
                refused[source.path, fixes[0].edits] = Refusal(rule, source.path, f"{title}: {reason}")
        if judged > 1 and self._objection(source, sound) is not None:
            del sound[1:]
        if sound:
            self._workspace.edit(source.path, apply_fixes(source.text, sound))
        return sound

    def _objection(self, source: SourceFile, fixes: list[Fix]) -> str | None:
        """Why the outcome of these fixes must not be trusted, or None."""
        try:
            text = apply_fixes(source.text, fixes)
        except EditConflictError:
            return "its own edits overlap"
        is_yaml = source.path.endswith((".yml", ".yaml"))  # a file that is extended may have any name
        kind = self._workspace.tree.files.get(source.path, Kind.COMPOSE if is_yaml else Kind.DOCKERFILE)
        reason = objection(kind, source, text, [statement for fix in fixes for statement in fix.statements])
        if reason is None and kind is Kind.DOCKERFILE:
            return harm(parse_dockerfile(source), parse_dockerfile(SourceFile(source.path, text)))
        return reason


def _identity(diagnostic: Diagnostic) -> _Identity:
    return diagnostic.fix_path, diagnostic.fix.edits if diagnostic.fix else ()


def _inserted(diagnostic: Diagnostic) -> _Text | None:
    """What a fix inserts; None for one that replaces something."""
    fix = diagnostic.fix
    if fix is None or not fix.edits or any(one.span.start != one.span.end for one in fix.edits):
        return None
    return diagnostic.rule, fix.title, diagnostic.fix_path, tuple(one.replacement for one in fix.edits)


def _by_path(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Diagnostic]]:
    grouped: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        grouped.setdefault(diagnostic.fix_path, []).append(diagnostic)
    return grouped
