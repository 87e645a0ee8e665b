"""Lines in dots: cut off at the edge of the picture and made of few points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR = 1e6
"""Dots beyond which a point is as good as infinitely far."""
MARGIN = 0.48
"""How far from the middle of the outermost dots a line still touches them."""
TOLERANCE = 0.25
"""By how many dots leaving out a point may move the line."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, in dots from the lower left one."""

    x: list[float]
    """Where the points lie, from 0 to the number of dot columns − 1."""
    y: list[float]
    """How high they lie, from 0 to the number of dot rows − 1."""
    joined: list[bool]
    """Whether a line leads to the point from the one before."""


def stroke(x: NDArray[np.float64], y: NDArray[np.float64], wide: int, high: int) -> Stroke:
    """Return the part of a line that lies in a picture of `wide` × `high` dots.

    Args:
        x: Where the points lie in dots, rising, shape (n,).
        y: How high they lie, shape (n,); NaN is a gap.
        wide: The number of dot columns.
        high: The number of dot rows.
    """
    return _thinned(_clipped(np.clip(x, -FAR, FAR), np.clip(y, -FAR, FAR), wide, high))


def dotted(line: Stroke, every: float) -> Stroke:
    """Return points along a line, `every` so many dots."""
    x, y = np.array(line.x), np.array(line.y)
    lengths = np.hypot(np.diff(x, prepend=0.0), np.diff(y, prepend=0.0))
    lengths[~np.array(line.joined, bool)] = 0.0
    along = np.cumsum(lengths)
    if not along.size:
        return line
    stops = np.arange(0.0, along[-1] + TOLERANCE, every)
    at = np.searchsorted(along, stops, "right").clip(1, along.size) - 1
    after = np.minimum(at + 1, along.size - 1)
    step = np.maximum(along[after] - along[at], TOLERANCE)
    share = ((stops - along[at]) / step).clip(0.0, 1.0)
    xs, ys = x[at] + share * (x[after] - x[at]), y[at] + share * (y[after] - y[at])
    return Stroke(xs.tolist(), ys.tolist(), [False] * xs.size)


def _clipped(x: NDArray[np.float64], y: NDArray[np.float64], wide: int, high: int) -> Stroke:
    """Cut a line off by the algorithm of Liang and Barsky (1984)."""
    ends = ((x, -MARGIN, wide - 1 + MARGIN), (y, -MARGIN, high - 1 + MARGIN))
    enter, leave = np.zeros(max(x.size - 1, 0)), np.ones(max(x.size - 1, 0))
    inside = np.ones(x.size, bool)
    with np.errstate(all="ignore"):
        for values, low, top in ends:
            start, length = values[:-1], np.diff(values)
            inside &= (low <= values) & (values <= top)
            one, other = (low - start) / length, (top - start) / length
            still = length == 0
            within = (low <= start) & (start <= top)
            first = np.where(still, np.where(within, 0.0, 2.0), np.minimum(one, other))
            last = np.where(still, 1.0, np.maximum(one, other))
            enter, leave = np.maximum(enter, first), np.minimum(leave, last)
        seen = enter <= leave
    alone = inside.copy()
    alone[:-1] &= ~seen
    alone[1:] &= ~seen
    goes_on = np.zeros(seen.size, bool)
    goes_on[1:] = seen[1:] & seen[:-1] & (enter[1:] == 0) & (leave[:-1] == 1)
    keep = np.zeros((x.size, 3), bool)
    keep[:, 0] = alone
    keep[:-1, 1], keep[:-1, 2] = seen & ~goes_on, seen
    columns = [np.zeros((x.size, 3)), np.zeros((x.size, 3))]
    for column, (values, _, _) in zip(columns, ends, strict=True):
        start, length = values[:-1], np.diff(values)
        column[:, 0] = values
        column[:-1, 1] = start + np.nan_to_num(enter) * length
        column[:-1, 2] = start + np.nan_to_num(leave) * length
    joined = np.broadcast_to([False, False, True], keep.shape)
    return Stroke(columns[0][keep].tolist(), columns[1][keep].tolist(), joined[keep].tolist())


def _thinned(line: Stroke) -> Stroke:
    """Leave out points that a straight line passes within the tolerance.

    Seen from the last point kept, every later point narrows the cone of directions in which a line
    passes near all of them; the first point outside the cone keeps the one before it.
    """
    thin = Stroke([], [], [])
    last: tuple[float, float] | None = None
    from_x = from_y = lowest = highest = 0.0
    for x, y, joined in zip(line.x, line.y, line.joined, strict=True):
        run = x - from_x
        if last and not (joined and run > 0 and lowest <= (y - from_y) / run <= highest):
            _add(thin, *last, joined=True)
            (from_x, from_y), last = last, None
            lowest, highest = -math.inf, math.inf
        if not joined:
            _add(thin, x, y, joined=False)
            from_x, from_y, lowest, highest = x, y, -math.inf, math.inf
            continue
        last, run = (x, y), x - from_x
        lowest = max(lowest, (y - TOLERANCE - from_y) / run) if run > 0 else math.inf
        highest = min(highest, (y + TOLERANCE - from_y) / run) if run > 0 else -math.inf
    if last:
        _add(thin, *last, joined=True)
    return thin


def _add(line: Stroke, x: float, y: float, *, joined: bool) -> None:
    line.x.append(x)
    line.y.append(y)
    line.joined.append(joined)
