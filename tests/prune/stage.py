"""A stage for scripts: stand-ins for docker, ssh, gcloud and git that write down what they are asked for."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_DOCKER = """\
#!/bin/bash
case "$(basename "$0") $*" in *prune*) kind=prune ;; *) kind=call ;; esac
printf '%s|%s|%s|%s\\n' "$kind" "${MACHINE:-here}" "$(basename "$0") $*" "${GIT_COMMIT_HASH:-}" >>"$STAGE/log"
[ "$kind" = prune ] && exit "${PRUNE_EXIT:-0}"
case " $* " in *" ${FAILS:-no such word} "*) exit 1 ;; esac
exit 0
"""
_SSH = """\
#!/bin/bash
export MACHINE=
while [ $# -gt 0 ]; do
  case "$1" in -p|-i|-o|-l) shift 2 ;; -*) shift ;; *) MACHINE=$1; shift; break ;; esac
done
if [ $# -gt 0 ]; then exec bash -c "$*"; else exec bash -s; fi
"""
_GCLOUD = """\
#!/bin/bash
export MACHINE=$3
for one; do case "$one" in --command=*) exec bash -c "${one#--command=}" ;; esac; done
"""
_GIT = f"""\
#!/bin/bash
case "$*" in "rev-parse HEAD") echo {COMMIT} ;; rev-parse*) echo {COMMIT[:7]} ;; esac
exit "${{GIT_EXIT:-0}}"
"""
_SUDO = """\
#!/bin/bash
while :; do case "$1" in -u) shift 2 ;; -*) shift ;; *) break ;; esac; done
exec "$@"
"""
_STANDINS = {
    "docker": _DOCKER,
    "docker-compose": _DOCKER,
    "kubectl": _DOCKER,
    "ssh": _SSH,
    "gcloud": _GCLOUD,
    "git": _GIT,
    "sudo": _SUDO,
    "sleep": "#!/bin/sh\n",
}


class Call(NamedTuple):
    """One call of docker: on which machine, its words, and the commit that it was told."""

    is_prune: bool
    machine: str
    words: str
    commit: str


class Played(NamedTuple):
    """What came of a script."""

    code: int
    output: str
    calls: tuple[Call, ...]

    @property
    def without_prune(self) -> list[tuple[str, str]]:
        """The calls that are no prune."""
        return [(one.machine, one.words) for one in self.calls if not one.is_prune]


class Stage:
    """A directory with the stand-ins; every play is on its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        bin_ = directory / "bin"
        bin_.mkdir()
        for name, text in _STANDINS.items():
            (bin_ / name).write_text(text)
            (bin_ / name).chmod(0o755)

    def play(self, text: str, arguments: str = "", **environment: str) -> Played:
        """Run a script with these arguments to its end."""
        log = self.directory / "log"
        log.unlink(missing_ok=True)
        script = self.directory / "deploy.sh"
        script.write_bytes(text.encode())
        shell = "sh" if re.match(r"#!/bin/sh|#!/usr/bin/env sh", text) else "bash"
        options = ["-e"] if re.match(r"#!\S+ -e\n", text) else []
        path = f"{self.directory}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            [shell, *options, script, *arguments.split()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": path, "STAGE": str(self.directory), "HOME": str(self.directory), **environment},
            cwd=self.directory,
            timeout=20,
            check=False,
        )
        lines = log.read_text().splitlines() if log.exists() else []
        calls = (Call(kind == "prune", *rest) for kind, *rest in (line.split("|") for line in lines))
        return Played(done.returncode, done.stdout.decode(), tuple(calls))
