"""Paths in Compose files: relative to the directory of a project, or of the file that is extended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.tree import Fields, Leaf
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.compose.tree import Value

_WINDOWS = regex(r"[A-Za-z]:[\\/]|\\\\")
_CONTEXTS = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")
_RESOURCE = regex(r"oci://|https?://|git://|ssh://|git@|github\.com/")


def is_remote_file(path: str) -> bool:
    """Whether ``include`` or ``extends`` names something that Compose fetches."""
    return bool(_RESOURCE.match(path))


def join(directory: str, path: str) -> str:
    """A path as Compose resolves it against a directory: cleaned when it is relative, as it is when absolute."""
    if not path or os.path.isabs(path):
        return path
    joined = os.path.normpath(os.path.join(directory, path))
    return joined[1:] if joined.startswith("//") else joined


def resolved_context(value: Value, directory: str) -> Value:
    """The context of a build with its path made absolute."""
    if not isinstance(value, Leaf) or value.text is None or not value.known:
        return value
    if "://" in value.text or value.text.startswith(_CONTEXTS):
        return value
    return _resolved(value, directory)


def resolved_mount(mount: Fields, directory: str) -> Fields:
    """A mount with the source of a bind made absolute."""
    kind, source = mount.entries.get("type"), mount.entries.get("source")
    if not (isinstance(kind, Leaf) and kind.text == "bind" and isinstance(source, Leaf) and source.text is not None):
        return mount
    if not source.known or _WINDOWS.match(source.text):
        return mount
    resolved = _resolved(source, directory)
    return mount if resolved is source else mount._replace(entries={**mount.entries, "source": resolved})


def _resolved(value: Leaf, directory: str) -> Leaf:
    """A home directory is known to the deploying machine only."""
    assert value.text is not None
    if value.text.startswith("~"):
        return value._replace(known=False)
    text = join(directory, value.text)
    return value if text == value.text else value._replace(text=text)
