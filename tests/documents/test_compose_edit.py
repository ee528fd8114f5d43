"""What the owner of a Compose file sees in the diff: one row for each notation, before and after."""

import json

import pytest

from tests.support import fix_files, lint_files

INLINE = "      dockerfile_inline: |\n        FROM a\n        COPY . .\n        ARG GIT_COMMIT_HASH\n        RUN make\n"
DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN make\n"
NAME = "BUILDKIT_INLINE_CACHE"
FILES = {
    "Dockerfile": DOCKERFILE,
    "app/Dockerfile": DOCKERFILE,
    "plain/Dockerfile": "FROM alpine\nRUN make\n",
    "a.c": "",
}


def fix(compose: str, rule: str) -> str:
    fixed = fix_files({**FILES, "compose.yaml": compose}, [rule])
    assert fixed.report.refused == ()
    text = fixed.files["compose.yaml"]
    assert fix_files({**FILES, "compose.yaml": text}, [rule]).files["compose.yaml"] == text
    return text


def service(build: str) -> str:
    """A service with that text (indented by 4) below its name, and something behind it."""
    return f"services:\n  web:\n{build}    ports: [80]\n"


def removal(name: str, before: str, after: str):
    return pytest.param(service(before), service(after), id=name)


REMOVALS = [
    removal(
        "map",
        "    build:\n      context: .\n      args:\n        A: 1\n        BUILDKIT_INLINE_CACHE: 1\n        B: 2\n",
        "    build:\n      context: .\n      args:\n        A: 1\n        B: 2\n",
    ),
    removal(
        "list",
        "    build:\n      args:\n        - A=1\n        - BUILDKIT_INLINE_CACHE=1\n        - B=2\n",
        "    build:\n      args:\n        - A=1\n        - B=2\n",
    ),
    removal(
        "bare name in a list",
        "    build:\n      args:\n      - BUILDKIT_INLINE_CACHE\n      - A\n",
        "    build:\n      args:\n      - A\n",
    ),
    removal(
        "bare name in a map",
        "    build:\n      args:\n        A:\n        BUILDKIT_INLINE_CACHE:\n",
        "    build:\n      args:\n        A:\n",
    ),
    removal(
        "quotes and space",
        "    build:\n      args:\n        'A': '1'\n        'BUILDKIT_INLINE_CACHE' :  \"1\"   \n        B: 2 \n",
        "    build:\n      args:\n        'A': '1'\n        B: 2 \n",
    ),
    removal("flow map, last", f"    build: {{args: {{A: 1, {NAME}: 1}}}}\n", "    build: {args: {A: 1}}\n"),
    removal("flow map, first", f"    build: {{args: {{{NAME}: 1, A: 1}}}}\n", "    build: {args: {A: 1}}\n"),
    removal("flow map, bare", f"    build: {{args: {{ {NAME} , A: 1 }}}}\n", "    build: {args: { A: 1 }}\n"),
    removal("flow map behind null", f"    build: {{args: {{A: , {NAME}: 1}}}}\n", "    build: {args: {A: }}\n"),
    removal("flow list", f'    build: {{args: [A=1, "{NAME}=1", B=2]}}\n', "    build: {args: [A=1, B=2]}\n"),
    removal("flow, trailing comma", f"    build: {{args: [A=1, {NAME}=1,]}}\n", "    build: {args: [A=1,]}\n"),
    removal("flow, only one", f"    build: {{context: ., args: {{{NAME}: 1}}}}\n", "    build: {context: .}\n"),
    removal("flow, all there is", f"    build: {{args: {{{NAME}: 1}}}}\n", "    build: {args: {}}\n"),
    removal(
        "flow on lines",
        f"    build:\n      args: {{\n        A: 1,\n        {NAME}: 1,  # own\n        B: 2\n      }}\n",
        "    build:\n      args: {\n        A: 1,\n        B: 2\n      }\n",
    ),
    removal(
        "flow on lines, last without comma",
        f"    build:\n      args: [\n        A=1,  # first\n        {NAME}=1\n      ]\n",
        "    build:\n      args: [\n        A=1  # first\n      ]\n",
    ),
    removal(
        "flow on lines, last with comma",
        f"    build:\n      args: [\n        A=1,\n        {NAME}=1,\n      ]\n",
        "    build:\n      args: [\n        A=1,\n      ]\n",
    ),
    removal(
        "flow on lines, a comment of its own above",
        f"    build:\n      args: [\n        A=1,\n        # inline cache\n        {NAME}=1,\n        B=1,\n      ]\n",
        "    build:\n      args: [\n        A=1,\n        B=1,\n      ]\n",
    ),
    removal(
        "flow, commas first",
        f"    build:\n      args: {{ A: 1\n            , {NAME}: 1 # cache\n            , B: 2 }}\n",
        "    build:\n      args: { A: 1\n            , B: 2 }\n",
    ),
    removal(
        "flow over two lines",
        f"    build:\n      args: {{A: 1, {NAME}: 1,\n             B: 2}}\n",
        "    build:\n      args: {A: 1,\n             B: 2}\n",
    ),
    removal(
        "flow with a comment that is not its own",
        f"    build:\n      context: .\n      args: {{  # ours\n        {NAME}: 1\n      }}\n",
        "    build:\n      context: .\n      args: {  # ours\n      }\n",
    ),
    removal(
        "own comment behind",
        f"    build:\n      args:\n        A: 1 # a\n        {NAME}: 1  # faster\n        B: 1 # b\n",
        "    build:\n      args:\n        A: 1 # a\n        B: 1 # b\n",
    ),
    removal(
        "own comment above, by its words",
        f"    build:\n      args:\n        # cache layers inline\n        {NAME}: 1\n        A: 1\n",
        "    build:\n      args:\n        A: 1\n",
    ),
    removal(
        "own comment of two lines above, last entry",
        f"    build:\n      args:\n        A: 1\n        # makes the\n        # second build faster\n"
        f"        {NAME}: 1\n",
        "    build:\n      args:\n        A: 1\n",
    ),
    removal(
        "comment that heads a group",
        f"    build:\n      args:\n        # versions and switches\n        {NAME}: 1\n        A: 1\n",
        "    build:\n      args:\n        # versions and switches\n        A: 1\n",
    ),
    removal(
        "switched-off settings",
        f"    build:\n      args:\n        A: 1\n        # {NAME}: 0\n        {NAME}: 1\n        # B: 2\n",
        f"    build:\n      args:\n        A: 1\n        # {NAME}: 0\n        # B: 2\n",
    ),
    removal(
        "comments between list items",
        f"    build:\n      args:\n        # the a\n        - A=1\n        # inline cache\n"
        f"        - {NAME}=1\n        # b\n        - B=1\n",
        "    build:\n      args:\n        # the a\n        - A=1\n        # b\n        - B=1\n",
    ),
    removal(
        "comment in another column",
        f"    build:\n      args:\n        A: 1\n      # cache\n        {NAME}: 1\n",
        "    build:\n      args:\n        A: 1\n      # cache\n",
    ),
    removal(
        "the only argument",
        f"    build:\n      context: .\n      args:\n        {NAME}: 1\n      target: x\n",
        "    build:\n      context: .\n      target: x\n",
    ),
    removal(
        "the only argument, in a list without indentation",
        f"    build:\n      context: .\n      args:\n      - {NAME}=1\n",
        "    build:\n      context: .\n",
    ),
    removal(
        "the only argument, comment above args that heads more",
        f"    build:\n      # settings\n      args:\n        {NAME}: 1\n      target: x\n",
        "    build:\n      # settings\n      target: x\n",
    ),
    removal(
        "the only argument, comment behind args",
        f"    build:\n      context: .\n      args: # ours\n        {NAME}: 1\n",
        "    build:\n      context: .\n      args: {} # ours\n",
    ),
    removal(
        "the only argument, a switched-off one above",
        f"    build:\n      context: .\n      args:\n        # A: 1\n        {NAME}: 1\n",
        "    build:\n      context: .\n      args: {}\n        # A: 1\n",
    ),
    removal(
        "the only argument, a switched-off one below",
        f"    build:\n      context: .\n      args:\n        - {NAME}=1\n        # - A=1\n      target: x\n",
        "    build:\n      context: .\n      args: []\n        # - A=1\n      target: x\n",
    ),
    removal(
        "the only argument, anchored",
        f"    build:\n      context: .\n      args: &args\n        {NAME}: 1\n",
        "    build:\n      context: .\n      args: &args {}\n",
    ),
    removal("build holds only args", f"    build:\n      args:\n        {NAME}: 1\n", "    build:\n      args: {}\n"),
    removal(
        "blank lines with white space",
        f"    build:\n      args:\n        A: 1\n  \n        {NAME}: 1\n \t\n        B: 1\n".replace(" \t", "   "),
        "    build:\n      args:\n        A: 1\n  \n   \n        B: 1\n",
    ),
    removal(
        "tabs where YAML allows them",
        f"    build:\n      args:\n        A:\t1\t# a\n        {NAME}:\t1\t# cache\n",
        "    build:\n      args:\n        A:\t1\t# a\n",
    ),
    removal(
        "cache export",
        "    build:\n      context: .\n      cache_to:\n        - type=inline\n        - type=local,dest=x\n",
        "    build:\n      context: .\n      cache_to:\n        - type=local,dest=x\n",
    ),
    removal(
        "args that hide merged ones",
        f"    build:\n      <<: *b\n      args:\n        {NAME}: 1\n",
        "    build:\n      <<: *b\n      args: {}\n",
    ),
    pytest.param(
        f"services:\n  web:\n    build:\n      args:\n        A: 1\n        {NAME}: 1",
        "services:\n  web:\n    build:\n      args:\n        A: 1",
        id="last entry, no final newline",
    ),
    pytest.param(
        f"services:\r\n  web:\r\n    build:\r\n      args:\r\n      - A\r\n      - {NAME}=1",
        "services:\r\n  web:\r\n    build:\r\n      args:\r\n      - A",
        id="last item, CRLF, no final newline",
    ),
    pytest.param(
        f"services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM a\n      args:\n        {NAME}: 1",
        "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM a\n",
        id="no final newline below a block of text, whose line break is part of it",
    ),
    pytest.param(
        f"\ufeffservices:\r\n  web:\n    build:\r\n      args:\n        {NAME}: 1 # x\r\n        A: 1\n",
        "\ufeffservices:\r\n  web:\n    build:\r\n      args:\n        A: 1\n",
        id="BOM and mixed line endings",
    ),
    pytest.param(
        f"x-args: &args\n  {NAME}: 1\n  A: 1\nservices:\n  a:\n    build: {{args: *args}}\n  b:\n"
        f"    build:\n      args:\n        <<: *args\n",
        "x-args: &args\n  A: 1\nservices:\n  a:\n    build: {args: *args}\n  b:\n    build:\n"
        "      args:\n        <<: *args\n",
        id="once at the anchor",
    ),
    pytest.param(
        f"x-build: &b\n  args: [{NAME}=1]\n  context: .\nservices:\n  a:\n    build:\n      <<: *b\n",
        "x-build: &b\n  context: .\nservices:\n  a:\n    build:\n      <<: *b\n",
        id="merged build",
    ),
    pytest.param(
        f"x-common-args: {{{NAME}: 1, A: 1}}\nservices:\n  a:\n    image: b\n",
        "x-common-args: {A: 1}\nservices:\n  a:\n    image: b\n",
        id="x- block that nothing uses yet",
    ),
    pytest.param(
        f"services:\n  a:\n    build: {{context: ., args: {{{NAME}: 1}}}}\n---\nservices:\n  b:\n"
        f"    build:\n      args: [{NAME}=1, X=1]\n",
        "services:\n  a:\n    build: {context: .}\n---\nservices:\n  b:\n    build:\n      args: [X=1]\n",
        id="several documents",
    ),
    pytest.param(
        f'{{"services": {{"a": {{"build": {{"context": ".", "args": {{\n  "A": "1",\n  "{NAME}": "1"\n}}}}}}}}}}\n',
        '{"services": {"a": {"build": {"context": ".", "args": {\n  "A": "1"\n}}}}}\n',
        id="JSON stays JSON",
    ),
]


@pytest.mark.parametrize(("before", "after"), REMOVALS)
def test_removes_a_setting(before: str, after: str):
    if "*b" in before and "x-build" not in before:
        head = "x-build: &b\n  args: {KEPT: 1}\n"
        before, after = head + before, head + after
    assert fix(before, "inline-cache") == after


@pytest.mark.parametrize(
    ("compose", "reason"),
    [
        (f"services:\n  a:\n    build:\n      args:\n        {NAME}: &one 1\n    cpus: *one\n", "anchor"),
        (f"services:\n  a:\n    build:\n      args:\n        ? {NAME}\n        : 1\n", "shares its line"),
        (
            f"x-b: &b {{args: {{{NAME}: 0}}}}\nservices:\n  a:\n    build:\n"
            f"      args: {{<<: {{{NAME}: 1}}, {NAME}: 0}}\n",
            "merge key",
        ),
    ],
)
def test_leaves_alone_what_cannot_be_removed_with_certainty(compose: str, reason: str):
    fixes = [one.fix for one in lint_files({"compose.yaml": compose}, ["inline-cache"])]
    assert any(one and not one.edits and reason in one.title for one in fixes)


VALUE = "${GIT_COMMIT_HASH}"
LONG = "      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"


def test_an_own_comment_goes_when_the_commit_argument_comes():
    compose = f"services:\n  a:\n    build:\n      args:\n        # makes rebuilds faster\n        {NAME}: 1\n"
    fixed = fix_files({**FILES, "compose.yaml": compose}, ["inline-cache", "missing-commit-arg"])
    assert fixed.files["compose.yaml"] == f"services:\n  a:\n    build:\n{LONG}"


INSERTIONS = [
    removal("short form", "    build: .\n", f"    build:\n      context: .\n{LONG}"),
    removal("short form, quoted", '    build: "./app"\n', f'    build:\n      context: "./app"\n{LONG}'),
    removal(
        "short form, comment behind",
        "    build:   ./app/   # main\n",
        f"    build:\n      context: ./app/   # main\n{LONG}",
    ),
    removal(
        "short form, value on the next line",
        "    build:   # ours\n        ./app\n",
        f"    build:   # ours\n        context: ./app\n{LONG}".replace("      args", "        args").replace(
            "        GIT", "          GIT"
        ),
    ),
    removal("long form", "    build:\n      context: .\n", f"    build:\n      context: .\n{LONG}"),
    removal(
        "long form: below context, dockerfile and target",
        "    build:\n      context: . # here\n      # which\n      dockerfile: Dockerfile\n      cache_from: [a]\n",
        f"    build:\n      context: . # here\n      # which\n      dockerfile: Dockerfile\n"
        f"{LONG}      cache_from: [a]\n",
    ),
    removal("no context", "    build:\n      shm_size: 1g # x\n", f"    build:\n      shm_size: 1g # x\n{LONG}"),
    removal(
        "dockerfile_inline is all there is",
        f"    build:  # ours\n      # recipe\n{INLINE}\n",
        f"    build:  # ours\n{LONG}      # recipe\n{INLINE}\n",
    ),
    removal(
        "dockerfile_inline comes last",
        f"    build:\n      context: .\n{INLINE}",
        f"    build:\n      context: .\n{LONG}{INLINE}",
    ),
    removal(
        "map",
        "    build:\n      args:\n        A: 1  # a\n        # B: 2\n      pull: true\n",
        "    build:\n      args:\n        A: 1  # a\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n"
        "        # B: 2\n      pull: true\n",
    ),
    removal(
        "map, quoted",
        "    build:\n      args:\n        \"A\": '1'\n",
        "    build:\n      args:\n        \"A\": '1'\n        \"GIT_COMMIT_HASH\": '${GIT_COMMIT_HASH}'\n",
    ),
    removal(
        "map, bare name last",
        "    build:\n      args:\n        A: # from .env\n",
        "    build:\n      args:\n        A: # from .env\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n",
    ),
    removal(
        "map, a block of text last",
        "    build:\n      args:\n        A: |\n          x\n",
        "    build:\n      args:\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n        A: |\n          x\n",
    ),
    removal(
        "map, merge key",
        "    build:\n      args:\n        <<: {A: 1}\n",
        "    build:\n      args:\n        <<: {A: 1}\n        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}\n",
    ),
    removal(
        "list",
        "    build:\n      args:\n        -   A=1\n",
        f"    build:\n      args:\n        -   A=1\n        -   GIT_COMMIT_HASH={VALUE}\n",
    ),
    removal(
        "list, quoted, not indented",
        "    build:\n      args:\n      - 'A=1'\n",
        f"    build:\n      args:\n      - 'A=1'\n      - 'GIT_COMMIT_HASH={VALUE}'\n",
    ),
    removal(
        "list behind an anchor and a comment",
        "    build:\n      args: &args  # ours\n\n        # first\n        - A=1\n",
        f"    build:\n      args: &args  # ours\n\n        # first\n        - A=1\n        - GIT_COMMIT_HASH={VALUE}\n",
    ),
    removal(
        "flow map",
        "    build: {context: ., args: {A: 1}}\n",
        f'    build: {{context: ., args: {{A: 1, GIT_COMMIT_HASH: "{VALUE}"}}}}\n',
    ),
    removal("flow list", "    build: {args: [A=1, ]}\n", f'    build: {{args: [A=1, "GIT_COMMIT_HASH={VALUE}", ]}}\n'),
    removal(
        "flow map on lines",
        "    build:\n      args: {\n        A: 1,\n        B: 2  # b\n      }\n",
        f"    build:\n      args: {{\n        A: 1,\n        B: 2,  # b\n"
        f'        GIT_COMMIT_HASH: "{VALUE}"\n      }}\n',
    ),
    removal(
        "flow list on lines, trailing comma",
        "    build:\n      args: [\n          'A=1',\n      ]\n",
        f"    build:\n      args: [\n          'A=1',\n          'GIT_COMMIT_HASH={VALUE}',\n      ]\n",
    ),
    removal(
        "flow build",
        "    build: {context: .}\n",
        f'    build: {{context: ., args: {{GIT_COMMIT_HASH: "{VALUE}"}}}}\n',
    ),
    removal(
        "keys in quotes",
        "    'build':\n      'context': '.'\n",
        f"    'build':\n      'context': '.'\n      'args':\n        'GIT_COMMIT_HASH': {VALUE}\n",
    ),
    removal(
        "empty braces", "    build:\n      args: {}\n", f'    build:\n      args: {{GIT_COMMIT_HASH: "{VALUE}"}}\n'
    ),
    removal("empty list", "    build:\n      args: []\n", f'    build:\n      args: ["GIT_COMMIT_HASH={VALUE}"]\n'),
    removal("no value", "    build:\n      context: .\n      args:\n", f"    build:\n      context: .\n{LONG}"),
    removal(
        "no value but a comment",
        "    build:\n      args:  # none\n      pull: true\n",
        f"    build:\n      args:  # none\n        GIT_COMMIT_HASH: {VALUE}\n      pull: true\n",
    ),
    removal(
        "null",
        "    build:\n      args: null # yet\n",
        f"    build:\n      args: # yet\n        GIT_COMMIT_HASH: {VALUE}\n",
    ),
    removal(
        "null in braces",
        "    build: {args: ~, pull: true}\n",
        f'    build: {{args: {{GIT_COMMIT_HASH: "{VALUE}"}}, pull: true}}\n',
    ),
    removal(
        "body indented by eight",
        "    build:\n            context: .\n",
        f"    build:\n            context: .\n            args:\n                    GIT_COMMIT_HASH: {VALUE}\n",
    ),
    removal(
        "key behind an anchor",
        "    build:\n      &first context: .\n",
        f"    build:\n      &first context: .\n{LONG}",
    ),
    pytest.param(
        "services:\n  web: {build: ., ports: [80]}\n",
        f'services:\n  web: {{build: {{context: ., args: {{GIT_COMMIT_HASH: "{VALUE}"}}}}, ports: [80]}}\n',
        id="flow service",
    ),
    pytest.param(
        "services:\n    web:\n        build: .",
        f"services:\n    web:\n        build:\n            context: .\n            args:\n"
        f"                GIT_COMMIT_HASH: {VALUE}",
        id="indented by four, no final newline",
    ),
    pytest.param(
        "services:\r\n  web:\r\n    build:\r\n      args:\r\n      - A",
        f"services:\r\n  web:\r\n    build:\r\n      args:\r\n      - A\r\n      - GIT_COMMIT_HASH={VALUE}",
        id="list without indentation at the end of a CRLF file",
    ),
    pytest.param(
        "\ufeffservices:\r\n  web:\n    build: .\n    ports: [80]\r\n",
        f"\ufeffservices:\r\n  web:\n    build:\n      context: .\n      args:\n"
        f"        GIT_COMMIT_HASH: {VALUE}\n    ports: [80]\r\n",
        id="mixed line endings: those of the line",
    ),
    pytest.param(
        "services:\n  a:\n    build: {args: [B=1]}\n  b:\n    build: .\n",
        f'services:\n  a:\n    build: {{args: [B=1, "GIT_COMMIT_HASH={VALUE}"]}}\n  b:\n    build:\n'
        f"      context: .\n      args:\n        - GIT_COMMIT_HASH={VALUE}\n",
        id="a list where the others have lists",
    ),
    pytest.param(
        "x-args: &args\n  A: 1\nservices:\n  a:\n    build: {context: ., args: *args}\n  b:\n"
        "    build:\n      args: *args\n",
        f"x-args: &args\n  A: 1\n  GIT_COMMIT_HASH: {VALUE}\nservices:\n  a:\n"
        f"    build: {{context: ., args: *args}}\n  b:\n    build:\n      args: *args\n",
        id="alias shared by builds that all need it",
    ),
    pytest.param(
        "x-build: &b\n  context: .\nservices:\n  a:\n    build: *b\n  b:\n    build:\n      <<: *b\n      pull: true\n",
        f"x-build: &b\n  context: .\n  args:\n    GIT_COMMIT_HASH: {VALUE}\nservices:\n  a:\n"
        f"    build: *b\n  b:\n    build:\n      <<: *b\n      pull: true\n",
        id="once where one build merges what another one uses",
    ),
    pytest.param(
        "x-a: &a\n  A: 1\nservices:\n  a:\n    build:\n      args:\n        <<: *a\n  b:\n"
        "    build: plain\n    environment: *a\n",
        f"x-a: &a\n  A: 1\nservices:\n  a:\n    build:\n      args:\n        <<: *a\n"
        f"        GIT_COMMIT_HASH: {VALUE}\n  b:\n    build: plain\n    environment: *a\n",
        id="beside a merge key whose anchor serves others",
    ),
    pytest.param(
        "x-svc: &svc\n  build: .\nservices:\n  a:\n    <<: *svc\n  b: *svc\n",
        f"x-svc: &svc\n  build:\n    context: .\n    args:\n      GIT_COMMIT_HASH: {VALUE}\n"
        f"services:\n  a:\n    <<: *svc\n  b: *svc\n",
        id="merged service",
    ),
    pytest.param(
        "services:\n  a:\n    build:\n      args: {VCS_REF: '$REF'}\n  b:\n    build: .\n",
        "services:\n  a:\n    build:\n      args: {VCS_REF: '$REF'}\n  b:\n    build:\n"
        "      context: .\n      args:\n        GIT_COMMIT_HASH: $REF\n",
        id="the value that other services pass",
    ),
]


JSON = [
    ('"."', f'{{"context": ".", "args": {{"GIT_COMMIT_HASH": "{VALUE}"}}}}'),
    ('{"context": "."}', f'{{"context": ".", "args": {{"GIT_COMMIT_HASH": "{VALUE}"}}}}'),
    ('{"args": {}}', f'{{"args": {{"GIT_COMMIT_HASH": "{VALUE}"}}}}'),
    ('{"args": null}', f'{{"args": {{"GIT_COMMIT_HASH": "{VALUE}"}}}}'),
    ('{"args": {"A": 1}}', f'{{"args": {{"A": 1, "GIT_COMMIT_HASH": "{VALUE}"}}}}'),
    ('{"args": []}', f'{{"args": ["GIT_COMMIT_HASH={VALUE}"]}}'),
    ('{"args": ["A=1"]}', f'{{"args": ["A=1", "GIT_COMMIT_HASH={VALUE}"]}}'),
]


@pytest.mark.parametrize(("before", "after"), JSON)
def test_json_stays_json(before: str, after: str):
    document = '{"services": {"web": {"build": %s}}}\n'
    fixed = fix(document % before, "missing-commit-arg")
    assert fixed == document % after
    assert json.loads(fixed)


@pytest.mark.parametrize(("before", "after"), INSERTIONS)
def test_adds_an_argument(before: str, after: str):
    assert fix(before, "missing-commit-arg") == after


@pytest.mark.parametrize(
    ("compose", "reason"),
    [
        pytest.param(
            "x-args: &args {A: 1}\nservices:\n  a:\n    build: {args: *args}\n  b:\n"
            "    build: {context: plain, args: *args}\n",
            "`b` shares these arguments",
            id="alias shared with a build that needs none",
        ),
        pytest.param(
            "x-b: &b {context: .}\nservices:\n  a:\n    build: *b\n  b:\n    build: {<<: *b, context: plain}\n",
            "`b` shares these arguments",
            id="merged into a build that needs none",
        ),
        pytest.param("services:\n  a:\n    build: &here .\n", "anchor", id="anchored short form"),
        pytest.param("services:\n  a:\n    build:\n      args: &none\n", "anchor", id="anchored null"),
        pytest.param("services:\n  a:\n    ? build\n    : .\n", "unusual way", id="explicit key"),
    ],
)
def test_leaves_alone_what_cannot_be_extended_with_certainty(compose: str, reason: str):
    (found,) = lint_files({**FILES, "compose.yaml": compose}, ["missing-commit-arg"])[:1]
    assert found.fix
    assert found.fix.edits == ()
    assert reason in found.fix.title
    fix(compose, "missing-commit-arg")
