"""What one command asks of the builder, and the `Build` that comes of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.model import Model
from cachelint.context import Context
from cachelint.documents.compose import Arg
from cachelint.documents.dockerfile import DockerfileError
from cachelint.documents.yaml import Scalar
from cachelint.project import REMOTE, Build, BuildArg
from cachelint.record import NamedTuple
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.source import SourceFile, Span
    from cachelint.workspace import Workspace


class Text(NamedTuple):
    """One value of a request; `value` is None when it is given, but known only where the command runs."""

    value: str | None
    span: Span


class ArgText(NamedTuple):
    """One build argument. `name` is None when not even that is known.

    `value` is as a Compose file would say it: with ``$`` in it where it is known only where the command runs, None
    where the environment gives it. `span` is all that is written for it, its option included.
    """

    name: str | None
    value: str | None
    span: Span
    name_span: Span


class BuildRequest(NamedTuple):
    """One build that a command makes.

    `span` is the command's place in `source`. `starts` are the directories (absolute) that its paths may be relative
    to: one where that is certain. `context` is the context as written, None where it is not local or not known;
    `remote` is set for one that the builder fetches itself. `dockerfile` is None when it is not given, and the one in
    the context counts; `below_context` says what its path is relative to otherwise. `complete` is false when more may
    belong to the command. `ephemeral` says whether the machine is made anew for it; None where that is not known.
    `tags` name its image.
    """

    source: SourceFile
    span: Span
    starts: tuple[str, ...]
    context: Text | None
    dockerfile: Text | None = None
    target: Text | None = None
    args: tuple[ArgText, ...] = ()
    cache_from: tuple[Text, ...] = ()
    cache_to: tuple[Text, ...] = ()
    builder: Text | None = None
    no_cache: bool = False
    complete: bool = True
    below_context: bool = False
    ephemeral: bool | None = False
    tags: tuple[Text, ...] = ()

    @property
    def reuses(self) -> bool:
        """Whether a cache from an earlier build can count, for all that is known."""
        return self.ephemeral is False or bool(self.cache_from)

    @property
    def reads_inline_cache(self) -> bool:
        """Whether it reads the cache of an image, which is where inline metadata would be; true where in doubt."""
        values = [one.value for one in self.cache_from]
        return not self.complete or any(
            value is None or "type=" not in value or "type=registry" in value for value in values
        )


class _Place(NamedTuple):
    """Where a request finds its files: absolute paths, None for what is not known or not there."""

    context: str | None
    dockerfile: str | None


def bind(workspace: Workspace, request: BuildRequest) -> Build:
    """The build that a request makes; what is not certain is left out of it."""
    place = _place(workspace, request)
    dockerfile = _read(workspace, place.dockerfile) if place.dockerfile else None
    files = Context(workspace, place.context, place.dockerfile or "") if place.context else None
    args = tuple(_args(request))
    target = request.target.value if request.target else None
    is_known = request.target is None or target is not None
    model = model_of(dockerfile, target, args, files) if dockerfile and is_known else None
    paths = frozenset(filter(None, (request.source.path, place.dockerfile)))
    resolved = request.complete and all(arg.name is not None for arg in request.args)
    return Build(None, None, files, dockerfile, target, args, frozenset(), resolved, paths, model, request)


def model_of(dockerfile: Dockerfile, target: str | None, args: Iterable[BuildArg], context: Context | None) -> Model:
    """What a build with these arguments reuses; a value with a variable in it is known only where it is built."""
    known = {arg.name: None if arg.value is None or "$" in arg.value else arg.value for arg in args}
    return Model(dockerfile, target, known, context.files if context else lambda: None)


def _args(request: BuildRequest) -> Iterator[BuildArg]:
    for arg in request.args:
        if arg.name is not None:
            node = Scalar(arg.span, arg.value or "", "")
            entry = Arg(arg.name, arg.value, node, arg.span, arg.name_span)
            yield BuildArg(arg.name, arg.value, request.source, entry)


def _place(workspace: Workspace, request: BuildRequest) -> _Place:
    """The files of a request, in the one directory where it finds what it names."""
    places = [_in(workspace, start, request) for start in request.starts]
    found = [place for place in dict.fromkeys(places) if place.context and place.dockerfile]
    if len(found) == 1:
        return found[0]
    return places[0] if len(places) == 1 else _Place(None, None)


def _in(workspace: Workspace, start: str, request: BuildRequest) -> _Place:
    context = _context(workspace, start, request)
    given = request.dockerfile
    if given is not None and given.value is None:
        return _Place(context, None)
    base = start if given is not None and not request.below_context else context
    if base is None:
        return _Place(context, None)
    path = os.path.normpath(os.path.join(base, given.value if given and given.value else "Dockerfile"))
    name = workspace.tree.name_of(path)
    return _Place(context, name if os.path.isfile(name) and workspace.contains(name) else None)


def _context(workspace: Workspace, start: str, request: BuildRequest) -> str | None:
    text = request.context.value if request.context else None
    if not text or REMOTE.match(text) or text.startswith("~") or text == "-":
        return None
    path = os.path.normpath(os.path.join(start, text))
    return path if os.path.isdir(path) and workspace.contains(path) else None


def _read(workspace: Workspace, path: str) -> Dockerfile | None:
    try:
        return workspace.dockerfile(path)
    except (SourceError, DockerfileError):
        return None
