"""Dataclasses of numbers as tables that JSON can write, and back with every type checked.

JSON has no NaN and no infinity: both are written as null, and null is read as NaN.
"""

from __future__ import annotations

import math
import sys
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

PLAIN: dict[str, type[Any]] = {"bool": bool, "int": int, "str": str}
"""The types that are written as they are, by how a field declares them."""


def to_table(thing: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name; arrays become lists."""
    return {one.name: _written(getattr(thing, one.name)) for one in fields(thing)}


def from_table(kind: type[T], table: Any) -> T:
    """Return the object whose table `to_table` made; names that it does not know are left out.

    Raises:
        ValueError: if it is no table, a field without default is missing, or a value is not of its
            field's type.
    """
    if not isinstance(table, dict):
        raise ValueError("no table")  # noqa: TRY004 - what is read may be anything
    known: Any = kind
    values = {}
    for one in fields(known):
        if one.name in table:
            values[one.name] = _read(one.name, table[one.name], str(one.type))
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ValueError(f"{one.name} is missing")
    return kind(**values)


def _written(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _shortest(value)
    if isinstance(value, dict):
        return {name: _written(one) for name, one in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _shortest(array: NDArray[np.float32]) -> list[float | None]:
    """Return the numbers with as few digits as tell a float32 from all others."""
    numbers = list(map(float, array.astype(str)))
    if np.isfinite(array).all():
        return [*numbers]
    return [one if math.isfinite(one) else None for one in numbers]


def _read(name: str, value: Any, kind: str) -> Any:
    """Return a value as its field's type, which is known by the words that declare it."""
    if kind == "float":
        return _number(name, value)
    if kind == "NDArray[np.float32]" and isinstance(value, list):
        return _array(name, value)
    if kind.startswith("dict[str, ") and isinstance(value, dict):
        inner = kind.removeprefix("dict[str, ").removesuffix("]")
        return {key: _read(name, one, inner) for key, one in value.items()}
    if kind == "Any" or type(value) is PLAIN.get(kind):
        return value
    raise ValueError(f"{name} is no {kind}")


def _array(name: str, values: list[Any]) -> NDArray[np.float32]:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(f"{name} holds something else than numbers")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _number(name: str, value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) not in (int, float) or abs(value) > sys.float_info.max:
        raise ValueError(f"{name} is no number")
    return float(value)
