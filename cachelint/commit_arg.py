"""The build argument that carries the commit, and the names it goes by."""

from __future__ import annotations

from cachelint.record import NamedTuple

NAME = "GIT_COMMIT_HASH"

# Names seen in public repositories for "which commit is this", or for "bust the cache now".
# Look-alikes that pin somebody else's source (JENKINS_SHA, X_COMMIT) are left out on purpose.
SYNONYMS = frozenset(
    """
    GIT_COMMIT GIT_COMMIT_SHA GIT_SHA GIT_HASH GITREF GIT_REF GIT_REV GIT_REVISION COMMIT COMMIT_HASH COMMIT_SHA
    COMMIT_REF SHA VCS_REF VCS_REVISION REVISION BUILD_REVISION BUILD_SHA SOURCE_COMMIT VERSION_SHA GITHUB_SHA
    CI_COMMIT_SHA CACHEBUST CACHE_BUST
    """.split()
)

BUSTS = frozenset(("CACHEBUST", "CACHE_BUST"))
"""Those that say what they do to the cache, not what they carry: what they are to re-run is for their author to say."""


class CommitArg(NamedTuple):
    """The configured commit argument: its name, further names that count as it, and the value to write."""

    name: str = NAME
    aliases: frozenset[str] = frozenset()
    value: str = f"${{{NAME}}}"

    def value_for(self, name: str) -> str:
        """The value to write for an argument of that name: the variable of its own name, if none is configured."""
        return f"${{{name}}}" if self.value == f"${{{self.name}}}" else self.value

    def is_one(self, name: str) -> bool:
        """Whether an argument of that name carries the commit."""
        return name == self.name or name in SYNONYMS or name in self.aliases
