"""The functions whose text is sent to another shell: there nothing else of the script holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.script import Script

_SENT = regex(r"\b(?:declare|typeset|export)[ \t]+-[a-zA-Z]*f[a-zA-Z]*(?![\w-])(?P<names>[^\n;)|&`]{0,2000})")
_NAME = regex(r"[\w:.-]+")


class Sent(NamedTuple):
    """The `names` of such functions; `everything` where the script does not say which ones."""

    names: frozenset[str]
    everything: bool

    def has(self, function: str | None) -> bool:
        """Whether a function may run in another shell than that of the file."""
        return function is not None and (self.everything or function in self.names)


def sent_functions(script: Script) -> Sent:
    """What ``declare -f`` and ``typeset -f`` print, and ``export -f`` hands to the shells that a script starts."""
    found: set[str] = set()
    everything = False
    for match in _SENT.finditer(script.source.text):
        names = _NAME.findall(match["names"])
        found.update(names)
        everything |= not names or "$" in match["names"]
    return Sent(frozenset(found), everything)
