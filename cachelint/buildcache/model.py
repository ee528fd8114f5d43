"""One build's cache, asked by several rules: the graph is made once, and only when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cachelint.buildcache.graph import GraphError, build_graph
from cachelint.buildcache.predict import Predictor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachelint.buildcache.change import Change, StepOutcome
    from cachelint.buildcache.files import ContextFiles
    from cachelint.buildcache.steps import Builder, Graph
    from cachelint.documents.dockerfile import Dockerfile, Stage

_Answer = TypeVar("_Answer")


class Model:
    """What a build of `target` with `args` (None: a value that only the building machine knows) reuses.

    `files` brings the build context when a question needs it; without it names alone decide.
    """

    def __init__(
        self,
        dockerfile: Dockerfile,
        target: str | None,
        args: Mapping[str, str | None],
        files: Callable[[], ContextFiles | None] = lambda: None,
    ) -> None:
        self._dockerfile = dockerfile
        self._target = target
        self._args = args
        self._files = files
        self._predictors: dict[bool, Predictor] = {}
        self._answers: dict[tuple[Change, bool], tuple[StepOutcome, ...]] = {}
        self._graph: Graph | GraphError | None = None
        self._known: dict[Callable[[Graph], object], object] = {}

    def tells(self, question: Callable[[Graph], _Answer]) -> _Answer:
        """What a function says of the graph, asked once for all builds that share the model. Raises `GraphError`."""
        if question not in self._known:
            self._known[question] = question(self.graph)
        return self._known[question]  # type: ignore[return-value]  # what this very function returned

    @property
    def graph(self) -> Graph:
        """The steps of the build. Raises `GraphError` for what Docker refuses."""
        if self._graph is None:
            try:
                self._graph = build_graph(self._dockerfile, self._target, self._args)
            except GraphError as error:
                self._graph = error
        if isinstance(self._graph, GraphError):
            raise self._graph
        return self._graph

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that the build runs, in file order. Raises `GraphError`."""
        return tuple(one.stage for _, one in sorted(self.graph.stages.items()))

    def graph_for(self, builder: Builder) -> Graph:
        """The steps that another builder makes of the same build. Raises `GraphError`."""
        return build_graph(self._dockerfile, self._target, self._args, builder=builder)

    def predict(self, change: Change, *, with_files: bool = False) -> tuple[StepOutcome, ...]:
        """What every step does after `change`; `with_files` lists the context to decide what names leave open.

        Raises `GraphError`.
        """
        key = change, with_files
        if key not in self._answers:
            self._answers[key] = self._predictor(with_files).predict(change)
        return self._answers[key]

    def _predictor(self, with_files: bool) -> Predictor:
        if with_files not in self._predictors:
            self._predictors[with_files] = Predictor(self.graph, self._files() if with_files else None)
        return self._predictors[with_files]
