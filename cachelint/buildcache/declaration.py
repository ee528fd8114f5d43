"""Where a Dockerfile declares an argument, and where it would have to so that a new value re-runs the right step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.copies import brings_source
from cachelint.buildcache.installs import installs
from cachelint.documents.dockerfile import pairs
from cachelint.documents.dockerfile_edit import insert_after, insert_before
from cachelint.documents.words import references
from cachelint.fix import Applicability, Fix, display_only

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage


def declared_names(instructions: Iterable[Instruction]) -> frozenset[str]:
    """The names that ARG instructions declare, those that ONBUILD holds included."""
    return frozenset(pair.name for one in instructions for pair in pairs(one.trigger or one) if _is_arg(one))


def declarations(instructions: Iterable[Instruction], name: str) -> tuple[Instruction, ...]:
    """The ARG instructions that declare `name`."""
    return tuple(one for one in instructions if one.keyword == "ARG" and name in (pair.name for pair in pairs(one)))


def reads(instruction: Instruction, name: str) -> bool:
    """Whether an instruction's text uses a variable. A program that it runs may do so unseen."""
    texts = [instruction.value, *(flag.value or "" for flag in instruction.flags)]
    texts += [heredoc.body for heredoc in instruction.heredocs if heredoc.expand or instruction.keyword == "RUN"]
    return any(name == one.name for text in texts for one in references(text, instruction.escape))


def first_step_on_source(stage: Stage) -> Instruction | None:
    """The first RUN below the first source copy and below every install: what a new commit should re-run."""
    started = False
    step: Instruction | None = None
    for instruction in stage.instructions:
        started = started or brings_source(instruction)
        if instruction.keyword == "RUN" and started:
            step = None if any(installs(instruction)) else step or instruction
    return step


def declare(dockerfile: Dockerfile, stages: tuple[Stage, ...], name: str) -> Fix:
    """The fix that declares `name` where a new value re-runs the first step that works on the source.

    `stages` are those that the build runs. Where no such step exists, a LABEL records the value.
    """
    with_source = [stage for stage in stages if any(map(brings_source, stage.instructions))]
    step = next(filter(None, map(first_step_on_source, with_source)), None)
    if step:
        edit, statement = insert_before(dockerfile, step, f"ARG {name}")
        title = f"declare {name} above line {step.line}, the first step that works on the source"
    elif with_source:
        last = [one for one in with_source[-1].instructions if brings_source(one)][-1]
        edit, statement = insert_after(dockerfile, last, f"ARG {name}\n{revision_label(name)}")
        title = f"declare {name} and record it as the image's revision"
    else:
        return display_only(f"add `ARG {name}` by hand: no stage copies source")
    return Fix(title, Applicability.SAFE, (edit,), (statement,), dockerfile.source.path)


def revision_label(name: str) -> str:
    """The LABEL under which images carry their commit (OCI image annotations)."""
    return f'LABEL org.opencontainers.image.revision="${{{name}}}"'


def _is_arg(instruction: Instruction) -> bool:
    return (instruction.trigger or instruction).keyword == "ARG"
