"""What stands between Compose and its verb without a known value: options, or else another verb."""

from __future__ import annotations

import pytest

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script_parser import read_script


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("docker compose $FILES up -d --build", "compose up"),
        ('docker compose "${FILES[@]}" -p web build', "compose build"),
        ("docker-compose $FILES $MORE build web", "compose build"),
        ("docker compose $1 $2 -f a.yml up --build", "compose up"),
        ('docker compose -f "$FILE" $MORE build', "compose build"),
        ("docker compose --env-file $ENV_FILE build", "compose build"),
        ('dc() { docker compose $FILES "$@"; }\ndc --progress plain build', "compose build"),
        ("docker compose $ACTION build", "compose $ACTION"),
        ("docker compose $COMPOSE_CMD up", "compose $COMPOSE_CMD"),
        ("docker compose $FILES $VERB", "compose $FILES"),
        ("docker compose $FILES web", "compose $FILES"),
        ('docker compose "$FILE" up', "compose $FILE"),
        ("docker $OPTIONS compose up", "$OPTIONS"),
    ],
)
def test_the_verb_behind_what_is_not_known(text, verb):
    [reading] = docker_calls(read_script(f"{text}\n"))[-1]
    assert reading.verb == verb
    if verb.startswith("compose ") and reading.builds:
        assert bool(reading.doubt) is ("$ENV_FILE" not in text)


@pytest.mark.parametrize(
    ("text", "words", "doubt"),
    [
        ('c=(docker build)\nc+=("${MORE[@]}" .)\n"${c[@]}"\n', "docker build ${MORE[@]} .", True),
        ('c=(docker build $MORE .)\n"${c[@]}"\n', "docker build $MORE .", True),
        ('c=(docker build .)\n[ "$1" ] && c+=(--pull)\n"${c[@]}"\n', "docker build .", False),
        ('c=($PROGRAM build .)\n"${c[@]}"\n', "${c[@]}", True),
        ('c=("$@")\n"${c[@]}"\n', "${c[@]}", True),
    ],
)
def test_an_array_with_a_known_program_may_hold_more(text, words, doubt):
    command = read_script(text).commands[-1]
    assert " ".join(command.texts) == words
    assert (command.doubt is not None) is doubt
