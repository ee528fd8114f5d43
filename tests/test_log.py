"""``cachelint log``: what it proves with logs that engines wrote, and what it refuses.

The logs are those of ``tests/logs``; the project here is the one that they were recorded with.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.shop import API, COMPOSE, WEB, commit, git, make_shop
from tests.support import run, write_files

LOGS = Path(__file__).parent / "logs"


@pytest.fixture
def shop(tmp_path):
    """The project, committed and tagged `before`."""
    return make_shop(tmp_path / "shop", tag="before")


def log_file(tmp_path, *names, text=""):
    path = tmp_path / "build.log"
    path.write_bytes(text.encode() + b"".join((LOGS / f"{name}.log").read_bytes() for name in names))
    return str(path)


def judged(directory, log, *args, code):
    ran = run("log", log, "--output-format", "json", *args, cwd=directory)
    assert (ran.code, ran.err) == (code, "")
    return json.loads(ran.out)


def stale(answer):
    steps = [step for build in answer["builds"] for step in build["steps"] if step["stale"]]
    return {step["step"]: step["files"] for step in steps}


def by_service(answer):
    return {build["service"]: build for build in answer["builds"]}


def statuses(build):
    return [step["status"] for step in build["steps"]]


# Without --since


def test_shape_is_the_documented_one(shop, tmp_path):
    answer = judged(shop, log_file(tmp_path, "deploy-with-prunes"), code=0)
    assert answer["version"] == 1
    assert answer["verdict"] == "unknown"
    assert answer["prunes"] == [
        {"before_build": 1, "reclaimed_bytes": 267},
        {"before_build": None, "reclaimed_bytes": 2204},
    ]
    assert answer["commit"] == "b1e8fab"
    assert answer["blind_spots"] == []
    web, api = answer["builds"]
    assert (web["service"], web["failed"], web["origin"]) == ("web", False, {"path": "compose.yaml", "line": 4})
    assert web["steps"][4] == {
        "step": "[build 5/6]",
        "line": 5,
        "instruction": "COPY src src",
        "status": "ran",
        "merged": False,
        "expected": None,
        "cause": None,
        "stale": False,
        "files": [],
    }
    assert api["service"] in ("api", "worker")


def test_steps_that_services_share_are_known_for_each(shop, tmp_path):
    builds = by_service(judged(shop, log_file(tmp_path, "compose-bake-changed"), code=0))
    assert statuses(builds["worker"]) == statuses(builds["api"]) == ["ran", *["cached"] * 5]
    assert [step["step"] for step in builds["worker"]["steps"] if step["merged"]] == [
        f"[worker {number}/6]" for number in range(1, 7)
    ]


@pytest.mark.parametrize(
    ("name", "service", "expected"),
    [
        ("compose-bake-first", "worker", "R-RRRR"),
        ("compose-bake-first", "api", "R-RRRR"),
        ("compose-tty", "api", "R-----"),
        ("compose-own-builder-json", "worker", "R---RR"),
        ("compose-own-builder", "web", "R---RRR-R"),
        ("compose-json", "web", "R---RRR-R"),
        ("buildx-plain-changed", "web", "R---RRR-R"),
        ("buildx-target", "web", "R-----RRR"),
        ("docker20-changed", "web", "R---RRR-R"),
    ],
)
def test_matching(shop, tmp_path, name, service, expected):
    """Base images say nothing; the rest is matched by label."""
    build = by_service(judged(shop, log_file(tmp_path, name), code=0))[service]
    bases = {step["step"] for step in build["steps"] if step["instruction"].startswith("FROM")}
    marks = {"ran": "R", "cached": "-", "not printed": "R" if name == "buildx-target" else "?"}
    found = "".join("R" if step["step"] in bases else marks[step["status"]] for step in build["steps"])
    assert found == expected


def test_legacy_steps_are_those_of_the_file(shop, tmp_path):
    [build] = judged(shop, log_file(tmp_path, "legacy-changed"), code=0)["builds"]
    assert build["service"] == "web"
    assert [step["step"] for step in build["steps"]][:2] == ["Step 1/10", "Step 2/10"]


def test_a_log_of_something_else(shop, tmp_path):
    [build] = judged(shop, log_file(tmp_path, "spoof-plain"), code=0)["builds"]
    assert (build["service"], build["origin"], build["unmatched"]) == (
        None,
        None,
        "no build of the project has these steps",
    )
    assert [step["step"] for step in build["steps"]] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]


# With --since


def test_fresh(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-changed"), "--since", "before", code=0)
    assert (answer["verdict"], answer["reasons"]) == ("fresh", [])
    copy = by_service(answer)["web"]["steps"][4]
    assert (copy["expected"], copy["status"], copy["files"]) == ("RUN", "ran", ["web/src/a.js"])
    assert {step["expected"] for step in by_service(answer)["api"]["steps"]} == {"CACHED"}


def test_stale(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n", "api/main.py": "print(2)\n", "README.md": "text\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "before", code=1)
    assert answer["verdict"] == "stale"
    web, api = ["web/src/a.js"], ["api/main.py"]
    assert stale(answer) == {
        "[web build 5/6]": web,
        "[web build 6/6]": web,
        "[api 5/6]": api,
        "[api 6/6]": api,
        "[worker 5/6]": api,
        "[worker 6/6]": api,
    }


@pytest.mark.parametrize("name", ["auth", "internal"])
def test_a_service_may_be_called_like_what_a_client_does(shop, tmp_path, name):
    commit(shop, {"compose.yaml": COMPOSE.replace("  api:\n", f"  {name}:\n")}, tag="renamed")
    commit(shop, {"api/main.py": "print(2)\n"})
    log = Path(log_file(tmp_path, "compose-bake-again"))
    log.write_text(log.read_text().replace("[api", f"[{name}").replace("-api", f"-{name}"))
    answer = judged(shop, str(log), "--since", "renamed", code=1)
    assert list(stale(answer))[:2] == [f"[{name} 5/6]", f"[{name} 6/6]"]


def test_services_share_the_steps_above_where_their_arguments_differ(shop, tmp_path):
    compose = COMPOSE.replace("    command: work\n", "      args: {QUEUE: high}\n    command: work\n")
    commit(shop, {"compose.yaml": compose}, tag="queue")
    commit(shop, {"api/main.py": "print(2)\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-first"), "--since", "queue", code=0)
    assert answer["verdict"] == "fresh"


def test_cached_is_right_where_nothing_changed(shop, tmp_path):
    commit(shop, {"README.md": "text\n", "web/notes.txt": "no step reads this\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "before", code=0)
    assert answer["verdict"] == "fresh"


def test_what_ran_earlier_in_the_log_may_be_cached_later(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    log = log_file(tmp_path, "compose-bake-changed", "compose-bake-again")
    assert judged(shop, log, "--since", "before", code=0)["verdict"] == "fresh"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (["compose-bake-again", "compose-bake-changed"], 0),
        (["then", "compose-bake-again", "now", "compose-bake-changed"], 0),
        (["now", "compose-bake-changed", "then", "compose-bake-again"], 2),
        (["then", "compose-bake-again", "now", "compose-bake-again"], 1),
        (["compose-bake-again", "compose-bake-changed", "now"], 0),
        (["compose-bake-again", "failed-plain-again"], 1),
    ],
)
def test_the_last_build_counts(shop, tmp_path, parts, code):
    commit(shop, {"web/src/a.js": "two\n"})
    commits = {"then": "before", "now": "HEAD"}
    texts = [
        f"Building from commit: {git(shop, 'rev-parse', '--short', commits[part])}...\n"
        if part in commits
        else (LOGS / f"{part}.log").read_text()
        for part in parts
    ]
    answer = judged(shop, log_file(tmp_path, text="".join(texts)), "--since", "before", code=code)
    assert bool(stale(answer)) == (code == 1)
    several = len([part for part in parts if part.startswith("compose")]) > 1
    assert [build["replaced"] for build in answer["builds"][:3]] == [several] * 3


FAILED = "#10 ERROR: process did not complete\n------\nERROR: failed to build: failed to solve: exit code: 1\n"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("changed", 0),
        ("cached", 2),  # a deploy that failed and went back to the old files
    ],
)
def test_a_build_that_failed_and_another_one(shop, tmp_path, second, code):
    commit(shop, {"web/src/a.js": "two\n"})
    whole = (LOGS / "buildx-plain-changed.log").read_text()
    failed = whole.partition("#10 DONE")[0] + FAILED
    then = (
        whole
        if second == "changed"
        else whole.replace("#9 DONE 0.0s", "#9 CACHED").replace("#10 DONE 0.2s", "#10 CACHED")
    )
    answer = judged(shop, log_file(tmp_path, text=failed + then), "--since", "before", code=code)
    reason = "web: [build 6/6] is CACHED, though steps above it ran"
    assert answer["reasons"] == ([reason] if code else [])
    assert [build["failed"] for build in answer["builds"]] == [True, False]


def test_an_edited_recipe_is_a_change(shop, tmp_path):
    commit(shop, {"api/Dockerfile": API.replace("> main.pyc", "> main.opt")})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "before", code=1)
    assert stale(answer) == {"[api 6/6]": ["api/Dockerfile"], "[worker 6/6]": ["api/Dockerfile"]}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("HEAD is now at {now} m", None),
        ("HEAD is now at {then} m", "{then}"),
        ("HEAD is now at 0123abc a commit of another repository", None),
        ("HEAD is now at {then} m\nUpdating {then}..{now}\nFast-forward\n main.py | 2 +-", None),
        ("Updating {then}..{now}\nerror: Your local changes would be overwritten:\n\tx\nAborting", "{then}"),
        ("Updating {then}..{now}", None),
        ("HEAD is now at {then} m\nMerge made by the 'ort' strategy.", None),
        ("HEAD is now at {then} m\nBuilding from commit: {now}", None),
        ("the HEAD is now at {then} m", None),
    ],
)
def test_where_git_went(shop, tmp_path, lines, says):
    commit(shop, {"web/src/a.js": "two\n"})
    known = {"then": git(shop, "rev-parse", "--short", "before"), "now": git(shop, "rev-parse", "--short", "HEAD")}
    log = log_file(tmp_path, "compose-bake-changed", text=lines.format(**known) + "\n")
    answer = judged(shop, log, "--since", "before", code=2 if says else 0)
    other = f"the log checks out commit {known['then']}, but the files here are those of {known['now']}"
    assert answer["reasons"] == ([other] if says else [])


@pytest.mark.parametrize(("name", "who"), [("compose-bake-again", "web"), ("buildx-plain-cached", "a build")])
def test_a_build_of_an_earlier_dockerfile(shop, tmp_path, name, who):
    """The deploy built what was there before the last commit, with fewer steps."""
    commit(shop, {"web/Dockerfile": WEB + "RUN true\n"})
    answer = judged(shop, log_file(tmp_path, name), "--since", "before", code=2)
    assert answer["reasons"][0] == f"{who}: its steps are those that web/Dockerfile had at before"
    assert not any("not those of its" in reason for reason in answer["reasons"])


@pytest.mark.parametrize(("name", "code"), [("compose-bake-changed", 0), ("compose-bake-again", 2)])
def test_a_new_step_may_be_that_of_another_build(shop, tmp_path, name, code):
    commit(shop, {"web/Dockerfile": WEB.replace("RUN cat package.json", "RUN echo package.json")}, tag="other")
    commit(shop, {"web/Dockerfile": WEB})
    answer = judged(shop, log_file(tmp_path, name), "--since", "other", code=code)
    step = by_service(answer)["web"]["steps"][3]
    assert (step["step"], step["status"], step["expected"], step["stale"]) == (
        "[web build 4/6]",
        "cached",
        "RUN",
        False,
    )
    same = "[web build 5/6] is CACHED, and so is what it starts from: another build may have had the same steps"
    assert answer["reasons"][:1] == ([f"web: {same}"] if code else [])


def test_only_what_was_committed_must_have_run(shop, tmp_path):
    """An untracked or edited file may have been there, or not, when either of the two was built."""
    commit(shop)
    write_files(shop, {"web/src/a.js": "edited\n", "web/src/new.js": "untracked\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "before", code=0)
    assert answer["verdict"] == "fresh"
    assert by_service(answer)["web"]["steps"][4]["expected"] == "MAYBE"


def test_a_state_that_was_built_before_may_be_cached(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"}, tag="bad")
    git(shop, "revert", "--no-edit", "HEAD")
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "bad", code=2)
    before = git(shop, "rev-parse", "--short", "before")
    assert answer["verdict"] == "unknown"
    assert answer["reasons"] == [
        f"web: [web build 5/6] reads what it read in {before}: the result may be from a build of that commit"
    ]


def test_a_merge_that_was_taken_back(shop, tmp_path):
    """What stood before the merge was deployed then, though no commit of that line touched the file."""
    git(shop, "checkout", "-q", "-b", "side")
    commit(shop, {"web/src/a.js": "two\n"})
    git(shop, "checkout", "-q", "-b", "line", "before")
    commit(shop, {"web/src/b.js": "new\n"}, tag="deployed")
    git(shop, "merge", "-q", "--no-ff", "-m", "m", "side")
    git(shop, "tag", "merged")
    git(shop, "revert", "--no-edit", "-m", "1", "HEAD")
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "merged", code=2)
    deployed = git(shop, "rev-parse", "--short", "deployed")
    said = f"web: [web build 5/6] reads what it read in {deployed}: the result may be from a build of that commit"
    assert answer["reasons"] == [said]


def test_going_back_is_no_proof_when_something_else_is_new(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"}, tag="bad")
    commit(shop, {"web/src/a.js": "one\n", "web/src/b.js": "new\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "bad", code=1)
    assert stale(answer)["[web build 5/6]"] == ["web/src/a.js", "web/src/b.js"]


@pytest.mark.parametrize("more", [{}, {"web/src/a.js": "two\n"}])
def test_a_line_break_in_the_name_of_a_file(shop, tmp_path, more):
    commit(shop, {"web/src/b\nc.js": "new\n", **more})
    answer = judged(shop, log_file(tmp_path, "compose-bake-again"), "--since", "before", code=1)
    assert stale(answer)["[web build 5/6]"] == [*more, "web/src/b\nc.js"]


@pytest.mark.parametrize(("file", "code"), [("main.py", 1), ("other.py", 0)])
def test_a_file_in_a_submodule(tmp_path, file, code):
    inner, outer = make_shop(tmp_path / "inner", tag="shop"), make_shop(tmp_path / "outer", tag="shop")
    commit(inner, {"main.py": "1", "other.py": "1", "requirements.txt": ""})
    git(outer, "rm", "-rqf", ".")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    recipe = API.replace("COPY requirements.txt", "COPY sub/requirements.txt").replace("COPY main", "COPY sub/main")
    commit(outer, {"Dockerfile": recipe}, tag="before")
    commit(outer / "sub", {file: "2"})
    commit(outer)
    log = Path(log_file(tmp_path, "deploy-with-prunes"))
    text = log.read_text().replace("Building from commit", "Building")
    log.write_text(
        text.replace("COPY requirements.txt", "COPY sub/requirements.txt").replace("COPY main", "COPY sub/main")
    )
    answer = judged(outer, str(log), "--since", "before", code=code)
    assert list(stale(answer).values()) == [["sub/main.py"]] * 2 * code


def test_an_imported_cache_may_hold_it(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    log = Path(log_file(tmp_path, "compose-bake-again"))
    block = "\n#99 importing cache manifest from registry.test/web:cache\n#99 DONE 0.1s\n"
    log.write_text(log.read_text() + block)
    answer = judged(shop, str(log), "--since", "before", code=2)
    assert stale(answer) == {}
    assert answer["reasons"] == ["web: the cache was imported: another machine may have built this state before"]


@pytest.mark.parametrize(
    ("names", "text", "reason"),
    [
        (
            ["compose-bake-changed"],
            "Building from commit: 0123abc...\n",
            "the log announces commit 0123abc, but the files here are those of ",
        ),
        (["compose-bake-failed"], "", "api: its steps are not those of its Dockerfile"),
        (["spoof-plain"], "", "the log shows no build of this project"),
        (["bake-file", "parse-error"], "", None),
    ],
)
def test_unknown(shop, tmp_path, names, text, reason):
    commit(shop, {"web/src/a.js": "two\n"})
    log = log_file(tmp_path, *names, text=text)
    if reason is None:
        judged(shop, log, "--since", "before", code=0)
        return
    answer = judged(shop, log, "--since", "before", code=2)
    assert any(one.startswith(reason) for one in answer["reasons"]), answer["reasons"]


def test_a_build_that_failed_ships_nothing(shop, tmp_path):
    commit(shop, {"api/Dockerfile": API + "RUN false\n", "web/src/a.js": "two\n"})
    answer = judged(shop, log_file(tmp_path, "compose-bake-failed"), "--since", "before", code=2)
    assert {one["service"]: one["failed"] for one in answer["builds"]} == {"web": False, "api": True, "worker": True}
    assert answer["reasons"] == ["worker: its last build failed", "api: its last build failed"]
    assert stale(answer) == {}


def test_the_announced_commit_is_the_one_here(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    text = f"[INFO] Building from commit: {git(shop, 'rev-parse', '--short', 'HEAD')}...\n"
    log = log_file(tmp_path, "compose-bake-changed", text=text)
    assert judged(shop, log, "--since", "before", code=0)["verdict"] == "fresh"


def test_a_log_of_another_commit_accuses_nobody(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    log = log_file(tmp_path, "compose-bake-again", text="Building from commit: 0123abc\n")
    reason = f"the log announces commit 0123abc, but the files here are those of {git(shop, 'rev-parse', 'HEAD')[:7]}"
    answer = judged(shop, log, "--since", "before", code=2)
    assert (answer["verdict"], answer["reasons"]) == ("unknown", [reason])
    assert list(stale(answer)) == ["[web build 5/6]", "[web build 6/6]"]
    text, github, markdown = (
        run("log", log, "--since", "before", "--output-format", one, cwd=shop) for one in ("text", "github", "markdown")
    )
    assert (text.code, github.code, markdown.code) == (2, 2, 2)
    assert text.out.startswith("Unknown: ")
    assert f"\n  because {reason}\n" in text.out
    assert "  cached       RUN, suspicious\n" in text.out
    assert "\n  suspicious [web build 5/6]: `COPY src src` is CACHED, but web/src/a.js changed since: had" in text.out
    assert github.out.startswith("::warning file=web/Dockerfile,line=5,title=suspicious-step::`COPY src src` is CACHED")
    assert f"title=not-proven::{reason}\n" in github.out
    assert markdown.out.startswith("## ❔ Unknown: ")
    assert "\n- the log announces commit 0123abc\n" in markdown.out
    assert f"\n- because {reason}\n" in markdown.out
    assert "| cached | RUN ❔ suspicious |" in markdown.out
    assert "stale" not in (text.out + github.out + markdown.out).lower()


@pytest.mark.parametrize(
    ("compose", "changed", "reasons"),
    [
        (COMPOSE, {}, []),
        (COMPOSE, {"api/main.py": "2"}, ["api", "worker"]),
        (COMPOSE.replace("    command: work\n", "    profiles: [jobs]\n"), {"api/main.py": "2"}, ["api"]),
        (COMPOSE.replace("  api:\n", "  api:\n    profiles: [jobs]\n"), {"api/main.py": "2"}, ["worker"]),
    ],
)
def test_a_service_that_had_to_be_built_and_was_not(shop, tmp_path, compose, changed, reasons):
    commit(shop, {"compose.yaml": compose}, tag="deployed")
    commit(shop, {"web/src/a.js": "two\n", **changed})
    code = 2 if reasons else 0
    answer = judged(shop, log_file(tmp_path, "buildx-plain-changed"), "--since", "deployed", code=code)
    said = [f"{name}: this log shows no build of it, though api/main.py changed" for name in reasons]
    assert answer["reasons"] == said


def test_one_of_several_builds_may_be_the_stale_one(shop, tmp_path):
    """The log does not say which of two equal Dockerfiles was built."""
    git(shop, "rm", "-rq", "compose.yaml")
    commit(shop, {"other/Dockerfile": API, "other/requirements.txt": "", "other/main.py": ""}, tag="two")
    commit(shop, {"web/src/a.js": "two\n", "other/main.py": "2"})
    log = Path(log_file(tmp_path, "deploy-with-prunes"))
    log.write_text(log.read_text().replace("Building from commit", "Building"))
    answer = judged(shop, str(log), "--since", "two", code=2)
    builds = "several builds of the project have these steps: api/Dockerfile, other/Dockerfile"
    assert answer["reasons"] == [f"a build: {builds}"]


@pytest.mark.parametrize(("prod", "code"), [(".", 0), ("prod", 2)])
def test_a_step_that_ran_for_one_target_and_was_cached_for_the_other(tmp_path, prod, code):
    """It is printed twice, as one service's; with another context it would be another step."""
    shop = make_shop(tmp_path / "shop", tag="shop")
    git(shop, "rm", "-rqf", ".")
    stages = ["FROM base:1 AS dev\nWORKDIR /app\nCOPY main.py .\nRUN cat main.py\n"]
    stages += ["FROM dev AS prod\nCOPY b.txt .\nRUN cat b.txt\n", "FROM base:1\nRUN true\n"]
    text = "services:\n"
    for name, context in (("dev", "."), ("prod", prod)):
        text += f"  {name}:\n    build: {{context: {context}, target: {name}, network: none}}\n"
    files = {"Dockerfile": "".join(stages), "main.py": "1", "b.txt": "1"}
    commit(shop, {"compose.yaml": text, **files, **{f"prod/{name}": one for name, one in files.items()}}, tag="before")
    commit(shop, {"main.py": "2", "prod/main.py": "2"})
    log = log_file(tmp_path, "compose-own-builder-targets")
    answer = judged(shop, log, "--since", "before", code=code)
    assert ("prod: the log does not show [prod dev 3/4], which had to run" in answer["reasons"]) == bool(code)


@pytest.mark.parametrize(("changed", "code"), [("f", 1), ("g", 0), ("other", 0)])
def test_platforms(tmp_path, changed, code):
    """One platform was built before: its steps are CACHED, those of the other one ran."""
    shop = make_shop(tmp_path / "shop", tag="shop")
    git(shop, "rm", "-rqf", ".")
    recipe = "FROM scratch AS a\nCOPY f f\nCOPY g g\nFROM scratch\nCOPY --from=a /f /h\n"
    commit(shop, {"Dockerfile": recipe, "f": "1", "g": "1"}, tag="before")
    commit(shop, {changed: "2"})
    log = Path(log_file(tmp_path, "platforms"))
    assert judged(shop, str(log), "--since", "before", code=code)["reasons"] == []
    other = "#8 [linux/amd64 a 2/2] COPY g g\n#8 CACHED\n\n#7 exporting"
    log.write_text(log.read_text().replace("#7 exporting", other, 1))
    answer = judged(shop, str(log), "--since", "before", code=2 if changed == "g" else code)
    doubt = "Dockerfile: [a 2/2] ran for one platform and is CACHED for another"
    assert answer["reasons"] == ([] if changed == "other" else [doubt])


# A Dockerfile for which no file says from where it is built


def make_lone(directory, files):
    commit(make_shop(directory, tag="shop"))
    git(directory, "rm", "-rqf", ".")
    commit(directory, {"docker/Dockerfile": API, **files}, tag="lone")
    return directory


ROOT = {"main.py": "1", "requirements.txt": ""}
OWN = {"docker/main.py": "1", "docker/requirements.txt": ""}


@pytest.mark.parametrize(
    ("files", "changed", "code"),
    [
        (ROOT, "main.py", 1),
        (ROOT, "docker/main.py", 0),
        ({**ROOT, "docker/main.py": "1"}, "main.py", 1),
        (OWN, "docker/main.py", 1),
        (OWN, "main.py", 0),
        ({**ROOT, **OWN}, "main.py", 2),
        ({**ROOT, **OWN}, "docker/main.py", 2),
        ({**ROOT, **OWN}, "docker/other.py", 0),
        ({}, "docker/main.py", 1),
    ],
)
def test_a_context_that_nobody_names(tmp_path, files, changed, code):
    lone = make_lone(tmp_path / "lone", files)
    commit(lone, {changed: "2"})
    log = Path(log_file(tmp_path, "deploy-with-prunes"))
    log.write_text(log.read_text().replace("Building from commit", "Building"))
    answer = judged(lone, str(log), "--since", "lone", code=code)
    context = "." if changed == "main.py" else "docker"
    reason = f"docker/Dockerfile: its context is not known: had it been {context}, [5/6] had to run"
    assert answer["reasons"] == ([reason] if code == 2 else [])


@pytest.mark.parametrize(("ran", "code"), [(False, 2), (True, 0)])
def test_a_context_that_only_the_command_names(tmp_path, ran, code):
    recipe = "FROM base:1\nWORKDIR /app\nCOPY --from=lib a.txt .\nCOPY main.py .\n"
    make_shop(tmp_path / "lib", tag="shop")
    git(tmp_path / "lib", "rm", "-rqf", ".")
    commit(tmp_path / "lib", {"Dockerfile": recipe, "main.py": "", "lib/a.txt": "1"}, tag="before")
    commit(tmp_path / "lib", {"lib/a.txt": "2"})
    log = Path(log_file(tmp_path, "buildx-context"))
    log.write_text(log.read_text().replace("#9 CACHED", "#9 DONE 0.1s" if ran else "#9 CACHED"))
    answer = judged(tmp_path / "lib", str(log), "--since", "before", code=code)
    reason = "Dockerfile: it reads the context lib, whose files the cache model does not know"
    assert answer["reasons"] == ([] if ran else [reason])


# What a log cannot show


def test_a_volume_over_the_files(shop, tmp_path):
    volume = "    volumes:\n      - srv:/srv\nvolumes:\n  srv:\n"
    commit(shop, {"compose.yaml": COMPOSE.replace("  api:\n", volume.partition("volumes:\n  srv")[0] + "  api:\n")})
    write_files(shop, {"compose.yaml": (shop / "compose.yaml").read_text() + "volumes:\n  srv:\n"})
    commit(shop)
    [spot] = judged(shop, log_file(tmp_path, "compose-bake-changed"), "--since", "before", code=0)["blind_spots"]
    assert spot.startswith("compose.yaml:")
    assert "hides" in spot


def test_a_change_that_buildkit_may_not_see(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n", "api/main.py": "print(10)\n"})
    for name in ("web/src/a.js", "api/main.py"):
        os.utime(shop / name, (1000, 1000))
    log = log_file(tmp_path, "compose-bake-first")
    [spot] = judged(shop, log, "--since", "before", code=0)["blind_spots"]
    assert spot.startswith("web/src/a.js: changed, with the size of before")


# The other formats


def test_text(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    ran = run("log", log_file(tmp_path, "compose-bake-again"), "--since", "before", cwd=shop)
    assert ran.code == 1
    assert ran.out.startswith("Stale: 2 steps did not run that had to since before\n")
    assert (
        "\n  [web build 5/6]    COPY src src                                          cached       RUN, stale\n"
        in ran.out
    )
    assert "\n  stale [web build 5/6]: `COPY src src` is CACHED, but web/src/a.js changed since" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


COUNTED = re.compile(r"(\d+) (?:of \d+ steps? )?(ran|cached|failed|canceled|not printed)")


@pytest.mark.parametrize(
    ("name", "since", "heads"),
    [
        ("deploy-with-prunes", True, ["3 of 7 steps ran, 4 cached", "0 of 5 steps ran, 5 cached"]),
        ("buildx-plain-changed", False, ["3 of 7 steps ran, 4 cached"]),
        ("legacy-changed", False, ["4 of 8 steps ran, 4 cached"]),
        ("compose-bake-failed", False, None),
        ("failed-plain-first", False, None),
        ("failed-tty", False, None),
        ("canceled-plain", False, None),
        ("docker20-failed", False, None),
        ("legacy-failed", False, None),
        ("buildah-failed", False, None),
        ("buildx-target", False, None),
        ("platforms", False, None),
    ],
)
def test_rows_and_count_agree(shop, tmp_path, name, since, heads):
    commit(shop)
    args = ("--since", "before") if since else ()
    ran = run("log", log_file(tmp_path, name), *args, cwd=shop)
    blocks = ran.out.split("\n\n")[1:]
    found = [block.splitlines()[0].partition("): ")[2] for block in blocks]
    assert heads is None or found == heads
    for block in blocks:
        head, *rows = block.splitlines()
        at = rows[0].index("  log") + 2
        words = [re.split("  +", row[at:])[0] for row in rows[1:] if row.lstrip().startswith(("[", "Step"))]
        bases = [word for word, row in zip(words, rows[1:], strict=True) if re.search(r"\d\]?  +FROM ", row)]
        assert set(bases) <= {"-", "failed", "canceled"}
        assert {word: int(count) for count, word in COUNTED.findall(head) if count != "0"} == dict(
            Counter(word for word in words if word != "-")
        )


def test_a_step_that_failed_did_not_run(tmp_path):
    ran = run("log", log_file(tmp_path, "failed-plain-first"), cwd=write_files(tmp_path / "empty", {"a": ""}))
    [row] = [row for row in ran.out.splitlines() if "RUN echo out; false" in row]
    assert row.endswith("  failed")
    assert " 1 failed; it failed (" in ran.out


def test_nothing_but_a_base_image(tmp_path):
    (tmp_path / "log").write_text(
        "#1 [internal] load x\n#1 DONE 0.0s\n\n#2 [1/1] FROM docker.io/library/base:1\n#2 DONE 0.1s\n\n"
        "#3 exporting to image\n#3 DONE 0.0s\n"
    )
    ran = run("log", "log", cwd=tmp_path)
    assert ": no step but FROM (" in ran.out
    assert ran.out.endswith("FROM docker.io/library/base:1  -\n")


def test_github_annotates_the_instruction(shop, tmp_path):
    commit(shop, {"api/main.py": "print(2)\n", "api/100%,a:b\nc": ""})
    log = log_file(tmp_path, "compose-bake-again")
    ran = run("log", log, "--since", "before", "--output-format", "github", cwd=shop)
    first, second = ran.out.splitlines()
    assert first.startswith("::error file=api/Dockerfile,line=5,title=stale-step::`COPY main.py .` is CACHED, but ")
    assert second.startswith("::error file=api/Dockerfile,line=6,title=stale-step::")


def test_markdown_is_a_summary(shop, tmp_path):
    commit(shop, {"web/src/a.js": "two\n"})
    log = log_file(tmp_path, "compose-bake-again")
    ran = run("log", log, "--since", "before", "--output-format", "markdown", cwd=shop)
    assert ran.out.startswith("## ❌ Stale: 2 steps")
    assert "| <code>&#91;web build 5/6&#93;</code> | <code>COPY src src</code> | cached | RUN ❌ stale |" in ran.out


def test_a_log_cannot_steer_the_terminal_or_the_workflow(tmp_path):
    nasty = "#1 [internal] load x\n#1 DONE 0.0s\n\n#2 [1/1] RUN \x9b31m ::error::x \u202e|<b>\n#2 CACHED\n\n"
    (tmp_path / "log").write_text(nasty + "#3 exporting to image\n#3 DONE 0.0s\n")
    for output_format in ("text", "json", "github", "markdown"):
        ran = run("log", "log", "--output-format", output_format, cwd=tmp_path)
        assert ran.code == 0
        assert not set(ran.out) & set("\x9b\u202e\x1b")
        assert "<b>" not in ran.out or output_format in ("text", "json")


def test_standard_input(shop):
    ran = run("log", "-", str(shop), stdin=(LOGS / "compose-bake-changed.log").read_bytes())
    assert (ran.code, ran.out.splitlines()[0]) == (0, "3 builds in this log")


# Bad input: a clear message and exit code 2


def interleaved() -> bytes:
    first, second = (
        (LOGS / f"{name}.log").read_bytes().splitlines(keepends=True) for name in ("bake-file", "docker20-first")
    )
    return b"".join(line for pair in zip(first, second, strict=False) for line in pair)


def half(name: str, share: float) -> bytes:
    data = (LOGS / f"{name}.log").read_bytes()
    return data[: int(len(data) * share)]


BAD = {
    "empty": (b"", "no build in this log: it is empty"),
    "prose": (b"hello\n" * 100, "no build in this log"),
    "quiet": ((LOGS / "buildx-quiet.log").read_bytes(), "a quiet build prints none of its steps"),
    "binary": (bytes(range(256)) * 40, "this is binary data, not a log"),
    "gzip": (gzip.compress(b"#1 [internal] load\n" * 99), "this is a gzip file: unpack it first"),
    "zip": (b"PK\x03\x04" + b"a" * 99, "this is a zip file: unpack it first"),
    "asciinema": (
        b'{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "#1 [internal] load"]\n',
        "this is a recording of asciinema: write it as text first",
    ),
    "cut off": (half("compose-bake-first", 0.5), "the log ends "),
    "cut off, legacy": (half("legacy-first", 0.6), "the log ends in the middle of a build"),
    "cut off, terminal": (half("compose-tty", 0.6), "the log ends before its last build does"),
    "cut off, rawjson": (half("compose-json", 0.9), "the log ends "),
    "cut off, buildah": (half("buildah-first", 0.6), "the log ends in the middle of a build"),
    "begins in the middle": (
        (LOGS / "compose-bake-first.log").read_bytes().partition(b"#9 DONE")[2].partition(b"\n")[2].lstrip(),
        "the log begins in the middle of a build (line 1)",
    ),
    "begins in a block": (
        b"#9 DONE 0.1s\n" + b"\n#10 [2/2] COPY a b\n#10 DONE 0.1s\n",
        "begins in the middle of a build",
    ),
    "interleaved": (interleaved(), "the lines of several builds are mixed"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(tmp_path, name):
    data, message = BAD[name]
    (tmp_path / "build.log").write_bytes(data)
    ran = run("log", "build.log", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("cachelint: build.log: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["none.log"], "none.log: no such file or directory"),
        (["."], ".: a directory, not a log"),
        (["a\0b"], "embedded null byte"),
        (["log", "-"], "only the log can come from -"),
        (["log", "nowhere"], "nowhere: no such file or directory"),
        (["log", "--since", "x"], "in no git repository"),
    ],
)
def test_bad_arguments(tmp_path, args, message):
    (tmp_path / "log").write_bytes((LOGS / "compose-json.log").read_bytes())
    ran = run("log", *args, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_line_without_end_takes_bounded_memory(tmp_path):
    (tmp_path / "log").write_bytes(b"#1 [internal] load x\n#1 " + b"x" * 50_000_000)
    ran = run("log", "log", cwd=tmp_path)
    assert ran.code == 2
    assert len(ran.err) < 300
