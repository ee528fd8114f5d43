"""What a stage knows while its instructions are read: variables, working directory, user, shell."""

from __future__ import annotations

from functools import lru_cache
from posixpath import join, normpath
from typing import TYPE_CHECKING

from cachelint.buildcache.steps import Binding
from cachelint.buildcache.values import ABSENT, Value, changed, combine, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.documents.dockerfile import Instruction

_LINUX_SHELL = Value("/bin/sh\0-c")


def passed_value(name: str, args: Mapping[str, str | None], default: Value) -> Value:
    """The value of ``ARG name``: what the build passes (None there: something unknown), else `default`.

    Passing the argument anew changes it in any case.
    """
    if name not in args:
        return changed(name, default)
    text = args[name]
    return changed(name, (unknown(name) if text is None else Value(text))._replace(origin=default.origin))


def platform_values(platform: str, target: str, args: Mapping[str, str | None]) -> dict[str, Value]:
    """The arguments that BuildKit defines before the first FROM; ``--build-arg`` overrides them.

    Source: moby/buildkit, frontend/dockerfile/dockerfile2llb/platform.go.
    """
    values = {**_of_platform(platform), "TARGETSTAGE": changed("TARGETSTAGE", Value(target or "default"))}
    return {**values, **{name: passed_value(name, args, ABSENT) for name in values.keys() & args.keys()}}


@lru_cache(maxsize=8)
def _of_platform(platform: str) -> dict[str, Value]:
    system, _, rest = platform.partition("/")
    machine, _, variant = rest.partition("/")
    parts = {"PLATFORM": platform, "OS": system, "ARCH": machine, "VARIANT": variant, "OSVERSION": ""}
    sides = {f"{side}{part}": Value(text) for side in ("BUILD", "TARGET") for part, text in parts.items()}
    return {name: changed(name, value) for name, value in sides.items()}


class Scope:
    """The state of one stage. A stage that is built on another starts with a copy of that one's scope."""

    __slots__ = ("_config", "_legacy", "_on_image", "bindings", "env", "shell", "user", "workdir")

    def __init__(self, *, on_image: bool, legacy: bool) -> None:
        start = unknown("WORKDIR") if on_image else Value("/")
        self.workdir = start
        self.user = unknown("USER") if on_image else ABSENT
        self.shell = _LINUX_SHELL
        self.env: dict[str, Value] = {}
        self.bindings: list[Binding] = []
        self._config: dict[str, Value] = {}
        self._on_image = on_image
        self._legacy = legacy

    def derive(self) -> Scope:
        """The scope of a stage that starts FROM this one.

        BuildKit hands the arguments down and then sets what the image's configuration says; the legacy builder hands
        down the image only.
        """
        new = Scope(on_image=self._on_image, legacy=self._legacy)
        new.workdir, new.user, new.shell = self.workdir, self.user, self.shell
        new.env = {} if self._legacy else dict(self.env)
        new._config = dict(self._config)
        for name, value in self._config.items():
            if new.env.get(name) is not value:
                new._bind(name, value)
        return new

    def lookup(self, name: str) -> Value:
        """The value of a variable here. What the base image may have set is unknown."""
        value = self.env.get(name)
        if value is not None and (value.text is not None or not self._on_image):
            return value
        from_image = self._on_image or name == "PATH"
        return unknown(name)._replace(variants=value.variants if value else {}) if from_image else value or ABSENT

    def set_env(self, name: str, value: Value) -> None:
        """``ENV name=value``."""
        self._config[name] = value
        self._bind(name, value)

    def set_arg(self, name: str, value: Value) -> None:
        """``ARG name`` with the value that it has in this build.

        With BuildKit an ARG below an ENV of the same name wins until the stage ends; with the legacy builder ENV does.
        """
        if self._legacy and name in self._config:
            return
        if value.text is None:  # not passed, no default: it says nothing, unless it will be passed
            before = self.env.get(name, ABSENT)
            value = value._replace(text=before.text, variants={**before.variants, **value.variants})
        self._bind(name, value)

    def path(self, name: Value, origin: Instruction) -> Value:
        """A path, absolute, in the working directory; a final slash stays."""
        return combine(_absolute, (self.workdir, name), origin)

    def _bind(self, name: str, value: Value) -> None:
        if value.text is not None:  # BuildKit moves a variable to the end when it is set again
            self.env.pop(name, None)
        self.env[name] = value
        self.bindings.append(Binding(name, value))


def _absolute(directory: str, name: str) -> str:
    path = "/" + normpath(join(directory, name)).lstrip("/")
    return f"{path}/" if path != "/" and (name.endswith("/") or name in {"", "."}) else path
