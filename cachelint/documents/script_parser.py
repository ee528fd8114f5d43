"""From the text of a shell script to what it means."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cachelint.documents.script_paths import with_paths
from cachelint.documents.script_reader import ScriptReader
from cachelint.source import SourceFile

if TYPE_CHECKING:
    from cachelint.documents.dockerfile_lines import Pieces
    from cachelint.documents.script import Script

_KEPT = 16
"""Scripts in a row: in real repositories seven of a hundred are copies of another, most often beside it."""


def read_script(
    source: SourceFile | str, text: str | None = None, pieces: Pieces | None = None, *, places: bool = True
) -> Script:
    """Read a script; never raises, whatever the text.

    `source` is its file, or its text. A script that is a part of a file (`run:` of a workflow, a recipe) is given as
    `text`, with the places of its parts in the file as `pieces`: pairs of an offset in `text` and one in the file.
    Without `places` nothing is worked out about directories, a sixth of the time. What a text means is worked out
    once for all files that have it.
    """
    file = source if isinstance(source, SourceFile) else SourceFile("script", source)
    whole = file.text
    return _read(whole, whole if text is None else text, pieces or ((0, 0),), places)._replace(source=file)


@lru_cache(maxsize=_KEPT)
def _read(whole: str, text: str, pieces: Pieces, places: bool) -> Script:
    script = ScriptReader(SourceFile("script", whole), text, pieces).read()
    return with_paths(script) if places else script
