"""GitHub Actions workflows and composite actions: jobs, their steps in order, and the scripts in them.

Only what says something about builds is kept. ``${{ … }}`` is replaced by GitHub before a shell or an action sees the
text; its value is never guessed. Source: "Workflow syntax for GitHub Actions" and "Metadata syntax" in GitHub's docs.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Scalar, Sequence, YamlFile, deref, parse_yaml, text_of
from cachelint.documents.yaml_text import text_in
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.mapped_text import MappedText
    from cachelint.documents.yaml import Entry, Node
    from cachelint.source import SourceFile

EXPRESSION = regex(r"\$\{\{(?:[^'}$]|\$(?!\{\{)|'[^']{0,500}'|\}(?!\})){0,1000}\}\}")
"""``${{ … }}``; quoted text inside it may hold braces. The bounds keep the search linear."""

MAX_STEPS = 20_000
"""Steps that all jobs of a file together may have, those behind aliases counted each time: nobody writes so many."""

REMOTE_SCRIPTS = {
    "appleboy/ssh-action": "script",
    "fifsky/ssh-action": "command",
    "garygrossgarten/github-action-ssh": "command",
    "JimCronqvist/action-ssh": "command",
    "nekiro/ssh-job": "command",
}
"""Actions that run a script on another machine, with the input that holds it (from their README files)."""

SCRIPT = "script"
"""The first step of a `Statement`'s path about a script in a workflow; its number among `script_nodes` follows."""

_HOSTED = regex(r"(?:ubuntu|windows|macos)-(?:latest|slim|\d[\w.]*)(?:-(?:arm|xlarge|large|intel))?")
_SHELLS = frozenset(("bash", "sh"))
_NEVER = regex(r"\s*(?:false|\$\{\{\s*false\s*\}\})\s*", re.IGNORECASE)


class NotWorkflowError(Exception):
    """The file is YAML, but neither a workflow nor a composite action."""


class Runner(enum.Enum):
    """The machine that a job runs on."""

    HOSTED = "hosted"
    """GitHub makes a new one for each job, so no build cache is left from the last."""
    SELF_HOSTED = "self-hosted"
    UNKNOWN = "unknown"


class Setting(NamedTuple):
    """An environment variable or an input of an action."""

    name: str
    entry: Entry

    @property
    def node(self) -> Scalar | None:
        """Its value, None where it is a collection."""
        node = deref(self.entry.value)
        return node if isinstance(node, Scalar) else None

    @property
    def value(self) -> str | None:
        """Its value where the file alone says what it is: nothing of it is an expression."""
        return None if self.node is None or "${{" in self.node.value else self.node.value


class Step(NamedTuple):
    """One step.

    `run` is the script as written, expressions included. `directory` is where it runs as the file says it, empty for
    the default. `shell` is what the step or a default names, None where nothing does. `condition` is the text of its
    ``if``.
    """

    node: Mapping
    run: MappedText | None
    shell: str | None
    directory: str
    env: tuple[Setting, ...]
    uses: Scalar | None
    inputs: dict[str, Setting]
    condition: str | None

    @property
    def action(self) -> str:
        """The action that is used, without its version; empty for a script."""
        return self.uses.value.partition("@")[0].strip() if self.uses else ""

    @property
    def runs_shell(self) -> bool:
        """Whether the script is one of the shells of Unix."""
        return self.run is not None and (self.shell is None or self.shell.partition(" ")[0] in _SHELLS)

    @property
    def is_remote(self) -> bool:
        """Whether its script runs on another machine."""
        return self.action in REMOTE_SCRIPTS

    @property
    def script(self) -> Scalar | None:
        """The script that a shell of Unix runs for it, here or on another machine."""
        if self.is_remote:
            setting = self.inputs.get(REMOTE_SCRIPTS[self.action])
            return setting.node if setting else None
        run = _value(self.node, "run")
        return run if self.runs_shell and isinstance(run, Scalar) else None

    def input(self, name: str) -> str | None:
        """The value of an input: empty when it is not given, None when only GitHub knows it."""
        setting = self.inputs.get(name)
        return setting.value if setting else ""


class Job(NamedTuple):
    """One job, or the steps of a composite action. `needs` are the ids of the jobs that come before it."""

    id: str
    key: Node
    runner: Runner
    env: tuple[Setting, ...]
    needs: tuple[str, ...]
    condition: str | None
    steps: tuple[Step, ...]


class Workflow(NamedTuple):
    """A workflow, or a composite action, which has one job without a machine of its own."""

    yaml: YamlFile
    env: tuple[Setting, ...]
    jobs: tuple[Job, ...]
    is_action: bool

    @property
    def source(self) -> SourceFile:
        """The text it was read from."""
        return self.yaml.source


class _Defaults(NamedTuple):
    """``defaults.run``: what a step says itself counts before it."""

    shell: str | None
    directory: str

    def below(self, node: Mapping) -> _Defaults:
        """These defaults with those of a workflow or job on top."""
        run = _mapping(_mapping(node, "defaults"), "run")
        return self.of(run) if run else self

    def of(self, node: Mapping) -> _Defaults:
        """These defaults with what a step or ``run`` itself says on top."""
        return _Defaults(_text(node, "shell") or self.shell, _text(node, "working-directory") or self.directory)


def read_workflow(source: SourceFile) -> Workflow:
    """Read a workflow or an ``action.yml``. Raises `YamlError`, and `NotWorkflowError` for any other file."""
    yaml = parse_yaml(source)
    root = yaml.documents[0] if yaml.documents else None
    if not isinstance(root, Mapping):
        raise NotWorkflowError("neither jobs nor runs in it")
    reader = _Reader(source)
    runs = _mapping(root, "runs")
    if jobs := _mapping(root, "jobs"):
        return Workflow(yaml, _settings(root, "env"), tuple(reader.jobs(root, jobs)), is_action=False)
    if runs and "steps" in runs.merged:
        steps = tuple(reader.steps(runs, _Defaults(None, "")))
        key = root.merged["runs"].key
        return Workflow(yaml, (), (Job("", key, Runner.UNKNOWN, (), (), None, steps),), is_action=True)
    raise NotWorkflowError("neither jobs nor runs in it")


class _Reader:
    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._steps_left = MAX_STEPS

    def jobs(self, root: Mapping, jobs: Mapping) -> Iterator[Job]:
        defaults = _Defaults(None, "").below(root)
        for name, entry in jobs.merged.items():
            node = deref(entry.value)
            if isinstance(node, Mapping) and not _is_off(node):
                needs = tuple(_texts(node, "needs"))
                steps = tuple(self.steps(node, defaults.below(node)))
                env, condition = _settings(node, "env"), _text(node, "if")
                yield Job(name, entry.key, _runner(node), env, needs, condition, steps)

    def steps(self, node: Mapping, defaults: _Defaults) -> Iterator[Step]:
        steps = _value(node, "steps")
        for item in steps.items if isinstance(steps, Sequence) else ():
            step = deref(item)
            self._steps_left -= 1
            if isinstance(step, Mapping) and self._steps_left >= 0 and not _is_off(step):
                yield self._step(step, defaults.of(step))

    def _step(self, node: Mapping, defaults: _Defaults) -> Step:
        run, uses = _value(node, "run"), _value(node, "uses")
        return Step(
            node,
            text_in(self._source, run) if isinstance(run, Scalar) else None,
            defaults.shell,
            defaults.directory,
            _settings(node, "env"),
            uses if isinstance(uses, Scalar) else None,
            {setting.name: setting for setting in _settings(node, "with")},
            _text(node, "if"),
        )


def script_nodes(workflow: Workflow) -> list[Scalar]:
    """The scripts that a shell of Unix runs here, each where it is written, in the order of the file."""
    found: dict[int, Scalar] = {}
    for job in workflow.jobs:
        for step in job.steps:
            if step.script:
                found[id(step.script)] = step.script
    return sorted(found.values(), key=lambda node: node.span.start)


def without_expressions(text: MappedText) -> MappedText:
    """The text with each ``${{ … }}`` replaced by a variable of the same length that nobody sets.

    So a shell's grammar can read it, and every other character keeps its place.
    """
    return text.with_text(blank_expressions(text.text)) if "${{" in text.text else text


def blank_expressions(text: str) -> str:
    """The same for characters alone."""
    return EXPRESSION.sub(lambda match: f"${{{'_' * (len(match.group()) - 3)}}}", text)


def _runner(job: Mapping) -> Runner:
    """The kind of machine; labels that GitHub does not give to its own are somebody's, and those may keep a cache."""
    value = _value(job, "runs-on")
    if isinstance(value, Mapping):
        return Runner.UNKNOWN  # a group: GitHub's larger machines or one's own
    labels = list(_texts(job, "runs-on"))
    if any(label == "self-hosted" for label in labels):
        return Runner.SELF_HOSTED
    hosted = len(labels) == 1 and _HOSTED.fullmatch(labels[0])
    return Runner.HOSTED if hosted else Runner.UNKNOWN


def _is_off(node: Mapping) -> bool:
    """Whether a job or step never runs: ``if: false``."""
    return bool(_NEVER.fullmatch(_text(node, "if") or ""))


def _value(node: Mapping | None, key: str) -> Scalar | Sequence | Mapping | None:
    entry = node.merged.get(key) if node else None
    return deref(entry.value) if entry else None


def _mapping(node: Mapping | None, key: str) -> Mapping | None:
    value = _value(node, key)
    return value if isinstance(value, Mapping) else None


def _text(node: Mapping, key: str) -> str | None:
    return text_of(_value(node, key))


def _texts(node: Mapping, key: str) -> Iterator[str]:
    """The text of a key, or those of its list."""
    value = _value(node, key)
    for item in value.items if isinstance(value, Sequence) else (value,):
        text = text_of(item)
        if text:
            yield text


def _settings(node: Mapping, key: str) -> tuple[Setting, ...]:
    value = _mapping(node, key)
    return tuple(Setting(name, entry) for name, entry in value.merged.items()) if value else ()
