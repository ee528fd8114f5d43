"""Where the files of a COPY, an ADD or a mount come from, and which of those places can change behind their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.steps import Builder, Origin, Source
from cachelint.buildcache.values import Value, combine
from cachelint.documents.words import ExpansionError, expand, references
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cachelint.documents.dockerfile import Heredoc, Instruction

# What BuildKit takes for a git repository: moby/buildkit, frontend/dockerfile/dfgitutil/git_ref.go.
_GIT = regex(r"(?:git://|ssh://|git@|[^/@:]+@[^/:]+:)|https?://[^#?]+\.git(?:[#?]|$)")
_URL = regex(r"https?://")
_FULL_COMMIT = regex(r"[#=](?:[0-9a-f]{40}|[0-9a-f]{64})(?=[:&]|$)")


def image_source(name: str) -> Source:
    """An image read by name; one with a digest stays what it is."""
    return Source(Origin.IMAGE, name, pinned="@sha256:" in name)


def copy_sources(
    instruction: Instruction, names: Sequence[Value], origin: Source, builder: Builder
) -> tuple[Source, ...]:
    """The sources of a COPY or ADD whose expanded source words are `names`; `origin` is where plain paths live."""
    pinned = instruction.flag("checksum") is not None
    remote = [name.text or "" for name in names if is_remote(instruction, name.text or "", builder)]
    local = tuple(name.text or "" for name in names if (name.text or "") not in remote)
    found = [Source(Origin.REMOTE, name, pinned=pinned or bool(_FULL_COMMIT.search(name))) for name in remote]
    if local:
        exclude = tuple(flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value)
        parents = instruction.flag("parents") not in {None, "false"}
        found.insert(0, origin._replace(paths=local, exclude=exclude, parents=parents))
    return tuple(found)


def is_remote(instruction: Instruction, name: str, builder: Builder) -> bool:
    """Whether ADD fetches this source from a server. 20.10 knows no git there."""
    if instruction.keyword != "ADD":
        return False
    return bool(_URL.match(name)) or (builder is Builder.BUILDKIT and bool(_GIT.match(name)))


def inline_files(instruction: Instruction, lookup: Callable[[str], Value]) -> Iterator[Value]:
    """The texts of a COPY's heredocs, with variables replaced where the file asks for it."""
    for here in instruction.heredocs:
        yield _inline_file(here, lookup) if here.expand else Value(f"{here.name}\0{here.body}")


def _inline_file(here: Heredoc, lookup: Callable[[str], Value]) -> Value:
    names = list(dict.fromkeys(reference.name for reference in references(here.body, quotes=False)))

    def fill(*texts: str) -> str:
        try:
            return expand(here.body, dict(zip(names, texts, strict=True)), quotes=False)
        except ExpansionError:  # the build fails; what it would have copied does not matter
            return here.body

    return combine(lambda *texts: f"{here.name}\0{fill(*texts)}", [lookup(name) for name in names])
