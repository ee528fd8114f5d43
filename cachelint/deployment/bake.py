"""The files that ``docker buildx bake`` reads, and the builds that its JSON asks for. HCL is not read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.deployment.actions import BAKE
from cachelint.deployment.commands import is_known
from cachelint.deployment.request import ArgText, BuildRequest, Text
from cachelint.documents.bake import read_bake
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.deployment.model import DockerCall
    from cachelint.documents.bake import BakeTarget
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.documents.yaml import Scalar
    from cachelint.source import SourceFile
    from cachelint.workspace import Workspace

VERB = "buildx bake"

# In the order in which buildx looks for them (docker/buildx, bake/bake.go, defaultFilenames).
_NAMES = (
    *("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"),
    *("docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"),
)


def bake_files(workspace: Workspace, docker: DockerCommand, directories: Iterable[str]) -> tuple[str, ...]:
    """The files (absolute) that a command reads which runs in one of these directories; none where not certain."""
    given = [one for one in (*docker.globals, *docker.options) if one.name == "--file"]
    if docker.verb != VERB or docker.doubt or not all(is_known(one.word) for one in given):
        return ()
    names = [one.value or "" for one in given]
    found = {files for files in (_in(workspace, one, names) for one in directories) if files}
    return found.pop() if len(found) == 1 else ()


def _in(workspace: Workspace, directory: str, names: list[str]) -> tuple[str, ...]:
    paths = [os.path.normpath(os.path.join(directory, name)) for name in names or _NAMES]
    there = [workspace.tree.name_of(path) for path in paths if os.path.isfile(path)]
    return tuple(there) if not names or len(there) == len(names) else ()


def hcl_files(workspace: Workspace, call: DockerCall) -> tuple[str, ...]:
    """The files of HCL (absolute) that a call of bake reads, as far as they are known."""
    if call.directory is None:
        return ()
    if call.action and call.action.step.action == BAKE:
        names = (call.action.step.input("files") or "").replace(",", "\n").split()
        found = _in(workspace, call.directory, [name for name in names if name.endswith(".hcl")])
    else:
        found = bake_files(workspace, call.docker, (call.directory,)) if call.docker else ()
    return tuple(path for path in found if path.endswith(".hcl"))


def requests(
    workspace: Workspace, docker: DockerCommand, files: tuple[str, ...], directories: tuple[str, ...]
) -> Iterator[BuildRequest]:
    """The builds of the selected targets, when a file of JSON is all that is read and nothing is set on top."""
    if len(files) != 1 or not files[0].endswith(".json") or not all(map(is_known, docker.services)):
        return
    try:
        source = workspace.source(files[0])
    except SourceError:
        return
    bake = read_bake(source)
    for target in bake.selected(tuple(word.text for word in docker.services)) if bake else ():
        yield _request(source, target, directories, is_complete=not docker.values("--set"))


def _request(source: SourceFile, target: BakeTarget, starts: tuple[str, ...], *, is_complete: bool) -> BuildRequest:
    fields = target.fields
    context = _text(fields["context"]) if "context" in fields else Text(".", target.place)
    no_cache = fields.get("no-cache")
    return BuildRequest(
        source,
        target.place,
        starts,
        context,
        _text(fields["dockerfile"]) if "dockerfile" in fields else None,
        _text(fields["target"]) if "target" in fields else None,
        tuple(ArgText(name, value.value, value.span, key.span) for name, (key, value) in target.args.items()),
        tuple(map(_text, target.lists.get("cache-from", ()))),
        tuple(map(_text, target.lists.get("cache-to", ()))),
        no_cache=no_cache is not None and no_cache.value == "true",
        complete=is_complete and "contexts" not in fields and "dockerfile-inline" not in fields,
        below_context=True,
        tags=tuple(map(_text, target.lists.get("tags", ()))),
    )


def _text(node: Scalar) -> Text:
    return Text(None if "$" in node.value else node.value, node.span)
