"""Every command of a script inside a workflow is placed at its own characters, whatever YAML does to them."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from cachelint.deployment.jobs import Unit, kept_jobs
from cachelint.discovery import Kind, Tree
from cachelint.workspace import Workspace

COMMANDS = ("docker build -t x .", "docker push 'a b'", 'echo "ä $X"', "cd app", "docker compose up -d", "make")
WORDS = st.sampled_from(COMMANDS)


@st.composite
def workflows(draw):
    """The text of a workflow, and its commands as they are written in it."""
    commands = draw(st.lists(WORDS, min_size=1, max_size=6))
    style = draw(st.sampled_from(["|", "|-", "|+", "|2", '"', "'", "plain"]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    indent = " " * (8 + draw(st.integers(0, 3)) if style != "|2" else 10)
    head = f"jobs:{newline}  j:{newline}    steps:{newline}      - run: "
    if style[0] == "|":
        comment = draw(st.sampled_from(["", "# docker comment"]))
        lines = [line for command in commands for line in (comment, command)]
        body = newline.join(f"{indent if style == '|2' else indent + '  '}{line}" if line else "" for line in lines)
        return f"{head}{style}{newline}{body}{newline}", commands
    script = " && ".join(commands)
    if style == '"':
        return f"{head}{json.dumps(script, ensure_ascii=False)}{newline}", commands
    if style == "'":
        return head + "'" + script.replace("'", "''") + "'" + newline, commands
    return f"{head}{script}{newline}", commands


@settings(max_examples=150, deadline=None)
@given(workflows())
def test_a_command_is_at_its_own_characters(workflow):
    text, commands = workflow
    path = "/r/.github/workflows/x.yml"
    workspace = Workspace(Tree("/r", {path: Kind.WORKFLOW}, {}, {}))
    workspace.edit(path, text)
    jobs = kept_jobs(workspace, path)
    [unit] = [item for job in jobs for item in job.items if isinstance(item, Unit)]
    found = [text[slice(*unit.text.widened(command.span))] for command in unit.script.commands]
    quoted = {'"': lambda one: json.dumps(one, ensure_ascii=False)[1:-1], "'": lambda one: one.replace("'", "''")}
    mark = text.split("run: ", 1)[1][0]
    written = [quoted.get(mark, str)(command) for command in commands]
    assert found == written
