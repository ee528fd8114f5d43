"""Regular expressions that are compiled when they are first used.

`re.compile` takes a fifth of a millisecond for a pattern of a line, there are hundreds, and a run needs half of them:
a quarter of its time on a small project. Here a module writes ``NAME = regex("...")`` for it. Type checkers see
`re.compile`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    regex = re.compile
else:

    class regex:  # noqa: N801  # a function for those who call it
        """A compiled pattern from the first use of one of its methods on, which are then as fast as its own."""

        def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
            self.pattern = pattern
            self._flags = flags

        def __getattr__(self, name: str) -> Any:  # asked for what is not set: once for each method
            method = getattr(re.compile(self.pattern, self._flags), name)
            setattr(self, name, method)
            return method
