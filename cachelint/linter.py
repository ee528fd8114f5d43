"""The loop: projects in, diagnostics out; and the one that fixes until nothing is left to fix."""

from __future__ import annotations

import os
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from cachelint.buildcache.harm import harm
from cachelint.census import Census
from cachelint.combination import findings_of_builds
from cachelint.diagnostic import Diagnostic, Refusal, Report
from cachelint.discovery import Kind
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.verify import objection
from cachelint.fix import Applicability, Edit, EditConflictError, Fix, apply_fixes, choose
from cachelint.record import NamedTuple
from cachelint.rules import RULES
from cachelint.rules.base import Rule, Settings
from cachelint.source import SourceFile
from cachelint.suppression import MARK, Suppression, find_suppressions
from cachelint.workers import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cachelint.cache_readers import CacheReader
    from cachelint.config import Config
    from cachelint.deployment.model import Deployment
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.open_findings import OpenFindings
    from cachelint.project import Build, Project
    from cachelint.prune.decision import Decision
    from cachelint.workspace import Workspace

MAX_ROUNDS = 10
"""Fixes that still make room for others after so many rounds chase each other."""


_Text: TypeAlias = "tuple[str, str, str, tuple[str, ...]]"
"""A rule, the title of its fix, a file, and what is inserted there."""

_RUN = (Kind.SHELL, Kind.WORKFLOW)
_LATE = {rule.id: rule.fixes_late for rule in RULES}


class Fixed(NamedTuple):
    """The outcome of fixing: what is left to report, and the new text of each changed file by its old source."""

    report: Report
    changes: tuple[tuple[SourceFile, str], ...]


class Linter:
    """Lints a workspace.

    `given` are the files (absolute) that the user named: every finding of every build that one of them takes part in
    is reported. None means all. `progress` is told the number of projects done so far.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        given: frozenset[str] | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._workspace = workspace
        self._config = config
        self._given = given
        self._progress = progress
        self._open: OpenFindings | None = None
        self._foreseen: OpenFindings | None = None
        self._census: Census | None = None
        self._readers: tuple[CacheReader, ...] | None = None
        self._settings = Settings(
            config.commit_arg, config.allowed_volumes, config.is_deploy_script, self._decide, self._cache_readers
        )
        self._rules = [rule(self._settings) for rule in RULES if config.enables(rule.id)]
        self._order = {rule.id: number for number, rule in enumerate(RULES)}

    def lint(self) -> Report:
        """One pass over every project."""
        census = self._census = Census(self._workspace)
        self._readers = None
        run = self._of_directories(census)
        self._open = self._open_findings(census, run) if census.script_files else None
        for findings in spread(census.script_files, lambda paths: self._findings(map(census.scripted, paths))):
            run.take(findings)
            self._progress(run.findings.projects)
        left_over = census.left_over(run.findings.built)
        for findings in spread(left_over, lambda paths: self._findings((census.lone(one), ()) for one in paths)):
            run.take(findings)
            self._progress(run.findings.projects)
        return run.report()

    def _of_directories(self, census: Census) -> _Run:
        """What there is in Compose projects."""
        run = self._run()
        for findings in spread(census.directories, lambda paths: self._findings(map(census.bind, paths))):
            run.take(findings)
            self._progress(run.findings.projects)
        return run

    def _decide(self, deployment: Deployment) -> Decision:
        """How much a deployment must drop of the build cache, by what is found in its builds as they are now."""
        from cachelint.prune.decision import decide

        known = self._foreseen or self._open
        assert known
        return decide(known.of(deployment))

    def _cache_readers(self) -> tuple[CacheReader, ...]:
        """The builds that read the cache of an image back, in the tree as it is now; looked for when first asked."""
        if self._readers is None:
            from cachelint.cache_readers import cache_readers

            assert self._census
            self._readers = tuple(cache_readers(self._workspace, self._census))
        return self._readers

    def _open_findings(self, census: Census, run: _Run) -> OpenFindings:
        """The findings that decide about prune steps, those of rules and files that were not asked for, too."""
        from cachelint.open_findings import CAUSES, OpenFindings, asking, is_cause

        rules = [rule(self._settings) for rule in RULES if rule.id in CAUSES]
        config = asking(self._config)
        same = self._config.severity.keys().isdisjoint(CAUSES)
        complete = self._given is None and same and all(self._config.enables(rule.id) for rule in rules)

        def of_compose() -> list[tuple[str, str]]:
            whole = run if complete else Linter(self._workspace, config)._of_directories(census)
            return [(one.rule, one.path) for one in whole.open_diagnostics() if is_cause(one)]

        def judge(build: Build) -> Iterator[str]:
            project = census.project_of(build)
            return (one.rule for rule in rules for one in rule.check_build(build, project) if is_cause(one))

        def lone(path: str) -> tuple[Build, ...]:
            return () if path in run.findings.built else census.lone(path).builds

        return OpenFindings(self._workspace, of_compose, judge, lone)

    def _findings(self, projects: Iterable[tuple[Project, Iterable[str]]]) -> _Findings:
        """What the rules find in some projects, each given with the Dockerfiles that it builds."""
        run = self._run()
        for project, dockerfiles in projects:
            run.add(project)
            run.findings.built.update(dockerfiles)
        return run.findings._replace(unreadable=self._workspace.unreadable)

    def _run(self) -> _Run:
        return _Run(self._workspace, self._config, self._given, self._rules)

    def fix(self, least: Applicability, only: str | None = None) -> Fixed:
        """Lint and fix, in memory, until no fix of at least that applicability is left; `only` edit that file.

        Every edited text is parsed again and compared with what its fixes stated; a fix that does not pass is refused
        and its file keeps its characters.
        """
        originals: dict[str, SourceFile] = {}
        refused: dict[tuple[str, tuple[Edit, ...]], Refusal] = {}
        fixed = 0

        def wanted_of(report: Report) -> list[Diagnostic]:
            return [one for one in report.diagnostics if _wants(one, least, only) and _identity(one) not in refused]

        applied = Counter[_Text]()
        for _ in range(MAX_ROUNDS):
            report = self.lint()
            refused.update(self._repeated(report, applied, least, only))
            wanted = wanted_of(report)
            if not wanted:
                break
            turns = {_turn(one) for one in wanted}
            if turns == {1, 2}:
                self._foreseen = self._foresee([one for one in wanted if _turn(one) == 1])
                wanted = wanted_of(self.lint())
                self._foreseen = None
            wanted = [one for one in wanted if not _turn(one)] or wanted
            sound: list[Fix] = []
            for path, diagnostics in _by_path(sorted(wanted, key=lambda one: self._order[one.rule])).items():
                source = self._workspace.source(path)
                originals.setdefault(path, source)
                sound += self._fix_file(source, diagnostics, refused)
            fixed += len(sound)
            done = {one.edits for one in sound}
            texts = {text for one in wanted if (text := _inserted(one)) and one.fix and one.fix.edits in done}
            applied = Counter(text for one in wanted if (text := _inserted(one)) in texts)
        else:
            report = self.lint()
        changes = ((source, self._workspace.source(path).text) for path, source in originals.items())
        changed = tuple((source, text) for source, text in changes if text != source.text)
        said = dict.fromkeys(refused.values())  # a refused fix comes again when its place has moved
        return Fixed(report._replace(refused=tuple(said), fixed=fixed), changed)

    def _foresee(self, wanted: list[Diagnostic]) -> OpenFindings | None:
        """The findings that decide about prune steps as they are when these fixes are done; nothing stays edited."""
        texts = {path: self._workspace.source(path).text for path in _by_path(wanted)}
        for path, diagnostics in _by_path(wanted).items():
            self._fix_file(self._workspace.source(path), diagnostics, {})
        self.lint()
        if self._open:
            self._open.look()
        for path, text in texts.items():
            self._workspace.edit(path, text)
        return self._open

    def _repeated(
        self, report: Report, applied: Counter[_Text], least: Applicability, only: str | None
    ) -> Iterator[tuple[tuple[str, tuple[Edit, ...]], Refusal]]:
        """The fixes that would insert into what runs the step that the last round, or run, inserted to no avail."""
        kinds = self._workspace.tree.files
        wanted = [one for one in report.diagnostics if _wants(one, least, only) and kinds.get(one.fix_path) in _RUN]
        now = Counter(text for one in wanted if (text := _inserted(one)))
        for one in wanted:
            text = _inserted(one)
            if text and one.fix and (0 < applied[text] <= now[text] or self._stands(one.fix_path, one.fix.edits)):
                reason = f"{one.fix.title}: it would be written again and again"
                yield _identity(one), Refusal(one.rule, one.fix_path, reason)

    def _stands(self, path: str, edits: tuple[Edit, ...]) -> bool:
        """Whether whole lines that are to be inserted stand right there already."""
        text = self._workspace.source(path).text
        lines = [(edit.span.start, edit.replacement) for edit in edits if edit.replacement.count("\n") > 1]
        return any(text.startswith(new, at) or text.endswith(new, 0, at) for at, new in lines)

    def _fix_file(
        self, source: SourceFile, diagnostics: list[Diagnostic], refused: dict[tuple[str, tuple[Edit, ...]], Refusal]
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


class _Findings(NamedTuple):
    """What was found in some projects, by a process that may be another one.

    `diagnostics` by what makes them one and the same; `files` that were checked; `suppressions` by path; `built` and
    `unreadable` are paths.
    """

    diagnostics: dict[tuple[object, ...], Diagnostic]
    files: set[str]
    suppressions: dict[str, tuple[SourceFile, tuple[Suppression, ...]]]
    built: set[str]
    unreadable: set[str]
    projects: int


class _Run:
    """What one pass has found so far."""

    def __init__(self, workspace: Workspace, config: Config, given: frozenset[str] | None, rules: list[Rule]) -> None:
        self._workspace = workspace
        self._config = config
        self._given = given
        self._rules = rules
        self.findings = _Findings({}, set(), {}, set(), set(), 0)
        self._used: set[tuple[str, Suppression, str]] = set()
        self._suppressed = 0

    def add(self, project: Project) -> None:
        """Run every rule on a project."""
        builds = [build for build in project.builds if self._takes_part(build)]
        paths = frozenset(path for build in builds for path in build.paths)
        named = [one.source.path for one in project.compose_files] + [one.location.path for one in project.problems]
        named += [one.source.path for one in project.deployments]
        self.findings.files.update(paths, filter(self._is_given, named))
        self._read_suppressions(project)
        for diagnostic in self._check(project, builds, paths):
            self.findings.diagnostics.setdefault(diagnostic.identity, diagnostic)
        self.findings = self.findings._replace(projects=self.findings.projects + 1)

    def take(self, more: _Findings) -> None:
        """Add what was found elsewhere, in projects that come after those of this run."""
        mine = self.findings
        for key, diagnostic in more.diagnostics.items():
            mine.diagnostics.setdefault(key, diagnostic)
        mine.files.update(more.files)
        mine.suppressions.update(more.suppressions)
        mine.built.update(more.built)
        self.findings = mine._replace(projects=mine.projects + more.projects)
        self._workspace.unreadable |= more.unreadable

    def open_diagnostics(self) -> list[Diagnostic]:
        """What nobody has silenced so far."""
        return [one for one in self.findings.diagnostics.values() if not self._suppression(one)]

    def report(self) -> Report:
        """Everything found, sorted by path, position and rule."""
        kept = [one for one in self.findings.diagnostics.values() if not self._is_suppressed(one)]
        kept += [one for one in self._unused() if not self._is_suppressed(one)]
        directory = os.path.realpath(os.getcwd())
        kept.sort(key=lambda one: one.order)
        return Report(tuple(kept), directory, len(self.findings.files), self._suppressed)

    def _check(self, project: Project, builds: list[Build], paths: frozenset[str]) -> Iterator[Diagnostic]:
        composes = [one for one in project.compose_files if self._is_given(one.source.path)]
        touched = [one for one in project.dockerfiles if self._is_given(one.source.path) or one.source.path in paths]
        problems = [one for one in project.problems if self._is_given(one.location.path) or one.location.path in paths]
        deployments = [one for one in project.deployments if self._concerns(one)]
        for rule in self._rules:
            yield from map(self._stamp, findings_of_builds(rule, builds, project))
            for compose in composes:
                yield from map(self._stamp, rule.check_compose(compose, project))
            for dockerfile in touched:
                yield from map(self._stamp, rule.check_dockerfile(dockerfile, project))
            for problem in problems:
                yield from map(self._stamp, rule.check_problem(problem))
            for deployment in deployments:
                yield from map(self._stamp, rule.check_deployment(deployment, project))

    def _stamp(self, diagnostic: Diagnostic) -> Diagnostic:
        severity = self._config.severity.get(diagnostic.rule, diagnostic.severity)
        return diagnostic._replace(severity=severity)

    def _is_given(self, path: str) -> bool:
        return self._given is None or path in self._given

    def _concerns(self, deployment: Deployment) -> bool:
        builds = (build for call in deployment.calls for build in call.builds)
        return self._is_given(deployment.source.path) or any(map(self._takes_part, builds))

    def _takes_part(self, build: Build) -> bool:
        if self._given is None or not self._given.isdisjoint(build.paths):
            return True
        return build.context is not None and build.context.ignore_file in self._given

    def _read_suppressions(self, project: Project) -> None:
        for compose in project.compose_files:
            if compose.source.path not in self.findings.suppressions and MARK in compose.source.text:
                self.findings.suppressions[compose.source.path] = compose.source, _in_compose(compose)
        for dockerfile in project.dockerfiles:
            if dockerfile.source.path not in self.findings.suppressions and MARK in dockerfile.source.text:
                self.findings.suppressions[dockerfile.source.path] = dockerfile.source, _in_dockerfile(dockerfile)

        for path, deployments in groupby(project.deployments, lambda one: one.source.path):
            source, jobs = self._workspace.source(path), [one.job for one in deployments]
            if path not in self.findings.suppressions and MARK in source.text:
                from cachelint.deployment.suppressions import suppressions_in

                self.findings.suppressions[path] = source, suppressions_in(source, jobs)

    def _is_suppressed(self, diagnostic: Diagnostic) -> bool:
        suppression = self._suppression(diagnostic)
        if suppression is None:
            return False
        self._used.add((diagnostic.path, suppression, diagnostic.rule))
        self._suppressed += 1
        return True

    def _suppression(self, diagnostic: Diagnostic) -> Suppression | None:
        _, suppressions = self.findings.suppressions.get(diagnostic.path, (None, ()))
        line = diagnostic.location.start.line
        for one in suppressions:
            if one.first <= line <= one.last and diagnostic.rule in [name for name, _ in one.names]:
                return one
        return None

    def _unused(self) -> Iterator[Diagnostic]:
        """Findings about suppressions of rules that ran, or that do not exist, and silenced nothing."""
        idle = {rule.id for rule in RULES if not self._config.enables(rule.id)} | {"unused-suppression"}
        for path, (source, suppressions) in self.findings.suppressions.items():
            if not self._is_given(path):
                continue
            for one in suppressions:
                live = (name for name, _ in one.names if name not in idle)
                unused = tuple(name for name in live if (path, one, name) not in self._used)
                if unused or not one.names:
                    for rule in self._rules:
                        yield from map(self._stamp, rule.check_unused(source, one, unused))


def _wants(diagnostic: Diagnostic, least: Applicability, only: str | None) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability >= least and only in (None, diagnostic.fix_path)


def _turn(diagnostic: Diagnostic) -> int:
    return _LATE.get(diagnostic.rule, 0)


def _identity(diagnostic: Diagnostic) -> tuple[str, tuple[Edit, ...]]:
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


def _in_compose(compose: ComposeFile) -> tuple[Suppression, ...]:
    return find_suppressions(compose.source, compose.yaml.is_comment, lambda line: line)


def _in_dockerfile(dockerfile: Dockerfile) -> tuple[Suppression, ...]:
    comments = {comment.span.start for comment in dockerfile.comments}
    ends = {one.line: one.end_line for one in dockerfile.instructions}
    return find_suppressions(dockerfile.source, comments.__contains__, lambda line: ends.get(line, line))
