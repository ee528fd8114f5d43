"""The variables that reach a command: those of the file around its script, and those that the script exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.commands import is_known
from cachelint.deployment.variables import names_in_sourced
from cachelint.documents.script import Machine
from cachelint.documents.script_flow import Facts, Walk
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachelint.deployment.jobs import Unit
    from cachelint.documents.script import Assignment, Command, Shell, Word, Wrapper
    from cachelint.documents.script_tree import Simple
    from cachelint.workspace import Workspace

_FOLLOWED = 60
"""Variables of a script whose values are followed: what the others hold counts as not known."""

_LOOP = regex(r"\bfor[ \t]+([A-Za-z_]\w*)[ \t]+in\b")
_KEEPS = ("-E", "--preserve-env")
_CHANGES_USER = frozenset(("sudo", "doas", "su-exec", "gosu", "pkexec", "systemd-run"))


class _Variable(NamedTuple):
    """A variable that a script has set: None where the value is not known; `exported` to the commands behind it."""

    value: str | None
    exported: bool


_State = frozenset[tuple[str, _Variable]]


class Environment:
    """What the file of a unit says about the environment of its commands, whoever starts it.

    It holds until another file is edited, of which `edits` is the count.
    """

    def __init__(self, workspace: Workspace, unit: Unit) -> None:
        self._unit = unit
        self._workspace = workspace
        self.edits = workspace.edits
        self._states: Mapping[int, _State] | None = None
        self._lost: frozenset[str] = frozenset()

    def of(self, command: Command) -> dict[str, str | None]:
        """The variables of a command by name; None for a value that is not known here."""
        states = self._known()
        found = self._given | dict.fromkeys(self._lost)
        for name, one in states.get(command.number, ()):
            found[name] = one.value if one.exported or name in self._unit.env else None
        found |= _around(command.wrappers, found)
        found |= {one.name: _value(one) for one in command.assignments}
        return found

    @property
    def _given(self) -> dict[str, str | None]:
        """What the shell starts with; ``$`` in a value is for somebody who is not known here."""
        return {name: None if value is None or "$" in value else value for name, value in self._unit.env.items()}

    def _known(self) -> Mapping[int, _State]:
        if self._states is None:
            script = self._unit.script
            if script.assignments or script.sourced:
                exports = _Exports(self._workspace, self._unit)
                self._lost = exports.lost
                self._states = Walk(script, exports).run()
            else:
                self._states = {}
        return self._states


class _Exports(Facts[_State]):
    """Follows the variables along every path: one that differs where two of them meet is not known.

    `lost` are those that are not followed.
    """

    start: _State = frozenset()

    def __init__(self, workspace: Workspace, unit: Unit) -> None:
        self._script = unit.script
        self._followed = frozenset(list(dict.fromkeys(one.name for one in self._script.assignments))[:_FOLLOWED])
        self._sourced: dict[int, tuple[str, ...]] = {}
        for one in self._script.sourced:
            read = names_in_sourced(workspace, unit, one) or ()
            self._sourced[one.command] = (*self._sourced.get(one.command, ()), *read)
        names = {one.name for one in self._script.assignments}
        self.lost = frozenset((names - self._followed) | set(_LOOP.findall(unit.text.text)))

    def transfer(self, simple: Simple, state: _State) -> _State:
        changed = {name: found for one in self._assigned(simple) for name, found in self._changes(one, state)}
        for name in self._sourced.get(simple.command, ()) if simple.command is not None else ():
            changed[name] = _Variable(None, exported=True)
        if not changed:
            return state
        kept = {name: one for name, one in state if name not in changed}
        return frozenset((kept | {name: one for name, one in changed.items() if one is not None}).items())

    def _assigned(self, simple: Simple) -> Iterator[Assignment]:
        found = (self._script.assignments[number] for number in simple.assigns)
        return (one for one in found if one.how != "command" and one.name in self._followed)

    def _changes(self, one: Assignment, state: _State) -> Iterator[tuple[str, _Variable | None]]:
        before = dict(state).get(one.name)
        exported = one.exported or (before is not None and before.exported)
        if one.how == "unset":
            yield one.name, None
        elif one.how == "export":
            yield one.name, _Variable(before.value if before else None, exported=True)
        else:
            yield one.name, _Variable(_value(one) if one.how == "=" else None, exported)

    def join(self, one: _State, two: _State) -> _State:
        if one == two:
            return one
        different = {name for name, _ in one ^ two}
        return (one & two) | {(name, _Variable(None, exported=True)) for name in different}

    def enter(self, shell: Shell, state: _State) -> _State:
        return state if shell.machine is Machine.HERE else frozenset()

    def leave(self, before: _State, inner: _State) -> _State:
        del inner
        return before


def _value(one: Assignment) -> str | None:
    return _text(one.values[0]) if one.values and len(one.values) == 1 and not one.array else None


def _text(word: Word) -> str | None:
    return word.text if is_known(word) else None


def _around(wrappers: tuple[Wrapper, ...], known: dict[str, str | None]) -> dict[str, str | None]:
    """What ``env`` and ``sudo`` in front of a command change."""
    changed: dict[str, str | None] = {}
    for wrapper in wrappers:
        words = [word.text for word in wrapper.words[1:]]
        is_user = wrapper.name in _CHANGES_USER or wrapper.name.startswith("$")
        changes_user = is_user and not any(word.startswith(_KEEPS) for word in words)
        if changes_user or (wrapper.name == "env" and words):
            changed |= dict.fromkeys(known)
        elif not wrapper.name:
            name, _, text = wrapper.words[0].text.partition("=")
            changed[name] = text if is_known(wrapper.words[0]) else None
    return changed
