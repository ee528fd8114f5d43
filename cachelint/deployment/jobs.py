"""The files that run commands, as jobs of shells and actions in their order. No shell is read here yet."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cachelint.discovery import Kind
from cachelint.documents.mapped_text import whole
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import SourceError, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cachelint.deployment.environment import Environment
    from cachelint.documents.mapped_text import MappedText
    from cachelint.documents.script import Directory, Script
    from cachelint.documents.script_paths import Paths
    from cachelint.documents.workflow import Job as WorkflowJob
    from cachelint.documents.workflow import Setting, Step, Workflow
    from cachelint.documents.yaml import YamlFile
    from cachelint.source import SourceFile
    from cachelint.workspace import Workspace

ABOUT_DOCKER = regex(
    r"docker|podman|buildah|nerdctl|compose|\bbake\b|\$\{?\w+(?:\[@\])?\}?[\"']?[ \t]+(?:build|buildx|bake|up)\b",
    re.IGNORECASE,
)
"""What a file has in it that may ask for a build: a word, or a variable that stands for one."""

ABOUT_CACHES = regex(r"__pycache__|\.next\b|\.turbo\b|\.nuxt\b|node_modules/\.cache|\.parcel-cache|\.svelte-kit")
"""Caches of applications, which a script may clear."""


class Unit:
    """One text that one shell runs from its beginning to its end.

    `starts` are the directories (absolute) in which it may be started, nearest first: one where it is certain, none
    where it is not known at all. `env` maps the variables that the file sets for it to their values, None for a value
    that the file does not say. `step` is the workflow's step, whose script may run on another machine (`is_remote`).
    `path` is how the path of a fix's `Statement` about it begins.
    """

    __slots__ = ("_called", "_environment", "_functions", "_paths", "_script", "env", "path", "starts", "step", "text")

    def __init__(
        self,
        text: MappedText,
        starts: tuple[str, ...],
        env: Mapping[str, str | None] | None = None,
        step: Step | None = None,
        path: tuple[str | int, ...] = (),
    ) -> None:
        self.text = text
        self.starts = starts
        self.env: Mapping[str, str | None] = env or {}
        self.step = step
        self.path = path
        self._script: Script | None = None
        self._paths: Paths | None = None
        self._environment: Environment | None = None
        self._called: dict[int, list[tuple[Directory, bool]]] | None = None
        self._functions: frozenset[str] | None = None

    @property
    def is_remote(self) -> bool:
        """Whether another machine runs it."""
        return self.step is not None and self.step.is_remote

    @property
    def script(self) -> Script:
        """The commands of it; their spans are places in the file."""
        if self._script is None:
            from cachelint.documents.script_parser import read_script

            self._script = read_script(self.text.source, self.text.text, self.text.pairs)
        return self._script

    @property
    def paths(self) -> Paths:
        """What the paths in it mean."""
        if self._paths is None:
            from cachelint.documents.script_paths import Paths

            self._paths = Paths(self.script)
        return self._paths

    @property
    def called(self) -> Mapping[int, list[tuple[Directory, bool]]]:
        """The commands, by number, that run another script or, with True, read it in, with its place.

        There is none where that is not known, or on another machine.
        """
        if self._called is None:
            self._called = {}
            script = self.script
            for places, sourced in ((script.called, False), (script.sourced, True)):
                for one in places:
                    known = self._called.setdefault(one.command, [])
                    if one.place and not self.is_remote and not script.commands[one.command].shell.path:
                        known.append((one.place, sourced))
        return self._called

    @property
    def functions(self) -> frozenset[str]:
        """The names of the functions that it defines."""
        if self._functions is None:
            self._functions = frozenset(one.name for one in self.script.functions)
        return self._functions

    def environment(self, workspace: Workspace) -> Environment:
        """What is known of the variables that reach its commands."""
        if self._environment is None or self._environment.edits != workspace.edits:
            from cachelint.deployment.environment import Environment

            self._environment = Environment(workspace, self)
        return self._environment


class Action(NamedTuple):
    """A step that uses an action. `workspace` is the directory that its paths are relative to, None if not known."""

    step: Step
    workspace: str | None


_NOT_EDITED = {
    Kind.MAKEFILE: "a Makefile's recipes, in which `$` is written `$$`, are not edited",
    Kind.PACKAGE: "scripts in package.json, whose quotes JSON escapes, are not edited",
    Kind.GITLAB: "scripts in GitLab's CI file are not edited",
}


class ScriptJob(NamedTuple):
    """What runs one after the other on one machine: a script, a job of a workflow, a recipe.

    `name` is the job's id, the rule's targets or the script's name, empty for a shell script; `place` is where it
    stands. `ephemeral` says whether its machine is made anew for it, so that no cache is left from the last time;
    None where that is not known. `needs` are the names of jobs that come before it. `yaml` is the file's tree, where
    it is a workflow.
    """

    kind: Kind
    source: SourceFile
    name: str
    place: Span
    items: tuple[Unit | Action, ...]
    ephemeral: bool | None = False
    needs: tuple[str, ...] = ()
    yaml: YamlFile | None = None

    @property
    def objection(self) -> str | None:
        """Why no fix writes into it; None where one may, since the shell reads the characters that the file has."""
        return _NOT_EDITED.get(self.kind)


def kept_jobs(workspace: Workspace, path: str) -> tuple[ScriptJob, ...]:
    """The jobs of a file (absolute path) of the tree, read once while it is in use.

    One that cannot be read or parsed has none; `unread` says why.
    """
    tree = workspace.tree
    try:
        return workspace.jobs(path, lambda source: jobs_in(source, tree.files[path], tree.root))
    except SourceError:
        return ()


def jobs_in(source: SourceFile, kind: Kind, root: str) -> tuple[ScriptJob, ...]:
    """The jobs of a file of this kind in a tree; none where it cannot be parsed."""
    from cachelint.documents.yaml import YamlError

    try:
        return parsed_jobs(source, kind, root)
    except YamlError:
        return ()


def parsed_jobs(source: SourceFile, kind: Kind, root: str) -> tuple[ScriptJob, ...]:
    """The same. Raises `YamlError`."""
    from cachelint.documents.workflow import NotWorkflowError

    try:
        return tuple(_READERS[kind](source, root))
    except NotWorkflowError:
        return ()


def _shell(source: SourceFile, root: str) -> Iterator[ScriptJob]:
    unit = Unit(whole(source), tuple(_upward(os.path.dirname(source.path), root)))
    yield ScriptJob(Kind.SHELL, source, "", Span(0, 0), (unit,))


def _upward(directory: str, root: str) -> Iterator[str]:
    """A directory and those above it, up to the root."""
    yield directory
    while directory != root and len(directory) > len(root):
        directory = os.path.dirname(directory)
        yield directory


def _makefile(source: SourceFile, root: str) -> Iterator[ScriptJob]:
    from cachelint.deployment.recipes import with_needed
    from cachelint.documents.makefile import read_makefile

    starts = (os.path.dirname(source.path),)
    own = [
        (recipe, tuple(Unit(text, starts, recipe.exported) for text in recipe.scripts))
        for recipe in read_makefile(source)
    ]
    for recipe, units in with_needed(own):
        if units:
            yield ScriptJob(Kind.MAKEFILE, source, recipe.name, recipe.place, units)


def _package(source: SourceFile, root: str) -> Iterator[ScriptJob]:
    from cachelint.documents.package_json import read_package_scripts

    starts = (os.path.dirname(source.path),)
    for script in read_package_scripts(source):
        units = (Unit(script.text, starts),)
        yield ScriptJob(Kind.PACKAGE, source, script.name, script.place, units)


def _gitlab(source: SourceFile, root: str) -> Iterator[ScriptJob]:
    from cachelint.documents.gitlab import read_gitlab

    for job in read_gitlab(source):
        unit = Unit(job.script, (root,), job.variables)
        yield ScriptJob(Kind.GITLAB, source, job.name, job.place, (unit,), False if job.in_shell else None)


def _workflow(source: SourceFile, root: str) -> Iterator[ScriptJob]:
    from cachelint.documents.workflow import read_workflow, script_nodes

    workflow = read_workflow(source)
    numbers = {id(node): number for number, node in enumerate(script_nodes(workflow))}
    for job in workflow.jobs:
        items = tuple(_items(workflow, job, root, numbers))
        place, ephemeral = job.key.span, _is_ephemeral(job)
        yield ScriptJob(Kind.WORKFLOW, source, job.id, place, items, ephemeral, job.needs, workflow.yaml)


def _is_ephemeral(job: WorkflowJob) -> bool | None:
    from cachelint.documents.workflow import Runner

    return {Runner.HOSTED: True, Runner.SELF_HOSTED: False, Runner.UNKNOWN: None}[job.runner]


def _items(workflow: Workflow, job: WorkflowJob, root: str, numbers: Mapping[int, int]) -> Iterator[Unit | Action]:
    from cachelint.documents.workflow import SCRIPT, without_expressions
    from cachelint.documents.yaml_text import text_in

    workspace = root if _holds_this_repository(workflow, job.steps) else None
    env = _values((*workflow.env, *job.env))
    for step in job.steps:
        if step.uses:
            yield Action(step, workspace)
        text = text_in(workflow.source, step.script) if step.script else None
        if text:
            starts = () if step.is_remote else _starts(workspace, step.directory)
            variables = {} if step.is_remote else {**env, **_values(step.env)}
            path = SCRIPT, numbers[id(step.script)]
            yield Unit(without_expressions(text), starts, variables, step, path)
            env = {**env, **_exported(text.text)}


def _holds_this_repository(workflow: Workflow, steps: Iterable[Step]) -> bool:
    """Whether the job's working directory is the repository: it checks it out, and nowhere else."""
    if workflow.is_action:
        return True
    checkouts = [step for step in steps if step.action == "actions/checkout"]
    plain = [step for step in checkouts if step.input("path") in ("", ".") and step.input("repository") == ""]
    elsewhere = [step for step in checkouts if step.input("path") not in ("", ".", None)]
    return len(plain) > 0 and len(plain) + len(elsewhere) == len(checkouts)


def _starts(workspace: str | None, directory: str) -> tuple[str, ...]:
    """The directory of a step, as far as it is known."""
    below = re.sub(r"\A\$\{\{\s*github\.workspace\s*\}\}/?", "", directory)
    if workspace is None or "${{" in below or os.path.isabs(below):
        return ()
    return (os.path.normpath(os.path.join(workspace, below)),)


def _values(settings: Iterable[Setting]) -> dict[str, str | None]:
    return {setting.name: setting.value for setting in settings}


_EXPORTED = regex(r"\b([A-Za-z_]\w*)=|\b([A-Za-z_]\w*)<<")


def _exported(run: str) -> dict[str, str | None]:
    """Variables that a step hands to those after it; their values are not known."""
    if "GITHUB_ENV" not in run:
        return {}
    return {match[1] or match[2]: None for match in _EXPORTED.finditer(run)}


_READERS = {
    Kind.SHELL: _shell,
    Kind.MAKEFILE: _makefile,
    Kind.PACKAGE: _package,
    Kind.GITLAB: _gitlab,
    Kind.WORKFLOW: _workflow,
}
