"""What had to run since an earlier build: the model's answer for what git says has changed, and the files behind it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.predict import Predictor
from cachelint.buildcache.steps import Origin
from cachelint.judging.history import History
from cachelint.plan_changes import COMMIT, PATHS, Column, Forecaster, Question, ask
from cachelint.record import NamedTuple
from cachelint.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.buildcache.change import StepOutcome
    from cachelint.buildcache.steps import Step
    from cachelint.commit_arg import CommitArg
    from cachelint.plan_builds import Subject

_MAX_FILES = 5000
"""How many changed files of a context are tried one by one."""

Files = tuple[str, ...]


class Expected(NamedTuple):
    """What a step had to do. `files` (absolute) are those whose change makes it RUN.

    `own`: the step itself reads or is something else than before, whatever the steps above it do. `reads`: it reads
    some of the files. `unexplained`: the model says that it had to run, and no file can be shown for it.
    """

    outcome: Outcome
    cause: str | None
    own: bool
    files: Files
    reads: bool = False
    unexplained: bool = False


class Expectations:
    """Answers for one build after another.

    Only what was committed since the revision is certain to be new to the builder: other files that differ (untracked,
    edited) may have been there, as they are, when the revision was built, or not have been there in this build.
    """

    def __init__(self, since: Revision, commit_arg: CommitArg) -> None:
        self.history = History(since.root, since.name)
        self._since = since
        self._commit_arg = commit_arg
        self._differing = since.changed_paths()
        committed = self.history.committed()
        self.certain = [path for path in self._differing if path in committed]
        column = Column(PATHS, f"what changed since {since.name}")
        self._sure = Forecaster(Question((column,), tuple(self.certain), since), commit_arg)
        self._all = Forecaster(ask((COMMIT,), (), since), commit_arg)

    def of(self, subject: Subject) -> list[Expected]:
        """For each step of a build's graph what it had to do."""
        sure = self._sure.outcomes(subject)[PATHS]
        every = self._all.outcomes(subject)
        files, reading = self._files(subject, sure)
        found = [
            self._merged(one, files[one.step.index], every[PATHS][one.step.index], every[COMMIT][one.step.index])
            for one in sure
        ]
        return [one._replace(reads=index in reading) for index, one in enumerate(found)]

    def earlier(self, subject: Subject, step: Step, files: Files) -> str | None:
        """A commit before the revision that left this step with what it has now: its result may still be cached."""
        for commit in self.history.earlier_commits(files):
            expected = Expectations(Revision(self._since.root, commit), self._commit_arg).of(subject)
            if expected[step.index].outcome is not Outcome.RUN:
                return self.history.short(commit)
        return None

    def _merged(self, sure: StepOutcome, files: Files, every: StepOutcome, commit: StepOutcome) -> Expected:
        if sure.outcome is Outcome.RUN and files:
            return Expected(Outcome.RUN, sure.cause, sure.own is Outcome.RUN, files)
        by_commit = commit if self.history.moved else sure
        first = next((one for one in (sure, every, by_commit) if one.outcome is not Outcome.CACHED), None)
        if first is None:
            return Expected(Outcome.CACHED, None, False, ())
        return Expected(Outcome.MAYBE, first.cause, False, (), unexplained=sure.own is Outcome.RUN)

    def _files(self, subject: Subject, outcomes: Sequence[StepOutcome]) -> tuple[list[Files], set[int]]:
        """For each step the files that make it run, those of the steps below it included; and which steps read some."""
        found: list[dict[str, None]] = []
        reading: set[int] = set()
        inside = dict(self._inside(subject))
        predictor = Predictor(subject.graph, subject.files)
        for one in outcomes:
            names: dict[str, None] = {}
            if one.outcome is Outcome.RUN:
                for before in predecessors(subject, one.step):
                    names.update(found[before])
                own = list(_own_files(one.step, inside, predictor))
                names.update(dict.fromkeys(own))
                reading.update([one.step.index] if own else ())
                if one.own is Outcome.RUN and not names:
                    names.update(dict.fromkeys(self._recipe(subject)))
            found.append(names)
        return [tuple(names) for names in found], reading

    def _inside(self, subject: Subject) -> Iterator[tuple[str, str]]:
        """The changed files by their paths in the context."""
        root = os.path.realpath(subject.context.directory)
        for path in self.certain:
            name = os.path.relpath(path, root).replace(os.sep, "/")
            if not name.startswith("../"):
                yield name, path

    def _recipe(self, subject: Subject) -> Iterator[str]:
        """The changed files that say how it is built."""
        ignore = subject.context.ignore_file
        for path in self.certain:
            if path in subject.build.paths or path == ignore or os.path.basename(path).endswith(".dockerignore"):
                yield path


def predecessors(subject: Subject, step: Step) -> Iterator[int]:
    """The steps whose results a step starts from or copies from, by their index."""
    if step.above is not None:
        yield step.above
    for source in step.sources:
        if source.origin is Origin.STAGE:
            end = subject.graph.stages[int(source.place)].end
            if end is not None:
                yield end


def _own_files(step: Step, inside: dict[str, str], predictor: Predictor) -> Iterator[str]:
    sources = [source for source in step.sources if source.origin is Origin.CONTEXT]
    for name, path in list(inside.items())[:_MAX_FILES] if sources else ():
        change = Change(paths=frozenset((name,)))
        if any(predictor.files_verdict(step, source, change).outcome is Outcome.RUN for source in sources):
            yield path
