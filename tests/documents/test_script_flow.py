"""The paths of a script: what has run before what, on every path or on some; and what that says about prunes."""

import pytest

from cachelint.documents.script import Command, Script
from cachelint.documents.script_flow import Facts, TooLongError, Walk
from cachelint.documents.script_parser import read_script
from cachelint.prune.paths import Effects, Paths

BUILDER, KIND = "default", "source.local"


class Done(Facts[bool]):
    """Whether a command of a name has run, on every path (`all`) or on one at least (`any`)."""

    start = False

    def __init__(self, script, name, meet):
        self._script = script
        self._name = name
        self._meet = meet

    def transfer(self, simple, state):
        command = None if simple.command is None else self._script.commands[simple.command]
        return state or (command is not None and command.texts[:1] == (self._name,))

    def join(self, one, two):
        return self._meet((one, two))


def done_before(script: Script, name: str, meet=all) -> dict[int, bool]:
    return Walk(script, Done(script, name, meet)).run()


def build_of(script: Script) -> Command:
    return next(command for command in script.commands if command.texts[:1] == ("build",))


def needs_prune(script: Script) -> bool:
    """Whether some path reaches the build without a prune, as the step's own knowledge has it."""
    named = [command.texts[:1] for command in script.commands]
    builds = {number: BUILDER for number, name in enumerate(named) if name == ("build",)}
    prunes = {number: (BUILDER, frozenset((KIND,))) for number, name in enumerate(named) if name == ("prune",)}
    before = Paths(script, Effects(builds, prunes)).states[build_of(script).number]
    return not before.covers(BUILDER, frozenset((KIND,)))


GUARDED = [
    "prune\nbuild",
    "prune; build",
    "prune && build",
    "prune || true\nbuild",
    "prune | tee log\nbuild",
    "{ prune; }\nbuild",
    "( prune )\nbuild",
    "x=$(prune)\nbuild",
    "build $(prune)",
    "if prune; then :; fi\nbuild",
    "if a; then prune; else prune; fi\nbuild",
    "if a; then prune; else exit 1; fi\nbuild",
    "if a; then exit; fi\nprune\nbuild",
    "case $1 in a) prune ;; *) prune ;; esac\nbuild",
    "case $1 in a) prune ;; *) exit 1 ;; esac\nbuild",
    "for x in a b; do prune; done\nbuild",
    "prune\nfor x in $(ls); do build; done",
    "while prune; do :; done\nbuild",
    "while true; do prune; break; done\nbuild",
    "f() { prune; }\nf\nbuild",
    "f() { build; }\nprune\nf",
    "f() { prune; }\ng() { f; build; }\ng",
    "f() { [ $1 ] && return; prune; }\nmain() { prune; build; }\nf; main",
    "main() { prune; helper; }\nhelper() { build; }\nmain",
    'main() { prune; build; }\nmain "$@"',
    "f() { f; prune; }\nf; build",
    'run() { "$@"; }\nrun prune\nrun build',
    "step() { echo $1; $2; }\nb() { build; }\nprune\nstep text b",
    "bash -c 'prune'\nbuild",
    "bash <<EOF\nprune\nbuild\nEOF",
    "a || exit 1\nprune\nbuild",
    "cd x || { echo no; exit 1; }\nprune\nbuild",
    "prune; f; g() { build; }; g",
    "( prune || exit 1 )\nbuild",
    "( a || exit 1; prune )\nbuild",
    ". lib.sh\nb() { build; }\nprune\nspin text b",
    "b() { build; }\nmake b\nprune\nb",
    "f() { build; }\nexport -f f\nprune\nbash -c f",
    "f() { prune; }\nf\nf\nbuild",
    "f() { :; }\nf\nprune\nf\nbuild",
]
UNGUARDED = [
    "build\nprune",
    "[ a ] && prune\nbuild",
    "a || prune\nbuild",
    "prune &\nbuild",
    "if a; then prune; fi\nbuild",
    "if a; then prune; else :; fi\nbuild",
    "if a; then :; elif b; then prune; fi\nbuild",
    "case $1 in a) prune ;; esac\nbuild",
    "case $1 in a) prune ;; b) build ;; esac",
    "case $1 in a) prune ;& b) build ;; esac; :",
    "for x in $LIST; do prune; done\nbuild",
    "for x in a b; do build; prune; done",
    "while a; do prune; done\nbuild",
    "f() { prune; }\nbuild",
    "f() { prune; }\nif a; then f; fi\nbuild",
    "f() { [ $1 ] && return; prune; }\nf\nbuild",
    "f() { build; }\nif a; then prune; f; else f; fi",
    "library() { build; }",
    "library() { helper; }\nhelper() { build; }\nother() { prune; }",
    "trap prune EXIT\nbuild",
    "f() { prune; }\ntrap f EXIT\nbuild",
    "f() { prune; }\ng() { :; }\n$1\nbuild",
    "f() { prune; }\n$1\nbuild",
    "f() { build; }\n$1\nprune",
    ". lib.sh\nb() { prune; }\nspin text b\nbuild",
    "( if a; then exit; fi; prune )\nbuild",
    "ssh h <<E\nf() { prune; }\nE\nf; build",
    "trap 'prune' EXIT\nbuild",
    "echo prune\nbuild",
    "cat > x <<EOF\nprune\nEOF\nbuild",
    "if ! a; then prune; fi; build",
    "command -v x && prune\nbuild",
    "test -f x && prune && echo\nbuild",
]


@pytest.mark.parametrize("text", GUARDED)
def test_a_guard_on_every_path(text):
    script = read_script(text)
    assert done_before(script, "prune")[build_of(script).number]
    assert not needs_prune(script)


@pytest.mark.parametrize("text", UNGUARDED)
def test_a_path_without_a_guard(text):
    script = read_script(text)
    assert not done_before(script, "prune")[build_of(script).number]
    assert needs_prune(script)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\nc", "b c"),
        ("if a; then b; fi\nc", "b c"),
        ("if x; then a; else b; fi\nc", "c"),
        ("for i in 1; do b; a; done", "b a"),
        ("f() { b; }\nf\na", ""),
        ("f() { b; }\na\nf", "b f"),
        ("a; exit\nb", "exit"),
    ],
)
def test_a_path_on_which_it_has_run(text, expected):
    script = read_script(text)
    found = [number for number, done in done_before(script, "a", any).items() if done]
    assert sorted(script.commands[number].texts[0] for number in found) == sorted(expected.split())


def test_order_of_execution():
    script = read_script("f() { b; c; }\na\nf\nd\ng() { e; }")
    assert [script.commands[number].texts[0] for number in done_before(script, "")] == ["a", "f", "b", "c", "d", "e"]


def doubling(levels: int) -> Script:
    functions = [f"f{i}() {{ f{i + 1}; f{i + 1}; }}" for i in range(levels)]
    return read_script("\n".join([*functions, f"f{levels}() {{ build; }}", "prune", "f0"]))


def test_calls_that_double_at_every_level_are_followed_in_no_time():
    assert not needs_prune(doubling(40))
    with pytest.raises(TooLongError):
        needs_prune(doubling(200))


def test_states_that_double_at_every_level_are_given_up():
    """Every function is called with and without a prune of one more builder in front of it."""
    levels = 30
    functions = [f"f{i}() {{ if a; then prune; f{i + 1}; else f{i + 1}; fi; }}" for i in range(levels)]
    script = read_script("\n".join([*functions, f"f{levels}() {{ build; }}", "f0"]))
    prunes = [command.number for command in script.commands if command.texts == ("prune",)]
    with pytest.raises(TooLongError):
        Paths(script, Effects({}, {number: (number, frozenset((KIND,))) for number in prunes}))


def test_loops_in_loops_are_followed_in_no_time():
    text = "for x in $A; do\n" * 40 + "prune; build\n" + "done\n" * 40
    assert not needs_prune(read_script(text))


@pytest.mark.parametrize(
    "part", ["$( ", "( ", "{ ", "if a; then ", "f() { ", "a && ( ", "${X:-", '"$(', "while a; do ", "case x in a) "]
)
def test_deep_nesting_is_no_error(part):
    script = read_script(part * 3000)
    assert script.broken
    assert not done_before(script, "prune") or script.commands


@pytest.mark.parametrize(("before", "after"), [("$(", ")"), ("( ", " )"), ("{ ", "; }"), ("if a; then ", "; fi")])
def test_deep_valid_nesting_says_that_it_is_not_read(before, after):
    script = read_script(before * 300 + "build" + after * 300)
    assert script.broken
