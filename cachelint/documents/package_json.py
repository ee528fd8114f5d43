"""``package.json``: its scripts, with the place of each character.

JSON is read by the reader of YAML, which keeps positions, and held against what Python's own reader of JSON says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Scalar, YamlError, parse_yaml
from cachelint.documents.yaml_text import text_in
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.documents.mapped_text import MappedText
    from cachelint.source import SourceFile, Span


class PackageScript(NamedTuple):
    """One entry of ``scripts``; `place` is its name."""

    name: str
    place: Span
    text: MappedText


def read_package_scripts(source: SourceFile) -> tuple[PackageScript, ...]:
    """The scripts of a ``package.json``; none where the file is no JSON, or has none."""
    try:
        data = json.loads(source.text)
        root = parse_yaml(source).documents[0]
    except (ValueError, YamlError, IndexError, RecursionError):
        return ()
    scripts = data.get("scripts") if isinstance(data, dict) else None
    entry = root.merged.get("scripts") if isinstance(root, Mapping) else None
    if not isinstance(scripts, dict) or not entry or not isinstance(entry.value, Mapping):
        return ()
    found: list[PackageScript] = []
    for one in entry.value.entries:
        if isinstance(one.key, Scalar) and isinstance(one.value, Scalar):
            text = text_in(source, one.value)
            if text and text.text == scripts.get(one.key.value):
                found.append(PackageScript(one.key.value, one.key.span, text))
    return tuple(found)
