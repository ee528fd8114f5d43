"""The environment of a service: what it says itself, over what its environment files say.

As Compose prints it (compose-go, types/project.go): a variable without a value takes the one of the project's
environment, and stays without one where there is none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.env_file import EnvFileError, Written, read_env_file, read_raw
from cachelint.compose.merge import named_values
from cachelint.compose.paths import join
from cachelint.compose.tree import ComposeError, Fields, Items, Leaf, Link, refuse
from cachelint.record import NamedTuple
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.loader import Files
    from cachelint.compose.tree import Value
    from cachelint.compose.variables import Variables
    from cachelint.source import SourceFile, Span

MAX_READ = 20_000_000
"""Characters of environment files that the services of a project read together, those read again included."""

_KEYS = frozenset(("environment", "env_file"))
_TRUE = ("true", "y", "yes", "on")


class EnvValue(NamedTuple):
    """One variable. `text` is None for one without a value, and as written where only the deploying machine knows it.

    `source` and `span` are its place, `chain` the way from there to the service.
    """

    text: str | None
    known: bool
    source: SourceFile
    span: Span
    chain: tuple[Link, ...] = ()


class Environments:
    """The environments of one project's services. `notes` collects environment files that are not here."""

    def __init__(self, files: Files, directory: str, variables: Variables, notes: list[ComposeError]) -> None:
        self._files = files
        self._directory = directory
        self._variables = variables
        self._notes = notes
        self._left = MAX_READ

    def of(self, service: Fields) -> dict[str, EnvValue]:
        """All variables of a service. Raises `ComposeError`."""
        if _KEYS.isdisjoint(service.entries):
            return {}
        own = dict(_own(service, self._variables))
        values = {name: one.text if one.known else None for name, one in own.items() if one.text is not None}
        outer = self._variables.with_defaults(values)
        env_files = service.entries.get("env_file")
        found: dict[str, EnvValue] = {}
        for asked in env_files.values if isinstance(env_files, Items) else ():
            assert isinstance(asked, Fields)
            path = asked.entries.get("path")
            if not isinstance(path, Leaf) or not path.text or not path.is_string:
                raise refuse(asked.origin, "an entry of `env_file` has no path")
            source = self._source(asked, path)
            if source:
                found |= self._read(source, path, _is_raw(asked), outer, found)
            elif not self._variables.complete:  # it may say anything else about what others have said before
                found = {name: one._replace(known=False) for name, one in found.items()}
        return {**found, **own}

    def _source(self, asked: Fields, path: Leaf) -> SourceFile | None:
        """A file; None where it is not here: as a rule it holds secrets and is on the deploying machine alone."""
        if not path.known:
            return None
        try:
            source = self._files.source(join(self._directory, path.text or ""))
        except SourceError as error:
            message = f"the environment file {os.path.basename(path.text or '')} cannot be read: {error}"
            if self._variables.complete and _is_required(asked):
                raise refuse(path.origin, message, is_partial=True) from error
            if not self._variables.complete:
                self._notes.append(refuse(path.origin, message))
            return None
        self._left -= len(source.text)
        if self._left < 0:
            raise refuse(path.origin, f"the environment files of all services have over {MAX_READ:,} characters")
        return source

    def _read(
        self, source: SourceFile, path: Leaf, is_raw: bool, outer: Variables, found: dict[str, EnvValue]
    ) -> dict[str, EnvValue]:
        chain = (Link("read here", path.origin.source, path.origin.span), *path.origin.chain)
        before = {name: one.text if one.known else None for name, one in found.items()}
        try:
            read = read_raw(source.text, outer) if is_raw else read_env_file(source.text, outer, before)
        except EnvFileError as error:
            raise ComposeError(str(error), (source, source.line_span(error.line)), chain) from error
        return {name: _value(name, one, source, chain) for name, one in read.items()}


def _value(name: str, written: Written, source: SourceFile, chain: tuple[Link, ...]) -> EnvValue:
    known = written.value is not None
    return EnvValue(written.value if known else f"${{{name}}}", known, source, written.span, chain)


def _is_required(asked: Fields) -> bool:
    required = asked.entries.get("required")
    return not isinstance(required, Leaf) or (required.text or "").lower() in _TRUE


def _is_raw(asked: Fields) -> bool:
    form = asked.entries.get("format")
    return isinstance(form, Leaf) and form.text == "raw"


def _own(service: Fields, variables: Variables) -> Iterator[tuple[str, EnvValue]]:
    value = service.entries.get("environment")
    for name, leaf in named_values("environment", value) if value is not None else ():
        one = from_outside(name, leaf, variables) if leaf.text is None else leaf
        yield name, EnvValue(one.text, one.known, one.origin.source, one.origin.span, one.origin.chain)


def from_outside(name: str, leaf: Leaf, variables: Variables) -> Leaf:
    """A variable without a value, with that of an environment; without one where nothing can give it."""
    found = variables.known.get(name)
    if found is not None:
        return leaf._replace(text=found, written="", is_string=True)
    if name in variables.known or not variables.complete:
        return leaf._replace(text=f"${{{name}}}", written=f"${{{name}}}", known=False, is_string=True)
    return leaf


def with_bare(service: Fields, variables: Variables) -> Fields:
    """A service whose list of variables has the values of an environment, as far as they are there.

    A mapping stays as it is: Compose asks the environment of an included file for those of a list only.
    """
    value = service.entries.get("environment")
    if not (isinstance(value, Items) or (isinstance(value, Fields) and value.is_list)):
        return service
    entries: dict[str, Value] = {
        name: from_outside(name, leaf, variables) if leaf.text is None and name in variables.known else leaf
        for name, leaf in named_values("environment", value)
    }
    return service._replace(entries={**service.entries, "environment": Fields(entries, value.origin, is_list=True)})
