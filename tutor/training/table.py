"""Columns of numbers that grow and can be cut; a row costs the same however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

FIRST_ROOM = 16
"""How many rows there is room for at first."""

WHOLE = frozenset({"step", "epoch"})
"""The columns of whole numbers (int64); all others are float64."""


class Table:
    """Rows in ascending order of the column "step"; what a row does not have is NaN."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[Any]] = {}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the columns."""
        return iter(self._columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column: (rows,), not to be written to; empty if nothing was ever told of it."""
        if name not in self._columns:
            return np.full(self._rows, np.nan)
        column = self._columns[name][: self._rows]
        column.flags.writeable = False
        return column

    def append(self, rows: Mapping[str, ArrayLike]) -> None:
        """Add rows, given as columns of one length, or a row given as numbers."""
        added = {name: np.atleast_1d(values) for name, values in rows.items()}
        count = max(map(len, added.values()), default=0)
        end = self._rows + count
        for name in self._columns.keys() | added.keys():
            column = self._with_room(name, end)
            column[self._rows : end] = added.get(name, np.nan if name not in WHOLE else 0)
        self._rows = end

    def extend(self, other: Table) -> None:
        """Add the rows of another table."""
        self.append({name: other[name] for name in other})

    def cut(self, step: int) -> None:
        """Drop the rows of later steps; at step 0 all."""
        self._rows = int(np.searchsorted(self["step"], step, side="right")) if step else 0

    def _with_room(self, name: str, rows: int) -> NDArray[Any]:
        """Return the memory of a column, enlarged if it is less than `rows`."""
        column = self._columns.get(name)
        if column is None:
            column = np.full(max(rows, FIRST_ROOM), np.nan if name not in WHOLE else 0)
            column = column.astype(np.int64 if name in WHOLE else np.float64)
        elif len(column) < rows:
            larger = np.empty(max(rows, 2 * len(column)), column.dtype)
            larger[: self._rows] = column[: self._rows]
            column = larger
        self._columns[name] = column
        return column
