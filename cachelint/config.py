"""Configuration: found, validated, merged with the command line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cachelint.commit_arg import CommitArg
from cachelint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FILE_NAMES = (".cachelint.yaml", ".cachelint.yml")
_SCHEMA = os.path.join(os.path.dirname(__file__), "config.schema.json")


class ConfigError(Exception):
    """The configuration or an option cannot be used; ``str()`` says what is wrong and what may have been meant."""


class Config(NamedTuple):
    """What a run is told to do. `select` None means every rule; patterns are relative to `directory`, absolute."""

    directory: str
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    compose_files: tuple[str, ...] = ()
    severity: dict[str, Severity] = {}  # noqa: RUF012  # never written to: Config is frozen
    commit_arg: CommitArg = CommitArg()

    def enables(self, rule: str) -> bool:
        """Whether a rule is to run."""
        return rule not in self.ignore and (self.select is None or rule in self.select)

    def is_excluded(self, path: str) -> bool:
        """Whether a pattern of `exclude` matches an absolute path or a directory above it."""
        if not self.exclude:
            return False
        relative = os.path.relpath(path, self.directory).replace(os.sep, "/")
        return any(_pattern(one).fullmatch(relative) for one in self.exclude)


def load_config(start: str, file: str | None = None) -> Config:
    """The configuration in `file`, else the nearest one at or above the directory `start`, else the defaults.

    Raises `ConfigError`.
    """
    path = os.path.abspath(file) if file else _find(start)
    if path is None:
        return Config(start)
    raw = _read(path)
    _validate(raw, path)
    return _build(raw, os.path.dirname(path))


def with_options(config: Config, select: Sequence[str] | None, ignore: Sequence[str]) -> Config:
    """The configuration with the command line's choice of rules on top."""
    chosen = config.select if select is None else frozenset(select)
    return config._replace(select=chosen, ignore=config.ignore | frozenset(ignore))


def check_names(names: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise `ConfigError`, with a suggestion, for the first name that is not known."""
    for name in names:
        if name not in known:
            raise ConfigError(f"unknown {what} {name!r}{suggestion(name, known)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` for a name that is close to a known one, else nothing."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _find(start: str) -> str | None:
    at = start
    while True:
        for name in FILE_NAMES:
            if os.path.isfile(os.path.join(at, name)):
                return os.path.join(at, name)
        if _mentions_us(project := os.path.join(at, "pyproject.toml")):
            return project
        above = os.path.dirname(at)
        if above == at or os.path.exists(os.path.join(at, ".git")):
            return None
        at = above


def _mentions_us(path: str) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            return "[tool.cachelint" in file.read()
    except (OSError, UnicodeDecodeError):
        return False


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    if path.endswith(".toml"):
        return _read_toml(path, text)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text) or {}
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from error


def _read_toml(path: str, text: str) -> Any:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text).get("tool", {}).get("cachelint", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: no valid TOML: {error}") from error


def _validate(raw: object, path: str) -> None:
    import json

    from jsonschema import Draft202012Validator

    with open(_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    for error in Draft202012Validator(schema).iter_errors(raw):
        raise ConfigError(f"{path}: {_explain(error)}")


def _explain(error: Any) -> str:
    place = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(str(key) for key in error.instance if key not in known)
        return f"unknown key {f'{place}.' if place else ''}{unknown}{suggestion(unknown, known)}"
    return f"{place or 'the configuration'}: {error.message}"


def _build(raw: dict[str, Any], directory: str) -> Config:
    commit = raw.get("commit-arg", {})
    name = commit.get("name", CommitArg().name)
    return Config(
        directory,
        frozenset(raw["select"]) if "select" in raw else None,
        frozenset(raw.get("ignore", ())),
        tuple(raw.get("exclude", ())),
        tuple(raw.get("compose-files", ())),
        {rule: Severity[label.upper()] for rule, label in raw.get("severity", {}).items()},
        CommitArg(name, frozenset(commit.get("aliases", ())), commit.get("value", f"${{{name}}}")),
    )


def _pattern(glob: str) -> re.Pattern[str]:
    """A pattern as in .gitignore, anchored where it has a slash: it matches a path and everything below it."""
    anchored = "/" in glob.rstrip("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/"))
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(known.get(part, re.escape(part)) for part in parts)
    return re.compile(("" if anchored else "(?:.*/)?") + body + "(?:/.*)?")
