"""Volumes of services: the short form is taken apart as Compose does it (compose-go, format/volume.go)."""

from __future__ import annotations

import re
from posixpath import normpath

from cachelint.compose.tree import Fields, Leaf, Value, refuse


def mount_of(value: Value) -> Fields:
    """The long form of an entry of ``volumes``. Raises `ComposeError`."""
    if isinstance(value, Fields):
        return value
    if not isinstance(value, Leaf) or not value.is_string:
        raise refuse(value.origin, "an entry of `volumes` must be text or a mapping")
    return _from_short(value)


def target_of(mount: Value) -> str:
    """What two mounts must not share, as it is written: the path in the container. Raises `ComposeError`."""
    if isinstance(mount, Leaf):
        return _sections(mount, mount.text or "")[1]
    target = mount.entries.get("target") if isinstance(mount, Fields) else None
    if not isinstance(target, Leaf) or target.text is None:
        raise refuse(mount.origin, "an entry of `volumes` has no target")
    return target.text


def _from_short(value: Leaf) -> Fields:
    text = value.text or ""
    source, target, options = _sections(value, text)
    kind = "bind" if _is_path(source) else "volume"
    parts = {"type": kind, "source": source, "target": normpath(target) if target else ""}
    entries: dict[str, Value] = {
        key: Leaf(part, part, value.known or "$" not in part, True, value.origin) for key, part in parts.items() if part
    }
    if [one for one in options if one in ("ro", "rw")][-1:] == ["ro"]:
        entries["read_only"] = Leaf("true", "true", True, False, value.origin)
    return Fields(entries, value.origin)


def _sections(value: Leaf, text: str) -> tuple[str, str, list[str]]:
    """Source, target and options of the short form. Raises `ComposeError`."""
    if not text:
        raise refuse(value.origin, "an entry of `volumes` is empty")
    if len(text) <= 2:
        return "", text, []
    parts = _split(text)
    if "" in parts:
        raise refuse(value.origin, f"{value.written!r} has nothing between two colons")
    if len(parts) == 1:
        return "", parts[0], []
    if len(parts) > 3:
        raise refuse(value.origin, f"{value.written!r} has too many colons")
    return parts[0], parts[1], parts[2].split(",") if len(parts) == 3 else []


def _split(text: str) -> list[str]:
    """The parts between colons that are neither behind a drive's letter nor inside the braces of a variable."""
    parts, part, depth = [], "", 0
    for at, char in enumerate(text):
        if char == "$" and text[at + 1 : at + 2] == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        if char == ":" and not depth and not (len(part) == 1 and part.isalpha()):
            parts.append(part)
            part = ""
        else:
            part += char
    return [*parts, part]


def _is_path(source: str) -> bool:
    if not source:
        return False
    return source[0] in "./~" or source.startswith("\\\\") or bool(re.match(r"[^\W\d_]:", source))
