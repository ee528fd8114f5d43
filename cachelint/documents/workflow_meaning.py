"""What a workflow does, so that two texts of it can be compared after an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents import script_meaning, yaml_meaning
from cachelint.documents.script_parser import read_script
from cachelint.documents.workflow import SCRIPT, read_workflow, script_nodes, without_expressions
from cachelint.documents.yaml_edit import place_of
from cachelint.documents.yaml_text import text_in
from cachelint.fix import Fields, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.documents.script import Script
    from cachelint.documents.yaml import Scalar
    from cachelint.source import SourceFile


def means_as_stated(old: SourceFile, statements: Sequence[Statement], new: SourceFile) -> bool:
    """Whether `new` does what `old` does, plus exactly the stated changes.

    A statement is one about YAML (see `yaml_meaning`), or its path begins with `SCRIPT` and the number of the script
    among `script_nodes`, and goes on as `script_meaning` says. Raises `LookupError` when a path leads nowhere,
    `YamlError` or `NotWorkflowError` when the new text is no workflow.
    """
    before, after = read_workflow(old), read_workflow(new)
    about_yaml = [one for one in statements if one.path[0] != SCRIPT]
    added = [text for one in about_yaml for text in _scripts_in(one.value)]
    was, now = script_nodes(before), list(_without(script_nodes(after), added))
    if len(was) != len(now):
        return False
    changed: list[Statement] = []
    for number, (one, other) in enumerate(zip(was, now, strict=True)):
        stated = [Statement(each.path[2:], each.value) for each in statements if each.path[:2] == (SCRIPT, number)]
        if one.value != other.value or stated:
            script, edited = _read(old, one), _read(new, other)
            if not script or not edited or not script_meaning.means_as_stated(script, stated, edited):
                return False
            changed.append(Statement(place_of(before.yaml, one).path, other.value))
    return yaml_meaning.means_as_stated(before.yaml, [*about_yaml, *changed], after.yaml)


def _read(source: SourceFile, node: Scalar) -> Script | None:
    text = text_in(source, node)
    clean = without_expressions(text) if text else None
    return read_script(source, clean.text, clean.pairs) if clean else None


def _scripts_in(value: object) -> Iterator[str]:
    """The script of a step that a fix adds."""
    if isinstance(value, Fields):
        yield from (text for key, text in value.pairs if key == "run" and isinstance(text, str))


def _without(nodes: Iterable[Scalar], added: list[str]) -> Iterator[Scalar]:
    """The scripts that were there before; of equal ones the first is the added one."""
    left = [text.rstrip() for text in added]
    for node in nodes:
        if node.value.rstrip() in left:
            left.remove(node.value.rstrip())
        else:
            yield node
