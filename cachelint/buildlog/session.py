"""One run of a builder: its vertices as the log names them, and the builds that they make up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildlog.record import Label, LoggedBuild, LoggedStep, Scheme, Status
from cachelint.messages import InputError
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

MAX_VERTICES = 20_000
"""More than any build has; a log that claims more is refused, so that memory stays bounded."""

_SERVICE = regex(r"\[([^\s\[\]/]+) (?:[^\s\[\]]+/\S+ )?internal\]")
_EXPORT = regex(r"(?:\[([^\s\[\]]+)\] )?exporting (?:to|cache)")
_IMPORT = regex(r"(?:\[[^\[\]]*\] )?importing cache manifest")
_OF_SERVICE = regex(r"\[(?!(?:internal|auth)\](?! exporting (?:to|cache)))([^\s\[\]]+)[\s\]]")
"""``[internal] …`` and ``[auth] …`` are the client's own, as long as more does not show that a service is called so."""

_CONTEXT = regex(r"\[(?:([^\s\[\]]+) )?context ([^\s\[\]]+)\] (?:OCI )?load from client")
_MAX_NAMES = 50


class Session:
    """Collects what a run of a builder prints. `line` is where it starts.

    A vertex that is printed under two names (two services share it) is kept under both.
    """

    def __init__(self, scheme: Scheme, line: int) -> None:
        self.scheme = scheme
        self.line = line
        self.commit: str | None = None
        self.checked_out: str | None = None
        self.failed = False
        self.finished = False
        self.contradicts = False
        self.cut_before = False
        self.proves_ends = True
        """Whether a vertex that ran is known to have come to its end: a terminal shows it like one at work."""
        self.cuts_names = False
        """Whether a name is printed as far as there is room for it."""
        self.broken_names: set[str] = set()
        """Those that go on in another line, where an expanded value has a line break."""
        self._vertices: dict[tuple[Hashable, str], Status | None] = {}
        self._images: dict[str | None, list[str]] = {}

    def put(self, key: Hashable, name: str, status: Status | None) -> None:
        """A vertex is at work (None), or came to its end. Raises `InputError` when there are too many."""
        if status is Status.ERROR:
            self.failed = True
        if (key, name) not in self._vertices and len(self._vertices) >= MAX_VERTICES:
            raise InputError(f"a build with more than {MAX_VERTICES} steps starts at line {self.line}")
        self._vertices[key, name] = status

    def drop(self, key: Hashable, name: str) -> None:
        """Forget a vertex: a program made it up."""
        self._vertices.pop((key, name), None)

    def name_image(self, vertex: str, image: str) -> None:
        """An exporting vertex gives the result a name."""
        found = _EXPORT.match(vertex)
        if found:
            names = self._images.setdefault(found[1], [])
            if len(names) < _MAX_NAMES and image not in names:
                names.append(image)

    @property
    def has_steps(self) -> bool:
        """Whether a numbered step was seen."""
        return any(Label.parse(name, prefixed=False) for _, name in self._vertices)

    @property
    def has_export(self) -> bool:
        """Whether a result was written."""
        return any(_EXPORT.match(name) and status is Status.RAN for (_, name), status in self._vertices.items())

    @property
    def is_mixed(self) -> bool:
        """Whether these cannot be the steps of one build.

        No stage has a name with a space in it, and only a Dockerfile of a single stage leaves it without a name.
        Services share steps, under the name of either. Source: moby/buildkit, frontend/dockerfile/dockerfile2llb/.
        """
        if self._services():
            return False
        parsed = (Label.parse(name, prefixed=False) for _, name in self._vertices)
        stages = {found[0].stage for found in parsed if found}
        return ("" in stages and len(stages) > 1) or any(" " in stage for stage in stages)

    def is_new_start(self, name: str) -> bool:
        """Whether a vertex of this name is the first of another session: its build has got further already."""
        if "load local bake definitions" in name:
            return self.has_steps
        if "load build definition" not in name or all(one != name for _, one in self._vertices):
            return False
        service = _SERVICE.match(name)
        parsed = (Label.parse(one, prefixed=bool(service)) for _, one in self._vertices)
        return any(one and (service is None or one[0].service == service[1]) for one in parsed)

    def builds(self, number: int) -> Iterator[LoggedBuild]:
        """The builds of the session, in the order in which they showed first."""
        services = self._services()
        for service in services or (None,):
            steps = tuple(self._steps(service, prefixed=bool(services)))
            if not steps and not services and not self.failed:
                continue
            exported = self._is_exported(service)
            yield LoggedBuild(
                number,
                self.scheme,
                service,
                steps,
                self.line,
                self.failed and not exported,
                self.failed or self.finished or (exported and self.proves_ends),
                tuple(self._images.get(service, ())),
                any(status is Status.RAN and _IMPORT.match(name) for (_, name), status in self._vertices.items()),
                self._contexts(service),
                self.commit,
                self.checked_out,
            )

    def _contexts(self, service: str | None) -> tuple[str, ...]:
        found = (_CONTEXT.match(name) for _, name in self._vertices)
        return tuple(sorted({one[2] for one in found if one and one[1] == service}))

    def _services(self) -> list[str]:
        """The services (or targets) that the vertices are of; none where only one thing is built."""
        if not any(_SERVICE.match(name) for _, name in self._vertices):
            return []
        named = (_OF_SERVICE.match(name) for _, name in self._vertices)
        return list(dict.fromkeys(one[1] for one in named if one))

    def _is_exported(self, service: str | None) -> bool:
        found = (_EXPORT.match(name) for (_, name), status in self._vertices.items() if status is Status.RAN)
        done = {one[1] for one in found if one}
        return service in done or (any(len(self._images.get(one, ())) > 1 for one in done) and self._is_over(service))

    def _is_over(self, service: str | None) -> bool:
        """Whether a last step and all that began has ended: two exports in one go are printed under one name."""
        parsed = ((Label.parse(name, prefixed=True), status) for (_, name), status in self._vertices.items())
        own = [(one[0], status) for one, status in parsed if one and one[0].service == service]
        return all(status for _, status in own) and any(label.number == label.total for label, _ in own)

    def _steps(self, service: str | None, *, prefixed: bool) -> Iterator[LoggedStep]:
        found: dict[Label, LoggedStep] = {}
        ends = {key: status for (key, _), status in self._vertices.items() if status}
        for (key, name), status in self._vertices.items():
            parsed = Label.parse(name, prefixed=prefixed)
            if parsed and parsed[0].service == service:
                label, text = parsed
                cut = self.cuts_names or name in self.broken_names
                step = LoggedStep(label, text, status or ends.get(key, Status.NOT_PRINTED), cut)
                found[label] = self._merged(found.get(label), step)
        yield from found.values()

    def _merged(self, known: LoggedStep | None, step: LoggedStep) -> LoggedStep:
        """Two vertices of one name: ADD of an address is a download, which always runs, and the copy of its result."""
        if known is None or known.status is step.status:
            return step
        if step.text.startswith("ADD"):
            return known if known.status is not Status.RAN else step
        known_to_end = all(one.twice or one.status in (Status.RAN, Status.CACHED) for one in (known, step))
        return step._replace(status=Status.NOT_PRINTED, twice=known_to_end and known.text == step.text)
