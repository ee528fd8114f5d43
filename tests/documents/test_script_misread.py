"""Scripts that the grammar of bash misreads: they are read as bash reads them, and what bash refuses is known."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cachelint.documents.script_misread import reworded
from cachelint.documents.script_parser import read_script

if TYPE_CHECKING:
    from cachelint.documents.script import Script


def in_bash(text: str) -> bool:
    """Whether bash takes a script for one."""
    return subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False).returncode == 0


def shown(script: Script) -> list[tuple[tuple[str, ...], bool, str | None, int | None]]:
    """Each command with what is known of it, but for its place."""
    return [(one.texts, one.conditional, one.function, one.feeds) for one in script.commands]


# What is misread, and the same in words that are not.
_SAME = (
    # tests: a directory, signs and patterns as operands; brackets and comparisons
    ("[ -w / ] && a b\nc\n", "[ -w x ] && a b\nc\n"),
    ("[[ -w / ]] && a\n", "[[ -w x ]] && a\n"),
    ('if [ -d ~ ] || [ "$x" = + ]; then a; fi\n', "if [ -d x ] || [ x ]; then a; fi\n"),
    ('[ "$x" = - -o "$x" = % ] || a\n', "[ x ] || a\n"),
    ('if [ \\( "$a" = b -o c = d \\) -a e ]; then f; fi\n', "if [ x ]; then f; fi\n"),
    ('if [ "$a" \'<\' "$b" ]; then c; else d; fi\n', "if [ x ]; then c; else d; fi\n"),
    ('if [ "$a" \\> "$b" ]; then c; fi\n', "if [ x ]; then c; fi\n"),
    ('if [ "$a" !== b ]; then c; fi\n', "if [ x ]; then c; fi\n"),
    ("if [[ $a =~ \\$\\{([A-Z_]+)[:-]?([^}]*)\\} ]]; then c; fi\n", "if [[ x ]]; then c; fi\n"),
    # what ends a compound command needs no separator before the next keyword
    ("f() { if a; then b; fi }\nf\n", "f() { if a; then b; fi; }\nf\n"),
    ("f() { for x in y; do b; done }\nf\n", "f() { for x in y; do b; done; }\nf\n"),
    ("f() { (a) }\nf\n", "f() { (a); }\nf\n"),
    ("f() { case x in a) b ;; esac }\nf\n", "f() { case x in a) b ;; esac; }\nf\n"),
    ("if a; then { b; } fi\nc\n", "if a; then { b; }; fi\nc\n"),
    ("if a; then { b; } else c; fi\n", "if a; then { b; }; else c; fi\n"),
    ("while (a) do b; done\n", "while (a); do b; done\n"),
    ("until [[ $a ]] do b; done\n", "until [[ $a ]]; do b; done\n"),
    ("for x in y; do if b; then c; fi done\n", "for x in y; do if b; then c; fi; done\n"),
    ("if ((a)) then b; fi\n", "if ((a)); then b; fi\n"),
    # lines that the grammar joins
    ("A=1 B=2\nif c; then\n  d\nfi\n", "A=1; B=2\nif c; then\n  d\nfi\n"),
    ("A=1 B=2  # one\n# two\nwhile c; do\n  d\ndone\n", "A=1; B=2\nwhile c; do\n  d\ndone\n"),
    ("a 2>&1 | b | c 'x'\n# it\nif d >/dev/null; then\n  e\nfi\n", "a 2>&1 | b | c x\nif d; then\n  e\nfi\n"),
    (
        "a | b | c 'x'\n# it\nif d >/dev/null; then\n  e | f 'x'\nelse\n  g >/dev/null\nfi\n",
        "a | b | c x\nif d; then\n  e | f x\nelse\n  g\nfi\n",
    ),
    ("for x\nin a b\ndo\n  c\ndone\n", "for x in a b\ndo\n  c\ndone\n"),
    ("time { a; b; }\nc\n", "{ a; b; }\nc\n"),
    # redirections of assignments
    ("x=$(a) 2>/dev/null || b\n", "x=$(a) || b\n"),
    ("x=$(a) 2> f\nb\n", "x=$(a)\nb\n"),
    ("if x=$(a 2>&1) 2>/dev/null; then b; fi\n", "if x=$(a); then b; fi\n"),
    ("x=$(a) 2>f || {\n  b\n}\n", "x=$(a) || {\n  b\n}\n"),
    # expansions
    ("a ${x:$y+1}\nb\n", "a ${x:$y+1}\nb\n"),
    ('a "${x[@]:$y}" "${@:$i:1}"\nb\n', 'a "${x[@]:$y}" "${@:$i:1}"\nb\n'),
    ('a "${x:-b|c;d}"\nb\n', 'a "${x:-b|c;d}"\nb\n'),
    ('a "$(b "$x"$)/$y"\nc\n', 'a "$(b "$x"$)/$y"\nc\n'),
    ("a --x=\\(b$\\) c\nd\n", "a --x='(b$)' c\nd\n"),
    # patterns; `!(` where a command may stand is none
    ("shopt -s extglob\nrm -r !(a|b)\nc @(d|e).f\n", "shopt -s extglob\nrm -r '!(a|b)'\nc '@(d|e).f'\n"),
    ("case $x in\n  a' '[1-9]* | ?*' '?*) b ;;\nesac\n", "case $x in\n  a*) b ;;\nesac\n"),
    ("if !(a x) then b; fi\n", "if ! (a x); then b; fi\n"),
    # the end of the file
    ("a b \\\n", "a b\n"),
    ("a=$(b) \\\n  c \\\n\n", "a=$(b) c\n"),
)


@pytest.mark.parametrize(("text", "plain"), _SAME)
def test_it_is_read_as_bash_reads_it(text, plain):
    assert in_bash(f"shopt -s extglob\n{text}") or "extglob" in text
    script = read_script(text)
    assert script.errors == ()
    assert script.unread == ()
    assert shown(script) == shown(read_script(plain))


@pytest.mark.parametrize("text", [text.replace("\n", "\r\n") for text, _ in _SAME if "\\\n" not in text])
def test_the_words_are_those_of_the_file(text):
    script = read_script(text)
    assert script.errors == ()
    for command in script.commands:
        assert text[slice(*command.span)].replace("\r", "").startswith(command.written[0].text[:1])
        for word in command.words:
            if not word.names and word.literal and word.origin == word.span:
                assert word.text.strip("'\"") in text[slice(*word.span)].replace("\\", "")


@pytest.mark.parametrize("text", [text for text, _ in _SAME])
def test_what_the_grammar_is_shown_is_as_long(text):
    assert len(reworded(text.encode())) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "if a; then\n  # nothing\nfi\nb\n",
        "if a; then b; else\nfi\n",
        "for x in y; do\ndone\n",
        "f() { }\nf\n",
        "( )\na\n",
        "a\nfi\n",
        "if a; then\n  b\n",
        "if a\n  b\nfi\n",
        "if a; then b; fi\nfi\n",
        "  a\nelse\n  b\nfi\n",
        "while a\n  b\ndone\n",
        "for x in y\n  b\ndone\n",
        "f() {\n  a\n}\n}\n",
        "{ echo done }\na\n",
        "f() { echo fi }\nf\n",
        "if a; then echo }; fi }\n",
        "for x in $(a) do b; done\n",
        "case x in\n  a) b ;;\nesac\nesac\n",
        "A=1 B=2\nfi\n",
        "A=1 B=2 # x\nif c; then\n  d\n",
    ],
)
def test_what_bash_refuses_is_refused(text):
    assert not in_bash(text)
    assert read_script(text).broken


@pytest.mark.parametrize(
    "text", ["echo fi done\n", "echo if then else }\n", '"fi" a\n', "a=1 fi\n", "echo } done\necho { a }\n"]
)
def test_a_word_that_looks_like_a_keyword_is_none(text):
    assert in_bash(text)
    assert not read_script(text).broken


@pytest.mark.parametrize(
    ("text", "plain"), [pair for pair in _SAME if "\\\n" not in pair[0] and "extglob" not in pair[0]]
)
def test_so_is_a_text_for_another_shell(text, plain):
    script, other = (read_script(f"ssh web1 <<'END'\n{one}END\ndocker build .\n") for one in (text, plain))
    assert script.errors == ()
    assert script.unread == ()
    assert shown(script) == shown(other)


def test_what_a_command_redirects_is_kept():
    script = read_script("f() { if a; then b; fi }\nx=$(c) 2>e\nd -q . > id.txt\nx=1 g >&2\n")
    assert [[one.operator for one in command.redirections] for command in script.commands] == [
        [],
        [],
        [],
        [">"],
        [">&"],
    ]
    assert [script.commands[one.start].name for one in script.taken] == ["c", "d"]


def test_a_part_of_a_text_for_another_shell_is_refused_there_alone():
    script = read_script("ssh web1 '\n  docker build .\n  fi\n'\ndocker build .\n")
    assert script.errors == ()
    assert [script.source.text[slice(*one)] for one in script.unread] == ["fi"]


def test_hostile_scripts_take_no_time():
    for part in ("[ -w / ] ", "if a; then { b; } fi ", "${x:$y", "!(", "A=1 B=2\nif ", "x=$(a) 2>f ", "=~ ((", "} fi "):
        read_script(part * 1000, places=False)
