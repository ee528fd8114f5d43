"""What CI systems put around each line of a log: time stamps, job names, colours, section marks."""

from __future__ import annotations

from cachelint.regex import regex

_ANSI = rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|_[^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_=>])"
_NOTE = rb"\x1b\[8mha:[^\x1b\n]*\x1b\[0m"  # Jenkins hides what its plugins say of a line
_SECTION = rb"section_(?:start|end):\d+:[^\r\n]{0,200}\r"  # GitLab
# at most 50 in a row: a longer run is no dress, and a regular expression without an end to it would keep its way back
_LOOSE = rb"(?:" + _NOTE + rb"|" + _ANSI + rb"|" + _SECTION + rb"){0,50}"
_DATE = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_CLOCK = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,6})?"
_TEAMCITY = rb"[A-Za-z]?:[ \t]*(?:\[Step \d{1,4}/\d{1,4}\])?"
_BRACKETED = rb"\[(?:%b|%b)\](?:[ \t]|%b[ \t])" % (_DATE, _CLOCK, _TEAMCITY)
_SYSLOG = rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?"  # also ts(1)
_NO_HOST = rb"(?!(?:STEP|target|COPY|ADD|invalid|failed|unable|manifest|Building|[Ee]rror) )"
_SENDER = (
    _NO_HOST + rb"([\w.-]{1,64} [\w.-]{1,64}(?:\[\d{1,10}\])?): "
)  # of syslog and journalctl: the machine and the program
_GITLAB = rb"\d\d[OE][ +]"
_STAMP = rb"(?:%b|%b[ \t](?:%b|%b)?|%b  ?|%b (?:%b)?|\d{10}\.\d{3,9} )" % (
    *(_BRACKETED, _DATE, _GITLAB, _SENDER),
    *(_CLOCK, _SYSLOG, _SENDER),
)
_JOB = rb"[^#\t\r\n\x1b\xef][^\t\r\n]{0,200}\t[^\t\r\n]{1,200}\t(?:\xef\xbb\xbf)?(?=%b)" % _DATE  # gh run view --log
_SOURCE = (
    rb'(?:Step #\d{1,4}(?: - "[^"\n]{1,100}")?: |remote: '  # Google Cloud Build, git push
    rb"|\[pod/[^\]\s]{1,200}\] |\[[^\]\n]{1,100}\] {1,9}\| )"  # kubectl logs --prefix, act
)
_BARE = rb"[ \t]*"

# the second run of escape sequences only behind a stamp: two in a row would try each way to share them
DRESS = rb"(?:\xef\xbb\xbf)?(?:%b|%b)?%b(?:%b%b)?" % (_JOB, _SOURCE, _LOOSE, _STAMP, _LOOSE)
"""What may stand before a line's own text: at most one job with its step, or whose line it is, and one time stamp.

It has two groups, of which one may be a sender: the machine and the program from which a system's journal has the line.

What Compose puts before the lines of a container is none: such a line is never a builder's.
"""

_DRESS = regex(DRESS + _BARE)
_STRAY = regex(_NOTE + rb"|" + _ANSI)


def undress(line: bytes) -> tuple[bytes, bytes | None]:
    """The line's own text, without white space around it and escape sequences; and its sender, where it has one.

    It is taken off once: a program that prints a time stamp of its own gains nothing by it.
    """
    found = _DRESS.match(line)
    text = line[found.end() :] if found else line
    if b"\x1b" in text:
        text = _STRAY.sub(b"", text)
    return text.strip(), found and (found[1] or found[2])
