"""``cachelint log``: what a build log proves about each step, and about the deploy."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.buildlog.record import Status
from cachelint.judging.blind import blind_spots
from cachelint.judging.changes import Expectations, predecessors
from cachelint.judging.contexts import agreed, named_contexts, with_contexts
from cachelint.judging.judgement import JudgedBuild, JudgedStep, Judgement, Verdict
from cachelint.judging.left_out import left_out
from cachelint.judging.order import replaced
from cachelint.judging.steps import Binder, shown_label
from cachelint.judging.texts import says
from cachelint.judging.verdict import Conclusion
from cachelint.plan import instruction_text, relative
from cachelint.plan_builds import place_of
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.arguments import Job
    from cachelint.buildlog.record import BuildLog, LoggedStep
    from cachelint.judging.changes import Expected
    from cachelint.judging.history import History
    from cachelint.judging.steps import BoundBuild, BoundStep
    from cachelint.plan_builds import Subject
    from cachelint.revision import Revision


_RAN = (Status.RAN, Status.ERROR)


def judge(log: BuildLog, job: Job, since: Revision | None) -> Judgement:
    """What the log says of the job's builds. Raises `InputError`."""
    binder = Binder(job, since)
    bound = list(binder.bind(log.builds))
    if since is None:
        builds = tuple(_described(one) for one in bound)
        return Judgement(Verdict.UNKNOWN, None, log.commit, log.prunes, builds, (), ())
    expectations = Expectations(since, job.config.commit_arg)
    builds = _with_commits(_Judge(bound, expectations).builds(), log, expectations.history)
    missing = left_out(bound, binder, expectations)
    found = Conclusion(builds, expectations.history.head, tuple(missing))
    spots = tuple(blind_spots(bound, expectations, job))
    builds = tuple(found.builds())
    return Judgement(found.verdict, since.name, log.commit, log.prunes, builds, found.doubts, spots)


def _with_commits(builds: Iterator[JudgedBuild], log: BuildLog, history: History) -> tuple[JudgedBuild, ...]:
    """The builds with the commits that were announced for them: what is announced once may stand behind them all."""
    commits = [one.commit for one in log.builds]
    told = commits if any(commits) else [log.commit] * len(commits)
    ours = {one: history.knows(one) for one in dict.fromkeys(one.checked_out for one in log.builds) if one}
    return tuple(
        one._replace(commit=commit, checked_out=logged.checked_out if ours.get(logged.checked_out or "") else None)
        for one, commit, logged in zip(builds, told, log.builds, strict=True)
    )


def _described(bound: BoundBuild, steps: tuple[JudgedStep, ...] | None = None) -> JudgedBuild:
    subject, logged = bound.subject, bound.logged
    if steps is None:
        steps = tuple(map(_plain_step, bound.steps)) if subject else tuple(_foreign_steps(bound))
    if subject is None:
        return JudgedBuild(bound.name, logged.line, logged.failed, steps, reason=bound.reason)
    build = subject.build
    assert build.dockerfile
    dockerfile = None if build.is_inline else relative(build.dockerfile.source.path)
    return JudgedBuild(bound.name, logged.line, logged.failed, steps, dockerfile, place_of(build))


def _plain_step(step: BoundStep) -> JudgedStep:
    return JudgedStep(
        step.label, instruction_text(step.step), step.status, step.step.instruction.line, merged=step.merged
    )


def _foreign_steps(bound: BoundBuild) -> Iterator[JudgedStep]:
    """The steps of a build that is not the project's, in the order of their stages."""
    stages = list(dict.fromkeys((one.label.platform, one.label.stage) for one in bound.logged.steps))
    for one in sorted(
        bound.logged.steps, key=lambda it: (stages.index((it.label.platform, it.label.stage)), it.label.number)
    ):
        yield JudgedStep(shown_label(bound.logged, one.label), " ".join(one.text.split()), one.status)


class _Scene(NamedTuple):
    """What a step is judged by: its build, the steps that ran in this log already, and what was said of those above.

    `right` are steps that are CACHED as they have to be; `excused` are those for which that is not known, with reasons.
    """

    bound: BoundBuild
    subject: Subject
    done: frozenset[int]
    stale: set[int]
    excused: dict[int, str]
    right: set[int]

    def number(self, one: BoundStep) -> int:
        """What identifies the step among those of all builds."""
        return self.bound.numbers[one.step.index]


class _Judge:
    """Judges the builds of one log."""

    def __init__(self, bound: Sequence[BoundBuild], expectations: Expectations) -> None:
        self._bound = bound
        self.expectations = expectations
        self._expected: dict[int, list[tuple[Expected, str | None]]] = {}
        self._earlier: dict[tuple[int, int], str | None] = {}
        self._at = 0
        self._ran: set[int] = set()
        self._foreign: set[LoggedStep] = set()

    def builds(self) -> Iterator[JudgedBuild]:
        """Each build with what was expected of it."""
        gone = replaced(self._bound)
        for at, one in enumerate(self._bound):
            if one.subject is None:
                yield _described(one)._replace(is_replaced=at in gone)
                continue
            steps, doubts = self._steps(one, one.subject)
            described = _described(one, tuple(steps))
            yield described._replace(doubts=tuple(dict.fromkeys(doubts)), is_replaced=at in gone)

    def _steps(self, bound: BoundBuild, subject: Subject) -> tuple[list[JudgedStep], list[str]]:
        scene = _Scene(bound, subject, self._done_before(bound), set(), {}, set())
        judged = [self._step(one, *self._expectation(subject)[one.step.index], scene) for one in bound.steps]
        doubts = [doubt for _, doubt in judged if doubt]
        doubts += named_contexts(bound)
        if not bound.logged.complete:
            doubts.append("the log of this build is cut off")
        return [step for step, _ in judged], doubts

    def _step(
        self, one: BoundStep, wanted: Expected, unknown: str | None, scene: _Scene
    ) -> tuple[JudgedStep, str | None]:
        """A step with its judgement, or why there is none. `unknown` is why it is not known what was wanted."""
        plain = _plain_step(one)._replace(expected=wanted.outcome, cause=wanted.cause)
        if wanted.outcome is not Outcome.RUN:
            is_open = unknown and not scene.bound.logged.failed and one.status not in _RAN
            return plain, unknown.format(one.label) if unknown and is_open else None
        plain = plain._replace(files=tuple(map(relative, wanted.files)))
        if scene.bound.logged.failed or one.step.keyword == "FROM":
            return plain, None
        if unclear := _unclear(one):
            return plain, unclear
        if one.status is not Status.CACHED or scene.number(one) in scene.done:
            return plain, None
        if _is_right(one, wanted, scene):
            scene.right.add(one.step.index)
            return plain, None
        doubt = self._excuse(one, wanted, scene)
        if doubt is None:
            scene.stale.add(one.step.index)
        else:
            scene.excused[one.step.index] = doubt
        return plain._replace(stale=doubt is None), doubt

    def _expectation(self, subject: Subject) -> list[tuple[Expected, str | None]]:
        if id(subject) not in self._expected:
            self._expected[id(subject)] = list(agreed(with_contexts(subject), self.expectations.of))
        return self._expected[id(subject)]

    def _excuse(self, one: BoundStep, wanted: Expected, scene: _Scene) -> str | None:
        """Why it may be right that a step is CACHED which had to run; None when nothing excuses it."""
        if scene.bound.logged.imports_cache:
            return "the cache was imported: another machine may have built this state before"
        before = list(predecessors(scene.subject, one.step))
        if excused := [scene.excused[index] for index in before if index in scene.excused]:
            return excused[0]
        if not scene.right.isdisjoint(before):
            return f"{one.label} is CACHED, and so is what it starts from: another build may have had the same steps"
        if not wanted.own and scene.stale.isdisjoint(before):
            return f"{one.label} is CACHED, though steps above it ran"
        key = id(scene.subject), one.step.index
        if key not in self._earlier:
            self._earlier[key] = self.expectations.earlier(scene.subject, one.step, wanted.files)
        earlier = self._earlier[key]
        if earlier:
            return f"{one.label} reads what it read in {earlier}: the result may be from a build of that commit"
        return None

    def _done_before(self, bound: BoundBuild) -> frozenset[int]:
        """The steps that ran in this log, in an earlier build or for another service at the same time.

        An earlier build that is not known, but has a step of that label which may say the same, may have run it.
        """
        session = bound.logged.session
        while self._at < len(self._bound) and self._bound[self._at].logged.session < session:
            self._remember(self._bound[self._at])
            self._at += 1
        guessed = self._guessed(bound)
        beside = itertools.takewhile(lambda one: one.logged.session == session, self._bound[self._at :])
        return frozenset(self._ran.union(guessed, *(_ran(one) for one in beside if one is not bound)))

    def _guessed(self, bound: BoundBuild) -> set[int]:
        shown: dict[str, list[LoggedStep]] = {}
        for printed in self._foreign:
            shown.setdefault(shown_label(bound.logged, printed.label), []).append(printed)
        return {
            bound.numbers[one.step.index]
            for one in bound.steps
            if any(says(printed, one.step.instruction) for printed in shown.get(one.label, ()))
        }

    def _remember(self, bound: BoundBuild) -> None:
        self._ran.update(_ran(bound))
        if bound.subject is None:
            steps = (one for one in bound.logged.steps if one.status is Status.RAN)
            self._foreign.update(one._replace(label=one.label._replace(service=None)) for one in steps)


def _unclear(one: BoundStep) -> str | None:
    """Why the log does not say whether a step ran that had to."""
    if one.is_split:
        return f"{one.label} ran for one platform and is CACHED for another"
    return f"the log does not show {one.label}, which had to run" if one.status is Status.NOT_PRINTED else None


def _is_right(one: BoundStep, wanted: Expected, scene: _Scene) -> bool:
    """Whether a step that is CACHED can be nothing but what its Dockerfile says now, and reads no changed file."""
    is_new = one.is_new and wanted.own and not wanted.reads
    return is_new and not any(
        index in scene.stale or index in scene.excused for index in predecessors(scene.subject, one.step)
    )


def _ran(bound: BoundBuild) -> set[int]:
    """The steps that left a result: one that failed did not, and what is CACHED later comes from elsewhere."""
    return {bound.numbers[one.step.index] for one in bound.steps if one.status is Status.RAN and not one.merged}
