"""What a Dockerfile tells Docker, so that two texts of it can be compared after an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.dockerfile import Dockerfile, Instruction, parse_dockerfile
from cachelint.fix import ABSENT
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.fix import Statement

Meaning: TypeAlias = "tuple[object, ...]"


def means_as_stated(old: Dockerfile, statements: Iterable[Statement], new: Dockerfile) -> bool:
    """Whether `new` has the instructions of `old`, plus exactly the stated changes.

    A statement's path is ``(number,)`` of an instruction, which is replaced by the lines of the value or dropped when
    that is `ABSENT`, or ``("before", number)``, where the lines of the value are inserted. Numbers count from 0.
    """
    replaced: dict[int, object] = {}
    inserted: dict[int, str] = {}
    for statement in statements:
        number = statement.path[-1]
        assert isinstance(number, int)
        if statement.path[0] == "before":
            inserted[number] = str(statement.value)
        else:
            replaced[number] = statement.value
    expected: list[Meaning] = []
    for number, instruction in enumerate((*old.instructions, None)):
        expected += _meanings(old, inserted.get(number, ""))
        if number in replaced:
            expected += () if replaced[number] is ABSENT else _meanings(old, str(replaced[number]))
        elif instruction:
            expected.append(_meaning(instruction))
    return old.directives == new.directives and expected == [_meaning(one) for one in new.instructions]


def _meanings(old: Dockerfile, lines: str) -> list[Meaning]:
    if not lines:
        return []
    directives = "".join(f"# {name}={value}\n" for name, value in old.directives.items())
    parsed = parse_dockerfile(SourceFile("", f"{directives}FROM scratch\n{lines}"))
    return [_meaning(one) for one in parsed.instructions[1:]]


def _meaning(instruction: Instruction) -> Meaning:
    flags = tuple((flag.name, flag.value) for flag in instruction.flags)
    heredocs = tuple((heredoc.name, heredoc.body, heredoc.expand, heredoc.chomp) for heredoc in instruction.heredocs)
    return instruction.keyword, flags, instruction.value.replace("\r\n", "\n"), heredocs
