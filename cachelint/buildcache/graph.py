"""From a Dockerfile to the steps that BuildKit executes, each with everything that its cache key holds.

The rules are BuildKit's (moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go, versions 0.8 to 0.25); the tests
in tests/engine hold them against running engines.
"""

from __future__ import annotations

from posixpath import basename, normpath
from typing import TYPE_CHECKING

from cachelint.buildcache.labels import Labels
from cachelint.buildcache.linking import Link, Links
from cachelint.buildcache.mounts import run_mounts
from cachelint.buildcache.scope import Scope, passed_value, platform_values
from cachelint.buildcache.sources import copy_sources, image_source, inline_files
from cachelint.buildcache.steps import Builder, Graph, GraphStage, Origin, Source, Step
from cachelint.buildcache.values import ABSENT, UNKNOWN, GraphError, Value, combine, expand_word, joined
from cachelint.documents.dockerfile import pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cachelint.buildcache.mounts import Mount
    from cachelint.documents.dockerfile import Dockerfile, Instruction

__all__ = ["Graph", "GraphError", "build_graph"]

_NOT_IN_ENVIRONMENT = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})
_IN_COPY_KEY = frozenset({"exclude", "keep-git-dir", "parents", "unpack"})
_EXPANDED_BY_LEGACY = ("EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")


def build_graph(
    dockerfile: Dockerfile,
    target: str | None = None,
    args: Mapping[str, str | None] | None = None,
    *,
    builder: Builder = Builder.BUILDKIT,
    platform: str = "linux/amd64",
) -> Graph:
    """The steps of a build of `target` (None: the last stage) with build arguments `args`.

    A value of None in `args` is one that only the machine that builds knows. Raises `GraphError` for what BuildKit
    refuses: an unknown target or stage number, a stage read before it is defined, an empty base name, a bad expansion.
    """
    passed = args or {}
    escape = dockerfile.escape
    global_args = _global_args(dockerfile, platform_values(platform, target or "", passed), passed, escape)
    links = Links(dockerfile, global_args, builder)
    goal = links.target(target)
    labels = Labels(dockerfile, links, goal)
    build = _Build(links, labels, global_args, passed, escape)
    for index in links.reach(goal):
        build.add_stage(index)
    return Graph(builder, goal, build.stages, tuple(build.steps))


def _global_args(
    dockerfile: Dockerfile, values: dict[str, Value], args: Mapping[str, str | None], escape: str
) -> dict[str, Value]:
    for instruction in dockerfile.preamble:
        for name, word, _ in pairs(instruction):
            default = ABSENT
            if word is not None:
                default = expand_word(word, lambda one: values.get(one, ABSENT), instruction, escape)
            elif name in values:
                default = values[name]
            values[name] = passed_value(name, args, default)._replace(origin=instruction)
    return values


class _Build:
    """Collects stages and steps; knows what is the same for all of them."""

    def __init__(
        self, links: Links, labels: Labels, global_args: dict[str, Value], args: Mapping[str, str | None], escape: str
    ) -> None:
        self.links = links
        self.labels = labels
        self.global_args = global_args
        self.args = args
        self.escape = escape
        self.steps: list[Step] = []
        self.stages: dict[int, GraphStage] = {}
        self.scopes: dict[int, Scope] = {}

    def add_stage(self, index: int) -> None:
        link = self.links.stages[index]
        reader = _StageReader(self, link)
        reader.read()
        self.scopes[index] = reader.scope
        self.stages[index] = GraphStage(
            link.stage, self.labels.name(index), link.base, link.base_stage, tuple(reader.scope.bindings), reader.above
        )


class _StageReader:
    """Reads the instructions of one stage, top to bottom."""

    def __init__(self, build: _Build, link: Link) -> None:
        self._build = build
        self._link = link
        self._legacy = build.links.builder is Builder.LEGACY
        self._labels = build.labels.of_stage(link.stage.index)
        self._onbuild = False
        self.above = None if link.base_stage is None else build.stages[link.base_stage].end
        self.scope = self._first_scope()

    def read(self) -> None:
        """Append this stage's steps to the build's."""
        self._from()
        for at, instruction in enumerate(self._link.instructions):
            self._onbuild = at < len(self._link.triggers)
            _HANDLERS.get(instruction.keyword, _StageReader._metadata)(self, instruction)

    def _first_scope(self) -> Scope:
        if self._link.base_stage is not None:
            return self._build.scopes[self._link.base_stage].derive()
        return Scope(on_image=not self._link.is_scratch, legacy=self._legacy)

    def _value(self, word: str, instruction: Instruction) -> Value:
        return expand_word(word, self.scope.lookup, instruction, self._build.escape)

    def _values(self, words: Iterable[str], instruction: Instruction) -> list[Value]:
        return [self._value(word, instruction) for word in words]

    def _step(  # noqa: PLR0913 - what a step is made of
        self,
        instruction: Instruction,
        identity: Value,
        sources: tuple[Source, ...] = (),
        *,
        selection: Value = ABSENT,
        bindings: int = -1,
        target: str | None = None,
    ) -> None:
        step = Step(
            len(self._build.steps),
            self._link.stage.index,
            self._labels.next(trigger=self._onbuild),
            instruction,
            self.above,
            identity,
            selection,
            sources,
            bindings,
            target,
            self._onbuild,
        )
        self._build.steps.append(step)
        self.above = step.index

    def _from(self) -> None:
        start = self._link.stage.start
        platform = self._platform(start)
        if self._link.base_stage is None and not self._link.is_scratch:
            identity = joined("FROM", self._link.base, platform)
            self._step(start, identity, (image_source(self._link.base.text or ""),))
        elif self._legacy:
            self._step(start, joined("FROM", platform))

    def _platform(self, start: Instruction) -> Value:
        lookup = self._build.global_args
        word = start.flag("platform") or ""
        return expand_word(word, lambda name: lookup.get(name, ABSENT), start, self._build.escape)

    def _arg(self, instruction: Instruction) -> None:
        for name, word, _ in pairs(instruction):
            default = self._arg_default(name, word, instruction)
            value = passed_value(name, self._build.args, default)._replace(origin=instruction)
            if name not in _NOT_IN_ENVIRONMENT:
                self.scope.set_arg(name, value)
        self._metadata(instruction)

    def _arg_default(self, name: str, word: str | None, instruction: Instruction) -> Value:
        if name in self._build.args:
            return ABSENT
        if word is None:
            return self._build.global_args.get(name, ABSENT)
        return self._value(word, instruction)

    def _env(self, instruction: Instruction) -> None:
        new = [
            (self._value(key, instruction), self._value(word or "", instruction)) for key, word, _ in pairs(instruction)
        ]
        if self._legacy:
            self._step(instruction, joined("ENV", *(part for pair in new for part in pair)))
        for key, value in new:
            self.scope.set_env(key.text or "", value)

    def _user(self, instruction: Instruction) -> None:
        self.scope.user = self._value(instruction.value, instruction)
        self._metadata(instruction)

    def _shell(self, instruction: Instruction) -> None:
        self.scope.shell = Value("\0".join(instruction.exec_form or ()))
        self._metadata(instruction)

    def _workdir(self, instruction: Instruction) -> None:
        directory = combine(
            _without_slash, (self.scope.path(self._value(instruction.value, instruction), instruction),)
        )
        self.scope.workdir = directory
        if self._legacy or directory.text != "/":
            parts = [directory] if self._legacy else [directory, self.scope.user, self._epoch()]
            self._step(instruction, joined("WORKDIR", *parts), target=_known(directory))

    def _epoch(self) -> Value:
        """SOURCE_DATE_EPOCH is the time of the directory that a newer BuildKit makes, declared or not."""
        if self._build.links.builder is Builder.BUILDKIT_20_10:
            return ABSENT
        return passed_value("SOURCE_DATE_EPOCH", self._build.args, ABSENT)

    def _copy(self, instruction: Instruction) -> None:
        origin = self._copy_origin(instruction)
        words = [word for word in instruction.arguments if not word.startswith("<<")]
        *names, last = self._values(words, instruction) or [ABSENT]
        target = self.scope.path(last, instruction)
        sources = copy_sources(instruction, names, origin, self._build.links.builder)
        flags = [self._flag(instruction, name) for name in ("chown", "chmod", "checksum")]
        fixed = Value(" ".join(f"{flag.name}={flag.value}" for flag in instruction.flags if flag.name in _IN_COPY_KEY))
        texts = inline_files(instruction, self.scope.lookup)
        identity = joined(instruction.keyword, fixed, *flags, *map(_key_of_source, names), target, *texts)
        self._step(instruction, identity, sources, selection=joined("", *names), target=_known(target))

    def _flag(self, instruction: Instruction, name: str) -> Value:
        return self._value(instruction.flag(name) or "", instruction)

    def _copy_origin(self, instruction: Instruction) -> Source:
        name = instruction.flag("from") if instruction.keyword == "COPY" else None
        if not name:
            return Source(Origin.CONTEXT)
        if "$" in name:
            raise GraphError("--from takes no variable: name a stage with FROM instead", instruction.span)
        stage = self._build.links.stage_of(name, self._link.stage.index, instruction)
        return image_source(name) if stage is None else Source(Origin.STAGE, stage)

    def _run(self, instruction: Instruction) -> None:
        mounts = list(run_mounts(instruction, lambda word: self._mount_value(word, instruction)))
        sources = tuple(self._mounted(mount, instruction) for mount in mounts if mount.reads_files)
        shell = [self.scope.shell] if instruction.exec_form is None else []
        parts = [*shell, _command(instruction), self.scope.user, self.scope.workdir]
        parts += [Value(f"{flag.name}={flag.value}") for flag in instruction.flags if flag.name != "mount"]
        parts += [part for mount in mounts for part in _mount_key(mount)]
        selection = joined("", *(mount.source for mount in mounts))
        bindings = len(self.scope.bindings)
        self._step(instruction, joined("RUN", *parts), sources, selection=selection, bindings=bindings)

    def _mount_value(self, word: str, instruction: Instruction) -> Value:
        if self._build.links.builder is Builder.BUILDKIT_20_10:
            return Value(word)
        return self._value(word, instruction)

    def _mounted(self, mount: Mount, instruction: Instruction) -> Source:
        paths = (mount.source.text or ".",)
        if not mount.origin:
            return Source(Origin.CONTEXT, paths=paths, literal=True)
        stage = self._build.links.mounted_stage(mount.origin, self._link.stage.index, instruction)
        source = image_source(mount.origin) if stage is None else Source(Origin.STAGE, stage)
        return source._replace(paths=paths, literal=True)

    def _metadata(self, instruction: Instruction) -> None:
        """An instruction without a layer: a step of its own for the legacy builder only."""
        if not self._legacy:
            return
        if instruction.keyword in _EXPANDED_BY_LEGACY:
            words = self._values((word.text for word in instruction.words), instruction)
            self._step(instruction, joined(instruction.keyword, *words))
        else:
            self._step(instruction, Value(f"{instruction.keyword} {instruction.value}"))


_HANDLERS = {
    "ADD": _StageReader._copy,
    "ARG": _StageReader._arg,
    "COPY": _StageReader._copy,
    "ENV": _StageReader._env,
    "RUN": _StageReader._run,
    "SHELL": _StageReader._shell,
    "USER": _StageReader._user,
    "WORKDIR": _StageReader._workdir,
}


def _key_of_source(name: Value) -> Value:
    """BuildKit keys a copy on its last name, and on what it finds there."""
    return combine(lambda text: basename(normpath("/" + text)), (name,))


def _without_slash(path: str) -> str:
    return path.rstrip("/") or "/"


def _known(path: Value) -> str | None:
    return None if path.text is None or UNKNOWN in path.text else path.text


def _command(instruction: Instruction) -> Value:
    words = instruction.exec_form if instruction.exec_form is not None else (instruction.value,)
    return Value("\0".join((*words, *(f"{here.name}\n{here.body}" for here in instruction.heredocs))))


def _mount_key(mount: Mount) -> list[Value]:
    return [Value(f"{mount.type}\0{bool(mount.origin)}"), *(value for _, value in mount.fields)]
