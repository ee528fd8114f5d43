"""Puts the files of a project together: documents over each other, each with what it includes and extends."""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from cachelint.compose.document import Document
from cachelint.compose.draft import Draft, Model, Place, canonical, remove
from cachelint.compose.env_file import EnvFileError, parse_env_file, read_env_file
from cachelint.compose.env_files import moved_env_files
from cachelint.compose.environment import with_bare
from cachelint.compose.keys import has_unknown, unknown_keys, wrong_at_top
from cachelint.compose.merge import merge_service
from cachelint.compose.required import demands
from cachelint.compose.tree import ComposeError, Fields, Leaf, Link, refuse, size
from cachelint.compose.variables import Variables
from cachelint.documents.compose import NotComposeError
from cachelint.documents.yaml import Mapping, YamlError
from cachelint.source import SourceError, SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.compose.tree import Origin
    from cachelint.documents.compose import ComposeFile


_KEYS = frozenset(("build", "image", "pull_policy", "volumes", "profiles", "extends", "provider"))
_MORE = frozenset(("environment", "env_file", "networks", "depends_on"))
MAX_COPIED = 1_000_000
"""Values that all ``extends`` of a project together may copy: the bound that chains of large services meet."""

MAX_KEYS = 100
"""Unknown keys of a project that are named: each is compared with those that Compose knows."""

MAX_FILES = 1_000
"""More than this are not read for one project, so that a chain of includes ends."""


class Files(Protocol):
    """Where files come from."""

    def compose(self, path: str) -> ComposeFile:
        """A parsed file. Raises `SourceError`, `YamlError` or `NotComposeError`."""

    def source(self, path: str) -> SourceFile:
        """The text of a file. Raises `SourceError`."""

    def contains(self, path: str) -> bool:
        """Whether a file may be read."""


class Loader:
    """Loads projects. `errors` are what Compose refuses, `notes` what is not followed; neither ends the loading.

    `keys` are those of a service that are read. `busy` is the way through the services (document, name) that extend
    each other, over all files.
    """

    def __init__(self, files: Files, *, with_environment: bool = False) -> None:
        self._files = files
        self.keys = _KEYS | _MORE if with_environment else _KEYS
        self.busy: dict[tuple[int, str], Link] = {}
        self.errors: list[ComposeError] = []
        self.notes: list[ComposeError] = []
        self._copies_left = MAX_COPIED
        self._keys_left = MAX_KEYS
        self._files_left = MAX_FILES
        self._extended: dict[tuple[str, int], Extended] = {}
        self._readable: dict[str, bool] = {}

    def load(self, paths: Iterable[str], place: Place) -> Model:
        """The files laid over each other, the last on top."""
        model = Model({}, {}, {}, {})
        for path in paths:
            if self._is_too_many(place):
                break
            try:
                file = self.open(path)
            except (SourceError, YamlError) as error:
                self.errors.append(self._unreadable(path, error, place))
                continue
            model.paths[path] = None
            for root in file.yaml.documents:
                if isinstance(root, Mapping):
                    self._add(model, Document(self, file, root, place))
        for name, draft in model.services.items():
            model.services[name] = self._placed(draft, place)
        return model

    def _is_too_many(self, place: Place) -> bool:
        """Account for a file that is read; two names of one file in a chain of includes double it at each step."""
        self._files_left -= 1
        if self._files_left == -1 and place.chain:
            link, *chain = place.chain
            error = ComposeError(f"more than {MAX_FILES:,} files are included", (link.source, link.span), tuple(chain))
            self.errors.append(error)
        return self._files_left < 0

    def _placed(self, draft: Draft, place: Place) -> Draft:
        """A service with what the place of its files decides, whoever includes them."""
        try:
            fields = moved_env_files(_with_context(draft.fields, place.directory), place.directory)
            fields = with_bare(fields, place.variables)
        except ComposeError as error:
            self.errors.append(error)
            return draft._replace(broken=True)
        return draft if fields is draft.fields else draft._replace(fields=fields)

    def open(self, path: str) -> ComposeFile:
        """A file, even one without services. Raises `SourceError` or `YamlError`."""
        try:
            return self._files.compose(path)
        except NotComposeError as error:
            return error.file

    def extended(self, path: str, place: Place) -> Extended:
        """A file that services of another one extend, with its own directory. Raises `SourceError` or `YamlError`."""
        key = path, id(place.variables)
        if key not in self._extended:
            self._extended[key] = Extended(self, self.open(path), place)
        return self._extended[key]

    def _unreadable(self, path: str, error: SourceError | YamlError, place: Place) -> ComposeError:
        """The error at what asks for the file; in the file itself when nobody does."""
        if place.chain:
            link, *chain = place.chain
            message = f"{os.path.basename(path)} cannot be read: {error}"
            return ComposeError(message, (link.source, link.span), tuple(chain))
        if isinstance(error, YamlError):
            return ComposeError(str(error), (self._files.source(path), error.span))
        return ComposeError(f"{os.path.basename(path)} cannot be read: {error}", (SourceFile(path, ""), Span(0, 0)))

    def may_read(self, path: str) -> bool:
        """Whether a file belongs to the repository."""
        if path not in self._readable:
            self._readable[path] = self._files.contains(path)
        return self._readable[path]

    def _add(self, model: Model, document: Document) -> None:
        read = document.load()
        for path in document.reader.removed:
            remove(model.services, path)
        for name, draft in read.services.items():
            known = model.services.get(name)
            merged = self.laid_over(known, draft) if known else draft
            model.services[name] = self.canonical(merged, document.directory)
        model.volumes.update(read.volumes)
        model.networks.update(read.networks)
        model.paths.update(read.paths)

    def laid_over(self, base: Draft, over: Draft) -> Draft:
        """A service over the same service of another file, or over the one that it extends."""
        layers, extends = (*base.layers, *over.layers), (*over.extends, *base.extends)
        try:
            fields = merge_service(base.fields, over.fields)
        except ComposeError as error:
            self.errors.append(error)
            return Draft(over.fields, layers, extends, broken=True)
        return Draft(fields, layers, extends, base.broken or over.broken)

    def refuse_top(self, file: ComposeFile, root: Mapping) -> None:
        """Take over what is wrong with a document as a whole, as much as anybody reads."""
        taken = list(islice(wrong_at_top(file, root), self._keys_left))
        self._keys_left -= len(taken)
        self.errors += taken

    def refuse_keys(self, file: ComposeFile, service: Mapping) -> None:
        """Take over what is wrong with the keys of a service, as much as anybody reads."""
        if has_unknown(service):
            taken = list(islice(unknown_keys(file, service), self._keys_left))
            self._keys_left -= len(taken)
            self.errors += taken

    def demands(self, paths: Iterable[str], variables: Variables) -> Iterator[ComposeError]:
        """What Compose refuses of files where nothing else sets a variable."""
        for path in paths:
            with suppress(SourceError, YamlError):
                yield from demands(self.open(path), variables)

    def copy(self, fields: Fields, link: Link) -> None:
        """Account for a service that is copied because it is extended. Raises `ComposeError`."""
        self._copies_left -= size(fields)
        if self._copies_left < 0:
            raise ComposeError(
                f"services that extend others make more than {MAX_COPIED:,} values", (link.source, link.span)
            )

    def canonical(self, draft: Draft, directory: str) -> Draft:
        """A service in its long form, its paths relative to a directory made absolute."""
        try:
            fields = canonical(draft.fields, directory)
        except ComposeError as error:
            self.errors.append(error)
            return draft._replace(fields=Fields({}, draft.fields.origin), broken=True)
        return draft if fields is draft.fields else draft._replace(fields=fields)

    def variables_of(self, paths: Iterable[str], outer: Variables, asking: Origin | None) -> Variables:
        """The environment with that of some files behind it."""
        found: dict[str, str | None] = {}
        for path in paths:
            try:
                source = self._files.source(path)
                read = parse_env_file(source.text, outer, found)
            except SourceError as error:
                if asking:  # as a rule it holds secrets and is on the deploying machine alone
                    message = f"the environment file {os.path.basename(path)} cannot be read: {error}"
                    self.errors.append(refuse(asking, message, is_partial=True))
            except EnvFileError as error:
                chain = (Link("read here", asking.source, asking.span),) if asking else ()
                self.errors.append(ComposeError(str(error), (source, source.line_span(error.line)), chain))
            else:
                found |= read
        return outer.with_defaults(found)

    def refused_value(self, path: str, name: str, why: str) -> ComposeError:
        """The error about what a readable environment file says about a variable."""
        source = self._files.source(path)
        written = read_env_file(source.text, Variables({}))[name]
        return ComposeError(f"`{name}` {why}", (source, written.span))


class Extended:
    """A file whose services are extended: what it includes does not count."""

    def __init__(self, loader: Loader, file: ComposeFile, place: Place) -> None:
        self._directory = os.path.dirname(file.source.path)
        self._asking = place.directory
        own = Place(self._directory, place.variables)
        roots = (root for root in file.yaml.documents if isinstance(root, Mapping))
        self._documents = [Document(loader, file, root, own) for root in roots]
        self._loader = loader
        self._found: dict[str, Draft | None] = {}

    def service(self, name: str) -> Draft | None:
        """A service of the file; one that many others extend is put together once for them all."""
        if name not in self._found:
            self._found[name] = self._service(name)
        return self._found[name]

    def _service(self, name: str) -> Draft | None:
        drafts = [draft for one in self._documents if (draft := one.service(name))]
        if not drafts:
            return None
        draft = self._loader.canonical(functools.reduce(self._loader.laid_over, drafts), self._directory)
        return draft._replace(fields=moved_env_files(draft.fields, self._directory, self._asking))


def _with_context(service: Fields, directory: str) -> Fields:
    """The directory of the project is the context that a build has without naming one."""
    build = service.entries.get("build")
    if not isinstance(build, Fields) or "context" in build.entries:
        return service
    entries = {**build.entries, "context": Leaf(directory, ".", True, True, build.origin)}
    return service._replace(entries={**service.entries, "build": build._replace(entries=entries)})
