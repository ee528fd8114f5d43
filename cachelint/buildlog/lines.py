"""A stream of bytes as lines, in bounded memory, whatever was sent."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from cachelint.messages import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

MAX_LINE = 1 << 20
"""Bytes of a line that are kept. The longest that mean something are those of rawjson."""

_CHUNK = 1 << 18
_ARCHIVES = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\x1b\b\f\x07\v"))


def read_blocks(stream: BinaryIO, advance: Callable[[int], None]) -> Iterator[list[bytes]]:
    """The lines of a stream, some thousand at a time, without their line breaks; only a line feed ends a line.

    What programs print keeps its carriage returns: behind one of them could stand anything. `advance` hears how many
    bytes are read. Raises `InputError` for what is no text, `OSError` when reading fails.
    """
    rest: list[bytes] = []
    kept = 0
    for chunk in _chunks(stream, advance):
        first, *more = chunk.split(b"\n")
        if kept < MAX_LINE:
            rest.append(first[: MAX_LINE - kept])
            kept += len(rest[-1])
        if more:
            last = more.pop()
            yield [b"".join(rest), *(line[:MAX_LINE] for line in more)]
            rest, kept = [last[:MAX_LINE]], len(last)
    if any(rest):
        yield [b"".join(rest)]


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
    sample = chunk[:4096]
    strange = len(sample) - len(sample.translate(None, _NO_TEXT))
    if strange * 20 > len(sample):
        raise InputError("this is binary data, not a log")
