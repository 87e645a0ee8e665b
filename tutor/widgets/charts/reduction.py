"""A series reduced to what a plot of a given width can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def reduced(x: NDArray[Any], y: NDArray[Any], edges: NDArray[np.float64]) -> Points:
    """Reduce points to the least and the greatest value of each column.

    What comes out has at most three points for each column and each side, however many go in, and
    looks the same when drawn: in every column the extremes are kept, and lines between columns go
    on from where the points came. x never falls. A NaN in y between two points of different
    columns stays as a gap; a gap within a column is too narrow to be seen. Infinities count as
    values. Beside the columns, one point on either side is kept for the lines that lead there.

    Args:
        x: Where the points lie, shape (n,); those that are not finite are left out.
        y: Their values, shape (n,).
        edges: The boundaries of the columns, rising, shape (columns + 1,).
    """
    x, y = _ascending(np.asarray(x, np.float64), np.asarray(y, np.float64))
    start = max(int(np.searchsorted(x, edges[0], "left")) - 1, 0)
    stop = int(np.searchsorted(x, edges[-1], "right")) + 1
    x, y = x[start:stop], y[start:stop]
    if x.size <= 2 * edges.size:
        return x, y
    missing = np.isnan(y)
    if not missing.any():
        return _extremes(x, y, edges, None)
    places = np.flatnonzero(~missing)
    return _extremes(x[places], y[places], edges, places)


def stepped(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    """Return the points of a line that keeps each value until the next point."""
    if x.size == 0:
        return x, y
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def extent(values: NDArray[Any], *, positive: bool = False) -> tuple[float, ...]:
    """Return the least and the greatest finite value, nothing if there is none.

    Args:
        values: Any numbers, shape (n,).
        positive: Whether to leave out what is not above zero.
    """
    if values.size == 0:
        return ()
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)) or (positive and low <= 0):
        kept = np.isfinite(values) & (values > 0) if positive else np.isfinite(values)
        return extent(values[kept]) if kept.any() else ()
    return low, high


def _ascending(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    finite = np.isfinite(x)
    if not finite.all():
        x, y = x[finite], y[finite]
    if (x[1:] < x[:-1]).any():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return x, y


def _extremes(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edges: NDArray[np.float64],
    places: NDArray[np.intp] | None,
) -> Points:
    """Reduce points without NaN; `places` are their indices where there were any."""
    if x.size == 0:
        return x, y
    cuts = np.searchsorted(x, edges)
    starts = np.unique(np.concatenate(([0], cuts[cuts < x.size])))
    ends = np.append(starts[1:], x.size) - 1
    lows, highs = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    rising = y[starts] <= y[ends]
    after_gap = np.zeros(starts.size, bool)
    if places is not None:
        after_gap[1:] = np.diff(places)[starts[1:] - 1] > 1
    keep = np.column_stack((after_gap, np.ones(starts.size, bool), starts < ends))
    all_x = np.column_stack((x[starts], x[starts], x[ends]))
    gap = np.full(starts.size, np.nan)
    all_y = np.column_stack((gap, np.where(rising, lows, highs), np.where(rising, highs, lows)))
    return all_x[keep], all_y[keep]
