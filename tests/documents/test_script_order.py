import pytest

from cachelint.documents.script import Command, Script, read_script
from cachelint.documents.script_order import after_any, always_before, in_order, unguarded


def is_prune(command: Command) -> bool:
    return command.texts[:1] == ("prune",)


def build_of(script: Script) -> Command:
    return next(command for command in script.commands if command.texts[:1] == ("build",))


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
    assert always_before(script, is_prune, build_of(script))


@pytest.mark.parametrize("text", UNGUARDED)
def test_a_path_without_a_guard(text):
    script = read_script(text)
    assert build_of(script).number in unguarded(script, is_prune)


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
def test_after_any(text, expected):
    script = read_script(text)
    found = after_any(script, lambda command: command.texts == ("a",))
    assert " ".join(script.commands[number].texts[0] for number in sorted(found)) in {
        expected,
        " ".join(sorted(expected.split())),
    }


def test_order_of_execution():
    script = read_script("f() { b; c; }\na\nf\nd\ng() { e; }")
    assert [command.texts[0] for command in in_order(script)] == ["a", "f", "b", "c", "d", "e"]


def test_calls_that_double_at_every_level_are_followed_in_no_time():
    functions = [f"f{i}() {{ f{i + 1}; f{i + 1}; }}" for i in range(200)]
    script = read_script("\n".join([*functions, "f200() { build; }", "prune", "f0"]))
    assert len(script.functions) == 201
    unguarded(script, is_prune)


def test_loops_in_loops_are_followed_in_no_time():
    text = "for x in $A; do\n" * 40 + "prune; build\n" + "done\n" * 40
    assert always_before(read_script(text), is_prune, build_of(read_script(text)))


@pytest.mark.parametrize(
    "part", ["$( ", "( ", "{ ", "if a; then ", "f() { ", "a && ( ", "${X:-", '"$(', "while a; do ", "case x in a) "]
)
def test_deep_nesting_is_no_error(part):
    script = read_script(part * 3000)
    assert script.broken
    assert not unguarded(script, is_prune) or script.commands


@pytest.mark.parametrize(("before", "after"), [("$(", ")"), ("( ", " )"), ("{ ", "; }"), ("if a; then ", "; fi")])
def test_deep_valid_nesting_says_that_it_is_not_read(before, after):
    script = read_script(before * 300 + "build" + after * 300)
    assert script.broken
