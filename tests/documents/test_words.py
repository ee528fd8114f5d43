import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachelint.documents.words import MAX_DEPTH, ExpansionError, Lexer, expand, references

ENV = {"V": "foo.tar.gz", "E": "", "S": "a b", "1": "one", "PATH": "/usr/bin:/bin", "Ä": "ä"}

# Every row was put to the lexer of moby/buildkit (August 2026).
EXPANDED = [
    ("", ""),
    ("a b", "a b"),
    ("$V", "foo.tar.gz"),
    ("${V}", "foo.tar.gz"),
    ("a${V}b$S", "afoo.tar.gzba b"),
    ("$NONE|${NONE}", "|"),
    ("$V_2|$V-2", "|foo.tar.gz-2"),
    ("$Ä", "ä"),
    ("$1x ${1}x $2x", "onex onex x"),
    ("$ $. $$ $@ a$", "$ $.   a$"),
    ("'$V \\' \"$V \\\" '$S'\"", "$V \\ foo.tar.gz \" 'a b'"),
    ("\\$V \\\\ \\a \\", "$V \\ a "),
    ('"\\$V \\\\ \\a"', "$V \\ \\a"),
    ("a'b'\"c\"", "abc"),
    ("${NONE:-d}|${NONE-d}|${E:-d}|${E-d}|${V:-d}", "d|d|d||foo.tar.gz"),
    ("${NONE:+r}|${NONE+r}|${E:+r}|${E+r}|${V:+r}", "|||r|r"),
    ("${V:?e}|${V?e}|${E?e}", "foo.tar.gz|foo.tar.gz|"),
    ("${NONE:-$V}", "foo.tar.gz"),
    ("${NONE:-${E:-${S}}}", "a b"),
    ("${NONE:-'}'\"$S\"\\}}", "}a b}"),
    ("${PATH:+$PATH:}/x", "/usr/bin:/bin:/x"),
    ("${V#*.}|${V##*.}", "tar.gz|gz"),
    ("${V%.*}|${V%%.*}", "foo.tar|foo"),
    ("${V#f??}|${V%g?}|${V#x}|${V%x}", ".tar.gz|foo.tar.|foo.tar.gz|foo.tar.gz"),
    ("${V#}|${V%%}|${V#*}|${V##*}|${V%*}", "foo.tar.gz|foo.tar.gz|foo.tar.gz||foo.tar.gz"),
    ("${V/o/0}|${V//o/0}|${V/o/}|${V//./}", "f0o.tar.gz|f00.tar.gz|fo.tar.gz|footargz"),
    ("${V/o*r/x}|${V//?/x}|${V//*/x}", "fx.gz|xxxxxxxxxx|x"),
    ("${E//*/x}|${S///x}|${S/q/x}", "x|xax xbx|a b"),
    ("${PATH/\\/usr/}|${PATH//\\//_}", "/bin:/bin|_usr_bin:_bin"),
    ("${S//a/$1}|${S//a/\\$0}", "one b|\\a b"),
    ("${NONE#a}${NONE/a/b}", ""),
    ("<<E < <x", "<<E < <x"),
    ("\ufeff$S", "a b"),
]


@pytest.mark.parametrize(("text", "value"), EXPANDED)
def test_expand(text, value):
    assert expand(text, ENV) == value


def test_expand_with_a_backtick():
    assert expand('`$V \\$1 "`$V \\"', ENV, "`") == "$V \\one $V \\"
    assert expand("${V%`.*}", {"V": "a.b"}, "`") == "a.b"


def test_expand_without_quotes():
    assert expand('it\'s "$S" \\$S', ENV, quotes=False) == 'it\'s "a b" $S'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'a", "no closing"),
        ('"a', "no closing"),
        ('"a\\', "no closing"),
        ("${", "bad substitution"),
        ("${}", "bad substitution"),
        ("${:-a}", "bad substitution"),
        ("${{A}}", "bad substitution"),
        ("${A", "unsupported modifier"),
        ("${A!b}", "unsupported modifier"),
        ("${A:b}", "unsupported modifier"),
        ("${A:#b}", "unsupported modifier"),
        ("${A:-b", "no closing '}'"),
        ("${A/b}", "no closing '/'"),
        ("${A/b/c", "no closing '}'"),
        ("${A?}", "A: is not allowed to be unset"),
        ("${E:?}", "E: is not allowed to be empty"),
        ("${A?why not}", "A: why not"),
        ("${V#\\a}", "invalid escape"),
        ("${A:-" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1), "nested"),
    ],
)
def test_refuses(text, message):
    with pytest.raises(ExpansionError, match=re.escape(message)):
        expand(text, ENV)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", []),
        ("$A${B}", [("A", "$A"), ("B", "${B}")]),
        ("a$A-b", [("A", "$A")]),
        ("${A:-$B}${A:+${C}}", [("A", "${A:-$B}"), ("B", "$B"), ("A", "${A:+${C}}"), ("C", "${C}")]),
        ("${A#$B}${A/$C/$D}", [("A", "${A#$B}"), ("B", "$B"), ("A", "${A/$C/$D}"), ("C", "$C"), ("D", "$D")]),
        ("${A?$B}", [("A", "${A?$B}"), ("B", "$B")]),
        ("'$A' \\$B \"$C\"", [("C", "$C")]),
        ("$A 'b $C", [("A", "$A")]),
        ("$ $1a", [("1", "$1")]),
    ],
)
def test_references(text, found):
    assert [(name, text[slice(*span)]) for name, span in references(text)] == found


def test_references_with_other_marks():
    assert [one.name for one in references("`$A \\$B", "`")] == ["B"]
    assert [one.name for one in references("it's $A '$B'", quotes=False)] == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" a  b\tc ", ["a", "b", "c"]),
        ("a' b'\" c\" d\\ e", ["a b c", "d e"]),
        ("$S x$S", ["a", "b", "xa", "b"]),
        ('"$S"', ["a b"]),
        ("''", []),
        ("a <<  b", ["a", "<<  b"]),
        ("a${NONE:-b c}d", ["b", "cd"]),
    ],
)
def test_words(text, words):
    assert Lexer(text, ENV).words() == words


TEXTS = st.text(st.sampled_from("ab*?.\\/$}{'\"\n")) | st.text()
VALUES = st.text(st.sampled_from("aab."), max_size=8)
PATTERNS = st.lists(st.sampled_from(["a", "b", ".", "*", "?"]), min_size=1, max_size=5).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_quoting_restores_any_text(text):
    text = text.lstrip("\ufeff")
    quoted = re.sub(r'(["$\\])', r"\\\1", text)
    assert expand(f'"{quoted}"', {}) == text
    assert references(f'"{quoted}"') == []


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_expands_or_refuses_any_text(text):
    for reference in references(text):
        assert reference.name in text[slice(*reference.span)]
    with contextlib.suppress(ExpansionError):
        assert isinstance(expand(text, ENV), str)


def regex(pattern: str, many: str) -> str:
    return "".join({"*": many, "?": "."}.get(char) or re.escape(char) for char in pattern)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, VALUES)
def test_patterns_match_like_regular_expressions(pattern, value):
    env = {"V": value}
    assert expand(f"${{V#{pattern}}}", env) == re.sub(rf"\A{regex(pattern, '.*?')}", "", value, count=1)
    assert expand(f"${{V##{pattern}}}", env) == re.sub(rf"\A{regex(pattern, '.*')}", "", value, count=1)
    assert expand(f"${{V/{pattern}/x}}", env) == re.sub(regex(pattern, ".*"), "x", value, count=1)
    backwards = re.sub(rf"\A{regex(pattern[::-1], '.*?')}", "", value[::-1], count=1)
    assert expand(f"${{V%{pattern}}}", env) == backwards[::-1]


@pytest.mark.parametrize(
    "text",
    [
        "${V##" + "*a" * 200 + "c}",
        "${V%%" + "?*" * 200 + "c}",
        "${V//" + "*a" * 200 + "c/x}",
        "${V//a/x}",
        "$V " * 20_000,
        "'" * 60_000,
        '"$' * 30_000,
        "${A:-" * 20_000,
        "\\" * 60_000,
        "<" * 60_000,
    ],
)
def test_takes_linear_time(text):
    start = time.process_time()
    with contextlib.suppress(ExpansionError):
        expand(text, {"V": "a" * 20_000} if "{V" in text else {})
    assert time.process_time() - start < 5
