"""``cachelint log``: what a build log proves about each step, and about the deploy."""

from __future__ import annotations

import itertools
import os
from enum import Enum
from typing import TYPE_CHECKING

from cachelint.buildcache.change import Outcome
from cachelint.buildlog.record import Status
from cachelint.log_blind import blind_spots
from cachelint.log_changes import Expectations, predecessors
from cachelint.log_contexts import agreed, named_contexts, with_contexts
from cachelint.log_left_out import left_out
from cachelint.log_steps import NOT_OURS, Binder, shown_label
from cachelint.log_texts import says
from cachelint.plan import instruction_text, relative
from cachelint.plan_builds import place_of
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.arguments import Job
    from cachelint.buildlog.record import BuildLog, LoggedStep, Prune
    from cachelint.diagnostic import Location
    from cachelint.log_changes import Expected
    from cachelint.log_steps import BoundBuild, BoundStep
    from cachelint.plan_builds import Subject
    from cachelint.revision import Revision


_RAN = (Status.RAN, Status.ERROR)


class Verdict(Enum):
    """About the whole log."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"


class JudgedStep(NamedTuple):
    """One step. `expected` is None where nothing was asked or the step is not the project's.

    `stale`: it had to run for the files that are here, and did not.
    `merged`: printed as a step of another service, which does the very same. `files` are shown paths.
    """

    label: str
    instruction: str
    status: Status
    line: int | None = None
    expected: Outcome | None = None
    cause: str | None = None
    stale: bool = False
    files: tuple[str, ...] = ()
    merged: bool = False


class JudgedBuild(NamedTuple):
    """One build. `origin` and `dockerfile` are None, with the reason, where it is none of the project's.

    `doubts` are reasons for which its freshness is not known.
    """

    service: str | None
    line: int
    failed: bool
    steps: tuple[JudgedStep, ...]
    dockerfile: str | None = None
    origin: Location | None = None
    reason: str | None = None
    doubts: tuple[str, ...] = ()


class Judgement(NamedTuple):
    """The answer. `since` is None when no revision was named: then nothing is judged.

    `doubts` are the reasons for which the verdict is unknown.
    """

    verdict: Verdict
    since: str | None
    commit: str | None
    prunes: tuple[Prune, ...]
    builds: tuple[JudgedBuild, ...]
    doubts: tuple[str, ...]
    blind_spots: tuple[str, ...]


def judge(log: BuildLog, job: Job, since: Revision | None) -> Judgement:
    """What the log says of the job's builds. Raises `InputError`."""
    binder = Binder(job, since)
    bound = list(binder.bind(log.builds))
    if since is None:
        builds = tuple(_described(one) for one in bound)
        return Judgement(Verdict.UNKNOWN, None, log.commit, log.prunes, builds, (), ())
    judged = _Judge(bound, Expectations(since, job.config.commit_arg))
    builds = tuple(judged.builds())
    missing = left_out(bound, binder, judged.expectations)
    doubts = tuple(dict.fromkeys((*judged.doubts(builds, log.commit), *missing)))
    verdict = _verdict(builds, doubts, is_of_here=judged.other_commit(log.commit) is None)
    spots = tuple(blind_spots(bound, judged.expectations, job))
    return Judgement(verdict, since.name, log.commit, log.prunes, builds, doubts, spots)


def _verdict(builds: Iterable[JudgedBuild], doubts: Sequence[str], *, is_of_here: bool) -> Verdict:
    """`is_of_here`: nothing says that other files were built than those by which the steps are judged."""
    if is_of_here and any(step.stale for build in builds for step in build.steps):
        return Verdict.STALE
    return Verdict.UNKNOWN if doubts else Verdict.FRESH


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
        for one in self._bound:
            if one.subject is None:
                yield _described(one)
                continue
            steps, doubts = self._steps(one, one.subject)
            yield _described(one, tuple(steps))._replace(doubts=tuple(dict.fromkeys(doubts)))

    def other_commit(self, announced: str | None) -> str | None:
        """That the log announces another commit than the one whose files are here."""
        head = self.expectations.history.head
        if announced is None or head.startswith(announced):
            return None
        return f"the log announces commit {announced}, but the files here are those of {head[:7]}"

    def doubts(self, builds: Sequence[JudgedBuild], commit: str | None) -> Iterator[str]:
        """Why the log proves nothing, or not enough."""
        if other := self.other_commit(commit):
            yield other
        known = [one for one in builds if one.origin is not None]
        if not known and all(one.reason == NOT_OURS for one in builds):
            yield "the log shows no build of this project"
        for build in known:
            yield from (f"{_name(build)}: {doubt}" for doubt in build.doubts)
        last = {_name(one): one for one in known}
        yield from (f"{name}: its last build failed" for name, one in last.items() if one.failed)
        unknown = (one for one in builds if one.origin is None and one.reason != NOT_OURS)
        yield from (f"{one.service or 'a build'}: {one.reason}" for one in unknown)

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
        if one.status is Status.NOT_PRINTED:
            return plain, f"the log does not show {one.label}, which had to run"
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
            steps = (one for one in bound.logged.steps if one.status in _RAN)
            self._foreign.update(one._replace(label=one.label._replace(service=None)) for one in steps)


def _is_right(one: BoundStep, wanted: Expected, scene: _Scene) -> bool:
    """Whether a step that is CACHED can be nothing but what its Dockerfile says now, and reads no changed file."""
    is_new = one.is_new and wanted.own and not wanted.reads
    return is_new and not any(
        index in scene.stale or index in scene.excused for index in predecessors(scene.subject, one.step)
    )


def _ran(bound: BoundBuild) -> set[int]:
    return {bound.numbers[one.step.index] for one in bound.steps if one.status in _RAN and not one.merged}


def _name(build: JudgedBuild) -> str:
    return build.service or build.dockerfile or os.curdir
