import pytest

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.docker_command import DockerCommand, docker_commands
from cachelint.documents.docker_daemon import Setting
from cachelint.documents.script_parser import read_script


def read(text: str) -> DockerCommand:
    found = [one for command in read_script(text).commands for one in docker_commands(command)[:1]]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("docker build .", "build"),
        ("docker image build .", "build"),
        ("docker builder build .", "build"),
        ("docker buildx build .", "build"),
        ("docker buildx b .", "build"),
        ("docker buildx --builder x build .", "build"),
        ("docker --context prod compose -f a.yml build web", "compose build"),
        ("docker-compose -f a.yml build", "compose build"),
        ("docker-compose -fa.yml build", "compose build"),
        ("/usr/bin/docker build .", "build"),
        ("docker compose up -d --build", "compose up"),
        ("docker compose run --build --rm web true", "compose run"),
        ("docker compose create --build", "compose create"),
        ("docker buildx bake -f b.hcl app", "buildx bake"),
        ("docker builder bake", "buildx bake"),
        ("buildah bud .", "build"),
        ("podman build .", "build"),
        ("podman-compose build", "compose build"),
        ("nerdctl build .", "build"),
        ("docker build --pull=false --no-cache .", "build"),
        ("docker build -qt app:1 .", "build"),
        ("docker -D -l debug build .", "build"),
    ],
)
def test_builds(text, verb):
    command = read(text)
    assert (command.verb, command.builds, command.doubt) == (verb, True, None)


@pytest.mark.parametrize(
    "text",
    [
        "docker build --help",
        "docker --help build",
        "docker builder prune --help",
        "docker compose run --rm web npm run build",
        "docker compose run --rm web --build",
        "docker compose exec web docker-build",
        "docker compose up -d",
        "docker compose up --build=false",
        "docker compose build --print",
        "docker buildx bake --print",
        "docker build --check .",
        "docker compose --dry-run build",
        "docker run -it build",
        "docker run --name build image build",
        "docker ps",
        "docker",
        "docker compose",
        "docker buildx",
        "docker buildx ls",
    ],
)
def test_is_no_build(text):
    assert not docker_calls(read_script(text))[0][0].builds


@pytest.mark.parametrize(
    "text", ["npm run build", "echo docker build .", "easyrsa build-client-full x", "dockerize build"]
)
def test_is_no_docker_command(text):
    assert not docker_calls(read_script(text))


@pytest.mark.parametrize(
    ("text", "verb", "arguments"),
    [
        ("docker builder prune --force --filter type=source.local", "builder prune", ""),
        ("docker buildx prune -af --builder x", "builder prune", ""),
        ("docker system prune -af --volumes", "system prune", ""),
        ("docker image prune -a", "image prune", ""),
        ("docker volume prune", "volume prune", ""),
        ("docker push -q app:1", "push", "app:1"),
        ("docker image push app", "push", "app"),
        ("docker run -d --name app -p 80:80 app:1 serve --port 80", "run", "app:1 serve --port 80"),
        ("docker container run --rm app", "run", "app"),
        ("docker restart -t 5 app", "restart", "app"),
        ("docker stack deploy -c stack.yml app", "stack deploy", "app"),
        ("docker stack up -c stack.yml app", "stack deploy", "app"),
        ("docker service update --force app", "service update", "--force app"),
        ("docker context use prod", "context use", "prod"),
        ("docker buildx create --name b --use", "buildx create", ""),
        ("docker buildx use b", "buildx use", "b"),
        ("docker compose down -v --remove-orphans", "compose down", ""),
        ("docker compose pull web", "compose pull", "web"),
        ("docker compose push", "compose push", ""),
        ("docker compose restart -t 3 web api", "compose restart", "web api"),
        ("docker compose exec -T web sh -c 'a b'", "compose exec", "web sh -c a b"),
        ("docker build -t x -- .", "build", "."),
        ("docker build -t x -", "build", "-"),
    ],
)
def test_verbs_and_arguments(text, verb, arguments):
    command = docker_calls(read_script(text))[0][0]
    assert (command.verb, " ".join(word.text for word in command.arguments)) == (verb, arguments)


def test_what_a_build_asks_for():
    text = (
        "docker --context prod build -f a/Dockerfile --target=app --build-arg A=1 --build-arg B --build-arg=C=$C "
        "--cache-from type=registry,ref=x --cache-to=type=inline --no-cache -t app:1 -t app:2 --push a"
    )
    command = read(text)
    assert command.context
    assert command.context.text == "a"
    assert command.files == ("a/Dockerfile",)
    assert command.target == "app"
    assert [(one.name, one.value, one.literal) for one in command.build_args] == [
        ("A", "1", True),
        ("B", None, True),
        ("C", "$C", False),
    ]
    assert [text[one.span.start : one.span.end] for one in command.build_args] == [
        "--build-arg A=1",
        "--build-arg B",
        "--build-arg=C=$C",
    ]
    assert command.values("--tag") == ("app:1", "app:2")
    assert command.values("--cache-from") == ("type=registry,ref=x",)
    assert command.values("--cache-to") == ("type=inline",)
    assert command.flag("--no-cache")
    assert command.flag("--push")
    assert not command.flag("--pull")
    assert [word.text for word in command.program] == ["docker", "--context", "prod"]


def test_what_a_compose_build_asks_for():
    command = read(
        "docker compose -f a.yml -f=b.yml --env-file .env -p app --profile x --project-directory d build --pull web api"
    )
    assert command.files == ("a.yml", "b.yml")
    assert command.value("--env-file") == ".env"
    assert command.value("--project-name") == "app"
    assert command.values("--profile") == ("x",)
    assert command.value("--project-directory") == "d"
    assert [word.text for word in command.services] == ["web", "api"]
    assert command.group == "compose"


def test_what_bake_asks_for():
    command = read("docker buildx bake -f a.hcl --set app.args.A=1 --load app web")
    assert command.files == ("a.hcl",)
    assert command.values("--set") == ("app.args.A=1",)
    assert [word.text for word in command.services] == ["app", "web"]


def test_the_service_of_a_run_is_not_its_command():
    assert [word.text for word in read("docker compose run -e A=1 web npm run build").services] == ["web"]


@pytest.mark.parametrize(
    "text",
    [
        "docker $ARGS",
        "docker $ARGS build .",
        "docker build $ARGS .",
        "docker build . $@",
        "docker compose build $SERVICES",
        "docker build --unknown-option .",
        "find . | xargs docker build",
        'docker compose "$@"',
    ],
)
def test_what_is_not_certain_says_so(text):
    assert docker_calls(read_script(text))[0][0].doubt


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("docker build $ARGS .", True),
        ("docker compose build $SERVICES", True),
        ("docker --context $C compose -f $F build $SERVICES", True),
        ("docker build --unknown-option .", True),
        ("docker $ARGS build .", False),
        ("docker compose $FILES build", False),
        ("find . | xargs docker build", False),
    ],
)
def test_what_stands_behind_the_verb_leaves_it_known(text, is_known):
    assert docker_calls(read_script(text))[0][0].verb_is_known is is_known


@pytest.mark.parametrize(
    "text",
    [
        "docker build -t $TAG .",
        'docker build -t "$TAG" .',
        "docker build --tag=$TAG .",
        'docker build "$DIR"',
        "docker build --build-arg A=$A .",
        "docker build -t $(git rev-parse HEAD) .",
    ],
)
def test_a_value_that_is_not_known_leaves_no_doubt(text):
    assert read(text).doubt is None


def daemon(text: str) -> str:
    """The daemon of the last docker command."""
    found = docker_calls(read_script(text))[-1][0].daemon
    machine = "/".join(name for _, name in found.machine)
    parts = [machine, found.host, found.context, found.builder]
    return " ".join(part or "-" for part in parts) + ("" if found.certain else " ?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker build .", "- - - -"),
        ("docker -H ssh://h build .", "- ssh://h - -"),
        ("docker --context=c build .", "- - c -"),
        ("DOCKER_HOST=ssh://h docker build .", "- ssh://h - -"),
        ("env DOCKER_HOST=ssh://h docker build .", "- ssh://h - -"),
        ("sudo DOCKER_HOST=ssh://h docker build .", "- ssh://h - -"),
        ("DOCKER_HOST=ssh://h docker --context c build .", "- - c -"),
        ("DOCKER_CONTEXT=c docker build .", "- - c -"),
        ("BUILDX_BUILDER=b docker build .", "- - - b"),
        ("docker build --builder b .", "- - - b"),
        ("docker buildx --builder b build .", "- - - b"),
        ("docker compose build --builder b", "- - - b"),
        ("ssh h docker build .", "h - - -"),
        ("ssh h 'DOCKER_HOST=x docker build .'", "h x - -"),
        ("ssh $H docker build .", "$H - - - ?"),
        ("export DOCKER_HOST=ssh://h\ndocker build .", "- ssh://h - -"),
        ("DOCKER_HOST=ssh://h\nexport DOCKER_HOST\ndocker build .", "- ssh://h - -"),
        ("DOCKER_HOST=ssh://h\ndocker build .", "- - - -"),
        ("set -a\nDOCKER_HOST=ssh://h\ndocker build .", "- ssh://h - -"),
        ("export DOCKER_HOST=ssh://h\nunset DOCKER_HOST\ndocker build .", "- - - -"),
        ("export DOCKER_HOST=$H\ndocker build .", "- $H - - ?"),
        ("if a; then export DOCKER_HOST=h; fi\ndocker build .", "- h - - ?"),
        ("(export DOCKER_HOST=h)\ndocker build .", "- - - -"),
        ("f() { export DOCKER_HOST=h; }\nf\ndocker build .", "- h - -"),
        ("export DOCKER_HOST=h\nssh x docker build .", "x - - -"),
        ("docker context use c\ndocker build .", "- - c -"),
        ("docker context use c\ndocker context use default\ndocker build .", "- - default -"),
        ("(docker context use c)\ndocker build .", "- - c -"),
        ("ssh h docker context use c\ndocker build .", "- - - -"),
        ("docker buildx use b\ndocker buildx build .", "- - - b"),
        ("docker buildx create --name b --use\ndocker buildx bake", "- - - b"),
        ("docker buildx use b\ndocker build .", "- - - -"),
        ("docker buildx use b\ndocker compose build", "- - - b"),
        ('eval "$(docker-machine env h)"\ndocker build .', "- $(docker-machine env h) - - ?"),
        ("eval $(minikube docker-env)\ndocker build .", "- $(minikube docker-env) - - ?"),
        ("docker stack deploy -c a.yml app", "- - - -"),
        ("for h in a b; do DOCKER_HOST=$h docker build .; done", "- $h - - ?"),
    ],
)
def test_daemons(text, expected):
    assert daemon(text) == expected


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("docker build .", True),
        ("docker -H unix:///var/run/docker.sock build .", True),
        ("docker -H tcp://127.0.0.1:2375 build .", True),
        ("docker -H tcp://10.0.0.1:2375 build .", False),
        ("docker --context default build .", True),
        ("docker --context x build .", False),
        ("ssh h docker build .", False),
        ("docker build --builder x .", False),
    ],
)
def test_whether_a_daemon_is_local(text, local):
    assert docker_calls(read_script(text))[-1][0].daemon.local is local


def test_readings_of_a_command_in_a_variable():
    script = read_script("if a; then C='docker compose'; else C=docker-compose; fi\n$C build\ndocker ps")
    assert [[one.tool for one in readings] for readings in docker_calls(script)] == [
        ["docker", "docker-compose"],
        ["docker"],
    ]


def test_settings_of_a_caller():
    command = read_script("docker build .").commands[0]
    assert docker_commands(command, {"DOCKER_HOST": "h"})[0].daemon.host == "h"
    assert not docker_commands(command, {"DOCKER_HOST": Setting("h", certain=False)})[0].daemon.certain


def test_podman_is_another_engine():
    assert read("podman build .").daemon.tool == read("buildah bud .").daemon.tool == "podman"
