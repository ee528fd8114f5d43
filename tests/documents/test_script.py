import pytest

from cachelint.documents.script import Script
from cachelint.documents.script_parser import read_script
from cachelint.source import SourceFile


def read(text: str) -> Script:
    return read_script(SourceFile("deploy.sh", text))


def shown(text: str) -> str:
    """The commands of a script; in brackets where a word holds white space, with the machine in front."""
    found = []
    for command in read(text).commands:
        words = [f"[{word}]" if not word or any(map(str.isspace, word)) else word for word in command.texts]
        where = "".join(f"{machine} {target}: " for machine, target in command.shell.path)
        found.append(where + " ".join(words))
    return "; ".join(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker build .", "docker build ."),
        ("docker build .\r\ndocker push x\r\n", "docker build .; docker push x"),
        ("docker build \\\n  -t x \\\n  .\n", "docker build -t x ."),
        ("docker build \\\r\n  -t x \\\r\n  .\r\n", "docker build -t x ."),
        ("\ufeffdocker build .", "docker build ."),
        ("A=1 B=2\ndocker build .\n", "docker build ."),
        ('echo "docker build ."', "echo [docker build .]"),
        ("cat > x <<'EOF'\ndocker build .\nEOF\n", "cat"),
        ("if ! docker build .; then\n  exit 1\nfi", "docker build .; exit 1"),
        ('COMPOSE=(docker compose -f "a b.yml")\n"${COMPOSE[@]}" build', "docker compose -f [a b.yml] build"),
        ('DC="docker compose"\n$DC build', "docker compose build"),
        ('DC="docker compose"\n"$DC" build', "[docker compose] build"),
        ('run() { echo "+ $*"; "$@"; }\nrun docker build .', "echo [+ $*]; $@; docker build ."),
        (
            "ssh web1 'cd x && docker build .'",
            "ssh web1 [cd x && docker build .]; remote web1: cd x; remote web1: docker build .",
        ),
        ("ssh web1 docker build .", "ssh web1 docker build .; remote web1: docker build ."),
        ("ssh web1 <<'EOF'\n  docker build .\nEOF\n", "ssh web1; remote web1: docker build ."),
        (
            "docker exec web sh -c 'npm run build'",
            "docker exec web sh -c [npm run build]; container web: npm run build",
        ),
    ],
)
def test_commands(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text", ['ssh h "a \\"b c\\" && \\$X d"', "ssh h <<EOF\n  a \\$X 'b'\nEOF\n", "é; ssh ü 'ö a'\r\nb\r\n"]
)
def test_spans_are_what_is_written(text):
    for command in read(text).commands:
        for word in command.written:
            assert text[word.span.start : word.span.end].replace("\\", "").strip("'\"") == word.text.strip(
                "'\""
            ).replace("\\", "")


def test_what_the_grammar_cannot_join_is_still_read():
    """A list with an error in it has not the three parts that all others have."""
    found = read('""\n(cd)t f&&(docker build .)n\n')
    assert found.broken
    assert [command.name for command in found.commands][-1] == "docker"


@pytest.mark.parametrize(
    "text",
    [
        "A0=aaaaaaaaaa\n{}docker run $A60\n".format("".join(f'A{n}="$A{n - 1}$A{n - 1}"\n' for n in range(1, 61))),
        "A=aaaaaaaaaa\n" + 'A+="$A$A"\n' * 60 + "docker run $A\n",
        "A0=(a b)\n{}docker run ${{A60[@]}}\n".format(
            "".join(f'A{n}=("${{A{n - 1}[@]}}" "${{A{n - 1}[@]}}")\n' for n in range(1, 61))
        ),
    ],
)
def test_variables_that_double_each_other_end_as_unknown(text):
    [command] = read(text).commands
    assert sum(map(len, command.texts)) < 10_000
    assert command.doubt is not None


@pytest.mark.parametrize(
    ("line", "is_read"),
    [
        ("", True),
        ("#!/bin/sh", True),
        ("#! /bin/bash -e\r", True),
        ("\ufeff#!/usr/bin/env bash", True),
        ("#!/usr/bin/env -S LANG=C bash -e", True),
        ("#!/usr/bin/with-contenv bash", True),
        ("#!/usr/bin/env nix-shell", True),
        ("#!/bin/busybox sh", True),
        ("#!/usr/bin/env fish", True),
        ("# a comment", True),
        ("#!", True),
        ("#!/usr/bin/expect -f", False),
        ("#!/usr/bin/env python3", False),
        ("#!/usr/bin/env -S deno run", False),
        ("#!/usr/bin/perl -w", False),
    ],
)
def test_only_what_a_shell_runs_is_read(line: str, is_read: bool) -> None:
    script = read(f"{line}\ndocker build .\n")
    assert [command.texts[0] for command in script.commands] == ["docker"] * is_read
    assert script.is_read is is_read


def test_copies_of_a_script_share_what_their_text_means_and_nothing_else() -> None:
    text = "cd app\ndocker compose build\n"
    one = read_script(SourceFile("one/deploy.sh", text))
    two = read_script(SourceFile("two/deploy.sh", text))

    assert one.commands is two.commands
    assert [one.source.path, two.source.path] == ["one/deploy.sh", "two/deploy.sh"]
    assert read_script(SourceFile("one/deploy.sh", text), places=False).commands[1].directory.path == "."
    assert one.commands[1].directory.path == "app"
