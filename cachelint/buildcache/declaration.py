"""Declaring an argument where a new value re-runs the right step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.buildcache.argument import place_below_source
from cachelint.buildcache.change import Change, Outcome
from cachelint.buildcache.copies import brings_source
from cachelint.buildcache.installs import installs
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import insert_after, insert_before
from cachelint.documents.run import commands, text_of_run
from cachelint.fix import Applicability, Fix, display_only
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.buildcache.model import Model
    from cachelint.buildcache.steps import Graph
    from cachelint.documents.dockerfile import Dockerfile, Instruction


_DEPENDENCIES = regex(
    r"(?:^|[\s/_-])(?:install|setup|get|fetch)[_-]?dep(?:s|endenc(?:y|ies))|(?:^|\s)deps(?!\S)", re.IGNORECASE
)


def declared_names(instructions: Iterable[Instruction]) -> frozenset[str]:
    """The names that ARG instructions declare, those that ONBUILD holds included."""
    found = (one.trigger or one for one in instructions)
    return frozenset(pair.name for one in found if one.keyword == "ARG" for pair in pairs(one))


def first_step_on_source(graph: Graph) -> Instruction | None:
    """The first RUN below a copy of source and below every install: what a new commit should re-run."""
    return place_below_source(graph, brings_source, lambda one: is_install(one) or _installs_by_name(one))


def first_copy(graph: Graph) -> Instruction | None:
    """The first instruction of the build, in file order, that copies source."""
    stages = (stage.stage for _, stage in sorted(graph.stages.items()))
    return next((one for stage in stages for one in stage.instructions if brings_source(one)), None)


def has_step_on_source(graph: Graph) -> bool:
    """Whether a RUN below copied source, an install too, could come to something else though no file changed."""
    return place_below_source(graph, brings_source, lambda one: False) is not None


def is_install(instruction: Instruction) -> bool:
    """Whether an instruction installs the project's dependencies."""
    return any(installs(instruction))


def rerun_install(model: Model, name: str) -> Instruction | None:
    """The first install that a new value of an argument re-runs. Raises `GraphError`."""
    for step in model.predict(Change(args=frozenset((name,)))):
        if step.outcome is Outcome.RUN and is_install(step.step.instruction):
            return step.step.instruction
    return None


def _installs_by_name(instruction: Instruction) -> bool:
    """Whether a RUN starts something whose name says that it installs: ``./install_deps.sh``, ``make deps``."""
    if not _DEPENDENCIES.search(text_of_run(instruction)):
        return False
    return any(_DEPENDENCIES.search(word) for one in commands(instruction) for word in one.words)


def declare(dockerfile: Dockerfile, graph: Graph, name: str) -> Fix:
    """The fix that declares `name` where a new value re-runs the first step that works on the source.

    Where no such step exists, a LABEL records the value.
    """
    step = first_step_on_source(graph)
    copies = any(brings_source(one) for stage in graph.stages.values() for one in stage.stage.instructions)
    if step:
        edit, statement = insert_before(dockerfile, step, f"ARG {name}")
        title = f"declare {name} above line {step.line}, the first step that works on the source"
    elif copies:
        edit, statement = insert_after(dockerfile, _last_step(graph), f"ARG {name}\n{revision_label(name)}")
        title = f"declare {name} and record it as the image's revision"
    else:
        return display_only(f"add `ARG {name}`", "no stage copies source")
    return Fix(title, Applicability.SAFE, (edit,), (statement,), dockerfile.source.path)


def _last_step(graph: Graph) -> Instruction:
    """The last instruction of the target that makes files: below it an argument re-runs nothing."""
    *_, target = graph.stages.values()
    first, *others = target.stage.instructions
    return next((one for one in reversed(others) if one.keyword in {"RUN", "COPY", "ADD", "WORKDIR"}), first)


def revision_label(name: str) -> str:
    """The LABEL under which images carry their commit (OCI image annotations)."""
    return f'LABEL org.opencontainers.image.revision="${{{name}}}"'
