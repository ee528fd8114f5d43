"""Lines between builds: dropped build cache, the announced commit, the service that comes next, and failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.regex import regex

if TYPE_CHECKING:
    import re

_UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_SIZE = r"(\d+(?:\.\d+)?)\s?([kKMGTP]?i?)B"
_TOTAL = regex(r"Total reclaimed space: " + _SIZE)
_TOTAL_BUILDX = regex(r"Total:\s+" + _SIZE)
_DELETED = regex(r"Deleted (Containers|Images|Networks|Volumes|build cache objects):")
_COMMIT = regex(r"\b[Bb]uilding from commit:? *([0-9a-f]{7,40})(?![0-9A-Za-z])")
_HEAD = regex(r"HEAD is now at ([0-9a-f]{7,40})(?: |$)")
_UPDATING = regex(r"Updating ([0-9a-f]{7,40})\.\.([0-9a-f]{7,40})")
_SERVICE = regex(r"Building ([a-zA-Z0-9][a-zA-Z0-9._-]*)")
_FAILURE = regex(r"(?:ERROR: )?(?:target \S+: )?(?:failed to (?:solve|build)|executor failed running)\b")
_NO_OUTPUT = regex(r".*No output specified (?:for|with) ")


class Notices:
    """Understands the lines that belong to no build.

    `commit` is the last that was announced, `checked_out` the one at which git said that it stands.
    """

    def __init__(self) -> None:
        self.commit: str | None = None
        self.checked_out: str | None = None
        self._update: tuple[str, str] | None = None
        self._deleted: set[str] = set()
        self._reclaimable = False

    def pruned(self, text: str) -> int | None:
        """How many bytes the command dropped whose last line this is; None where it was no prune of build cache.

        That of 20.10 does not say what it is when it finds nothing to drop.
        """
        if found := _DELETED.fullmatch(text):
            self._deleted.add(found[1])
            return None
        total = _TOTAL.fullmatch(text)
        if total:
            others, self._deleted = self._deleted, set()
            # with nothing to delete every prune, of images too, prints this line alone
            return _bytes(total) if "build cache objects" in others else None
        total = _TOTAL_BUILDX.fullmatch(text)
        listed, self._reclaimable = self._reclaimable, text.startswith("Reclaimable:")
        return _bytes(total) if total and not listed else None  # listed: `docker buildx du`

    def hear(self, text: str) -> None:
        """Remember the commit that a line announces, or that git has gone to."""
        if found := _COMMIT.search(text):
            self.commit = found[1]
        elif found := _HEAD.match(text):
            self.checked_out = found[1]
        elif found := _UPDATING.fullmatch(text):
            self._update = (found[1], found[2])
        elif self._update and text in ("Fast-forward", "Aborting"):
            self.checked_out = self._update[text == "Fast-forward"]
        elif text.startswith("Merge made by "):
            self.checked_out = None


def next_service(text: str) -> str | None:
    """The service that Compose's first version says it builds next."""
    found = _SERVICE.fullmatch(text)
    return found[1] if found else None


def is_failure(text: str) -> bool:
    """Whether the client says that a build failed."""
    return _FAILURE.match(text) is not None


def keeps_no_image(text: str) -> bool:
    """Whether buildx says that the result of the next build goes nowhere."""
    return _NO_OUTPUT.match(text) is not None


def _bytes(size: re.Match[str]) -> int:
    return round(float(size[1]) * (_BINARY.get(size[2]) or _UNITS.get(size[2], 1)))
