"""How a command or step passes the commit, in the words of the file that it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.discovery import Kind

if TYPE_CHECKING:
    from cachelint.deployment.jobs import ScriptJob
    from cachelint.deployment.model import DockerCall


def commit_words(job: ScriptJob, call: DockerCall, name: str) -> str:
    """What to write so that a build of this call gets the commit as its argument `name`."""
    if call.action:
        return f"`{name}=${{{{ github.sha }}}}` in `build-args`"
    dollar = "$$" if job.kind is Kind.MAKEFILE else "$"  # make takes a single one for a variable of its own
    if call.docker and call.docker.verb == "buildx bake":
        return f'`--set "*.args.{name}={dollar}(git rev-parse HEAD)"`'
    return f'`--build-arg {name}="{dollar}(git rev-parse HEAD)"`'
