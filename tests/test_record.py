"""The value types behave as those of `typing`."""

from __future__ import annotations

import copy
import pickle
from typing import NamedTuple as Original

import pytest

from cachelint.record import NamedTuple


class Place(NamedTuple):
    """Where."""

    path: str
    line: int = 1

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line}"


class Model(Original):
    """Where."""

    path: str
    line: int = 1


def test_it_is_made_read_and_shown_as_the_original() -> None:
    for made, model in ((Place("a"), Model("a")), (Place(line=3, path="b"), Model(line=3, path="b"))):
        assert made == model
        assert hash(made) == hash(model)
        assert repr(made) == repr(model).replace("Model", "Place")
        assert (made.path, made.line) == (model.path, model.line)
        assert made._asdict() == model._asdict()
        assert made._replace(path="c") == model._replace(path="c")
    assert Place("a", 2).name == "a:2"
    assert Place._make(("x", 9)) == Place("x", 9)
    assert Place.__doc__ == "Where."
    match Place("a", 5):
        case Place(path, line):
            assert (path, line) == ("a", 5)


def test_it_survives_copies_and_other_processes() -> None:
    place = Place("a", 2)
    for twin in (copy.deepcopy(place), pickle.loads(pickle.dumps(place))):
        assert twin == place
        assert type(twin) is Place


def test_mistakes_are_errors() -> None:
    for mistake in (
        Place,
        lambda: Place("a", 1, 2),
        lambda: Place("a", column=1),
        lambda: Place("a")._replace(column=1),
    ):
        with pytest.raises(TypeError):
            mistake()
    for name in ("path", "column"):
        with pytest.raises(AttributeError):
            setattr(Place("a"), name, 1)
