"""Nothing is lost from a Dockerfile: fixes insert lines and move whole instructions, and every line is still there."""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.support import fix_files

EXAMPLES = int(os.environ.get("CACHELINT_EXAMPLES", "200"))
RULES = ("undeclared-build-arg", "inert-commit-arg", "early-commit-arg", "copy-before-install", "unused-suppression")
FILES = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: {GIT_SHA: '${GIT_SHA}', OTHER: 1}\n",
    "package.json": "{}\n",
    "requirements.txt": "a==1\n",
    "src/a.c": "",
}
ADDED = (
    "ARG GIT_SHA",
    'LABEL org.opencontainers.image.revision="${GIT_SHA}"',
    "COPY package.json ./",
    "COPY requirements.txt ./",
    "COPY --link package.json ./",
    "COPY --link requirements.txt ./",
)

PIECES = [
    "COPY . .",
    "COPY . ./",
    "copy src/ src/",
    "COPY --link \\\n  . \\\n  .",
    "COPY package.json ./",
    "RUN npm install",
    "RUN pip install \\\n    -r requirements.txt",
    "RUN make",
    "RUN make \\\n# inside\n\n   && echo done",
    "run <<EOF\n# no comment\nmake\n\nEOF",
    "ARG GIT_SHA",
    "ARG GIT_SHA=none",
    "ARG OTHER",
    "ENV A=1 \\\n  B=2",
    'CMD ["a"]',
    "LABEL sha=$GIT_SHA",
    "ENV SHA=${GIT_SHA}",
    "WORKDIR /app",
    "USER root",
    "FROM alpine AS second",
    "COPY --from=0 /a /b",
    "# note",
    "   # note, shifted",
    "# cachelint: ignore[inert-commit-arg] meant",
    "",
    "  ",
]
PLOTS = [
    [],
    ["COPY . .", "RUN npm install"],
    ["# all of it", "COPY . .", "# then this", "RUN pip install \\\n    -r requirements.txt"],
    ["# who", "ARG GIT_SHA", "COPY package.json ./", "RUN npm install", "COPY . .", "RUN make"],
    ["COPY . .", "RUN make", "# too late", "ARG GIT_SHA"],
    ["COPY . .", "RUN make", "FROM first", "COPY --from=first /a /a"],
]
HEADS = ["", "# syntax=docker/dockerfile:1\n", "# escape=\\\n\n", "# notes\n# syntax=x\n\n", "ARG GIT_SHA\n", "\n\n"]


@st.composite
def dockerfiles(draw) -> str:
    """Dockerfiles that Docker can read, in odd notation."""
    plot = draw(st.sampled_from(PLOTS))
    pieces = [one for beat in plot for one in (*draw(st.lists(st.sampled_from(PIECES), max_size=2)), beat)]
    pieces += draw(st.lists(st.sampled_from(PIECES), max_size=5))
    text = draw(st.sampled_from(HEADS)) + "\n".join(["FROM alpine AS first", *pieces])
    lines = text.split("\n")
    ends = draw(st.sampled_from([("\n",), ("\r\n",), ("\n", "\n", "\r\n")]))
    broken = "".join(f"{line}{ends[number % len(ends)]}" for number, line in enumerate(lines[:-1])) + lines[-1]
    return draw(st.sampled_from(["", "", "\ufeff"])) + broken + draw(st.sampled_from(["", ends[0]]))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dockerfiles())
def test_every_line_is_still_there(text: str):
    files = {**FILES, "Dockerfile": text}
    fixed = fix_files(files, RULES)
    after = fixed.files["Dockerfile"]
    note(after)
    assert fixed.report.refused == ()
    assert_lines_survive(text, after)
    again = fix_files(fixed.files, RULES)
    assert again.files == fixed.files


def assert_lines_survive(before: str, after: str) -> None:
    old, new = Counter(lines(before)), Counter(lines(after))
    assert all(not line.strip() or "cachelint:" in line for line in old - new)
    assert all(line.startswith(ADDED) for line in new - old)
    assert in_order(before) == in_order(after)
    assert before.startswith("\ufeff") == after.startswith("\ufeff")
    assert before.endswith("\n") == after.endswith("\n")
    if "\r\n" not in before:
        assert "\r" not in after
    if "\n" not in before.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", "")


def lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]


def in_order(text: str) -> list[str]:
    """The lines of what is never moved."""
    return [line for line in lines(text) if line.lower().startswith(("from", "run", "workdir", "env", "cmd"))]
