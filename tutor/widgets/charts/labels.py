"""Where the labels of marks stand: beside their mark, where they hide the least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

GAP = 2
"""How far a label stands from its mark."""
HIDDEN = 4.0
"""What hiding a cell costs, in cells of distance from the best place."""
LEFT = 1.5
"""What standing on the left of a mark costs."""
BELOW = 0.5
"""What standing below a line costs."""

Place = tuple[int, int, float]
"""A row, a column, and how far from the best place it is."""


def place(
    taken: NDArray[np.bool_], cells: int, column: int | None, row: int | None
) -> tuple[int, int]:
    """Return the row and the column where a label of so many cells begins.

    Args:
        taken: The cells of the canvas that show something, shape (rows, columns).
        cells: The width of the label, at most that of the canvas.
        column: The column of the mark; None if it is a horizontal line.
        row: The row of the mark; None if it is a vertical line.
    """
    rows, columns = taken.shape
    # What a label that begins in a cell would hide, with a blank on either side.
    padded = np.pad(taken, ((0, 0), (1, cells + 1)))
    total = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    hidden: NDArray[np.int_] = total[:, cells + 2 :] - total[:, : -cells - 2]
    if row is None:
        places = _beside_vertical(column or 0, cells, rows)
    elif column is None:
        places = _along_horizontal(row, cells, columns)
    else:
        places = _around(column, row, cells)
    possible = [
        (cost + HIDDEN * float(hidden[at_row, at_column]), at_row, at_column)
        for at_row, at_column, cost in places
        if 0 <= at_row < rows and 0 <= at_column <= columns - cells
    ]
    if not possible:
        return min(row or 0, rows - 1), max(min(column or 0, columns - cells), 0)
    _, at_row, at_column = min(possible)
    return at_row, at_column


def _beside_vertical(column: int, cells: int, rows: int) -> Iterator[Place]:
    for row in range(rows):
        yield row, column + GAP, row
        yield row, column - GAP - cells + 1, row + LEFT


def _along_horizontal(row: int, cells: int, columns: int) -> Iterator[Place]:
    for column in range(columns - cells + 1):
        distance = (columns - cells - column) / 4
        yield row - 1, column, distance
        yield row + 1, column, distance + BELOW


def _around(column: int, row: int, cells: int) -> Iterator[Place]:
    for away in range(4):
        for down in {away, -away}:
            cost = 3.0 * away + (BELOW if down > 0 else 0.0)
            yield row + down, column + GAP, cost
            yield row + down, column - GAP - cells + 1, cost + LEFT
            if away:
                yield row + down, column - cells // 2, cost + 2 * LEFT
