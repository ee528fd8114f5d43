"""Which records a prune drops: what Docker 20.10 and 28.5 were seen to do (tests/engine has the scopes themselves)."""

import pytest

from cachelint.prune.scope import LAYER, MOUNT, SOURCE, Client, Scope, covers, dropped, prune_commands

NOTHING: set[str] = set()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("-f", {SOURCE, MOUNT}),
        ("--force", {SOURCE, MOUNT}),
        ("", {SOURCE, MOUNT}),  # somebody may answer the question
        ("-af", {SOURCE, LAYER, MOUNT}),
        ("-fa", {SOURCE, LAYER, MOUNT}),
        ("--all --force", {SOURCE, LAYER, MOUNT}),
        ("--force --filter type=source.local", {SOURCE}),
        ("--force --filter=type=source.local", {SOURCE}),
        ("--force --filter type==source.local", {SOURCE}),
        ("--all --force --filter type=regular", {LAYER}),
        ("--force --filter type=regular", NOTHING),  # those that an image holds stay
        ("--all --force --filter type!=exec.cachemount", {SOURCE, LAYER}),
        ("--all --force --filter type=regular --filter type=source.local", NOTHING),  # an error: one value only
        ("--force --filter until=24h", NOTHING),
        ("--force --filter=until=24h", NOTHING),
        ("-af --filter until=1h", NOTHING),
        ("--force --filter unused-for=24h", NOTHING),
        ("-af --keep-storage 10GB", NOTHING),
        ("-af --keep-storage=10GB", NOTHING),
        ("-af --max-used-space 10GB", NOTHING),
        ("-af --reserved-space=10GB", NOTHING),
        ("--force --filter $FILTER", {SOURCE, LAYER, MOUNT}),  # who knows
        ("$FLAGS", {SOURCE, LAYER, MOUNT}),
        ("--builder slim --force", {SOURCE, MOUNT}),
    ],
)
def test_dropped(options, expected):
    assert dropped(options.split()) == expected


@pytest.mark.parametrize("scope", Scope)
def test_the_commands_of_a_scope_cover_it_and_no_wider_one(scope):
    kinds = frozenset[str]().union(*(dropped(one.split()[3:]) for one in prune_commands(scope)))
    assert [one for one in Scope if covers(kinds, one)] == [one for one in Scope if one <= scope]


def test_the_words_of_a_client():
    assert prune_commands(Scope.CONTEXT, Client("sudo docker")) == (
        "sudo docker builder prune --force --filter type=source.local",
    )
    assert prune_commands(Scope.ALL, Client("$DOCKER", "slim")) == (
        "$DOCKER buildx prune --builder slim --all --force",
    )
