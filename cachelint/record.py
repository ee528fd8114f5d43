"""`NamedTuple` without the price of `typing`'s.

`typing.NamedTuple` makes every annotation of every field a ``ForwardRef``, which compiles it; that took a third of the
time of importing cachelint. Type checkers see the original.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  # the alias re-exports it
else:

    class _Definition(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            record = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                setattr(record, key, value)
            return record

    class NamedTuple(metaclass=_Definition):
        """Base of value types: immutable, compared by value."""
