"""The vocabulary of the cache model: builders, stages, steps, and what a step reads."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.buildcache.values import Value
    from cachelint.documents.dockerfile import Instruction, Stage


class Builder(Enum):
    """Which engine builds; they differ in labels and in what a build argument reaches."""

    BUILDKIT = "buildkit"
    BUILDKIT_20_10 = "buildkit-20.10"
    LEGACY = "legacy"


class Origin(Enum):
    """Where the files of a `Source` live."""

    CONTEXT = "context"
    STAGE = "stage"
    IMAGE = "image"
    REMOTE = "remote"


class Source(NamedTuple):
    """Files that a step reads; their content, not their time, is part of the step's cache key.

    `place` is a stage's index for STAGE, the image's or remote's name otherwise. `paths` are as written, variables
    replaced; they are patterns unless `literal`, and start at the root of the origin. `pinned`: the content cannot
    change behind its name (a digest, a checksum, a full commit hash).
    """

    origin: Origin
    place: int | str = ""
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    parents: bool = False
    literal: bool = False
    pinned: bool = False


class Binding(NamedTuple):
    """An environment variable gets a value for the RUNs below it."""

    name: str
    value: Value


class Step(NamedTuple):
    """One operation that BuildKit executes or finds in its cache; FROM of an image is one too.

    `index` counts the steps of the graph from 0; `stage` is the stage's index in the Dockerfile; `label` is what
    BuildKit prints before the instruction (``[build 2/5]``). `above` is the index of the step whose result this one
    starts from, None at the bottom of the stack. `identity` is the cache key without files and environment;
    `selection` names the files (whose content, not name, is in the key).
    `bindings` is how many of the stage's bindings precede the step, or -1 when the environment is not part of its
    key. `target` is the absolute path that a COPY or ADD writes to (a final ``/`` makes it a directory), None where
    only the builder knows it.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    stage: int
    label: str
    instruction: Instruction
    above: int | None
    identity: Value
    selection: Value
    sources: tuple[Source, ...] = ()
    bindings: int = -1
    target: str | None = None
    onbuild: bool = False

    @property
    def keyword(self) -> str:
        """RUN, COPY, ADD, WORKDIR or FROM; with the legacy builder every keyword."""
        return self.instruction.keyword


class GraphStage(NamedTuple):
    """A stage that the build reaches.

    `base` is the expanded name behind FROM, `base_stage` the index of the stage that it names. `label` is the name
    that BuildKit gives it (``stage-1`` without AS). `bindings` are in order, those of the base stage not included.
    `end` is the index of the step that its content comes from, None for an empty scratch.
    """

    stage: Stage
    label: str
    base: Value
    base_stage: int | None
    bindings: tuple[Binding, ...]
    end: int | None


class Graph(NamedTuple):
    """What a build of one target executes. `steps` and `stages` are in the order in which BuildKit sees them.

    `stages` is keyed by the stage's index in the Dockerfile and holds reachable stages only.
    """

    builder: Builder
    target: int
    stages: dict[int, GraphStage]
    steps: tuple[Step, ...]

    def mounts_its_root(self, step: Step) -> bool:
        """Whether a RUN mounts the very result that it starts from, so that its content decides, not its history.

        Source: moby/buildkit, solver/llbsolver/ops/exec.go, getMountDeps: one input is root and mount at once, and the
        last mount says how it is compared. In 20.10 the root does.
        """
        if self.builder is not Builder.BUILDKIT or step.keyword != "RUN" or step.above is None:
            return False
        stages = (source.place for source in step.sources if source.origin is Origin.STAGE)
        return any(self.stages[int(place)].end == step.above for place in stages)
