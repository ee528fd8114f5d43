"""What a script runs, so that two texts of it can be compared after an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.script import read_script
from cachelint.fix import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cachelint.documents.script import Command, Script
    from cachelint.fix import Statement

Meaning: TypeAlias = "tuple[object, ...]"


def means_as_stated(old: Script, statements: Iterable[Statement], new: Script) -> bool:
    """Whether `new` runs the commands of `old`, plus exactly the stated changes, and has no more mistakes than it.

    A statement's path is ``(number,)`` of a command of `old`, which is replaced by the commands of the value or dropped
    when that is `ABSENT`, or ``("before", number)``, where the commands of the value are inserted; the number behind
    the last command appends. What stands in a file but is no command (a comment, an empty line) has no meaning.
    """
    if len(new.errors) > len(old.errors):
        return False
    replaced: dict[int, object] = {}
    inserted: dict[int, str] = {}
    for statement in statements:
        number = statement.path[-1]
        assert isinstance(number, int)
        if statement.path[0] == "before":
            inserted[number] = inserted.get(number, "") + str(statement.value)
        else:
            replaced[number] = statement.value
    expected = list(_expected(old, replaced, inserted))
    found = [_place(command) for command in new.commands]
    return len(found) == len(expected) and all(_agree(one, two) for one, two in zip(expected, found, strict=True))


def _expected(
    old: Script, replaced: Mapping[int, object], inserted: Mapping[int, str]
) -> Iterator[tuple[Meaning, Meaning | None]]:
    """What each command of the new text must be; None in place of where it stands when that is for the edit to say."""
    for number, command in enumerate((*old.commands, None)):
        for one in _commands(inserted.get(number, "")):
            yield _words(one), None
        if number in replaced:
            for one in _commands("" if replaced[number] is ABSENT else str(replaced[number])):
                yield _words(one), None
        elif command:
            yield _place(command)


def _agree(expected: tuple[Meaning, Meaning | None], found: tuple[Meaning, Meaning | None]) -> bool:
    return expected[0] == found[0] and (expected[1] is None or expected[1] == found[1])


def _commands(text: str) -> tuple[Command, ...]:
    return read_script(text).commands if text else ()


def _place(command: Command) -> tuple[Meaning, Meaning | None]:
    """What a command is, and where: on which machine, in which function, whether it may be skipped."""
    where = command.shell.path, command.function, command.conditional, command.feeds is None
    return _words(command), where


def _words(command: Command) -> Meaning:
    texts = tuple(word.text for word in command.written)
    wrappers = tuple((one.name, tuple(word.text for word in one.words)) for one in command.wrappers)
    targets = tuple((one.operator, one.target.text if one.target else None) for one in command.redirections)
    given = tuple((one.name, one.how, tuple(word.text for word in one.values or ())) for one in command.assignments)
    return texts, wrappers, targets, given
