import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cachelint.documents import shell
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.run import Command, commands
from cachelint.source import SourceFile


def commands_in(run: str) -> list[tuple[Command, str]]:
    """The commands of one RUN, each with the text that its span covers."""
    dockerfile = parse_dockerfile(SourceFile("Dockerfile", f"FROM x\n{run}\n"))
    found = commands(dockerfile.stages[0].instructions[1])
    return [(one, dockerfile.source.text[one.span.start : one.span.end]) for one in found]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN npm ci", "npm ci"),
        ("run npm ci", "npm ci"),
        ("RUN npm ci && npm run build", "npm ci; npm run build"),
        ("RUN npm ci; npm run build", "npm ci; npm run build"),
        ("RUN npm ci &", "npm ci"),
        ("RUN npm ci # all of them", "npm ci"),
        ("RUN npm ci \\\n    && npm test", "npm ci; npm test"),
        ("RUN npm ci \\\n# why\n\n    && npm test", "npm ci; npm test"),
        ("RUN npm \\\r\n ci", "npm ci"),
        ("RUN --mount=type=cache,target=/root/.npm npm ci", "npm ci"),
        ("RUN set -eux; npm ci", "set -eux; npm ci"),
        ("RUN echo 'a && b'", "echo [a && b]"),
        ('RUN echo "a; b"c', "echo [a; bc]"),
        ('RUN echo "say \\"hi\\" \\$X"', 'echo [say "hi" $X]'),
        ("RUN echo a\\ b", "echo [a b]"),
        ('RUN git clone "$URL" ${DIR:-app}', "git clone $URL ${DIR:-app}"),
        ("RUN git clone x > /dev/null 2>&1", "git clone x"),
        ("RUN 2>/dev/null git clone x", "git clone x"),
        ("RUN cat < in | tee out", "cat; tee out"),
        ("RUN (cd app && npm ci)", "cd app; npm ci"),
        ("RUN { cd app; npm ci; }", "cd app; npm ci"),
        ("RUN ! npm ci", "npm ci"),
        ("RUN CI=1 npm ci", "npm ci"),
        ("RUN CI=1", ""),
        ("RUN V=$(curl -s x) && echo $V", "curl -s x; echo $V"),
        ("RUN echo `curl x`", "curl x; echo [`curl x`]"),
        ('RUN echo "a $(curl x | jq .y)"', "curl x; jq .y; echo [a $(curl x | jq .y)]"),
        ("RUN diff <(curl x) y", "curl x; diff [<(curl x)] y"),
        ("RUN sudo npm ci", "npm ci"),
        ("RUN sudo -E -u app npm ci", "npm ci"),
        ("RUN sudo -E -u app -- npm ci", "npm ci"),
        ("RUN env -u X CI=1 npm ci", "npm ci"),
        ("RUN time nice -n 5 npm ci", "npm ci"),
        ("RUN timeout -k 5 300 npm ci", "npm ci"),
        ("RUN exec npm ci", "npm ci"),
        ("RUN corepack yarn install", "yarn install"),
        ("RUN corepack enable", "corepack enable"),
        ("RUN sh -c 'npm ci && npm test'", "npm ci; npm test"),
        ('RUN bash -lc "npm ci"', "npm ci"),
        ('RUN /bin/bash -euo pipefail -c "npm ci | cat"', "npm ci; cat"),
        ('RUN su - app -c "npm ci"', "npm ci"),
        ("RUN sh -c 'sh -c \"npm ci\"'", "npm ci"),
        ("RUN bash build.sh -c x", "bash build.sh -c x"),
        ("RUN f() { npm ci; }; cd app; f", "cd app; npm ci"),
        ("RUN f() { npm ci; }", ""),
        ("RUN f() { f; }; f", "f"),
        ("RUN export X=1 && npm ci", "export X=1; npm ci"),
        ('RUN ["npm", "ci"]', "npm ci"),
        ('RUN ["/bin/sh", "-c", "npm ci && npm test"]', "npm ci; npm test"),
        ('RUN ["env", "A=1", "npm", "ci"]', "npm ci"),
        ('RUN ["env"]', ""),
        ("RUN <<EOF\nnpm ci\nnpm test\nEOF", "npm ci; npm test"),
        ("RUN <<-'EOF'\n\tnpm ci\n\tEOF", "npm ci"),
        ("RUN <<EOF\n#!/usr/bin/env bash\nnpm ci\nEOF", "npm ci"),
        ("RUN <<EOF\n#!/usr/bin/env python3\nimport npm\nEOF", ""),
        ("RUN bash -ex <<EOF\nnpm ci\nEOF", "npm ci"),
        ("RUN cat <<EOF > script.sh\nnpm ci\nEOF", "cat"),
        ("RUN cat <<A >f && npm ci\nx y\nA", "cat; npm ci"),
        ("RUN cat <<A | sh\nx y\nA", "cat; x y"),
        ("RUN python3 <<EOF\nimport x\nEOF", "python3"),
        ("RUN npm ci 'open", ""),
        ("RUN if true; then", ""),
        ("RUN " + "(" * 3000 + "npm ci" + ")" * 3000, ""),
    ],
)
def test_words(run: str, expected: str) -> None:
    found = [" ".join(f"[{word}]" if " " in word else word for word in one.words) for one, _ in commands_in(run)]
    assert "; ".join(found) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN npm ci || npm install", "npm install"),
        ("RUN a || b && c", "b"),
        ("RUN a && b || c || d", "c d"),
        ("RUN [ -f x ] && npm ci", "npm ci"),
        ("RUN [ -f x ] && npm ci && npm test; ls", "npm ci npm test"),
        ("RUN [[ -f x ]] || npm ci && ls", "npm ci"),
        ("RUN test -f x 2>/dev/null && npm ci | cat", "npm ci cat"),
        ("RUN ls | grep -q x && npm ci", "npm ci"),
        ("RUN command -v npm && npm ci", "npm ci"),
        ("RUN ! ls x && npm ci", "npm ci"),
        ("RUN if ls; then npm ci; elif pwd; then a; else b; fi; c", "npm ci pwd a b"),
        ("RUN for x in a b; do npm ci; done", "npm ci"),
        ("RUN while ls; do npm ci; done", "npm ci"),
        ("RUN until curl x; do sleep 1; done", "sleep 1"),
        ("RUN case $X in a) npm ci;; esac", "npm ci"),
        ("RUN f() { npm ci; }; [ -f x ] && f", "npm ci"),
        ("RUN [ -f x ] && sh -c 'npm ci'", "npm ci"),
        ("RUN a " + "&& a " * 1500 + "|| npm ci", "npm ci"),
    ],
)
def test_what_may_be_skipped(run: str, expected: str) -> None:
    assert " ".join(" ".join(one.words) for one, _ in commands_in(run) if one.conditional) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN npm ci&&npm test", ["npm ci", "npm test"]),
        ("RUN CI=1 sudo npm ci >x;ls", ["CI=1 sudo npm ci", "ls"]),
        ("RUN npm \\\n  ci \\\n  && ls", ["npm \\\n  ci", "ls"]),
        ("RUN echo 'ü→' && npm ci", ["echo 'ü→'", "npm ci"]),
        ("RUN sh -c 'a && b'", ["a", "b"]),
        ('RUN sh -c "a \\"x\\""', ['sh -c "a \\"x\\""']),
        ('RUN ["sh", "-c", "a"]', ['["sh", "-c", "a"]']),
        ("RUN <<EOF\na\nü && b\nEOF", ["a", "ü", "b"]),
        ("RUN bash <<EOF\na 'x'\nb\nEOF", ["a 'x'", "b"]),
        ("RUN X=$(curl x)", ["curl x"]),
    ],
)
def test_place(run: str, expected: list[str]) -> None:
    assert [text for _, text in commands_in(run)] == expected


def test_a_pipe_names_its_reader() -> None:
    (curl, _), (bash, _), (tee, _) = commands_in("RUN curl -L x | sudo -E bash - | tee y")
    assert (curl.feeds, bash.feeds, tee.feeds) == (("bash", "-"), ("tee", "y"), ())


@pytest.mark.parametrize("name", ["powershell", "pwsh", "cmd", "C:\\bin\\cmd.exe"])
def test_other_shells_are_not_read(name: str) -> None:
    dockerfile = parse_dockerfile(SourceFile("Dockerfile", "FROM x\nRUN npm ci\n"))
    assert commands(dockerfile.stages[0].instructions[1], (name, "-c")) == ()


def test_windows_scripts_are_not_read() -> None:
    dockerfile = parse_dockerfile(SourceFile("Dockerfile", "# escape=`\nFROM x\nRUN npm ci\n"))
    assert commands(dockerfile.stages[0].instructions[1]) == ()


WORDS = st.sampled_from(
    """
    npm ci -g --x=1 a=b 1.2 sudo env -u if do test grep sh -c corepack yarn timeout 5 export @x/y@2 ./a command -v %
    a,b:c && && time select -
    """.split()
)


@example(["-", "a=b"])  # which the grammar takes for the end of something
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_the_quick_way_and_the_grammar_agree(words: list[str]) -> None:
    script = " ".join(words)
    plain = shell._split_plain(script)
    if plain is not None:
        assert plain == tuple(shell._Reader(script, 0).commands())
