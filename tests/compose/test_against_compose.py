"""Whole projects, held against Docker Compose: what it makes of every service, and what it refuses."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from cachelint.compose.tree import Fields, Leaf
from cachelint.compose.variables import Variables
from tests.compose.generated import projects
from tests.compose.oracle import ENVIRONMENT, asked, compose_or_skip, resolved, view
from tests.compose.table import ACCEPTED, REFUSED
from tests.support import write_files

EXAMPLES = int(os.environ.get("CACHELINT_TEST_COMPOSE_PROJECTS", "100"))
CLOSED = Variables(ENVIRONMENT, complete=True)
PHASES = (Phase.explicit, Phase.generate)  # each project takes a process: what fails is not made smaller
RUN = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)


@RUN
@given(projects())
def test_generated_projects(files):
    compose_since((2, 40))  # older ones read empty lists, dates and the like in their own ways
    with tempfile.TemporaryDirectory() as directory:
        root = write_files(Path(os.path.realpath(directory), "p"), files)
        wanted = asked(root)
        ours = resolved(root)
        if isinstance(wanted, str):
            assert ours.errors, wanted
            assert all(one.source.text for one in ours.errors), "an error without a line"
        else:
            assert not ours.errors, [str(one) for one in ours.errors]
            assert view(ours) == wanted
            unknown_stays_unknown(root, ours)


@pytest.mark.parametrize("name", ACCEPTED)
def test_project(tmp_path, name):
    case = ACCEPTED[name]
    compose_since(case.since)
    root = write_files(tmp_path / "p", case.files)
    at = root / case.directory
    options = [word for file in case.given for word in ("-f", file)]
    options += ["--project-directory", case.project] if case.project else []
    options += [word for file in case.env_files for word in ("--env-file", file)]
    environment = {**ENVIRONMENT, **case.environment}
    wanted = asked(at, *options, environment=environment)
    closed = Variables(environment, complete=True)
    ours = resolved(at, *case.given, root=root, variables=closed, project=case.project, env_files=case.env_files)
    assert not isinstance(wanted, str), wanted
    assert not ours.errors, [str(one) for one in ours.errors]
    assert view(ours) == wanted


@pytest.mark.parametrize("name", REFUSED)
def test_refused_project(tmp_path, name):
    case = REFUSED[name]
    compose_since(case.since)
    root = write_files(tmp_path / "p", case.files)
    wanted = asked(root, *(word for file in case.given for word in ("-f", file)))
    ours = resolved(root, *case.given)
    assert isinstance(wanted, str), "Compose accepts it"
    found = [(place_of(one), str(one)) for one in ours.errors]
    assert any(place == case.place and case.message in text for place, text in found), found


def compose_since(version):
    if compose_or_skip().version < version:
        pytest.skip(f"Compose {'.'.join(map(str, version))} is the first that does so")


def place_of(error):
    return os.path.basename(error.source.path), error.source.position(error.span.start).line


def unknown_stays_unknown(root, closed):
    """Where the machine that deploys is not known, what is known is right, and the rest is right once it is put in."""
    opened = resolved(root, variables=Variables({"BOTH": ENVIRONMENT["BOTH"]}))
    for name, service in opened.services.items():
        for key, one in service.environment.items():
            assert not one.known or one.text == closed.services[name].environment[key].text, (name, key)
        for path, leaf in leaves(service):
            other = dict(leaves(closed.services[name])).get(path)
            if not leaf.known and other is None:
                continue  # an argument without a value, say
            assert other is not None, (name, path)
            if leaf.known:
                assert leaf.text == other.text, (name, path)
            elif leaf.written.startswith("~") or "context" in path or "source" in path:
                continue  # the path is put together
            else:
                value = CLOSED.with_defaults(known_in(root, leaf)).substitute(leaf.written)
                assert value == other.text, (name, path)


def known_in(root, leaf):
    """What the environment files say about a file's variables."""
    from cachelint.compose.env_file import parse_env_file

    found = {}
    own = (
        "inc" in Path(leaf.origin.source.path).parts and "project_directory" not in (root / "compose.yaml").read_text()
    )
    directories = [root, root / "inc"] if own else [root]
    for path in (one / ".env" for one in directories):
        if path.is_file():
            found = {**parse_env_file(path.read_text(), CLOSED.with_defaults(found)), **found}
    return found


def leaves(service):
    """Every scalar of a service by its path."""
    yield from ((key, leaf) for key in ("image", "pull_policy") if (leaf := getattr(service, key)))
    if service.build:
        build = service.build
        for key in ("context", "dockerfile", "inline", "target"):
            if leaf := getattr(build, key):
                yield f"build.{key}", leaf
        yield from ((f"build.args.{name}", leaf) for name, leaf in build.args.items())
        for key in ("cache_from", "cache_to"):
            yield from ((f"build.{key}.{number}", leaf) for number, leaf in enumerate(getattr(build, key)))
    for mount in service.mounts:
        assert isinstance(mount, Fields)
        target = mount.entries["target"]
        assert isinstance(target, Leaf)
        yield f"volumes.{target.text}", target
