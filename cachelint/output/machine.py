"""What the formats for programs share."""

from __future__ import annotations

from json import dumps
from typing import Any

from cachelint.regex import regex

_HALVES = regex("[\ud800-\udfff]")


def to_json(data: object) -> str:
    """The data as JSON in ASCII. Bytes of a file name that are no text become U+FFFD: no reader accepts half a pair."""
    return dumps(_valid(data), indent=2) + "\n"


def _valid(data: Any) -> Any:
    if isinstance(data, str):
        return data if data.isascii() else _HALVES.sub("\ufffd", data)
    if isinstance(data, dict):
        return {key: _valid(value) for key, value in data.items()}
    return [_valid(one) for one in data] if isinstance(data, list) else data
