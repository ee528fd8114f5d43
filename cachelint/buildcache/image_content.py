"""What a built image holds at a path, as far as the steps of its last stage say it."""

from __future__ import annotations

import os
from posixpath import basename, join, normpath, relpath
from typing import TYPE_CHECKING

from cachelint.buildcache.outputs import OUTPUTS, builds
from cachelint.buildcache.steps import Origin
from cachelint.documents.globs import has_wildcard
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.steps import Graph, Source, Step
    from cachelint.documents.dockerfile import Instruction

_NO_CODE = (
    ".conf .cnf .cfg .ini .yml .yaml .json .toml .env .sql .xml .properties .list .repo .md .txt .crt .pem .key .gpg"
).split()


class Content(NamedTuple):
    """What a step put at a path: ``the code`` or ``the build output``."""

    step: Step
    what: str


def image_steps(graph: Graph) -> list[Step]:
    """The steps that the image is made of, the last one first; those of the stages it is built on included."""
    found: list[Step] = []
    at = graph.stages[graph.target].end
    while at is not None:
        found.append(graph.steps[at])
        at = graph.steps[at].above
    return found


def image_instructions(graph: Graph) -> Iterator[Instruction]:
    """The instructions of the target stage and of the stages that it is built on."""
    at: int | None = graph.target
    while at is not None:
        yield from graph.stages[at].stage.instructions
        at = graph.stages[at].base_stage


def working_directory(steps: list[Step]) -> str | None:
    """Where the image starts, when a WORKDIR says so."""
    return next((one.target for one in steps if one.keyword == "WORKDIR"), None)


def content_at(steps: list[Step], path: str, context: str | None) -> Content | None:
    """The last step that put code or build output at `path`, below it, or, where that is known, around it.

    `steps` are those of `image_steps`; `context` is the directory of the build context.
    """
    directory = working_directory(steps)
    for step in steps:
        if step.keyword in {"COPY", "ADD"} and step.target is not None:
            found = next(_copied(step, step.target, path, context), None)
            if found:
                return Content(step, found)
        elif builds(step.instruction) and basename(path) in OUTPUTS and directory and is_below(path, directory):
            return Content(step, "the build output")
    return None


def _copied(step: Step, target: str, path: str, context: str | None) -> Iterator[str]:
    for source in step.sources:
        for name in source.paths:
            landed = _landing(name, target, context if source.origin is Origin.CONTEXT else None)
            if is_below(landed, path):
                if not _is_configuration(name):
                    yield "the code" if source.origin is Origin.CONTEXT else "the build output"
            elif is_below(path, landed):
                yield from _inside(source, name, relpath(path, landed), context)


def _landing(name: str, target: str, context: str | None) -> str:
    """Where a source arrives: a file in a directory keeps its name."""
    is_file = os.path.isfile(os.path.join(context, name)) if context else "." in basename(name.rstrip("/"))[1:]
    return join(target, basename(name)) if is_file and target.endswith("/") else normpath(target)


def _inside(source: Source, name: str, below: str, context: str | None) -> Iterator[str]:
    """What a copied directory holds at the path `below` it."""
    if source.origin is not Origin.CONTEXT:
        if basename(below) in OUTPUTS:
            yield "the build output"
    elif context and not has_wildcard(name) and _holds_code(os.path.join(context, name.lstrip("/"), below)):
        yield "the code"


def _holds_code(directory: str) -> bool:
    """Whether a directory of the context holds more than placeholders and settings."""
    try:
        names = os.listdir(directory)
    except OSError:
        return False
    return any(not name.startswith((".", "README")) and not _is_configuration(name) for name in names)


def _is_configuration(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _NO_CODE


def is_below(path: str, directory: str) -> bool:
    """Whether an absolute path is `directory` or inside of it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
