"""The names that an engine prints for its steps: the only thing by which a build log can be matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.linking import NUMBERED
from cachelint.buildcache.steps import Builder

if TYPE_CHECKING:
    from cachelint.buildcache.linking import Link, Links
    from cachelint.documents.dockerfile import Dockerfile


class StageLabels:
    """Counts the steps of one stage."""

    __slots__ = ("_at", "_prefix", "_total", "_width")

    def __init__(self, prefix: str, total: int, first: int) -> None:
        self._prefix = prefix
        self._total = total
        self._width = len(str(total))
        self._at = first

    def next(self, *, trigger: bool) -> str:
        """The label of the next step, such as ``[build  2/11]``; `trigger`: it comes from the base's ONBUILD."""
        self._at += 1
        return f"[{self._prefix}{self._at:>{self._width}}/{self._total}]"


class LegacyLabels(StageLabels):
    """``Step 3/7``: every instruction of the file counts, those before the first FROM included."""

    __slots__ = ()

    def next(self, *, trigger: bool) -> str:
        """The label of the next step; what ONBUILD triggers has none."""
        if trigger:
            return ""
        self._at += 1
        return f"Step {self._at}/{self._total}"


class Labels:
    """Stage names and step labels of one build."""

    def __init__(self, dockerfile: Dockerfile, links: Links, target: int) -> None:
        self._links = links
        self._preamble = len(dockerfile.preamble)
        self._target = target
        self._hidden = len(links.stages) == 1 and not links.has_other_states(links.stages[0].stage)

    def name(self, index: int) -> str:
        """The stage's name as BuildKit prints it: its own, ``stage-1``, or nothing in a file with a single stage."""
        return "" if self._hidden else self._links.stages[index].stage.name or f"stage-{index}"

    def of_stage(self, index: int) -> StageLabels:
        """A counter for the steps of a stage."""
        if self._links.builder is Builder.LEGACY:
            before = self._links.stages[:index]
            first = self._preamble + sum(len(link.stage.instructions) for link in before)
            every = self._links.stages[: self._target + 1]
            return LegacyLabels("", self._preamble + sum(len(link.stage.instructions) for link in every), first)
        name = self.name(index)
        return StageLabels(f"{name} " if name else "", self._total(self._links.stages[index]), 0)

    def _total(self, link: Link) -> int:
        """The ``N`` of ``[2/N]``: 20.10 forgets the ONBUILD triggers, newer versions count each, steps or not."""
        triggers = 0 if self._links.builder is Builder.BUILDKIT_20_10 else len(link.triggers)
        steps = sum(instruction.keyword in NUMBERED for instruction in link.stage.instructions)
        image = link.base_stage is None and not link.is_scratch
        return image + steps + triggers
