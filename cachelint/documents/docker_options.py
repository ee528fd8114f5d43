"""The options of docker's commands: which take a value, and which short name means which.

From the ``--help`` of Docker 28.5 with buildx 0.29 and Compose 2.40, with what Docker 20.10, Compose 1, podman and
buildah take beyond that.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.documents.script import Word

TOOLS = frozenset({"docker", "docker-compose", "podman", "podman-compose", "buildah", "nerdctl"})
DOCKER = """
    --config= -c,--context= -D,--debug -H,--host= -l,--log-level= --tls --tlscacert= --tlscert= --tlskey= --tlsverify
    -v,--version --help
"""
COMPOSE = """
    --all-resources --ansi= --compatibility --dry-run --env-file= -f,--file= --parallel= --profile= --progress=
    --project-directory= -p,--project-name= --verbose --workdir= --no-ansi -v,--version -h,--help -c,--context=
    -H,--host= --log-level= --tls --tlscacert= --tlscert= --tlskey= --tlsverify --skip-hostname-check
    --insecure-registry=
"""
_BUILD = """
    --add-host= --allow= --annotation= --attest= --build-arg= --build-context= --builder= --cache-from= --cache-to=
    --call= --cgroup-parent= --check -D,--debug -f,--file= --iidfile= --label= --load --metadata-file= --network=
    --no-cache --no-cache-filter= -o,--output= --platform= --progress= --provenance= --pull --push -q,--quiet --sbom=
    --secret= --shm-size= --ssh= -t,--tag= --target= --ulimit= --compress --cpu-period= --cpu-quota= -c,--cpu-shares=
    --cpuset-cpus= --cpuset-mems= --disable-content-trust --force-rm --isolation= -m,--memory= --memory-swap= --rm
    --security-opt= --squash --print= --help
"""
_RUN = """
    --add-host= --annotation= -a,--attach= --blkio-weight= --blkio-weight-device= --cap-add= --cap-drop=
    --cgroup-parent= --cgroupns= --cidfile= --cpu-count= --cpu-percent= --cpu-period= --cpu-quota= --cpu-rt-period=
    --cpu-rt-runtime= -c,--cpu-shares= --cpus= --cpuset-cpus= --cpuset-mems= -d,--detach --detach-keys= --device=
    --device-cgroup-rule= --device-read-bps= --device-read-iops= --device-write-bps= --device-write-iops=
    --disable-content-trust --dns= --dns-option= --dns-search= --domainname= --entrypoint= -e,--env= --env-file=
    --expose= --gpus= --group-add= --health-cmd= --health-interval= --health-retries= --health-start-interval=
    --health-start-period= --health-timeout= -h,--hostname= --help --init -i,--interactive --io-maxbandwidth=
    --io-maxiops= --ip= --ip6= --ipc= --isolation= --kernel-memory= -l,--label= --label-file= --link= --link-local-ip=
    --log-driver= --log-opt= --mac-address= -m,--memory= --memory-reservation= --memory-swap= --memory-swappiness=
    --mount= --name= --net= --network= --network-alias= --no-healthcheck --oom-kill-disable --oom-score-adj= --pid=
    --pids-limit= --platform= --privileged -p,--publish= -P,--publish-all --pull= -q,--quiet --read-only --restart=
    --rm --runtime= --security-opt= --shm-size= --sig-proxy --stop-signal= --stop-timeout= --storage-opt= --sysctl=
    --tmpfs= -t,--tty --ulimit= --use-api-socket -u,--user= --userns= --uts= -v,--volume= --volume-driver=
    --volumes-from= -w,--workdir=
"""
_PRUNE = "-a,--all --filter= -f,--force --help"
_BUILDER_PRUNE = f"""
    {_PRUNE} --builder= -D,--debug --keep-storage= --max-used-space= --min-free-space= --reserved-space= --verbose
"""
_COMPOSE_ALL = "--dry-run --help -h"
_PODMAN_BUILD = f"""
    {_BUILD} --all-platforms --arch= --authfile= --cache-ttl= --cap-add= --cap-drop= --cert-dir= --cgroupns= --cpp-flag=
    --creds= --device= --dns= --dns-option= --dns-search= --env= --format= --from= -h --http-proxy --hooks-dir=
    --identity-label --ignorefile= --ipc= --jobs= --layer-label= --layers --logfile= --manifest= --no-hostname
    --no-hosts --omit-history --os= --pid= --retry= --retry-delay= --rewrite-timestamp --runtime= --runtime-flag=
    --save-stages --sign-by= --skip-unused-stages --squash-all --stdin --timestamp= --tls-verify --unsetenv= --userns=
    --uts= --variant= -v,--volume=
"""
OPTIONS = {
    "build": _BUILD,
    "buildx bake": """
        --allow= --builder= --call= --check -D,--debug -f,--file= --list= --load --metadata-file= --no-cache --print
        --progress= --provenance= --pull --push --sbom= --set= --help""",
    "builder prune": _BUILDER_PRUNE,
    "buildx use": "--builder= -D,--debug --default --global --help",
    "buildx create": """
        --append --bootstrap --buildkitd-config= --config= --buildkitd-flags= -D,--debug --driver= --driver-opt= --leave
        --name= --node= --platform= --use --help""",
    "compose build": f"""
        {_COMPOSE_ALL} --build-arg= --builder= --check -m,--memory= --no-cache --print --progress= --provenance= --pull
        --push -q,--quiet --sbom= --ssh= --with-dependencies --compress --force-rm --no-rm --parallel""",
    "compose up": f"""
        {_COMPOSE_ALL} --abort-on-container-exit --abort-on-container-failure --always-recreate-deps --attach=
        --attach-dependencies --build -d,--detach --exit-code-from= --force-recreate --menu --no-attach= --no-build
        --no-color --no-deps --no-log-prefix --no-recreate --no-start --pull= --quiet-build --quiet-pull
        --remove-orphans -V,--renew-anon-volumes --scale= -t,--timeout= --timestamps --wait --wait-timeout= -w,--watch
        -y,--yes""",
    "compose run": f"""
        {_COMPOSE_ALL} --build --cap-add= --cap-drop= -d,--detach --entrypoint= -e,--env= --env-from-file=
        -i,--interactive -l,--label= --name= -T,--no-TTY --no-deps -p,--publish= --pull= -q,--quiet --quiet-build
        --quiet-pull --remove-orphans --rm -P,--service-ports -t,--tty --use-aliases -u,--user= -v,--volume=
        -w,--workdir=""",
    "compose create": f"""
        {_COMPOSE_ALL} --build --force-recreate --no-build --no-recreate --pull= --quiet-pull --remove-orphans --scale=
        -y,--yes""",
    "compose restart": f"{_COMPOSE_ALL} --no-deps -t,--timeout=",
    "compose pull": f"""
        {_COMPOSE_ALL} --ignore-buildable --ignore-pull-failures --include-deps --policy= -q,--quiet --parallel
        --no-parallel""",
    "compose push": f"{_COMPOSE_ALL} --ignore-push-failures --include-deps -q,--quiet",
    "compose down": f"{_COMPOSE_ALL} --remove-orphans --rmi= -t,--timeout= -v,--volumes",
    "compose exec": f"""
        {_COMPOSE_ALL} -d,--detach -e,--env= --index= -i,--interactive -T,--no-tty,--no-TTY --privileged -t,--tty
        -u,--user= -w,--workdir=""",
    "image prune": _PRUNE,
    "system prune": f"{_PRUNE} --volumes",
    "volume prune": _PRUNE,
    "push": "-a,--all-tags --disable-content-trust --platform= -q,--quiet --help",
    "run": _RUN,
    "exec": """
        -d,--detach --detach-keys= -e,--env= --env-file= -i,--interactive --privileged -t,--tty -u,--user= -w,--workdir=
        --help""",
    "restart": "-s,--signal= -t,--time= --timeout= --help",
    "context use": "--help",
    "stack deploy": """
        -c,--compose-file= -d,--detach --orchestrator= --prune -q,--quiet --resolve-image= --with-registry-auth
        --help""",
    "podman build": _PODMAN_BUILD,
}
"""The options of each command, ``-short,--long``; those with ``=`` take a value."""

BUILDX = "--builder= -D,--debug --help"


class Option(NamedTuple):
    """An option of a command: its long `name` (the only one where it has no other), and whether it takes a value."""

    name: str
    takes_value: bool


@cache
def options(spec: str) -> dict[str, Option]:
    """A table of options by each of their names."""
    found: dict[str, Option] = {}
    for one in spec.split():
        names = one.rstrip("=").split(",")
        found |= dict.fromkeys(names, Option(names[-1], one.endswith("=")))
    return found


class Given(NamedTuple):
    """An option as given: its long name, its value where it has one, the indexes of its words."""

    name: str
    value: str | None
    words: range
    known: bool = True


class Parsed(NamedTuple):
    """A command line: its options in order, and the index of each argument."""

    given: tuple[Given, ...]
    arguments: tuple[int, ...]


def parse(texts: Sequence[str], at: int, spec: str, mixed: bool = True) -> Parsed:
    """Read options from a word on; with `mixed` they may stand behind arguments too."""
    table = options(spec)
    given: list[Given] = []
    arguments: list[int] = []
    while at < len(texts):
        text = texts[at]
        if text == "--":
            arguments += range(at + 1, len(texts))
            break
        if text.startswith("-") and text != "-":
            found = _long(texts, at, table) if text.startswith("--") else _short(texts, at, table)
            given += found
            at = found[-1].words.stop
            continue
        arguments.append(at)
        at += 1
        if not mixed:
            arguments += range(at, len(texts))
            break
    return Parsed(tuple(given), tuple(arguments))


def _long(texts: Sequence[str], at: int, table: dict[str, Option]) -> list[Given]:
    name, equals, value = texts[at].partition("=")
    option = table.get(name)
    if equals:
        return [Given(option.name if option else name, value, range(at, at + 1), option is not None)]
    if option and option.takes_value and at + 1 < len(texts):
        return [Given(option.name, texts[at + 1], range(at, at + 2))]
    return [Given(option.name if option else name, None, range(at, at + 1), option is not None)]


def _short(texts: Sequence[str], at: int, table: dict[str, Option]) -> list[Given]:
    """``-f x``, ``-fx``, ``-f=x``, ``-qf x``."""
    found: list[Given] = []
    letters = texts[at][1:]
    for index, letter in enumerate(letters):
        option = table.get(f"-{letter}")
        if option is None:
            return [*found, Given(f"-{letters[index:]}", None, range(at, at + 1), known=False)]
        if option.takes_value:
            rest = letters[index + 1 :].removeprefix("=")
            if rest or letters[index + 1 :]:
                return [*found, Given(option.name, rest, range(at, at + 1))]
            stop = min(at + 2, len(texts))
            return [*found, Given(option.name, texts[at + 1] if stop == at + 2 else None, range(at, stop))]
        if letters[index + 1 : index + 2] == "=":
            return [*found, Given(option.name, letters[index + 2 :], range(at, at + 1))]
        found.append(Given(option.name, None, range(at, at + 1)))
    return found


GROUPS = frozenset(
    "builder buildx compose container context image network service stack system volume swarm node secret config "
    "plugin manifest trust".split()
)
"""Words of docker that a verb follows."""


MOST_UNKNOWN = 20
"""Words of which nothing is known that may hold options in front of a verb: more of them are not looked behind."""


def names_command(texts: Sequence[str]) -> bool:
    """Whether a command line of docker goes as far as a verb; a variable in front of it may hold options."""
    if texts[0].rpartition("/")[2].endswith("-compose"):
        return _first_known(texts, 1, COMPOSE) < len(texts)
    at = _first(texts, 1, DOCKER)
    if at < len(texts) and texts[at] in GROUPS:
        return _first_known(texts, at + 1, COMPOSE if texts[at] == "compose" else BUILDX) < len(texts)
    return at < len(texts)


def _first_known(texts: Sequence[str], at: int, spec: str) -> int:
    """The first word behind options that is no variable."""
    at = _first(texts, at, spec)
    for _ in range(MOST_UNKNOWN):
        if at >= len(texts) or not texts[at].startswith("$"):
            break
        at = _first(texts, at + 1, spec)
    return at


class InnerCommand(NamedTuple):
    """Where the command for a container begins in ``docker exec web sh -c …``, and which word is the container."""

    target: int
    command: int


RUNS_INSIDE = frozenset({"docker-compose", "kubectl", "oc", "docker", "podman", "nerdctl"})
"""The programs that `inner_command` knows."""


def inner_command(words: Sequence[Word]) -> InnerCommand | None:
    """The command that docker runs inside a container; None for a command that runs none."""
    name = words[0].text.rpartition("/")[2]
    if name not in RUNS_INSIDE:
        return None
    texts = [word.text for word in words]
    if name == "docker-compose":
        return _of_compose(texts, 1)
    if name in {"kubectl", "oc"}:
        return _of_kubectl(texts)
    at = _first(texts, 1, DOCKER)
    if texts[at : at + 1] == ["compose"]:
        return _of_compose(texts, at + 1)
    at += texts[at : at + 1] == ["container"]
    verb = texts[at] if at < len(texts) else ""
    return _inner(texts, at + 1, OPTIONS[verb]) if verb in {"exec", "run"} else None


def _of_compose(texts: list[str], at: int) -> InnerCommand | None:
    at = _first(texts, at, COMPOSE)
    verb = texts[at] if at < len(texts) else ""
    return _inner(texts, at + 1, OPTIONS[f"compose {verb}"]) if verb in {"exec", "run"} else None


def _of_kubectl(texts: list[str]) -> InnerCommand | None:
    if "exec" not in texts or "--" not in texts:
        return None
    return InnerCommand(min(texts.index("exec") + 1, len(texts) - 1), texts.index("--") + 1)


def _inner(texts: list[str], at: int, spec: str) -> InnerCommand | None:
    target = _first(texts, at, spec)
    return InnerCommand(target, target + 1) if target < len(texts) else None


def _first(texts: Sequence[str], at: int, spec: str) -> int:
    """The index of the first argument."""
    arguments = parse(texts, at, spec, mixed=False).arguments
    return arguments[0] if arguments else len(texts)
