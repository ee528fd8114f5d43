"""A stream of bytes as lines, in bounded memory, whatever was sent."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from cachelint.messages import InputError
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

MAX_LINE = 1 << 19
"""Bytes of a line that are kept. The longest that mean something are those of rawjson."""

_CHUNK = 1 << 18
_ARCHIVES = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_RECORDING = regex(rb'\{[^\n]{0,500}"version": ?[23],[^\n]{0,500}"(?:width|term)"')
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\x1b\b\f\x07\v"))


def read_blocks(stream: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """The text of a stream in blocks of whole lines, each of which ends with a line feed; nothing else ends a line.

    What programs print keeps its carriage returns: behind one of them could stand anything. `advance` hears how many
    bytes are read. Raises `InputError` for what is no text, `OSError` when reading fails.
    """
    rest = b""
    for chunk in _chunks(stream, advance):
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest += chunk[: MAX_LINE - len(rest)]
            continue
        first = chunk.find(b"\n")
        yield rest + chunk[: min(first, MAX_LINE - len(rest))] + chunk[first:end]
        rest = chunk[end:]
    if rest:
        yield rest + b"\n"


def _chunks(stream: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    chunk = _first(stream)
    encoding = _WIDE.get(chunk[:2])
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    if decoder is None:
        _check(chunk)
    while chunk:
        advance(len(chunk))
        yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
        chunk = stream.read(_CHUNK)


def _first(stream: BinaryIO) -> bytes:
    """Enough to judge what it is, though a pipe may bring a few bytes at a time."""
    chunk = stream.read(_CHUNK)
    while 0 < len(chunk) < 4:
        more = stream.read(_CHUNK)
        if not more:
            break
        chunk += more
    return chunk


def _check(chunk: bytes) -> None:
    for magic, name in _ARCHIVES.items():
        if chunk.startswith(magic):
            raise InputError(f"this is a {name} file: unpack it first")
    if _RECORDING.match(chunk):
        raise InputError("this is a recording of asciinema: write it as text first (asciinema convert)")
    sample = chunk[:4096]
    strange = len(sample) - len(sample.translate(None, _NO_TEXT))
    if strange * 20 > len(sample):
        raise InputError("this is binary data, not a log")
