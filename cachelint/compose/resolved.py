"""The services of a project as Compose would run them, each value with its origin."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from cachelint.compose.environment import from_outside
from cachelint.compose.merge import is_null, named_values, pairs
from cachelint.compose.mounts import target_of
from cachelint.compose.tree import Fields, Items, Leaf, refuse
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.compose.draft import Draft, Layer
    from cachelint.compose.environment import Environments, EnvValue
    from cachelint.compose.tree import ComposeError, Value
    from cachelint.compose.variables import Variables

_TEXTS = ("context", "dockerfile", "dockerfile_inline", "target")
_PULL_POLICIES = regex(r"always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+")
_BOOLEANS = {"true": True, "y": True, "yes": True, "on": True, "false": False, "n": False, "no": False, "off": False}


class ResolvedBuild(NamedTuple):
    """The ``build`` of a service. `fields` is all of it; of `args` those without a value are not passed.

    `no_cache` is None when only the deploying machine knows.
    """

    fields: Fields
    context: Leaf
    dockerfile: Leaf | None
    inline: Leaf | None
    target: Leaf | None
    args: dict[str, Leaf]
    cache_from: tuple[Leaf, ...]
    cache_to: tuple[Leaf, ...]
    no_cache: bool | None


class ResolvedService(NamedTuple):
    """A service. `layers` are the places that it is made of, the lowest first.

    `extends` names the services (file, name) that it extends. `is_complete` is false when something that belongs to it
    is missing or not followed. `environment` is empty unless it was asked for.
    """

    name: str
    build: ResolvedBuild | None
    image: Leaf | None
    pull_policy: Leaf | None
    mounts: tuple[Fields, ...]
    profiles: tuple[Leaf, ...]
    layers: tuple[Layer, ...]
    extends: tuple[tuple[str, str], ...]
    is_complete: bool
    environment: dict[str, EnvValue]


def resolve_service(name: str, draft: Draft, variables: Variables, environments: Environments) -> ResolvedService:
    """The outcome for one service. Raises `ComposeError`."""
    entries = draft.fields.entries
    build = entries.get("build")
    if build is not None and is_null(build):
        raise refuse(build.origin, f"`build` of `{name}` is empty")
    return ResolvedService(
        name,
        _build(build, variables) if isinstance(build, Fields) else None,
        _text(draft.fields, "image"),
        _pull_policy(draft.fields),
        tuple(_mounts(draft.fields)),
        tuple(_texts(draft.fields, "profiles")),
        draft.layers,
        draft.extends,
        not draft.broken,
        environments.of(draft.fields),
    )


def _build(fields: Fields, variables: Variables) -> ResolvedBuild:
    context, dockerfile, inline, target = (_text(fields, key) for key in _TEXTS)
    assert context
    if inline and inline.text and dockerfile and dockerfile.text:
        raise refuse(inline.origin, "`dockerfile` and `dockerfile_inline` exclude each other")
    return ResolvedBuild(
        fields,
        context,
        dockerfile,
        inline,
        target,
        dict(_args(fields, variables)),
        tuple(_texts(fields, "cache_from")),
        tuple(_texts(fields, "cache_to")),
        _boolean(fields, "no_cache"),
    )


def _args(fields: Fields, variables: Variables) -> Iterator[tuple[str, Leaf]]:
    """The arguments with their values; those without one take it from the environment, and are dropped without it."""
    value = fields.entries.get("args")
    if value is None:
        return
    if is_null(value):  # an error, but one that leaves the build as it is
        return
    for name, one in named_values("args", value):
        given = one if one.text is not None else from_outside(name, one, variables)
        if given.text is not None:
            yield name, given


def _text(fields: Fields, key: str) -> Leaf | None:
    value = fields.entries.get(key)
    if value is None:
        return None
    if not isinstance(value, Leaf) or not value.is_string:
        raise refuse(value.origin, f"`{key}` must be text")
    return value


def _texts(fields: Fields, key: str) -> Iterator[Leaf]:
    value = fields.entries.get(key)
    if value is None:
        return
    if not isinstance(value, Items):
        raise refuse(value.origin, f"`{key}` must be a list")
    for one in value.values:
        if not isinstance(one, Leaf) or not one.is_string:
            raise refuse(one.origin, f"an item of `{key}` must be text")
        yield one


def _boolean(fields: Fields, key: str) -> bool | None:
    value = fields.entries.get(key)
    if value is None:
        return False
    if isinstance(value, Leaf):
        if not value.known:
            return None
        found = _BOOLEANS.get((value.text or "").lower())
        if found is not None:
            return found
    raise refuse(value.origin, f"`{key}` must be true or false")


def _pull_policy(fields: Fields) -> Leaf | None:
    value = _text(fields, "pull_policy")
    if value is None or not value.known:
        return value
    if not _PULL_POLICIES.search(value.text or ""):
        raise refuse(value.origin, f"{value.text!r} is no pull policy")
    return value._replace(text="missing") if value.text == "if_not_present" else value


def _mounts(fields: Fields) -> Iterator[Fields]:
    value = fields.entries.get("volumes")
    if value is None:
        return
    if not isinstance(value, Items):
        raise refuse(value.origin, "`volumes` must be a list")
    targets: set[str] = set()
    for one in value.values:
        assert isinstance(one, Fields)
        target = normpath(target_of(one))
        if "type" not in one.entries:
            raise refuse(one.origin, "an entry of `volumes` has no type")
        if target in targets:
            raise refuse(one.origin, f"something else is mounted at {target} already")
        targets.add(target)
        leaf = one.entries["target"]
        assert isinstance(leaf, Leaf)
        yield one._replace(entries={**one.entries, "target": leaf._replace(text=target)})


def incomplete(
    services: Iterable[ResolvedService], drafts: dict[str, Draft], volumes: Iterable[str]
) -> Iterator[ComposeError]:
    """What Compose misses in services: an image or a build, a declared volume, arguments below ``args``."""
    declared = set(volumes)
    for service in services:
        fields = drafts[service.name].fields
        has_image = service.image is not None and service.image.text != ""
        if service.is_complete and not service.build and not has_image and "provider" not in fields.entries:
            yield refuse(fields.origin, f"`{service.name}` has neither an image nor a build", is_partial=True)
        args = service.build.fields.entries.get("args") if service.build else None
        if args is not None and is_null(args):
            yield refuse(args.origin, "`args` must be a mapping or a list")
        for mount in service.mounts:
            name = _volume_name(mount)
            if name and name not in declared:
                yield refuse(mount.origin, f"the volume `{name}` is not declared in `volumes`", is_partial=True)


def undefined(drafts: dict[str, Draft], networks: Iterable[str]) -> Iterator[ComposeError]:
    """The networks and the services that services name and nobody declares."""
    declared = {"default", *networks}
    for draft in drafts.values():
        for name, value in _named(draft.fields, "networks"):
            if name not in declared:
                yield refuse(value.origin, f"the network `{name}` is not declared in `networks`", is_partial=True)
        for name, value in _named(draft.fields, "depends_on"):
            if name not in drafts:
                yield refuse(value.origin, f"the service `{name}` that it depends on is not there", is_partial=True)


def _named(fields: Fields, key: str) -> Iterator[tuple[str, Value]]:
    """The names in a list or a mapping whose names are known."""
    value = fields.entries.get(key)
    if isinstance(value, Items) and not all(isinstance(one, Leaf) and one.is_string for one in value.values):
        return
    if isinstance(value, (Items, Fields)):
        yield from ((name, one) for name, one in pairs(value) if not isinstance(one, Leaf) or one.known)


def _volume_name(mount: Fields) -> str | None:
    kind, source = mount.entries.get("type"), mount.entries.get("source")
    if isinstance(kind, Leaf) and kind.text == "volume" and isinstance(source, Leaf) and source.known:
        return source.text
    return None
