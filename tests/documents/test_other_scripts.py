"""Makefiles, package.json and GitLab's CI file: their scripts, and where those are written."""

import json
import re
import shutil
import subprocess
import time

import pytest

from cachelint.documents.gitlab import read_gitlab
from cachelint.documents.makefile import read_makefile
from cachelint.documents.package_json import read_package_scripts
from cachelint.documents.yaml import YamlError
from cachelint.source import SourceFile, Span

ONE_OF = "$(case ${_} in 0) echo 'docker';; *) echo 'podman';; esac) x"


def recipes(text):
    return [(one.name, [script.text for script in one.scripts]) for one in read_makefile(SourceFile("Makefile", text))]


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("a:\n\tone\n\t@two\n\t-@ three\n", ["one", "two", "three"]),
        ("a: b c\n\tone\n# comment\n\n\ttwo\n", ["one", "two"]),
        ("a:\n\tone \\\n\t  two\n", ["one \\\n  two"]),
        ("a:\r\n\tone\r\n\ttwo\r\n", ["one", "two"]),
        ("a:\n\techo $$HOME $$(id)\n", ["echo $HOME $(id)"]),
        ("A = x y # why\na:\n\techo $(A) ${A}\n", ["echo x y  x y "]),
        ("A ?= x y \na:\n\techo $(A)\n", ["echo ${A:-x y}"]),
        ("A ?= it's\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A-B ?= x\na:\n\techo $(A-B)\n", ["echo ${_}"]),
        ("A ?= x$(B)\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A ?= docker x$(B)\na:\n\techo $(A)\n", ["echo docker x${_}"]),
        ("A := x\nA := y\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A := $(B)\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A := $(B) y\nB := x\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A = $(B) y\nB := x\na:\n\techo $(A)\n", ["echo x y"]),
        ("B := x\nA := ${B}$$C \\\n  y\na:\n\techo $(A)\n", ["echo x$C y"]),
        ("A = $(B)\nB = $(A)\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A := x\nA += y\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A != date\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("A != which docker || echo podman\na:\n\techo $(A)\n", ["echo $(which docker || echo podman)"]),
        ("A ?= $(shell which docker $$X)\na:\n\techo $(A)\n", ["echo $(which docker $X)"]),
        ("a:\n\techo ${shell echo docker $(A) $(B)} x\nB = y\n", ["echo $(echo docker ${_} y) x"]),
        ("ifdef B\nA = docker\nelse\nA = podman\nendif\na:\n\t$(A) x\n", [ONE_OF]),
        ("A = docker\nifdef B\nA = podman\nendif\na:\n\t$(A) x\n", [ONE_OF]),
        ("ifdef B\nA = docker\nendif\na:\n\t$(A) x\n", ["docker x"]),
        ("ifdef B\nA = docker 'x'\nelse\nA = podman\nendif\na:\n\t$(A) x\n", ["${_} x"]),
        ("A = docker\nb: A = podman\na:\n\t$(A) x\n", ["${_} x"]),
        ("A := x\nb: A := y\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("ifdef B\nA := x\nendif\na:\n\techo $(A)\n", ["echo ${_}"]),
        ("include b.mk\nA := x\na:\n\techo $(A)\n", ["echo ${A:-x}"]),
        ("-include .env\nA := $(shell which docker)\na:\n\techo $(A)\n", ["echo $(which docker)"]),
        ("export A := x\na:\n\techo $(A)\n", ["echo x"]),
        ("a:\n\techo $(shell git rev-parse $(B)) $@ $(word 1,$(x)) end\n", ["echo ${_} ${_} ${_} end"]),
        ("a:\nifdef X\n\tone\nelse\n\ttwo\nendif\n", ["one", "two"]),
        ("a::\n\tone", ["one"]),
        ("define x\na:\n\tno\nendef\na:\n\tone\n", ["one"]),
        (".ONESHELL:\na:\n\tcd x\n\tdocker build .\n", ["cd x\ndocker build .\n"]),
        ("a:\n\tone $", ["one ${_}"]),
        ("a:\n\tone $(x", ["one ${_}"]),
        ("a:\n\tone \\\n", ["one \\"]),
        ("a: ; @one; two $$A  # x\n\tthree\n", ["one; two $A  # x", "three"]),
        ("A = x\r\na: b $(if c;,d) ;$(A) \\\r\n\ty\r\n", ["x \\\r\ny"]),
    ],
)
def test_a_recipe_as_the_shell_gets_it(text, scripts):
    assert recipes(text) == [("a", scripts)]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\tone\n", "A = 1\n\tone\n", ".RECIPEPREFIX = >\na:\n>one", "a: # ; one\n", "a: B = c ; d\n"]
)
def test_no_recipe(text):
    assert recipes(text) == []


def test_several_rules_and_their_places():
    text = "build deploy: x\n\tone\nother :\n\ttwo\n"
    assert recipes(text) == [("build deploy", ["one"]), ("other", ["two"])]
    first, second = read_makefile(SourceFile("Makefile", text))
    assert [text[slice(*one.place)] for one in (first, second)] == ["build deploy", "other"]


def test_words_of_a_recipe_lead_to_what_is_written():
    text = "TAG := v1\nbuild:\n\t@docker build -t app:$(TAG) \\\n\t  --build-arg A=$$A .\n"
    [one] = read_makefile(SourceFile("Makefile", text))
    [script] = one.scripts
    assert script.text == "docker build -t app:v1 \\\n  --build-arg A=$A ."
    for word, place in [("app:v1", "app:$(TAG)"), ("A=$A", "A=$$A"), ("docker build", "docker build"), (".", ".")]:
        at = script.text.rindex(word)
        assert text[slice(*script.span(Span(at, at + len(word))))] == place


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_itself_gives_the_shell_the_same(tmp_path):
    text = "A = x # y\nB := '$$'\n\nall:\n\t@echo one  $(A) \\\n\t\ttwo $$((1+2)) ; \\\n   true\n\techo $(B)\n"
    (tmp_path / "Makefile").write_text(text)
    told = subprocess.run(["make", "-n"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    [(_, scripts)] = recipes(text)
    assert "\n".join(scripts).replace("${_}", "'$'") == told.rstrip("\n")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    "variables",
    [
        "A ?= x y ",
        "A = $(B) y\nB := x",
        "B := x\nA := ${B}$$$$ \\\n  y",
        "A != echo docker && true",
        "A ?= $(shell echo docker 'a  b')",
        "A := $(shell if true; then echo docker; fi)",
        "-include none\nA := $(shell which nothing || echo docker compose)",
        "-include none\nA := docker compose  # the new one",
        "override A = docker $(shell echo docker)",
    ],
)
def test_make_runs_the_same(variables, tmp_path):
    text = f"{variables}\na:\n\t@echo one $(A) two\n"
    (tmp_path / "Makefile").write_text(text)
    [(_, [script])] = recipes(text)
    calls = (["make", "-s"], ["bash", "-c", script])
    runs = [subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True) for call in calls]
    told, printed = [re.sub(r"\d+", "", run.stdout) for run in runs]
    assert told == printed != "one two\n"


def test_long_makefiles_take_no_longer_than_their_length():
    start = time.process_time()
    recipes("a:\n" + "\tone \\\n" * 50_000)
    recipes("a" + " " * 500_000)
    recipes("a:\n\t" + "$(" * 50_000)
    recipes("A" * 500_000 + "=" * 5)
    recipes("a:\n\t" + "\\" * 500_000)
    recipes("A = docker " + "$(B)" * 500_000 + "\nB = " + "x" * 1_000 + "\na:\n\t$(A)")
    recipes("a:\n\t" + "$(shell echo docker " * 20_000)
    recipes("A := docker\n" * 20_000 + "B := $(A)\n" * 20_000 + "a:\n\t$(A) $(B)")
    recipes("\n".join(f"A{n} = $(A{n + 1})$(A{n + 1})" for n in range(5_000)) + "\na:\n\t$(A0)")
    assert time.process_time() - start < 10


def test_package_scripts():
    text = '{\n\t"name": "x",\n\t"scripts": {"build": "docker build -t \\"a\\" .", "n": 1, "s": "a/\\/b"}\n}\n'
    build, other = read_package_scripts(SourceFile("package.json", text))
    assert (build.name, build.text.text) == ("build", 'docker build -t "a" .')
    at = build.text.text.index('"a"')
    assert text[slice(*build.text.span(Span(at, at + 3)))] == '\\"a\\"'
    assert text[slice(*build.place)] == '"build"'
    assert other.text.text == "a//b"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", "{}", '{"scripts": []}', '{"scripts": 1}', "{'scripts': {}}", "[" * 5000, '{"a": 1, "a": 2}'],
)
def test_no_package_scripts(text):
    assert read_package_scripts(SourceFile("package.json", text)) == ()


def test_package_scripts_of_the_standard_reader():
    scripts = {"ä": "echo 'ü' \U0001f600 \t \\ \"x\" </script>", "b": "", "c": "\u2028 \x7f"}
    for ascii_only in (True, False):
        text = json.dumps({"scripts": scripts}, indent=2, ensure_ascii=ascii_only)
        for one in read_package_scripts(SourceFile("package.json", text)):
            assert one.text.text == scripts[one.name]


def gitlab(text):
    return read_gitlab(SourceFile(".gitlab-ci.yml", text))


def test_gitlab_jobs():
    text = """\
image: docker
variables: {A: "1", B: {value: x}}
default:
  before_script:
    - docker login
stages: [build]
build:
  variables: {C: 2}
  script:
    - docker build .
    - |
      docker push x
      echo done
    - [a, [b]]
    - !reference [.x, script]
.hidden: &h
  before_script: []
  script: docker compose build
other:
  <<: *h
trigger: {trigger: x}
"""
    build, hidden, other = gitlab(text)
    assert build.script.text == "docker login\ndocker build .\ndocker push x\necho done\na\nb\n"
    assert build.variables == {"A": "1", "B": None, "C": "2"}
    assert hidden.script.text == other.script.text == "docker compose build\n"
    at = build.script.text.index("echo done")
    span = build.script.span(Span(at, at + 9))
    assert text[slice(*span)] == "echo done"
    assert text[slice(*build.place)] == "build"


@pytest.mark.parametrize("text", ["", "1", "a: 1", "a: {script: 1}", "a: {script: null}", "a: {script: {b: 1}}"])
def test_odd_gitlab_files(text):
    assert all(not one.script.text.strip("1\n") for one in gitlab(text))


def test_a_broken_gitlab_file_is_said():
    with pytest.raises(YamlError):
        gitlab("a: [")
