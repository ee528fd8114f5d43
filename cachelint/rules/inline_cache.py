"""inline-cache."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING

from cachelint.cache_readers import images_of_call, images_of_service
from cachelint.deployment.edits import remove_assignment, remove_words
from cachelint.deployment.passed_args import passes_args
from cachelint.diagnostic import Diagnostic, Severity
from cachelint.documents.compose import read_args
from cachelint.documents.compose_edit import remove_cache_setting
from cachelint.documents.dockerfile import pairs
from cachelint.documents.yaml import Mapping, Scalar, Sequence, deref
from cachelint.documents.yaml_edit import CannotEditError
from cachelint.fix import Applicability, Fix, display_only
from cachelint.regex import regex
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.deployment.request import BuildRequest
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.documents.yaml import Node
    from cachelint.documents.yaml_edit import Change
    from cachelint.project import Build, Project
    from cachelint.rules.base import Settings
    from cachelint.source import Span

_NAME = "BUILDKIT_INLINE_CACHE"
_ARGS = regex(r"(?<![a-z])(?:build)?args?(?![a-z])", re.IGNORECASE)
_INLINE = regex(r"(?:\A|,)\s*type\s*=\s*inline\s*(?:,|\Z)")
_OFF = ("0", "false", "")
_EXPORTED = (
    f"`{_NAME}` in the environment is no cache switch: only a build argument of that name counts, which embeds cache "
    "metadata in the image and makes no build faster. Remove it."
)


class InlineCache(Rule):
    """A build asks BuildKit to embed its cache in the image.

    ## What it does
    Finds `BUILDKIT_INLINE_CACHE` in build arguments (also behind anchors, in `x-` blocks and in a Dockerfile's `ARG`
    and `ENV`; in `--build-arg` of a script and `build-args` of a workflow, or exported by them), and the cache export
    `type=inline`.

    ## Why it matters
    The setting writes cache metadata into the image's configuration and does nothing else: it makes no build faster
    and none stale. It matters only where `cache_from` reads the image back. Then a new or freshly pruned machine takes
    the *old* result of every step that fetches something (`git clone`, `curl`, `apt-get upgrade`), because such a step
    looks unchanged. Files that are copied from the build context are compared by content and stay correct.

    ## Example
    See the examples: the argument goes, with its own comment, and with `args:` when that is left empty.

    ## Fix safety
    Safe, because without `cache_from` nothing reads the metadata. Unsafe where a `cache_from` can read it, of the same
    build or of any other in the tree that names this image, or may: there it is a working remote cache, and giving it
    up is a decision. A Makefile, a `package.json` and
    GitLab's CI file are only reported.
    """

    id = "inline-cache"
    summary = "BUILDKIT_INLINE_CACHE embeds cache metadata in the image; nothing else comes of it without cache_from"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={
                "compose.yaml": """\
services:
  web:
    build:
      context: .
      args:
        BUILDKIT_INLINE_CACHE: 1  # faster rebuilds
    ports: ["80:80"]
"""
            },
            good={
                "compose.yaml": """\
services:
  web:
    build:
      context: .
    ports: ["80:80"]
"""
            },
        ),
    )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._users: tuple[Project, dict[tuple[int, Span], list[Build]]] | None = None

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not build.service or not build.compose:
            return
        for arg in build.args:
            if arg.name == _NAME and arg.file:
                yield self._setting(arg.file, project, arg.entry.node, arg.entry.span, arg.value)
        for target in build.cache_to:
            if _INLINE.search(target.value):
                yield self._setting(target.file, project, target.node, target.span, "1")

    def check_compose(self, compose: ComposeFile, project: Project) -> Iterator[Diagnostic]:
        """Findings in blocks that no build uses, and in those that only bake reads."""
        for node, is_read in _bake_exports(compose):
            read = _HERE if is_read else self._read_elsewhere([None]) if self.settings.cache_readers() else None
            fix = _fix(compose, node, unsafe=bool(read))
            yield self.report((compose.source, node.span), _message("1", read), fix=fix)
        used = {arg.entry.span for build in project.builds for arg in build.args if arg.file is compose}
        for root in compose.yaml.documents:
            for node in _extension_args(root):
                for arg in read_args(node):
                    if arg.name == _NAME and arg.span not in used:
                        yield self._setting(compose, project, arg.node, arg.span, arg.value)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings in the commands and steps of scripts and workflows."""
        for call in deployment.calls:
            for build in call.builds_itself:
                if build.command:
                    yield from self._asked(deployment, call, build.command)
            if passes_args(call):
                yield from self._passed(deployment, call)
            for one in call.command.assignments if call.command else ():
                if one.name == _NAME:
                    yield self.report(
                        (deployment.source, one.span),
                        _EXPORTED,
                        fix=display_only("remove it from the front of the command"),
                    )
        for unit in deployment.units:
            for number, one in enumerate(unit.script.assignments if _NAME in unit.text.text else ()):
                if one.name == _NAME and one.how == "=" and one.values:
                    fix = _removal(partial(remove_assignment, deployment.job, unit, number))
                    yield self.report((deployment.source, unit.text.widened(one.span)), _EXPORTED, fix=fix)

    def _asked(self, deployment: Deployment, call: DockerCall, request: BuildRequest) -> Iterator[Diagnostic]:
        found = [(arg.span, arg.value) for arg in request.args if arg.name == _NAME]
        found += [(one.span, "1") for one in request.cache_to if one.value and _INLINE.search(one.value)]
        for span, value in found:
            read = _HERE if request.reads_inline_cache else self._read_elsewhere(images_of_call(deployment, call))
            if request.source.path == deployment.source.path:
                fix = _removal(partial(remove_words, deployment.job, call, span), unsafe=bool(read))
            else:
                fix = display_only("remove it", "a file that bake reads is not edited")
            yield self.report((request.source, span), _message(value, read), fix=fix)

    def _passed(self, deployment: Deployment, call: DockerCall) -> Iterator[Diagnostic]:
        """What a Compose command passes to all services that it builds."""
        assert call.docker
        assert call.unit
        for arg in call.docker.build_args:
            if arg.name == _NAME:
                if any(map(_reads_image, call.services)):
                    read: str | None = _HERE
                else:
                    images = (images_of_service(build) or {None} for build in call.services)
                    read = self._read_elsewhere({image for some in images for image in some})
                span = call.unit.text.widened(arg.span)
                fix = _removal(partial(remove_words, deployment.job, call, span), unsafe=bool(read))
                yield self.report((deployment.source, span), _message(arg.value, read), fix=fix)

    def check_dockerfile(self, dockerfile: Dockerfile, project: Project) -> Iterable[Diagnostic]:
        """Findings in ARG and ENV."""
        for instruction in dockerfile.instructions:
            if instruction.keyword in ("ARG", "ENV"):
                for pair in pairs(instruction):
                    if pair.name == _NAME:
                        yield self.report(
                            (dockerfile.source, pair.span),
                            f"`{instruction.keyword} {_NAME}` switches nothing on: BuildKit reads the setting from the "
                            "build's arguments, and here every change of it re-runs the steps below. Remove the line.",
                        )

    def _setting(self, compose: ComposeFile, project: Project, node: Node, span: Span, value: str | None) -> Diagnostic:
        users = self._users_in(project).get((id(compose), span), [])
        if any(map(_reads_image, users)):
            read: str | None = _HERE
        elif self.settings.cache_readers():
            read = self._read_elsewhere({image for build in users for image in images_of_service(build) or {None}})
        else:
            read = None
        fix = _fix(compose, node, unsafe=bool(read))
        return self.report((compose.source, span), _message(value, read), fix=fix)

    def _users_in(self, project: Project) -> dict[tuple[int, Span], list[Build]]:
        """The builds of a project that have a setting, by its Compose file and place; of the last project asked for."""
        if self._users is None or self._users[0] is not project:
            found: dict[tuple[int, Span], list[Build]] = {}
            for build in project.builds:
                for place in dict.fromkeys(_places(build)):
                    found.setdefault(place, []).append(build)
            self._users = project, found
        return self._users[1]

    def _read_elsewhere(self, images: Iterable[str | None]) -> str | None:
        """What reads one of these images back, in a sentence; none of them known may be any."""
        reader = next((one for one in self.settings.cache_readers() if one.may_read(images)), None)
        if reader is None:
            return None
        place = f"{os.path.basename(reader.location.path)}, line {reader.location.start.line}"
        return f"`cache_from` in {place} may read it back"


_HERE = "this build's `cache_from` reads it back"


def _message(value: str | None, read: str | None) -> str:
    if value is not None and value.lower() in _OFF:
        return (
            f"`{_NAME}={value}` is no cache switch: steps are reused exactly as without it, only the image carries no "
            "cache metadata, which is the default. Remove it."
        )
    if read:
        return (
            f"The image carries its cache, and {read}: even on a new or pruned machine "
            "steps that fetch something (git clone, curl, apt-get upgrade) keep their old result. Remove it unless the "
            "remote cache is wanted."
        )
    return (
        "This embeds cache metadata in the image, which only a `cache_from` that names the image could use, and no "
        "build here has one: it makes no build faster and none fresh. Remove it."
    )


def _fix(compose: ComposeFile, node: Node, *, unsafe: bool) -> Fix:
    try:
        change = remove_cache_setting(compose, node)
    except CannotEditError as error:
        return display_only("remove it", error)
    removed = "".join(compose.source.text[slice(*edit.span)] for edit in change.edits)
    what = _NAME if _NAME in removed else "the inline cache export"
    title = f"remove {what}{' and its comment' if '#' in removed else ''}"
    return Fix(title, Applicability.UNSAFE if unsafe else Applicability.SAFE, change.edits, change.statements)


def _removal(change: Callable[[], Change], *, unsafe: bool = False) -> Fix:
    try:
        edits, statements = change()
    except CannotEditError as error:
        return display_only("remove it", error)
    return Fix("remove it", Applicability.UNSAFE if unsafe else Applicability.SAFE, edits, statements)


def _places(build: Build) -> Iterator[tuple[int, Span]]:
    yield from ((id(arg.file), arg.entry.span) for arg in build.args if arg.file)
    yield from ((id(target.file), target.span) for target in build.cache_to)


def _reads_image(build: Build) -> bool:
    """Whether a `cache_from` entry names an image, which is where inline metadata can be read from."""
    return any("type=" not in one.value or "type=registry" in one.value for one in build.cache_from)


def _bake_exports(compose: ComposeFile) -> Iterator[tuple[Node, bool]]:
    """The inline caches that ``x-bake`` of a build exports, each once, and whether it imports a cache, too."""
    seen: set[Span] = set()
    for service in compose.services:
        build = service.build.node if service.build else None
        entry = build.merged.get("x-bake") if isinstance(build, Mapping) else None
        bake = deref(entry.value) if entry else None
        if isinstance(bake, Mapping) and "cache-to" in bake.merged:
            exports = deref(bake.merged["cache-to"].value)
            for node in exports.items if isinstance(exports, Sequence) else (exports,):
                if isinstance(node, Scalar) and _INLINE.search(node.value) and node.span not in seen:
                    seen.add(node.span)
                    yield node, "cache-from" in bake.merged


def _extension_args(root: Node | None) -> Iterator[Node]:
    """What stands for build arguments inside the top level ``x-`` keys, by the name of its key."""
    if not isinstance(root, Mapping):
        return
    pending = [one for one in root.entries if isinstance(one.key, Scalar) and one.key.value.startswith("x-")]
    while pending:
        key, value = pending.pop()
        if isinstance(value, (Mapping, Sequence)) and isinstance(key, Scalar) and _ARGS.search(key.value):
            yield value
        if isinstance(value, Mapping):
            pending += value.entries
