"""The last look at an edit before it counts: the text still parses and means exactly what the fix stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.discovery import Kind
from cachelint.documents import dockerfile_meaning, yaml_meaning
from cachelint.documents.dockerfile import DockerfileError, parse_dockerfile
from cachelint.documents.workflow import NotWorkflowError
from cachelint.documents.yaml import Mapping, YamlError, parse_yaml
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.fix import Statement


def objection(kind: Kind, old: SourceFile, text: str, statements: Sequence[Statement]) -> str | None:
    """Why `text` must not take the place of `old`, or None."""
    new = SourceFile(old.path, text)
    try:
        stated = _MEANINGS.get(kind, _dockerfile)(old, new, statements)
    except (YamlError, DockerfileError, NotWorkflowError) as error:
        return f"the file would no longer parse: {error}"
    except LookupError:
        return "the place of the fix was not found again"
    return None if stated else "the file would mean something else than the fix states"


def _compose(old: SourceFile, new: SourceFile, statements: Sequence[Statement]) -> bool:
    before, after = parse_yaml(old), parse_yaml(new)
    if not yaml_meaning.means_as_stated(before, statements, after):
        return False
    has_services = any(isinstance(root, Mapping) and "services" in root.merged for root in before.documents)
    return all(_in_build(path, has_services=has_services) for path in yaml_meaning.differences(before, after))


def _in_build(path: tuple[str | int, ...], *, has_services: bool) -> bool:
    """Whether a resolved path lies in a service's build (of version 1 too) or in a block that is nothing by itself."""
    keys = [str(key) for key in path[1:]]
    if keys and keys[0].startswith("x-"):
        return True
    if has_services:
        if keys[:1] != ["services"]:
            return False
        keys = keys[1:]
    return len(keys) > 1 and (keys[1] == "build" or keys[1].startswith("x-"))


def _script(old: SourceFile, new: SourceFile, statements: Sequence[Statement]) -> bool:
    from cachelint.documents.script_meaning import means_as_stated
    from cachelint.documents.script_parser import read_script

    return means_as_stated(read_script(old), statements, read_script(new))


def _workflow(old: SourceFile, new: SourceFile, statements: Sequence[Statement]) -> bool:
    from cachelint.documents.workflow_meaning import means_as_stated

    return means_as_stated(old, statements, new)


def _dockerfile(old: SourceFile, new: SourceFile, statements: Sequence[Statement]) -> bool:
    return dockerfile_meaning.means_as_stated(parse_dockerfile(old), statements, parse_dockerfile(new))


_MEANINGS = {Kind.COMPOSE: _compose, Kind.SHELL: _script, Kind.WORKFLOW: _workflow}
