"""Whose steps a build log shows: logged builds bound to the project's by the labels of their steps.

What is printed of the steps proves nothing, but where it is not what the Dockerfile says, it is another's build.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING

from cachelint.buildcache.equal_steps import StepNumbers
from cachelint.buildcache.steps import Builder
from cachelint.buildlog.record import Label, Scheme, Status
from cachelint.judging.shape import FormerRecipes, Shape, fits, fits_among, key_of
from cachelint.plan import relative
from cachelint.plan_builds import find_builds
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cachelint.arguments import Job
    from cachelint.buildcache.steps import Step
    from cachelint.buildlog.record import LoggedBuild
    from cachelint.judging.shape import Key
    from cachelint.plan_builds import Skipped, Subject
    from cachelint.revision import Revision

_BUILDERS = {  # the client writes the log, the engine the labels: a new client may talk to an old engine
    Scheme.BUILDKIT: (Builder.BUILDKIT, Builder.BUILDKIT_20_10),
    Scheme.BUILDKIT_20_10: (Builder.BUILDKIT_20_10, Builder.BUILDKIT),
    Scheme.LEGACY: (Builder.LEGACY,),
    Scheme.BUILDAH: (Builder.BUILDKIT,),
}


NOT_OURS = "no build of the project has these steps"
"""Why a build says nothing about the project."""


class BoundStep(NamedTuple):
    """A step of the project's build, with what the log says of it. `merged`: it was printed as another service's.

    `is_new`: it was printed as its Dockerfile has it now, and had nothing like it at the revision. `is_split`: it ran
    for one platform and was cached for another.
    """

    step: Step
    label: str
    status: Status
    merged: bool = False
    is_new: bool = False
    is_split: bool = False


class BoundBuild(NamedTuple):
    """A logged build and the project's build that it is; `subject` is None, with the reason, where that is not known.

    `numbers` identifies steps across builds: equal ones are the same step to BuildKit. `former` is the project's build
    whose earlier Dockerfile has these steps.
    """

    logged: LoggedBuild
    subject: Subject | None
    name: str | None
    steps: tuple[BoundStep, ...]
    numbers: tuple[int, ...]
    reason: str | None = None
    former: Subject | None = None


class Choice(NamedTuple):
    """The project's build, the service's name, and why there is none: perhaps it is `former`, of earlier files."""

    subject: Subject | None
    name: str | None
    reason: str | None = None
    former: Subject | None = None


class Binder:
    """Binds the builds of a log to those of a job. A deploy may have built the files of the revision `since` again."""

    def __init__(self, job: Job, since: Revision | None) -> None:
        self._job = job
        self._former = FormerRecipes(since)
        self._found: dict[Builder, tuple[Sequence[Subject], Sequence[Skipped]]] = {}
        self._numbers = StepNumbers()
        self._numbered: dict[int, list[int]] = {}
        self._shapes: dict[tuple[int, Scheme], Shape] = {}

    def bind(self, builds: Sequence[LoggedBuild]) -> Iterator[BoundBuild]:
        """The builds in their order."""
        at = 0
        while at < len(builds):
            end = at
            while end < len(builds) and builds[end].session == builds[at].session:
                end += 1
            yield from self._bind_session(builds[at:end])
            at = end

    def subjects_as(self, known: Iterable[Subject | None]) -> Sequence[Subject]:
        """All builds of the job, for the engine that built those that are known; none where none is."""
        builders = [one.graph.builder for one in known if one]
        return self._subjects(builders[0])[0] if builders else ()

    def numbers(self, subject: Subject) -> tuple[int, ...]:
        """What identifies the steps of a build, as in `BoundBuild`."""
        return tuple(self._number(subject))

    def _bind_session(self, builds: Sequence[LoggedBuild]) -> Iterator[BoundBuild]:
        chosen = self._chosen(builds)
        subjects = [one.subject for one in chosen if one.subject]
        shapes = {id(subject): self._shape(subject, builds[0].scheme) for subject in subjects}
        known = self._printed(builds, [(subject, shapes[id(subject)]) for subject in subjects])
        for logged, (subject, name, reason, former) in zip(builds, chosen, strict=True):
            if subject is None:
                yield BoundBuild(logged, None, name, (), (), reason, former)
                continue
            numbers = self._number(subject)
            steps = tuple(_bound_steps(logged, subject, shapes[id(subject)], numbers, known))
            yield BoundBuild(logged, subject, name, steps, tuple(numbers), None)

    def _shape(self, subject: Subject, scheme: Scheme) -> Shape:
        """The steps of a build by the parts of their labels that a log shows; subjects live as long as the binder."""
        key = id(subject), scheme
        if key not in self._shapes:
            self._shapes[key] = Shape(subject, scheme, functools.partial(self._former.of, subject))
        return self._shapes[key]

    def _number(self, subject: Subject) -> list[int]:
        """The same number for equal steps of any builds; subjects live as long as the binder."""
        if id(subject) not in self._numbered:
            args = tuple((arg.name, arg.value) for arg in subject.build.args)
            context = (subject.context.directory, subject.context.ignore_file)
            self._numbered[id(subject)] = self._numbers.of(subject.graph, context, (context, args))
        return self._numbered[id(subject)]

    def _printed(self, builds: Sequence[LoggedBuild], subjects: Sequence[tuple[Subject, Shape]]) -> dict[int, Status]:
        """What the session says of steps by their number, under whichever service's name they are printed.

        A step that several services share is printed once, with the service of one and the stage of another.
        """
        found: dict[int, Status] = {}
        names = [_service_name(subject) for subject, _ in subjects]
        owned = Counter(number for subject, _ in subjects for number in set(self._number(subject)))
        for logged in builds:
            for printed in logged.steps:
                owners = [one for one, name in zip(subjects, names, strict=True) if _is_named(name, logged.service)]
                for subject, shape in [*owners, *subjects]:
                    step = shape.find(printed)
                    if step:
                        number = self._number(subject)[step.index]
                        # each of two services may have it once: what ran for one is cached for the other
                        ran = printed.twice and owned[number] > 1
                        found.setdefault(number, Status.RAN if ran else printed.status)
                        break
        return found

    def _chosen(self, session: Sequence[LoggedBuild]) -> list[Choice]:
        """For each build of a session the project's build, by the labels of whichever engine fits most."""
        tried = [[self._choose(one, session, builder) for one in session] for builder in _BUILDERS[session[0].scheme]]
        return max(tried, key=lambda choices: sum(one.subject is not None for one in choices))

    def _choose(self, logged: LoggedBuild, session: Sequence[LoggedBuild], builder: Builder) -> Choice:
        subjects, skipped = self._subjects(builder)
        if logged.service is not None:
            return self._by_service(logged, session, subjects, skipped)
        fitting = [one for one in subjects if fits(logged, self._shape(one, logged.scheme))]
        if not fitting:
            return self._formerly(logged, subjects)
        named = [one for one in fitting if _is_among(_service_name(one), logged.images)]
        fitting = named or fitting
        first = fitting[0]
        if len(fitting) > 1 and any(self._number(one) != self._number(first) for one in fitting[1:]):
            listed = ", ".join(sorted({_shown_name(one) for one in fitting}))
            return Choice(None, None, f"several builds of the project have these steps: {listed}")
        return Choice(first, _service_name(first))

    def _formerly(self, logged: LoggedBuild, subjects: Iterable[Subject], others: Sequence[Shape] = ()) -> Choice:
        """Why a build is not one of these: as a Dockerfile said before, it may be that of old files."""
        former = next((one for one in subjects if self._was(logged, one, others)), None)
        if former is None:
            return Choice(None, None, NOT_OURS)
        reason = f"its steps are those that {_shown_dockerfile(former)} had at {self._former.name}"
        return Choice(None, logged.service and _service_name(former), reason, former)

    def _was(self, logged: LoggedBuild, subject: Subject, others: Sequence[Shape]) -> bool:
        then = self._former.build(subject)
        if then is None:
            return False
        shape = Shape(then, logged.scheme, tuple)
        return fits_among(logged, shape, others) if logged.service else fits(logged, shape)

    def _by_service(
        self,
        logged: LoggedBuild,
        session: Sequence[LoggedBuild],
        subjects: Sequence[Subject],
        skipped: Sequence[Skipped],
    ) -> Choice:
        name = logged.service
        same = [one for one in subjects if _is_named(_service_name(one), name)]
        if not same:
            reason = next((one.reason for one in skipped if _is_named(one.service, name)), None)
            return Choice(None, name, reason or "it is no service of the project")
        others = [self._shape(one, logged.scheme) for one in subjects]
        fitting = [one for one in same if fits_among(logged, self._shape(one, logged.scheme), others)]
        if len(fitting) != 1:
            reason = "several services have this name" if fitting else "its steps are not those of its Dockerfile"
            before = None if fitting else self._formerly(logged, same, others)
            return before if before and before.former else Choice(None, name, reason)
        return Choice(fitting[0], _service_name(fitting[0]))

    def _subjects(self, builder: Builder) -> tuple[Sequence[Subject], Sequence[Skipped]]:
        if builder not in self._found:
            found = find_builds(self._job, None, builder)
            self._found[builder] = (found.subjects, found.skipped)
        return self._found[builder]


def _bound_steps(
    logged: LoggedBuild,
    subject: Subject,
    shape: Shape,
    numbers: Sequence[int],
    known: Mapping[int, Status],
) -> Iterator[BoundStep]:
    printed: dict[Key, list[Status]] = {}
    new: set[Key] = set()
    for one in logged.steps:
        key = key_of(one.label)
        found = shape.find(one)
        if found:
            printed.setdefault(key, []).append(one.status)
            new.update([key] if shape.is_new(one, found) else ())
    keys = {step.index: key for key, step in shape.steps.items()}
    for step in subject.graph.steps:
        if step.index not in keys:
            continue
        key = keys[step.index]
        each = printed.get(key, [Status.NOT_PRINTED])  # several where there are several platforms
        own = Status.RAN if Status.RAN in each else each[-1]
        status = known.get(numbers[step.index], own) if own is Status.NOT_PRINTED else own
        label = shown_label(logged, Label(None, "", *key))
        is_split = {Status.RAN, Status.CACHED}.issubset(each)
        yield BoundStep(step, label, status, merged=status is not own, is_new=key in new, is_split=is_split)


def shown_label(logged: LoggedBuild, label: Label) -> str:
    """The label of a step as its log shows it."""
    count = f"{label.number}/{label.total}"
    if logged.scheme is Scheme.LEGACY:
        return f"Step {count}"
    if logged.scheme is Scheme.BUILDAH:
        return f"[{label.stage}] STEP {count}"
    return f"[{' '.join(filter(None, (logged.service, label.platform, label.stage, count)))}]"


def _service_name(subject: Subject) -> str | None:
    return subject.build.service.name if subject.build.service else None


def _shown_name(subject: Subject) -> str:
    return _service_name(subject) or _shown_dockerfile(subject)


def _shown_dockerfile(subject: Subject) -> str:
    assert subject.build.dockerfile
    return relative(subject.build.dockerfile.source.path)


def _is_named(service: str | None, printed: str | None) -> bool:
    """Whether a printed name is the service's; bake's targets have no dots."""
    return service is not None and printed in (service, service.replace(".", "_"))


def _is_among(service: str | None, images: Iterable[str]) -> bool:
    """Whether one of the names is that which Compose gives to the service's image."""
    if service is None:
        return False
    names = (image.rpartition("/")[2].partition(":")[0] for image in images)
    return any(name == service or name.endswith((f"-{service}", f"_{service}")) for name in names)
