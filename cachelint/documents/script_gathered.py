"""What has been found so far while a script is read, and what its commands do to it: options, other files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Called, Sourced
from cachelint.documents.shell_syntax import SHELLS
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.script import Assignment, Command, Function, Word
    from cachelint.source import Span

_LETTERS = regex(r"-[a-zA-Z]+")
_SYSTEM = ("/bin/", "/usr/", "/sbin/", "/opt/")


class Gathered:
    """What has been found so far, in all shells of a script."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.commands: list[Command] = []
        self.assignments: list[Assignment] = []
        self.functions: list[Function] = []
        self.sourced: list[Sourced] = []
        self.called: list[Called] = []
        self.options: set[str] = set()
        self.errors: list[Span] = []
        self.taken: list[range] = []
        self.unread: list[Span] = []
        self.exports = False

    def note(self, words: tuple[Word, ...], texts: tuple[str, ...], number: int) -> None:
        """Remember what a command does to the script: options, files read into it, other scripts run."""
        if not texts:
            return
        if texts[0] == "set":
            self._options(texts[1:])
        elif texts[0] in {"source", "."} and len(words) > 1:
            self.sourced.append(Sourced(words[1], self.exports, number))
        elif texts[0].rpartition("/")[2] in SHELLS:
            script = next((word for word in words[1:] if not word.text.startswith(("-", "+"))), None)
            if script is not None and not any(re.fullmatch(r"-\w*[cs]", text) for text in texts[1:]):
                self.called.append(Called(script, number))
        elif "/" in texts[0] and not texts[0].startswith(_SYSTEM):
            self.called.append(Called(words[0], number))

    def _options(self, texts: tuple[str, ...]) -> None:
        for before, text in zip(["", *texts], texts, strict=False):
            if before == "-o" or re.fullmatch(r"-\w*o", before):
                self.options.add(text)
                self.exports = self.exports or text == "allexport"
            elif _LETTERS.fullmatch(text):
                self.options |= set(text[1:]) - {"o"}
                self.exports = self.exports or "a" in text
            elif text in {"+a", "allexport"}:
                self.exports = False
