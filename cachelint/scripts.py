"""Which Compose files the scripts and workflows of a tree build, and which variables are set for that."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING

from cachelint.deployment.callees import Callees
from cachelint.deployment.callers import Callers
from cachelint.discovery import SCRIPTS, Kind
from cachelint.regex import regex
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.compose_files import Asked, Bind
    from cachelint.deployment.model import Deployment
    from cachelint.deployment.passed_args import PassedArg
    from cachelint.project import Project
    from cachelint.workspace import Workspace

_COMPOSE = r"(?:compose|\$\{?\w+\}?)[\"']?[ \t]"
_COMPOSE_BUILD = regex(rf"{_COMPOSE}(?:(?!{_COMPOSE})[^\n])*\bbuild\b|\$\{{?\w+\}}?[\"']?[ \t]+up\b")
_KEPT = 64
_OTHERS = (
    ".env",
    ".envrc",
    "Jenkinsfile",
    "Justfile",
    "Taskfile.yml",
    "justfile",
)


class Scripts:
    """The files of a tree that run commands, and others beside them that may set variables.

    `bind` makes the project that a command asks for; `callees` looks into scripts that others call, and `callers` says
    who else runs one.
    """

    def __init__(self, workspace: Workspace, bind: Bind) -> None:
        self._workspace = workspace
        self._bind = bind
        self._builders: dict[str, list[Deployment]] | None = None
        self._passed: tuple[PassedArg, ...] | None = None
        self._texts: dict[str, str] | None = None
        self._set: dict[str, bool] = {}
        self._worked_on: dict[str, bool] = {}
        self._given: dict[tuple[str, str], frozenset[str]] = {}
        self._read_scripts: dict[str, tuple[Deployment, ...] | None] = {}
        self.callers = Callers(workspace, self._all_texts)
        self.callees = Callees(self._deployments_in)

    def leave_unset(self, compose: str, name: str) -> bool:
        """Whether a script or workflow builds a Compose file (absolute), and nothing here sets a variable for it.

        What a script sources and is not here may set any.
        """
        if self._is_set(name):
            return False
        builders = self._all_builders().get(compose, [])
        return bool(builders) and not any(one.may_set(name) for one in builders)

    def pass_to(self, service: str, files: tuple[str, ...]) -> frozenset[str]:
        """The names of the build arguments that commands may pass to a service of a project of these files (absolute).

        It is about ``compose build --build-arg``; what the files say is not among them.
        """
        if self._passed is None:
            from cachelint.deployment.passed_args import passed_args

            self._passed = tuple(one for found in self._deployments("--build-arg") for one in passed_args(found))
        return frozenset(one.name for one in self._passed if one.reaches(service, files))

    def project(self, asked: Asked) -> Project:
        """The project that a command asks for."""
        return self._bind(asked)

    def caller_mentions(self, name: str, path: str) -> bool:
        """Whether another script or workflow that mentions this one (absolute) mentions a variable, too."""
        files, script = self._workspace.tree.files, os.path.basename(path)
        callers = (one for one in self._givers(name, script) if one != path and files.get(one) in SCRIPTS)
        return any(script in self._all_texts()[one] for one in callers)

    def work_on(self, compose: str) -> bool:
        """Whether a command works on a Compose file (absolute) alone: then it is a project of its own."""
        if compose not in self._worked_on:
            mentioning = (path for path, text in self._all_texts().items() if os.path.basename(compose) in text)
            self._worked_on[compose] = any(map(partial(self._gives_alone, compose), mentioning))
        return self._worked_on[compose]

    def _gives_alone(self, compose: str, path: str) -> bool:
        from cachelint.deployment.survey import survey

        if self._workspace.tree.files.get(path) not in SCRIPTS:
            return False
        calls = (call for one in survey(self._workspace, path, self) for call in one.calls if call.docker)
        projects = (call.project_in(None) for call in calls)
        return any(one.request.files == (compose,) for one in projects if one)

    def has_builds(self) -> bool:
        """Whether the tree has a Dockerfile."""
        return Kind.DOCKERFILE in self._workspace.tree.files.values()

    def may_give(self, name: str, path: str) -> bool:
        """Whether a variable may come to a script from elsewhere.

        From a file such as ``.env`` that mentions it, or from a script or workflow that mentions it and this script.
        """
        givers = self._givers(name, os.path.basename(path))
        return len(givers) > (path in givers)

    def _is_set(self, name: str) -> bool:
        """Whether any of the files gives a variable a value; looked up once for each name."""
        if name not in self._set:
            self._set[name] = any(map(_setting(name).search, self._all_texts().values()))
        return self._set[name]

    def _givers(self, name: str, script: str) -> frozenset[str]:
        """The files that may give a variable to scripts of that name; looked up once for both."""
        key = name, script
        if key not in self._given:
            mentions = re.compile(rf"\b{re.escape(name)}\b")
            files = self._workspace.tree.files
            self._given[key] = frozenset(
                path
                for path, text in self._all_texts().items()
                if (files.get(path) not in (Kind.SHELL, Kind.WORKFLOW) or script in text) and mentions.search(text)
            )
        return self._given[key]

    def _all_builders(self) -> dict[str, list[Deployment]]:
        """The deployments that build, by the Compose files that they read."""
        if self._builders is None:
            self._builders = {}
            for deployment in self._deployments():
                calls = [one for one in deployment.calls if one.docker and one.docker.builds]
                built = {path for call in calls for one in call.services for path in one.paths}
                for path in built:
                    self._builders.setdefault(path, []).append(deployment)
        return self._builders

    def _deployments(self, mark: str = "") -> Iterator[Deployment]:
        """Those that may build with Compose, of files that have a mark in them."""
        from cachelint.deployment.survey import survey

        files = self._workspace.tree.files
        for path, text in self._all_texts().items():
            if files.get(path) in SCRIPTS and mark in text and _COMPOSE_BUILD.search(text):
                yield from survey(self._workspace, path, self)

    def _deployments_in(self, path: str) -> tuple[Deployment, ...] | None:
        """Those of one script (absolute path); None where it is none of the tree's."""
        from cachelint.deployment.survey import survey_all

        if path not in self._read_scripts:
            if len(self._read_scripts) >= _KEPT:
                self._read_scripts.clear()
            known = self._workspace.tree.files.get(path) in SCRIPTS
            self._read_scripts[path] = survey_all(self._workspace, path, self) if known else None
        return self._read_scripts[path]

    def _all_texts(self) -> dict[str, str]:
        if self._texts is None:
            files = self._workspace.tree.files
            scripts = [path for path, kind in files.items() if kind in SCRIPTS]
            directories = {self._workspace.tree.root, *map(os.path.dirname, files)}
            beside = (os.path.join(directory, name) for directory in sorted(directories) for name in _OTHERS)
            self._texts = dict(self._read([*scripts, *filter(os.path.isfile, beside)]))
        return self._texts

    def _read(self, paths: list[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            try:
                yield path, self._workspace.source(path).text
            except SourceError:
                continue  # what cannot be read claims nothing


def _setting(name: str) -> re.Pattern[str]:
    """What gives a variable a value, in a shell, a Makefile, YAML and other notations."""
    word = rf"\b{re.escape(name)}\b"
    return re.compile(rf"{word}[\"']?[ \t]*(?:[?+]?=|:(?![-?+]))|\b(?:export|read|declare|typeset)\b[^\n;&|]*{word}")
