"""The configuration of a run: what the file says, merged with the command line."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cachelint.commit_arg import CommitArg
from cachelint.config_file import ConfigError, find_config, read_config, suggestion
from cachelint.diagnostic import Severity
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cachelint.documents.pattern_list import PatternList

__all__ = ["Config", "ConfigError", "check_names", "load_config", "suggestion", "with_options"]


class Config(NamedTuple):
    """What a run is told to do. `select` None means every rule; patterns are relative to `directory`, absolute."""

    directory: str
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    compose_files: tuple[str, ...] = ()
    severity: dict[str, Severity] = {}  # noqa: RUF012  # never written to: Config is frozen
    commit_arg: CommitArg = CommitArg()
    allowed_volumes: tuple[str, ...] = ()
    deploy_scripts: tuple[str, ...] = ()

    def enables(self, rule: str) -> bool:
        """Whether a rule is to run."""
        return rule not in self.ignore and (self.select is None or rule in self.select)

    def is_excluded(self, path: str) -> bool:
        """Whether a pattern of `exclude` matches an absolute path or a directory above it."""
        return self._matches(self.exclude, path)

    def is_deploy_script(self, path: str) -> bool:
        """Whether a pattern of `deploy_scripts` matches an absolute path or a directory above it."""
        return self._matches(self.deploy_scripts, path)

    def _matches(self, patterns: tuple[str, ...], path: str) -> bool:
        if not patterns:
            return False
        return _patterns(patterns).matches(os.path.relpath(path, self.directory).replace(os.sep, "/"))


def load_config(start: str, file: str | None = None) -> Config:
    """The configuration in `file`, else the nearest one at or above the directory `start`, else the defaults.

    Raises `ConfigError`.
    """
    path = os.path.realpath(file) if file else find_config(start)
    return _build(read_config(path), path) if path else Config(start)


def with_options(config: Config, select: Sequence[str] | None, ignore: Sequence[str]) -> Config:
    """The configuration with the command line's choice of rules on top: to select is to choose anew."""
    if select is None:
        return config._replace(ignore=config.ignore | frozenset(ignore))
    return config._replace(select=frozenset(select), ignore=frozenset(ignore))


def check_names(names: Iterable[str], known: Sequence[str], what: str) -> None:
    """Raise `ConfigError`, with a suggestion, for the first name that is not known."""
    for name in names:
        if name not in known:
            raise ConfigError(f"unknown {what} {name!r}{suggestion(name, known)}")


def _build(raw: dict[str, Any], path: str) -> Config:
    from cachelint.documents.globs import PatternError

    config = _from_raw(raw, os.path.dirname(path))
    for key, patterns in (("exclude", config.exclude), ("deploy-scripts", config.deploy_scripts)):
        try:
            _patterns(patterns)
        except PatternError as error:
            raise ConfigError(f"{os.path.relpath(path)}: {key}: {error}") from error
    return config


def _from_raw(raw: dict[str, Any], directory: str) -> Config:
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
        tuple(raw.get("volume-over-build", {}).get("allow", ())),
        tuple(raw.get("deploy-scripts", ())),
    )


@lru_cache(maxsize=16)
def _patterns(exclude: tuple[str, ...]) -> PatternList:
    """The patterns of .dockerignore, but one without a slash means any directory, as in .gitignore."""
    from cachelint.documents.pattern_list import PatternList

    return PatternList(map(_anywhere, exclude))


def _anywhere(pattern: str) -> str:
    name = pattern.removeprefix("!")
    mark = pattern[: len(pattern) - len(name)]
    return f"{mark}{name.lstrip('/')}" if "/" in name.rstrip("/") else f"{mark}**/{name}"
