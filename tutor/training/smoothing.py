"""Exponential smoothing, a part at a time.

The smoothed value of the i-th of the numbers x is the mean of all up to it, x_k weighted by
w^(i − k) where w is the weight of the past, in [0, 1): an exponential moving average without the
bias that a start at zero gives it. TensorBoard's "smoothing" is the same. A number that is not
finite has no weight. About the last 1 / (1 − w) numbers count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 64
"""How many numbers are smoothed by one product with a matrix."""


class Smoother:
    """Smooths a series that comes in parts as if it came whole."""

    def __init__(self, weight: float) -> None:
        """Begin a series; `weight` is that of the past, in [0, 1)."""
        self.weight = weight
        self._sum = self._weights = 0.0

    def smoothed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the smoothed values of the next part of the series, shape (n,).

        They are NaN before the first finite number.
        """
        if not len(values):
            return np.empty(0, np.float32)
        finite = np.isfinite(values)
        sums = decayed(np.where(finite, values, 0.0), self._sum, self.weight)
        weights = decayed(finite.astype(np.float64), self._weights, self.weight)
        self._sum, self._weights = float(sums[-1]), float(weights[-1])
        with np.errstate(all="ignore"):
            answer: NDArray[np.float32] = (sums / weights).astype(np.float32)
        return answer


def decayed(values: NDArray[np.float64], before: float, weight: float) -> NDArray[np.float64]:
    """Return y with y_i = weight · y_(i − 1) + values_i, where y_(−1) is `before`; shape (n,).

    Blocks are done side by side, then what each hands on to the next is added.
    """
    rows = -(-len(values) // BLOCK)
    padded = np.zeros(rows * BLOCK)
    padded[: len(values)] = values
    ages = np.arange(BLOCK) - np.arange(BLOCK)[:, None]
    inside = padded.reshape(rows, BLOCK) @ np.where(ages >= 0, weight ** np.maximum(ages, 0), 0.0)
    handed = np.full(rows, before)
    if rows > 1:
        handed[1:] = decayed(inside[:-1, -1], before, weight**BLOCK)
    inside += handed[:, None] * weight ** np.arange(1, BLOCK + 1)
    return inside.reshape(-1)[: len(values)]
