"""The file that holds the configuration: found, read, checked. It comes with the repository and is not trusted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cachelint.regex import regex
from cachelint.source import SourceError, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.yaml import Node
    from cachelint.source import SourceFile

FILE_NAMES = (".cachelint.yaml", ".cachelint.yml")
_PYPROJECT = "pyproject.toml"
_SCHEMA = os.path.join(os.path.dirname(__file__), "config.schema.json")
_MAX_NODES = 10_000
_MAX_KEY_PARTS = 50
_KEY_PART = regex(r"""[ \t]*(?:[\w-]+|"[^"]*"|'[^']*')[ \t]*""")
_WORDS = {"object": "a mapping", "array": "a list", "string": "text"}


class ConfigError(Exception):
    """The configuration or an option cannot be used; ``str()`` says what is wrong and what may have been meant."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` for a name that is close to a known one, else nothing."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def find_config(start: str) -> str | None:
    """The nearest file with a configuration, from a directory upward to the top of the repository."""
    at = start
    while True:
        for name in FILE_NAMES:
            if os.path.isfile(os.path.join(at, name)):
                return os.path.join(at, name)
        if _mentions_us(project := os.path.join(at, _PYPROJECT)):
            return project
        above = os.path.dirname(at)
        if above == at or os.path.exists(os.path.join(at, ".git")):
            return None
        at = above


def read_config(path: str) -> dict[str, Any]:
    """What a configuration file says, checked against the schema. Raises `ConfigError`."""
    try:
        source = read_source(path)
    except SourceError as error:
        raise ConfigError(f"{_shown(path)}: cannot be read: {error}") from error
    raw = _read_toml(source) if path.endswith(".toml") else _read_yaml(source)
    return _validated(raw, path)


def _mentions_us(path: str) -> bool:
    try:
        source = read_source(path)
    except SourceError:
        return False
    return "cachelint" in source.text and _table(source) is not None


def _table(source: SourceFile) -> Any:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if any(map(_is_bomb, source.text.splitlines())):
        raise ConfigError(f"{_shown(source.path)}: a key of more than {_MAX_KEY_PARTS} parts")
    try:
        tool = tomllib.loads(source.text).get("tool")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{_shown(source.path)}: no valid TOML: {error}") from error
    return tool.get("cachelint") if isinstance(tool, dict) else None


def _is_bomb(line: str) -> bool:
    """Whether a line holds a dotted key so long that the TOML reader, which is quadratic in it, would take minutes."""
    parts = 0
    for part in line.split(".") if line.count(".") > _MAX_KEY_PARTS else ():
        parts = parts + 1 if _KEY_PART.fullmatch(part) else 0
        if parts > _MAX_KEY_PARTS:
            return True
    return False


def _read_toml(source: SourceFile) -> Any:
    table = _table(source)
    return {} if table is None else table


def _read_yaml(source: SourceFile) -> Any:
    from cachelint.documents.yaml import YamlError, parse_yaml

    try:
        roots = [root for root in parse_yaml(source).documents if root]
    except YamlError as error:
        line = source.position(error.span.start).line
        raise ConfigError(f"{_shown(source.path)}:{line}: no valid YAML: {error}") from error
    if len(roots) > 1:
        raise ConfigError(f"{_shown(source.path)}: more than one YAML document")
    return _Plain(source).value(roots[0]) if roots else {}


class _Plain:
    """Turns nodes into plain data, as long as aliases do not blow it up."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._left = _MAX_NODES

    def value(self, node: Node) -> object:
        from cachelint.documents.yaml import Mapping, Sequence, deref

        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"{_shown(self._source.path)}: more than {_MAX_NODES:,} values")
        target = deref(node)
        if isinstance(target, Mapping):
            return {key: self.value(entry.value) for key, entry in target.merged.items()}
        return [self.value(item) for item in target.items] if isinstance(target, Sequence) else target.data


def _validated(raw: Any, path: str) -> dict[str, Any]:
    import json

    from jsonschema import Draft202012Validator

    with open(_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    for error in Draft202012Validator(schema).iter_errors(raw):
        raise ConfigError(f"{_shown(path)}: {_explain(error)}")
    return dict(raw)


def _explain(error: Any) -> str:
    place = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(str(key) for key in error.instance if key not in known)
        return f"unknown key {f'{place}.' if place else ''}{unknown}{suggestion(unknown, known)}"
    return f"{place or 'the configuration'} {_demand(error)}"


def _demand(error: Any) -> str:
    if error.validator == "type":
        return f"must be {_WORDS[error.validator_value]}"
    if error.validator == "enum":
        return (
            f"must be one of {', '.join(error.validator_value)}{suggestion(str(error.instance), error.validator_value)}"
        )
    return "must be the name of a build argument" if error.validator == "pattern" else "must not be empty"


def _shown(path: str) -> str:
    return os.path.relpath(path)
