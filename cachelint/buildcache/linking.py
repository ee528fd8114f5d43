"""Which stages a build reaches, and what every FROM, ``--from`` and ``from=`` stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.mounts import mount_origin
from cachelint.buildcache.steps import Builder
from cachelint.buildcache.values import GraphError, Value, expand_word
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cachelint.documents.dockerfile import Dockerfile, Instruction, Stage

NUMBERED = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
"""Instructions that are steps. ``WORKDIR /`` is in BuildKit's total, and yet takes no number."""

_NUMBER = regex("[0-9]{1,18}")
"""What Go reads as a number too; a longer one is a name (BuildKit, dockerfile2llb/convert.go)."""

MAX_INSTRUCTIONS = 10_000
"""More are refused: cost grows with stages times variables, and no person writes as many."""


class Link(NamedTuple):
    """A stage with its base resolved; `triggers` are the ONBUILD instructions that run first."""

    stage: Stage
    base: Value
    base_stage: int | None
    triggers: tuple[Instruction, ...]

    @property
    def is_scratch(self) -> bool:
        """Whether it starts empty."""
        return self.base_stage is None and self.base.text == "scratch"

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """What runs, in order, without FROM."""
        return self.triggers + self.stage.instructions[1:]


class Links:
    """All stages of a Dockerfile, linked. Raises `GraphError` where BuildKit refuses to start."""

    __slots__ = ("_by_name", "_numbers", "builder", "stages")

    def __init__(self, dockerfile: Dockerfile, global_args: Mapping[str, Value], builder: Builder) -> None:
        if not dockerfile.stages:
            raise GraphError("the Dockerfile has no stage")
        if sum(len(stage.instructions) for stage in dockerfile.stages) > MAX_INSTRUCTIONS:
            raise GraphError(f"more than {MAX_INSTRUCTIONS} instructions")
        self.builder = builder
        self.stages: list[Link] = []
        self._by_name: dict[str, int] = {}
        self._numbers = len(dockerfile.stages)
        for stage in dockerfile.stages:
            self.stages.append(self._link(stage, global_args, dockerfile.escape))
            if stage.name:
                self._by_name[stage.name] = stage.index

    def target(self, name: str | None) -> int:
        """Index of the stage to build; None and "" are the last one."""
        if not name:
            return len(self.stages) - 1
        if self.builder is Builder.LEGACY and _NUMBER.fullmatch(name) and int(name) < len(self.stages):
            return int(name)
        if name.lower() not in self._by_name:
            raise GraphError(f'target stage "{name}" could not be found')
        return self._by_name[name.lower()]

    def reach(self, target: int) -> list[int]:
        """Indexes of the stages that a build of `target` executes, in order. The legacy builder stops there, only."""
        if self.builder is Builder.LEGACY:
            return list(range(target + 1))
        reached: set[int] = set()
        pending = [target]
        while pending:
            index = pending.pop()
            if index not in reached:
                reached.add(index)
                pending += self._needs(index)
        return sorted(reached)

    def stage_of(self, name: str, user: int, instruction: Instruction) -> int | None:
        """The stage that ``COPY --from=name`` in stage `user` reads, None when the name is an image's."""
        if _NUMBER.fullmatch(name):
            if int(name) >= self._numbers:
                raise GraphError(f"there is no stage {name}: stages count from 0", instruction.span)
            return self._defined_before(int(name), name, user, instruction)
        return self.mounted_stage(name, user, instruction)

    def mounted_stage(self, name: str, user: int, instruction: Instruction) -> int | None:
        """The same for ``RUN --mount=from=name``, where a number is an image's name."""
        found = self._by_name.get(name.lower())
        return None if found is None else self._defined_before(found, name, user, instruction)

    def has_other_states(self, stage: Stage) -> bool:
        """Whether BuildKit's list of stages gets entries next to a single stage, so that it prints ``stage-0``.

        Each mount without ``from`` adds an empty one (20.10: cache mounts only), each image read directly adds one.
        """
        return any(self._adds_state(instruction) for instruction in stage.instructions)

    def _adds_state(self, instruction: Instruction) -> bool:
        if instruction.keyword == "COPY":
            return bool(instruction.flag("from"))
        mounts = [flag.value for flag in instruction.flags if flag.name == "mount" and flag.value]
        if instruction.keyword != "RUN" or not mounts:
            return False
        if self.builder is not Builder.BUILDKIT_20_10:
            return True
        return any(kind == "cache" or (origin and kind != "tmpfs") for kind, origin in map(mount_origin, mounts))

    def _link(self, stage: Stage, global_args: Mapping[str, Value], escape: str) -> Link:
        base = expand_word(stage.base, lambda name: global_args.get(name, Value(None)), stage.start, escape)
        if not base.text:
            raise GraphError(f"the name of the base image, {stage.base}, is empty here", stage.start.span)
        base_stage = self._by_name.get(base.text)  # the one place where BuildKit minds upper case
        return Link(stage, base, base_stage, self._triggers(base_stage))

    def _triggers(self, base_stage: int | None) -> tuple[Instruction, ...]:
        if base_stage is None:
            return ()
        instructions = self.stages[base_stage].stage.instructions
        return tuple(one.trigger for one in instructions if one.keyword == "ONBUILD" and one.trigger)

    def _needs(self, index: int) -> Iterator[int]:
        link = self.stages[index]
        if link.base_stage is not None:
            yield link.base_stage
        for instruction in link.instructions:
            for name, find in self._origins(instruction):
                found = find(name, index, instruction)
                if found is not None:
                    yield found

    def _origins(self, instruction: Instruction) -> Iterator[tuple[str, Callable[[str, int, Instruction], int | None]]]:
        if instruction.keyword == "COPY" and (name := instruction.flag("from")):
            yield name, self.stage_of
        if instruction.keyword == "RUN":
            for flag in instruction.flags:
                origin = mount_origin(flag.value)[1] if flag.name == "mount" and flag.value else ""
                if origin:
                    yield origin, self.mounted_stage

    def _defined_before(self, found: int, name: str, user: int, instruction: Instruction) -> int:
        if found == user:
            raise GraphError(f'circular dependency: the stage reads itself ("{name}")', instruction.span)
        if found > user:
            raise GraphError(f'stage "{name}" must be defined before the stage that reads it', instruction.span)
        return found
