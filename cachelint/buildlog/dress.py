"""What CI systems put around each line of a log: time stamps, job names, colours, section marks."""

from __future__ import annotations

from cachelint.regex import regex

_ANSI = rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_=>])"
_NOTE = rb"\x1b\[8mha:[^\x1b\n]*\x1b\[0m"  # Jenkins hides what its plugins say of a line
_SECTION = rb"section_(?:start|end):\d+:[^\r\n]{0,200}\r"  # GitLab
# at most 50 in a row: a longer run is no dress, and a regular expression without an end to it would keep its way back
_LOOSE = rb"(?:" + _NOTE + rb"|" + _ANSI + rb"|" + _SECTION + rb"){0,50}"
_DATE = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_CLOCK = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
_STAMP = rb"(?:\[(?:%b|%b)\][ \t]|%b[ \t](?:\d\d[OE][ +])?|%b  ?)" % (_DATE, _CLOCK, _DATE, _CLOCK)
_JOB = rb"[^#\t\r\n\x1b\xef][^\t\r\n]{0,200}\t[^\t\r\n]{1,200}\t(?:\xef\xbb\xbf)?(?=%b)" % _DATE  # gh run view --log
_BARE = rb"[ \t]*"

# the second run of escape sequences only behind a stamp: two in a row would try each way to share them
DRESS = rb"(?:\xef\xbb\xbf)?(?:%b)?%b(?:%b%b)?" % (_JOB, _LOOSE, _STAMP, _LOOSE)
"""What may stand before a line's own text: at most one job with its step, and one time stamp."""

_DRESS = regex(DRESS + _BARE)
_STRAY = regex(_NOTE + rb"|" + _ANSI)


def undress(line: bytes) -> bytes:
    """The line's own text, without white space around it and without escape sequences.

    It is taken off once: a program that prints a time stamp of its own gains nothing by it.
    """
    found = _DRESS.match(line)
    text = line[found.end() :] if found else line
    if b"\x1b" in text:
        text = _STRAY.sub(b"", text)
    return text.strip()
