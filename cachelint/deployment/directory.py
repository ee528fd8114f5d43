"""In which directory each command of a script runs, as far as the script leaves no doubt about it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from cachelint.documents.script import Directory
from cachelint.documents.script_tree import Case, Chain, Define, Group, If, Loop, Pipeline, Simple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.documents.script import Assignment, Command, Script, Word
    from cachelint.documents.script_tree import Block, Statement

START = Directory("start", ".")
"""Where the script was started."""

UNKNOWN = Directory("unknown", ".")
_PROBE = Directory("probe", ".")
_SCRIPT, _ROOT = Directory("script", "."), Directory("root", ".")

_SELF = r"\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})"
_BELOW = r"[\"']?(?P<rest>(?:/[^$`\"'*?]*)?)[\"']?\Z"
_OF_SCRIPT = re.compile(rf"\$\(dirname (?:-- )?\"?{_SELF}\"?\)\"?{_BELOW}")
_CUT_SCRIPT = re.compile(rf"\$\{{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}}\"?{_BELOW}")
_ENTERED = re.compile(
    r"\$\(\s*(?:cd|CDPATH= cd)(?: -P| --)* (?P<to>.+?)\s*(?:>\s*/dev/null(?: 2>&1)?)?\s*(?:&&|;)\s*pwd(?: -P)?\s*\)"
    rf"{_BELOW}"
)
_ABSOLUTE = re.compile(rf"\$\((?:realpath|readlink -f) (?P<to>.+)\)\"?{_BELOW}")
_TOP = re.compile(rf"\$\(git rev-parse --show-toplevel\)\"?{_BELOW}")
_HERE = re.compile(rf"\"?(?:\$PWD|\$\{{PWD\}}|\$\(pwd\))\"?{_BELOW}")
_VARIABLE = re.compile(rf"\"?\$(?:(?P<plain>\w+)|\{{(?P<braced>\w+)\}})\"?{_BELOW}")
_MAX_DEPTH = 6
_LEAVES = frozenset(("exit", "return", "die", "fail", "error", "abort"))


def directories_of(script: Script) -> dict[int, Directory]:
    """The directory of each command by its number; `UNKNOWN` where it depends on something."""
    if not any(command.name in ("cd", "pushd") for command in script.commands):
        return dict.fromkeys(range(len(script.commands)), START)
    return _Walker(script).walk()


def resolve(script: Script, text: str, here: Directory, depth: int = 0) -> Directory | None:
    """The place that a word leads to, with what the script itself says about its variables; None if not known."""
    if not re.search(r"[$`*?~]", text):
        return _below(here, text)
    fixed = ((_OF_SCRIPT, _SCRIPT), (_CUT_SCRIPT, _SCRIPT), (_TOP, _ROOT), (_HERE, here))
    for pattern, base in fixed:
        if match := pattern.match(text):
            return _below(base, f".{match['rest']}")
    inner, match = _inner(script, text)
    if inner is None or match is None or depth > _MAX_DEPTH:
        return None
    place = resolve(script, inner.strip("\"'"), UNKNOWN if match.re is _VARIABLE else here, depth + 1)
    return _below(place, f".{match['rest']}") if place and place.base != "unknown" else None


def _inner(script: Script, text: str) -> tuple[str | None, re.Match[str] | None]:
    """The text that another one stands for: what is entered, or what a variable was given."""
    match = _ENTERED.match(text) or _ABSOLUTE.match(text)
    if match:
        return match["to"], match
    match = _VARIABLE.match(text)
    return (_only_value(script.assignments, match["plain"] or match["braced"]) if match else None), match


def _only_value(assignments: Iterable[Assignment], name: str) -> str | None:
    """What a variable is given, where that happens once."""
    found = [one for one in assignments if one.name == name and one.how not in ("export", "command")]
    values = found[0].values if len(found) == 1 and found[0].how == "=" and not found[0].array else None
    return values[0].text if values and len(values) == 1 else None


def _below(base: Directory, path: str) -> Directory:
    if path.startswith("/"):
        return Directory("/", posixpath.normpath(path))
    return Directory(base.base, posixpath.normpath(posixpath.join(base.path, path)))


class _Walker:
    """Follows a script from its first statement to its last.

    A function's body is followed from where it is called. After one that does not come back to where it was, nobody
    knows the directory.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._found: dict[int, Directory] = {}
        self._bodies: dict[str, Block] = {}
        self._called: dict[str, set[Directory]] = {}
        self._known: dict[str, bool] = {}
        self._stack: list[Directory] = []

    def walk(self) -> dict[int, Directory]:
        self._block(self._script.body, START)
        done: set[str] = set()
        while names := [name for name in self._bodies if name not in done]:
            called = [name for name in names if name in self._called] or names
            done.add(called[0])
            places = self._called.get(called[0], {UNKNOWN})
            self._block(self._bodies[called[0]], next(iter(places)) if len(places) == 1 else UNKNOWN)
        return self._found

    def _block(self, block: Block, here: Directory) -> Directory:
        for statement in block.statements:
            here = self._statement(statement, here)
        return here

    def _statement(self, one: Statement, here: Directory) -> Directory:
        """Where the script is after a statement."""
        if isinstance(one, Simple):
            return self._simple(one, here)
        if isinstance(one, Chain):
            return self._chain(one, here)
        if isinstance(one, If):
            return self._if(one, here)
        return self._compound(one, here)

    def _compound(self, one: Pipeline | Loop | Case | Group | Define, here: Directory) -> Directory:
        if isinstance(one, Group):
            after = self._block(one.body, here)
            return here if one.subshell or one.background else after
        if isinstance(one, Loop):
            return self._loop(one, here)
        if isinstance(one, Case):
            skipped = () if one.exhaustive else (here,)
            return _same({*skipped, *(self._block(arm, here) for arm in one.arms)})
        if isinstance(one, Define):
            self._bodies[one.name] = one.body
        if isinstance(one, Pipeline):
            places = [self._statement(part, here) for part in one.parts]
            return places[0] if len(places) == 1 else here  # ``! a`` is one with one part, in the shell itself
        return here

    def _simple(self, one: Simple, here: Directory) -> Directory:
        for block in one.before:
            self._block(block, here)
        if one.command is None:
            return here
        self._found[one.command] = here
        if one.nested:
            self._block(one.nested, here)
        command = self._script.commands[one.command]
        after = self._moved(command, here)
        return here if one.background else after

    def _moved(self, command: Command, here: Directory) -> Directory:
        if command.name in self._bodies:
            if here != _PROBE:
                self._called.setdefault(command.name, set()).add(here)
            return here if self._returns(command.name) else UNKNOWN
        if command.name == "popd":
            return self._stack.pop() if self._stack else UNKNOWN
        if command.name not in ("cd", "pushd") or command.wrappers:
            return here
        if command.name == "pushd":
            self._stack.append(here)
        words = [word for word in command.words[1:] if word.text not in ("-P", "-L", "--")]
        return self._entered(words, here) if len(words) == 1 else UNKNOWN

    def _entered(self, words: list[Word], here: Directory) -> Directory:
        text = words[0].text
        if text == "-" or words[0].default:
            return UNKNOWN
        return resolve(self._script, text, here) or UNKNOWN

    def _returns(self, name: str) -> bool:
        """Whether a function leaves the directory as it was."""
        if name not in self._known:
            self._known[name] = False  # what calls itself is not followed
            self._known[name] = self._block(self._bodies[name], _PROBE) == _PROBE
        return self._known[name]

    def _chain(self, one: Chain, here: Directory) -> Directory:
        """``cd x && …`` goes on in x, and so does what follows; ``cd x || exit`` too."""
        outcomes: set[Directory] = set()
        for part, operator in zip(one.parts, ("&&", *one.operators), strict=True):
            if operator == "||":
                if not self._ends(part):
                    outcomes.add(self._statement(part, UNKNOWN if self._found_moves(one) else here))
                else:
                    self._statement(part, here)
                continue
            here = self._statement(part, here)
        return _same({here, *outcomes})

    def _found_moves(self, one: Chain) -> bool:
        return any(self._script.commands[number].name in ("cd", "pushd", "popd") for number in one.numbers)

    def _ends(self, part: Statement) -> bool:
        names = [self._script.commands[number].name for number in part.numbers]
        return bool(names) and names[-1] in _LEAVES

    def _if(self, one: If, here: Directory) -> Directory:
        outcomes: set[Directory] = set()
        for condition, body in one.branches:
            here = self._block(condition, here)
            after = self._block(body, here)
            if not (body.statements and self._ends(body.statements[-1])):
                outcomes.add(after)
        outcomes.add(self._block(one.otherwise, here) if one.otherwise else here)
        return _same(outcomes)

    def _loop(self, one: Loop, here: Directory) -> Directory:
        for block in (*one.before, *((one.condition,) if one.condition else ())):
            self._block(block, here)
        if self._block(one.body, here) == here:
            return here
        self._block(one.body, UNKNOWN)
        return UNKNOWN


def _same(places: set[Directory]) -> Directory:
    return next(iter(places)) if len(places) == 1 else UNKNOWN
