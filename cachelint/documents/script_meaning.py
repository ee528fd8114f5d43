"""What a script runs, so that two texts of it can be compared after an edit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.script_parser import read_script
from cachelint.fix import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cachelint.documents.script import Assignment, Command, Script, Shell, Word
    from cachelint.fix import Statement
    from cachelint.source import SourceFile, Span

Meaning: TypeAlias = "tuple[object, ...]"


def means_as_stated(old: Script, statements: Iterable[Statement], new: Script) -> bool:
    """Whether `new` runs the commands of `old`, plus exactly the stated changes, and has no more mistakes than it.

    A statement's path is ``(number,)`` of a command of `old`, which is replaced by the commands of the value or dropped
    when that is `ABSENT`; ``("before", number)``, where the commands and assignments of the value are inserted (the
    number behind the last command appends); or ``("assignment", number)`` of one that is dropped, or has the value of
    the statement's then. What stands in a file but is neither (a comment, an empty line) has no meaning.
    """
    if len(new.errors) > len(old.errors) or len(new.unread) > len(old.unread):
        return False
    replaced: dict[int, object] = {}
    inserted: dict[int, str] = {}
    assigned: dict[int, object] = {}
    for statement in statements:
        number = statement.path[-1]
        assert isinstance(number, int)
        if statement.path[0] == "before":
            inserted[number] = inserted.get(number, "") + str(statement.value)
        elif statement.path[0] == "assignment":
            assigned[number] = statement.value
        else:
            replaced[number] = statement.value
    expected = list(_expected(old, replaced, inserted))
    texts = _handed_on(new)
    found = [_place(command, texts) for command in new.commands]
    if len(found) != len(expected) or not all(_agree(one, two) for one, two in zip(expected, found, strict=True)):
        return False
    kept = Counter(_given(one) for number, one in enumerate(old.assignments) if number not in assigned)
    kept += Counter(_changed(old.assignments[one], text) for one, text in assigned.items() if text is not ABSENT)
    added = Counter(_given(one) for text in inserted.values() for one in read_script(text).assignments)
    return kept + added == Counter(map(_given, new.assignments))


def _expected(
    old: Script, replaced: Mapping[int, object], inserted: Mapping[int, str]
) -> Iterator[tuple[Meaning, Meaning | None]]:
    """What each command of the new text must be; None in place of where it stands when that is for the edit to say."""
    texts = _handed_on(old)
    for number, command in enumerate((*old.commands, None)):
        for words in _words_of(inserted.get(number, "")):
            yield words, None
        if number in replaced:
            for words in _words_of("" if replaced[number] is ABSENT else str(replaced[number])):
                yield words, None
        elif command:
            yield _place(command, texts)


def _handed_on(script: Script) -> dict[int, tuple[SourceFile, Span]]:
    """The text that a command hands to another shell, by its number: that is compared command by command."""
    found: dict[int, tuple[SourceFile, Span]] = {}
    for command in script.commands:
        shell: Shell | None = command.shell
        while shell is not None:
            if shell.command is not None:
                found[shell.command] = script.source, shell.span
            shell = shell.parent
    return found


def _agree(expected: tuple[Meaning, Meaning | None], found: tuple[Meaning, Meaning | None]) -> bool:
    """Whether a command is the expected one; what is written alone knows no functions and variables around it."""
    if expected[1] is None:
        return expected[0] == found[0]
    return expected == found


def _words_of(text: str) -> Iterator[Meaning]:
    """The commands of a text that stands alone."""
    if text:
        script = read_script(text)
        texts = _handed_on(script)
        yield from (_words(one, texts.get(one.number)) for one in script.commands)


def _place(command: Command, texts: Mapping[int, tuple[SourceFile, Span]]) -> tuple[Meaning, Meaning | None]:
    """What a command is, and where: on which machine, in which function, behind what, whether it may be skipped."""
    wrappers = tuple((one.name, tuple(map(_word, one.words))) for one in command.wrappers)
    where = command.shell.path, command.function, command.conditional, command.feeds is None
    return _words(command, texts.get(command.number)), (*where, wrappers)


def _words(command: Command, handed_on: tuple[SourceFile, Span] | None = None) -> Meaning:
    texts = tuple(_around(word, *handed_on) if handed_on else _word(word) for word in command.written)
    targets = tuple((one.operator, _word(one.target) if one.target else None) for one in command.redirections)
    return texts, targets, tuple(map(_given, command.assignments))


def _given(one: Assignment) -> Meaning:
    """What an assignment gives to which variable, as written where that is not certain."""
    return one.name, one.how, tuple(map(_word, one.values or ())), one.exported


def _changed(one: Assignment, text: object) -> Meaning:
    """The same for an assignment that is written in another way."""
    values = [new.values for new in read_script(str(text)).assignments if new.name == one.name]
    return one.name, one.how, tuple(map(_word, (values[0] if values else None) or ())), one.exported


def _around(word: Word, source: SourceFile, text: Span) -> Meaning:
    """A word that holds the text for another shell as what stands around that; any other word as it is."""
    if not word.span.start <= text.start <= text.end <= word.span.end:
        return _word(word)
    return source.text[word.span.start : text.start], source.text[text.end : word.span.end]


def _word(word: Word) -> Meaning:
    """A word without its quotes, and what they make of a ``$`` in it."""
    return word.text, word.literal, word.splits
