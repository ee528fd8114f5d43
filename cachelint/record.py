"""`NamedTuple` without the price of `typing`'s.

`typing.NamedTuple` makes every annotation of every field a ``ForwardRef``, which compiles it, and the `namedtuple`
below it compiles a constructor for each type: together a third of the time of importing cachelint. Here all types with
the same number of fields share a compiled constructor, with their own names in it. Type checkers see the original.
"""

from __future__ import annotations

from functools import cache
from types import CodeType, FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  # the alias re-exports it
else:
    from _collections import _tuplegetter  # what collections.namedtuple reads its fields with

    @cache
    def _constructor_code(count: int) -> CodeType:
        fields = "".join(f"a{number}, " for number in range(count))
        return eval(f"lambda cls, {fields}: new(cls, ({fields}))").__code__  # noqa: S307  # numbers, no input

    def _constructor(fields: tuple[str, ...], defaults: list[Any]) -> FunctionType:
        code = _constructor_code(len(fields)).replace(co_varnames=("cls", *fields), co_name="__new__")
        return FunctionType(code, {"new": tuple.__new__}, "__new__", tuple(defaults))

    class _Definition(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            own = {"__slots__": (), "_fields": fields, "__match_args__": fields}
            own["_positions"] = {field: number for number, field in enumerate(fields)}
            own["__new__"] = _constructor(fields, [body.pop(field) for field in fields if field in body])
            getters = {field: _tuplegetter(number, None) for number, field in enumerate(fields)}
            return type(name, (_Record,), {**body, **own, **getters})

    class _Record(tuple):
        __slots__ = ()
        _fields = ()
        _positions = MappingProxyType({})

        @classmethod
        def _make(cls, values: Any) -> Any:
            return tuple.__new__(cls, values)

        def _replace(self, /, **changes: Any) -> Any:
            values = list(self)
            try:
                for name, value in changes.items():
                    values[self._positions[name]] = value
            except KeyError as error:
                raise TypeError(f"unexpected field name: {error}") from None
            return tuple.__new__(type(self), values)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self) -> str:
            shown = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({shown})"

        def __reduce__(self) -> tuple[Any, ...]:  # for pickle, which needs longer to find this out by itself
            return tuple.__new__, (type(self), tuple(self))

    class NamedTuple(metaclass=_Definition):
        """Base of value types: immutable, compared by value."""
