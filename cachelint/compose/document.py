"""One document of a Compose file: its services with what they extend, and those of the files that it includes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.draft import Draft, Layer, Model, Place, remove
from cachelint.compose.include import inclusions
from cachelint.compose.paths import is_remote_file, join
from cachelint.compose.reader import RESET, Reader
from cachelint.compose.tree import ComposeError, Fields, Leaf, Link, Value, linked, refuse
from cachelint.documents.compose import services_node
from cachelint.documents.yaml import Mapping, YamlError, deref
from cachelint.source import SourceError

if TYPE_CHECKING:
    from cachelint.compose.include import Inclusion
    from cachelint.compose.loader import Loader
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.yaml import Entry

MAX_CHAIN = 50
"""Services that extend each other, or files that include each other: recursion follows them so far."""


class Document:
    """Reads the services of one document on demand."""

    def __init__(self, loader: Loader, file: ComposeFile, root: Mapping, place: Place) -> None:
        self.reader = Reader(file, place.variables)
        self._loader = loader
        self._file = file
        self._root = root
        self._place = place
        self._drafts: dict[str, Draft | None] = {}
        self._included = Model({}, {}, {}, {})
        self._services = self._services_of(root)
        self._as_written = {(one.name, id(one.node)): one for one in file.services}
        loader.errors += self.reader.refused(root)

    @property
    def directory(self) -> str:
        """What its paths are relative to."""
        return self._place.directory

    def load(self) -> Model:
        """All that the document says."""
        self._loader.refuse_top(self._file, self._root)
        if "include" in self._root.merged:
            self._include()
        names = dict.fromkeys((*self._included.services, *(self._services.merged if self._services else ())))
        drafts = {name: draft for name in names if (draft := self.service(name))}
        volumes = self._included.volumes | self._declared("volumes")
        networks = self._included.networks | self._declared("networks")
        return Model(drafts, volumes, networks, self._included.paths)

    def _declared(self, key: str) -> dict[str, None]:
        """The names below a key at the top."""
        entry = self._root.merged.get(key)
        target = deref(entry.value) if entry else None
        return dict.fromkeys(target.merged) if isinstance(target, Mapping) else {}

    def service(self, name: str) -> Draft | None:
        """A service with what it extends; None for one that is not there."""
        if name not in self._drafts:
            draft = self._own(name)
            self._drafts[name] = self._with_base(name, draft) if draft else None
        return self._drafts[name]

    def _own(self, name: str) -> Draft | None:
        """A service as it is written, over the one of that name that is included."""
        entry = self._services.merged.get(name) if self._services else None
        included = self._included.services.get(name)
        draft = self._written(name, entry) if entry else None
        if not draft or not included:
            return draft or included
        below = {name: included}
        for path in self.reader.removed:
            remove(below, path)
        return self._loader.laid_over(below[name], draft) if name in below else draft

    def _written(self, name: str, entry: Entry) -> Draft | None:
        assert self._services
        node, chain = self.reader.follow(self._services, entry, self._place.chain)
        path = ("services", name)
        if self.reader.is_removed(node, path):
            return None
        if not isinstance(node, Mapping):
            if node.tag != RESET:
                self._loader.errors.append(
                    ComposeError(f"services.{name} must be a mapping", (self._file.source, entry.key.span), chain)
                )
            return None
        if "services" in self._root.merged:
            self._loader.refuse_keys(self._file, node)
        origin = self.reader.origin(entry, chain)
        layers = (Layer(self._file, self._as_written[name, id(node)]),)
        try:
            is_borrowed = node is not entry.value or self.reader.is_merged(self._services, entry)
            fields = Fields(self.reader.fields(node, path, chain, self._loader.keys, is_borrowed=is_borrowed), origin)
            return Draft(fields, layers)
        except ComposeError as error:
            self._loader.errors.append(error)
            return Draft(Fields({}, origin), layers, broken=True)

    def _with_base(self, name: str, draft: Draft) -> Draft:
        extends = draft.fields.entries.get("extends")
        if extends is None:
            return draft
        own = {key: value for key, value in draft.fields.entries.items() if key != "extends"}
        draft = draft._replace(fields=draft.fields._replace(entries=own))
        try:
            return self._over_base(name, draft, extends)
        except ComposeError as error:
            self._loader.errors.append(error)
            return draft._replace(broken=True)

    def _over_base(self, name: str, draft: Draft, extends: Value) -> Draft:
        wanted, file = _extended(extends)
        link = Link(f"`{name}` extends `{wanted}`", extends.origin.source, extends.origin.span)
        busy, key = self._loader.busy, (id(self), name)
        if key in busy or len(busy) > MAX_CHAIN:
            what = "goes round in a circle" if key in busy else f"is more than {MAX_CHAIN} services long"
            raise ComposeError(f"`extends` {what}", (link.source, link.span), tuple(busy.values()))
        busy[key] = link
        try:
            base, path = self._base(wanted, file, extends)
        finally:
            del busy[key]
        if base is None:
            return draft._replace(broken=True)
        self._loader.copy(base.fields, link)
        below = {name: base._replace(fields=_linked(base.fields, link))}
        for removed in self.reader.removed:
            remove(below, removed)
        merged = self._loader.laid_over(below[name], draft) if name in below else draft
        return merged._replace(extends=((path, wanted), *merged.extends))

    def _base(self, wanted: str, file: Leaf | None, extends: Value) -> tuple[Draft | None, str]:
        """The service that another one extends, and its file; None when that file is not followed."""
        if file is None:
            base = self.service(wanted)
            if base is None:
                raise refuse(extends.origin, f"the service `{wanted}` that it extends is not in this file")
            return base, self._file.source.path
        path = self._followed(file)
        if path is None:
            return None, ""
        try:
            extended = self._loader.extended(path, self._place)
        except (SourceError, YamlError) as error:
            raise refuse(file.origin, f"{file.text} cannot be read: {error}") from error
        base = extended.service(wanted)
        if base is None:
            raise refuse(extends.origin, f"the service `{wanted}` that it extends is not in {file.text}")
        return base, path

    def _followed(self, file: Leaf) -> str | None:
        """The path of a file that is asked for; None, with a note, for one that is not read."""
        reason = None
        path = join(self._place.directory, file.text or "")
        if not file.known:
            reason = "is known only where it is deployed"
        elif is_remote_file(file.text or ""):
            reason = "is remote"
        elif not self._loader.may_read(path):
            reason = "is outside the repository"
        if reason is None:
            return path
        self._loader.notes.append(refuse(file.origin, f"not followed: {file.written} {reason}"))
        return None

    def _services_of(self, root: Mapping) -> Mapping | None:
        node = services_node(root)
        target = deref(node) if node else None
        if not isinstance(target, Mapping) or (target.tag and self.reader.is_removed(target, ("services",))):
            return None
        return target

    def _include(self) -> None:
        try:
            asked = list(inclusions(self.reader, self._root, self._place.chain))
        except ComposeError as error:
            self._loader.errors.append(error)
            return
        for one in asked:
            try:
                self._include_one(one)
            except ComposeError as error:
                self._loader.errors.append(error)

    def _include_one(self, asked: Inclusion) -> None:
        found = [self._followed(file) for file in asked.files]
        paths = [path for path in found if path]
        if not paths or found[0] is None:
            return
        including = (*self._place.including, self._file.source.path)
        link = Link("included here", asked.origin.source, asked.origin.span)
        chain = (link, *asked.origin.chain)
        if paths[0] in including or len(including) > MAX_CHAIN:
            raise ComposeError("`include` goes round in a circle", (link.source, link.span), self._place.chain)
        directory = os.path.dirname(paths[0])
        if asked.directory is not None:
            directory = join(self._place.directory, asked.directory)
        variables = self._loader.variables_of(
            self._env_files(asked, directory), self._place.variables, asked.origin if asked.env_files else None
        )
        if asked.directory is not None and not os.path.isabs(asked.directory) and not os.path.isdir(directory):
            directory = os.path.dirname(directory)  # as Compose does with what may be a file (loader.go, Dir)
        read = self._loader.load(paths, Place(directory, variables, chain, including))
        self._included.services.update(read.services)
        self._included.volumes.update(read.volumes)
        self._included.networks.update(read.networks)
        self._included.paths.update(read.paths)

    def _env_files(self, asked: Inclusion, directory: str) -> list[str]:
        if asked.env_files:
            return [join(self._place.directory, one) for one in asked.env_files if one != "/dev/null"]
        default = os.path.join(directory, ".env")
        return [default] if os.path.isfile(default) else []


def _linked(fields: Fields, link: Link) -> Fields:
    value = linked(fields, link)
    assert isinstance(value, Fields)
    return value


def _extended(extends: Value) -> tuple[str, Leaf | None]:
    """Service and file that an ``extends`` names. Raises `ComposeError`."""
    service: Value | None = extends
    file: Value | None = None
    if isinstance(extends, Fields):
        service, file = extends.entries.get("service"), extends.entries.get("file")
    if not isinstance(service, Leaf) or not service.text or not service.is_string:
        raise refuse(extends.origin, "`extends` must name a service")
    if not service.known:
        raise refuse(extends.origin, f"{service.written} is known only where it is deployed", is_partial=True)
    if file is None or (isinstance(file, Leaf) and file.text is None):
        return service.text, None
    if not isinstance(file, Leaf):
        raise refuse(file.origin, "`file` must be text")
    return service.text, file
