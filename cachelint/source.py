"""The text of a file, positions in it, and the only code that writes to somebody's file."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    import re

MAX_BYTES = 10 * 1024 * 1024
"""Larger files are reported and left alone: no hand-written build file comes near this size."""

_PIECE = 1 << 16
BOM = "\ufeff"


class Span(NamedTuple):
    """Half-open range of character offsets into the decoded text; an empty span is an insertion point."""

    start: int
    end: int


class Position(NamedTuple):
    """A place in a text: 1-based line and column (both count characters), 0-based character offset."""

    line: int
    column: int
    offset: int


class SourceError(Exception):
    """A file cannot be read or written; ``str()`` says why, in words for its owner."""


class SourceFile:
    """One file's decoded text with fast lookup of lines.

    `path` is absolute (or the name given for standard input); `text` keeps the BOM, every line ending and
    the missing final newline, so that ``text.encode()`` is the file, byte for byte.
    """

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line, behind the ``\\n`` of the line above, or behind a BOM."""
        if self._starts is None:
            starts = [len(BOM) if self.text.startswith(BOM) else 0]
            find = self.text.find
            while (newline := find("\n", starts[-1])) >= 0:
                starts.append(newline + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> Position:
        """Line and column of a character offset."""
        starts = self.line_starts
        line = max(bisect_right(starts, offset), 1)
        return Position(line, offset - min(starts[line - 1], offset) + 1, offset)

    def line_span(self, line: int) -> Span:
        """Span of a 1-based line without its line break and a BOM."""
        starts = self.line_starts
        start = starts[line - 1]
        end = starts[line] if line < len(starts) else len(self.text)
        return Span(start, start + len(self.text[start:end].rstrip("\r\n")))

    def line_text(self, line: int) -> str:
        """A 1-based line without its line break."""
        return self.text[slice(*self.line_span(line))]

    def line_break_at(self, offset: int) -> str:
        """The line ending to use for a line inserted near `offset`: that line's own, else the one before it."""
        end = self.text.find("\n", offset)
        if end < 0:
            end = self.text.rfind("\n")
        return "\r\n" if end > 0 and self.text[end - 1] == "\r" else "\n"


def read_source(path: str) -> SourceFile:
    """Read one regular file as UTF-8.

    Raises `SourceError` when it is missing, no regular file, unreadable, too large, or not UTF-8 text.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise SourceError("is a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file")
            data = _content(handle, status.st_size)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise SourceError(_reason(error)) from error
    return SourceFile(path, decode(data))


def contains(path: str, pattern: re.Pattern[bytes]) -> bool:
    """Whether what can be read of a file, as far as files are read at all, matches; True where nothing can."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return pattern.search(file.read(MAX_BYTES)) is not None
    except OSError:
        return True


def _content(handle: int, size: int) -> bytes:
    """What is in an open file of this size, and of one that is too large a byte more than there may be.

    In pieces: a single read of so many bytes takes the memory for all of them first, and five times as long. A small
    file is one piece, with a byte more, which tells that it has not grown; some that a kernel makes up say size 0.
    """
    parts: list[bytes] = []
    found, piece = 0, size + 1 if 0 < size < _PIECE else _PIECE
    while part := os.read(handle, min(MAX_BYTES + 1 - found, piece)):
        parts.append(part)
        found += len(part)
        if found == size:
            break
    return b"".join(parts)


def decode(data: bytes) -> str:
    """The text of a file's bytes; raises `SourceError` for what is no UTF-8 text."""
    if len(data) > MAX_BYTES:
        raise SourceError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"not UTF-8 text (byte 0x{data[error.start]:02x} on line {line})") from error
    if "\0" in text:
        raise SourceError(f"not text (a NUL character on line {text.count(chr(10), 0, text.index(chr(0))) + 1})")
    return text


def write_source(source: SourceFile, text: str) -> None:
    """Replace a file's content: all of it, or none.

    The new bytes go to a temporary file in the same directory, which takes the place of the old one in a single
    step. Mode, owner, extended attributes and symbolic links stay. Raises `SourceError`, with the file untouched, when
    it no longer holds ``source.text``, when it has hard links (the other names would keep the old text), or when
    anything fails on the way. A file that holds `text` already (two names of one file) is left.
    """
    target = os.path.realpath(source.path)
    old, new = source.text.encode("utf-8"), text.encode("utf-8")
    try:
        with open(target, "rb") as file:
            found = file.read(max(len(old), len(new)) + 1)
        if found == new:
            return
        if found != old:
            raise SourceError("changed on disk while it was being checked")
        _replace(target, new)
    except OSError as error:
        raise SourceError(_reason(error)) from error


def _replace(target: str, data: bytes) -> None:
    import tempfile

    before = os.stat(target)
    if before.st_nlink > 1:
        raise SourceError("it has hard links, which would keep the old text: edit it by hand")
    os.close(os.open(target, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))  # raises where the old file is protected
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".cachelint-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            with contextlib.suppress(OSError):  # only root may give files away, and not on every file system
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            if sys.platform == "linux":
                _copy_attributes(target, file.fileno())
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _copy_attributes(path: str, to: int) -> None:
    """Give an open file the extended attributes of another one, access lists too, as far as its owner may."""
    with contextlib.suppress(OSError):  # not every file system has them
        attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
        for name in os.listxattr(to):
            if name not in attributes:
                with contextlib.suppress(OSError):
                    os.removexattr(to, name)
        for name, value in attributes.items():
            with contextlib.suppress(OSError):  # some are for the system only
                os.setxattr(to, name, value)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
