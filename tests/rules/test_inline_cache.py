import pytest

from cachelint.fix import Applicability
from tests.support import fix_files, lint_files

RULE = ["inline-cache"]
NAME = "BUILDKIT_INLINE_CACHE"


def findings(build: str, dockerfile: str = "FROM alpine\n"):
    compose = f"services:\n  web:\n    build:\n      context: .\n{build}"
    return lint_files({"compose.yaml": compose, "Dockerfile": dockerfile}, RULE)


@pytest.mark.parametrize(
    "build",
    [
        "",
        "      args: {}\n",
        "      args:\n        CACHE: 1\n",
        f"      args:\n        MY_{NAME}: 1\n        {NAME}_2: 1\n",
        f"      args:\n        # {NAME}: 1\n        A: 1\n",
        f"      args:\n        A: {NAME}\n        B: {NAME}=1\n",
        f"      labels:\n        {NAME}: 1\n",
        f"    environment:\n      {NAME}: 1\n",
        f"    environment:\n      - {NAME}=1\n",
        f"    command: |\n      {NAME}=1\n",
        "      cache_to: [type=registry]\n",
        "      cache_to: ['type=local,dest=type=inline-ish']\n",
        f"x-env: &env\n  {NAME}: 1\n",
        f"x-service:\n  environment:\n    {NAME}: 1\n",
        f"x-cargo: {{{NAME}: 1}}\n",
    ],
)
def test_silent(build: str):
    assert findings(build) == ()


@pytest.mark.parametrize("dockerfile", [f"FROM alpine\nRUN echo {NAME}\n", f"FROM alpine\nLABEL {NAME}=1\n"])
def test_silent_on_other_instructions(dockerfile: str):
    assert findings("", dockerfile) == ()


@pytest.mark.parametrize(
    ("build", "place"),
    [
        (f"      args:\n        {NAME}: 1\n", f"{NAME}: 1"),
        (f'      args:\n        "{NAME}": "1"\n', f'"{NAME}": "1"'),
        (f"      args:\n        {NAME}: true\n", f"{NAME}: true"),
        (f"      args:\n        {NAME}:\n", f"{NAME}:"),
        (f"      args:\n        - {NAME}=1\n", f"{NAME}=1"),
        (f"      args:\n        - '{NAME}'\n", f"'{NAME}'"),
        (f"      args: {{{NAME}: 1}}\n", f"{NAME}: 1"),
        (f"      args: [{NAME}=1]\n", f"{NAME}=1"),
        (f"x-args:\n  {NAME}: 1\n", f"{NAME}: 1"),
        (f"x-build:\n  args:\n    - {NAME}=1\n", f"{NAME}=1"),
        ("      cache_to:\n        - type=inline\n", "type=inline"),
        ("      cache_to: ['mode=max, type=inline']\n", "'mode=max, type=inline'"),
    ],
)
def test_reports(build: str, place: str):
    [found] = findings(build)
    start, end = found.location.start, found.location.end
    assert found.location.line_text[start.column - 1 : end.column - 1] == place
    assert found.fix
    assert found.fix.applicability is Applicability.SAFE


def test_reports_an_entry_that_services_share_once():
    compose = f"x-a: &a\n  {NAME}: 1\nservices:\n  a:\n    build: {{args: *a}}\n  b:\n    build: {{args: {{<<: *a}}}}\n"
    assert len(lint_files({"compose.yaml": compose}, RULE)) == 1


@pytest.mark.parametrize("instruction", [f"ARG {NAME}=1", f"ENV {NAME} 1", f"ENV A=1 {NAME}=1"])
def test_reports_a_dockerfile(instruction: str):
    [found] = findings("", f"FROM alpine\n{instruction}\n")
    assert found.location.start.line == 2
    assert found.fix is None


@pytest.mark.parametrize("value", ["0", "false", "'0'"])
def test_a_switch_that_is_off_has_its_own_message(value: str):
    [found] = findings(f"      args: {{{NAME}: {value}}}\n")
    assert "no cache switch" in found.message


@pytest.mark.parametrize(
    ("cache_from", "applicability"),
    [
        ("[registry/web]", Applicability.UNSAFE),
        ("['type=registry,ref=registry/web']", Applicability.UNSAFE),
        ("[$CACHE]", Applicability.UNSAFE),
        ("['type=local,src=x']", Applicability.SAFE),
        ("['type=gha']", Applicability.SAFE),
        ("[]", Applicability.SAFE),
    ],
)
def test_a_working_remote_cache_is_a_decision(cache_from: str, applicability: Applicability):
    [found] = findings(f"      args: {{{NAME}: 1}}\n      cache_from: {cache_from}\n")
    assert found.fix
    assert found.fix.applicability is applicability


def test_one_reader_makes_a_shared_setting_a_decision():
    compose = f"x-a: &a\n  {NAME}: 1\nservices:\n  a:\n    build: {{args: *a}}\n"
    compose += "  b:\n    build: {args: *a, cache_from: [web]}\n"
    [found] = lint_files({"compose.yaml": compose}, RULE)
    assert found.fix
    assert found.fix.applicability is Applicability.UNSAFE


BAKE = "services:\n  web:\n    build:\n      context: .\n      x-bake:\n{}    image: a/b\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("        tags: a\n        cache-to: type=inline\n", "        tags: a\n"),
        (
            "        cache-to:\n          - type=inline\n          - type=gha\n",
            "        cache-to:\n          - type=gha\n",
        ),
    ],
)
def test_what_only_bake_reads(before: str, after: str):
    fixed = fix_files({"compose.yaml": BAKE.format(before)}, RULE, Applicability.SAFE)
    assert fixed.files["compose.yaml"] == BAKE.format(after)
    assert fixed.report.diagnostics == ()


def test_what_only_bake_reads_back_is_a_remote_cache():
    [found] = lint_files(
        {"compose.yaml": BAKE.format("        cache-from: a/b\n        cache-to: type=inline\n")}, RULE
    )
    assert found.fix
    assert found.fix.applicability is Applicability.UNSAFE
    assert lint_files({"compose.yaml": BAKE.format("        cache-to: type=gha\n")}, RULE) == ()
