"""What Compose makes of scalars that are no strings: numbers lose their notation, dates are refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.documents.yaml import Scalar

_FLOAT = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = regex(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_MOST_DIGITS = 64
"""Of a number of 64 bits; Python refuses to read one of thousands of digits."""

_INFINITY = regex(r"[-+]?\.(?:inf|Inf|INF)")
_DATE = regex(
    r"\d{4}-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?"
)
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def is_date(scalar: Scalar) -> bool:
    """Whether Compose reads a date, which it takes nowhere that cachelint looks."""
    if scalar.style or scalar.tag:
        return False
    match = _DATE.fullmatch(scalar.value)
    return match is not None and 1 <= int(match["month"]) <= 12 and 1 <= int(match["day"]) <= 31


def plain_text(value: str) -> str:
    """The text that Compose passes on for a plain scalar that is a number, a boolean or looks like one.

    ``1.50`` becomes ``1.5``, ``0x1F`` becomes ``31`` and ``True`` becomes ``true`` (yaml.v3, resolve.go, and the
    ``%v`` of Go).
    """
    if value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return value.lower()
    if value in (".nan", ".NaN", ".NAN"):
        return "NaN"
    if _INFINITY.fullmatch(value):
        return "-Inf" if value.startswith("-") else "+Inf"
    digits = value.replace("_", "")
    match = _INTEGER.fullmatch(digits)
    if match and len(match[0].lstrip("-+0boxBOX")) <= _MOST_DIGITS:
        kind = str(match.lastgroup)
        number = int(match[kind], _BASES[kind]) * (-1 if match["sign"] == "-" else 1)
        if _SMALLEST <= number <= _LARGEST:
            return str(number)
    if _FLOAT.fullmatch(digits) and not math.isinf(float(digits)):
        return _float_text(float(digits))
    return value


def _float_text(number: float) -> str:
    """A number as Go prints it: the fewest digits that say it, with an exponent below 1e-4 and from 1e+06 on."""
    from decimal import Decimal  # not at start-up: few files have such a number

    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    minus, text = "-" if sign else "", "".join(map(str, digits))
    power = len(text) + exponent - 1
    if not -4 <= power < 6:
        mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
        return f"{minus}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return minus + format(Decimal((0, digits, exponent)), "f")
