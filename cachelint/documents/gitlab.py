"""``.gitlab-ci.yml``: the jobs of the file itself and their scripts.

What ``extends``, ``include`` and ``!reference`` bring from elsewhere is not read. Source: GitLab's "CI/CD YAML syntax
reference": ``before_script`` and ``script`` run in one shell, ``after_script`` in another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.mapped_text import join
from cachelint.documents.yaml import Mapping, Node, Scalar, Sequence, deref, parse_yaml, text_of
from cachelint.documents.yaml_text import text_in
from cachelint.record import NamedTuple
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.mapped_text import MappedText
    from cachelint.source import SourceFile

MAX_LINES = 20_000
"""Lines of scripts that all jobs of a file together may have, those behind aliases counted each time."""

# Top level keys that are no jobs, though mappings or lists.
_GLOBAL = frozenset(
    """
    default include stages variables workflow cache image services spec before_script after_script
    """.split()
)


class GitlabJob(NamedTuple):
    """One job. `script` is what its shell runs, before_script included; `variables` maps to None what is not plain.

    `in_shell` says that a tag asks for a runner with the shell executor: its machine stays.
    """

    name: str
    place: Span
    script: MappedText
    variables: dict[str, str | None]
    in_shell: bool = False


def read_gitlab(source: SourceFile) -> tuple[GitlabJob, ...]:
    """The jobs with a script, hidden ones too, in order. Raises `YamlError`."""
    yaml = parse_yaml(source)
    reader = _Reader(source)
    return tuple(job for root in yaml.documents if isinstance(root, Mapping) for job in reader.jobs(root))


class _Reader:
    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._lines_left = MAX_LINES

    def jobs(self, root: Mapping) -> Iterator[GitlabJob]:
        shared = _variables(root)
        default = _value(root, "default")
        before = _own(root, "before_script") or (_own(default, "before_script") if default else None)
        for name, entry in root.merged.items():
            job = deref(entry.value)
            if name in _GLOBAL or not isinstance(job, Mapping) or "script" not in job.merged:
                continue
            parts = [*self._parts(_own(job, "before_script") or before), *self._parts(_own(job, "script"))]
            variables = {**shared, **_variables(job)}
            tags = _own(job, "tags") or (_own(default, "tags") if default else None)
            yield GitlabJob(name, entry.key.span, join(self._source, parts), variables, _names_shell(tags))

    def _parts(self, node: Node | None) -> Iterator[tuple[str, Span]]:
        """The lines of a script, each with a line break behind it; lists may be nested."""
        target = deref(node) if node else None
        if isinstance(target, Sequence) and target.tag is None:
            for item in target.items:
                yield from self._parts(item)
        elif isinstance(target, Scalar) and not target.is_null and self._lines_left > 0:
            self._lines_left -= 1
            text = text_in(self._source, target)
            if text:
                yield from text.parts
                yield "\n", Span(target.span.end, target.span.end)


def _names_shell(tags: Node | None) -> bool:
    target = deref(tags) if tags else None
    items = target.items if isinstance(target, Sequence) else ()
    return any(re.search(r"(?<![a-z])shell(?![a-z])", (text_of(one) or "").lower()) for one in items)


def _value(node: Mapping, key: str) -> Mapping | None:
    entry = node.merged.get(key)
    value = deref(entry.value) if entry else None
    return value if isinstance(value, Mapping) else None


def _own(node: Mapping, key: str) -> Node | None:
    entry = node.merged.get(key)
    return entry.value if entry else None


def _variables(node: Mapping) -> dict[str, str | None]:
    found = _value(node, "variables")
    return {name: text_of(entry.value) for name, entry in found.merged.items()} if found else {}
