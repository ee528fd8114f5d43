import pytest

from cachelint.documents.docker_command import DockerCommand, docker_command
from cachelint.documents.script import read_script


def read(text: str) -> DockerCommand:
    found = [one for command in read_script(text).commands if (one := docker_command(command))]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("docker build .", "build"),
        ("docker image build .", "build"),
        ("docker buildx build .", "build"),
        ("docker buildx --builder x build .", "build"),
        ("docker --context prod compose -f a.yml build web", "compose build"),
        ("docker-compose -f a.yml build", "compose build"),
        ("docker compose up -d --build", "compose up"),
        ("docker buildx bake -f b.hcl app", "buildx bake"),
        ("buildah bud .", "build"),
        ("podman build .", "build"),
    ],
)
def test_builds(text, verb):
    command = read(text)
    assert (command.verb, command.builds, command.doubt) == (verb, True, None)


@pytest.mark.parametrize(
    "text",
    [
        "docker build --help",
        "docker builder prune --help",
        "docker compose run --rm web npm run build",
        "docker compose up -d",
        "docker compose build --print",
        "docker run -it build",
        "docker ps",
    ],
)
def test_is_no_build(text):
    assert not read(text).builds
