"""``cachelint log``: a build whose printed steps say something else than the Dockerfile is none of the project's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.shop import API, commit, git, make_shop
from tests.support import run, write_files

ROOT = Path(__file__).parent
LOGS = ROOT / "logs"


def judged(directory, log, *args):
    ran = run("log", str(log), "--output-format", "json", *args, cwd=directory)
    assert ran.err == ""
    return ran.code, json.loads(ran.out)


def test_a_build_of_another_project(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(ROOT.parent / "examples" / "stale-deploy" / "before", project)
    git(project, "init", "-q")
    commit(project, tag="v1")
    settings = project / "backend" / "config" / "settings.py"
    commit(project, {"backend/config/settings.py": settings.read_text() + "\nX = 1\n"})
    code, answer = judged(project, LOGS / "deploy-with-prunes.log", "--since", "v1")
    assert [build["unmatched"] for build in answer["builds"]] == ["no build of the project has these steps"] * 2
    assert [step["instruction"] for step in answer["builds"][1]["steps"]][1:3] == [
        "WORKDIR /api",
        "COPY requirements.txt .",
    ]
    assert (code, answer["verdict"]) == (2, "unknown")
    assert "the log shows no build of this project" in answer["reasons"]


def test_another_project_with_a_service_of_that_name(tmp_path):
    shop = make_shop(tmp_path / "shop", tag="before")
    other = API.replace("main", "other")
    commit(shop, {"api/Dockerfile": other, "api/other.py": "1\n"}, tag="other")
    commit(shop, {"api/other.py": "2\n"})
    code, answer = judged(shop, LOGS / "compose-bake-again.log", "--since", "other")
    builds = {build["service"]: build["unmatched"] for build in answer["builds"]}
    reason = "its steps are not those of its Dockerfile"
    assert (builds["web"], builds["api"]) == (None, reason)
    assert (code, answer["verdict"]) == (2, "unknown")
    assert not any(step["stale"] for build in answer["builds"] for step in build["steps"])


def plain(*texts: str) -> str:
    rows = [f"#{at} [{at - 1}/{len(texts) + 1}] {text}\n#{at} DONE 0.1s\n" for at, text in enumerate(texts, 3)]
    first = ["#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n"]
    base = [f"#2 [1/{len(texts) + 1}] FROM docker.io/library/base:1\n#2 DONE 0.0s\n"]
    return "\n".join((*first, *base, *rows, "#99 exporting to image\n#99 DONE 0.0s\n"))


def legacy(*texts: str) -> str:
    rows = [f"Step {at}/{len(texts) + 1} : {text}\n ---> 0123456789ab\n" for at, text in enumerate(texts, 2)]
    base = f"Step 1/{len(texts) + 1} : FROM base:1\n ---> 0123456789ab\n"
    return "".join(("Sending build context to Docker daemon  2kB\n", base, *rows, "Successfully built 0123456789ab\n"))


def tty(*texts: str) -> str:
    rows = [f" => [{at}/{len(texts) + 1}] {text}  0.1s\n" for at, text in enumerate(texts, 2)]
    base = f" => [1/{len(texts) + 1}] FROM docker.io/library/base:1  0.0s\n"
    head = f"[+] Building 1.0s ({len(texts) + 3}/{len(texts) + 3}) FINISHED\n"
    first = " => [internal] load build definition from Dockerfile  0.0s\n"
    return "".join((head, first, base, *rows, " => exporting to image  0.0s\n"))


SAME = {
    "white space": ("RUN a  &&\\\n    b # c\n", "RUN a  &&     b # c", plain),
    "a comment between": ("RUN a && \\\n# why\n\n  b\n", "RUN a &&   b", plain),
    "lower case": ("run a\n", "RUN a", plain),
    "an argument": ('ARG V=1\nRUN echo "$V" > v\n', 'RUN echo "x y" > v', plain),
    "an argument at the end": ("ARG V\nRUN echo $V\n", "RUN echo", plain),
    "an argument as it stands": ("ARG V\nRUN echo ${V} b\n", "RUN echo ${V} b", plain),
    "a default in braces": ("ARG V\nCOPY ${V:-${W:-a}}/b /c\n", "COPY x/b /c", plain),
    "braces that stay open": ("RUN echo '${V' b\n", "RUN echo '${V' b", plain),
    "what only a shell expands": ("RUN echo $? $(a) $$ $1 $@ b\n", "RUN echo  $(a)    b", plain),
    "quotes that COPY loses": ('COPY ["a b", "c/"]\n', "COPY [a b, c/]", plain),
    "escapes": ("COPY a\\ b /c\n", "COPY a b /c", plain),
    "flags": ("COPY --chown=a:b --link f g\n", "COPY --chown=a:b --link f g", plain),
    "flags of RUN": ("RUN --network=none a\n", "RUN --network=none a", plain),
    "a heredoc": ("RUN <<EOF\na\nb\nEOF\n", "RUN <<EOF (a...)", plain),
    "a heredoc that is copied": ("COPY <<EOF /a\nb\nEOF\n", "COPY <<EOF /a", plain),
    "abbreviated": ("RUN a long command with words\n", "RUN a long com…", plain),
    "abbreviated with dots": ("RUN a long command with words\n", "RUN a long com...", plain),
    "dots of its own": ("RUN echo wait...\n", "RUN echo wait...", plain),
    "cut by a terminal": ("RUN a long command with words\n", "RUN a long com", tty),
    "cut in a value": ("ARG V\nRUN echo $V > v && a\n", "RUN echo a lo", tty),
    "a value with a line break": ("ARG V\nRUN echo $V > v\n", "RUN echo one\ntwo > v", plain),
    "a secret that CI hides": ("RUN login --user=me --to=here\n", "RUN login --user=*** --to=here", plain),
    "the legacy builder": ('RUN echo "$V" \\\n  b\n', 'RUN echo "$V"   b', legacy),
    "what the legacy builder counts": ("ONBUILD RUN a\n", "ONBUILD RUN a", legacy),
    "nothing printed": ("RUN a\n", "", plain),
}
OTHERS = {
    "a command": ("RUN a\n", "RUN b", plain),
    "more": ("RUN npm ci\n", "RUN npm ci --omit=dev", plain),
    "less": ("RUN npm ci --omit=dev\n", "RUN npm ci", plain),
    "a directory": ("WORKDIR /app\n", "WORKDIR /api", plain),
    "files": ("COPY . .\n", "COPY main.py .", plain),
    "an address": ("ADD https://a.test/b /b\n", "ADD https://a.test/c /b", plain),
    "a flag": ("COPY --from=base:1 /a /b\n", "COPY /a /b", plain),
    "before an argument": ("ARG V\nRUN echo $V\n", "RUN print 1", plain),
    "behind an argument": ("ARG V\nRUN echo $V > v\n", "RUN echo 1 > w", plain),
    "between arguments": ("ARG V\nRUN echo $V > $V x\n", "RUN echo 1 < 2 x", plain),
    "before a heredoc": ("COPY --chown=a <<EOF /a\nb\nEOF\n", "COPY --chown=b <<EOF /a", plain),
    "abbreviated": ("RUN a long command with words\n", "RUN a short…", plain),
    "cut by a terminal": ("RUN a long command with words\n", "RUN a short com", tty),
    "more than there is": ("RUN a\n", "RUN a && b", tty),
    "the legacy builder": ("RUN a\n", "RUN b", legacy),
    "an instruction": ("RUN a\n", "COPY a b", plain),
}


def test_what_another_project_ran_excuses_nothing(tmp_path):
    shop = make_shop(tmp_path / "shop", tag="before")
    commit(shop, {"api/main.py": "print(2)\n"})
    own = (LOGS / "deploy-with-prunes.log").read_text().partition("\n")[2]
    others = plain("WORKDIR /x", "COPY a .", "RUN a", "COPY b .", "RUN b")
    (tmp_path / "build.log").write_text(f"{others}\n{own}")
    code, answer = judged(shop, tmp_path / "build.log", "--since", "before")
    assert [build["service"] for build in answer["builds"]] == [None, "web", "api"]
    stale = [step["step"] for build in answer["builds"] for step in build["steps"] if step["stale"]]
    assert (code, stale) == (1, ["[5/6]", "[6/6]"])


def is_matched(tmp_path, dockerfile: str, log: str) -> bool:
    write_files(tmp_path, {"Dockerfile": f"FROM base:1\n{dockerfile}", "a": "", "f": "", "build.log": log})
    _, answer = judged(tmp_path, "build.log")
    [build] = answer["builds"]
    return build["origin"] is not None


@pytest.mark.parametrize("name", SAME)
def test_the_same(tmp_path, name):
    dockerfile, text, style = SAME[name]
    assert is_matched(tmp_path, dockerfile, style(text))


@pytest.mark.parametrize("name", OTHERS)
def test_another(tmp_path, name):
    dockerfile, text, style = OTHERS[name]
    assert not is_matched(tmp_path, dockerfile, style(text))


@pytest.mark.parametrize("name", ["${" * 50_000, "$" * 100_000, "$a" * 50_000, "{" * 100_000, "*" * 100_000])
def test_takes_bounded_time(tmp_path, name):
    is_matched(tmp_path, f"RUN echo {name}\n", plain(f"RUN echo {name}"))
