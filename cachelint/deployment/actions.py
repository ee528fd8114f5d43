"""Steps of workflows that build without a shell.

Source: the README files of docker/build-push-action and docker/bake-action.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.request import ArgText, BuildRequest, Text
from cachelint.documents.yaml_text import text_in
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import Action
    from cachelint.documents.mapped_text import MappedText
    from cachelint.documents.workflow import Step
    from cachelint.source import SourceFile

BUILD_PUSH = "docker/build-push-action"
BAKE = "docker/bake-action"
SETUP_BUILDX = "docker/setup-buildx-action"
_LINE = regex(r"[^\r\n]+")
_DEFAULT_CONTEXT = regex(r"\{\{\s*defaultContext\s*\}\}(?::(?P<below>.*))?")


def build_request(action: Action, source: SourceFile) -> BuildRequest:
    """What a step with docker/build-push-action asks for."""
    step = action.step
    assert step.uses
    place = step.uses.span
    context, dockerfile = _context(step), _text(step, "file")
    starts = (action.workspace,) if action.workspace is not None else ()
    given = step.input("context")
    default = _DEFAULT_CONTEXT.fullmatch("{{defaultContext}}" if given == "" else given or "")
    if default and dockerfile is None:  # the repository itself, which the builder fetches: no files are sent
        below = default["below"] or "."
        dockerfile = Text(f"{below}/Dockerfile", place)
    return BuildRequest(
        source,
        place,
        starts,
        None if default else context,
        dockerfile,
        _text(step, "target"),
        tuple(_args(step, source)),
        _texts(step, source, "cache-from"),
        _texts(step, source, "cache-to"),
        _text(step, "builder"),
        no_cache=step.input("no-cache") == "true",
        complete=_value(step, source, "build-args") is not None or "build-args" not in step.inputs,
        tags=_texts(step, source, "tags"),
    )


def _context(step: Step) -> Text | None:
    setting = step.inputs.get("context")
    if setting is None or setting.node is None:
        return None
    return Text(setting.value, setting.node.span)


def _text(step: Step, name: str) -> Text | None:
    setting = step.inputs.get(name)
    if setting is None or setting.node is None or not setting.node.value:
        return None
    return Text(setting.value, setting.node.span)


def _value(step: Step, source: SourceFile, name: str) -> MappedText | None:
    setting = step.inputs.get(name)
    return text_in(source, setting.node) if setting and setting.node else None


def lines(text: MappedText) -> Iterator[tuple[str, Span]]:
    """The lines of an input with their places, without white space around them and without empty ones."""
    for match in _LINE.finditer(text.text):
        line = match.group().strip()
        if line:
            start = match.start() + match.group().index(line)
            yield line, text.span(Span(start, start + len(line)))


def _texts(step: Step, source: SourceFile, name: str) -> tuple[Text, ...]:
    value = _value(step, source, name)
    found = lines(value) if value else ()
    return tuple(Text(None if "${{" in line else line, span) for line, span in found)


def _args(step: Step, source: SourceFile) -> Iterator[ArgText]:
    value = _value(step, source, "build-args")
    for line, span in lines(value) if value else ():
        name, equals, text = line.partition("=")
        known = re.fullmatch(r"\w+", name) is not None
        yield ArgText(name if known else None, text if equals else None, span, Span(span.start, span.start + len(name)))
