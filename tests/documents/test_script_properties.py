"""Random scripts: spans are what is written, and the step runs before the builds and breaks nothing."""

import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachelint.commit_arg import CommitArg
from cachelint.documents.script import Quoting
from cachelint.documents.script_parser import read_script
from cachelint.fix import apply_edits
from cachelint.prune.decision import chosen
from cachelint.prune.scope import NEEDED, Scope
from cachelint.prune.script_step import Wish
from cachelint.prune.unpruned import unpruned
from cachelint.source import SourceFile
from tests.prune.steps import calls_of, steps_for

_PRELUDE = """
docker() {
  case "$*" in *prune*) echo "${MACHINE:-here}:prune" >&3; return ;; esac
  echo "${MACHINE:-here}:${@: -1}" >&3
  return "${FAILS:-0}"
}
ssh() { export MACHINE=$1; shift; if [ $# -gt 0 ]; then bash -c "$*"; else bash -s; fi; unset MACHINE; }
git() { :; }
yes() { [ "$ANSWER" ]; }
echo() { builtin echo "$@" || true; }
trap '' PIPE
export -f docker git yes echo
exec 3>&1 >/dev/null 2>&1
"""
LINES = [
    "echo x",
    "git pull",
    "A=1",
    "A=1 B=2",
    "echo é",
    "# docker build .",
    "",
    "x=$(git log)",
    "cat <<E\ndocker build x\nE",
]
BUILDS = [
    "docker build -t b{n}",
    "docker build \\\n  -t b{n}",
    "A=1 docker build -t b{n} > f",
    "X{n}=b{n}; docker build -t $X{n}",
    "docker build -t b{n} | cat",
    "! docker build -t b{n}",
    "docker build -t b{n}; git x",
    "git x; docker build -t b{n}",
    "git x\n[ $? -eq 0 ] && docker build -t b{n}",
    "docker build -t b{n}\necho $?",
    "bash -c 'docker build -t b{n}'",
    "bash -c '\n  docker build -t b{n}\n'",
    "ssh h <<'E{n}'\n:\ndocker build -t b{n}\nE{n}",
    "x=$(docker build -q -t b{n})",
]


def indented(text: str, by: str) -> str:
    """The lines of a statement, moved to the right; those of a heredoc stay."""
    return text if "<<" in text else "\n".join(by + line if line else line for line in text.split("\n"))


class Writer:
    """Draws a script; each build in it has a number."""

    def __init__(self, draw):
        self._draw = draw
        self._builds = 0
        self._functions = 0

    def block(self, depth: int, by: str) -> str:
        count = self._draw(st.integers(1, 3))
        return "\n".join(indented(self.statement(depth), by) for _ in range(count))

    def one(self, depth: int) -> str:
        """A statement on one line."""
        for _ in range(3):
            found = self.statement(depth)
            if "\n" not in found and found and not found.startswith("#"):
                return found
        return "echo one"

    def statement(self, depth: int) -> str:
        kinds = ["line", "build", "build"]
        kinds += ["if", "loop", "case", "group", "chain", "function"] if depth else []
        return getattr(self, f"_{self._draw(st.sampled_from(kinds))}")(depth - 1)

    def _line(self, _depth: int) -> str:
        return self._draw(st.sampled_from(LINES))

    def _build(self, _depth: int) -> str:
        self._builds += 1
        return self._draw(st.sampled_from(BUILDS)).format(n=self._builds)

    def _body(self, depth: int, by: str) -> str:
        return f"{by}:\n{self.block(depth, by)}"

    def _if(self, depth: int) -> str:
        condition = self._draw(st.sampled_from(["yes", "! yes", '[ -n "$A" ]', self.one(0)]))
        if self._draw(st.booleans()):
            return f"if {condition}; then {self.one(depth)}; else {self.one(depth)}; fi"
        other = f"\nelif yes; then\n{self.block(depth, '  ')}" if self._draw(st.booleans()) else ""
        return f"if {condition}; then\n{self._body(depth, '  ')}{other}\nelse\n{self._body(depth, chr(9))}\nfi"

    def _loop(self, depth: int) -> str:
        heads = ["for i in 1 2; do", "for i in 1\ndo", "while true; do", f"until {self.one(0)}; do"]
        return f"{self._draw(st.sampled_from(heads))}\n{self._body(depth, '  ')}\n  break\ndone"

    def _case(self, depth: int) -> str:
        if self._draw(st.booleans()):
            return f"case $A in 1) {self.one(depth)} ;; *) {self.one(depth)} ;; esac"
        return f"case $A in\n  1)\n{self._body(depth, '    ')}\n    ;;\n  *) {self.one(depth)} ;;\nesac"

    def _group(self, depth: int) -> str:
        opened, closed = self._draw(st.sampled_from(["{}", "()"]))
        if self._draw(st.booleans()):
            return f"{opened} {self.one(depth)}; {closed}"
        return f"{opened}\n{self._body(depth, '  ')}\n{closed}"

    def _chain(self, depth: int) -> str:
        operator = self._draw(st.sampled_from([" && ", " || ", " &&\n  ", " | "]))
        return f"{self.one(depth)}{operator}{self.one(depth)}"

    def _function(self, depth: int) -> str:
        self._functions += 1
        name = f"f{self._functions}"
        if self._draw(st.booleans()):
            return f"{name}() {{ {self.one(depth)}; }}\n{name}"
        return f"{name}() {{\n{self._body(depth, '  ')}\n}}\n[ $ANSWER ] && {name}"


@st.composite
def scripts(draw):
    return Writer(draw).block(3, "") + draw(st.sampled_from(["", "\n"]))


def is_valid(text: str) -> bool:
    found = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    return found.returncode == 0 and not found.stderr


def run(text: str, **environment: str) -> list[str]:
    """What a script calls; commands of a pipeline come in any order."""
    path = {"PATH": "/usr/bin:/bin", **environment}
    command = ["bash", "-c", _PRELUDE + text]
    return subprocess.run(command, env=path, cwd="/tmp", capture_output=True, text=True, check=False).stdout.split()


@settings(max_examples=40, deadline=None)
@given(scripts())
def test_the_step_runs_before_the_builds_and_breaks_nothing(text):
    script = read_script(SourceFile("x", text))
    assert not script.broken or not is_valid(text)
    steps = steps_for(calls_of(script), Wish(chosen(Scope.CONTEXT)), CommitArg())
    if not steps.edits or not is_valid(text):
        return
    new = apply_edits(text, steps.edits)
    assert is_valid(new)
    refused = {one.span for one in steps.refused}
    left = {one.shell.path for one in script.commands if one.span in refused}
    again = calls_of(read_script(SourceFile("x", new)))
    assert {builder.machine for builder, _ in unpruned(again, NEEDED[Scope.CONTEXT])} == left
    for environment in ({"FAILS": "0", "ANSWER": "1"}, {"FAILS": "1", "ANSWER": ""}):
        before, after = run(text, **environment), run(new, **environment)
        assert sorted(call for call in after if not call.endswith(":prune")) == sorted(before)
        for machine in {call.partition(":")[0] for call in before} - {"h" if path else "here" for path in left}:
            assert next(call for call in after if call.startswith(f"{machine}:")) == f"{machine}:prune"


@settings(max_examples=60, deadline=None)
@given(scripts())
def test_spans_are_what_is_written(text):
    script = read_script(SourceFile("x", text))
    for command in script.commands:
        for word in command.words:
            written = text[word.span.start : word.span.end]
            assert written.strip("'\"") == word.text or word.names or "$" in written or "\\" in written
            if word.origin != word.span and word.literal:
                assert text[word.origin.start : word.origin.end] == word.text
        if command.shell.quoting is Quoting.FILE:
            assert text[command.span.start : command.span.end].strip()
    crlf = read_script(SourceFile("x", text.replace("\n", "\r\n")))
    assert [one.texts for one in crlf.commands if "\n" not in "".join(one.texts)] == [
        one.texts for one in script.commands if "\n" not in "".join(one.texts)
    ]


PIECES = ['X="$X a"\n', "ssh h <<EOF\n$(a) \\$x\nEOF\n", "a && ", "cat <<EOF\nx\nEOF\n", "f() { f; }\n", "((", "é\r\n"]


@pytest.mark.parametrize("piece", PIECES)
def test_reading_takes_time_in_step_with_the_length(piece):
    start = time.process_time()
    read_script(piece * 2000)
    assert time.process_time() - start < 15  # what grows with the square of the length takes minutes
