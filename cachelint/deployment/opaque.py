"""Commands that may do with Docker what the script itself does not show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.deployment.callees import Callees
    from cachelint.deployment.model import Deployment
    from cachelint.deployment.trail import Moment
    from cachelint.documents.script import Command

_MAX_DEPTH = 3
_RUNS_OTHERS = frozenset(
    "make gmake just task npm yarn pnpm bun npx ansible ansible-playbook terraform bazel gradle mvn eval rake fab "
    "invoke inv poetry nx turbo skaffold tilt kamal capistrano cap python python3 node ruby perl php expect "
    "parallel".split()
)
_HARMLESS = frozenset((("npm", "ci"), ("npm", "install"), ("yarn", "install"), ("pnpm", "install"), ("npx", "prisma")))
_SAYS_SO = regex(r"build|bake|deploy|docker|compose|image|container|restart|start|up\b|\$|run", re.IGNORECASE)
_TALKS = regex(
    r"(?:log|print|echo|say|info|warn|err|msg|message|success|fail|die|step|status|header|color|banner|notify|slack)"
    r"(?:[_:-]|\Z)|\w+[_-](?:msg|message|info|log|warn(?:ing)?|error|success|header|status)\Z",
    re.IGNORECASE,
)
_READS_IN = frozenset((".", "source"))
_OTHER_CLIENTS = frozenset(("docker", "docker-compose", "docker.exe"))


def is_opaque(moment: Moment, callees: Callees) -> bool:
    """Whether a moment that is no call of Docker may lead to one."""
    unit, command = moment.item, moment.command
    return isinstance(unit, Unit) and command is not None and _may_use_docker(unit, command, callees, _MAX_DEPTH)


def _may_use_docker(unit: Unit, command: Command, callees: Callees, depth: int) -> bool:
    """Whether a command that is none of Docker's may lead to one: another script, a task runner, unknown functions."""
    if not command.words or command.name in _OTHER_CLIENTS or command.texts[0] in unit.functions:
        return False
    if command.number in unit.called and command.name not in _READS_IN:
        return depth == 0 or not _is_quiet(callees.run_by(unit, command), callees, depth - 1)
    if command.name in _RUNS_OTHERS:
        return command.texts[:2] not in _HARMLESS
    if _TALKS.match(command.name) or command.name in _PROGRAMS:
        return False
    return bool(_SAYS_SO.search(command.name)) or bool(unit.script.sourced)


def _is_quiet(scripts: tuple[Deployment, ...], callees: Callees, depth: int) -> bool:
    """Whether scripts are known, and have nothing to do with Docker."""
    units = [unit for one in scripts for unit in one.units]
    if not scripts or any(one.calls for one in scripts) or not all(unit.script.is_read for unit in units):
        return False
    commands = ((unit, command) for unit in units for command in unit.script.commands)
    return not any(_may_use_docker(unit, command, callees, depth) for unit, command in commands)


_PROGRAMS = frozenset(
    "[ [[ : . alias awk basename break cat cd chmod chown clear command continue cp crontab curl cut date dd declare "
    "df diff dirname du echo env exit export expr false find flock git grep groups gzip gunzip head hostname id "
    "install jq kill ln local ls mkdir mktemp mv nc nohup openssl pgrep ping popd printf ps pushd pwd read readlink "
    "realpath readonly return rm rmdir rsync scp sed seq set setfacl sftp shift shopt sleep sort source ssh ssh-add "
    "ssh-agent ssh-keyscan stat su sudo tail tar tee test time timeout touch tr trap true tput type ufw ulimit umask "
    "uname uniq unset unzip wait wc wget which whoami xargs yes zip apt apt-get yum dnf apk brew pip "
    "pip3 nginx certbot".split()
)
